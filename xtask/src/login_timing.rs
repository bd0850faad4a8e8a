//! Whether the time of a failed login tells if an email address is known: failed logins for known and unknown addresses
//! in turn, each from a client address of its own, and the ratio of their medians.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::server::{Bench, Running, summary};

/// How many accounts there are.
const ACCOUNTS: usize = 20;

/// Times `runs` failed logins of either kind on the release handler and prints medians and their ratio.
pub(crate) fn measure(root: &Path, runs: usize) -> Result<()> {
    ensure!(runs > 0, "at least one run");
    let bench = Bench::prepare(root)?;
    let mut handler = bench.start()?;
    handler.until_200("/ready")?;
    for account in 0..ACCOUNTS {
        let body = format!(
            r#"{{"email":"known{account}@example.com","password":"Harbour-Lights-42","display_name":"Vera Guest"}}"#
        );
        ensure!(
            handler.send("POST", "/api/v1/auth/register", "X-Forwarded-For: 10.0.0.1", &body)?.0 == 201,
            "no account {account}"
        );
    }
    let (mut known, mut unknown) = (Vec::with_capacity(runs), Vec::with_capacity(runs));
    for run in 0..runs {
        known.push(failed_login(&handler, "known", run, 1)?);
        unknown.push(failed_login(&handler, "other", run, 2)?);
    }
    println!("{runs} failed logins of each kind, milliseconds (minimum, median, maximum)");
    println!("known email    {}", summary(&mut known));
    println!("unknown email  {}", summary(&mut unknown));
    let ratio = known[runs / 2].as_secs_f64() / unknown[runs / 2].as_secs_f64();
    println!("ratio of the medians {ratio:.3}");
    Ok(())
}

fn failed_login(handler: &Running, kind: &str, run: usize, network: u8) -> Result<Duration> {
    let body = format!(r#"{{"email":"{kind}{}@example.com","password":"Not-The-One-1"}}"#, run % ACCOUNTS);
    let address = format!("X-Forwarded-For: 10.{network}.{}.{}", run / 256 % 256, run % 256);
    let started = Instant::now();
    let (status, _) = handler.send("POST", "/api/v1/auth/login", &address, &body)?;
    let taken = started.elapsed();
    ensure!(status == 401, "expected a 401, got {status}");
    Ok(taken)
}
