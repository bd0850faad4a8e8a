//! The table at the end of a run.

use std::fmt::Write as _;

use anyhow::Result;

use super::Report;
use crate::deed::Group;
use crate::figures::{number, ratio};
use crate::generator::{Outcome, offered};
use crate::record::{Latencies, Record};
use crate::recovery::{CALM_P95, after, recovered};

/// Seconds of recovery in a line.
const IN_A_LINE: usize = 10;

/// The whole report.
pub fn render(report: &Report) -> Result<String> {
    let mut text = format!(
        "{}, {}; {} people, {} connections, seed {}\n",
        report.scenario, report.shape, report.users, report.connections, report.seed
    );
    for outcome in &report.runs {
        text.push('\n');
        text.push_str(&of_run(outcome)?);
    }
    if report.runs.len() > 1 {
        text.push('\n');
        text.push_str(&of_rates(&report.runs)?);
    }
    Ok(text)
}

fn of_run(outcome: &Outcome) -> Result<String> {
    let (total, mut text) = (outcome.total()?, head("latency in ms"));
    let seconds: f64 = outcome.phases.iter().map(|(phase, _)| phase.length.as_secs_f64()).sum();
    text.push_str(&line("all", &total.latencies, seconds));
    if outcome.phases.len() > 1 {
        for (phase, record) in &outcome.phases {
            text.push_str(&line(&format!("  {}", phase.name), &record.latencies, phase.length.as_secs_f64()));
        }
    }
    for (group, latencies) in Group::ALL.iter().zip(&total.groups).filter(|(_, latencies)| latencies.count() > 0) {
        text.push_str(&line(&format!("  {}", group.name()), latencies, seconds));
    }
    text.push_str(&outcomes(&total));
    text.push_str(&of_server(outcome));
    text.push_str(&of_recovery(outcome));
    Ok(text)
}

fn head(first: &str) -> String {
    format!(
        "{first:<22} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}\n",
        "requests", "a second", "p50", "p95", "p99", "p99.9", "max"
    )
}

fn line(name: &str, latencies: &Latencies, seconds: f64) -> String {
    let (told, count) = (latencies.percentiles(), latencies.count());
    format!(
        "{name:<22} {count:>9} {:>9.1} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>9.2}\n",
        ratio(number(count), seconds),
        told.p50,
        told.p95,
        told.p99,
        told.p999,
        told.max
    )
}

fn percent(part: u64, whole: u64) -> f64 {
    ratio(100.0 * number(part), number(whole))
}

fn outcomes(total: &Record) -> String {
    let statuses: Vec<_> = total.statuses.iter().map(|(status, times)| format!("{status}: {times}")).collect();
    let mut text = format!("answers                {}\n", statuses.join(", "));
    let errors: Vec<_> = total.errors.iter().map(|(what, times)| format!("{what}: {times}")).collect();
    let listed = if errors.is_empty() { "none".to_owned() } else { errors.join(", ") };
    let share = percent(total.failed(), total.requests());
    let _ = writeln!(text, "errors                 {} ({share:.3} %): {listed}", total.failed());
    if total.refused > 0 {
        let share = percent(total.refused, total.requests());
        let _ = writeln!(text, "told to come back      {} ({share:.1} %), as this scenario expects", total.refused);
    }
    let share = percent(total.not_modified, total.requests());
    let known = percent(total.not_modified, total.conditional);
    let _ = writeln!(
        text,
        "nothing new (304)      {} ({share:.1} % of all; {known:.1} % of the {} that named what they had)",
        total.not_modified, total.conditional
    );
    text
}

fn of_server(outcome: &Outcome) -> String {
    let cost = &outcome.cost;
    let mut told = Vec::new();
    if let (Some(cpu), Some(each)) = (cost.cpu_seconds, cost.cpu_millis_each) {
        let share = ratio(cpu, outcome.seconds_taken);
        told.push(format!("{cpu:.2} s of processor time ({share:.2} processors, {each:.3} ms a request)"));
    }
    if let Some(peak) = cost.peak_mib {
        told.push(format!("peak memory {peak:.1} MiB"));
    }
    if let (Some((_, first)), Some((_, last))) = (outcome.memory.first(), outcome.memory.last()) {
        told.push(format!("resident {first:.1} MiB at first, {last:.1} at last"));
    }
    if let Some(each) = cost.statements_each {
        told.push(format!("{each:.2} database calls a request"));
    }
    let server = if told.is_empty() { "no figures (name its --pid)".to_owned() } else { told.join("; ") };
    format!(
        "server                 {server}\ngenerator              {:.0} % of a processor\n",
        outcome.own_share * 100.0
    )
}

/// How the last phase went, if it came after another.
fn of_recovery(outcome: &Outcome) -> String {
    let [_, .., (last, _)] = outcome.phases.as_slice() else { return String::new() };
    // The seconds end where the last phase does.
    let length = usize::try_from(last.length.as_secs()).unwrap_or_default();
    let p95 = after(&outcome.seconds, outcome.seconds.len().saturating_sub(length));
    let mut text = "p95 of each second after the spike, in ms\n".to_owned();
    for (number, seconds) in p95.chunks(IN_A_LINE).enumerate() {
        let _ = write!(text, "  {:>4} s", number * IN_A_LINE);
        for p95 in seconds {
            let _ = write!(text, " {p95:>7.1}");
        }
        text.push('\n');
    }
    let told = recovered(&p95).map_or_else(
        || "p95 did not come back".to_owned(),
        |second| format!("{second} s after the spike p95 was back"),
    );
    let _ = writeln!(text, "recovery               {told} under {CALM_P95:.0} ms, to stay");
    text
}

fn of_rates(runs: &[Outcome]) -> Result<String> {
    let mut text = format!(
        "{:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>11} {:>11} {:>9}\n",
        "offered/s", "p50", "p95", "p99", "p99.9", "max", "errors %", "cpu ms/req", "calls/req", "peak MiB"
    );
    let known = |value: Option<f64>, digits| value.map_or_else(|| "?".to_owned(), |value| format!("{value:.digits$}"));
    for outcome in runs {
        let total = outcome.total()?;
        let told = total.latencies.percentiles();
        let _ = writeln!(
            text,
            "{:>9.0} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>9.3} {:>11} {:>11} {:>9}",
            offered(outcome),
            told.p50,
            told.p95,
            told.p99,
            told.p999,
            told.max,
            percent(total.failed(), total.requests()),
            known(outcome.cost.cpu_millis_each, 3),
            known(outcome.cost.statements_each, 2),
            known(outcome.cost.peak_mib, 1),
        );
    }
    Ok(text)
}
