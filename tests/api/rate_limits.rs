//! How many requests a client gets served in a minute: the sum over all instances, whatever it claims to be.

use std::time::Duration;

use axum::http::Method;
use handler::clock::Clock as _;
use handler::limits::rules::{Kind, RateLimits, SPECIAL};
use serde_json::{Value, json};
use tests::{Answer, Client, OwnDatabase, Setup, TestApp, forge};

use super::openapi::operations;

const LOGIN: &str = "/api/v1/auth/login";
pub(super) const ME: &str = "/api/v1/users/me";
pub(super) const SEARCH: &str = "/api/v1/users/search?q=ana";
pub(super) const MINUTE: Duration = Duration::from_mins(1);

/// An instance with these limits, and another one beside it.
pub(super) async fn two_instances(rate_limits: RateLimits) -> (TestApp, TestApp) {
    let setup = Setup { rate_limits, ..Setup::default() };
    let app = TestApp::start(setup.clone(), OwnDatabase::migrated().await);
    let other = app.beside(setup);
    (app, other)
}

/// An instance that limits everything but attempts, so that people can join.
async fn an_app(general: u32, search: u32) -> TestApp {
    two_instances(RateLimits { auth: 0, general, search }).await.0
}

/// An attempt to log in, one that can't succeed and costs little.
pub(super) async fn attempt(client: &Client) -> Answer {
    client.post(LOGIN, &json!({})).await
}

pub(super) fn is_refused(answer: &Answer) -> bool {
    if answer.status == 429 {
        answer.expect_refusal(429, "RATE_LIMIT_EXCEEDED");
    }
    answer.status == 429
}

/// The limit, and how many are left.
pub(super) fn standing(answer: &Answer) -> (u32, u32) {
    let number = |name| answer.header(name).parse().unwrap_or_else(|_| panic!("no {name}: {answer:?}"));
    (number("x-ratelimit-limit"), number("x-ratelimit-remaining"))
}

#[tokio::test]
async fn security_22_the_eleventh_attempt_in_a_minute_is_refused_at_whichever_instance() {
    let (app, other) = two_instances(RateLimits::default()).await;
    let here = app.anonymous();
    let there = here.at(&other);
    let ends = (app.clock.now() + MINUTE).unix_timestamp() + 1;
    for number in 0..10 {
        let client = if number % 2 == 0 { &here } else { &there };
        let path = ["register", "login", "refresh"][number % 3];
        let answer = client.post(&format!("/api/v1/auth/{path}"), &json!({})).await;
        assert_eq!(standing(answer.expect_status(400)), (10, 9 - u32::try_from(number).unwrap()));
        assert_eq!(answer.header("x-ratelimit-reset"), ends.to_string(), "rounded up");
    }
    app.clock.advance(Duration::from_millis(500));
    for client in [&here, &there, &here] {
        for path in ["register", "login", "refresh"] {
            let answer = client.post(&format!("/api/v1/auth/{path}"), &json!({})).await;
            assert!(is_refused(&answer), "{answer:?}");
            assert_eq!((standing(&answer), answer.header("retry-after")), ((10, 0), "60"));
            assert_eq!(answer.header("x-ratelimit-reset"), ends.to_string());
        }
    }
    attempt(&other.anonymous()).await.expect_status(400);
    // Everything else is counted apart, also from there.
    there.get(ME).await.expect_status(401);
}

#[tokio::test]
async fn security_22_a_client_can_not_move_to_another_address_by_claiming_it() {
    let (app, _) = two_instances(RateLimits::default()).await;
    let claims = |number: u32| [format!("203.0.113.{number}, 198.51.100.7:5{number:04}"), "198.51.100.7".to_owned()];
    for number in 0..5 {
        for claim in claims(number) {
            let client = app.anonymous().from_address(&claim);
            let client = ["forwarded", "x-real-ip", "client-ip", "x-client-ip", "x-azure-clientip"]
                .into_iter()
                .fold(client, |client, name| client.with_header(name, &format!("192.0.2.{number}")));
            attempt(&client).await.expect_status(400);
        }
    }
    for claim in claims(9) {
        assert!(is_refused(&attempt(&app.anonymous().from_address(&claim)).await));
    }
    // Nor does a claim use up what is another's.
    attempt(&app.anonymous().from_address("203.0.113.0")).await.expect_status(400);
}

#[tokio::test]
async fn security_22_all_addresses_of_one_ipv6_network_are_one_client() {
    let (app, _) = two_instances(RateLimits::default()).await;
    let from = |address: &str| app.anonymous().from_address(address);
    for host in 1..=10 {
        attempt(&from(&format!("[2001:db8:1:2:{host}::{host}]:50{host:02}"))).await.expect_status(400);
    }
    assert!(is_refused(&attempt(&from("2001:db8:1:2:ffff::1")).await));
    attempt(&from("2001:db8:1:3::1")).await.expect_status(400);
}

