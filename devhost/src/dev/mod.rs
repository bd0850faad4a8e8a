//! The parts of `cargo dev`, the one command that builds, migrates and runs everything; `bin/dev.rs` puts them together.

mod banner;
mod build;
mod database;
mod secrets;

pub use banner::Banner;
pub use build::{build_handler, run_handler};
pub use database::{absolute_sqlite, describe};
pub use secrets::load_or_create;

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// The repository around a folder: the nearest one upwards with a host.json and a `functions` folder.
pub fn find_repository(start: &Path) -> Result<PathBuf> {
    start
        .ancestors()
        .find(|folder| folder.join("host.json").is_file() && folder.join("functions").is_dir())
        .map(Path::to_path_buf)
        .with_context(|| {
            format!("{} is not inside the repository: no folder above it has host.json and functions/", start.display())
        })
}
