//! What operators get to see besides the log: what arrives at the ingestion endpoint, and what never does.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use handler::clock::SystemClock;
use handler::monitoring;
use handler::secrets::https;
use handler::telemetry::Telemetry;
use handler::telemetry::pipeline::CAPACITY;
use handler::telemetry::wire::Way;
use serde_json::{Value, json};
use tests::ingestion::Ingestion;
use tests::{OwnDatabase, PASSWORD, Person, Setup, TestApp, statements};
use tokio::runtime::Handle;

const ME: &str = "/api/v1/users/me";
const LOGIN: &str = "/api/v1/auth/login";
/// Longer than anything takes that is not stuck.
const PATIENCE: Duration = Duration::from_secs(15);
/// The trace of an app on somebody's phone, which is chosen at any percentage, and the id of its own part.
const TRACE: &str = "4bf92f3577b34da60000000000000001";
const PARENT: &str = "00f067aa0ba902b7";

/// An application that tells so many of a hundred successful requests.
async fn telling(percent: u32) -> (TestApp, Telemetry, Ingestion) {
    let ingestion = Ingestion::start().await;
    let way = Way { connect: https::to_anywhere, tokens: None, runtime: Handle::current() };
    let telemetry = Telemetry::sent_to(&ingestion.settings(percent), Arc::new(SystemClock), way).unwrap();
    let setup = Setup { telemetry: Some(telemetry.clone()), ..Setup::default() };
    (TestApp::start(setup, OwnDatabase::migrated().await), telemetry, ingestion)
}

fn tag<'a>(item: &'a Value, name: &str) -> &'a str {
    item["tags"][name].as_str().unwrap_or_default()
}

fn base(item: &Value) -> &Value {
    &item["data"]["baseData"]
}

