//! The settings of what requests may cost, and of what browsers are told.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::http::{self, DocumentLimits, Hygiene, Limits, Network, Origin, Rate, SocketLimits};

/// What requests may cost.
#[derive(Args, Clone, Debug)]
pub struct LimitArgs {
    /// How often a subject may ask in a second, or "off"; twice as often at once. A SERVICE is bound by its address alone.
    #[arg(long, value_name = "COUNT|off", env = "TALLY_MAX_SUBJECT_RATE", default_value = "100")]
    pub max_subject_rate: PerSecond,
    /// How often an address may ask in a second, or "off"; twice as often at once. The 64 bits that a network of IPv6
    /// begins with count as one address.
    #[arg(long, value_name = "COUNT|off", env = "TALLY_MAX_ADDRESS_RATE", default_value = "1000")]
    pub max_address_rate: PerSecond,
    /// The proxies, or networks of them, whose X-Forwarded-For is believed; separated by commas.
    #[arg(
        long,
        value_name = "NETWORK",
        env = "TALLY_TRUSTED_PROXIES",
        value_delimiter = ',',
        default_value = "127.0.0.0/8,::1"
    )]
    pub trusted_proxies: Vec<Network>,
    /// The most requests that are executed at a time. Health and metrics are not among them.
    #[arg(long, value_name = "COUNT", env = "TALLY_MAX_REQUESTS", default_value_t = 256, value_parser = count(1))]
    pub max_requests: u64,
    /// The most requests that wait for those, for up to 2 seconds. All beyond are told at once to come again (503).
    #[arg(long, value_name = "COUNT", env = "TALLY_MAX_WAITING", default_value_t = 256, value_parser = count(0))]
    pub max_waiting: u64,
    /// The most connections that may be open, sockets not counted.
    #[arg(long, value_name = "COUNT", env = "TALLY_MAX_CONNECTIONS", default_value_t = 20_000, value_parser = count(1))]
    pub max_connections: u64,
    /// The most sockets (graphql-transport-ws) that may be open.
    #[arg(long, value_name = "COUNT", env = "TALLY_MAX_SOCKETS", default_value_t = 15_000, value_parser = count(0))]
    pub max_sockets: u64,
    /// The most sockets that a subject may have open; SERVICE is not bound by it.
    #[arg(long, value_name = "COUNT", env = "TALLY_MAX_SOCKETS_PER_SUBJECT", default_value_t = 50, value_parser = count(1))]
    pub max_sockets_per_subject: u64,
    /// The most operations that a socket may have under way.
    #[arg(long, value_name = "COUNT", env = "TALLY_MAX_SUBSCRIPTIONS", default_value_t = 100, value_parser = count(1))]
    pub max_subscriptions: u64,
    /// How many messages a socket may send in a second, or "off"; twice as many at once.
    #[arg(long, value_name = "COUNT|off", env = "TALLY_MAX_MESSAGE_RATE", default_value = "200")]
    pub max_message_rate: PerSecond,
    /// The largest message of a socket, in bytes, and the most that those of the operations under way on it may have together.
    #[arg(long, value_name = "BYTES", env = "TALLY_MAX_MESSAGE", default_value_t = 256 * 1024, value_parser = bytes())]
    pub max_message: u64,
    /// The largest body of a request, in bytes: a bulk mutation of 1,000 facts has about 0.5 MiB. Guardians and students,
    /// who write no facts, have 64 KiB at most.
    #[arg(long, value_name = "BYTES", env = "TALLY_MAX_BODY", default_value_t = 4 * 1024 * 1024, value_parser = bytes())]
    pub max_body: u64,
    /// The most tokens (names, numbers, texts, signs) of a document. Variables do not count.
    #[arg(long, value_name = "COUNT", env = "TALLY_MAX_TOKENS", default_value_t = 15_000, value_parser = count(1))]
    pub max_tokens: u64,
    /// The most brackets of a document within each other.
    #[arg(long, value_name = "COUNT", env = "TALLY_MAX_NESTING", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=64))]
    pub max_nesting: u64,
    /// The most operations of a document.
    #[arg(long, value_name = "COUNT", env = "TALLY_MAX_OPERATIONS", default_value_t = 10, value_parser = count(1))]
    pub max_operations: u64,
    /// The most aliases of a document.
    #[arg(long, value_name = "COUNT", env = "TALLY_MAX_ALIASES", default_value_t = 100, value_parser = count(0))]
    pub max_aliases: u64,
    /// The most directives of a document.
    #[arg(long, value_name = "COUNT", env = "TALLY_MAX_DIRECTIVES", default_value_t = 100, value_parser = count(0))]
    pub max_directives: u64,
    /// The most fields of a document within each other.
    #[arg(long, value_name = "COUNT", env = "TALLY_MAX_DEPTH", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=30))]
    pub max_depth: u64,
    /// The most fields that a document may select, where those of a list count as often as the list may be long.
    #[arg(long, value_name = "COUNT", env = "TALLY_MAX_COMPLEXITY", default_value_t = 10_000, value_parser = count(1))]
    pub max_complexity: u64,
    /// For how many seconds the head of a request may take to come.
    #[arg(long, value_name = "SECONDS", env = "TALLY_HEAD_TIMEOUT", default_value_t = 10, value_parser = seconds())]
    pub head_timeout: u64,
    /// For how many seconds the body of a request may take to come.
    #[arg(long, value_name = "SECONDS", env = "TALLY_BODY_TIMEOUT", default_value_t = 10, value_parser = seconds())]
    pub body_timeout: u64,
    /// For how many seconds a client may take nothing of what it is sent.
    #[arg(long, value_name = "SECONDS", env = "TALLY_WRITE_TIMEOUT", default_value_t = 30, value_parser = seconds())]
    pub write_timeout: u64,
    /// For how many seconds a socket may take to send connection_init.
    #[arg(long, value_name = "SECONDS", env = "TALLY_INIT_TIMEOUT", default_value_t = 3, value_parser = seconds())]
    pub init_timeout: u64,
    /// For how many seconds a request may take in all.
    #[arg(long, value_name = "SECONDS", env = "TALLY_REQUEST_TIMEOUT", default_value_t = 30, value_parser = seconds())]
    pub request_timeout: u64,
    /// For how many seconds a statement may take on PostgreSQL, those of the worker inside included.
    #[arg(long, value_name = "SECONDS", env = "TALLY_STATEMENT_TIMEOUT", default_value_t = 20, value_parser = seconds())]
    pub statement_timeout: u64,
    /// Who may ask for the schema (introspection). Unless this is set, everybody with a token on a server that only this
    /// machine can reach and that has no --public-url, and admins elsewhere.
    #[arg(long, value_name = "WHO", env = "TALLY_INTROSPECTION", value_enum)]
    pub introspection: Option<Introspection>,
}

