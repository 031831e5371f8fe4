//! The shell of every page: the headers that bound what it can do.

use std::fmt::Write as _;

use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What a page may load and do. Nothing comes from elsewhere, nothing runs that is not a file of ours, no other page
/// frames it, and forms go to this server alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

/// The same for a page that asks the GraphQL API of this server, over HTTP and over a WebSocket.
const LIVE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page, with what stands in the place of its `{{name}}`s.
pub(super) struct Page {
    html: String,
    policy: String,
    status: StatusCode,
}

impl Page {
    /// The page of this text, which may load our own scripts, styles and pictures.
    pub(super) fn new(html: &str) -> Self {
        Self { html: html.to_owned(), policy: POLICY.to_owned(), status: StatusCode::OK }
    }

    /// The page of this text, which may also ask the GraphQL API.
    pub(super) fn live(html: &str) -> Self {
        Self::new(html).policy(LIVE_POLICY.to_owned())
    }

    /// Puts a text in the place of `{{name}}`.
    pub(super) fn with(mut self, name: &str, text: &str) -> Self {
        self.html = self.html.replace(&format!("{{{{{name}}}}}"), &escaped(text));
        self
    }

    /// The same page under a policy of its own.
    pub(super) fn policy(self, policy: String) -> Self {
        Self { policy, ..self }
    }

    /// The same page, which says that something is wrong.
    pub(super) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_SECURITY_POLICY, &self.policy),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, "DENY"),
            // Not `no-referrer`: browsers would then send forms without telling that they come from here.
            (header::REFERRER_POLICY, "same-origin"),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
            // A page says who is signed in.
            (header::CACHE_CONTROL, "no-store"),
        ];
        (self.status, headers, self.html).into_response()
    }
}

/// A text as it stands in HTML, between tags and in quoted attributes.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut html, c| {
        match c {
            '&' | '<' | '>' | '"' | '\'' => {
                // Writing to a String cannot fail.
                let _ = write!(html, "&#{};", u32::from(c));
            }
            c => html.push(c),
        }
        html
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_into_a_page_stays_text() {
        let page = Page::new("<a title=\"{{who}}\">{{who}}</a>").with("who", "\"><b>'&");
        assert_eq!(
            page.html,
            "<a title=\"&#34;&#62;&#60;b&#62;&#39;&#38;\">&#34;&#62;&#60;b&#62;&#39;&#38;</a>"
        );
    }
}
