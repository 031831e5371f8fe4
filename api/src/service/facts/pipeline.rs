//! The steps that every command goes through.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use entity::change;
use entity::database::WriteTransaction;
use entity::id::StudentId;
use entity::sea_orm::DbErr;
use uuid::Uuid;

use super::group::{Group, Groups};
use super::wanted::Wanted;
use super::{Outcome, Reference, Results, Written};
use crate::error::UserError;
use crate::service::revocation_journal::Entry;

/// A row that a command is about.
pub trait Row: Clone + PartialEq + Send + Sync + 'static {
    /// The student to whom the row belongs, if it belongs to one: its ids are unique for that student.
    fn owner(&self) -> Option<StudentId>;
    /// The student whose record the row is part of, if it is part of one.
    fn student(&self) -> Option<StudentId> {
        self.owner()
    }
    /// Tally's id.
    fn uuid(&self) -> Uuid;
    /// The writing system's id, if rows of this kind have one.
    fn sourced_id(&self) -> Option<&str>;
    /// When the newest accepted event happened, if the writing system said.
    fn occurred_at(&mut self) -> &mut Option<DateTime<Utc>>;
    /// Entry for the revocation journal about the row as written, if it needs one.
    fn journal_entry(&self) -> Option<Entry> {
        None
    }
    /// Whether the change brings different numbers.
    fn changes_numbers(before: Option<&Self>, after: &Self) -> bool;

    /// Loads the rows that `wanted` names, and locks those that have no owner whose lock covers them.
    fn load(txn: &WriteTransaction, wanted: &Wanted)
    -> impl Future<Output = Result<Vec<Self>, DbErr>> + Send;

    /// Inserts or updates `rows`, in one statement.
    fn save(txn: &WriteTransaction, rows: Vec<Self>) -> impl Future<Output = Result<(), DbErr>> + Send;

    /// The students whose numbers the changes bring, with their profiles locked.
    fn concerned(
        txn: &WriteTransaction,
        changed: &[Self],
    ) -> impl Future<Output = Result<BTreeSet<StudentId>, DbErr>> + Send {
        let _ = txn;
        let owners = changed.iter().filter_map(Self::owner).collect();
        async move { Ok(owners) }
    }
}

/// A request to write one fact.
pub trait Command: Send + Sync {
    /// The kind of row that it is about.
    type Row: Row;
    /// What is loaded and locked for the commands before any row is.
    type Context: Send + Sync;

    /// Where commands of this kind wait to be written together, if they do.
    fn group(groups: &Groups) -> Option<&Group<Self>>
    where
        Self: Sized,
    {
        let _ = groups;
        None
    }

    /// Loads and locks what the commands name beside their rows.
    fn prepare(
        txn: &WriteTransaction,
        commands: &[&Self],
    ) -> impl Future<Output = Result<Self::Context, DbErr>> + Send;

    /// The row that the command is about.
    ///
    /// # Errors
    /// When its owner does not exist.
    fn key(&self, context: &Self::Context) -> Result<Key, UserError>;

    /// When the event happened, if the writing system said.
    fn occurred_at(&self) -> Option<DateTime<Utc>>;

    /// What the row becomes.
    ///
    /// # Errors
    /// When the command contradicts what is stored.
    fn decide(&self, deciding: &Deciding<'_, Self>) -> Result<Self::Row, UserError>;
}

/// Names a row of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The student to whom it belongs, if rows of its kind belong to students.
    pub owner: Option<StudentId>,
    /// The row.
    pub row: Reference,
}

/// All that a command can base its decision on.
pub struct Deciding<'a, C: Command + ?Sized> {
    /// What [`Command::prepare`] loaded.
    pub context: &'a C::Context,
    /// The key that the command gave.
    pub key: &'a Key,
    /// The row as the commands before this one left it.
    pub before: Option<&'a C::Row>,
    /// All rows that were loaded, as the commands before this one left them.
    pub rows: &'a [C::Row],
    /// The time of the transaction.
    pub now: DateTime<Utc>,
}

impl<C: Command + ?Sized> Deciding<'_, C> {
    /// The owner of the row.
    ///
    /// # Errors
    /// When rows of this kind have none; the key of a command for an owned row always names one.
    pub fn owner(&self) -> Result<StudentId, UserError> {
        self.key.owner.ok_or_else(|| UserError::not_found("student"))
    }

    /// The writing system's id for a new row.
    ///
    /// # Errors
    /// When the row was named by Tally's id: then it should have been there.
    pub fn new_sourced_id(&self, field: &str) -> Result<String, UserError> {
        self.key.row.as_sourced_id().map(str::to_owned).ok_or_else(|| UserError::not_found(field))
    }
}

/// The rows that are being worked on, and what they were before.
struct Working<R> {
    rows: Vec<R>,
    by_id: HashMap<(Option<StudentId>, Uuid), usize>,
    by_sourced_id: HashMap<(Option<StudentId>, String), usize>,
    /// The rows to be written, with what they were when they were loaded.
    changed: BTreeMap<usize, Option<R>>,
}

impl<R: Row> Working<R> {
    fn new(rows: Vec<R>) -> Self {
        let mut working = Self {
            rows: Vec::new(),
            by_id: HashMap::new(),
            by_sourced_id: HashMap::new(),
            changed: BTreeMap::new(),
        };
        for row in rows {
            working.push(row);
        }
        working
    }

