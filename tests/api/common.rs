//! What all endpoints have in common: who is refused first, and how.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::json;
use tests::{Client, OwnDatabase, Setup, TestApp};

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const APP: &str = "https://app.example.org";

async fn an_app_for(origin: &str) -> TestApp {
    let setup = Setup { cors_origins: vec![origin.to_owned()], ..Setup::default() };
    TestApp::start(setup, OwnDatabase::migrated().await)
}

#[tokio::test]
async fn an_operation_that_does_not_exist_is_a_404_or_405_whoever_asks() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    for client in [&*ana, &ana.without_token(), &ana.with_token("x")] {
        for path in [
            "/api",
            "/api/v1",
            "/api/v1/",
            "/api/v2/users/me",
            "/api/v1/nowhere",
            "/api/v1/users",
            "/api/v1/users/",
            "/api/v1/users/me/",
            "/api/v1/Users/me",
            "/api/v1/users/1/",
            "/api/v1/users/1/2",
            "/api/v1/auth",
            "/api/v1//users/me",
            "/api/v1/users/me/..",
            "/favicon.ico",
            "/.env",
            "/%2e%2e/etc/passwd",
            "/api/v1/auth/sessions/",
        ] {
            client.get(path).await.expect_refusal(404, "NOT_FOUND");
        }
        for (method, path, allowed) in [
            (Method::GET, "/api/v1/auth/register", "POST"),
            (Method::PUT, "/api/v1/auth/login", "POST"),
            (Method::GET, "/api/v1/auth/refresh", "POST"),
            (Method::GET, "/api/v1/auth/logout", "POST"),
            (Method::POST, "/api/v1/auth/sessions", "DELETE,GET,HEAD"),
            (Method::GET, "/api/v1/auth/sessions/00000000-0000-4000-8000-000000000000", "DELETE"),
            (Method::DELETE, "/api/v1/users/me", "GET,HEAD,PUT"),
            (Method::PATCH, "/api/v1/users/me", "GET,HEAD,PUT"),
            (Method::TRACE, "/api/v1/users/me", "GET,HEAD,PUT"),
            (Method::POST, "/api/v1/users/me/password", "PUT"),
            (Method::DELETE, "/api/v1/users/1", "GET,HEAD"),
            (Method::POST, "/api/v1/users/search", "GET,HEAD"),
            (Method::POST, "/health", "GET,HEAD"),
            (Method::from_bytes(b"BREW").unwrap(), "/api/v1/users/me", "GET,HEAD,PUT"),
        ] {
            let answer = client.send(method, path, Some(&json!({}))).await;
            let named: BTreeSet<&str> =
                answer.expect_refusal(405, "METHOD_NOT_ALLOWED").header("allow").split(',').map(str::trim).collect();
            assert_eq!(named, allowed.split(',').collect(), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn the_first_thing_that_is_wrong_is_what_is_told() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    let nobody = ana.without_token();
    let large = vec![b'x'; 70_000];
    let plain = [("content-type", "text/plain")];
    let put_me = async |client: &Client, headers: &'static [(&'static str, &'static str)], body: Vec<u8>| {
        client.send_bytes(Method::PUT, "/api/v1/users/me", headers, body).await.status
    };
    let in_plain: &'static [(&'static str, &'static str)] = &[("content-type", "text/plain")];

    // 404 and 405 before 401.
    nobody.send_bytes(Method::POST, "/api/v1/nowhere", &plain, large.clone()).await.expect_status(404);
    nobody.send_bytes(Method::PATCH, "/api/v1/users/me", &plain, large.clone()).await.expect_status(405);
    // 401 before the path's id, the size, the type and the content.
    nobody.get("/api/v1/users/abc").await.expect_status(401);
    nobody.get("/api/v1/users/search?q=a&limit=0").await.expect_status(401);
    assert_eq!(put_me(&nobody, in_plain, large.clone()).await, 401);
    assert_eq!(put_me(&nobody, JSON, b"{".to_vec()).await, 401);
    // The path's id before the query and the rest.
    ana.send_bytes(Method::DELETE, "/api/v1/auth/sessions/1?limit=0", &plain, large.clone()).await.expect_status(404);
    // 413 before 415 before 400.
    assert_eq!(put_me(&ana, in_plain, large).await, 413);
    assert_eq!(put_me(&ana, in_plain, b"{".to_vec()).await, 415);
    assert_eq!(put_me(&ana, &[], b"{".to_vec()).await, 415);
    assert_eq!(put_me(&ana, JSON, b"{".to_vec()).await, 400);
    // 400 before 409 and before the login's 401.
    let taken = json!({ "email": ana.email, "password": "short", "display_name": "Ana" });
    nobody.post("/api/v1/auth/register", &taken).await.expect_status(400);
    nobody.post("/api/v1/auth/login", &json!({ "email": ana.email, "password": "x", "y": 1 })).await.expect_status(400);
}

#[tokio::test]
async fn a_head_is_a_get_without_its_body() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    let answer = ana.send(Method::HEAD, "/api/v1/users/me", None).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
}

