//! Telemetry of the real handler, behind the local host, and what a bad setting does.

#[cfg(target_os = "linux")]
use std::{collections::BTreeMap, process::Stdio};

use tests::OwnDatabase;
use tests::ingestion::Ingestion;
#[cfg(target_os = "linux")]
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::support::{BOUND, Hosted, handler, migrate, settings};

#[tokio::test]
async fn with_a_connection_string_it_tells_soon_and_the_rest_at_its_end() {
    let (database, ingestion) = (OwnDatabase::empty().await, Ingestion::start().await);
    let mut settings = settings(&database);
    settings.insert("APPLICATIONINSIGHTS_CONNECTION_STRING".to_owned(), ingestion.connection_string());
    settings.insert("TELEMETRY_SAMPLING_PERCENT".to_owned(), "100".to_owned());
    // Statements are told of whatever the log has of them.
    settings.insert("LOG_LEVEL".to_owned(), "warn".to_owned());
    migrate(&settings).await;
    let hosted = Hosted::start_with(settings).await;
    let (ana, _) = hosted.client().join("Ana").await;
    let is = |name: &'static str| move |item: &serde_json::Value| item["data"]["baseData"]["name"] == name;
    let registered = ingestion.arrival("Event", is("user_registered")).await;
    let request = ingestion.arrival("Request", is("POST /api/v1/auth/register")).await;
    assert_eq!(registered["tags"]["ai.operation.id"], request["tags"]["ai.operation.id"]);
    let invocation = request["data"]["baseData"]["properties"]["invocation_id"].as_str().unwrap();
    assert!(invocation.len() >= 32, "the host's own: {invocation}");
    ingestion.arrival("RemoteDependency", is("handler::users::store/insert")).await;

    let before = ingestion.of_kind("Request").len();
    ana.get("/api/v1/notifications").await.expect(200);
    hosted.shutdown().await;
    let after = ingestion.of_kind("Request");
    assert!(after.iter().any(is("GET /api/v1/notifications")), "{before} before and {} after", after.len());
    let text = ingestion.text();
    assert!(!text.contains('@') && !text.contains(crate::support::PASSWORD), "{text}");
}

#[tokio::test]
async fn a_scan_by_hand_tells_what_it_found_before_it_ends() {
    let (database, ingestion) = (OwnDatabase::empty().await, Ingestion::start().await);
    let hosted = Hosted::start(&database).await;
    hosted.client().two_in_rome().await;
    let mut settings = settings(&database);
    settings.insert("APPLICATIONINSIGHTS_CONNECTION_STRING".to_owned(), ingestion.connection_string());
    let mut command = Command::new(handler().await);
    command.args(["scan-matches", "--once"]).env_clear().envs(&settings).kill_on_drop(true);
    let output = tokio::time::timeout(BOUND, command.output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let events = ingestion.of_kind("Event");
    let names: Vec<&str> = events.iter().map(|item| item["data"]["baseData"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["match_scan", "travel_match_found"]);
    assert_eq!(events[1]["data"]["baseData"]["properties"]["matches"], "1");
    hosted.shutdown().await;
}

/// The threads of OpenTelemetry in a handler that works with these settings.
#[cfg(target_os = "linux")]
async fn threads_of_telemetry(settings: &BTreeMap<String, String>) -> usize {
    let mut command = Command::new(handler().await);
    command.args(["scan-matches", "--pause", "20"]).env_clear().envs(settings).env("LOG_LEVEL", "debug");
    let mut running = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
    let works = async { while !lines.next_line().await.unwrap().unwrap().contains("\"statement\"") {} };
    tokio::time::timeout(BOUND, works).await.unwrap();
    let tasks = std::fs::read_dir(format!("/proc/{}/task", running.id().unwrap())).unwrap();
    let names = tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).unwrap());
    let number = names.filter(|name| name.starts_with("OpenTelemetry")).count();
    running.kill().await.unwrap();
    number
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn without_a_connection_string_there_is_no_thread_for_it() {
    let (database, ingestion) = (OwnDatabase::empty().await, Ingestion::start().await);
    let mut settings = settings(&database);
    migrate(&settings).await;
    settings.insert("METRICS".to_owned(), "on".to_owned());
    assert_eq!(threads_of_telemetry(&settings).await, 0);
    settings.insert("APPLICATIONINSIGHTS_CONNECTION_STRING".to_owned(), ingestion.connection_string());
    assert_eq!(threads_of_telemetry(&settings).await, 3, "of each kind of span one, and one for figures");
    assert_eq!(ingestion.requests(), 0, "who has nothing to say opens no connection");
}

#[tokio::test]
async fn a_bad_connection_string_stops_the_start_and_is_not_repeated() {
    let database = OwnDatabase::empty().await;
    let mut settings = settings(&database);
    settings.insert("APPLICATIONINSIGHTS_CONNECTION_STRING".to_owned(), "InstrumentationKey=hunter2".to_owned());
    settings.insert("APPLICATIONINSIGHTS_AUTHENTICATION_STRING".to_owned(), "Authorization=hunter2".to_owned());
    settings.insert("TELEMETRY_SAMPLING_PERCENT".to_owned(), "101".to_owned());
    let mut command = Command::new(handler().await);
    let output = command.arg("serve").env_clear().envs(&settings).kill_on_drop(true).output();
    let output = tokio::time::timeout(BOUND, output).await.unwrap().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    for words in [
        "APPLICATIONINSIGHTS_CONNECTION_STRING must hold",
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING must be Authorization=AAD",
        "TELEMETRY_SAMPLING_PERCENT must be",
    ] {
        assert!(told.contains(words), "{told}");
    }
    assert!(!told.contains("hunter2"), "{told}");
}

#[tokio::test]
async fn the_host_knows_no_way_to_the_figures() {
    let database = OwnDatabase::empty().await;
    let mut settings = settings(&database);
    settings.insert("METRICS".to_owned(), "on".to_owned());
    migrate(&settings).await;
    let hosted = Hosted::start_with(settings).await;
    hosted.client().get("/live").await.expect(200);
    hosted.client().get("/metrics").await.expect(404);
    let asked = hosted.lines_with("\"route\":\"/live\"").len() + hosted.lines_with("\"route\":\"/metrics\"").len();
    assert_eq!(asked, 1, "only the first of them came as far as the handler");
    hosted.shutdown().await;
}
