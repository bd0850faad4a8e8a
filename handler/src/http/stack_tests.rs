//! The layers together: every kind of refusal has the same shape and headers, whoever made it.

use super::envelope::OwnBody;
use super::request_context::RequestContext;
use super::test_support::{Answer, Log, clock, get, request, send, stacked};
use super::{HttpSettings, json, layers};
use crate::error::{Error, FieldError, Result};
use axum::Router;
use axum::body::Body;
use axum::extract::Query;
use axum::http::{Request, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get as on_get, post as on_post};
use futures_util::FutureExt;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tower::ServiceExt;

async fn panic() -> &'static str {
    panic!("the secret of <b>Ana</b>")
}

async fn fail() -> Result<()> {
    let cause = anyhow::anyhow!("login failed for user 'sa'").context("connecting").context("loading a plan");
    Err(cause.into())
}

async fn number(Query(_): Query<BTreeMap<String, u8>>) {}

fn app() -> Router {
    stacked(
        Router::new()
            .route("/fine", on_get(|| async { json::Json(json!({ "name": "<b>" })) }).post(|| async {}))
            .route("/panic", on_get(panic))
            .route("/fail", on_get(fail))
            .route("/number", on_get(number))
            .route("/things/{thing_id}", on_get(|| async { Error::NotFound("thing") }))
            .route("/unprocessable", on_get(|| async { (StatusCode::UNPROCESSABLE_ENTITY, "<b>no</b>") }))
            .route("/bad-gateway", on_get(|| async { StatusCode::BAD_GATEWAY }))
            .route(
                "/health",
                on_get(|| async {
                    let mut response = (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"down"}"#).into_response();
                    response.extensions_mut().insert(OwnBody);
                    response
                }),
            ),
    )
}

fn answering(error: fn() -> Error) -> Router {
    stacked(Router::new().route("/", on_get(move || async move { error() })))
}

#[tokio::test]
async fn an_error_has_exactly_the_envelope_of_the_specification() {
    let app = answering(|| Error::Validation(vec![FieldError::new("email", "Invalid <email> format")]));
    let asked = request("GET", "/").header("x-request-id", "my-id.1_A").body(Body::empty()).unwrap();
    let answer = send(&app, asked).await;
    assert_eq!(
        answer.text,
        concat!(
            r#"{"error":{"code":"VALIDATION_ERROR","message":"Invalid input data","#,
            r#""details":[{"field":"email","message":"Invalid \u003cemail\u003e format"}],"request_id":"my-id.1_A"},"#,
            r#""timestamp":"2026-01-31T10:30:00Z"}"#
        )
    );
    assert_eq!(answer.header("content-length"), answer.text.len().to_string());
}

