//! The first page: for families, their children's records; for others, who is signed in here and where to go.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse as _, Response};

use super::page::Page;
use super::sign_in::ask_to_sign_in;
use super::unavailable;
use crate::auth::Role;
use crate::session::Sessions;
use crate::viewer::Viewer;

/// The page.
pub(super) async fn show(State(sessions): State<Sessions>, headers: HeaderMap) -> Response {
    match sessions.reader_of_page(&headers).await {
        Ok(Some(viewer)) => of(&viewer).into_response(),
        Ok(None) => Page::new(include_str!("../../web/home.html")).into_response(),
        Err(error) => unavailable(&error),
    }
}

/// The same page with a child chosen. The page finds the child in its address; here it is not known who that is.
pub(super) async fn show_child(State(sessions): State<Sessions>, headers: HeaderMap, uri: Uri) -> Response {
    match sessions.reader_of_page(&headers).await {
        Ok(Some(viewer)) => of(&viewer).into_response(),
        Ok(None) => ask_to_sign_in(uri.path()),
        Err(error) => unavailable(&error),
    }
}

fn of(viewer: &Viewer) -> Page {
    match viewer.role() {
        Role::Guardian | Role::Student => Page::live(include_str!("../../web/family/family.html")),
        Role::Admin => signed_in(viewer, include_str!("../../web/home-admin.html")),
        Role::Service => signed_in(viewer, include_str!("../../web/home-signed-in.html")),
    }
}

fn signed_in(viewer: &Viewer, html: &str) -> Page {
    let role = viewer.role().as_str().to_lowercase();
    Page::new(html).with("subject", viewer.subject()).with("role", &role)
}
