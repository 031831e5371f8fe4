//! What every response tells a browser, and which other sites' pages may ask.

use std::str::FromStr;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::cors::CorsLayer;
use url::Url;

/// How long a browser may remember what another site's pages may ask.
const REMEMBERED: Duration = Duration::from_mins(10);

/// What is told where nothing else is: what is answered is not a page, is for whoever asked alone, and need not be
/// understood as anything else than what it says it is. Pages have a policy of their own.
const UNLESS_TOLD: [(HeaderName, HeaderValue); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// What can be chosen about browsers.
#[derive(Clone, Debug, Default)]
pub struct Hygiene {
    /// The sites whose pages may ask, with tokens of their own; none but this server unless told otherwise.
    pub origins: Vec<Origin>,
    /// For how long browsers shall come by https alone; not said where there is none.
    pub https_for: Option<Duration>,
}

/// A site, as a browser names it: scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// The text is no [`Origin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an https or http URL without a path, as in https://app.example.org")]
pub struct OriginError;

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let url = Url::parse(text).map_err(|_| OriginError)?;
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !is_bare || !matches!(url.scheme(), "https" | "http") || !url.username().is_empty() {
            return Err(OriginError);
        }
        url.origin().ascii_serialization().parse().map(Self).map_err(|_| OriginError)
    }
}

impl Hygiene {
    /// Lets the pages of other sites ask, if there are any that may. They send tokens: cookies are never for them.
    pub(super) fn cors(&self) -> Option<CorsLayer> {
        if self.origins.is_empty() {
            return None;
        }
        let layer = CorsLayer::new()
            .allow_origin(self.origins.iter().map(|Origin(origin)| origin.clone()).collect::<Vec<_>>())
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([
                header::AUTHORIZATION,
                header::CONTENT_TYPE,
                HeaderName::from_static("traceparent"),
            ])
            .expose_headers([super::REQUEST_ID, header::RETRY_AFTER])
            .max_age(REMEMBERED);
        Some(layer)
    }

    /// The value of `Strict-Transport-Security`, if there is to be one.
    pub(super) fn transport(&self) -> Option<HeaderValue> {
        let seconds = self.https_for?.as_secs();
        HeaderValue::from_str(&format!("max-age={seconds}")).ok()
    }
}

/// Adds what every response tells a browser.
pub(super) async fn tell(
    State(transport): State<Option<HeaderValue>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in UNLESS_TOLD {
        headers.entry(name).or_insert(value);
    }
    if let Some(transport) = transport {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, transport);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_named_as_browsers_do() {
        let origin = |text: &str| text.parse::<Origin>().map(|Origin(origin)| origin);
        assert_eq!(origin("https://App.example.org:443/").unwrap(), "https://app.example.org");
        assert_eq!(origin("http://localhost:3000").unwrap(), "http://localhost:3000");
        for text in ["*", "null", "", "app.example.org", "https://a/path", "https://me@a", "ftp://a"] {
            assert!(origin(text).is_err(), "{text}");
        }
    }
}
