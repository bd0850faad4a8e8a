//! The report as JSON: times in milliseconds, memory in MiB.

use anyhow::Result;
use serde_json::{Value, json};

use super::Report;
use crate::deed::Group;
use crate::figures::{number, ratio, rounded};
use crate::generator::{Outcome, offered};
use crate::record::{Latencies, Record, Second};

/// The whole report.
pub fn render(report: &Report) -> Result<Value> {
    Ok(json!({
        "scenario": report.scenario,
        "shape": report.shape,
        "users": report.users,
        "connections": report.connections,
        "seed": report.seed,
        "limit": report.limit,
        "runs": report.runs.iter().map(of_run).collect::<Result<Vec<_>>>()?,
    }))
}

fn of_run(outcome: &Outcome) -> Result<Value> {
    let cost = &outcome.cost;
    let phases = outcome.phases.iter().map(|(phase, record)| {
        let mut told = of_record(record);
        told["name"] = json!(phase.name);
        told["seconds"] = json!(phase.length.as_secs_f64());
        told
    });
    let memory = outcome.memory.iter().map(|(second, mib)| json!({ "second": second, "mib": rounded(*mib) }));
    Ok(json!({
        "offered_per_second": rounded(offered(outcome)),
        "total": of_record(&outcome.total()?),
        "phases": phases.collect::<Vec<_>>(),
        "server": {
            "cpu_seconds": cost.cpu_seconds.map(rounded),
            "cpu_ms_per_request": cost.cpu_millis_each.map(rounded),
            "database_calls_per_request": cost.statements_each.map(rounded),
            "peak_memory_mib": cost.peak_mib.map(rounded),
            "memory": memory.collect::<Vec<_>>(),
        },
        "generator_processors": rounded(outcome.own_share),
        "seconds": outcome.seconds.iter().map(of_second).collect::<Vec<_>>(),
    }))
}

fn of_record(record: &Record) -> Value {
    let groups = Group::ALL.iter().zip(&record.groups).filter(|(_, latencies)| latencies.count() > 0);
    let groups: serde_json::Map<String, Value> =
        groups.map(|(group, latencies)| (group.name().to_owned(), of_latencies(latencies))).collect();
    let statuses: serde_json::Map<String, Value> =
        record.statuses.iter().map(|(status, times)| (status.to_string(), json!(times))).collect();
    json!({
        "requests": record.requests(),
        "latency": of_latencies(&record.latencies),
        "groups": groups,
        "statuses": statuses,
        "errors": record.errors,
        "failed": record.failed(),
        "refused": record.refused,
        "conditional": record.conditional,
        "not_modified": record.not_modified,
        "not_modified_share": rounded(ratio(number(record.not_modified), number(record.requests()))),
    })
}

fn of_latencies(latencies: &Latencies) -> Value {
    let told = latencies.percentiles();
    json!({
        "requests": latencies.count(), "p50": rounded(told.p50), "p95": rounded(told.p95), "p99": rounded(told.p99),
        "p99.9": rounded(told.p999), "max": rounded(told.max),
    })
}

fn of_second(second: &Second) -> Value {
    let latencies = &second.latencies;
    json!({
        "requests": latencies.count(), "failed": second.failed, "p50": rounded(latencies.at(0.5)),
        "p95": rounded(latencies.at(0.95)), "p99": rounded(latencies.at(0.99)),
    })
}
