//! How it is with the process and the database, and what becomes of requests while the database is away.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::promises::keys;
use tests::{Answer, OwnDatabase, Setup, TestApp};

use super::openapi::operations;

/// What every client takes for an answer, in a test that has to share its machine. Nobody waits for a database that is
/// not there.
const QUICKLY: Duration = Duration::from_secs(5);
/// One wait for a connection, and the time to tell everyone that there is none.
const ONE_WAIT: Duration = Duration::from_secs(15);

/// What an outsider must not learn of where the database is: every value of its address, and each part of a path.
fn whereabouts(database: &OwnDatabase) -> Vec<String> {
    let values = database.setting().split(';').map(|pair| pair.rsplit('=').next().unwrap());
    let parts = values.flat_map(|value| value.split([',', ':', '/']));
    parts.filter(|part| part.len() > 3 && !["sqlite", "true"].contains(part)).map(str::to_owned).collect()
}

fn tells_nothing_of(answer: &Answer, database: &OwnDatabase) {
    let parts = whereabouts(database);
    assert!(!parts.is_empty());
    for part in parts {
        assert!(!answer.text.contains(&part), "{part}: {answer:?}");
    }
}

#[tokio::test]
async fn the_process_is_well_whatever_the_database_is() {
    for app in [TestApp::new().await, TestApp::start(Setup::default(), OwnDatabase::unreachable())] {
        let mark = app.log.mark();
        for path in ["/health", "/live"] {
            let report = app.anonymous().get(path).await.expect_status(200).json();
            assert_eq!(report, json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }));
        }
        // The host asks this until it is answered, before it sends any request.
        let home = app.anonymous().get("/").await.expect_status(200).json();
        assert_eq!(home["name"], "TravelMeetup");
        assert_eq!(app.log.statements_since(mark), [""; 0], "without a look at the database");
    }
}

#[tokio::test]
async fn with_a_database_the_app_is_ready_and_tells_how_everything_is() {
    let app = TestApp::new().await;
    let ready = app.anonymous().get("/ready").await.expect_status(200).json();
    assert_eq!(ready, json!({ "status": "ok", "reason": Value::Null }));

    let answer = app.anonymous().get("/health/detailed").await;
    let report = answer.expect_status(200).json();
    assert_eq!(keys(&report), ["status", "version", "database", "migrations", "match_scan", "pool"]);
    assert_eq!(report["status"], "ok");
    assert_eq!(report["database"]["status"], "ok");
    assert_eq!(report["database"]["engine"], app.state.db.engine_name());
    assert!(report["database"]["latency_ms"].as_f64().is_some_and(|latency| latency > 0.0), "{report}");
    assert_eq!(report["migrations"], json!({ "status": "ok", "message": "the schema is current" }));
    assert!(report["pool"]["size"].as_u64().is_some_and(|size| size > 0), "{report}");
    assert_eq!(report["pool"]["in_use"], 0);
    tells_nothing_of(&answer, app.database());
}

#[tokio::test]
async fn without_a_database_it_is_not_and_says_so_at_once() {
    let app = TestApp::start(Setup::default(), OwnDatabase::unreachable());
    let client = app.anonymous();
    let ready = tokio::time::timeout(QUICKLY, client.get("/ready")).await.unwrap();
    let reason = "the database does not answer";
    assert_eq!(ready.expect_status(503).json(), json!({ "status": "unavailable", "reason": reason }));
    let detailed = tokio::time::timeout(QUICKLY, client.get("/health/detailed")).await.unwrap();
    let report = detailed.expect_status(503).json();
    assert_eq!((&report["status"], &report["database"]["status"]), (&json!("unavailable"), &json!("unavailable")));
    assert_eq!(report["database"]["latency_ms"], Value::Null);
    assert_eq!(report["migrations"], json!({ "status": "unavailable", "message": reason }));
    for answer in [&ready, &detailed] {
        assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{answer:?}");
        tells_nothing_of(answer, app.database());
    }
}

#[tokio::test]
async fn without_a_database_every_operation_is_a_503_that_says_when_to_come_back() {
    let app = TestApp::start(Setup::default(), OwnDatabase::unreachable());
    let (client, body) = (app.anonymous().with_token("a.b.c"), json!({}));
    for operation in operations().into_iter().filter(|operation| operation.path.starts_with("/api/")) {
        let asked = client.send(operation.method, &operation.path, Some(&body));
        // That it has the envelope and a Retry-After is held of every 503.
        let answer = tokio::time::timeout(QUICKLY, asked).await.unwrap();
        answer.expect_refusal(503, "SERVICE_UNAVAILABLE");
        tells_nothing_of(&answer, app.database());
    }
    client.get("/api/v1/nowhere").await.expect_status(404);
}

#[tokio::test]
async fn security_26_a_database_that_is_silent_keeps_a_crowd_waiting_no_longer_than_one() {
    let app = TestApp::start(Setup::default(), OwnDatabase::silent());
    let clients: Vec<_> = (0..20).map(|_| app.anonymous()).collect();
    let asked = join_all(clients.iter().map(|client| client.get("/api/v1/users/me")));
    for answer in tokio::time::timeout(ONE_WAIT, asked).await.unwrap() {
        answer.expect_refusal(503, "SERVICE_UNAVAILABLE");
    }
}
