//! Where browsers find this server, and what follows from it: its own origin, and its cookie.

use std::net::IpAddr;
use std::str::FromStr;

use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, header};
use url::Url;

use super::key::Key;

/// The name of the cookie. It is followed by the port where several servers may share a host.
const COOKIE: &str = "tally-session";
/// Browsers take a cookie of this prefix only if it is secure and for this host alone.
const HOST_PREFIX: &str = "__Host-";

/// The address by which browsers reach a server that stands behind a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(Url);

/// The text is no [`PublicUrl`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an https or http URL without a path, as in https://tally.example.org")]
pub struct PublicUrlError;

impl PublicUrl {
    /// Whether browsers come by https.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| PublicUrlError)?;
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let is_web = matches!(url.scheme(), "https" | "http") && url.username().is_empty();
        if is_bare && is_web { Ok(Self(url)) } else { Err(PublicUrlError) }
    }
}

/// Where browsers find this server: what it was told, or else what they ask for.
#[derive(Debug, Default)]
pub(super) struct Site {
    public: Option<PublicUrl>,
}

impl Site {
    pub(super) const fn at(public: PublicUrl) -> Self {
        Self { public: Some(public) }
    }

    /// Whether a page of this server sent the request, as the browser says; a page cannot make it say so.
    ///
    /// `Origin` is there whenever something may change. A browser may leave it out of a GET, and says in
    /// `Sec-Fetch-Site` what it thinks of the two origins.
    pub(super) fn is_own_page(&self, headers: &HeaderMap) -> bool {
        match headers.get(header::ORIGIN) {
            Some(origin) => self.is_own_origin(origin, headers),
            None => headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin"),
        }
    }

    fn is_own_origin(&self, origin: &HeaderValue, headers: &HeaderMap) -> bool {
        let Some(origin) = origin.to_str().ok().and_then(|origin| Url::parse(origin).ok()) else {
            return false;
        };
        match &self.public {
            Some(PublicUrl(public)) => origin.origin() == public.origin(),
            // Whether a proxy ended TLS is not known here. The host is: a cookie goes to no other.
            None => headers.get(header::HOST).and_then(|host| host.to_str().ok()).is_some_and(|host| {
                let own = Url::parse(&format!("{}://{host}", origin.scheme()));
                own.is_ok_and(|own| own.origin().is_tuple() && own.origin() == origin.origin())
            }),
        }
    }

    /// The key in the request's cookie.
    pub(super) fn session_key(&self, headers: &HeaderMap) -> Option<Key> {
        let name = self.cookie_name(headers);
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|it| it.split_once('='));
        pairs.find(|(given, _)| given.trim() == name).map(|(_, key)| Key::from(key.trim()))
    }

    /// The cookie by which a browser keeps `key` until it is closed. Scripts cannot read it, and it goes with no
    /// request that another site has caused.
    pub(super) fn cookie(&self, headers: &HeaderMap, key: &Key) -> String {
        self.set_cookie(headers, key.expose(), "")
    }

    /// The cookie that makes a browser forget its key.
    pub(super) fn no_cookie(&self, headers: &HeaderMap) -> String {
        self.set_cookie(headers, "", "; Max-Age=0")
    }

    fn set_cookie(&self, headers: &HeaderMap, value: &str, lifetime: &str) -> String {
        let name = self.cookie_name(headers);
        let secure = if name.starts_with(HOST_PREFIX) { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{lifetime}")
    }

    /// On this machine itself there is no TLS, but there may be several servers, which browsers tell apart by their
    /// ports while cookies do not.
    fn cookie_name(&self, headers: &HeaderMap) -> String {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
        match host.filter(|host| self.public.is_none() && is_loopback(host.host())) {
            Some(host) => format!("{COOKIE}-{}", host.port_u16().unwrap_or(80)),
            None if self.public.as_ref().is_some_and(|PublicUrl(url)| is_plain_loopback(url)) => {
                COOKIE.to_owned()
            }
            None => format!("{HOST_PREFIX}{COOKIE}"),
        }
    }
}

