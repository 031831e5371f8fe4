//! The admin's desk. It is one page: which part of it is shown follows from its address, in the browser.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};

use super::page::Page;
use super::sign_in::ask_to_sign_in;
use super::unavailable;
use crate::session::Sessions;

/// The page, whatever part of it.
pub(super) async fn show(State(sessions): State<Sessions>, headers: HeaderMap, uri: Uri) -> Response {
    match sessions.reader_of_page(&headers).await {
        Ok(Some(viewer)) if viewer.is_admin() => {
            Page::live(include_str!("../../web/admin/admin.html")).into_response()
        }
        Ok(Some(viewer)) => admins_only(viewer.subject()),
        Ok(None) => ask_to_sign_in(uri.path_and_query().map_or("/admin", |it| it.as_str())),
        Err(error) => unavailable(&error),
    }
}

/// What anybody else sees of a page for admins.
pub(super) fn admins_only(subject: &str) -> Response {
    Page::new(include_str!("../../web/admins-only.html"))
        .with("subject", subject)
        .status(StatusCode::FORBIDDEN)
        .into_response()
}