#[tokio::test]
async fn a_request_keeps_the_id_that_the_client_gave_it_if_it_is_a_sane_one() {
    let app = TestApp::new().await;
    let longest = "x".repeat(64);
    for id in ["1", "a-Z_0.9", &longest] {
        let answer = app.anonymous().with_header("x-request-id", id).get("/api/v1/users/me").await;
        assert_eq!((answer.header("x-request-id"), answer.json()["error"]["request_id"].as_str()), (id, Some(id)));
    }
    let too_long = "x".repeat(65);
    let mut fresh = BTreeSet::new();
    for id in ["", "a b", "a/b", "a\"b", "é", "<b>", &too_long] {
        let answer = app.anonymous().with_header("x-request-id", id).get("/api/v1/users/me").await;
        assert_ne!(answer.header("x-request-id"), id);
        fresh.insert(answer.header("x-request-id").to_owned());
    }
    assert_eq!(fresh.len(), 7, "each is another");
}

#[tokio::test]
async fn only_production_tells_browsers_to_stay_with_https() {
    let app = TestApp::new().await;
    let production = app.beside(Setup { production: true, ..Setup::default() });
    // What the header says is held of every answer of every story.
    for path in ["/", "/health", "/openapi.json", "/nowhere", "/api/v1/users/me"] {
        assert!(!production.anonymous().get(path).await.header("strict-transport-security").is_empty(), "{path}");
        assert!(app.anonymous().get(path).await.header("strict-transport-security").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn security_21_pages_of_the_allowed_origin_may_call_and_no_others() {
    let app = an_app_for(APP).await;
    let ana = app.joined_by("ana").await;
    let allowed = |answer: &tests::Answer| {
        let header = |name| answer.header(name).to_owned();
        (header("access-control-allow-origin"), header("access-control-allow-credentials"))
    };
    let page = ana.with_header("origin", APP);
    for (answer, status) in [
        (page.get("/api/v1/users/me").await, 200),
        (page.without_token().get("/api/v1/users/me").await, 401),
        (page.get("/api/v1/nowhere").await, 404),
        (page.delete("/api/v1/users/me").await, 405),
        (page.post("/api/v1/auth/login", &json!({})).await, 400),
    ] {
        assert_eq!(allowed(answer.expect_status(status)), (APP.to_owned(), "true".to_owned()));
        let exposed = answer.header("access-control-expose-headers").to_lowercase();
        for name in [
            "x-request-id",
            "retry-after",
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
            "etag",
            "location",
        ] {
            assert!(exposed.split(',').any(|header| header.trim() == name), "{name}: {exposed}");
        }
    }
    for origin in [
        "null",
        "https://app.example.org.evil.org",
        "https://evil.org",
        "http://app.example.org",
        "https://app.example.org:444",
    ] {
        let answer = ana.with_header("origin", origin).get("/api/v1/users/me").await;
        assert_eq!(allowed(answer.expect_status(200)), (String::new(), String::new()), "{origin}");
    }

    let preflight = page.without_token().with_header("access-control-request-method", "PUT");
    let answer = preflight.send(Method::OPTIONS, "/api/v1/users/me", None).await;
    assert_eq!(answer.expect_status(200).header("access-control-max-age"), "3600");
    assert!(answer.header("access-control-allow-methods").contains("PUT"));
    assert!(answer.header("access-control-allow-headers").to_lowercase().contains("authorization"));
}
