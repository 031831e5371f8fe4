/*
 * A disk that is full while a file exists: preloaded into a program, it refuses every write that would make a file grow,
 * with ENOSPC, as a real file system does. Writes within a file's present size succeed, as they do on a real one.
 *
 * FULL_DISK_FLAG   the file that says the disk is full
 * FULL_DISK_UNDER  the folder that lies on that disk
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int lies_under(int fd, const char *folder)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return strncmp(path, folder, strlen(folder)) == 0;
}

/* Whether a write of `length` bytes at `at` has no room; at the file's own position if `at` is negative. */
static int has_no_room(int fd, off_t at, size_t length)
{
    const char *flag = getenv("FULL_DISK_FLAG"), *folder = getenv("FULL_DISK_UNDER");
    struct stat file;
    int before = errno, full = 0;
    if (flag && folder && length > 0 && access(flag, F_OK) == 0 && fstat(fd, &file) == 0 && S_ISREG(file.st_mode)
        && lies_under(fd, folder)) {
        if (at < 0)
            at = fcntl(fd, F_GETFL) & O_APPEND ? file.st_size : lseek(fd, 0, SEEK_CUR);
        full = at + (off_t)length > file.st_size;
    }
    errno = full ? ENOSPC : before;
    return full;
}

static size_t total(const struct iovec *parts, int count)
{
    size_t length = 0;
    for (int part = 0; part < count; part++)
        length += parts[part].iov_len;
    return length;
}

/* The function of the C library that this one stands before. */
#define NEXT(result, name, ...)                                    \
    static result (*next)(__VA_ARGS__);                            \
    if (!next)                                                     \
        next = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void *data, size_t length)
{
    NEXT(ssize_t, "write", int, const void *, size_t);
    return has_no_room(fd, -1, length) ? -1 : next(fd, data, length);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    NEXT(ssize_t, "writev", int, const struct iovec *, int);
    return has_no_room(fd, -1, total(parts, count)) ? -1 : next(fd, parts, count);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t at)
{
    NEXT(ssize_t, "pwrite", int, const void *, size_t, off_t);
    return has_no_room(fd, at, length) ? -1 : next(fd, data, length, at);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at)
{
    NEXT(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    return has_no_room(fd, at, length) ? -1 : next(fd, data, length, at);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at)
{
    NEXT(ssize_t, "pwritev", int, const struct iovec *, int, off_t);
    return has_no_room(fd, at, total(parts, count)) ? -1 : next(fd, parts, count, at);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at)
{
    NEXT(ssize_t, "pwritev64", int, const struct iovec *, int, off64_t);
    return has_no_room(fd, at, total(parts, count)) ? -1 : next(fd, parts, count, at);
}

int posix_fallocate(int fd, off_t at, off_t length)
{
    NEXT(int, "posix_fallocate", int, off_t, off_t);
    return has_no_room(fd, at, (size_t)length) ? ENOSPC : next(fd, at, length);
}

int posix_fallocate64(int fd, off64_t at, off64_t length)
{
    NEXT(int, "posix_fallocate64", int, off64_t, off64_t);
    return has_no_room(fd, at, (size_t)length) ? ENOSPC : next(fd, at, length);
}
