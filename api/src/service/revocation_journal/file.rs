//! The file: lines are appended and synced one call at a time, by any number of processes.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::entry::{Entry, Known};

/// Contents of a journal.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Revocations in force after all entries.
    pub known: Known,
    /// Number of unreadable lines: a crash may have cut off the last one.
    pub unreadable: usize,
}

/// Reads the journal at `path`, line by line.
///
/// # Errors
/// Any I/O error; `NotFound` if there is no file.
pub fn read(path: &Path) -> io::Result<Contents> {
    let mut contents = Contents::default();
    for line in BufReader::new(File::open(path)?).split(b'\n') {
        let line = line?;
        match serde_json::from_slice::<Entry>(&line) {
            Ok(entry) => drop(contents.known.add(&entry)),
            Err(_) if line.iter().all(u8::is_ascii_whitespace) => {}
            Err(_) => contents.unreadable += 1,
        }
    }
    Ok(contents)
}

/// Appends `entries` and returns once they are on the disk. The file is made if need be, for its owner alone.
pub(super) fn append(path: &Path, entries: &[Entry]) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    // Other processes may append to it, or one may be taking lines out.
    file.lock()?;
    let mut lines = if ends_within_a_line(&mut file)? { "\n".to_owned() } else { String::new() };
    for entry in entries {
        lines.push_str(&serde_json::to_string(entry)?);
        lines.push('\n');
    }
    file.write_all(lines.as_bytes())?;
    file.sync_data()
}

/// True if a crash has cut off the last line.
fn ends_within_a_line(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// Takes the entries out that `forget` names, in place: other processes keep the file open by its name only.
pub(super) fn forget(path: &Path, forget: impl Fn(&Entry) -> bool) -> io::Result<()> {
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    file.lock()?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let keeps = |line: &&str| !serde_json::from_str::<Entry>(line).is_ok_and(|entry| forget(&entry));
    let kept: String = text.lines().filter(keeps).flat_map(|line| [line, "\n"]).collect();
    if kept.len() < text.len() {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(kept.as_bytes())?;
        file.set_len(u64::try_from(kept.len()).unwrap_or(u64::MAX))?;
        file.sync_data()?;
    }
    Ok(())
}
