//! The function bindings: what the host passes on, and to which function.

use http::Method;
use serde_json::{Value, json};

use tests::OwnDatabase;

use crate::support::Hosted;

#[tokio::test]
async fn unknown_paths_and_methods_of_the_api_get_the_envelope() {
    let database = OwnDatabase::empty().await;
    let hosted = Hosted::start(&database).await;
    let app = hosted.client();
    for path in ["/api/v1/nowhere", "/api/v2/users/me", "/api/", "/api/v1/users/1/2"] {
        assert_eq!(app.get(path).await.expect(404).json()["error"]["code"], "NOT_FOUND", "{path}");
    }
    let no_session = app.call(Method::DELETE, "/api/v1/auth/sessions/7", &json!({})).await.expect(401);
    assert_eq!(no_session.json()["error"]["code"], "UNAUTHORIZED", "the token comes before the id");
    for (method, path, allow) in [
        (Method::DELETE, "/api/v1/auth/login", "POST"),
        (Method::PATCH, "/api/v1/users/me", "GET,HEAD,PUT"),
        (Method::POST, "/api/v1/users/search", "GET,HEAD"),
    ] {
        let answer = app.call(method.clone(), path, &json!({})).await.expect(405);
        assert_eq!(answer.json()["error"]["code"], "METHOD_NOT_ALLOWED", "{method} {path}");
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
    }
    hosted.shutdown().await;
}

#[tokio::test]
async fn me_and_search_are_no_ids() {
    let database = OwnDatabase::empty().await;
    let hosted = Hosted::start(&database).await;
    let (ana, _) = hosted.client().join("ana").await;
    assert_eq!(ana.get("/api/v1/users/me").await.expect(200).json()["email"], "ana@example.com");
    assert_eq!(ana.get("/api/v1/users/1").await.expect(200).json()["connection_status"], "self");
    assert_eq!(ana.get("/API/V1/USERS/ME").await.status.as_u16(), 404, "the handler's own routes know one spelling");
    for nonsense in ["0", "-1", "x", "1.5", "2147483648", "99999999999999999999"] {
        let answer = ana.get(&format!("/api/v1/users/{nonsense}")).await.expect(404);
        assert_eq!(answer.json()["error"]["code"], "NOT_FOUND", "{nonsense}");
    }
    hosted.shutdown().await;
}

#[tokio::test]
async fn every_operation_of_the_document_reaches_the_handler() {
    let database = OwnDatabase::empty().await;
    let hosted = Hosted::start(&database).await;
    let app = hosted.client();
    let document = app.get("/openapi.json").await.expect(200).json();
    let mut operations = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.replace("{session_id}", "00000000-0000-4000-8000-000000000000");
        let parts: Vec<&str> = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect();
        let path = parts.join("/");
        for method in item.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let answer = app.call(method.clone(), &path, &json!({})).await;
            assert!(answer.headers.contains_key("x-request-id"), "{method} {path} did not come from the handler");
            assert!(![404, 405].contains(&answer.status.as_u16()), "{method} {path}: {}", answer.status);
            operations += 1;
        }
    }
    assert!(operations >= 16, "{operations}");
    hosted.shutdown().await;
}

#[tokio::test]
async fn security_21_preflights_are_answered_to_listed_origins_alone() {
    let database = OwnDatabase::empty().await;
    let hosted = Hosted::start(&database).await;
    let app = hosted.client();
    for path in ["/api/v1/users/me", "/api/v1/auth/login", "/api/v1/auth/sessions", "/api/v1/users/7", "/health"] {
        for (origin, allowed) in [("https://app.example.com", true), ("https://app.example.com.evil.org", false)] {
            let preflight = app
                .request(Method::OPTIONS, path)
                .header("origin", origin)
                .header("access-control-request-method", "PUT")
                .header("access-control-request-headers", "authorization,content-type")
                .body(http_body_util::Full::default())
                .unwrap();
            let answer = app.send(preflight).await;
            assert_eq!(answer.header("access-control-allow-origin"), allowed.then_some(origin), "{path} {origin}");
        }
    }
    hosted.shutdown().await;
}

#[tokio::test]
async fn health_is_told_over_the_host() {
    let database = OwnDatabase::empty().await;
    let hosted = Hosted::start(&database).await;
    let app = hosted.client();
    for path in ["/health", "/live", "/ready"] {
        assert_eq!(app.get(path).await.expect(200).json()["status"], "ok", "{path}");
    }
    let report: Value = app.get("/health/detailed").await.expect(200).json();
    assert_eq!((&report["database"]["status"], &report["migrations"]["status"]), (&json!("ok"), &json!("ok")));
    assert_eq!(report["database"]["engine"], database.open().engine_name());
    assert!(report["database"]["latency_ms"].as_f64().unwrap() >= 0.0);
    hosted.shutdown().await;
}

#[tokio::test]
async fn an_empty_post_passes_as_it_does_on_azure() {
    let database = OwnDatabase::empty().await;
    let hosted = Hosted::start(&database).await;
    let (ana, _) = hosted.client().join("ana").await;
    let bare = ana.request(Method::POST, "/api/v1/auth/logout").body(http_body_util::Full::default()).unwrap();
    ana.send(bare).await.expect(204);
    hosted.shutdown().await;
}