/// What browsers are told.
#[derive(Args, Clone, Debug)]
pub struct BrowserArgs {
    /// The sites whose pages may ask from a browser, with tokens of their own (CORS); separated by commas. None unless
    /// this is set: this server's own pages need no leave.
    #[arg(long, value_name = "URL", env = "TALLY_CORS_ORIGINS", value_delimiter = ',')]
    pub cors_origins: Vec<Origin>,
    /// For how many days browsers shall come by https alone (Strict-Transport-Security); 0 to leave it unsaid. It is said
    /// when --public-url is of https.
    #[arg(long, value_name = "COUNT", env = "TALLY_HSTS_DAYS", default_value_t = 365, value_parser = clap::value_parser!(u64).range(0..=3650))]
    pub hsts_days: u64,
}

/// Who may ask for the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Introspection {
    /// Admins alone.
    Admins,
    /// Whoever has a token.
    Everybody,
}

/// How often in a second; as often as one likes without a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerSecond(Option<NonZeroU32>);

/// The text is no [`PerSecond`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a number from 1 to 1000000, or \"off\"")]
pub struct PerSecondError;

impl FromStr for PerSecond {
    type Err = PerSecondError;

    fn from_str(text: &str) -> Result<Self, PerSecondError> {
        match text {
            "off" | "0" => Ok(Self(None)),
            _ => text
                .parse()
                .ok()
                .filter(|count: &NonZeroU32| count.get() <= 1_000_000)
                .map(|count| Self(Some(count)))
                .ok_or(PerSecondError),
        }
    }
}

impl PerSecond {
    fn rate(self) -> Option<Rate> {
        self.0.map(Rate::per_second)
    }
}

