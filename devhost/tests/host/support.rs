//! A function app made for one test, hosted with the stub as its handler, and what is needed to talk to it.

use devhost::{Host, HostOptions, Level, LogEntry, RunningHost};
use serde_json::{Value, json};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Nothing here takes nearly as long; a test that waits longer has failed.
pub(crate) const BOUND: Duration = Duration::from_secs(20);

/// A function app that is not hosted yet.
pub(crate) struct TestApp {
    pub(crate) folder: TempDir,
    pub(crate) options: HostOptions,
    lines: mpsc::UnboundedReceiver<LogEntry>,
    config: Value,
}

/// A hosted function app.
pub(crate) struct Hosted {
    pub(crate) host: RunningHost,
    pub(crate) lines: Lines,
    pub(crate) folder: TempDir,
}

/// The log, line by line.
pub(crate) struct Lines(mpsc::UnboundedReceiver<LogEntry>);

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// An `httpTrigger` function without a key.
pub(crate) fn http(methods: &[&str], route: &str) -> Value {
    json!({"bindings": [
        {"type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous", "methods": methods, "route": route},
        {"type": "http", "direction": "out", "name": "$return"},
    ]})
}

/// A `timerTrigger` function.
pub(crate) fn timer(schedule: &str) -> Value {
    json!({"bindings": [{"type": "timerTrigger", "direction": "in", "name": "timer", "schedule": schedule}]})
}

impl TestApp {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (sender, lines) = mpsc::unbounded_channel();
        let mut options = HostOptions::new(folder.path());
        options.inherit_environment = false;
        options.log = Arc::new(move |entry| drop(sender.send(entry)));
        let config = json!({
            "version": "2.0",
            "customHandler": {
                "description": {"defaultExecutablePath": env!("CARGO_BIN_EXE_devhost-stub")},
                "enableForwardingHttpRequest": true,
            },
            "extensions": {"http": {"routePrefix": ""}},
        });
        Self { folder, options, lines, config }
    }

    /// With one function that takes everything but what the timers' names begin with.
    pub(crate) fn with_everything() -> Self {
        let any = json!(["get", "post", "put", "delete", "head", "options", "patch"]);
        let mut function = http(&[], "{first:maxlength(8)}/{*rest}");
        function["bindings"][0]["methods"] = any;
        Self::new().function("Everything", &function)
    }

    pub(crate) fn function(self, name: &str, file: &Value) -> Self {
        self.file(&format!("{name}/function.json"), &file.to_string())
    }

    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Sets a top-level key of host.json.
    pub(crate) fn config(mut self, key: &str, value: Value) -> Self {
        self.config[key] = value;
        self
    }

    pub(crate) fn setting(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.options.settings.insert(name.to_owned(), format!("{value}"));
        self
    }

    pub(crate) fn options(mut self, change: impl FnOnce(&mut HostOptions)) -> Self {
        change(&mut self.options);
        self
    }

    /// Hosts it, without waiting for the handler.
    pub(crate) async fn start(self) -> Hosted {
        let config = self.config.to_string();
        let app = self.file("host.json", &config);
        let host = Host::start(app.options).await.unwrap();
        Hosted { host, lines: Lines(app.lines), folder: app.folder }
    }

    /// Hosts it and waits for the handler.
    pub(crate) async fn ready(self) -> Hosted {
        let hosted = self.start().await;
        timeout(BOUND, hosted.host.ready()).await.unwrap().unwrap();
        hosted
    }

    /// Why it can't be hosted.
    pub(crate) async fn refusal(self) -> String {
        let config = self.config.to_string();
        match Host::start(self.file("host.json", &config).options).await {
            Err(error) => format!("{error:#}"),
            Ok(_) => panic!("it was not refused"),
        }
    }
}

impl Hosted {
    pub(crate) async fn get(&self, target: &str) -> Reply {
        send(self.host.address(), Ipv4Addr::LOCALHOST, "GET", target, &[], b"").await
    }

