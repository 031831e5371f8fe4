//! Which rows some commands name, and the conditions by which they are found.

use std::collections::BTreeSet;

use entity::id::StudentId;
use entity::key_list::is_one_of;
use entity::sea_orm::ColumnTrait;
use entity::sea_orm::sea_query::{ExprTrait as _, SimpleExpr};
use uuid::Uuid;

use super::pipeline::Key;
use super::reference::has_id_of;
use crate::error::UserError;

/// The rows that some commands name.
#[derive(Debug, Default)]
pub struct Wanted {
    /// The students to whom they belong.
    pub owners: BTreeSet<StudentId>,
    /// Those that are named by Tally's id.
    pub ids: BTreeSet<Uuid>,
    /// Those that are named by the writing system's id.
    pub sourced_ids: BTreeSet<String>,
    /// Those of students that are named by Tally's id.
    pub owned_ids: BTreeSet<(StudentId, Uuid)>,
    /// Those of students that are named by the writing system's id.
    owned_sourced_ids: BTreeSet<(StudentId, String)>,
}

impl Wanted {
    /// Those that `keys` name.
    pub(super) fn by(keys: &[Result<Key, UserError>]) -> Self {
        let mut wanted = Self::default();
        for key in keys.iter().flatten() {
            let (id, sourced_id) = (key.row.as_id(), key.row.as_sourced_id().map(str::to_owned));
            wanted.owners.extend(key.owner);
            wanted.ids.extend(id);
            wanted.owned_ids.extend(key.owner.zip(id));
            wanted.owned_sourced_ids.extend(key.owner.zip(sourced_id.clone()));
            wanted.sourced_ids.extend(sourced_id);
        }
        wanted
    }

    /// The condition that a row is named by either of its ids.
    pub(super) fn named<C: ColumnTrait>(&self, id: C, sourced_id: C) -> SimpleExpr {
        let sourced_ids = self.sourced_ids.iter().map(String::as_str);
        has_id_of((id, self.ids.iter().copied()), (sourced_id, sourced_ids))
    }

    /// The condition that a row of a student is named by either of its ids.
    ///
    /// Each id goes with its student: of two lists the database would try every pair.
    pub(super) fn named_of_owner<C: ColumnTrait>(&self, owner: C, id: C, sourced_id: C) -> SimpleExpr {
        let by_id = || is_one_of([owner, id], self.owned_ids.iter().copied());
        let by_sourced_id = || is_one_of([owner, sourced_id], self.owned_sourced_ids.iter().cloned());
        let of_owners = || owner.is_in(self.owners.iter().copied());
        match (self.owned_ids.is_empty(), self.owned_sourced_ids.is_empty()) {
            (true, true) => of_owners(),
            (true, false) => by_sourced_id(),
            (false, true) => by_id(),
            (false, false) => of_owners().and(by_id().or(by_sourced_id())),
        }
    }
}
