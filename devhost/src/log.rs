//! What the host has to say, and what the handler said: one line at a time, to a sink that the caller chooses.

use std::fmt;
use std::io::Write;
use std::sync::Arc;

/// How grave a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The ordinary course of things; every line of the handler's stdout.
    Info,
    /// Something to look at; a line of the handler's stderr that contains "warn".
    Warning,
    /// Something went wrong; every other line of the handler's stderr.
    Error,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// How grave it is.
    pub level: Level,
    /// Who says it: `host`, `handler`, or the name of a function.
    pub source: String,
    /// The line, without its end.
    pub message: String,
}

/// Takes every line, from any thread, and must return at once.
pub type LogSink = Arc<dyn Fn(LogEntry) + Send + Sync>;

/// A sink that writes to stdout; a closed stdout is no reason to stop.
#[must_use]
pub fn to_stdout() -> LogSink {
    Arc::new(|entry| drop(writeln!(std::io::stdout().lock(), "{entry}")))
}

impl fmt::Display for LogEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Info => "info ",
            Level::Warning => "warn ",
            Level::Error => "error",
        };
        write!(f, "{level} {}: {}", self.source, self.message)
    }
}

/// The sink with the words to use it.
#[derive(Clone)]
pub(crate) struct Log(pub(crate) LogSink);

impl Log {
    pub(crate) fn write(&self, level: Level, source: &str, message: impl Into<String>) {
        (self.0)(LogEntry { level, source: source.to_owned(), message: message.into() });
    }

    pub(crate) fn info(&self, source: &str, message: impl Into<String>) {
        self.write(Level::Info, source, message);
    }

    pub(crate) fn warning(&self, source: &str, message: impl Into<String>) {
        self.write(Level::Warning, source, message);
    }

    pub(crate) fn error(&self, source: &str, message: impl Into<String>) {
        self.write(Level::Error, source, message);
    }
}
