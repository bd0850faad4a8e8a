//! A timer's memory: when it ran last and when it is due, kept in a file as Azure keeps it in a blob.

use crate::app::Schedule;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

/// When a timer ran and when it will.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ScheduleStatus {
    /// The start of the last run; `None` for never.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) last: Option<OffsetDateTime>,
    /// The next occurrence.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) next: Option<OffsetDateTime>,
    /// When this was written; `None` before the first run.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) last_updated: Option<OffsetDateTime>,
}

impl ScheduleStatus {
    /// Before the first run.
    pub(crate) fn fresh(schedule: &Schedule, now: OffsetDateTime) -> Self {
        Self { last: None, next: schedule.next_after(now), last_updated: None }
    }

    /// After a run that began at this instant.
    pub(crate) fn after_run(schedule: &Schedule, began: OffsetDateTime) -> Self {
        Self { last: Some(began), next: schedule.next_after(began), last_updated: Some(began) }
    }
}

/// Where a timer's status is kept.
pub(crate) struct StatusFile(PathBuf);

impl StatusFile {
    /// The file of one function in a folder.
    pub(crate) fn new(folder: &Path, function: &str) -> Self {
        Self(folder.join(format!("{function}.status.json")))
    }

    /// The kept status; `None` if there is none that can be read.
    pub(crate) fn load(&self) -> Option<ScheduleStatus> {
        serde_json::from_slice(&std::fs::read(&self.0).ok()?).ok()
    }

    /// Replaces the kept status, whole or not at all.
    pub(crate) fn save(&self, status: &ScheduleStatus) -> Result<()> {
        let folder = self.0.parent().context("a status file lies in a folder")?;
        let fresh = self.0.with_extension("new");
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&fresh, serde_json::to_vec(status)?))
            .and_then(|()| std::fs::rename(&fresh, &self.0))
            .with_context(|| format!("{} can't be written", self.0.display()))
    }
}
