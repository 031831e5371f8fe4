//! Answers that a client may have already: `ETag`, `If-None-Match`, and 304.

use std::fmt::Write as _;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// What depends on the viewer is kept by the viewer's own cache alone, which asks each time whether it is still so.
const RULES: [(HeaderName, HeaderValue); 2] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    (header::VARY, HeaderValue::from_static("Accept, Authorization")),
];

/// The answer `body`, or just that the client has it.
pub(super) fn respond(headers: &HeaderMap, content_type: &'static str, body: Vec<u8>) -> Response {
    let tag = tag(&body);
    let mut response = if client_has(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, content_type)], body).into_response()
    };
    response.headers_mut().extend(RULES);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// A strong tag: the same for the same bytes, and for no others.
fn tag(body: &[u8]) -> String {
    let mut tag = "\"".to_owned();
    for byte in &Sha256::digest(body)[..16] {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

fn client_has(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    // The comparison is weak, whatever the tags are.
    known
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}
