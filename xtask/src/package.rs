//! A script root for the Functions host, as `func start --script-root dist` and `devhost --script-root dist` take it.

use std::path::{Path, PathBuf};

use anyhow::Result;

/// Builds the handler and lays everything out in `out`.
pub(crate) fn package(root: &Path, out: &Path, release: bool) -> Result<()> {
    let binary = build(root, release)?;
    devhost::stage(root, &binary, out)?;
    let size = std::fs::metadata(out.join("handler"))?.len();
    println!("{}: host.json, handler ({} KiB) and the functions", out.display(), size / 1024);
    Ok(())
}

/// Builds the handler with cargo's progress on the terminal; answers the binary's path.
pub(crate) fn build(root: &Path, release: bool) -> Result<PathBuf> {
    tokio::runtime::Runtime::new()?.block_on(devhost::dev::build_handler(root, release))
}