    fn push(&mut self, row: R) -> usize {
        let at = self.rows.len();
        self.by_id.insert((row.owner(), row.uuid()), at);
        if let Some(sourced_id) = row.sourced_id() {
            self.by_sourced_id.insert((row.owner(), sourced_id.to_owned()), at);
        }
        self.rows.push(row);
        at
    }

    fn find(&self, key: &Key) -> Option<usize> {
        match &key.row {
            Reference::Id(id) => self.by_id.get(&(key.owner, *id)).copied(),
            Reference::SourcedId(sourced_id) => {
                self.by_sourced_id.get(&(key.owner, sourced_id.clone())).copied()
            }
        }
    }

    fn put(&mut self, at: Option<usize>, row: R) {
        if let Some(at) = at {
            let before = std::mem::replace(&mut self.rows[at], row);
            self.changed.entry(at).or_insert(Some(before));
        } else {
            let at = self.push(row);
            self.changed.insert(at, None);
        }
    }
}

/// Does the commands that could be read, in their order. Writes nothing for a command that is refused.
pub(super) async fn run<C: Command>(
    txn: &WriteTransaction,
    commands: &[Result<C, UserError>],
    now: DateTime<Utc>,
) -> Result<Results<C::Row>, DbErr> {
    let readable: Vec<&C> = commands.iter().filter_map(|command| command.as_ref().ok()).collect();
    let context = C::prepare(txn, &readable).await?;
    let keys: Vec<Result<Key, UserError>> = commands
        .iter()
        .map(|command| command.as_ref().map_err(Clone::clone).and_then(|command| command.key(&context)))
        .collect();
    let mut working = Working::new(C::Row::load(txn, &Wanted::by(&keys)).await?);

    let mut results: Results<C::Row> = commands
        .iter()
        .zip(&keys)
        .map(|(command, key)| {
            let (command, key) =
                (command.as_ref().map_err(Clone::clone)?, key.as_ref().map_err(Clone::clone)?);
            decide(&mut working, &context, command, key, now)
        })
        .collect();
    let enqueued = save(txn, working, now).await?;
    for written in results.iter_mut().flatten() {
        // What a later command took back, or what concerns nobody, was not enqueued after all.
        let owner = written.row.owner();
        let concerned = owner.map_or(!enqueued.is_empty(), |owner| enqueued.contains_key(&owner));
        written.recalculation_enqueued &= concerned;
        written.facts_revision =
            owner.filter(|_| written.recalculation_enqueued).and_then(|owner| enqueued.get(&owner).copied());
    }
    Ok(results)
}

/// Decides one command, and puts what its row becomes in the place of what it was.
fn decide<C: Command>(
    working: &mut Working<C::Row>,
    context: &C::Context,
    command: &C,
    key: &Key,
    now: DateTime<Utc>,
) -> Result<Written<C::Row>, UserError> {
    let at = working.find(key);
    let before = at.map(|at| working.rows[at].clone());
    let deciding = Deciding { context, key, before: before.as_ref(), rows: &working.rows, now };
    let mut after = command.decide(&deciding)?;

    let stored = before.clone().and_then(|mut row| *row.occurred_at());
    *after.occurred_at() = stored;
    if before.as_ref() != Some(&after)
        && let (Some(stored), Some(given)) = (stored, command.occurred_at())
        && given <= stored
    {
        let message = format!("is not newer than the last accepted event, of {}", stored.to_rfc3339());
        return Err(UserError::conflict("occurredAt", message));
    }
    let outcome = match &before {
        None => Outcome::Created,
        Some(before) if *before == after => Outcome::Unchanged,
        Some(_) => Outcome::Updated,
    };
    // Even an event that changes nothing else is newer than what comes late.
    *after.occurred_at() = stored.max(command.occurred_at());
    let recalculation_enqueued = C::Row::changes_numbers(before.as_ref(), &after);
    if before.as_ref() != Some(&after) {
        working.put(at, after.clone());
    }
    Ok(Written { row: after, outcome, recalculation_enqueued, facts_revision: None })
}

/// Writes the rows that have changed, and returns the students whose recalculation it enqueued, with the facts revision of
/// each.
async fn save<R: Row>(
    txn: &WriteTransaction,
    working: Working<R>,
    now: DateTime<Utc>,
) -> Result<BTreeMap<StudentId, i64>, DbErr> {
    let changed: Vec<(Option<R>, R)> = working
        .changed
        .into_iter()
        .map(|(at, before)| (before, working.rows[at].clone()))
        .filter(|(before, after)| before.as_ref() != Some(after))
        .collect();
    if changed.is_empty() {
        return Ok(BTreeMap::new());
    }
    R::save(txn, changed.iter().map(|(_, after)| after.clone()).collect()).await?;
    let numbers: Vec<R> = changed
        .into_iter()
        .filter(|(before, after)| R::changes_numbers(before.as_ref(), after))
        .map(|(_, after)| after)
        .collect();
    if numbers.is_empty() {
        return Ok(BTreeMap::new());
    }
    let students = R::concerned(txn, &numbers).await?;
    change::record(txn, &students, now).await
}
