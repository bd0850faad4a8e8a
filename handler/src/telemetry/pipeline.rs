//! What takes finished spans to the endpoint: OpenTelemetry's queues, each with a thread, and the exporter for Application
//! Insights.
//!
//! Whoever puts a span in never waits: what finds no room is dropped and counted. A queue is emptied every two seconds if there
//! is something in it, since the host kills without a warning.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_application_insights::Exporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SpanData, SpanExporter, SpanProcessor as _};
use prometheus::IntCounter;

use super::measures::Measures;
use super::settings::TelemetrySettings;
use super::wire::Wire;

/// How long what comes first waits for more.
pub const FLUSH_EVERY: Duration = Duration::from_secs(2);
/// How many spans wait at the most in one queue: of about a kilobyte each.
pub const CAPACITY: usize = 2_000;
/// How many go in one request.
const BATCH: usize = 500;

/// How often something is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// Each time.
    Each,
    /// It was drawn from among others, for which it counts.
    Drawn,
}

/// The queues, and the figures.
pub(super) struct Pipeline {
    each: Queue,
    /// None if all are told of.
    drawn: Option<Queue>,
    /// The figures of a minute.
    pub(super) measures: Measures,
    percent: u32,
}

struct Queue {
    processor: BatchSpanProcessor,
    waiting: Arc<AtomicUsize>,
    dropped: IntCounter,
}

/// The exporter, watched.
#[derive(Debug)]
struct Watched {
    exporter: Exporter<Wire>,
    waiting: Arc<AtomicUsize>,
    dropped: IntCounter,
    trouble: Trouble,
}

/// Whether something does not get through.
#[derive(Debug, Clone, Default)]
struct Trouble(Arc<AtomicBool>);

impl Pipeline {
    /// Starts the threads. `dropped` counts what is lost.
    pub(super) fn start(settings: &TelemetrySettings, wire: &Wire, dropped: &IntCounter) -> anyhow::Result<Self> {
        let resource = Resource::builder_empty()
            .with_service_name(settings.role.clone())
            .with_attribute(KeyValue::new("service.instance.id", settings.instance.clone()))
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let trouble = Trouble::default();
        let exporter = || exporter(settings, wire, &trouble);
        let queue = |percent: u32| {
            let exporter = exporter()?.with_sample_rate(f64::from(percent) / 100.0);
            anyhow::Ok(Queue::start(exporter, &resource, &trouble, dropped))
        };
        let drawn = (1..100).contains(&settings.percent).then(|| queue(settings.percent)).transpose()?;
        let measures = Measures::start(exporter()?, resource.clone());
        Ok(Self { each: queue(100)?, drawn, measures, percent: settings.percent })
    }

    /// Of a hundred requests that succeed, so many are told of.
    pub(super) const fn percent(&self) -> u32 {
        self.percent
    }

    /// Puts a span into the queue.
    pub(super) fn put(&self, span: SpanData, share: Share) {
        match (share, &self.drawn) {
            (Share::Drawn, Some(drawn)) => drawn.put(span),
            _ => self.each.put(span),
        }
    }

    /// Sends what waits, and comes back when that is done, or after 5 s for each queue. Blocks.
    pub(super) fn flush(&self) {
        for queue in self.queues() {
            // What is still on its way goes on; what is lost is counted.
            let _ = queue.processor.force_flush();
        }
    }

    /// Sends what waits, and ends the threads. Blocks, for `patience` with each of them.
    pub(super) fn finish(&self, patience: Duration) {
        for queue in self.queues() {
            // What does not get through by then is lost, as after a kill.
            let _ = queue.processor.shutdown_with_timeout(patience);
        }
        self.measures.finish();
    }

    fn queues(&self) -> impl Iterator<Item = &Queue> {
        std::iter::once(&self.each).chain(&self.drawn)
    }
}

fn exporter(settings: &TelemetrySettings, wire: &Wire, trouble: &Trouble) -> anyhow::Result<Exporter<Wire>> {
    let trouble = trouble.clone();
    let exporter = Exporter::new_from_connection_string(format!("InstrumentationKey={}", settings.key), wire.clone())
        .map_err(anyhow::Error::from_boxed)?;
    Ok(exporter.with_retry_notify(move |error, _| trouble.tell(error)))
}

impl Queue {
    fn start(mut exporter: Exporter<Wire>, resource: &Resource, trouble: &Trouble, dropped: &IntCounter) -> Self {
        SpanExporter::set_resource(&mut exporter, resource);
        let waiting = Arc::<AtomicUsize>::default();
        let watched =
            Watched { exporter, waiting: Arc::clone(&waiting), dropped: dropped.clone(), trouble: trouble.clone() };
        let config = BatchConfigBuilder::default()
            .with_scheduled_delay(FLUSH_EVERY)
            .with_max_queue_size(CAPACITY)
            .with_max_export_batch_size(BATCH)
            .build();
        Self { processor: BatchSpanProcessor::new(watched, config), waiting, dropped: dropped.clone() }
    }

    /// The processor would drop what finds no room as well, but tells nobody how much.
    fn put(&self, span: SpanData) {
        if self.waiting.fetch_add(1, Ordering::Relaxed) < CAPACITY {
            self.processor.on_end(span);
        } else {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.dropped.inc();
        }
    }
}

impl SpanExporter for Watched {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let number = batch.len();
        let done = self.exporter.export(batch).await;
        self.waiting.fetch_sub(number, Ordering::Relaxed);
        match &done {
            Ok(()) => self.trouble.end(),
            Err(error) => {
                self.dropped.inc_by(u64::try_from(number).unwrap_or(u64::MAX));
                self.trouble.tell(error);
            }
        }
        done
    }
}

impl Trouble {
    /// Once, and not at every try. No layer of ours reads what this module logs.
    fn tell(&self, cause: impl Display) {
        if !self.0.swap(true, Ordering::Relaxed) {
            tracing::warn!(%cause, "telemetry does not get through");
        }
    }

    fn end(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}
