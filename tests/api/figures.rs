//! `GET /metrics`: figures in Prometheus's text form.

use std::sync::Arc;

use axum::body::Body;
use handler::clock::SystemClock;
use handler::limits::rules::RateLimits;
use handler::telemetry::Telemetry;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tests::{OwnDatabase, PASSWORD, Setup, TestApp};
use tower::ServiceExt as _;

const LOGIN: &str = "/api/v1/auth/login";

/// What is at `/metrics`, past the promises of the API's answers: it is none of them.
async fn scrape(app: &TestApp) -> (u16, String, String) {
    let request = axum::http::Request::get("/metrics").body(Body::empty()).unwrap();
    let response = app.log.of(app.router().oneshot(request)).await.unwrap();
    let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, kind.unwrap_or_default(), String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn the_figures_count_what_was_done_and_name_nobody() {
    let telemetry = Telemetry::of_figures(Arc::new(SystemClock)).unwrap();
    let rate_limits = RateLimits { auth: 4, general: 0, search: 0 };
    let setup = Setup { telemetry: Some(telemetry), rate_limits, ..Setup::default() };
    let app = TestApp::start(setup, OwnDatabase::migrated().await);
    let ana = app.joined_as("ana.silva@example.org", "Ana").await;
    for _ in 0..3 {
        ana.get(&format!("/api/v1/users/{}", ana.id)).await.expect_status(200);
    }
    let nobody = app.anonymous();
    for (password, status) in [("WrongPass123!", 401); 4].into_iter().chain([(PASSWORD, 429)]) {
        nobody.post(LOGIN, &json!({ "email": ana.email, "password": password })).await.expect_status(status);
    }
    app.anonymous().get("/nowhere/ana.silva@example.org").await.expect_status(404);
    let (status, kind, text) = scrape(&app).await;
    assert_eq!((status, kind.as_str()), (200, "text/plain; version=0.0.4; charset=utf-8"));
    for line in [
        "http_requests_total{method=\"GET\",route=\"/api/v1/users/{user_id}\",status=\"200\"} 3",
        "http_requests_total{method=\"GET\",route=\"unmatched\",status=\"404\"} 1",
        "http_request_duration_seconds_count{method=\"GET\",route=\"/api/v1/users/{user_id}\"} 3",
        "db_statements_total{outcome=\"done\",statement=\"handler::users::store/find_public\"} 3",
        "login_failures_total{reason=\"wrong_password\"} 4",
        "rate_limited_total{limit=\"auth\"} 1",
        "password_hashes_waiting 0",
        "match_scan_waiting 0",
    ] {
        assert!(text.lines().any(|told| told == line), "{line} in {text}");
    }
    assert_eq!(app.secret_in(&text), None);
    assert!(!text.contains('@') && !text.contains("Ana") && text.contains("process_resident_memory_bytes"), "{text}");
    assert!(!text.contains(&format!("/users/{}", ana.id)), "{text}");
}

#[tokio::test]
async fn without_a_setting_there_are_no_figures_and_no_function_leads_to_them() {
    let app = TestApp::new().await;
    app.anonymous().get("/metrics").await.expect_refusal(404, "NOT_FOUND");
    assert!(handler::app::openapi()["paths"].get("/metrics").is_none(), "they are no part of the API");
    let functions = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("functions");
    let mut routes = 0;
    for entry in std::fs::read_dir(functions).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path().join("function.json")).unwrap();
        let function: Value = serde_json::from_str(&text).unwrap();
        for binding in function["bindings"].as_array().unwrap() {
            let Some(route) = binding["route"].as_str() else { continue };
            routes += 1;
            assert!(!route.contains("metrics") && !route.starts_with('{'), "{route} leads to the figures");
        }
    }
    assert!(routes > 30, "{routes}");
}
