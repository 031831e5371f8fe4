//! How many profiles are read a second, and how many could be if there were nothing to ask the database.

use std::time::Duration;

use api::auth::Role;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::rows::School;
use super::server::Server;
use crate::client::Client;

const READERS: usize = 16;

/// Reads of one profile each, by its id.
pub const PROFILE: &str =
    "query($id: ID) { studentProfile(id: $id) { version overallAverageScore isStale } }";
/// The same amount of GraphQL without a statement of SQL: what no cache could surpass.
pub const NOTHING: &str = "{ me { role subject __typename } }";

/// How many such requests the server answers a second, all about a few students.
///
/// # Panics
/// When a request fails.
pub async fn measure(server: &Server, school: &School, query: &str, seconds: u64) -> u64 {
    let token = server.token(Role::Service, "dashboard");
    let end = Instant::now() + Duration::from_secs(seconds);
    let readers = (0..READERS).map(|reader| {
        let client = Client::new(&server.url, Some(token.clone()));
        let student = school.students[reader].to_string();
        let query = query.to_owned();
        tokio::spawn(async move {
            let mut answered = 0;
            while Instant::now() < end {
                let data: Value = client.data(&query, json!({ "id": student })).await;
                assert!(data.is_object());
                answered += 1;
            }
            answered
        })
    });
    let answered: Vec<u64> = futures::future::join_all(readers)
        .await
        .into_iter()
        .map(|reader| reader.expect("the reader does not panic"))
        .collect();
    answered.iter().sum::<u64>() / seconds
}
