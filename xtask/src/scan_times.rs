//! How long the match scan takes in a large world, how much memory, and what the API's answers take meanwhile.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::server::{Bench, Running, bearer, highest_memory_mib};
use crate::world;

/// What is asked meanwhile: what phones ask most.
const POLL: &str = "/api/v1/notifications?limit=20";
/// Requests before the scan, to compare with.
const BEFORE: usize = 300;

/// Adds `plans` new plans to the seeded world at `database`, scans them with the release handler, and prints what it took.
pub(crate) fn measure(root: &Path, database: &str, plans: u32) -> Result<()> {
    let bench = Bench::on(root, database)?;
    let mut handler = {
        world::add_new_plans(database, plans, u64::from(plans))?;
        bench.start()?
    };
    handler.until_200("/ready")?;
    let login = json!({ "email": world::email(1), "password": world::PASSWORD }).to_string();
    let (status, session) = handler.ask("POST", "/api/v1/auth/login", "", &login)?;
    ensure!(status == 200, "the first person can't log in ({status}): was the database made by seed-world?");
    let token = bearer(session["access_token"].as_str().context("a login without a token")?);

    let mut before = Vec::new();
    for _ in 0..BEFORE {
        before.push(poll(&handler, &token)?);
    }
    let done = AtomicBool::new(false);
    let (scan, mut during) = std::thread::scope(|scope| -> Result<_> {
        let polls = scope.spawn(|| {
            let mut times = Vec::new();
            while !done.load(Ordering::Relaxed) {
                times.push(poll(&handler, &token)?);
            }
            anyhow::Ok(times)
        });
        let scan = scan(&bench);
        done.store(true, Ordering::Relaxed);
        let during = polls.join().map_err(|_| anyhow::anyhow!("the polls failed"))??;
        Ok((scan?, during))
    })?;
    println!("{plans} new plans: {}", scan.told);
    println!("highest resident memory of the scan: {:.1} MiB", scan.peak_mib);
    println!("GET {POLL}, milliseconds");
    println!("          p50     p95   requests");
    for (name, times) in [("before", &mut before), ("during", &mut during)] {
        times.sort_unstable();
        let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e3;
        println!("{name} {:7.2} {:7.2} {:10}", at(50), at(95), times.len());
    }
    Ok(())
}

struct Scan {
    told: String,
    peak_mib: f64,
}

/// Runs `handler scan-matches --once` to its end, and looks at its memory meanwhile.
#[expect(clippy::disallowed_methods, reason = "memory is sampled: there is no event to wait for")]
fn scan(bench: &Bench) -> Result<Scan> {
    let mut child = bench.command(0).args(["scan-matches", "--once"]).stdout(std::process::Stdio::piped()).spawn()?;
    let mut peak_mib = 0.0_f64;
    while child.try_wait()?.is_none() {
        peak_mib = peak_mib.max(highest_memory_mib(child.id()).unwrap_or_default());
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "the scan failed");
    Ok(Scan { told: String::from_utf8_lossy(&output.stdout).trim().to_owned(), peak_mib })
}

fn poll(handler: &Running, token: &str) -> Result<Duration> {
    let started = Instant::now();
    let (status, body) = handler.send("GET", POLL, token, "")?;
    ensure!(status == 200, "{status}: {body}");
    Ok(started.elapsed())
}
