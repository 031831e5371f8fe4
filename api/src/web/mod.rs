//! Pages for browsers: signing in and out, GraphiQL, and the files they are made of.
//!
//! - `assets`: the files of `api/web`, which are in the program.
//! - `page`: the shell of every page: its headers, above all what it may load.
//! - `sign_in`, `home`, `admin`, `graphiql`: the pages.
//!
//! What must never be here: data of students. Pages get it from the GraphQL API, as anybody's would.

mod admin;
mod assets;
mod graphiql;
mod home;
mod page;
mod sign_in;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use entity::sea_orm::DbErr;

use crate::session::Sessions;

/// The largest form that is accepted: a token with room to spare.
const MAX_FORM: usize = 16 * 1024;

/// The routes of all pages and their files.
pub(crate) fn router(sessions: Sessions) -> Router {
    Router::new()
        .route("/", get(home::show))
        .route("/children/{id}", get(home::show_child))
        .route("/admin", get(admin::show))
        .route("/admin/{*path}", get(admin::show))
        .route("/graphiql", get(graphiql::show))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/assets/{*path}", get(assets::serve))
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .with_state(sessions)
}

/// The answer when it cannot be known who is signed in.
fn unavailable(error: &DbErr) -> Response {
    tracing::error!(%error, "sessions cannot be read or written");
    (StatusCode::SERVICE_UNAVAILABLE, "the service cannot answer right now, please try again\n")
        .into_response()
}
