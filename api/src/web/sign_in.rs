//! Signing in, by a one-time link or by a token, and signing out.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use entity::sea_orm::DbErr;
use tokio::time::timeout;

use super::page::Page;
use super::unavailable;
use crate::auth::{Role, TokenError};
use crate::session::{Key, Sessions};

const USED_LINK: &str = "This link has been used already, or is too old.";
const NO_TOKEN: &str = "Paste a token first.";
const SIGNED_OUT: &str = "You have signed out.";
const FOREIGN: &str = "Another site has sent this form. Sign in here, if you wish to.";

/// How long a form may be, in bytes, and how long it may take to come.
const MAX_FORM: usize = 64 * 1024;
const FORM_WITHIN: Duration = Duration::from_secs(10);

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
pub(super) async fn sign_in(State(sessions): State<Sessions>, headers: HeaderMap, body: Body) -> Response {
    if !sessions.is_own_page(&headers) {
        return form(&Fields::default(), "", FOREIGN).status(StatusCode::FORBIDDEN).into_response();
    }
    let fields = match sent(body).await {
        Ok(form) => Fields::read(&form),
        Err(status) => return status.into_response(),
    };
    match begin(&sessions, &fields).await {
        Ok((role, key)) => {
            tracing::info!(%role, "signed in");
            redirect(&destination(&fields.next, role), sessions.cookie(&headers, &key))
        }
        Err(Failure::Refused { status, message }) => {
            form(&fields, "", &message).status(status).into_response()
        }
        Err(Failure::Database(error)) => unavailable(&error),
    }
}

/// A session for whoever has what was sent.
async fn begin(sessions: &Sessions, fields: &Fields) -> Result<(Role, Key), Failure> {
    if let Some(code) = &fields.code {
        let offer = sessions.redeem(code).ok_or_else(|| Failure::unauthorized(USED_LINK))?;
        let begun = sessions.begin(&offer.identity, None).await;
        return match begun {
            Ok(key) => Ok((offer.identity.role(), key)),
            Err(error) => {
                // The link has signed nobody in, and works once the database stores again.
                sessions.restore(code, offer);
                Err(error.into())
            }
        };
    }
    let token = fields.token.as_deref().filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| Failure::unauthorized(NO_TOKEN))?;
    let (identity, until) = sessions.verify(token).await?;
    let key = sessions.begin(&identity, Some(until)).await?;
    // Whoever has revoked the token since it was verified may have ended its sessions before there was this one.
    if let Err(revoked) = sessions.verify(token).await {
        sessions.discard(&key).await?;
        return Err(revoked.into());
    }
    Ok((identity.role(), key))
}

/// The form that a browser has sent.
async fn sent(body: Body) -> Result<Bytes, StatusCode> {
    let body = timeout(FORM_WITHIN, to_bytes(body, MAX_FORM)).await;
    body.map_err(|_| StatusCode::REQUEST_TIMEOUT)?.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)
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

/// Why there is no session.
enum Failure {
    Refused { status: StatusCode, message: String },
    Database(DbErr),
}

impl Failure {
    fn unauthorized(message: &str) -> Self {
        Self::Refused { status: StatusCode::UNAUTHORIZED, message: message.to_owned() }
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        let status = match error {
            TokenError::KeysUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNAUTHORIZED,
        };
        Self::Refused { status, message: sentence(&error.to_string()) }
    }
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
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
