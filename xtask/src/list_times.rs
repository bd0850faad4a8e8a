//! How long the lists take in a large world: the release handler, one request after the other.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use handler::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};

use crate::server::{Bench, Running, bearer};
use crate::world;

/// Requests before the first one that counts.
const WARM_UP: usize = 20;

/// Asks each list `runs` times as the first person of the seeded world at `database`, and prints a table.
pub(crate) fn measure(root: &Path, database: &str, runs: usize) -> Result<()> {
    ensure!(runs > 0, "at least one run");
    let bench = Bench::on(root, database)?;
    let mut handler = bench.start()?;
    handler.until_200("/ready")?;
    let login = json!({ "email": world::email(1), "password": world::PASSWORD }).to_string();
    let (status, session) = handler.ask("POST", "/api/v1/auth/login", "", &login)?;
    ensure!(status == 200, "the first person can't log in ({status}): was the database made by seed-world?");
    let token = text(&session, "access_token")?;
    println!("{runs} requests each, milliseconds from connecting to the end of the answer\n");
    println!("{:>7} {:>7} {:>7} {:>9}  request", "p50", "p95", "max", "bytes");
    for path in paths(&handler, &token)? {
        time(&handler, &token, &path, runs)?;
    }
    Ok(())
}

/// The lists, and what the busiest person of the world asks them for.
fn paths(handler: &Running, token: &str) -> Result<Vec<String>> {
    let today = SystemClock.today();
    let soon = today + time::Duration::days(14);
    let (_, plans) = handler.ask("GET", "/api/v1/travels?limit=1", token, "")?;
    let plan = plans["data"][0]["id"].as_i64().context("the first person has no plans")?;
    Ok(vec![
        format!("/api/v1/matches?city=London&country=UK&start_date={today}&end_date={soon}"),
        format!("/api/v1/matches?city=Accra&start_date={today}&end_date={soon}"),
        format!("/api/v1/travels/{plan}/matches"),
        "/api/v1/connections/travels".to_owned(),
        "/api/v1/connections/travels?when=all&limit=100".to_owned(),
        "/api/v1/connections/travels?city=paris&country=fr".to_owned(),
        "/api/v1/connections".to_owned(),
        "/api/v1/connections?limit=100&offset=4000".to_owned(),
        "/api/v1/connections/requests/received".to_owned(),
        "/api/v1/travels".to_owned(),
        "/api/v1/users/2/travels?when=all".to_owned(),
        "/api/v1/notifications".to_owned(),
        "/api/v1/notifications?is_read=false&type=connection_request".to_owned(),
        "/api/v1/notifications/unread-count".to_owned(),
        "/api/v1/users/search?q=jane%20smi".to_owned(),
        "/api/v1/users/me".to_owned(),
    ])
}

fn time(handler: &Running, token: &str, path: &str, runs: usize) -> Result<()> {
    let mut times = Vec::with_capacity(runs);
    let mut bytes = 0;
    for run in 0..WARM_UP + runs {
        let started = Instant::now();
        let (status, body) = handler.send("GET", path, &bearer(token), "")?;
        if run >= WARM_UP {
            times.push(started.elapsed());
        }
        ensure!(status == 200, "{status} for {path}: {body}");
        bytes = body.len();
    }
    times.sort_unstable();
    let at = |share: usize| milliseconds(times[(times.len() - 1) * share / 100]);
    println!("{:7.2} {:7.2} {:7.2} {bytes:9}  GET {path}", at(50), at(95), at(100));
    Ok(())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn text(object: &Value, field: &str) -> Result<String> {
    object[field].as_str().map(str::to_owned).with_context(|| format!("the answer has no {field}"))
}
