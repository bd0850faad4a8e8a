//! Cargo, started by a program that cargo has started.

use std::process::Command;

/// Leaves out what cargo told this process of its own package: it would have some build scripts run again.
pub(crate) fn forget_own_package(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
}
