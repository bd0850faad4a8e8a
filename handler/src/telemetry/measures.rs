//! The figures of a minute, as OpenTelemetry's instruments.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, MeterProvider as _};
use opentelemetry_application_insights::Exporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};

use super::metrics::Standing;
use super::wire::Wire;

/// The instruments, and what reads them: when it is told to, and never by itself.
pub(super) struct Measures {
    provider: SdkMeterProvider,
    pool_size: Gauge<u64>,
    pool_in_use: Gauge<u64>,
    hashes_running: Gauge<u64>,
    hashes_waiting: Gauge<u64>,
    scan_waiting: Gauge<i64>,
    scan_set_aside: Gauge<i64>,
    scan_lag: Gauge<f64>,
    login_failures: Counter<u64>,
}

impl Measures {
    pub(super) fn start(exporter: Exporter<Wire>, resource: Resource) -> Self {
        let reader = PeriodicReader::builder(exporter).with_interval(Duration::MAX).build();
        let provider = SdkMeterProvider::builder().with_resource(resource).with_reader(reader).build();
        let meter = provider.meter(env!("CARGO_PKG_NAME"));
        Self {
            pool_size: meter.u64_gauge("db_pool_size").build(),
            pool_in_use: meter.u64_gauge("db_pool_in_use").build(),
            hashes_running: meter.u64_gauge("password_hashes_running").build(),
            hashes_waiting: meter.u64_gauge("password_hashes_waiting").build(),
            scan_waiting: meter.i64_gauge("match_scan_waiting").build(),
            scan_set_aside: meter.i64_gauge("match_scan_set_aside").build(),
            scan_lag: meter.f64_gauge("match_scan_lag_seconds").build(),
            login_failures: meter.u64_counter("login_failures").build(),
            provider,
        }
    }

    /// A login failed, for one of the audit log's reasons.
    pub(super) fn login_failure(&self, reason: &str) {
        self.login_failures.add(1, &[KeyValue::new("reason", reason.to_owned())]);
    }

    /// Notes how things stand. What is not known is not told of.
    pub(super) fn note(&self, standing: &Standing) {
        let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        self.pool_size.record(number(standing.pool.0), &[]);
        self.pool_in_use.record(number(standing.pool.1), &[]);
        self.hashes_running.record(number(standing.hashes.0), &[]);
        self.hashes_waiting.record(number(standing.hashes.1), &[]);
        if let Some(scan) = &standing.scan {
            self.scan_waiting.record(scan.waiting, &[]);
            self.scan_set_aside.record(scan.set_aside, &[]);
            self.scan_lag.record(scan.lag_seconds, &[]);
        }
    }

    /// Sends what was noted and counted since the last time. Blocks until that is done, or given up after half a minute.
    pub(super) fn send(&self) {
        // What did not get through is lost; the next minute has its own figures.
        let _ = self.provider.force_flush();
    }

    /// Sends what is left, and ends the thread. Blocks, for 5 s at most.
    pub(super) fn finish(&self) {
        let _ = self.provider.shutdown();
    }
}