fn is_plain_loopback(url: &Url) -> bool {
    url.scheme() == "http" && url.host_str().is_some_and(is_loopback)
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(given: &[(&'static str, &str)]) -> HeaderMap {
        given.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn behind_proxy() -> Site {
        Site::at("https://tally.example.org".parse().unwrap())
    }

    #[test]
    fn only_the_own_origin_is_the_own_page() {
        let site = Site::default();
        let own = |host, origin| site.is_own_page(&headers(&[("host", host), ("origin", origin)]));
        assert!(own("127.0.0.1:4000", "http://127.0.0.1:4000"));
        assert!(own("tally.example.org", "https://tally.example.org"));
        assert!(own("tally.example.org:443", "https://tally.example.org"));
        assert!(own("[::1]:4000", "http://[::1]:4000"));
        assert!(!own("127.0.0.1:4000", "http://127.0.0.1:4001"));
        assert!(!own("127.0.0.1:4000", "http://localhost:4000"));
        assert!(!own("tally.example.org", "https://evil.example"));
        assert!(!own("tally.example.org", "https://tally.example.org.evil.example"));
        assert!(!own("tally.example.org", "https://sub.tally.example.org"));
        assert!(!own("tally.example.org", "null"));
        assert!(!own("tally.example.org", ""));
        assert!(!site.is_own_page(&headers(&[("origin", "https://tally.example.org")])));
    }

    #[test]
    fn without_an_origin_the_browser_has_to_say_that_it_is_the_own_page() {
        let site = Site::default();
        let says = |value| site.is_own_page(&headers(&[("host", "a"), ("sec-fetch-site", value)]));
        assert!(says("same-origin"));
        assert!(!says("same-site") && !says("cross-site") && !says("none"));
        assert!(!site.is_own_page(&headers(&[("host", "a")])));
        let both = [("host", "a"), ("origin", "https://b"), ("sec-fetch-site", "same-origin")];
        assert!(!site.is_own_page(&headers(&both)));
    }

    #[test]
    fn behind_a_proxy_what_was_configured_counts_and_not_the_host() {
        let own = |host, origin| behind_proxy().is_own_page(&headers(&[("host", host), ("origin", origin)]));
        assert!(own("127.0.0.1:4000", "https://tally.example.org"));
        assert!(!own("tally.example.org", "http://tally.example.org"));
        assert!(!own("evil.example", "https://evil.example"));
    }

    #[test]
    fn off_this_machine_a_cookie_is_secure() {
        let cookie = |site: Site, host| site.cookie(&headers(&[("host", host)]), &Key::from("k"));
        for host in ["tally.example.org", "192.0.2.7:4000", "localhost.evil.example", ""] {
            let secure = "__Host-tally-session=k; Path=/; HttpOnly; SameSite=Strict; Secure";
            assert_eq!(cookie(Site::default(), host), secure, "{host}");
        }
        for host in ["localhost:4000", "127.0.0.1:4000", "[::1]:4000"] {
            let plain = "tally-session-4000=k; Path=/; HttpOnly; SameSite=Strict";
            assert_eq!(cookie(Site::default(), host), plain, "{host}");
        }
        // The proxy need not pass on the name it was called by.
        assert!(cookie(behind_proxy(), "127.0.0.1:4000").ends_with("; Secure"));
    }

    #[test]
    fn the_key_is_found_among_other_cookies() {
        let key = |cookie| {
            let headers = headers(&[("host", "localhost:4000"), ("cookie", cookie)]);
            Site::default().session_key(&headers).map(|key| key.expose().to_owned())
        };
        assert_eq!(key("a=b; tally-session-4000=k; c=d").as_deref(), Some("k"));
        assert_eq!(key("tally-session-4001=k"), None);
        assert_eq!(key("x-tally-session-4000=k; tally-session-4000"), None);
    }

    #[test]
    fn a_public_url_is_an_origin() {
        for text in ["https://tally.example.org", "http://localhost:8080/"] {
            assert!(text.parse::<PublicUrl>().is_ok(), "{text}");
        }
        for text in ["tally.example.org", "ftp://a", "https://a/path", "https://a/?q", "https://me@a", ""] {
            assert_eq!(text.parse::<PublicUrl>(), Err(PublicUrlError), "{text}");
        }
    }
}
