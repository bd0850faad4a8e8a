//! How long a cold start takes: from `exec` to the first 200 of `GET /`, and to the first 200 of `GET /ready`, which asks
//! the database.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::package;

/// After this long a start has failed.
const LIMIT: Duration = Duration::from_secs(10);

/// Starts the release handler `runs` times on a fresh SQLite database and prints the medians.
pub(crate) fn measure(root: &Path, runs: usize) -> Result<()> {
    ensure!(runs > 0, "at least one run");
    let handler = package::build(root, true)?;
    let folder = tempfile::tempdir()?;
    let database = format!("sqlite:{}", folder.path().join("cold.db").display());
    let migrated = command(&handler, &database, 0).arg("migrate").status()?;
    ensure!(migrated.success(), "the database could not be migrated");
    let (mut first, mut ready) = (Vec::with_capacity(runs), Vec::with_capacity(runs));
    for _ in 0..runs {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let started = Instant::now();
        let mut child = Running(command(&handler, &database, port).spawn()?);
        first.push(until_200(&mut child, address, "/", started)?);
        ready.push(until_200(&mut child, address, "/ready", started)?);
    }
    println!("{runs} starts, milliseconds from exec to the first 200 (minimum, median, maximum)");
    println!("GET /       {}", summary(&mut first));
    println!("GET /ready  {}", summary(&mut ready));
    Ok(())
}

/// A handler that is stopped when it goes out of scope.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(handler: &Path, database: &str, port: u16) -> Command {
    let mut command = Command::new(handler);
    command
        .env("ENVIRONMENT", "development")
        .env("DATABASE_URL", database)
        .env("JWT_SECRET_KEY", "cold start, access")
        .env("JWT_REFRESH_SECRET_KEY", "cold start, refresh")
        .env("FUNCTIONS_CUSTOMHANDLER_PORT", port.max(1).to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

fn until_200(child: &mut Running, address: SocketAddr, path: &str, started: Instant) -> Result<Duration> {
    loop {
        if get(address, path).is_some_and(|answer| answer.starts_with("HTTP/1.1 200")) {
            return Ok(started.elapsed());
        }
        ensure!(child.0.try_wait()?.is_none(), "the handler ended by itself");
        ensure!(started.elapsed() < LIMIT, "no 200 within {LIMIT:?}");
        std::thread::yield_now();
    }
}

fn get(address: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(LIMIT)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

fn summary(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let (low, middle, high) = (times[0], times[times.len() / 2], times[times.len() - 1]);
    format!("{:6.1} {:6.1} {:6.1}", milliseconds(low), milliseconds(middle), milliseconds(high))
}
