//! The handler as a child process: start, its lines, its end.

use crate::app::HostConfig;
use crate::log::{Level, Log};
use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

/// A running handler.
pub(crate) struct HandlerProcess {
    child: Child,
    readers: JoinSet<()>,
}

/// A port of 127.0.0.1 that nothing listens on just now.
pub(crate) fn free_port() -> Result<u16> {
    let probe = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
    Ok(probe.local_addr()?.port())
}

impl HandlerProcess {
    /// Starts the executable with exactly this environment.
    pub(crate) async fn start(config: &HostConfig, environment: &BTreeMap<String, String>, log: &Log) -> Result<Self> {
        let mut command = Command::new(&config.executable);
        command
            .args(&config.arguments)
            .current_dir(&config.working_directory)
            .env_clear()
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C in a terminal goes to the whole group: it is for the host, which then stops the handler.
            .process_group(0)
            .kill_on_drop(true);
        let mut child =
            spawn(&mut command).await.with_context(|| format!("{} can't be started", config.executable.display()))?;
        let mut readers = JoinSet::new();
        if let Some(stdout) = child.stdout.take() {
            readers.spawn(read_lines(stdout, log.clone(), |_| Level::Info));
        }
        if let Some(stderr) = child.stderr.take() {
            readers.spawn(read_lines(stderr, log.clone(), stderr_level));
        }
        Ok(Self { child, readers })
    }

    /// The process id, until it has ended.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for its end and for its last lines. May be cancelled and called again.
    pub(crate) async fn wait(&mut self) -> Result<ExitStatus> {
        let status = self.child.wait().await.context("the handler can't be waited for")?;
        // A grandchild may hold the pipes open, so there is a bound.
        let lines = async { while self.readers.join_next().await.is_some() {} };
        drop(tokio::time::timeout(Duration::from_secs(1), lines).await);
        Ok(status)
    }

    /// SIGKILL, as Azure's host does it.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        self.child.start_kill().context("the handler can't be killed")?;
        self.wait().await.map(drop)
    }

    /// SIGTERM, then SIGKILL if it is still there after `grace`. Whether it went by itself.
    pub(crate) async fn stop(&mut self, grace: Duration) -> Result<bool> {
        let pid = self.pid().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            kill_process(pid, Signal::TERM).context("the handler can't be asked to stop")?;
        }
        if let Ok(ended) = tokio::time::timeout(grace, self.wait()).await {
            return ended.map(|_| true);
        }
        self.kill().await?;
        Ok(false)
    }
}

/// An executable that was just written may still be open in a process that is being forked elsewhere: it is tried again.
async fn spawn(command: &mut Command) -> std::io::Result<Child> {
    for _ in 0..40 {
        match command.spawn() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
            result => return result,
        }
    }
    command.spawn()
}

async fn read_lines(stream: impl AsyncRead + Unpin, log: Log, level: fn(&str) -> Level) {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while matches!(reader.read_until(b'\n', &mut line).await, Ok(read) if read > 0) {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        if !text.is_empty() {
            log.write(level(text), "handler", text);
        }
        line.clear();
    }
}

fn stderr_level(line: &str) -> Level {
    if line.to_ascii_lowercase().contains("warn") { Level::Warning } else { Level::Error }
}
