/*
 * A disk that is full or fails while a file exists, preloaded into a program.
 *
 * If the file is empty, the disk is full: a write that would make a file grow fails with ENOSPC, and a write within a
 * file's present size succeeds, as on a real file system. Otherwise every write and every sync fails with EIO.
 *
 * FAULTY_DISK_FLAG   that file
 * FAULTY_DISK_UNDER  the folder that lies on the disk
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

/* The error of a write of `length` bytes at `at`, or at the file's own position if `at` is negative; 0 for none. */
static int error_of_write(int fd, off_t at, size_t length)
{
    const char *flag = getenv("FAULTY_DISK_FLAG"), *folder = getenv("FAULTY_DISK_UNDER");
    struct stat file, fault;
    if (!flag || !folder || stat(flag, &fault) != 0 || fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)
        || !lies_under(fd, folder))
        return 0;
    if (fault.st_size > 0)
        return EIO;
    if (at < 0)
        at = fcntl(fd, F_GETFL) & O_APPEND ? file.st_size : lseek(fd, 0, SEEK_CUR);
    return length > 0 && at + (off_t)length > file.st_size ? ENOSPC : 0;
}

/* Whether the write fails; `errno` says how, and is left alone otherwise. */
static int fails(int fd, off_t at, size_t length)
{
    int before = errno, error = error_of_write(fd, at, length);
    errno = error ? error : before;
    return error != 0;
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
    return fails(fd, -1, length) ? -1 : next(fd, data, length);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    NEXT(ssize_t, "writev", int, const struct iovec *, int);
    return fails(fd, -1, total(parts, count)) ? -1 : next(fd, parts, count);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t at)
{
    NEXT(ssize_t, "pwrite", int, const void *, size_t, off_t);
    return fails(fd, at, length) ? -1 : next(fd, data, length, at);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at)
{
    NEXT(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    return fails(fd, at, length) ? -1 : next(fd, data, length, at);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at)
{
    NEXT(ssize_t, "pwritev", int, const struct iovec *, int, off_t);
    return fails(fd, at, total(parts, count)) ? -1 : next(fd, parts, count, at);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at)
{
    NEXT(ssize_t, "pwritev64", int, const struct iovec *, int, off64_t);
    return fails(fd, at, total(parts, count)) ? -1 : next(fd, parts, count, at);
}

int posix_fallocate(int fd, off_t at, off_t length)
{
    NEXT(int, "posix_fallocate", int, off_t, off_t);
    return fails(fd, at, (size_t)length) ? errno : next(fd, at, length);
}

int posix_fallocate64(int fd, off64_t at, off64_t length)
{
    NEXT(int, "posix_fallocate64", int, off64_t, off64_t);
    return fails(fd, at, (size_t)length) ? errno : next(fd, at, length);
}

int fsync(int fd)
{
    NEXT(int, "fsync", int);
    return fails(fd, 0, 0) ? -1 : next(fd);
}

int fdatasync(int fd)
{
    NEXT(int, "fdatasync", int);
    return fails(fd, 0, 0) ? -1 : next(fd);
}