fn count(least: u64) -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(least..=1_000_000)
}

fn bytes() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1024..=64 * 1024 * 1024)
}

fn seconds() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=3600)
}

impl LimitArgs {
    /// The limits of a server, which only its own machine can reach if it is `local`.
    pub fn limits(&self, local: bool) -> Limits {
        let size = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let introspection = match self.introspection {
            Some(Introspection::Everybody) => http::Introspection::Everybody,
            None if local => http::Introspection::Everybody,
            Some(Introspection::Admins) | None => http::Introspection::Admins,
        };
        Limits {
            document: DocumentLimits {
                tokens: size(self.max_tokens),
                nesting: size(self.max_nesting),
                operations: size(self.max_operations),
                aliases: size(self.max_aliases),
                directives: size(self.max_directives),
                depth: size(self.max_depth),
            },
            complexity: size(self.max_complexity),
            introspection,
            body: size(self.max_body),
            body_within: Duration::from_secs(self.body_timeout),
            head_within: Duration::from_secs(self.head_timeout),
            write_within: Duration::from_secs(self.write_timeout),
            request_within: Duration::from_secs(self.request_timeout),
            requests: size(self.max_requests),
            waiting: size(self.max_waiting),
            subject_rate: self.max_subject_rate.rate(),
            address_rate: self.max_address_rate.rate(),
            trusted_proxies: self.trusted_proxies.clone(),
            connections: size(self.max_connections),
            sockets: SocketLimits {
                open: size(self.max_sockets),
                of_subject: size(self.max_sockets_per_subject),
                operations: size(self.max_subscriptions),
                message: size(self.max_message),
                message_rate: self.max_message_rate.rate(),
                init_within: Duration::from_secs(self.init_timeout),
            },
        }
    }

    /// How long a statement may take.
    pub const fn statement_within(&self) -> Duration {
        Duration::from_secs(self.statement_timeout)
    }
}

impl BrowserArgs {
    /// What browsers are told by a server that they reach by https, or not.
    pub fn hygiene(&self, https: bool) -> Hygiene {
        let https_for = (https && self.hsts_days > 0).then(|| Duration::from_hours(24 * self.hsts_days));
        Hygiene { origins: self.cors_origins.clone(), https_for }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Defaults {
        #[command(flatten)]
        limits: LimitArgs,
    }

    /// Those who embed the server have the same limits as those who start it, but for rates.
    #[test]
    fn the_defaults_are_those_of_the_library() {
        let of_command_line = Defaults::try_parse_from([""]).unwrap().limits.limits(true);
        let mut of_library = Limits::default();
        assert!(of_library.subject_rate.is_none() && of_library.address_rate.is_none());
        of_library.subject_rate = of_command_line.subject_rate;
        of_library.address_rate = of_command_line.address_rate;
        of_library.sockets.message_rate = of_command_line.sockets.message_rate;
        of_library.trusted_proxies.clone_from(&of_command_line.trusted_proxies);
        assert_eq!(format!("{of_command_line:?}"), format!("{of_library:?}"));
        assert_eq!(of_command_line.trusted_proxies.len(), 2);
    }

    #[test]
    fn a_rate_is_a_number_or_off() {
        let rate = |text: &str| text.parse::<PerSecond>().map(PerSecond::rate);
        assert_eq!((rate("off"), rate("0")), (Ok(None), Ok(None)));
        assert_eq!(rate("50").unwrap().unwrap().burst.get(), 100);
        for text in ["", "-1", "1.5", "on", "1000001", "99999999999"] {
            assert_eq!(rate(text), Err(PerSecondError), "{text}");
        }
    }

    #[test]
    fn the_schema_is_for_admins_where_others_can_reach_the_server() {
        let who = |args: &[&str], local| {
            Defaults::try_parse_from(std::iter::once(&"").chain(args))
                .unwrap()
                .limits
                .limits(local)
                .introspection
        };
        assert_eq!(who(&[], true), http::Introspection::Everybody);
        assert_eq!(who(&[], false), http::Introspection::Admins);
        assert_eq!(who(&["--introspection", "admins"], true), http::Introspection::Admins);
        assert_eq!(who(&["--introspection", "everybody"], false), http::Introspection::Everybody);
    }
}
