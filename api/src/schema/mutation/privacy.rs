//! Mutations for a person's rights.

use async_graphql::{Context, Object, Result};
use entity::access_log::Kind;
use entity::id::StudentId;

use crate::schema::context::Resolving;
use crate::schema::guards::{IsAdmin, WritesFacts};
use crate::schema::inputs::{Ref, optional_time, text};
use crate::schema::scalars::Time;
use crate::schema::types::{Erasure, Guardianship};
use crate::service::facts;
use crate::service::revocation_journal::of_hand_over;

/// Mutations for a person's rights.
#[derive(Debug, Default)]
pub struct PrivacyMutation;

#[Object]
impl PrivacyMutation {
    /// Erases a student: facts, aggregates, jobs and their errors go, and the access log keeps that somebody was seen but
    /// not who. That it was done, by whom and why is kept. This cannot be undone. For admins.
    ///
    /// It differs from `deleteStudent`, by which the learning system says that a student is gone, and after which it is
    /// still known who saw the record. The learning system must be told too, or it may write the student anew.
    #[graphql(guard = "IsAdmin")]
    async fn erase_student(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The student to be erased.")] student: Ref,
        #[graphql(desc = "Why, in 1 to 255 characters that do not tell who the student is.")] reason: String,
    ) -> Result<Erasure> {
        let student = student.read::<StudentId>("student")?;
        let reason = text("reason", reason)?;
        let services = ctx.services()?;
        let erasure = facts::erase_student(
            &services.db,
            &*services.clock,
            &services.access_log,
            &services.journal,
            ctx.viewer()?,
            student,
            reason,
        )
        .await?;
        ctx.note(Kind::Changed, [erasure.student_id])?;
        Ok(Erasure(erasure))
    }

    /// Ends all guardianships of a student who comes of age, and revokes those that would begin only then. Answers those
    /// that this has changed: none when it is said again.
    #[graphql(guard = "WritesFacts")]
    async fn hand_over_student(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The student.")] student: Ref,
        #[graphql(desc = "The first moment at which no guardian sees the record; now, unless later.")]
        at: Option<Time>,
    ) -> Result<Vec<Guardianship>> {
        let student = student.read::<StudentId>("student")?;
        let at = optional_time("at", at)?;
        let services = ctx.services()?;
        let ended = facts::hand_over_student(&services.db, &*services.clock, student, at).await?;
        services.journal.append(ended.iter().map(of_hand_over)).await;
        ctx.note(Kind::Changed, ended.first().map(|right| right.student_id))?;
        Ok(ended.into_iter().map(Guardianship).collect())
    }
}
