//! Packages from the npm registry, for tests alone.

use std::path::{Path, PathBuf};

use tokio::process::Command;

/// A folder of this crate that has a `package.json`, with what it asks for. `.ci/test` has installed it already.
pub async fn installed(folder: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    if !path.join("node_modules/.package-lock.json").exists() {
        let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        let installed = Command::new("npm").args(install).current_dir(&path).status().await;
        assert!(installed.expect("npm runs: it comes with Node.js").success(), "npm ci in tests/{folder}");
    }
    path
}