#[tokio::test]
async fn every_error_has_its_status_code_and_headers() {
    type Expected = (fn() -> Error, u16, &'static str, &'static str, &'static str);
    let table: [Expected; 11] = [
        (|| Error::invalid("a", "b"), 400, "VALIDATION_ERROR", "www-authenticate", ""),
        (|| Error::Unauthorized("Sign in"), 401, "UNAUTHORIZED", "www-authenticate", "Bearer"),
        (|| Error::Forbidden("Not yours"), 403, "FORBIDDEN", "www-authenticate", ""),
        (|| Error::NotFound("user"), 404, "NOT_FOUND", "retry-after", ""),
        (|| Error::MethodNotAllowed, 405, "METHOD_NOT_ALLOWED", "retry-after", ""),
        (|| Error::conflict("Taken"), 409, "CONFLICT", "retry-after", ""),
        (|| Error::PayloadTooLarge(9), 413, "PAYLOAD_TOO_LARGE", "retry-after", ""),
        (|| Error::UnsupportedMediaType, 415, "UNSUPPORTED_MEDIA_TYPE", "retry-after", ""),
        (
            || Error::RateLimited { message: "Wait", retry_after: Duration::from_millis(2_500) },
            429,
            "RATE_LIMIT_EXCEEDED",
            "retry-after",
            "3",
        ),
        (|| Error::Internal(anyhow::anyhow!("x")), 500, "INTERNAL_ERROR", "retry-after", ""),
        (|| Error::unavailable("x"), 503, "SERVICE_UNAVAILABLE", "retry-after", "1"),
    ];
    for (error, status, code, header, value) in table {
        let answer = get(&answering(error), "/").await;
        assert_eq!(answer.refusal(), (status, code.to_owned()));
        assert_eq!(answer.header(header), value, "{code}");
    }
}

#[tokio::test]
async fn a_conflict_shows_its_details() {
    let app = answering(|| Error::Conflict { message: "Taken", details: vec![FieldError::new("email", "Log in")] });
    let answer = get(&app, "/").await;
    assert_eq!(answer.faults(), ["email: Log in"]);
    assert_eq!(answer.json()["error"]["message"], "Taken");
}

#[tokio::test]
async fn what_axum_refuses_gets_the_envelope_too() {
    let app = app();
    assert_eq!(get(&app, "/nowhere").await.refusal(), (404, "NOT_FOUND".into()));
    assert_eq!(get(&app, "/number?a=x").await.refusal(), (400, "VALIDATION_ERROR".into()));
    assert_eq!(get(&app, "/unprocessable").await.refusal(), (400, "VALIDATION_ERROR".into()));
    assert_eq!(get(&app, "/bad-gateway").await.refusal(), (500, "INTERNAL_ERROR".into()));
    assert!(!get(&app, "/unprocessable").await.text.contains("no"));
}

#[tokio::test]
async fn a_foreign_refusal_keeps_its_headers_but_for_those_of_its_body_and_gains_what_is_missing() {
    let busy = [("retry-after", "9"), ("content-length", "4"), ("content-encoding", "br"), ("etag", "\"x\"")];
    let app = stacked(
        Router::new()
            .route("/busy", on_get(move || async move { (StatusCode::SERVICE_UNAVAILABLE, busy, "busy") }))
            .route("/full", on_get(|| async { StatusCode::TOO_MANY_REQUESTS }))
            .route("/closed", on_get(|| async { StatusCode::UNAUTHORIZED })),
    );
    let answer = get(&app, "/busy").await;
    assert_eq!(answer.refusal(), (503, "SERVICE_UNAVAILABLE".into()));
    assert_eq!((answer.header("retry-after"), answer.header("etag")), ("9", "\"x\""));
    assert_eq!(answer.header("content-encoding"), "");
    assert_eq!(answer.header("content-length"), answer.text.len().to_string());
    assert_eq!(get(&app, "/full").await.header("retry-after"), "1");
    assert_eq!(get(&app, "/closed").await.header("www-authenticate"), "Bearer");
}

#[tokio::test]
async fn a_405_names_the_methods_of_its_path() {
    let delete = || request("DELETE", "/fine").body(Body::empty()).unwrap();
    let answer = send(&app(), delete()).await;
    assert_eq!(answer.refusal(), (405, "METHOD_NOT_ALLOWED".into()));
    assert_eq!(answer.header("allow"), "GET,HEAD,POST");

    let with_fallback = Router::new()
        .route("/fine", on_post(|| async {}))
        .method_not_allowed_fallback(|| async { Error::MethodNotAllowed });
    let answer = send(&stacked(with_fallback), delete()).await;
    assert_eq!(answer.refusal(), (405, "METHOD_NOT_ALLOWED".into()));
    assert_eq!(answer.header("allow"), "POST");
}

#[tokio::test]
async fn an_answer_that_is_fine_or_meant_as_it_is_stays() {
    let fine = get(&app(), "/fine").await;
    assert_eq!((fine.status, fine.text.as_str()), (200, r#"{"name":"\u003cb\u003e"}"#));
    let health = get(&app(), "/health").await;
    assert_eq!((health.status, health.text.as_str()), (503, r#"{"status":"down"}"#));
}

#[tokio::test]
async fn an_internal_error_is_opaque_and_logged_once_with_its_chain() {
    let log = Log::kept();
    let answer = get(&app(), "/fail").await;
    assert_eq!(answer.refusal(), (500, "INTERNAL_ERROR".into()));
    assert!(!answer.text.contains("login") && !answer.text.contains("plan"), "{}", answer.text);
    let [line] = &log.lines("a request failed")[..] else { panic!("one line, not {}", log.text()) };
    assert_eq!(line["fields"]["cause"], "loading a plan: connecting: login failed for user 'sa'");
    assert_eq!(line["fields"]["request_id"], answer.header("x-request-id"));
    assert_eq!(log.text().matches("login failed").count(), 1);
}

#[tokio::test]
async fn a_panic_is_an_internal_error() {
    let log = Log::kept();
    let answer = get(&app(), "/panic").await;
    assert_eq!(answer.refusal(), (500, "INTERNAL_ERROR".into()));
    assert!(!answer.text.contains("secret"), "{}", answer.text);
    let [line] = &log.lines("a request failed")[..] else { panic!("one line, not {}", log.text()) };
    assert_eq!(line["fields"]["cause"], "the request panicked: the secret of <b>Ana</b>");
    assert_eq!(log.lines("request")[0]["fields"]["status"], 500);
}

struct SetsWhenDropped(Arc<AtomicBool>);

impl Drop for SetsWhenDropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

async fn timed_out() -> (Answer, bool) {
    let dropped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&dropped);
    let endless = on_get(move || {
        let flag = SetsWhenDropped(Arc::clone(&flag));
        async move {
            std::future::pending::<()>().await;
            drop(flag);
        }
    });
    let settings = HttpSettings {
        request_timeout: Duration::from_millis(20),
        cors_origins: vec!["https://app.example.org".to_owned()],
        ..HttpSettings::default()
    };
    let app = layers(Router::new().route("/", endless), &settings, clock());
    let asked = request("GET", "/").header("origin", "https://app.example.org").body(Body::empty()).unwrap();
    let answer = send(&app, asked).await;
    (answer, dropped.load(Ordering::SeqCst))
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_dropped_and_told_to_come_back() {
    let log = Log::kept();
    let (answer, dropped) = timed_out().await;
    assert_eq!(answer.refusal(), (503, "SERVICE_UNAVAILABLE".into()));
    assert_eq!(answer.header("retry-after"), "1");
    assert!(dropped, "the handler's future has to be gone");
    let [line] = &log.lines("a request could not be served")[..] else { panic!("one line, not {}", log.text()) };
    assert_eq!((&line["level"], &line["fields"]["reason"]), (&json!("WARN"), &json!("no answer within 20ms")));
    assert!(!answer.text.contains("20ms"), "the reason is for the log alone: {}", answer.text);
}

fn is_inert(answer: &Answer) {
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("x-frame-options"), "DENY");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    let policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    assert_eq!(answer.header("content-security-policy"), policy);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!answer.text.contains(['<', '>', '&']), "{}", answer.text);
}

#[tokio::test]
async fn security_20_every_answer_is_inert() {
    let app = app();
    for path in ["/fine", "/panic", "/fail", "/number?a=<b>", "/things/<b>", "/%3Cscript%3E", "/bad-gateway"] {
        is_inert(&get(&app, &path.replace('<', "%3C").replace('>', "%3E")).await);
    }
    is_inert(&send(&app, request("DELETE", "/fine").body(Body::empty()).unwrap()).await);
    is_inert(&timed_out().await.0);
}

#[tokio::test]
async fn security_20_a_page_of_its_own_keeps_its_policy() {
    let own = [("content-security-policy", "default-src 'self'"), ("cache-control", "max-age=60")];
    let app = stacked(Router::new().route("/docs", on_get(move || async move { (own, "<html>") })));
    let answer = get(&app, "/docs").await;
    assert_eq!(answer.header("content-security-policy"), "default-src 'self'");
    assert_eq!(answer.header("cache-control"), "max-age=60");
    assert_eq!(answer.header("x-frame-options"), "DENY");
}

#[tokio::test]
async fn security_20_only_production_insists_on_https() {
    let production = HttpSettings { production: true, ..HttpSettings::default() };
    let app = layers(Router::new(), &production, clock());
    assert_eq!(get(&app, "/").await.header("strict-transport-security"), "max-age=31536000; includeSubDomains");
    assert_eq!(get(&stacked(Router::new()), "/").await.header("strict-transport-security"), "");
}

#[tokio::test]
async fn the_log_line_names_template_user_and_ids_and_nothing_else_of_the_request() {
    async fn who(request: Request<Body>) {
        let context = RequestContext::of(request.extensions()).unwrap();
        context.set_user(7);
        context.set_user(8);
    }
    let log = Log::kept();
    let app = stacked(Router::new().route("/users/{user_id}", on_post(who)));
    let asked = request("POST", "/users/ana@example.org?q=secret-query")
        .header("authorization", "Bearer secret-token")
        .header("x-request-id", "id-1")
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        .header("x-azure-functions-invocationid", "claimed")
        .header("x-azure-functions-invocationid", "also-claimed, host-1")
        .body(Body::from("secret-body"))
        .unwrap();
    assert_eq!(send(&app, asked).await.status, 200);
    let [line] = &log.lines("request")[..] else { panic!("one line, not {}", log.text()) };
    assert_eq!(line["level"], "INFO");
    let mut fields = line["fields"].clone();
    assert!(fields["duration_ms"].take().is_u64());
    assert_eq!(
        fields,
        json!({ "message": "request", "method": "POST", "route": "/users/{user_id}", "status": 200, "duration_ms": null,
                "request_id": "id-1", "invocation_id": "host-1",
                "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "user_id": 7 })
    );
    assert!(!log.text().contains("secret") && !log.text().contains("example.org"), "{}", log.text());
    assert!(!log.text().contains("claimed"));
}

#[tokio::test]
async fn unknown_paths_and_methods_are_not_repeated_into_the_log() {
    let log = Log::kept();
    send(&app(), request("SECRET", "/secret/path").body(Body::empty()).unwrap()).await;
    let fields = &log.lines("request")[0]["fields"];
    assert_eq!((&fields["method"], &fields["route"]), (&json!("OTHER"), &json!("unmatched")));
    assert!(!log.text().to_lowercase().contains("secret"));
}

#[tokio::test]
async fn a_request_whose_client_goes_away_leaves_its_line() {
    let log = Log::kept();
    let app = stacked(Router::new().route("/", on_get(std::future::pending::<()>)));
    let asked = request("GET", "/").body(Body::empty()).unwrap();
    assert!(app.oneshot(asked).now_or_never().is_none());
    assert_eq!(log.lines("request")[0]["fields"]["status"], 499);
}
