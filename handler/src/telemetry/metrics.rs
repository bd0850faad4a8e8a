//! The figures of this process, in Prometheus's text form. None of them names a person.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use prometheus::{
    Counter, Gauge, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

/// The buckets of a request's duration, in seconds.
const REQUEST_BUCKETS: [f64; 10] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];
/// Those of a statement's.
const STATEMENT_BUCKETS: [f64; 8] = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 2.0];
/// What the host and probes ask while nobody uses the application.
const IDLE: [&str; 4] = ["/", "/live", "/health", "/ready"];
/// Ticks in a second, in `/proc/self/stat`: `USER_HZ`, which is 100 on every Linux that this is built for.
const TICKS: f64 = 100.0;

/// The figures of this process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    served: AtomicU64,
    requests: IntCounterVec,
    request_seconds: HistogramVec,
    statements: IntCounterVec,
    statement_seconds: HistogramVec,
    retries: IntCounter,
    unserved: IntCounter,
    login_failures: IntCounterVec,
    rate_limited: IntCounterVec,
    dropped: IntCounter,
    pool_size: IntGauge,
    pool_in_use: IntGauge,
    hashes_running: IntGauge,
    hashes_waiting: IntGauge,
    scan_waiting: IntGauge,
    scan_set_aside: IntGauge,
    scan_lag: Gauge,
    resident_bytes: IntGauge,
    cpu_seconds: Counter,
}

/// How things stand at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Connections to the database: at most, and lent.
    pub pool: (usize, usize),
    /// Passwords: those that are hashed, and those that wait for it.
    pub hashes: (usize, usize),
    /// The match scan, if it could be asked.
    pub scan: Option<ScanStanding>,
}

/// What the match scan has before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScanStanding {
    /// Causes that wait.
    pub waiting: i64,
    /// Causes that failed too often.
    pub set_aside: i64,
    /// For how long the oldest one waits, in seconds; 0 if none does.
    pub lag_seconds: f64,
}

impl Metrics {
    /// All of them at nothing. Fails only for a name that Prometheus does not allow.
    pub fn new() -> anyhow::Result<Self> {
        let registry = Registry::new();
        let add = Additions(&registry);
        let metrics = Self {
            requests: add.counters("http_requests_total", "Requests answered", &["method", "route", "status"])?,
            request_seconds: add.histograms(
                "http_request_duration_seconds",
                "How long requests took",
                &["method", "route"],
                &REQUEST_BUCKETS,
            )?,
            statements: add.counters("db_statements_total", "Statements run", &["statement", "outcome"])?,
            statement_seconds: add.histograms(
                "db_statement_duration_seconds",
                "How long statements took, with the wait for a connection",
                &["statement"],
                &STATEMENT_BUCKETS,
            )?,
            retries: add
                .counter("db_retries_total", "Passing faults of the database after which it was tried again")?,
            unserved: add.counter("http_requests_unserved_total", "Requests that found something away or too busy")?,
            login_failures: add.counters("login_failures_total", "Logins that failed", &["reason"])?,
            rate_limited: add.counters("rate_limited_total", "Requests refused for their number", &["limit"])?,
            dropped: add.counter("telemetry_dropped_total", "Items of telemetry that were lost")?,
            pool_size: add.gauge("db_pool_size", "Connections to the database at most")?,
            pool_in_use: add.gauge("db_pool_in_use", "Connections to the database that are lent")?,
            hashes_running: add.gauge("password_hashes_running", "Passwords that are being hashed")?,
            hashes_waiting: add.gauge("password_hashes_waiting", "Passwords that wait to be hashed")?,
            scan_waiting: add.gauge("match_scan_waiting", "Causes of matches that were not looked at yet")?,
            scan_set_aside: add.gauge("match_scan_set_aside", "Causes of matches that failed too often")?,
            scan_lag: add.fraction("match_scan_lag_seconds", "For how long the oldest cause of a match waits")?,
            resident_bytes: add.gauge("process_resident_memory_bytes", "Memory in use")?,
            cpu_seconds: add.seconds("process_cpu_seconds_total", "Processor time used")?,
            served: AtomicU64::new(0),
            registry,
        };
        Ok(metrics)
    }

    /// A request was answered.
    pub fn request(&self, method: &str, route: &str, status: i64, took: Duration) {
        if !IDLE.contains(&route) {
            self.served.fetch_add(1, Ordering::Relaxed);
        }
        self.requests.with_label_values(&[method, route, &status.to_string()]).inc();
        self.request_seconds.with_label_values(&[method, route]).observe(took.as_secs_f64());
    }

    /// How many requests were answered, without those that come by themselves.
    #[must_use]
    pub fn served(&self) -> u64 {
        self.served.load(Ordering::Relaxed)
    }

    /// A statement was run.
    pub fn statement(&self, name: &str, failed: bool, took: Duration) {
        self.statements.with_label_values(&[name, if failed { "failed" } else { "done" }]).inc();
        self.statement_seconds.with_label_values(&[name]).observe(took.as_secs_f64());
    }

