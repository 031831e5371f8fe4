//! The SQL statements that something takes.

use std::sync::{Arc, Mutex, PoisonError};

use entity::database::Database;

use crate::TestApp;

/// Collects the statements of a database while somebody wants to know them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Statements(Arc<Mutex<Option<Vec<String>>>>);

impl Statements {
    /// The same database, watched.
    pub(crate) fn watch(&self, db: Database) -> Database {
        let statements = self.clone();
        db.observed(move |sql| {
            if let Some(collected) = &mut *statements.0.lock().unwrap_or_else(PoisonError::into_inner) {
                collected.push(sql.to_owned());
            }
        })
    }

    fn replace(&self, with: Option<Vec<String>>) -> Option<Vec<String>> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), with)
    }
}

impl TestApp {
    /// The outcome of `work`, and all statements that were executed meanwhile.
    pub async fn statements_of<T>(&self, work: impl Future<Output = T>) -> (T, Vec<String>) {
        self.statements.replace(Some(Vec::new()));
        let outcome = work.await;
        (outcome, self.statements.replace(None).unwrap_or_default())
    }
}
