//! A line that says how far a run is.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

/// Where no terminal is, a line is written so often.
const LINE_EVERY: u64 = 5;

/// Writes to stderr: over and over the same line on a terminal, a line every five seconds elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    silent: bool,
    terminal: bool,
}

/// How far a run is.
#[derive(Debug, Clone, Copy)]
pub struct Tick {
    /// Seconds since the start.
    pub second: u64,
    /// All of them.
    pub of: Duration,
    /// The name of the phase.
    pub phase: &'static str,
    /// Requests answered in the last second.
    pub answered: u64,
    /// Requests that should have been answered and were not yet.
    pub waiting: u64,
    /// The 95th percentile of the last second, in milliseconds.
    pub p95: f64,
    /// What went wrong so far.
    pub failed: u64,
}

impl Progress {
    /// On this process's stderr.
    #[must_use]
    pub fn on_stderr() -> Self {
        Self { silent: false, terminal: std::io::stderr().is_terminal() }
    }

    /// Nowhere.
    #[must_use]
    pub const fn silent() -> Self {
        Self { silent: true, terminal: false }
    }

    /// One more second has passed.
    pub fn tick(self, tick: &Tick) {
        if self.silent || !self.terminal && !tick.second.is_multiple_of(LINE_EVERY) {
            return;
        }
        self.write(&format!(
            "{:>4} of {} s, {}: {}/s, p95 {:.1} ms, {} waiting, {} errors",
            tick.second,
            tick.of.as_secs(),
            tick.phase,
            tick.answered,
            tick.p95,
            tick.waiting,
            tick.failed
        ));
    }

    /// So many of all are done.
    pub fn count(self, what: &str, done: usize, all: usize) {
        let shown = self.terminal || done == all || done.is_multiple_of(100);
        if !self.silent && shown {
            self.write(&format!("{what}: {done} of {all}"));
        }
    }

    /// The line on a terminal is finished.
    pub fn end(self) {
        if !self.silent && self.terminal {
            eprintln!();
        }
    }

    fn write(self, text: &str) {
        if self.terminal {
            eprint!("\r\x1b[K{text}");
            // A line that can't be shown is no reason to stop.
            let _ = std::io::stderr().flush();
        } else {
            eprintln!("{text}");
        }
    }
}
