//! The ways in which a developer ends a program.

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for Ctrl-C, SIGTERM and a closed terminal.
pub struct StopSignals([Signal; 3]);

impl StopSignals {
    /// Starts to listen; from here on these signals no longer end the process by themselves.
    pub fn listen() -> Result<Self> {
        let on = |kind| signal(kind).context("signals can't be listened for");
        Ok(Self([on(SignalKind::interrupt())?, on(SignalKind::terminate())?, on(SignalKind::hangup())?]))
    }

    /// Waits for the next one.
    pub async fn recv(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
