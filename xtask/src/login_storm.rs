//! Many logins at once, each from a client address of its own: what becomes of them, how much memory the handler takes,
//! and what others notice of it meanwhile.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::server::{Bench, Running, bearer, highest_memory_mib, percentile};

/// How many accounts the logins are spread over.
const ACCOUNTS: usize = 20;
const PASSWORD: &str = "Harbour-Lights-42";
/// How many read meanwhile, one request after the other, and what.
const READERS: usize = 4;
const READ: [&str; 4] = ["/api/v1/users/me", "/api/v1/notifications", "/api/v1/travels", "/api/v1/connections"];
/// How long they read before the storm.
const CALM: Duration = Duration::from_secs(3);
/// A thread for each login needs little.
const STACK_BYTES: usize = 128 * 1024;

/// Logs in `logins` times at once on the release handler, and prints what came of it.
pub(crate) fn measure(root: &Path, logins: usize) -> Result<()> {
    ensure!(logins > 0, "at least one login");
    let bench = Bench::prepare(root)?;
    let mut handler = bench.start()?;
    handler.until_200("/ready")?;
    for account in 0..ACCOUNTS {
        let body =
            format!(r#"{{"email":"guest{account}@example.com","password":"{PASSWORD}","display_name":"Vera Guest"}}"#);
        let (status, _) = handler.send("POST", "/api/v1/auth/register", "", &body)?;
        ensure!(status == 201, "no account {account}: {status}");
    }
    let (status, session) = handler.ask("POST", "/api/v1/auth/login", "", &login_of(0))?;
    ensure!(status == 200, "nobody can log in: {status}");
    let token = bearer(session["access_token"].as_str().context("no token")?);

    let over = AtomicBool::new(false);
    let calm = read_until(&handler, &token, &|started: Instant| started.elapsed() >= CALM)?;
    let before = highest_memory_mib(handler.pid())?;
    let (outcomes, storm, storm_time) = thread::scope(|scope| {
        let reading = scope.spawn(|| read_until(&handler, &token, &|_| over.load(Ordering::Relaxed)));
        let started = Instant::now();
        let outcomes = all_at_once(&handler, logins);
        let took = started.elapsed();
        over.store(true, Ordering::Relaxed);
        let storm = reading.join().map_err(|_| anyhow::anyhow!("a reader failed"))??;
        anyhow::Ok((outcomes, storm, took))
    })?;

    println!("{logins} logins at once took {:.1} s", storm_time.as_secs_f64());
    for (outcome, number) in outcomes {
        println!("  {outcome:<32} {number}");
    }
    println!("highest resident memory: {before:.1} MiB before, {:.1} MiB after", highest_memory_mib(handler.pid())?);
    for (name, mut times) in [("before", calm), ("meanwhile", storm)] {
        times.sort_unstable();
        let (middle, high) = (percentile(&times, 50), percentile(&times, 95));
        println!("other requests {name}: {}, median {middle:.1} ms, p95 {high:.1} ms", times.len());
    }
    Ok(())
}

fn login_of(number: usize) -> String {
    format!(r#"{{"email":"guest{}@example.com","password":"{PASSWORD}"}}"#, number % ACCOUNTS)
}

/// Sends all of them in the same moment, and counts the outcomes: a status, with a note if it should have said when to come
/// again and did not.
fn all_at_once(handler: &Running, logins: usize) -> BTreeMap<String, usize> {
    let outcomes = Mutex::new(BTreeMap::new());
    let count = |outcome| *outcomes.lock().unwrap_or_else(PoisonError::into_inner).entry(outcome).or_insert(0) += 1;
    thread::scope(|scope| {
        for number in 0..logins {
            let count = &count;
            let work = move || {
                let address = format!("X-Forwarded-For: 10.1.{}.{}", number / 256 % 256, number % 256);
                count(match handler.exchange("POST", "/api/v1/auth/login", &address, &login_of(number)) {
                    Err(error) => format!("no answer: {error:#}"),
                    Ok(answer) if matches!(answer.status, 429 | 503) && !answer.has_header("retry-after") => {
                        format!("{} without Retry-After", answer.status)
                    }
                    Ok(answer) => answer.status.to_string(),
                });
            };
            if thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work).is_err() {
                count("no thread to send it from".to_owned());
            }
        }
    });
    outcomes.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What the requests of the readers take until it is `over`. Each must be a 200.
fn read_until(handler: &Running, token: &str, over: &(dyn Fn(Instant) -> bool + Sync)) -> Result<Vec<Duration>> {
    let started = Instant::now();
    let read = |reader: usize| -> Result<Vec<Duration>> {
        let mut times = Vec::new();
        while !over(started) {
            let path = READ[(reader + times.len()) % READ.len()];
            let asked = Instant::now();
            let (status, _) = handler.send("GET", path, token, "")?;
            times.push(asked.elapsed());
            ensure!(status == 200, "{path}: {status}");
        }
        Ok(times)
    };
    thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS).map(|reader| scope.spawn(move || read(reader))).collect();
        let mut all = Vec::new();
        for reader in readers {
            all.extend(reader.join().map_err(|_| anyhow::anyhow!("a reader failed"))??);
        }
        Ok(all)
    })
}
