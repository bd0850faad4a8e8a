//! The handler's life: start, readiness, errors, restarts, the end.

use crate::support::{BOUND, Gate, TestApp, is_alive};
use devhost::Level;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

#[tokio::test]
async fn the_handler_gets_its_settings_and_the_hosts_variables() {
    let hosted = TestApp::with_everything().setting("DATABASE_URL", "sqlite::memory:").ready().await;
    let variables: BTreeMap<String, String> = serde_json::from_str(&{
        let pairs: Vec<(String, String)> = serde_json::from_str(&hosted.get("/env").await.body).unwrap();
        json!(pairs.into_iter().collect::<BTreeMap<_, _>>()).to_string()
    })
    .unwrap();
    assert_eq!(variables["DATABASE_URL"], "sqlite::memory:");
    assert_eq!(variables["FUNCTIONS_CUSTOMHANDLER_PORT"], variables["FUNCTIONS_HTTPWORKER_PORT"]);
    assert_eq!(variables["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"].len(), 36);
    let root = hosted.folder.path().canonicalize().unwrap();
    assert_eq!(variables["FUNCTIONS_APP_ROOT_PATH"], root.display().to_string());
    assert!(!variables.contains_key("HOME"), "inherit_environment is off: {variables:?}");
    hosted.shutdown().await;
}

