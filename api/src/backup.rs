//! The command that backs up.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use entity::database::backup::{self, Copied, Progress};
use tokio_util::sync::CancellationToken;

/// Backs up the SQLite database at `url` into the new file `target`, and returns what to say of it. Progress goes to
/// standard error. When `stop` comes first, nothing is left of the copy.
///
/// # Errors
/// [`backup::BackupError`]; that it was interrupted.
pub async fn run(url: &str, target: &Path, stop: CancellationToken) -> Result<String, Box<dyn Error>> {
    let began = Instant::now();
    let copied = tokio::select! {
        copied = backup::back_up(url, target, show) => copied?,
        () = stop.cancelled() => return Err("interrupted: there is no backup, and nothing is left of it".into()),
    };
    Ok(report(target, copied, began))
}

fn show(progress: Progress) {
    let line = match progress {
        Progress::Copying(written, about) => {
            format!("{} of about {} copied", megabytes(written), megabytes(about))
        }
        Progress::Checking => "checking the copy".to_owned(),
    };
    // A closed standard error is no reason to stop.
    let _ = writeln!(std::io::stderr(), "tally-api: {line}");
}

fn report(target: &Path, copied: Copied, began: Instant) -> String {
    let Copied { bytes, students, items } = copied;
    let mut text = String::new();
    let (size, seconds) = (megabytes(bytes), began.elapsed().as_secs_f64());
    let _ = writeln!(text, "{} is a backup: {size}, made and checked in {seconds:.1} s.", target.display());
    let _ = writeln!(text, "It holds {students} students and {items} attempts and submissions.");
    text.push_str(
        "To restore it, stop all processes, put it in the place of the database, delete the files beside it \
         whose names end in -wal and -shm, and run \"tally-api after-restore\".\n",
    );
    text
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}
