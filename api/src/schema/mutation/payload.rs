//! What a mutation answers, and the one way from an input to an answer.

use std::borrow::Cow;
use std::time::Duration;

use async_graphql::{Context, ID, OutputType, Result, SimpleObject, TypeName};

use crate::error::UserError;
use crate::schema::context::Resolving;
use crate::schema::enums::Outcome;
use crate::schema::inputs::FactInput;
use crate::schema::types::StudentProfile;
use crate::service::facts::{self, Command, Groups, Partial, Row, Written};
use crate::service::live::LiveProfiles;

/// The longest that a mutation waits for a recalculation, in milliseconds.
const MAX_PATIENCE: u64 = 10_000;

/// A fact that was written, and what became of it.
#[derive(Debug, SimpleObject)]
#[graphql(name_type)]
pub struct Payload<T: OutputType> {
    /// The fact as it is now.
    fact: T,
    /// What became of it.
    outcome: Outcome,
    /// Whether a recalculation was enqueued for it, or taken on by one that was waiting.
    recalculation_enqueued: bool,
}

/// A fact about one student that was written, and what became of it.
#[derive(Debug, SimpleObject)]
#[graphql(name_type)]
pub struct CountedPayload<T: OutputType> {
    /// The fact as it is now.
    fact: T,
    /// What became of it.
    outcome: Outcome,
    /// Whether a recalculation was enqueued for it, or taken on by one that was waiting.
    recalculation_enqueued: bool,
    /// Whether `profile` counts this fact. Null unless `awaitRecalculation` was given.
    counted: Option<bool>,
    /// The student's aggregates as soon as they counted this fact, or as they are when the time is up. Null unless
    /// `awaitRecalculation` was given.
    profile: Option<StudentProfile>,
}

/// The results of a bulk mutation.
#[derive(Debug, SimpleObject)]
#[graphql(name_type)]
pub struct BulkPayload<T: OutputType> {
    /// One result for each input, in the order of the inputs.
    results: Vec<BulkResult<T>>,
    /// How many facts were new or have changed.
    written: usize,
    /// How many inputs were refused; always 0 without partial results.
    refused: usize,
}

/// What became of one input of a bulk mutation: a fact, or an error.
#[derive(Debug, SimpleObject)]
#[graphql(name_type)]
pub struct BulkResult<T: OutputType> {
    /// The fact as it is now; null when the input was refused.
    fact: Option<T>,
    /// What became of it; null when the input was refused.
    outcome: Option<Outcome>,
    /// Whether a recalculation was enqueued for it, or taken on by one that was waiting.
    recalculation_enqueued: bool,
    /// Why the input was refused.
    error: Option<FactError>,
}

/// Why one input of a bulk mutation was refused.
#[derive(Debug, SimpleObject)]
pub struct FactError {
    /// As in `extensions.code` of a GraphQL error: `BAD_USER_INPUT`, `NOT_FOUND` or `CONFLICT`.
    code: &'static str,
    /// The field at fault, such as `score`, if it is one.
    field: Option<String>,
    /// What is wrong, for people.
    message: String,
}

/// The answer to a deletion.
#[derive(Debug, SimpleObject)]
pub struct DeletedPayload {
    /// The id of what is no more.
    pub(super) deleted_id: ID,
}

impl<T: OutputType> TypeName for Payload<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Payload", T::type_name()).into()
    }
}

impl<T: OutputType> TypeName for CountedPayload<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Payload", T::type_name()).into()
    }
}

impl<T: OutputType> TypeName for BulkPayload<T> {
    fn type_name() -> Cow<'static, str> {
        format!("Bulk{}Payload", T::type_name()).into()
    }
}

impl<T: OutputType> TypeName for BulkResult<T> {
    fn type_name() -> Cow<'static, str> {
        format!("Bulk{}Result", T::type_name()).into()
    }
}

impl From<UserError> for FactError {
    fn from(error: UserError) -> Self {
        Self { code: error.code.as_str(), field: error.field, message: error.message }
    }
}