#[tokio::test]
async fn requests_wait_until_the_handler_listens() {
    let gate = Gate::new().await;
    let hosted = TestApp::with_everything().setting("STUB_START_GATE", gate.address()).start().await;
    let visitor = gate.arrival().await;
    let mut early = TcpStream::connect(hosted.host.address()).await.unwrap();
    early.write_all(b"GET /early HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    // The host itself answers all the while; the one for the handler gets nothing, not even an error.
    for _ in 0..20 {
        assert_eq!(hosted.get("/").await.status, 200);
    }
    assert_eq!(early.try_read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    visitor.let_pass().await;
    let mut answer = String::new();
    timeout(BOUND, early.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    hosted.shutdown().await;
}

#[tokio::test]
async fn a_handler_that_never_listens_is_given_up() {
    let gate = Gate::new().await;
    let app = TestApp::with_everything().setting("STUB_START_GATE", gate.address());
    let mut hosted = app.options(|options| options.start_limit = Duration::from_millis(200)).start().await;
    let why = timeout(BOUND, hosted.host.wait()).await.unwrap().unwrap_err().to_string();
    assert!(why.contains("did not listen on FUNCTIONS_CUSTOMHANDLER_PORT within 0.2 s"), "{why}");
    let starts = hosted.lines.so_far().iter().filter(|line| line.message.starts_with("starting ")).count();
    assert_eq!(starts, 3);
}

#[tokio::test]
async fn an_error_restarts_the_handler() {
    let hosted = TestApp::with_everything().ready().await;
    let first = hosted.get("/x").await.json()["pid"].clone();
    assert_eq!(first, json!(hosted.host.handler_pid()));
    hosted.get("/exit/3").await;
    let mut hosted = hosted;
    hosted.lines.wait_for("error 1 of 3").await;
    let second = hosted.get("/x").await;
    assert_eq!(second.status, 200);
    assert_ne!(second.json()["pid"], first);
    hosted.shutdown().await;
}

#[tokio::test]
async fn the_third_error_stops_the_host() {
    let mut hosted = TestApp::with_everything().setting("STUB_EXIT", 7).start().await;
    let why = timeout(BOUND, hosted.host.wait()).await.unwrap().unwrap_err().to_string();
    assert!(why.contains("failed 3 times") && why.contains("exit status: 7"), "{why}");
    assert!(hosted.host.ready().await.is_err());
    let starts = hosted.lines.so_far().iter().filter(|line| line.message.starts_with("starting ")).count();
    assert_eq!(starts, 3);
    let refused = async { while TcpStream::connect(hosted.host.address()).await.is_ok() {} };
    timeout(BOUND, refused).await.unwrap();
}

#[tokio::test]
async fn exit_code_0_is_final() {
    let mut hosted = TestApp::with_everything().ready().await;
    hosted.get("/exit/0").await;
    hosted.lines.wait_for("exit code 0 and is not restarted").await;
    let reply = hosted.get("/x").await;
    assert_eq!((reply.status, reply.body.as_str(), hosted.host.handler_pid()), (500, "", None));
    hosted.shutdown().await;
}

#[tokio::test]
async fn output_becomes_log_lines() {
    for (line, level) in [("it broke", Level::Error), ("WARNING: it may break", Level::Warning)] {
        let mut hosted = TestApp::with_everything().setting("STUB_STDERR", line).ready().await;
        let entry = hosted.lines.wait_for(line).await;
        assert_eq!((entry.level, entry.source.as_str()), (level, "handler"));
        hosted.shutdown().await;
    }
    let mut hosted = TestApp::with_everything().ready().await;
    assert_eq!(hosted.lines.wait_for("starting ").await.level, Level::Info);
    hosted.shutdown().await;
}

#[tokio::test]
async fn the_function_timeout_kills_and_restarts_it() {
    let app = TestApp::with_everything().config("functionTimeout", json!("00:00:00.5"));
    let mut hosted = app.ready().await;
    let pid = hosted.host.handler_pid().unwrap();
    // The second is killed along with the first, whatever it was about.
    let (first, second) = tokio::join!(hosted.get("/hang"), hosted.get("/hang"));
    assert_eq!((first.status, first.body.as_str(), second.status), (500, "", 500));
    hosted.lines.wait_for("killed at the function timeout").await;
    assert!(!is_alive(pid));
    assert_ne!(hosted.get("/x").await.json()["pid"], pid);
    assert!(!hosted.lines.so_far().iter().any(|line| line.message.contains("of 3)")), "a timeout is no strike");
    hosted.shutdown().await;
}

#[tokio::test]
async fn an_invocation_outlives_its_client() {
    let app = TestApp::with_everything().config("functionTimeout", json!("00:00:00.5"));
    let mut hosted = app.ready().await;
    let address = hosted.host.address();
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET /hang HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    hosted.lines.wait_for("hanging").await;
    drop(client);
    hosted.lines.wait_for("killed at the function timeout").await;
    hosted.shutdown().await;
}

#[tokio::test]
async fn shutdown_lets_the_handler_drain() {
    let mut hosted = TestApp::with_everything().setting("STUB_SIGTERM", "drain").ready().await;
    let pid = hosted.host.handler_pid().unwrap();
    timeout(BOUND, hosted.host.shutdown()).await.unwrap().unwrap();
    hosted.lines.wait_for("drained").await;
    assert!(!is_alive(pid));
}

#[tokio::test]
async fn a_handler_that_does_not_go_is_killed() {
    let app = TestApp::with_everything().setting("STUB_SIGTERM", "ignore");
    let mut hosted = app.options(|options| options.shutdown_grace = Duration::from_millis(200)).ready().await;
    let pid = hosted.host.handler_pid().unwrap();
    timeout(BOUND, hosted.host.shutdown()).await.unwrap().unwrap();
    hosted.lines.wait_for("was killed").await;
    assert!(!is_alive(pid));
}

#[tokio::test]
async fn a_taken_port_says_what_to_do() {
    let hosted = TestApp::with_everything().ready().await;
    let address = hosted.host.address();
    let refusal = TestApp::with_everything().options(|options| options.listen = address).refusal().await;
    assert!(refusal.contains("--port"), "{refusal}");
    hosted.shutdown().await;
}

#[tokio::test]
async fn dropping_the_host_takes_the_handler_along() {
    let hosted = TestApp::with_everything().ready().await;
    let pid = hosted.host.handler_pid().unwrap();
    drop(hosted);
    let gone = async {
        while is_alive(pid) {
            tokio::task::yield_now().await;
        }
    };
    timeout(BOUND, gone).await.unwrap();
}
