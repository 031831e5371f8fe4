//! The first page: who is signed in here, and where to go.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};

use super::page::Page;
use super::unavailable;
use crate::session::Sessions;

/// The page.
pub(super) async fn show(State(sessions): State<Sessions>, headers: HeaderMap) -> Response {
    match sessions.reader_of_page(&headers).await {
        Ok(None) => Page::new(include_str!("../../web/home.html")).into_response(),
        Ok(Some(viewer)) => {
            let html = if viewer.is_admin() {
                include_str!("../../web/home-admin.html")
            } else {
                include_str!("../../web/home-signed-in.html")
            };
            let role = viewer.role().as_str().to_lowercase();
            Page::new(html).with("subject", viewer.subject()).with("role", &role).into_response()
        }
        Err(error) => unavailable(&error),
    }
}
