//! What is logged, and in which form.

use tracing::level_filters::LevelFilter;
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

/// Writes JSON lines, our own down to `level`.
///
/// Of other crates only warnings; of the SQL Server driver nothing: it logs the server's messages, which quote what users
/// wrote, and what is worth knowing of them comes back as an error.
pub fn subscriber(
    level: Level,
    writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync {
    let targets = Targets::new()
        .with_default(Level::WARN.min(level))
        .with_target("handler", level)
        .with_target("tiberius", LevelFilter::OFF);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false);
    tracing_subscriber::registry().with(lines).with(targets)
}
