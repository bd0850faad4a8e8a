//! What the application logs in one story, down to the finest level.

use std::io;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use handler::telemetry::Telemetry;
use serde_json::Value;
use tracing::instrument::{WithDispatch, WithSubscriber as _};
use tracing::{Dispatch, Level};

/// The log of one story, shared by its instances.
#[derive(Clone)]
pub struct Log {
    written: Arc<Mutex<Vec<u8>>>,
    dispatch: Dispatch,
}

struct Sink(Arc<Mutex<Vec<u8>>>);

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Default for Log {
    fn default() -> Self {
        Self::read_by(None)
    }
}

impl Log {
    /// An empty log, which this telemetry reads along.
    #[must_use]
    pub fn read_by(telemetry: Option<&Telemetry>) -> Self {
        let written = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&written);
        let lines = handler::logging::subscriber(
            Level::TRACE,
            move || Sink(Arc::clone(&sink)),
            telemetry.map(Telemetry::layer),
        );
        Self { written, dispatch: Dispatch::new(lines) }
    }

    /// The log of whatever no story's own log gets to see: of the tasks and threads that the application starts for itself.
    #[must_use]
    pub fn of_the_rest() -> &'static Self {
        static REST: LazyLock<Log> = LazyLock::new(|| {
            let log = Log::default();
            tracing::dispatcher::set_global_default(log.dispatch.clone()).expect("nobody else takes the rest");
            log
        });
        &REST
    }

    /// Lets `work` log here.
    pub fn of<F: Future>(&self, work: F) -> WithDispatch<F> {
        work.with_subscriber(self.dispatch.clone())
    }

    /// How much was written so far, in bytes: a place to read on from.
    #[must_use]
    pub fn mark(&self) -> usize {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// What was written after `mark`.
    #[must_use]
    pub fn text_since(&self, mark: usize) -> String {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&written[mark..]).into_owned()
    }

    /// The lines after `mark` as JSON.
    #[must_use]
    pub fn lines_since(&self, mark: usize) -> Vec<Value> {
        self.text_since(mark).lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The names of the statements that were run after `mark`, in order: `handler::auth::store/find_login`.
    #[must_use]
    pub fn statements_since(&self, mark: usize) -> Vec<String> {
        let lines = self.lines_since(mark);
        lines.iter().filter_map(|line| line["statement"].as_str()).map(str::to_owned).collect()
    }
}
