//! What may depend on what, read from the crates and their sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// The dependencies of a crate of ours, those for tests left out.
fn dependencies(name: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo's metadata");
    let packages = metadata["packages"].as_array().expect("packages");
    let package = packages.iter().find(|package| package["name"] == name).expect("a crate of ours");
    let dependencies = package["dependencies"].as_array().expect("dependencies").iter();
    dependencies
        .filter(|dependency| dependency["kind"] != "dev")
        .map(|dependency| dependency["name"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// A source file of ours: its path from the root, and its text without comments.
struct Source {
    path: String,
    lines: usize,
    code: String,
}

fn sources(folder: &str) -> Vec<Source> {
    let mut files = Vec::new();
    collect(&root().join(folder), &mut files);
    assert!(!files.is_empty(), "{folder} has sources");
    let read = |file: PathBuf| {
        let text = fs::read_to_string(&file).expect("a source file");
        let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
        let path = file.strip_prefix(root()).expect("within the workspace").display().to_string();
        Source { path, lines: text.lines().count(), code: code.collect::<Vec<_>>().join("\n") }
    };
    files.into_iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

const CRATES: [&str; 5] = ["api", "entity", "migration", "tests", "worker"];

const ARITHMETIC: [&str; 3] = ["entity/src/aggregate.rs", "entity/src/score.rs", "entity/src/share.rs"];

/// The paths of `sources` whose code has one of `words`.
fn with<'a>(sources: &'a [Source], words: &[&str]) -> Vec<&'a str> {
    let has = |source: &&Source| words.iter().any(|word| source.code.contains(word));
    sources.iter().filter(has).map(|source| source.path.as_str()).collect()
}

#[test]
fn the_arrows_between_the_crates_point_as_designed() {
    let ours = |name: &str| -> Vec<String> {
        dependencies(name).into_iter().filter(|dependency| CRATES.contains(&dependency.as_str())).collect()
    };
    assert_eq!(ours("entity"), Vec::<String>::new());
    assert_eq!(ours("migration"), Vec::<String>::new());
    assert_eq!(ours("worker"), ["entity", "migration"]);
    assert_eq!(ours("api"), ["entity", "migration", "worker"]);
    for foreign in ["apalis", "apalis-core"] {
        let users: Vec<&str> =
            CRATES.into_iter().filter(|name| dependencies(name).contains(foreign)).collect();
        assert_eq!(users, ["worker"], "{foreign}");
    }
    for foreign in ["axum", "async-graphql", "async-graphql-axum", "apalis", "apalis-core", "tower-http"] {
        for name in ["entity", "migration"] {
            assert!(!dependencies(name).contains(foreign), "{name} depends on {foreign}");
        }
        if foreign.contains("graphql") {
            assert!(!dependencies("worker").contains(foreign), "worker depends on {foreign}");
        }
    }
}

#[test]
fn apalis_is_named_in_the_engine_alone() {
    let all: Vec<Source> = CRATES.iter().flat_map(|name| sources(name)).collect();
    let own = file!().replace('\\', "/");
    for path in with(&all, &["apalis::", "apalis_core::", "use apalis"]) {
        assert!(path.starts_with("worker/src/engine/") || own.ends_with(path), "{path} names apalis");
    }
}

#[test]
fn the_libraries_name_neither_the_worker_nor_the_migrations() {
    let libraries: Vec<Source> = ["api/src", "worker/src"].into_iter().flat_map(sources).collect();
    for source in libraries.iter().filter(|source| !source.path.ends_with("main.rs")) {
        for name in ["worker", "migration"] {
            // `worker` is an entity, too.
            let imports_entity = source.code.split("use entity::").skip(1).any(|rest| {
                rest.split(';')
                    .next()
                    .unwrap_or_default()
                    .split(|c: char| !c.is_alphanumeric())
                    .any(|it| it == name)
            });
            let path = format!("{name}::");
            let named = source.code.match_indices(&path).any(|(at, _)| {
                let before = source.code[..at].chars().next_back();
                !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
            });
            assert!(!named || imports_entity, "{} names {name}", source.path);
        }
    }
}

#[test]
fn migrations_import_no_entity() {
    assert_eq!(with(&sources("migration"), &["entity::", "entity ::"]), Vec::<&str>::new());
}

#[test]
fn the_arithmetic_neither_waits_nor_knows_a_database() {
    let sources = sources("entity/src");
    let arithmetic: Vec<Source> =
        sources.into_iter().filter(|source| ARITHMETIC.contains(&source.path.as_str())).collect();
    assert_eq!(arithmetic.len(), ARITHMETIC.len());
    assert_eq!(with(&arithmetic, &["async", "await", "sea_orm", "sqlx", "f32", "f64"]), Vec::<&str>::new());
}

#[test]
fn resolvers_hold_no_sql_and_begin_no_transaction() {
    let words = ["begin", "Statement", "execute", "EntityTrait", "QueryFilter", "SELECT", "UPDATE "];
    assert_eq!(with(&sources("api/src/schema"), &words), Vec::<&str>::new());
}

#[test]
fn the_clock_alone_reads_the_systems_time() {
    let all: Vec<Source> = CRATES.iter().flat_map(|name| sources(name)).collect();
    let words = [concat!("Utc::", "now"), concat!("Local::", "now"), concat!("SystemTime::", "now")];
    assert_eq!(with(&all, &words), ["entity/src/clock.rs"]);
}

#[test]
fn no_source_file_is_too_long() {
    let all: Vec<Source> = CRATES.iter().flat_map(|name| sources(name)).collect();
    let long: Vec<_> = all.iter().filter(|it| it.lines > 400).map(|it| (&it.path, it.lines)).collect();
    assert!(long.is_empty(), "above 400 lines: {long:?}");
}

#[test]
fn the_top_level_holds_what_the_design_names() {
    for entry in fs::read_dir(root()).expect("the workspace") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("a plain name");
        let known = if entry.path().is_dir() {
            CRATES.contains(&name.as_str()) || name == "target"
        } else {
            let known = ["Cargo.toml", "Cargo.lock", "README.md", "LICENSE", "NOTICE"];
            let settings = ["clippy.toml", "rustfmt.toml", "rust-toolchain.toml", "deny.toml", "typos.toml"];
            known.contains(&name.as_str()) || settings.contains(&name.as_str())
        };
        assert!(known || name.starts_with('.'), "{name} is not in the design");
    }
}
