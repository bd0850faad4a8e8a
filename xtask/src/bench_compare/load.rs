//! One request over and over on a few connections that stay open, and what it costs the server.

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::server::Running;

/// Connections that ask at once, each one request after the other.
const CONNECTIONS: usize = 4;
/// This share of the time is asked before what counts.
const WARM_UP: u32 = 4;
/// The unit of CPU times in `/proc/<pid>/stat` is a hundredth of a second on every Linux of ours: `man 5 proc_pid_stat`,
/// `USER_HZ`.
const TICK: Duration = Duration::from_millis(10);

/// What is asked.
#[derive(Clone)]
pub(super) struct Asked {
    method: Method,
    path: String,
    body: Bytes,
}

impl Asked {
    /// Something that is read.
    pub(super) fn get(path: &str) -> Self {
        Self { method: Method::GET, path: path.to_owned(), body: Bytes::new() }
    }

    /// Something that is written.
    pub(super) fn post(path: &str, body: String) -> Self {
        Self { method: Method::POST, path: path.to_owned(), body: body.into() }
    }

    /// For people, without what it asks for in detail.
    pub(super) fn name(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        format!("{} {}", self.method, path.trim_start_matches("/api/v1"))
    }
}

/// What was measured of one request in one turn, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// The median from sending the request to the end of its answer.
    pub(super) latency: f64,
    /// The processor time of the server, one request's share.
    pub(super) cpu: f64,
}

/// Asks this for so long, after a while in which it does not count. Every answer has to be a success.
pub(super) fn measure(handler: &Running, token: &str, asked: &Asked, each: Duration) -> Result<Sample> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure_from(handler, token, asked, each)).with_context(|| asked.name())
}

async fn measure_from(handler: &Running, token: &str, asked: &Asked, each: Duration) -> Result<Sample> {
    ask(handler.address(), token, asked, each / WARM_UP).await?;
    let before = cpu_time(handler.pid())?;
    let mut times = ask(handler.address(), token, asked, each).await?;
    let cpu = cpu_time(handler.pid())?.saturating_sub(before);
    times.sort_unstable();
    let middle = times.get(times.len() / 2).context("not one answer: give it more seconds")?;
    let requests = u32::try_from(times.len())?;
    Ok(Sample { latency: middle.as_secs_f64() * 1e3, cpu: cpu.as_secs_f64() * 1e3 / f64::from(requests) })
}

/// How long each request took.
async fn ask(address: SocketAddr, token: &str, asked: &Asked, each: Duration) -> Result<Vec<Duration>> {
    let until = Instant::now() + each;
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        connections.spawn(ask_on_one(address, format!("Bearer {token}"), asked.clone(), until));
    }
    let mut times = Vec::new();
    while let Some(done) = connections.join_next().await {
        times.extend(done??);
    }
    Ok(times)
}

async fn ask_on_one(address: SocketAddr, authorization: String, asked: Asked, until: Instant) -> Result<Vec<Duration>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let mut times = Vec::new();
    while Instant::now() < until {
        let request = Request::builder()
            .method(&asked.method)
            .uri(&asked.path)
            .header(HOST, "localhost")
            .header(AUTHORIZATION, &authorization)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(asked.body.clone()))?;
        let started = Instant::now();
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        times.push(started.elapsed());
        ensure!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&body));
    }
    drop(sender);
    connection.await??;
    Ok(times)
}

/// The processor time that a process has taken so far, its threads that ended included.
fn cpu_time(pid: u32) -> Result<Duration> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).context("processor times are read on Linux alone")?)
}

/// The 14th and the 15th field: `utime` and `stime`. The second one is the program's name in brackets, with whatever is in it.
fn parse_stat(stat: &str) -> Result<Duration> {
    let (_, fields) = stat.rsplit_once(") ").context("no name in /proc/…/stat")?;
    let mut ticks = fields.split(' ').skip(11).map(str::parse::<u32>);
    let (Some(Ok(user)), Some(Ok(system))) = (ticks.next(), ticks.next()) else {
        anyhow::bail!("no times in /proc/…/stat")
    };
    Ok(TICK * (user + system))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_that_of_the_program_and_of_the_system_for_it() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 9 9 20 0 4 0 100 1000 200";
        assert_eq!(parse_stat(stat).unwrap(), Duration::from_secs(3));
        assert!(parse_stat("7 (handler) S 1").is_err());
        assert!(cpu_time(std::process::id()).is_ok() || cfg!(not(target_os = "linux")));
    }

    #[test]
    fn a_request_is_called_by_its_path() {
        assert_eq!(Asked::get("/api/v1/matches?city=London").name(), "GET /matches");
        assert_eq!(Asked::post("/api/v1/travels", "{}".to_owned()).name(), "POST /travels");
    }
}
