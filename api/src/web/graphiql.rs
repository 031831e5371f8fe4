//! GraphiQL, for admins.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};

use super::admin::admins_only;
use super::page::Page;
use super::sign_in::ask_to_sign_in;
use super::unavailable;
use crate::session::{Key, Sessions};

/// The page. It speaks to `/graphql` by the browser's session alone.
pub(super) async fn show(State(sessions): State<Sessions>, headers: HeaderMap) -> Response {
    match sessions.reader_of_page(&headers).await {
        Ok(Some(viewer)) if viewer.is_admin() => page().into_response(),
        Ok(Some(viewer)) => admins_only(viewer.subject()),
        Ok(None) => ask_to_sign_in("/graphiql"),
        Err(error) => unavailable(&error),
    }
}

fn page() -> Page {
    let nonce = Key::new();
    Page::new(include_str!("../../web/graphiql/graphiql.html"))
        .with("nonce", nonce.expose())
        .policy(policy(nonce.expose()))
}

/// As strict as that of the other pages, but for what GraphiQL cannot do without: its requests to this server, its
/// fonts, which are within its style sheet, and one style element that it makes itself while a dialog is open, which it
/// marks with the `nonce`. It needs neither inline scripts nor style attributes.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; connect-src 'self'; \
         font-src data:; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}
