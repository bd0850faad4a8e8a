//! Building the handler with cargo, and running its commands.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

/// How the names of variables begin that cargo sets for the package it runs.
const OF_OUR_PACKAGE: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];

#[derive(Deserialize)]
struct CargoMessage {
    reason: String,
    target: Option<CargoTarget>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct CargoTarget {
    name: String,
}

/// Builds the package `handler` with its progress on the terminal; gives the path of the binary.
pub async fn build_handler(repository: &Path, release: bool) -> Result<PathBuf> {
    // cargo tells the programs it runs where it is.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(&cargo);
    command.args(["build", "--package", "handler", "--bin", "handler", "--message-format", "json-render-diagnostics"]);
    if release {
        command.arg("--release");
    }
    // What cargo told this process of its own package is no business of the build: some build scripts look at it, and would
    // build their crate anew for every package that asks.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| OF_OUR_PACKAGE.iter().any(|prefix| name.starts_with(prefix))) {
            command.env_remove(name);
        }
    }
    command.current_dir(repository).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let child = command.spawn().with_context(|| format!("{} can't be started", cargo.display()))?;
    let output = child.wait_with_output().await.context("cargo can't be waited for")?;
    ensure!(output.status.success(), "the handler does not build: see above");
    executable(&output.stdout).context("cargo did not say where the handler is")
}

/// The handler's path in cargo's messages, one JSON object a line.
fn executable(messages: &[u8]) -> Option<PathBuf> {
    let messages = messages.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let is_handler = |message: &CargoMessage| {
        message.reason == "compiler-artifact" && message.target.as_ref().is_some_and(|target| target.name == "handler")
    };
    messages.filter(is_handler).find_map(|message| message.executable)
}

/// Runs one of the handler's commands (`migrate`, `demo`) to its end, with its output on the terminal.
pub async fn run_handler(handler: &Path, command: &str, settings: &BTreeMap<String, String>) -> Result<()> {
    let mut child = Command::new(handler)
        .arg(command)
        .envs(settings)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{} can't be started", handler.display()))?;
    let status = child.wait().await.context("the handler can't be waited for")?;
    ensure!(status.success(), "`handler {command}` failed ({status}): see above");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_is_found_among_cargos_messages() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"serde"},"executable":null}"#,
            "\nnoise\n",
            r#"{"reason":"compiler-artifact","target":{"name":"handler"},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"handler"},"executable":"/t/debug/handler"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        assert_eq!(executable(messages.as_bytes()), Some(PathBuf::from("/t/debug/handler")));
        assert_eq!(executable(b""), None);
    }
}
