//! How long a cold start takes: from `exec` to the first 200 of `GET /`, and to the first 200 of `GET /ready`, which asks
//! the database.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::server::{Bench, summary};

/// Starts the release handler `runs` times on a fresh SQLite database and prints the medians.
pub(crate) fn measure(root: &Path, runs: usize) -> Result<()> {
    ensure!(runs > 0, "at least one run");
    let bench = Bench::prepare(root)?;
    let (mut first, mut ready) = (Vec::with_capacity(runs), Vec::with_capacity(runs));
    for _ in 0..runs {
        let mut handler = bench.start()?;
        first.push(handler.until_200("/")?);
        ready.push(handler.until_200("/ready")?);
    }
    println!("{runs} starts, milliseconds from exec to the first 200 (minimum, median, maximum)");
    println!("GET /       {}", summary(&mut first));
    println!("GET /ready  {}", summary(&mut ready));
    Ok(())
}
