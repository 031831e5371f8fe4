//! The files that pages are made of. They are in the program, so that a page works wherever the program does, and no
//! request leaves for anywhere else.

mod files;

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{LazyLock, OnceLock};

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

/// A file.
struct Asset {
    path: &'static str,
    bytes: &'static [u8],
    packed: OnceLock<Packed>,
}

/// What is computed of a file when it is first asked for.
struct Packed {
    etag: String,
    /// The file compressed, if that makes it smaller.
    gzip: Option<Bytes>,
}

static FILES: LazyLock<HashMap<&'static str, Asset>> = LazyLock::new(|| {
    let asset = |&(path, bytes): &files::File| (path, Asset { path, bytes, packed: OnceLock::new() });
    files::ALL.iter().copied().flatten().map(asset).collect()
});

/// Serves a file by its path below `/assets/`.
pub(super) async fn serve(Path(path): Path<String>, headers: HeaderMap) -> Response {
    match FILES.get(path.as_str()) {
        Some(file) => file.respond(&headers),
        None => (StatusCode::NOT_FOUND, "there is no such file\n").into_response(),
    }
}

impl Asset {
    fn respond(&self, request: &HeaderMap) -> Response {
        // Once for each file and process, some milliseconds for most: not worth a task of its own.
        let packed = self.packed.get_or_init(|| Packed::of(self.bytes));
        let known = [
            (header::ETAG, packed.etag.as_str()),
            (header::CACHE_CONTROL, self.caching()),
            (header::VARY, "accept-encoding"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        ];
        if request.get(header::IF_NONE_MATCH).is_some_and(|etag| etag == packed.etag.as_str()) {
            return (StatusCode::NOT_MODIFIED, known).into_response();
        }
        let content_type = [(header::CONTENT_TYPE, self.content_type())];
        match packed.gzip.clone().filter(|_| takes_gzip(request)) {
            Some(gzip) => (known, content_type, [(header::CONTENT_ENCODING, "gzip")], gzip).into_response(),
            None => (known, content_type, Bytes::from_static(self.bytes)).into_response(),
        }
    }

    /// What others have made has its version in its path, and never changes. Ours is asked for again.
    fn caching(&self) -> &'static str {
        if self.path.starts_with("vendor/") { "public, max-age=31536000, immutable" } else { "no-cache" }
    }

    fn content_type(&self) -> &'static str {
        match self.path.rsplit_once('.') {
            Some((_, "css")) => "text/css; charset=utf-8",
            Some((_, "js" | "mjs")) => "text/javascript; charset=utf-8",
            Some((_, "svg")) => "image/svg+xml",
            _ => "text/plain; charset=utf-8",
        }
    }
}

impl Packed {
    fn of(bytes: &[u8]) -> Self {
        let hash = Sha256::digest(bytes);
        // Weak, because the compressed file has the same.
        let etag = format!("W/\"{:x}\"", u64::from_be_bytes(std::array::from_fn(|i| hash[i])));
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        let gzip = gzip.write_all(bytes).and_then(|()| gzip.finish()).ok();
        Self { etag, gzip: gzip.filter(|gzip| gzip.len() < bytes.len()).map(Bytes::from) }
    }
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted.unwrap_or_default().split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim() == "gzip" && weight.trim() != "q=0"
    })
}
