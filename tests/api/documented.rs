//! The refusals that the document tells of many operations, brought about at each of them. That no operation answers with
//! anything undocumented is held in every story; that each documented status comes up in some story is what
//! `cargo xtask status-coverage` looks at.

use axum::http::Method;
use handler::limits::rules::RateLimits;
use serde_json::{Value, json};
use tests::{Client, Setup, TestApp, statements};

use crate::openapi::{Operation, operations};

/// Larger than any body may be, in bytes.
const TOO_LARGE: usize = 65_537;

/// The operations that the document says answer with this status.
fn that_answer(status: u16) -> Vec<Operation> {
    let status = status.to_string();
    operations().into_iter().filter(|operation| operation.described["responses"][&status].is_object()).collect()
}

fn takes(operation: &Operation, place: &str) -> bool {
    operation.described["parameters"].as_array().into_iter().flatten().any(|parameter| parameter["in"] == place)
}

fn takes_query(operation: &Operation) -> bool {
    takes(operation, "query")
}

fn takes_body(operation: &Operation) -> bool {
    operation.described["requestBody"].is_object()
}

/// Whoever may use the operation, if anybody in particular may.
fn caller(operation: &Operation, app: &TestApp, somebody: &Client) -> Client {
    let secured = operation.described["security"].as_array().is_some_and(|schemes| !schemes.is_empty());
    if secured { somebody.clone() } else { app.anonymous() }
}

#[test]
fn what_can_have_faults_documents_a_400() {
    let mut documented = 0;
    for operation in operations() {
        let told = operation.described["responses"]["400"].is_object();
        let can_have_faults = takes_query(&operation) || takes(&operation, "header") || takes_body(&operation);
        assert_eq!(told, can_have_faults, "{}", operation.id);
        documented += usize::from(told);
    }
    assert!(documented > 15, "{documented}");
}

#[tokio::test]
async fn every_operation_that_takes_a_query_refuses_a_bad_one() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let mut asked = 0;
    for operation in that_answer(400).iter().filter(|operation| takes_query(operation)) {
        // Somebody there is, and no operation reads a page of zero or days that are none.
        let path = operation.path.replace("2147483647", &ana.id.to_string());
        let path = format!("{path}?q=ana&city=Rome&start_date=soon&end_date=later&limit=0");
        let answer = caller(operation, &app, &ana).send(operation.method.clone(), &path, None).await;
        answer.expect_refusal(400, "VALIDATION_ERROR");
        asked += 1;
    }
    assert!(asked >= 9, "{asked}");
}

#[tokio::test]
async fn every_operation_that_takes_a_tag_refuses_one_that_is_none_of_ours_by_its_length() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    let plan = json!({ "city": "Rome", "country": "Italy", "start_date": "2026-03-15", "end_date": "2026-03-20" });
    let plan = ana.post("/api/v1/travels", &plan).await.expect_status(201).json()["id"].to_string();
    let mut asked = 0;
    for operation in that_answer(400).iter().filter(|operation| takes(operation, "header")) {
        let id = if operation.template.contains("{travel_id}") { &plan } else { &ana.id.to_string() };
        let query = match operation.id.as_str() {
            "matchesFind" => "?city=Rome&start_date=2026-03-15&end_date=2026-03-20",
            _ => "",
        };
        let path = format!("{}{query}", operation.path.replace("2147483647", id));
        for (length, status) in [(1_000, 200), (1_001, 400)] {
            let tag = format!("\"{}\"", "x".repeat(length - 2));
            ana.with_header("if-none-match", &tag).get(&path).await.expect_status(status);
        }
        asked += 1;
    }
    assert_eq!(asked, that_answer(304).len());
}

#[tokio::test]
async fn every_operation_that_takes_a_body_refuses_what_is_too_large_or_no_json() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let mut asked = 0;
    for operation in operations().iter().filter(|operation| takes_body(operation)) {
        let client = caller(operation, &app, &ana);
        let send = async |kind: &'static str, body: Vec<u8>| {
            client.send_bytes(operation.method.clone(), &operation.path, &[("content-type", kind)], body).await
        };
        send("text/plain", b"{}".to_vec()).await.expect_refusal(415, "UNSUPPORTED_MEDIA_TYPE");
        send("application/json", vec![b' '; TOO_LARGE]).await.expect_refusal(413, "PAYLOAD_TOO_LARGE");
        asked += 1;
    }
    assert_eq!((asked, that_answer(413).len(), that_answer(415).len()), (asked, asked, asked));
    assert!(asked >= 8, "{asked}");
}

#[tokio::test]
async fn every_operation_of_the_api_refuses_who_comes_too_often() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let rate_limits = RateLimits { auth: 1, general: 1, search: 1 };
    let limited = app.beside(Setup { rate_limits, ..Setup::default() });
    for operation in that_answer(429) {
        // At an address that nobody has used before.
        let client = limited.anonymous();
        let send = async || client.send(operation.method.clone(), &operation.path, Some(&json!({}))).await;
        assert_ne!(send().await.status, 429, "{}", operation.id);
        send().await.expect_refusal(429, "RATE_LIMIT_EXCEEDED");
    }
    assert!(that_answer(429).len() >= 32);
    ana.get("/api/v1/users/me").await.expect_status(200);
}

#[tokio::test]
async fn whatever_breaks_in_the_middle_is_a_500_that_tells_nothing() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    statements::lose_tables(&app.state.db).await;
    let broken = app.beside(Setup { broken: true, ..Setup::default() });
    for operation in that_answer(500) {
        let client = caller(&operation, &broken, &ana).at(&broken);
        let answer = client.send(operation.method.clone(), &operation.path, Some(&good_body(&operation, &ana))).await;
        answer.expect_refusal(500, "INTERNAL_ERROR");
        for word in ["sessions", "user_", "table", "object name", "SQL"] {
            assert!(!answer.text.contains(word), "{word}: {answer:?}");
        }
    }
    assert!(that_answer(500).len() >= 32);
    broken.anonymous().send(Method::GET, "/live", None).await.expect_status(200);
}

/// A body that gets as far as the database.
fn good_body(operation: &Operation, ana: &tests::Person) -> Value {
    match operation.id.as_str() {
        "authLogin" => json!({ "email": ana.email, "password": ana.password }),
        "authRefresh" => json!({ "refresh_token": ana.refresh_token }),
        _ => operation.described["requestBody"]["content"]["application/json"]["example"].clone(),
    }
}
