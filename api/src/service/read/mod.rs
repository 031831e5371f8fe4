//! Reading within what the viewer may see.
//!
//! A read that takes a [`Scope`] finds only what the viewer may see, so that the rest looks like what does not exist. A
//! read that takes none says so in its name, and is for rows that belong to one already seen.

mod export;
mod loader;
mod profile;
mod scope;
mod seen;

pub use export::{Columns, ExportError, export_profiles_unscoped};
pub use loader::{EnrollmentsOf, LoadError, ProfileOf, Unscoped};
pub use profile::{children, enrollment, guardian, guardian_of, profile, quiz_attempt, student, submission};
pub use scope::Scope;
pub use seen::{Seen, SeenBy};