/// The names of the custom events, sorted.
fn events(ingestion: &Ingestion) -> Vec<String> {
    let mut names: Vec<String> =
        ingestion.of_kind("Event").iter().map(|item| base(item)["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

async fn goes_to_rome(person: &Person) {
    let plan = json!({ "city": "Rome", "country": "Italy", "start_date": "2026-03-15", "end_date": "2026-03-20" });
    person.post("/api/v1/travels", &plan).await.expect_status(201);
}

#[tokio::test]
async fn a_request_arrives_with_its_statements_in_its_trace() {
    let (app, telemetry, ingestion) = telling(100).await;
    let ana = app.joined_by("ana").await;
    let asking = ana
        .with_header("traceparent", &format!("00-{TRACE}-{PARENT}-01"))
        .with_header("x-azure-functions-invocationid", "invocation-7");
    let answer = asking.get(&format!("/api/v1/users/{}", ana.id)).await;
    answer.expect_status(200);
    telemetry.finish(PATIENCE).await;

    let of_trace: Vec<Value> =
        ingestion.items().into_iter().filter(|item| tag(item, "ai.operation.id") == TRACE).collect();
    let [request, statements @ ..] = &of_trace[..] else { panic!("nothing of this trace: {:?}", ingestion.items()) };
    let name = "GET /api/v1/users/{user_id}";
    assert_eq!(
        json!([request["name"], base(request)["name"], base(request)["responseCode"], base(request)["success"]]),
        json!(["Microsoft.ApplicationInsights.Request", name, "200", true])
    );
    assert_eq!((tag(request, "ai.operation.name"), tag(request, "ai.operation.parentId")), (name, PARENT));
    let (role, instance) = (tag(request, "ai.cloud.role"), tag(request, "ai.cloud.roleInstance"));
    assert_eq!((role, instance), ("stories", "one"));
    let told = json!({ "http.request.method": "GET", "http.response.status_code": "200",
        "http.route": "/api/v1/users/{user_id}", "invocation_id": "invocation-7", "request_id": answer.header("x-request-id"),
        "service.instance.id": "one", "service.name": "stories", "service.version": env!("CARGO_PKG_VERSION"),
        "user_id": ana.id.to_string() });
    assert_eq!(base(request)["properties"], told, "and nothing else");
    assert!(base(request)["duration"].as_str().unwrap().starts_with("0.00:00:"), "{request}");

    let own = base(request)["id"].as_str().unwrap();
    assert!(own.len() == 16 && own != PARENT, "{own}");
    let names: Vec<&str> = statements.iter().map(|item| base(item)["name"].as_str().unwrap()).collect();
    let ids: BTreeSet<&str> = statements.iter().map(|item| base(item)["id"].as_str().unwrap()).collect();
    assert!(ids.len() == statements.len() && !ids.contains(own), "each has an id of its own: {ids:?}");
    assert!(names.len() >= 2 && names.contains(&"handler::users::store/find_public"), "{names:?}");
    for statement in statements {
        assert_eq!(tag(statement, "ai.operation.parentId"), own);
        let base = base(statement);
        assert_eq!((&base["type"], &base["success"], &base["data"]), (&json!("SQL"), &json!(true), &Value::Null));
        assert_eq!(base["properties"]["invocation_id"], "invocation-7");
    }
    let text = ingestion.text();
    assert!(!text.contains("SELECT") && !text.contains("@P1"), "a statement is told of by its name");

    let id = answer.header("x-request-id");
    let is_its = |line: &Value| line["message"] == "request" && line["request_id"] == id;
    let line = app.log.lines_since(0).into_iter().find(is_its).unwrap();
    assert_eq!(line["trace_id"], TRACE, "the log knows the trace too: {line}");
}

#[tokio::test]
async fn of_a_hundred_good_requests_some_are_told_and_count_for_the_others() {
    let (app, telemetry, ingestion) = telling(25).await;
    let ana = app.joined_by("ana").await;
    for (last, expected) in [("3fffffffffffffff", 1), ("4000000000000000", 0), ("ffffffffffffffff", 0)] {
        let trace = format!("4bf92f3577b34da6{last}");
        ana.with_header("traceparent", &format!("00-{trace}-{PARENT}-01")).get(ME).await.expect_status(200);
        telemetry.flush().await;
        let of_it = |kind: &str| {
            let of_kind = ingestion.of_kind(kind);
            of_kind.into_iter().filter(|item| tag(item, "ai.operation.id") == trace).collect::<Vec<_>>()
        };
        let (requests, statements) = (of_it("Request"), of_it("RemoteDependency"));
        assert_eq!((requests.len(), statements.is_empty()), (expected, expected == 0), "{last}");
        assert!(requests.iter().chain(&statements).all(|item| item["sampleRate"] == 25.0), "{requests:?}");
    }
    assert_eq!(events(&ingestion), ["user_registered"], "whatever the percentage");
    assert_eq!(ingestion.of_kind("Event")[0]["sampleRate"], 100.0, "it counts for itself alone");
}

#[tokio::test]
async fn what_breaks_is_always_told_with_its_statements_and_without_its_cause() {
    let (app, telemetry, ingestion) = telling(0).await;
    let ana = app.joined_by("ana").await;
    ana.get(ME).await.expect_status(200);
    statements::lose_tables(&app.state.db).await;
    let broken = app.beside(Setup { broken: true, ..app.setup.clone() });
    let answer = ana.at(&broken).get(ME).await;
    answer.expect_status(500);
    telemetry.finish(PATIENCE).await;

    let requests = ingestion.of_kind("Request");
    let [_, request] = &requests[..] else { panic!("the registration, and what failed: {requests:#?}") };
    assert_eq!((&base(request)["responseCode"], &base(request)["success"]), (&json!("500"), &json!(false)));
    assert_eq!(request["sampleRate"], 100.0, "it counts for itself alone");
    let exceptions = ingestion.of_kind("Exception");
    let [exception] = &exceptions[..] else { panic!("{exceptions:#?}") };
    assert_eq!(base(exception)["exceptions"][0]["message"], "a request failed");
    assert_eq!(base(exception)["exceptions"][0]["typeName"], "handler::http::envelope");
    assert_eq!(base(exception)["properties"]["request_id"], answer.header("x-request-id"));
    assert_eq!(tag(exception, "ai.operation.id"), tag(request, "ai.operation.id"));
    assert_eq!(tag(exception, "ai.operation.parentId"), base(request)["id"]);
    let statements = ingestion.of_kind("RemoteDependency");
    assert!(statements.iter().any(|item| base(item)["success"] == false), "{statements:#?}");
    assert!(!ingestion.text().contains("no such table"), "what the database said is for the log");
}

#[tokio::test]
async fn what_matters_to_the_product_and_to_security_is_told_each_time() {
    let (app, telemetry, ingestion) = telling(0).await;
    let (ana, ben) = (app.joined_by("ana").await, app.joined_by("ben").await);
    let connection = ana.connects_with(&ben).await;
    goes_to_rome(&ana).await;
    goes_to_rome(&ben).await;
    app.anonymous().post("/MatchScan", &json!({})).await.expect_status(200);
    app.anonymous().post("/MatchScan", &json!({})).await.expect_status(200);
    let wrong = json!({ "email": ana.email, "password": "WrongPass123!" });
    app.anonymous().post(LOGIN, &wrong).await.expect_status(401);
    telemetry.finish(PATIENCE).await;

    let expected = [
        "connection_accepted",
        "login_failed",
        "match_scan",
        "match_scan",
        "travel_match_found",
        "user_registered",
        "user_registered",
    ];
    assert_eq!(events(&ingestion), expected);
    let all = ingestion.of_kind("Event");
    let one = |name: &str| all.iter().find(|item| base(item)["name"] == name).unwrap();
    let accepted = base(one("connection_accepted"));
    assert_eq!(accepted["properties"]["connection_id"], connection.to_string());
    assert_eq!(accepted["properties"]["user_id"], ben.id.to_string());
    let found = base(one("travel_match_found"));
    let figures = ["causes", "matches", "notifications", "set_aside"].map(|name| found["properties"][name].clone());
    assert_eq!(figures, ["3", "1", "2", "0"]);
    let failed = one("login_failed");
    assert_eq!(base(failed)["properties"]["reason"], "wrong_password");
    assert_eq!((tag(failed, "ai.operation.id").len(), tag(failed, "ai.operation.parentId").len()), (32, 16));
    let requests = ingestion.of_kind("Request");
    assert_eq!(requests.len(), 6, "those in which this happened, and no other: {requests:#?}");
    assert!(requests.iter().any(|request| base(request)["id"] == tag(failed, "ai.operation.parentId")));
    assert_eq!(ingestion.of_kind("RemoteDependency").len(), 0, "of what went well nothing was asked for");
}

#[tokio::test]
async fn security_11_no_secret_of_a_journey_ever_arrives() {
    let (app, telemetry, ingestion) = telling(100).await;
    let ana = app.joined_as("ana.silva@example.org", "Ana").await;
    let (nobody, token) = (app.anonymous(), ana.token().to_owned());
    nobody.post(LOGIN, &json!({ "email": ana.email, "password": "WrongPass123!" })).await.expect_status(401);
    nobody.post(LOGIN, &json!({ "email": "x@example.org", "password": PASSWORD, "z": token })).await.expect_status(400);
    let again = json!({ "email": ana.email, "password": PASSWORD, "display_name": "Ana" });
    nobody.post("/api/v1/auth/register", &again).await.expect_status(409);
    let next = ana.refreshed_by(&ana.refresh().await);
    next.get(&format!("{ME}?access_token={token}&password={PASSWORD}")).await.expect_status(200);
    next.get(&format!("/api/v1/nowhere/{token}/{PASSWORD}")).await.expect_status(404);
    next.get("/api/v1/users/search?q=ana.silva%40example.org").await.expect_status(200);
    goes_to_rome(&next).await;
    let odd = next
        .with_header("user-agent", &token)
        .with_header("traceparent", &token)
        .with_header("tracestate", &token)
        .with_header("x-request-id", &format!("{token}.{token}"));
    odd.get(ME).await.expect_status(200);
    odd.send(Method::from_bytes(b"SECRET").unwrap(), ME, None).await;
    let change = json!({ "current_password": PASSWORD, "new_password": "EvenBetter456?" });
    next.put("/api/v1/users/me/password", &change).await.expect_status(204);
    statements::lose_tables(&app.state.db).await;
    let broken = app.beside(Setup { broken: true, ..app.setup.clone() });
    next.at(&broken).get(ME).await.expect_status(500);
    let login = json!({ "email": ana.email, "password": "EvenBetter456?" });
    nobody.at(&broken).post(LOGIN, &login).await.expect_status(500);
    monitoring::report_once(&app.state, &telemetry).await;
    telemetry.finish(PATIENCE).await;

    for kind in ["Request", "RemoteDependency", "Event", "Exception", "Metric"] {
        assert!(!ingestion.of_kind(kind).is_empty(), "there is something of each kind: {kind}");
    }
    let text = ingestion.text();
    assert_eq!(app.secret_in(&text), None, "{text}");
    for word in ["@", "Ana", "Rome", "Italy", "silva"] {
        assert!(!text.contains(word), "{word} in {text}");
    }
    assert_eq!(app.secret_in(&format!("…{PASSWORD}…")).as_deref(), Some(PASSWORD), "it would have been found");
}

#[tokio::test]
async fn what_an_endpoint_refuses_for_a_while_is_sent_again() {
    let (app, telemetry, ingestion) = telling(100).await;
    ingestion.refuse_with(503);
    let ana = app.joined_by("ana").await;
    let is_asked = async {
        while ingestion.requests() == 0 {
            ana.get(ME).await.expect_status(200);
        }
    };
    tokio::time::timeout(PATIENCE, is_asked).await.unwrap();
    ingestion.recover();
    ingestion.arrival("Event", |item| base(item)["name"] == "user_registered").await;
    telemetry.finish(PATIENCE).await;
    assert_eq!(events(&ingestion), ["user_registered"], "once");
    assert_eq!(lost(&telemetry), 0);
}

#[tokio::test]
async fn an_endpoint_that_says_nothing_costs_no_request_anything() {
    let (app, telemetry, ingestion) = telling(100).await;
    ingestion.fall_silent();
    let ana = app.joined_by("ana").await;
    // What is put into the queue while nobody empties it is what a request does: it returns at once.
    let told = tokio::time::timeout(PATIENCE, async {
        while lost(&telemetry) == 0 {
            ana.get(ME).await.expect_status(200);
        }
    });
    told.await.expect("the queue has an end");
    assert_eq!(ingestion.items(), Vec::<Value>::new());
    ingestion.recover();
    ingestion.arrival("Event", |item| base(item)["name"] == "user_registered").await;
    telemetry.finish(PATIENCE).await;
    let told = ingestion.of_kind("Request").len() + ingestion.of_kind("RemoteDependency").len();
    assert_eq!(told, CAPACITY, "as many as there is room for");
}

/// How many spans were dropped.
fn lost(telemetry: &Telemetry) -> u64 {
    let figures = telemetry.metrics().render().unwrap();
    figures.lines().find_map(|line| line.strip_prefix("telemetry_dropped_total ")).unwrap().parse().unwrap()
}

#[tokio::test]
async fn what_is_refused_for_good_is_counted_and_not_tried_again() {
    let (app, telemetry, ingestion) = telling(100).await;
    let ana = app.joined_by("ana").await;
    telemetry.flush().await;
    ingestion.refuse_with(400);
    let (before, asked) = (ingestion.items().len(), ingestion.requests());
    ana.get(ME).await.expect_status(200);
    telemetry.flush().await;
    assert!(lost(&telemetry) >= 2, "the request and its statements: {}", lost(&telemetry));
    assert_eq!(ingestion.requests(), asked + 1);
    ingestion.recover();
    ana.get(ME).await.expect_status(200);
    telemetry.finish(PATIENCE).await;
    assert!(ingestion.items().len() > before, "what comes after it is sent");
}

#[tokio::test]
async fn what_happens_outside_of_a_request_is_told_too() {
    let (app, telemetry, ingestion) = telling(0).await;
    app.log
        .of(async {
            tracing::error!(target: "handler::secrets::refresh", cause = "hunter2", "the secrets can't be renewed");
            tracing::warn!(target: "handler::scan::run", cause = "hunter2", "a cause of matches is set aside");
            tracing::error!(target: "some::other::library", "hunter2");
        })
        .await;
    telemetry.finish(PATIENCE).await;
    let (exceptions, messages) = (ingestion.of_kind("Exception"), ingestion.of_kind("Message"));
    assert_eq!(base(&exceptions[0])["exceptions"][0]["message"], "the secrets can't be renewed");
    assert_eq!(base(&messages[0])["message"], "a cause of matches is set aside");
    assert_eq!(base(&messages[0])["severityLevel"], 2, "a warning");
    assert_eq!((exceptions.len(), messages.len(), ingestion.of_kind("Request").len()), (1, 1, 0));
    assert_ne!(tag(&exceptions[0], "ai.operation.id"), tag(&messages[0], "ai.operation.id"));
    assert!(!ingestion.text().contains("hunter2"), "causes are for the log");
}

#[tokio::test]
async fn how_things_stand_is_told_in_figures() {
    let (app, telemetry, ingestion) = telling(0).await;
    let ana = app.joined_by("ana").await;
    let wrong = json!({ "email": ana.email, "password": "WrongPass123!" });
    app.anonymous().post(LOGIN, &wrong).await.expect_status(401);
    goes_to_rome(&ana).await;
    app.clock.advance(Duration::from_secs(90));
    for _ in 0..2 {
        monitoring::report_once(&app.state, &telemetry).await;
    }
    let all = ingestion.of_kind("Metric");
    let of = |name: &str| -> Vec<Value> {
        let figures = all.iter().map(|item| &base(item)["metrics"][0]);
        figures.filter(|figure| figure["name"] == name).map(|figure| figure["value"].clone()).collect()
    };
    assert_eq!(of("match_scan_waiting"), [json!(1.0), json!(1.0)]);
    assert_eq!(of("match_scan_lag_seconds"), [json!(90.0), json!(90.0)]);
    assert_eq!(of("password_hashes_waiting"), [json!(0.0), json!(0.0)]);
    assert_eq!(of("login_failures"), [json!(1.0)], "what has happened since the last report");
    let failures = all.iter().find(|item| base(item)["metrics"][0]["name"] == "login_failures").unwrap();
    assert_eq!(base(failures)["properties"]["reason"], "wrong_password");
    assert_eq!(tag(failures, "ai.cloud.role"), "stories");
    assert_eq!(of("db_pool_in_use").len(), 2);
    telemetry.finish(PATIENCE).await;
    assert_eq!(ingestion.of_kind("Metric").len(), all.len(), "nothing is told of by itself");
}
