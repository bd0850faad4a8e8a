//! What operators get to see besides the log: telemetry in Application Insights, and figures for Prometheus.
//!
//! Features know nothing of it. They log; a [`layer`] of `tracing` beside the log's own reads a few known events of ours and
//! of each only the [`fields`] on a list, so that nothing else can pass. It counts in [`metrics`] and, if there is a
//! connection string, writes [`items`] into an [`outbox`], which a task of its own empties every two seconds.
//! `docs/adr/0019-telemetry.md` says why it is so.

pub mod fields;
pub mod items;
pub mod layer;
pub mod metrics;
pub mod outbox;
pub mod settings;

use std::sync::Arc;
use std::time::Duration;

use self::items::Measure;
use self::layer::TelemetryLayer;
use self::metrics::Metrics;
use self::outbox::{Connect, Outbox};
use self::settings::TelemetrySettings;
use crate::clock::SharedClock;

/// The one place where figures and telemetry meet; cheap to clone.
#[derive(Clone)]
pub struct Telemetry {
    metrics: Arc<Metrics>,
    outbox: Option<Arc<Outbox>>,
    clock: SharedClock,
}

impl Telemetry {
    /// Figures alone.
    pub fn of_figures(clock: SharedClock) -> anyhow::Result<Self> {
        Ok(Self { metrics: Arc::new(Metrics::new()?), outbox: None, clock })
    }

    /// Figures, and what goes to the endpoint of these settings by the network of `connect`, which is asked for when there
    /// is something to be sent first.
    pub fn sent_to(settings: TelemetrySettings, clock: SharedClock, connect: Connect) -> anyhow::Result<Self> {
        let metrics = Arc::new(Metrics::new()?);
        let outbox = Outbox::new(settings, connect, metrics.dropped_counter());
        Ok(Self { metrics, outbox: Some(Arc::new(outbox)), clock })
    }

    /// The layer to put beside that of the log.
    #[must_use]
    pub fn layer(&self) -> TelemetryLayer {
        TelemetryLayer::new(Arc::clone(&self.metrics), self.outbox.clone(), Arc::clone(&self.clock))
    }

    /// The figures.
    #[must_use]
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// Whether anything is sent at all.
    #[must_use]
    pub const fn is_sent(&self) -> bool {
        self.outbox.is_some()
    }

    /// Sends measures of this moment.
    pub fn measure(&self, measures: &[Measure]) {
        if let Some(outbox) = &self.outbox {
            let now = self.clock.now();
            outbox.put(measures.iter().map(|measure| outbox.writer().metric(now, measure)));
        }
    }

    /// Sends what is waiting, every two seconds while there is something, for ever.
    pub async fn send(self) {
        if let Some(outbox) = self.outbox {
            outbox.run().await;
        }
    }

    /// Sends what is left, within `patience`.
    pub async fn finish(&self, patience: Duration) {
        if let Some(outbox) = &self.outbox {
            // What does not get through by then is lost, as after a kill.
            let _ = tokio::time::timeout(patience, outbox.flush()).await;
        }
    }
}
