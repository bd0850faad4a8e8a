//! What the server itself says, and what the kernel says of it.

use std::net::SocketAddr;
use std::time::Duration;

use crate::figures::ratio;
use crate::wire::{Ask, Wire};

/// Ticks in a second, in `/proc/<pid>/stat`: `USER_HZ`, which is 100 on every Linux that this is built for.
const TICKS: f64 = 100.0;
/// How long an overloaded server may take to show its figures.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where figures of the server are to be had.
#[derive(Debug, Clone, Copy)]
pub struct Probe {
    /// Its process, if that is known.
    pub pid: Option<u32>,
    /// Where it shows figures at `/metrics`, if it does.
    pub metrics: Option<SocketAddr>,
}

/// The figures of one moment; what is not to be had is not there.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Snapshot {
    /// Processor time so far, in seconds.
    pub cpu_seconds: Option<f64>,
    /// Calls of the database so far.
    pub statements: Option<f64>,
    /// Requests answered so far, without those for figures.
    pub requests: Option<f64>,
}

/// What a while cost the server.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Processor time, in seconds.
    pub cpu_seconds: Option<f64>,
    /// Processor time for each request, in milliseconds.
    pub cpu_millis_each: Option<f64>,
    /// Calls of the database for each request.
    pub statements_each: Option<f64>,
    /// The highest resident memory of the process so far, in MiB.
    pub peak_mib: Option<f64>,
}

impl Probe {
    /// The figures of this moment.
    pub async fn snapshot(&self) -> Snapshot {
        let cpu_seconds = self.pid.and_then(|pid| cpu_seconds(&proc(pid, "stat")?));
        let Some(target) = self.metrics else { return Snapshot { cpu_seconds, ..Snapshot::default() } };
        let answer = Wire::to(target).exchange(&Ask::get("/metrics"), PATIENCE).await;
        let text = answer.ok().filter(|answer| answer.status == 200);
        let text = text.map(|answer| String::from_utf8_lossy(&answer.body).into_owned());
        Snapshot {
            cpu_seconds,
            statements: text.as_deref().map(|text| sum(text, "db_statements_total", "")),
            requests: text.as_deref().map(|text| {
                sum(text, "http_requests_total", "") - sum(text, "http_requests_total", "route=\"/metrics\"")
            }),
        }
    }

    /// What lies between two moments.
    #[must_use]
    pub fn cost(&self, before: &Snapshot, after: &Snapshot) -> Cost {
        let since = |before: Option<f64>, after: Option<f64>| Some(after? - before?);
        let requests = since(before.requests, after.requests);
        let cpu_seconds = since(before.cpu_seconds, after.cpu_seconds);
        let statements = since(before.statements, after.statements);
        Cost {
            cpu_seconds,
            cpu_millis_each: requests.and_then(|requests| Some(ratio(cpu_seconds? * 1e3, requests))),
            statements_each: requests.and_then(|requests| Some(ratio(statements?, requests))),
            peak_mib: self.pid.and_then(|pid| memory_mib(&proc(pid, "status")?, "VmHWM:")),
        }
    }

    /// The resident memory at this moment, in MiB.
    #[must_use]
    pub fn resident_mib(&self) -> Option<f64> {
        memory_mib(&proc(self.pid?, "status")?, "VmRSS:")
    }
}

/// The processor time of this process so far, in seconds.
#[must_use]
pub fn own_cpu_seconds() -> Option<f64> {
    cpu_seconds(&proc(std::process::id(), "stat")?)
}

fn proc(pid: u32, file: &str) -> Option<String> {
    std::fs::read_to_string(format!("/proc/{pid}/{file}")).ok()
}

/// The sum of a counter in Prometheus's text form over all labels, or over those lines whose labels have `label` in them.
#[must_use]
pub fn sum(text: &str, counter: &str, label: &str) -> f64 {
    let value = |line: &str| {
        let rest = line.strip_prefix(counter)?;
        let (labels, value) = rest.rsplit_once(' ')?;
        let is_it = labels.is_empty() || labels.starts_with('{') && labels.ends_with('}');
        (is_it && labels.contains(label)).then(|| value.parse::<f64>().ok()).flatten()
    };
    text.lines().filter_map(value).sum()
}

/// Fields 14 and 15 of `/proc/<pid>/stat`; the second is a name in parentheses that may hold anything.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let (user, system): (u32, u32) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((f64::from(user) + f64::from(system)) / TICKS)
}

/// A line of `/proc/<pid>/status` that is in kB of 1,024 bytes.
fn memory_mib(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIGURES: &str = "\
# HELP http_requests_total Requests answered
# TYPE http_requests_total counter
http_requests_total{method=\"GET\",route=\"/api/v1/users/{user_id}\",status=\"200\"} 40
http_requests_total{method=\"GET\",route=\"/metrics\",status=\"200\"} 3
http_request_duration_seconds_count{method=\"GET\",route=\"/metrics\"} 900
db_statements_total{outcome=\"done\",statement=\"a\"} 70
db_statements_total{outcome=\"failed\",statement=\"a b\"} 1.5
db_statements_total_of_another{outcome=\"done\"} 5000
db_retries_total 2
";

    #[test]
    fn counters_are_summed_over_their_labels() {
        for (counter, label, expected) in [
            ("http_requests_total", "", 43.0),
            ("http_requests_total", "route=\"/metrics\"", 3.0),
            ("db_statements_total", "", 71.5),
            ("db_retries_total", "", 2.0),
            ("nothing", "", 0.0),
        ] {
            assert!((sum(FIGURES, counter, label) - expected).abs() < 1e-9, "{counter} {label}");
        }
    }

    #[test]
    fn time_and_memory_are_read_from_the_kernels_own_words() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 3 0 9 1 2";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(cpu_seconds("7 (a)"), None);
        let status = "Name:\thandler\nVmHWM:\t    8192 kB\nVmRSS:\t    1536 kB\n";
        assert_eq!((memory_mib(status, "VmHWM:"), memory_mib(status, "VmRSS:")), (Some(8.0), Some(1.5)));
        assert_eq!(memory_mib("Name:\thandler\n", "VmRSS:"), None);
        assert!(own_cpu_seconds().is_some() || !cfg!(target_os = "linux"));
    }

    #[test]
    fn what_a_while_cost_is_told_for_each_request() {
        let probe = Probe { pid: None, metrics: None };
        let before = Snapshot { cpu_seconds: Some(1.0), statements: Some(100.0), requests: Some(50.0) };
        let after = Snapshot { cpu_seconds: Some(3.0), statements: Some(1_100.0), requests: Some(550.0) };
        let cost = probe.cost(&before, &after);
        assert_eq!((cost.cpu_seconds, cost.cpu_millis_each, cost.statements_each), (Some(2.0), Some(4.0), Some(2.0)));
        assert_eq!(probe.cost(&Snapshot::default(), &after).statements_each, None);
    }
}