    pub(crate) async fn call(&self, method: &str, target: &str, headers: &[&str], body: &[u8]) -> Reply {
        send(self.host.address(), Ipv4Addr::LOCALHOST, method, target, headers, body).await
    }

    pub(crate) async fn shutdown(self) {
        timeout(BOUND, self.host.shutdown()).await.unwrap().unwrap();
    }
}

impl Lines {
    /// Waits for a line that contains the text, past all others.
    pub(crate) async fn wait_for(&mut self, text: &str) -> LogEntry {
        let search = async {
            let mut seen = Vec::new();
            while let Some(entry) = self.0.recv().await {
                if entry.message.contains(text) {
                    return Ok(entry);
                }
                seen.push(entry.to_string());
            }
            Err(seen)
        };
        timeout(BOUND, search).await.unwrap_or_else(|_| panic!("no line with \"{text}\"")).unwrap()
    }

    /// Waits for the stub to say that it was called as a timer; gives what it saw, with the body read as JSON.
    pub(crate) async fn wait_for_timer(&mut self) -> Value {
        let line = self.wait_for("timer {").await;
        assert_eq!((line.level, line.source.as_str()), (Level::Info, "handler"));
        let mut seen: Value = serde_json::from_str(line.message.strip_prefix("timer ").unwrap()).unwrap();
        seen["body"] = serde_json::from_str(seen["body"].as_str().unwrap()).unwrap();
        seen
    }

    /// The lines that are there by now.
    pub(crate) fn so_far(&mut self) -> Vec<LogEntry> {
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A header of the request as the stub saw it, each value once.
    pub(crate) fn seen(&self, name: &str) -> Vec<String> {
        let all = self.json()["headers"].as_array().unwrap().clone();
        let mine = all.iter().filter(|header| header[0] == name);
        mine.map(|header| header[1].as_str().unwrap().to_owned()).collect()
    }
}

/// One request over a connection of its own, from this loopback address. A body gets its Content-Length.
pub(crate) async fn send(
    host: SocketAddr,
    from: Ipv4Addr,
    method: &str,
    target: &str,
    headers: &[&str],
    body: &[u8],
) -> Reply {
    let length = (!body.is_empty()).then(|| format!("Content-Length: {}", body.len()));
    let own = [format!("{method} {target} HTTP/1.1"), format!("Host: {host}"), "Connection: close".to_owned()];
    let lines = own.iter().map(String::as_str).chain(headers.iter().copied()).chain(length.as_deref());
    let head = lines.collect::<Vec<_>>().join("\r\n");
    raw(host, from, &[head.as_bytes(), b"\r\n\r\n", body].concat()).await
}

/// Sends these bytes and reads until the host closes the connection.
pub(crate) async fn raw(host: SocketAddr, from: Ipv4Addr, request: &[u8]) -> Reply {
    let exchange = async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        let mut stream = socket.connect(host).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        parse(&String::from_utf8(answer).unwrap())
    };
    timeout(BOUND, exchange).await.unwrap()
}

fn parse(answer: &str) -> Reply {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no HTTP: {answer:?}"));
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let pair = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    Reply { status, headers: lines.filter_map(pair).collect(), body: body.to_owned() }
}

/// A place where the stub waits until the test lets it go on.
pub(crate) struct Gate(TcpListener);

impl Gate {
    pub(crate) async fn new() -> Self {
        Self(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// Waits until the stub is at the gate.
    pub(crate) async fn arrival(&self) -> Visitor {
        Visitor(timeout(BOUND, self.0.accept()).await.unwrap().unwrap().0)
    }
}

/// The stub at a gate.
pub(crate) struct Visitor(TcpStream);

impl Visitor {
    pub(crate) async fn let_pass(mut self) {
        self.0.write_u8(1).await.unwrap();
    }
}

/// Whether a process is there and no zombie.
pub(crate) fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}
