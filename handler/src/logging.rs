//! What is logged, and in which form.

use crate::audit;
use crate::telemetry::layer::{TelemetryLayer, is_read};
use tracing::level_filters::LevelFilter;
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{FilterExt as _, Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

/// Writes JSON lines, our own down to `level`, and the audit log whatever `level` is.
///
/// Of other crates only warnings; of the SQL Server driver nothing: it logs the server's messages, which quote what users
/// wrote, and what is worth knowing of them comes back as an error. So does what troubles OpenTelemetry, which would repeat
/// it at every try. Telemetry, if there is any, reads along, whatever
/// `level` is.
pub fn subscriber(
    level: Level,
    writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static,
    telemetry: Option<TelemetryLayer>,
) -> impl Subscriber + Send + Sync {
    let targets = Targets::new()
        .with_default(Level::WARN.min(level))
        .with_target("handler", level)
        .with_target(audit::TARGET, level.max(Level::INFO))
        .with_target("opentelemetry", LevelFilter::OFF)
        .with_target("tiberius", LevelFilter::OFF);
    // A line says all by itself; to have the spans around it written down as well would be for nothing.
    let targets = targets.and(filter_fn(|metadata| !metadata.is_span()));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false);
    let telemetry = telemetry.map(|layer| layer.with_filter(filter_fn(is_read)));
    tracing_subscriber::registry().with(lines.with_filter(targets)).with(telemetry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Event;
    use crate::http::request_context::RequestContext;
    use axum::http::HeaderMap;
    use serde_json::Value;
    use std::io;
    use std::sync::{Arc, Mutex};
    use uuid::Uuid;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines that `work` leaves at this level.
    fn lines(level: Level, work: impl FnOnce()) -> Vec<Value> {
        let written = Written::default();
        let sink = written.clone();
        tracing::subscriber::with_default(subscriber(level, move || sink.clone(), None), work);
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn security_log_the_audit_log_is_written_at_every_level_and_once() {
        let context = RequestContext::new(&HeaderMap::new(), Uuid::nil);
        for level in [Level::ERROR, Level::WARN, Level::INFO, Level::TRACE] {
            let lines = lines(level, || {
                tracing::info!("a line of ours");
                crate::audit::record(&context, Event::UserRegistered { user_id: 7 });
                crate::audit::record(&context, Event::LoginThrottled);
            });
            let audit: Vec<&Value> = lines.iter().filter(|line| line["audit"] == true).collect();
            let told: Vec<&str> = audit.iter().map(|line| line["event"].as_str().unwrap()).collect();
            assert_eq!(told, ["user_registered", "login_throttled"], "{level}");
            assert_eq!(lines.len() - audit.len(), usize::from(level >= Level::INFO), "{level}");
        }
    }

    /// ASVS 5.0, 16.4.1: whatever a text holds, it begins no line and no field of its own.
    #[test]
    fn security_log_a_text_with_line_breaks_and_quotes_stays_one_text() {
        let forged = "x\"}\r\n{\"audit\":true,\"event\":\"login_succeeded\"}\n\u{1b}[2K\u{0}\u{7f}\u{85}\u{2028}";
        let lines = lines(Level::INFO, || tracing::warn!(cause = %forged, reason = forged, "refused: {forged}"));
        let [line] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!((&line["cause"], &line["reason"]), (&Value::from(forged), &Value::from(forged)));
        assert_eq!(line["message"], format!("refused: {forged}"));
        assert!(line["audit"].is_null() && line["event"].is_null(), "{line}");
    }
}
