//! Telemetry of the real handler, behind the local host, and what a bad setting does.

use tests::OwnDatabase;
use tests::ingestion::Ingestion;

use crate::support::{Hosted, migrate, settings};

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
async fn a_bad_connection_string_stops_the_start_and_is_not_repeated() {
    let database = OwnDatabase::empty().await;
    let mut settings = settings(&database);
    settings.insert("APPLICATIONINSIGHTS_CONNECTION_STRING".to_owned(), "InstrumentationKey=hunter2".to_owned());
    settings.insert("TELEMETRY_SAMPLING_PERCENT".to_owned(), "101".to_owned());
    let mut command = tokio::process::Command::new(crate::support::handler().await);
    let output = command.arg("serve").env_clear().envs(&settings).kill_on_drop(true).output();
    let output = tokio::time::timeout(crate::support::BOUND, output).await.unwrap().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    for words in ["APPLICATIONINSIGHTS_CONNECTION_STRING must hold", "TELEMETRY_SAMPLING_PERCENT must be"] {
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
