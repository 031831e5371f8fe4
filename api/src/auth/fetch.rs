//! Reading a JWKS document, from a file or over HTTPS, within bounds.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::redirect;
use reqwest::{Client, StatusCode};
use tokio::io::AsyncReadExt;
use url::{Host, Url};

use super::jwks::JwksSource;
use super::keys::VerifyingKeys;

/// How long one fetch may take, from the connection to the last byte.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The longest document that is read, in bytes. Real ones have a few kilobytes.
const MAX_DOCUMENT_LEN: usize = 1024 * 1024;

/// Why a key set could never be fetched, whatever its server says.
#[derive(Debug, thiserror::Error)]
pub enum JwksSourceError {
    /// Over plain HTTP anybody on the way could put in a key of their own.
    #[error("a JWKS URL must begin with https:// (http:// is accepted for this machine itself alone)")]
    Insecure,
    /// HTTPS cannot be had: no certificates of authorities are installed, for example.
    #[error("HTTPS for the JWKS URL cannot be set up")]
    Https(#[source] reqwest::Error),
}

/// Why one fetch failed. For the log: no message holds any content of the document.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("the file cannot be read")]
    File(#[from] std::io::Error),
    #[error("the request failed")]
    Request(#[source] reqwest::Error),
    #[error("the server answered {0}")]
    Status(StatusCode),
    #[error("the document is longer than {MAX_DOCUMENT_LEN} bytes")]
    TooLong,
    #[error("the document is not a JWKS (line {line}, column {column})")]
    Document { line: usize, column: usize },
}

impl FetchError {
    /// This error and what caused it, in one line.
    pub(super) fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = self.source();
        while let Some(cause) = source {
            // Writing to a String cannot fail.
            let _ = write!(text, ": {cause}");
            source = cause.source();
        }
        text
    }
}

/// The error without its URL, which may hold a password.
impl From<reqwest::Error> for FetchError {
    fn from(error: reqwest::Error) -> Self {
        Self::Request(error.without_url())
    }
}

/// Reads the key set of one source.
pub(super) enum Fetcher {
    File(PathBuf),
    Url(Client, Url),
}

impl Fetcher {
    /// Prepares for `source`, and refuses a URL that cannot be trusted.
    pub(super) fn new(source: JwksSource) -> Result<Self, JwksSourceError> {
        match source {
            JwksSource::File(path) => Ok(Self::File(path)),
            JwksSource::Url(url) => Ok(Self::Url(client_for(&url)?, url)),
        }
    }

    /// Reads and parses the document.
    pub(super) async fn fetch(&self) -> Result<VerifyingKeys, FetchError> {
        let document = match self {
            Self::File(path) => read_file(path).await?,
            Self::Url(client, url) => get(client, url).await?,
        };
        // The parser's own message may quote the document, which may be somebody's private key by mistake.
        VerifyingKeys::parse(&document)
            .map_err(|error| FetchError::Document { line: error.line(), column: error.column() })
    }
}

fn client_for(url: &Url) -> Result<Client, JwksSourceError> {
    // reqwest takes the process's provider and panics without one. An error means that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // No redirects: only the configured server speaks for the issuer.
    let builder = Client::builder().timeout(TIMEOUT).redirect(redirect::Policy::none());
    let builder = match url.scheme() {
        "https" => builder.https_only(true),
        // Not by a proxy, which would take plain HTTP off this machine; and needing no certificates.
        "http" if is_loopback(url) => builder.no_proxy().tls_certs_only([]),
        _ => return Err(JwksSourceError::Insecure),
    };
    builder.build().map_err(|error| JwksSourceError::Https(error.without_url()))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

async fn read_file(path: &Path) -> Result<Vec<u8>, FetchError> {
    let mut document = Vec::new();
    let file = tokio::fs::File::open(path).await?;
    file.take(MAX_DOCUMENT_LEN as u64 + 1).read_to_end(&mut document).await?;
    if document.len() > MAX_DOCUMENT_LEN { Err(FetchError::TooLong) } else { Ok(document) }
}

async fn get(client: &Client, url: &Url) -> Result<Vec<u8>, FetchError> {
    let mut response = client.get(url.clone()).send().await?;
    if response.status() != StatusCode::OK {
        return Err(FetchError::Status(response.status()));
    }
    let mut document = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if document.len() + chunk.len() > MAX_DOCUMENT_LEN {
            return Err(FetchError::TooLong);
        }
        document.extend_from_slice(&chunk);
    }
    Ok(document)
}
