//! The infrastructure as far as it can be held without Azure: its templates fit together, and fit the handler, the functions
//! and the workflows that they are made for; what operators run against the database does what it says.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod bicep;
mod deletion;
mod fit;
mod templates;

use std::path::{Path, PathBuf};

/// The root of the repository.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// A file of the repository.
fn read(path: &str) -> String {
    let file = repository().join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"))
}
