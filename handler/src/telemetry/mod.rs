//! What operators get to see besides the log: telemetry in Application Insights, and figures for Prometheus.
//!
//! Features know nothing of it. They log; a [`layer`] of `tracing` beside the log's own reads a few known events of ours and
//! of each only the [`fields`] on a list, so that nothing else can pass. It counts in [`metrics`] and, if there is a
//! connection string, makes OpenTelemetry's spans, which its SDK and an exporter take to Azure over the [`wire`].
//! `docs/adr/0019-telemetry.md` says why it is so.

pub mod fields;
pub mod layer;
mod measures;
pub mod metrics;
pub mod pipeline;
pub mod settings;
mod spans;
pub mod wire;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use self::layer::TelemetryLayer;
use self::metrics::{Metrics, Standing};
use self::pipeline::Pipeline;
use self::settings::TelemetrySettings;
use self::wire::{Way, Wire};
use crate::clock::SharedClock;

/// The one place where figures and telemetry meet; cheap to clone.
#[derive(Clone)]
pub struct Telemetry {
    metrics: Arc<Metrics>,
    pipeline: Option<Arc<Pipeline>>,
    clock: SharedClock,
}

impl Telemetry {
    /// Figures alone.
    pub fn of_figures(clock: SharedClock) -> anyhow::Result<Self> {
        Ok(Self { metrics: Arc::new(Metrics::new()?), pipeline: None, clock })
    }

    /// Figures, and what goes to the endpoint of these settings. The network is opened when there is something to be sent
    /// first; the threads that send are started here.
    pub fn sent_to(settings: &TelemetrySettings, clock: SharedClock, way: Way) -> anyhow::Result<Self> {
        let metrics = Arc::new(Metrics::new()?);
        let wire = Wire::new(settings.track.clone(), way, Arc::clone(&clock));
        let pipeline = Pipeline::start(settings, &wire, &metrics.dropped_counter())?;
        Ok(Self { metrics, pipeline: Some(Arc::new(pipeline)), clock })
    }

    /// The layer to put beside that of the log.
    #[must_use]
    pub fn layer(&self) -> TelemetryLayer {
        TelemetryLayer::new(Arc::clone(&self.metrics), self.pipeline.clone(), Arc::clone(&self.clock))
    }

    /// The figures.
    #[must_use]
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// Whether anything is sent at all.
    #[must_use]
    pub const fn is_sent(&self) -> bool {
        self.pipeline.is_some()
    }

    /// Notes how things stand, and sends that with what was counted since the last time. Waits until it has arrived, or was
    /// given up after half a minute.
    pub async fn report(&self, standing: &Standing) {
        self.metrics.note(standing);
        self.aside(|pipeline| pipeline.measures.note(standing), |pipeline| pipeline.measures.send()).await;
    }

    /// Sends the spans that wait; comes back when they have arrived, or after 10 s.
    pub async fn flush(&self) {
        self.aside(|_| (), Pipeline::flush).await;
    }

    /// Sends what is left, within `patience`, and nothing after that.
    pub async fn finish(&self, patience: Duration) {
        let work = self.aside(|_| (), move |pipeline| pipeline.finish(patience));
        // What does not get through by then is lost, as after a kill.
        let _ = tokio::time::timeout(patience, work).await;
    }

    /// Does `first` here, and then `work`, which blocks, on a thread for it alone: the runtime's own ones are waited for at the
    /// process's end.
    async fn aside(&self, first: impl FnOnce(&Pipeline), work: impl FnOnce(&Pipeline) + Send + 'static) {
        let Some(pipeline) = self.pipeline.clone() else { return };
        first(&pipeline);
        let (done, is_done) = oneshot::channel::<()>();
        let started = thread::Builder::new().name("telemetry".to_owned()).spawn(move || {
            work(&pipeline);
            drop(done);
        });
        if started.is_ok() {
            // The other end is dropped when it is done, and says nothing.
            let _ = is_done.await;
        }
    }
}