    /// Something is tried again after a passing fault of the database.
    pub fn retry(&self) {
        self.retries.inc();
    }

    /// A request could not be served.
    pub fn unserved(&self) {
        self.unserved.inc();
    }

    /// A login failed, for one of the audit log's reasons.
    pub fn login_failure(&self, reason: &str) {
        self.login_failures.with_label_values(&[reason]).inc();
    }

    /// A request was over one of the limits.
    pub fn rate_limited(&self, limit: &str) {
        self.rate_limited.with_label_values(&[limit]).inc();
    }

    /// The counter of what telemetry loses.
    pub(super) fn dropped_counter(&self) -> IntCounter {
        self.dropped.clone()
    }

    /// Notes how things stand. What of the match scan is not known is not shown as nothing: it keeps its last figure.
    pub fn note(&self, standing: &Standing) {
        let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        self.pool_size.set(number(standing.pool.0));
        self.pool_in_use.set(number(standing.pool.1));
        self.hashes_running.set(number(standing.hashes.0));
        self.hashes_waiting.set(number(standing.hashes.1));
        if let Some(scan) = &standing.scan {
            self.scan_waiting.set(scan.waiting);
            self.scan_set_aside.set(scan.set_aside);
            self.scan_lag.set(scan.lag_seconds);
        }
    }

    /// All figures as text, version 0.0.4 of the form.
    pub fn render(&self) -> anyhow::Result<String> {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
        // Only Linux has these.
        self.resident_bytes.set(resident_bytes(&read("status")).unwrap_or_default());
        // Two who ask at once may each add what came since the last time; by the next one it is right again.
        self.cpu_seconds.reset();
        self.cpu_seconds.inc_by(cpu_seconds(&read("stat")).unwrap_or_default());
        TextEncoder::new().encode_to_string(&self.registry.gather()).context("the figures as text")
    }
}

/// `VmRSS` of `/proc/self/status`, which is in kB of 1,024 bytes.
fn resident_bytes(status: &str) -> Option<i64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<i64>().ok()? * 1024)
}

/// Fields 14 and 15 of `/proc/self/stat`, the second of which is a name in parentheses that may hold anything.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let ticks = fields.next()?.parse::<u32>().ok()?.checked_add(fields.next()?.parse().ok()?)?;
    Some(f64::from(ticks) / TICKS)
}

/// Makes a figure and has it gathered.
struct Additions<'a>(&'a Registry);

impl Additions<'_> {
    fn kept<T: prometheus::core::Collector + Clone + 'static>(
        &self,
        figure: prometheus::Result<T>,
    ) -> anyhow::Result<T> {
        let figure = figure?;
        self.0.register(Box::new(figure.clone()))?;
        Ok(figure)
    }

    fn counter(&self, name: &str, help: &str) -> anyhow::Result<IntCounter> {
        self.kept(IntCounter::new(name, help))
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> anyhow::Result<IntCounterVec> {
        self.kept(IntCounterVec::new(Opts::new(name, help), labels))
    }

    fn histograms(&self, name: &str, help: &str, labels: &[&str], buckets: &[f64]) -> anyhow::Result<HistogramVec> {
        self.kept(HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), labels))
    }

    fn gauge(&self, name: &str, help: &str) -> anyhow::Result<IntGauge> {
        self.kept(IntGauge::new(name, help))
    }

    fn seconds(&self, name: &str, help: &str) -> anyhow::Result<Counter> {
        self.kept(Counter::new(name, help))
    }

    fn fraction(&self, name: &str, help: &str) -> anyhow::Result<Gauge> {
        self.kept(Gauge::new(name, help))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_processor_time_are_read_from_the_kernels_own_words() {
        assert_eq!(resident_bytes("Name:\thandler\nVmRSS:\t    8192 kB\nThreads:\t3\n"), Some(8_388_608));
        assert_eq!(resident_bytes("Name:\thandler\n"), None);
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 3 0 9 1 2";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(cpu_seconds(""), None);
    }

    #[test]
    fn figures_are_told_in_prometheus_text() {
        let metrics = Metrics::new().unwrap();
        metrics.request("GET", "/api/v1/users/{user_id}", 200, Duration::from_millis(3));
        metrics.login_failure("inactive");
        let text = metrics.render().unwrap();
        for line in [
            "# TYPE http_requests_total counter",
            "http_requests_total{method=\"GET\",route=\"/api/v1/users/{user_id}\",status=\"200\"} 1",
            "http_request_duration_seconds_bucket{method=\"GET\",route=\"/api/v1/users/{user_id}\",le=\"0.005\"} 1",
            "login_failures_total{reason=\"inactive\"} 1",
            "match_scan_lag_seconds 0",
            "# TYPE process_cpu_seconds_total counter",
        ] {
            assert!(text.lines().any(|told| told == line), "{line} in {text}");
        }
    }
}
