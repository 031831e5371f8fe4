//! The shared secret of HS256: read from a file that nobody else can read, or made on a first start.

use std::fmt::{self, Write as _};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use rand::TryRngCore as _;
use rand::rngs::OsRng;

/// The longest secret file that is read, in bytes: a wrong path should not bring in a database.
const MAX_FILE_LEN: u64 = 4096;

/// A secret that tokens are signed with. Its `Debug` shows nothing.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// The least length in bytes. RFC 7518, 3.2: as long as the hash.
    pub const MIN_LEN: usize = 32;

    /// A secret, or [`SecretError::TooShort`].
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, SecretError> {
        let bytes = bytes.into();
        if bytes.len() < Self::MIN_LEN { Err(SecretError::TooShort) } else { Ok(Self(bytes)) }
    }

    /// The secret itself. The name is meant to stand out in review.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Where a secret came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretOrigin {
    /// The file was there.
    Existing,
    /// The file was made just now.
    Created,
}

/// Why there is no secret. The messages are for whoever starts the service.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Not from a file, and too short.
    #[error("the signing secret is shorter than {} bytes", Secret::MIN_LEN)]
    TooShort,
    /// The file's secret is too short.
    #[error(
        "the signing secret in {} is shorter than {} bytes; put a longer one there, or delete the file to have one made",
        .0.display(),
        Secret::MIN_LEN
    )]
    TooShortFile(PathBuf),
    /// The file is no secret, by its length.
    #[error("{} is too long for a signing secret (more than {MAX_FILE_LEN} bytes)", .0.display())]
    TooLongFile(PathBuf),
    /// Others on this machine have access to the file.
    #[error("other users have access to the signing secret {path}; run: chmod 600 {path}", path = .0.display())]
    Exposed(PathBuf),
    /// The file can be neither read nor made.
    #[error("the signing secret {} cannot be read or made", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Reads the secret in the file at `path`, or makes the file with a new random secret.
///
/// The secret is the file's text as it stands, without a line break at its end; it is not decoded. Several processes
/// may start at once: one makes the file, all return what is in it. Blocks: meant for the start of a process.
pub fn load_or_create_secret(path: &Path) -> Result<(Secret, SecretOrigin), SecretError> {
    let io_error = |source| SecretError::Io { path: path.to_owned(), source };
    match File::open(path) {
        Ok(file) => Ok((read(file, path)?, SecretOrigin::Existing)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let origin = create(path).map_err(io_error)?;
            // What is in the file counts, not what was just made: another process may have been first.
            let file = File::open(path).map_err(io_error)?;
            Ok((read(file, path)?, origin))
        }
        Err(error) => Err(io_error(error)),
    }
}

fn read(file: File, path: &Path) -> Result<Secret, SecretError> {
    let io_error = |source| SecretError::Io { path: path.to_owned(), source };
    // Asked of the open file, not of the path, which may lead elsewhere by now.
    if is_exposed(&file.metadata().map_err(io_error)?) {
        return Err(SecretError::Exposed(path.to_owned()));
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE_LEN + 1).read_to_end(&mut bytes).map_err(io_error)?;
    if bytes.len() as u64 > MAX_FILE_LEN {
        return Err(SecretError::TooLongFile(path.to_owned()));
    }
    let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    Secret::new(text).map_err(|_| SecretError::TooShortFile(path.to_owned()))
}

/// Write access of others counts too: who can put a secret there can sign tokens.
#[cfg(unix)]
fn is_exposed(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_exposed(_: &fs::Metadata) -> bool {
    false
}

/// Makes the file with a new secret, unless it has appeared meanwhile.
///
/// The text is written to a neighbour first, which is then linked to the real name: linking fails if that name is
/// taken, and nobody, not even after a crash, finds a file there that is not complete.
fn create(path: &Path) -> io::Result<SecretOrigin> {
    let text = random_hex::<32>()?;
    let mut neighbour = path.as_os_str().to_owned();
    // Random, not the process's id: in a container that is always the same, and a crash may have left one.
    neighbour.push(format!(".{}.tmp", random_hex::<8>()?));
    let neighbour = PathBuf::from(neighbour);
    let made = write_new(&neighbour, &text).and_then(|()| match fs::hard_link(&neighbour, path) {
        // A file system without links: exFAT, some network shares.
        Err(error) if error.kind() != ErrorKind::AlreadyExists => write_new(path, &text),
        linked => linked,
    });
    // Should it stay, it is a second name of a file that only we can read.
    let _ = fs::remove_file(&neighbour);
    match made {
        Ok(()) => sync_folder(path).map(|()| SecretOrigin::Created),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(SecretOrigin::Existing),
        Err(error) => Err(error),
    }
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Makes the file's name as lasting as its content.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn random_hex<const LEN: usize>() -> io::Result<String> {
    let mut bytes = [0; LEN];
    OsRng.try_fill_bytes(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}
