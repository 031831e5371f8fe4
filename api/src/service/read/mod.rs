//! Reading within what the viewer may see.
//!
//! A read that takes a [`Scope`] finds only what the viewer may see, so that the rest looks like what does not exist, and
//! notes for the access log whose rows it found. A read that takes none says so in its name, and is for rows that belong to
//! one already seen.

mod activity;
mod cache;
mod explanation;
mod export;
mod export_weeks;
mod history;
mod item;
mod loader;
mod of_student;
mod pairs;
mod profile;
mod record;
mod scope;
mod seen;
mod trend;
mod weekly;

pub use activity::{ActivityOf, ActivityPage, activity};
pub use cache::ProfileCache;
pub use explanation::{ExplainedAverage, Explanation, explanation, overall_share};
pub use export::{Columns, ExportError, export_profiles_unscoped};
pub use export_weeks::export_weeks_unscoped;
pub use history::{Every, HistoryFilter, PastNumbers, history, history_unscoped};
pub use item::{Item, ItemKey, ItemState};
pub use loader::{
    Enrollments, EnrollmentsOf, EnrollmentsWithCourses, LoadError, ProfileOf, RelatedKey, Unscoped,
};
pub use of_student::{OfStudent, StudentsTable};
pub use profile::{children, enrollment, guardian, guardian_of, profile, quiz_attempt, student, submission};
pub use record::record;
pub use scope::Scope;
pub use seen::{Seen, SeenBy};
pub use trend::{Direction, Slope, Trend, TrendOf, trend};
pub use weekly::{MAX_WEEKS, WeekOf, WeeksFilter, weeks, weeks_unscoped};
