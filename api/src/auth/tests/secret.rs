//! The file of the shared secret.

use std::fs;
use std::path::Path;
use std::thread;

use super::*;

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

fn write(path: &Path, content: impl AsRef<[u8]>) {
    fs::write(path, content).unwrap();
    set_mode(path, 0o600);
}

#[test]
fn a_first_start_makes_a_secret_that_later_starts_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    let (made, origin) = load_or_create_secret(&path).unwrap();
    assert_eq!(origin, SecretOrigin::Created);
    assert_eq!(made.expose().len(), 64);
    assert!(made.expose().iter().all(u8::is_ascii_hexdigit));
    let (read, origin) = load_or_create_secret(&path).unwrap();
    assert_eq!(origin, SecretOrigin::Existing);
    assert_eq!(read.expose(), made.expose());
    // Nothing else stays behind.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let (other, _) = load_or_create_secret(&folder.path().join("other")).unwrap();
    assert_ne!(other.expose(), made.expose());
}

#[test]
fn starts_at_the_same_time_agree() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    let outcomes: Vec<_> = thread::scope(|scope| {
        let starts: Vec<_> = (0..16).map(|_| scope.spawn(|| load_or_create_secret(&path).unwrap())).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|(_, origin)| *origin == SecretOrigin::Created).count(), 1);
    assert!(outcomes.iter().all(|(secret, _)| secret.expose() == outcomes[0].0.expose()));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn the_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    load_or_create_secret(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    for mode in [0o640, 0o604, 0o620, 0o644, 0o666] {
        set_mode(&path, mode);
        let error = load_or_create_secret(&path).unwrap_err();
        assert!(matches!(error, SecretError::Exposed(_)), "{mode:o}");
        assert!(error.to_string().ends_with(&format!("run: chmod 600 {}", path.display())), "{error}");
    }
    set_mode(&path, 0o400);
    assert!(load_or_create_secret(&path).is_ok());
}

#[test]
fn only_a_line_break_at_the_end_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    let text = "  a passphrase of at least 32 bytes ";
    for end in ["", "\n", "\r\n"] {
        write(&path, format!("{text}{end}"));
        assert_eq!(load_or_create_secret(&path).unwrap().0.expose(), text.as_bytes());
    }
}

#[test]
fn a_secret_has_a_least_and_a_greatest_length() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    let refusal = |content: &[u8]| {
        write(&path, content);
        load_or_create_secret(&path).unwrap_err()
    };
    for short in [b"".as_slice(), b"\n", &[b'x'; 31], &[&[b'x'; 31][..], b"\n"].concat()] {
        let error = refusal(short);
        assert!(matches!(error, SecretError::TooShortFile(_)), "{error}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
    assert!(matches!(refusal(&[b'x'; 4097]), SecretError::TooLongFile(_)));
    assert!(matches!(Secret::new([b'x'; 31]), Err(SecretError::TooShort)));
    assert!(Secret::new([b'x'; 32]).is_ok());
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("secret");
    let error = load_or_create_secret(&path).unwrap_err();
    assert!(matches!(error, SecretError::Io { .. }));
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
}

#[test]
fn debug_output_shows_nothing() {
    let secret = Secret::new("sesame, a very long and boring secret").unwrap();
    assert_eq!(format!("{secret:?}"), "[redacted]");
    assert_eq!(format!("{:?}", Some(&secret)), "Some([redacted])");
}
