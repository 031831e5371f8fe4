//! Which of GraphQL's two media types a client wants.

use axum::http::{HeaderMap, header};

/// A media type of responses, as the GraphQL-over-HTTP specification has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/graphql-response+json`: the status says whether the request was executed.
    GraphqlResponse,
    /// `application/json`: the older form, where a well-formed request is always answered with 200.
    Json,
}

impl MediaType {
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    /// The media type that the client's `Accept` prefers; `None` when it accepts neither.
    pub(super) fn negotiate(headers: &HeaderMap) -> Option<Self> {
        let mut accepted = headers.get_all(header::ACCEPT).iter().peekable();
        if accepted.peek().is_none() {
            return Some(Self::Json);
        }
        let ranges = accepted.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        ranges
            .filter_map(|range| Some((Self::of(range)?, quality(range))))
            .filter(|(_, quality)| *quality > 0)
            // The first of the best: `max_by_key` would take the last.
            .fold(None, |best: Option<(Self, u16)>, next| match best {
                Some(best) if best.1 >= next.1 => Some(best),
                _ => Some(next),
            })
            .map(|(media_type, _)| media_type)
    }

    fn of(range: &str) -> Option<Self> {
        match range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "application/graphql-response+json" => Some(Self::GraphqlResponse),
            "application/json" | "application/*" | "*/*" => Some(Self::Json),
            _ => None,
        }
    }
}

/// The `q` of a media range, in thousandths.
fn quality(range: &str) -> u16 {
    let q = range.split(';').skip(1).find_map(|parameter| parameter.trim().strip_prefix("q="));
    let Some(q) = q else { return 1000 };
    match q.split_once('.') {
        None => q.parse::<u16>().map_or(0, |whole| whole.min(1) * 1000),
        Some(("1", _)) => 1000,
        Some((_, fraction)) => format!("{fraction:0<3.3}").parse().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn negotiate(accept: &'static str) -> Option<MediaType> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
        MediaType::negotiate(&headers)
    }

    #[test]
    fn the_best_accepted_type_is_taken() {
        use MediaType::{GraphqlResponse, Json};
        assert_eq!(MediaType::negotiate(&HeaderMap::new()), Some(Json));
        assert_eq!(negotiate("*/*"), Some(Json));
        assert_eq!(negotiate("application/json"), Some(Json));
        assert_eq!(negotiate("application/graphql-response+json"), Some(GraphqlResponse));
        assert_eq!(
            negotiate("application/graphql-response+json, application/json;q=0.9"),
            Some(GraphqlResponse)
        );
        assert_eq!(
            negotiate("application/json;q=0.5, application/graphql-response+json"),
            Some(GraphqlResponse)
        );
        assert_eq!(negotiate("application/json, application/graphql-response+json;q=0.5"), Some(Json));
        assert_eq!(negotiate("text/html, application/json;charset=utf-8"), Some(Json));
        assert_eq!(negotiate("text/html"), None);
        assert_eq!(negotiate("application/json;q=0"), None);
    }
}
