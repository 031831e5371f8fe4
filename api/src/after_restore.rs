//! The command that decides again, after a restore, what was revoked since the backup.

use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::sync::Arc;

use api::config::AfterRestoreArgs;
use api::error::ApiError;
use api::service::restore::{self, Missing, Plan};
use api::service::revocation_journal::{self, Contents, Entry};
use entity::clock::{SharedClock, SystemClock};
use entity::database::Database;

/// Says what is to be done to the restored database, does it if that is asked for, and returns what to print.
///
/// # Errors
/// An unreadable journal; any database error.
pub async fn run(
    db: &Database,
    journal: Option<&Path>,
    args: &AfterRestoreArgs,
) -> Result<String, Box<dyn Error>> {
    let (contents, about_journal) = read(journal)?;
    let plan = restore::plan(db, &contents.known).await?;
    let mut text = describe(&plan, args);
    text.push_str(&about_journal);
    if contents.unreadable > 0 {
        let lines = contents.unreadable;
        let _ =
            writeln!(text, "{lines} lines of it could not be read; a crash may have cut the last one off.");
    }
    if !args.apply {
        text.push_str("Nothing has been changed. Add --apply to do it.\n");
        return Ok(text);
    }
    let clock: SharedClock = Arc::new(SystemClock);
    restore::apply(db, &clock, &plan, args.refuse_earlier_tokens).await.map_err(|error| match error {
        ApiError::User(error) => error.message,
        ApiError::Database(error) => error.to_string(),
    })?;
    text.push_str("This has been done.\n");
    Ok(text)
}

/// The journal, and a sentence about it.
fn read(journal: Option<&Path>) -> Result<(Contents, String), Box<dyn Error>> {
    let Some(path) = journal else {
        let none = "There is no revocation journal: name one with --revocation-journal (TALLY_REVOCATION_JOURNAL), or \
             revoke again by hand what was revoked since the backup.\n";
        return Ok((Contents::default(), none.to_owned()));
    };
    match revocation_journal::read(path) {
        Ok(contents) => {
            let known = contents.known.len();
            let text = format!(
                "The revocation journal {} holds {known} revocations; what is not in it cannot be known.\n",
                path.display()
            );
            Ok((contents, text))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let text = format!(
                "There is no revocation journal at {}: if there is one elsewhere, name it with --revocation-journal \
                 (TALLY_REVOCATION_JOURNAL); otherwise revoke again by hand what was revoked since the backup.\n",
                path.display()
            );
            Ok((Contents::default(), text))
        }
        Err(error) => {
            Err(format!("--revocation-journal (TALLY_REVOCATION_JOURNAL) {}: {error}", path.display()).into())
        }
    }
}

fn describe(plan: &Plan, args: &AfterRestoreArgs) -> String {
    let mut text = "To be done after the restore:\n".to_owned();
    let _ = writeln!(text, "- end all sessions in browsers: {}", plan.sessions);
    for missing in &plan.missing {
        let _ = writeln!(text, "- {}", sentence(missing));
    }
    if args.refuse_earlier_tokens {
        text.push_str("- refuse every bearer token that was issued before now\n");
    }
    let _ = writeln!(text, "Revocations that the database has: {}", plan.present);
    if plan.of_unknown > 0 {
        let _ = writeln!(text, "Revocations of people whom the database does not have: {}", plan.of_unknown);
    }
    text
}

fn sentence(Missing { entry, names }: &Missing) -> String {
    let name = |at: usize| names.get(at).map_or("-", String::as_str);
    match entry {
        Entry::GuardianshipRevoked { at, .. } => {
            format!("revoke the guardianship of {} for {}, as on {at}", name(1), name(0))
        }
        Entry::GuardianshipEnds { at, .. } => {
            format!("end the guardianship of {} for {} with {at}, as handed over", name(1), name(0))
        }
        Entry::StudentErased { at, .. } => format!("erase the student {}, as on {at}", name(0)),
        Entry::TokenRevoked { jti, at, .. } => format!("revoke the token {jti}, as on {at}"),
        Entry::SubjectRevoked { role, subject, issued_before, .. } => {
            format!("refuse the tokens of {role} {subject} that were issued before {issued_before}")
        }
        Entry::GuardianshipGranted { .. } => String::new(),
    }
}