#[tokio::test]
async fn security_22_a_user_is_counted_wherever_it_is_and_nobody_else_with_it() {
    let app = an_app(5, 5).await;
    let (ana, ben) = (app.joined_by("ana").await, app.joined_by("ben").await);
    for number in 0..5 {
        ana.from_address(&format!("203.0.113.{number}")).get(ME).await.expect_status(200);
    }
    assert!(is_refused(&ana.get(ME).await));
    assert!(is_refused(&ana.on_another_device().await.get(ME).await), "in whatever session");
    let at_hers = |client: &Client| client.from_address("203.0.113.4");
    at_hers(&ben).get(ME).await.expect_status(200);

    // Whoever brings no good token is an address: one, however many tokens it makes up.
    let claims = forge::with(&forge::claims_of(ana.token()), "sub", ben.id.to_string());
    let forged = forge::sign(&forge::header_of(ana.token()), &claims, "another secret");
    for token in [forged.as_str(), "", "x", "a.b.c", &ana.refresh_token] {
        at_hers(&ana.with_token(token)).get(ME).await.expect_status(401);
    }
    assert!(is_refused(&at_hers(&ana.without_token()).get(ME).await));
    assert_eq!(standing(at_hers(&ben).get(ME).await.expect_status(200)), (5, 3));
}

#[tokio::test]
async fn security_22_searches_and_all_else_are_counted_apart() {
    let app = an_app(4, 2).await;
    let ana = app.joined_by("ana").await;
    for left in [1, 0] {
        assert_eq!(standing(ana.get(SEARCH).await.expect_status(200)), (2, left));
    }
    assert!(is_refused(&ana.get(SEARCH).await));
    // The operations without a limit of their own share one.
    let paths = [ME, "/api/v1/travels", "/api/v1/notifications", "/api/v1/connections"];
    for (path, left) in paths.into_iter().zip([3, 2, 1, 0]) {
        assert_eq!(standing(ana.get(path).await.expect_status(200)), (4, left), "{path}");
    }
    assert!(is_refused(&ana.get("/api/v1/auth/sessions").await));
    assert_eq!(standing(&ana.get(SEARCH).await), (2, 0));
}

#[tokio::test]
async fn security_22_every_answer_of_the_api_tells_where_its_client_stands() {
    let app = an_app(6, 1).await;
    let ana = app.joined_by("ana").await;
    let nobody = ana.without_token();
    let plain = [("content-type", "text/plain")];
    let large = vec![b'x'; 70_000];
    for (answer, status, expected) in [
        (ana.get(ME).await, 200, (6, 5)),
        (ana.put(ME, &json!({ "x": 1 })).await, 400, (6, 4)),
        // Those that reach no operation count for nothing.
        (ana.get("/api/v1/nowhere").await, 404, (6, 4)),
        (ana.get("/api/v1").await, 404, (6, 4)),
        (ana.delete(ME).await, 405, (6, 4)),
        (ana.get("/api/v1/users/0").await, 404, (6, 3)),
        (ana.send_bytes(Method::PUT, ME, &plain, large).await, 413, (6, 2)),
        (ana.send_bytes(Method::PUT, ME, &plain, "{}").await, 415, (6, 1)),
        (ana.send(Method::HEAD, ME, None).await, 200, (6, 0)),
        (ana.get(ME).await, 429, (6, 0)),
        (ana.get("/api/v1/nowhere").await, 404, (6, 0)),
        (ana.get(SEARCH).await, 200, (1, 0)),
        (ana.get(SEARCH).await, 429, (1, 0)),
        (nobody.get("/api/v1/nowhere").await, 404, (6, 6)),
        (nobody.get(ME).await, 401, (6, 5)),
        (nobody.get("/api/v1/nowhere").await, 404, (6, 5)),
    ] {
        assert_eq!(standing(answer.expect_status(status)), expected, "{answer:?}");
    }
    // What is held of every answer: there are no such headers elsewhere.
    for path in ["/", "/health", "/ready", "/openapi.json", "/nowhere", "/api", "/api/v2/users/me", "/api/v1x"] {
        ana.get(path).await;
    }
    let broken = TestApp::start(app.setup.clone(), OwnDatabase::unreachable());
    assert_eq!(standing(broken.anonymous().get(ME).await.expect_status(503)), (6, 6));
    let preflight =
        nobody.with_header("origin", "https://app.example.org").with_header("access-control-request-method", "PUT");
    assert_eq!(standing(preflight.send(Method::OPTIONS, ME, None).await.expect_status(200)), (6, 5));
}

