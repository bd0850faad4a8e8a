//! A release handler on a fresh SQLite database, for measuring, and the little HTTP that measuring needs.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::package;

/// After this long a start or an answer has failed.
const LIMIT: Duration = Duration::from_secs(10);

/// What the handlers here sign tokens with.
pub(crate) const ACCESS_SECRET: &str = "measuring, access";
/// The same for refresh tokens.
pub(crate) const REFRESH_SECRET: &str = "measuring, refresh";

/// The release handler and a migrated database.
pub(crate) struct Bench {
    handler: PathBuf,
    database: String,
    /// Settings besides the usual ones.
    settings: Vec<(&'static str, String)>,
    /// What goes with this.
    _folder: Option<tempfile::TempDir>,
}

impl Bench {
    /// Builds the handler and migrates a database in a folder that goes with this.
    pub(crate) fn prepare(root: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let database = format!("sqlite:{}", folder.path().join("bench.db").display());
        let bench =
            Self { handler: package::build(root, true)?, database, settings: Vec::new(), _folder: Some(folder) };
        bench.migrate()?;
        Ok(bench)
    }

    /// Builds the handler for a database that is there already.
    pub(crate) fn on(root: &Path, database: &str) -> Result<Self> {
        Ok(Self::of(package::build(root, true)?, database))
    }

    /// The handler at this path, for a database that is there already.
    pub(crate) fn of(handler: PathBuf, database: &str) -> Self {
        Self { handler, database: database.to_owned(), settings: Vec::new(), _folder: None }
    }

    /// The same with other settings, which win over the usual ones.
    pub(crate) fn with(mut self, settings: Vec<(&'static str, String)>) -> Self {
        self.settings = settings;
        self
    }

    /// Brings the database's schema up to the handler's.
    pub(crate) fn migrate(&self) -> Result<()> {
        ensure!(self.command(0).arg("migrate").status()?.success(), "the database could not be migrated");
        Ok(())
    }

    /// Starts the handler on a free port.
    pub(crate) fn start(&self) -> Result<Running> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let started = Instant::now();
        let child = self.command(port).spawn()?;
        Ok(Running { child, address: SocketAddr::from(([127, 0, 0, 1], port)), started })
    }

    /// The handler, set up for this database and a port.
    pub(crate) fn command(&self, port: u16) -> Command {
        let mut command = Command::new(&self.handler);
        command
            .env("ENVIRONMENT", "development")
            .env("DATABASE_URL", &self.database)
            .env("JWT_SECRET_KEY", ACCESS_SECRET)
            .env("JWT_REFRESH_SECRET_KEY", REFRESH_SECRET)
            .env("RATE_LIMIT_AUTH_PER_MINUTE", "0")
            .env("RATE_LIMIT_GENERAL_PER_MINUTE", "0")
            .env("RATE_LIMIT_SEARCH_PER_MINUTE", "0")
            .env("FUNCTIONS_CUSTOMHANDLER_PORT", port.max(1).to_string())
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }
}

/// A handler that is stopped when it goes out of scope.
pub(crate) struct Running {
    child: Child,
    address: SocketAddr,
    started: Instant,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// Asks until the answer is a 200; tells how long after the start that was.
    pub(crate) fn until_200(&mut self, path: &str) -> Result<Duration> {
        loop {
            if self.send("GET", path, "", "").is_ok_and(|(status, _)| status == 200) {
                return Ok(self.started.elapsed());
            }
            ensure!(self.child.try_wait()?.is_none(), "the handler ended by itself");
            ensure!(self.started.elapsed() < LIMIT, "no 200 within {LIMIT:?}");
            std::thread::yield_now();
        }
    }

    /// Sends a request with this access token, or none if it is empty, and answers the status and the JSON body.
    pub(crate) fn ask(&self, method: &str, path: &str, token: &str, body: &str) -> Result<(u16, Value)> {
        let (status, body) = self.send(method, path, &bearer(token), body)?;
        Ok((status, serde_json::from_str(&body)?))
    }

    /// Sends a request with one more header line (`Name: value`), or none if it is empty; answers the status and the body.
    pub(crate) fn send(&self, method: &str, path: &str, header: &str, body: &str) -> Result<(u16, String)> {
        self.exchange(method, path, header, body).map(|answer| (answer.status, answer.body))
    }

    /// The same, with the headers of the answer.
    pub(crate) fn exchange(&self, method: &str, path: &str, header: &str, body: &str) -> Result<Answer> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(LIMIT))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{header}{}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            if header.is_empty() { "" } else { "\r\n" },
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no end of the headers")?;
        let status = head.split(' ').nth(1).context("no status line")?;
        Ok(Answer { status: status.parse()?, head: head.to_ascii_lowercase(), body: body.to_owned() })
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    body: String,
}

impl Answer {
    /// Whether there is a header of this name, which is in lower case.
    pub(crate) fn has_header(&self, name: &str) -> bool {
        self.head.lines().any(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')))
    }
}

/// The highest resident memory of a living process so far, in MiB.
pub(crate) fn highest_memory_mib(pid: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).context("no VmHWM")?;
    Ok(line.split_whitespace().nth(1).context("no number")?.parse::<f64>()? / 1024.0)
}

/// The `n`-th percentile of sorted times, in milliseconds.
pub(crate) fn percentile(sorted: &[Duration], n: usize) -> f64 {
    sorted
        .get((sorted.len() * n / 100).min(sorted.len().saturating_sub(1)))
        .map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

/// The header line of an access token.
pub(crate) fn bearer(token: &str) -> String {
    if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}") }
}

/// Minimum, median and maximum in milliseconds.
pub(crate) fn summary(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let (low, middle, high) = (times[0], times[times.len() / 2], times[times.len() - 1]);
    format!("{:7.2} {:7.2} {:7.2}", milliseconds(low), milliseconds(middle), milliseconds(high))
}