/// Writes one fact.
pub(super) async fn write_one<I, T>(ctx: &Context<'_>, input: I) -> Result<Payload<T>>
where
    I: FactInput,
    T: OutputType + From<<I::Command as Command>::Row>,
{
    let services = ctx.services()?;
    let written =
        facts::write_one(&services.db, &*services.clock, ctx.data::<Groups>()?, input.read()).await?;
    services.journal.append(written.journal_entry()).await;
    note(ctx, [&written])?;
    Ok(Payload {
        fact: written.row.into(),
        outcome: written.outcome.into(),
        recalculation_enqueued: written.recalculation_enqueued,
    })
}

/// Writes one fact about one student, and waits for its recalculation if that is asked for.
pub(super) async fn write_counted<I, T>(
    ctx: &Context<'_>,
    input: I,
    await_recalculation: Option<i32>,
) -> Result<CountedPayload<T>>
where
    I: FactInput,
    T: OutputType + From<<I::Command as Command>::Row>,
{
    let wait = await_recalculation.map(patience).transpose()?;
    let profiles = ctx.data::<LiveProfiles>()?;
    let (written, counted) =
        profiles.write_one(&ctx.scope()?, ctx.data::<Groups>()?, input.read(), wait).await?;
    note(ctx, [&written])?;
    Ok(CountedPayload {
        fact: written.row.into(),
        outcome: written.outcome.into(),
        recalculation_enqueued: written.recalculation_enqueued,
        counted: wait.map(|_| counted.as_ref().is_some_and(|counted| counted.fact)),
        profile: counted.map(|counted| StudentProfile(counted.profile)),
    })
}

/// How long to wait for a recalculation.
fn patience(milliseconds: i32) -> Result<Duration> {
    let milliseconds = u64::try_from(milliseconds).ok().filter(|it| *it <= MAX_PATIENCE);
    let message = format!("must be 0 to {MAX_PATIENCE} milliseconds");
    let milliseconds = milliseconds.ok_or_else(|| UserError::input("awaitRecalculation", message))?;
    Ok(Duration::from_millis(milliseconds))
}

/// Writes many facts of a kind in one transaction.
pub(super) async fn write_many<I, T>(
    ctx: &Context<'_>,
    inputs: Vec<I>,
    partial: bool,
) -> Result<BulkPayload<T>>
where
    I: FactInput,
    T: OutputType + From<<I::Command as Command>::Row>,
{
    let services = ctx.services()?;
    let commands: Vec<_> = inputs.into_iter().map(FactInput::read).collect();
    let partial = if partial { Partial::Yes } else { Partial::No };
    let written = facts::write(&services.db, &*services.clock, &commands, partial).await?;
    services.journal.append(written.iter().flatten().filter_map(Written::journal_entry)).await;
    note(ctx, written.iter().flatten())?;
    let results: Vec<BulkResult<T>> = written.into_iter().map(bulk_result).collect();
    Ok(BulkPayload {
        written: results.iter().filter(|r| r.outcome.is_some_and(|o| o != Outcome::Unchanged)).count(),
        refused: results.iter().filter(|r| r.error.is_some()).count(),
        results,
    })
}

/// Notes for the access log whose records were written.
fn note<'w, R: Row>(ctx: &Context<'_>, written: impl IntoIterator<Item = &'w Written<R>>) -> Result<()> {
    for (student, kind) in written.into_iter().filter_map(Written::access) {
        ctx.note(kind, [student])?;
    }
    Ok(())
}

fn bulk_result<R, T: OutputType + From<R>>(result: Result<Written<R>, UserError>) -> BulkResult<T> {
    match result {
        Ok(written) => BulkResult {
            fact: Some(written.row.into()),
            outcome: Some(written.outcome.into()),
            recalculation_enqueued: written.recalculation_enqueued,
            error: None,
        },
        Err(error) => {
            BulkResult { fact: None, outcome: None, recalculation_enqueued: false, error: Some(error.into()) }
        }
    }
}
