//! Signing in, by a one-time link or by a token, and signing out.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{DateTime, Utc};

use super::page::Page;
use super::unavailable;
use crate::auth::{Identity, Role, TokenError};
use crate::session::Sessions;

const USED_LINK: &str = "This link has been used already, or is too old.";
const NO_TOKEN: &str = "Paste a token first.";
const SIGNED_OUT: &str = "You have signed out.";
const FOREIGN: &str = "Another site has sent this form. Sign in here, if you wish to.";

/// The fields of the forms, and the parameters of the pages' addresses.
#[derive(Default)]
struct Fields {
    code: Option<String>,
    token: Option<String>,
    next: String,
    signed_out: bool,
}

impl Fields {
    fn read(encoded: &[u8]) -> Self {
        let mut fields = Self::default();
        for (name, value) in url::form_urlencoded::parse(encoded) {
            match &*name {
                "code" => fields.code = Some(value.into_owned()),
                "token" => fields.token = Some(value.trim().to_owned()),
                "next" if is_path_here(&value) => fields.next = value.into_owned(),
                "signed-out" => fields.signed_out = true,
                _ => {}
            }
        }
        fields
    }
}

/// Whether a text is a path on this server, and on no other: browsers read `//host` and `/\host` as an address.
fn is_path_here(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && c != '\\';
    text.starts_with('/') && !text.starts_with("//") && text.chars().all(plain)
}

/// The page. A link's code is not used up by looking at it: a preview of the link would do that, and a page of this
/// server has to ask for a session, or the cookie would not go with the next request.
pub(super) async fn show(RawQuery(query): RawQuery) -> Response {
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    match &fields.code {
        Some(code) => Page::new(include_str!("../../web/sign-in-link.html"))
            .with("code", code)
            .with("next", &fields.next)
            .into_response(),
        None => form(&fields, if fields.signed_out { SIGNED_OUT } else { "" }, "").into_response(),
    }
}

/// Begins a session for whoever has the code of a link, or a token.
pub(super) async fn sign_in(State(sessions): State<Sessions>, headers: HeaderMap, body: Bytes) -> Response {
    let fields = Fields::read(&body);
    if !sessions.is_own_page(&headers) {
        return form(&Fields::default(), "", FOREIGN).status(StatusCode::FORBIDDEN).into_response();
    }
    let (identity, until) = match who(&sessions, &fields).await {
        Ok(found) => found,
        Err(Refusal { status, message }) => {
            return form(&fields, "", &message).status(status).into_response();
        }
    };
    let cookie = match sessions.begin(&headers, &identity, until).await {
        Ok(cookie) => cookie,
        Err(error) => return unavailable(&error),
    };
    tracing::info!(role = %identity.role(), "signed in");
    redirect(&destination(&fields.next, identity.role()), cookie)
}

/// Ends the session of the browser.
pub(super) async fn sign_out(State(sessions): State<Sessions>, headers: HeaderMap) -> Response {
    if !sessions.is_own_page(&headers) {
        return form(&Fields::default(), "", FOREIGN).status(StatusCode::FORBIDDEN).into_response();
    }
    match sessions.end(&headers).await {
        Ok(cookie) => redirect("/sign-in?signed-out", cookie),
        Err(error) => unavailable(&error),
    }
}

struct Refusal {
    status: StatusCode,
    message: String,
}

impl Refusal {
    fn unauthorized(message: impl Into<String>) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, message: message.into() }
    }
}

/// Who signs in, and until when at most.
async fn who(sessions: &Sessions, fields: &Fields) -> Result<(Identity, Option<DateTime<Utc>>), Refusal> {
    if let Some(code) = &fields.code {
        let identity = sessions.redeem(code).ok_or_else(|| Refusal::unauthorized(USED_LINK))?;
        return Ok((identity, None));
    }
    let token = fields.token.as_deref().filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| Refusal::unauthorized(NO_TOKEN))?;
    match sessions.verify(token).await {
        Ok((identity, until)) => Ok((identity, Some(until))),
        Err(error) => {
            let status = match error {
                TokenError::KeysUnavailable => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::UNAUTHORIZED,
            };
            Err(Refusal { status, message: sentence(&error.to_string()) })
        }
    }
}

/// Where to go once signed in: where one wanted to be, or to what the role is likely to want.
fn destination(next: &str, role: Role) -> String {
    match (next, role) {
        ("", Role::Admin) => "/admin".to_owned(),
        ("", _) => "/".to_owned(),
        (next, _) => next.to_owned(),
    }
}

/// The form, with a note or with what is wrong.
fn form(fields: &Fields, note: &str, message: &str) -> Page {
    Page::new(include_str!("../../web/sign-in.html"))
        .with("next", &fields.next)
        .with("note", note)
        .with("message", message)
}

fn redirect(to: &str, cookie: String) -> Response {
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    ([(header::SET_COOKIE, cookie)], no_store, Redirect::to(to)).into_response()
}

/// Sends whoever is not signed in to do so, and to come back.
pub(super) fn ask_to_sign_in(back_to: &str) -> Response {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", back_to).finish();
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    (no_store, Redirect::to(&format!("/sign-in?{query}"))).into_response()
}

/// An error's text as people read it.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_leads_to_no_other_server() {
        for path in ["/", "/graphiql", "/students?order=name&first=20"] {
            assert!(is_path_here(path), "{path}");
        }
        for text in
            ["", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nb", "evil", "/\tb"]
        {
            assert!(!is_path_here(text), "{text}");
        }
    }
}
