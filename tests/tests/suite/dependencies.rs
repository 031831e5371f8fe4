//! What may come from others, by its licence and by where it comes from. The vendored files of the pages say theirs
//! themselves.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Licences that ask for no more than to be named.
const ALLOWED: [&str; 12] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    // The list of authorities that sign certificates: data.
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// What must be there once, because two would not know of each other: connections, runtimes, types of our interfaces.
const ONCE: [&str; 14] = [
    "apalis-core",
    "async-graphql",
    "axum",
    "chrono",
    "governor",
    "hyper",
    "jsonwebtoken",
    "libsqlite3-sys",
    "rustls",
    "sea-orm",
    "sqlx-core",
    "tokio",
    "tower-http",
    "tungstenite",
];

/// What would bring a second implementation of TLS, in C.
const NEVER: [&str; 4] = ["aws-lc-sys", "native-tls", "openssl", "openssl-sys"];

/// All packages that the workspace is built of, on any system.
fn packages() -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--manifest-path"])
        .arg(root.join("Cargo.toml"))
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    metadata["packages"].as_array().expect("packages").clone()
}

fn text<'a>(package: &'a Value, field: &str) -> &'a str {
    package[field].as_str().unwrap_or_default()
}

/// Whether a licence, as SPDX writes it, leaves a choice that is allowed.
fn is_allowed(licence: &str) -> bool {
    let licence = licence.replace('/', " OR ");
    licence.split(" AND ").all(|part| {
        let part = part.trim().trim_start_matches('(').trim_end_matches(')');
        part.split(" OR ").any(|choice| ALLOWED.contains(&choice.trim()))
    })
}

#[test]
fn everything_from_others_has_a_licence_that_we_can_keep() {
    let packages = packages();
    let foreign: Vec<_> = packages.iter().filter(|package| !package["source"].is_null()).collect();
    assert!(foreign.len() > 200, "the walk found packages: {}", foreign.len());
    let refused = foreign.iter().filter(|package| !is_allowed(text(package, "license")));
    let refused: Vec<_> = refused.map(|package| (text(package, "name"), text(package, "license"))).collect();
    assert!(refused.is_empty(), "{refused:?}");
}

#[test]
fn everything_from_others_comes_from_the_registry_with_its_checksum() {
    for package in packages() {
        let source = text(&package, "source");
        assert!(source.is_empty() || source.starts_with("registry+"), "{}: {source}", package["name"]);
    }
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock"))
        .expect("the lock file");
    for package in lock.split("[[package]]").filter(|package| package.contains("\nsource = ")) {
        assert!(package.contains("\nchecksum = "), "{package}");
    }
}

#[test]
fn what_must_be_there_once_is_and_what_must_not_is_not() {
    let mut versions = BTreeMap::<_, Vec<_>>::new();
    let packages = packages();
    for package in &packages {
        versions.entry(text(package, "name")).or_default().push(text(package, "version"));
    }
    for name in ONCE {
        assert_eq!(versions.get(name).map(Vec::len), Some(1), "{name}: {:?}", versions.get(name));
    }
    for name in NEVER {
        assert_eq!(versions.get(name), None, "{name}");
    }
}

#[test]
fn licences_are_read_with_their_choices() {
    for good in
        ["MIT", "MIT/Apache-2.0", "(MIT OR GPL-3.0) AND ISC", "LGPL-2.1-or-later OR Apache-2.0 OR MIT"]
    {
        assert!(is_allowed(good), "{good}");
    }
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR ISC) AND MPL-2.0", "AGPL-3.0 OR BUSL-1.1"] {
        assert!(!is_allowed(bad), "{bad}");
    }
}