#[tokio::test]
async fn security_22_who_has_come_too_often_is_told_so_before_anything_else_but_that_there_is_no_such_operation() {
    let (app, _) = two_instances(RateLimits { auth: 1, general: 1, search: 1 }).await;
    let nobody = app.anonymous();
    attempt(&nobody).await.expect_status(400);
    nobody.get(ME).await.expect_status(401);
    nobody.get(SEARCH).await.expect_status(401);
    let large = vec![b'x'; 70_000];
    let plain = [("content-type", "text/plain")];
    // Before 401, a strange id, 413, 415 and 400.
    for (method, path) in [
        (Method::GET, ME),
        (Method::PUT, ME),
        (Method::GET, "/api/v1/users/abc"),
        (Method::GET, "/api/v1/travels?limit=0"),
        (Method::GET, "/api/v1/users/search"),
        (Method::POST, LOGIN),
        (Method::POST, "/api/v1/auth/register"),
        (Method::POST, "/api/v1/auth/logout"),
    ] {
        let answer = nobody.send_bytes(method, path, &plain, large.clone()).await;
        assert!(is_refused(&answer), "{answer:?}");
    }
    // After 404 and 405.
    for (method, path, status) in [
        (Method::GET, "/api/v1/nowhere", 404),
        (Method::POST, "/api/v1/auth/login/", 404),
        (Method::GET, LOGIN, 405),
        (Method::PATCH, ME, 405),
        (Method::POST, "/api/v1/users/search", 405),
    ] {
        nobody.send(method, path, None).await.expect_status(status);
    }
}

#[tokio::test]
async fn without_limits_nobody_is_refused_and_nothing_is_told() {
    let app = TestApp::new().await;
    let mark = app.log.mark();
    let nobody = app.anonymous();
    for _ in 0..15 {
        assert_eq!(attempt(&nobody).await.expect_status(400).header("x-ratelimit-limit"), "");
    }
    assert!(!app.log.statements_since(mark).iter().any(|name| name.contains("limits")));
}

#[tokio::test]
async fn security_22_a_refusal_is_told_to_the_log_without_the_address() {
    let (app, _) = two_instances(RateLimits { auth: 1, general: 1, search: 1 }).await;
    // Joining takes two attempts, more than one address has: the other instance has no limits.
    let ana = app.beside(Setup::default()).joined_by("ana").await.at(&app);
    ana.get(SEARCH).await.expect_status(200);
    let mark = app.log.mark();
    let guesser = app.anonymous().from_address("203.0.113.7:40000");
    attempt(&guesser).await.expect_status(400);
    let answer = attempt(&guesser).await;
    assert!(is_refused(&answer));
    assert!(is_refused(&ana.from_address("2001:db8:1:2::3").get(SEARCH).await));
    let lines = app.log.lines_since(mark);
    let told: Vec<Value> = lines
        .iter()
        .filter(|line| line["event"] == "rate_limited")
        .map(|line| json!([line["level"], line["limit"], line["network"], line["user_id"]]))
        .collect();
    let expected =
        [json!(["WARN", "auth", "203.0.113.0/24", null]), json!(["WARN", "search", "2001:db8:1::/48", ana.id])];
    assert_eq!(told, expected);
    assert!(
        lines.iter().any(|line| line["event"] == "rate_limited" && line["request_id"] == answer.header("x-request-id"))
    );
    let text = app.log.text_since(mark);
    assert!(!text.contains("203.0.113.7") && !text.contains("2001:db8:1:2"), "{text}");
}

#[test]
fn the_routes_with_a_limit_of_their_own_are_operations() {
    let templates: Vec<String> = operations().into_iter().map(|operation| operation.template).collect();
    for (route, kind) in SPECIAL {
        assert!(templates.iter().any(|template| template == route), "{route}");
        assert_eq!(Kind::of(route), kind);
    }
}

#[test]
fn the_document_tells_of_the_limits() {
    for operation in operations() {
        let refused = &operation.described["responses"]["429"];
        if !operation.template.starts_with("/api/v1/") {
            assert!(refused.is_null(), "{}", operation.id);
            continue;
        }
        for name in ["Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"] {
            let reference = format!("#/components/headers/{name}");
            assert_eq!(refused["headers"][name]["$ref"], reference, "{} {name}", operation.id);
        }
        let content = &refused["content"]["application/json"]["schema"]["$ref"];
        assert_eq!(content, "#/components/schemas/ErrorEnvelope", "{}", operation.id);
    }
}
