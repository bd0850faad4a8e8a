//! The page for iPhone developers.

use anyhow::{Context as _, Result};

const CLIENT: &str = include_str!("../../../docs/clients/swift/TravelMeetup.swift");

/// The page, with the client's own lines on refreshing.
pub(super) fn text() -> Result<String> {
    let (_, from) =
        CLIENT.split_once("    /// However many ask at once").context("the Swift client refreshes no more")?;
    let (refresh, _) = from.split_once("    private func exchange").context("the Swift client sends no more")?;
    let lines = format!("    /// However many ask at once{refresh}");
    let lines: Vec<&str> = lines.trim_end().lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect();
    Ok(include_str!("parts/ios.md").replace("{{refresh}}", &lines.join("\n")))
}
