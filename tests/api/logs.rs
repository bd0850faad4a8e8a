//! What the log says of requests, and what it never says.

use axum::http::Method;
use serde_json::{Value, json};
use tests::{
    ACCESS_SECRET, Answer, Client, Log, OwnDatabase, PASSWORD, Person, REFRESH_SECRET, Setup, TestApp, forge,
    statements,
};

const ME: &str = "/api/v1/users/me";
const LOGIN: &str = "/api/v1/auth/login";
const REFRESH: &str = "/api/v1/auth/refresh";
const WRONG: &str = "WrongPass123!";
const NEW: &str = "EvenBetter456?";
/// A part of a token shorter than this would be found by chance.
const LEAST: usize = 8;

/// What one request of the journey has to leave in the log.
struct Told {
    answer: Answer,
    method: &'static str,
    route: &'static str,
    user: Option<i64>,
}

/// A journey on which everything is tried, and all that must not be told of it.
#[derive(Default)]
struct Journey {
    told: Vec<Told>,
    secrets: Vec<String>,
}

impl Journey {
    /// Makes a request: with which body, to which route, as whom.
    async fn ask(
        &mut self,
        client: &Client,
        (method, path, body): (Method, &str, Value),
        (status, route): (u16, &'static str),
        user: Option<i64>,
    ) -> Answer {
        let name = ["GET", "PUT", "POST", "DELETE"].into_iter().find(|name| *name == method.as_str()).unwrap();
        let answer = client.send(method, path, (!body.is_null()).then_some(&body)).await;
        answer.expect_status(status);
        self.told.push(Told { answer: answer.clone(), method: name, route, user });
        answer
    }

    /// Keeps what nobody may read of a token: all of it, its parts, and what the refresh secret is.
    fn keep_token(&mut self, token: &str) {
        self.secrets.push(token.to_owned());
        self.secrets.extend(token.split('.').filter(|part| part.len() >= LEAST).map(str::to_owned));
        self.secrets.push(forge::claims_of(token)["jti"].as_str().unwrap().to_owned());
    }

    fn keep_pair(&mut self, person: &Person) {
        self.keep_token(person.token());
        self.keep_token(&person.refresh_token);
    }

    /// Keeps a stored hash with its salt and its output.
    async fn keep_hash(&mut self, app: &TestApp, email: &str) {
        let hash = statements::password_hash(&app.state.db, email).await;
        self.secrets.extend(hash.split('$').filter(|part| part.len() > 20).map(str::to_owned));
        self.secrets.push(hash);
    }

    /// No line of these logs holds a secret.
    fn is_kept_by(&self, logs: [&Log; 2]) {
        for text in logs.map(|log| log.text_since(0)) {
            for secret in &self.secrets {
                let line = text.lines().find(|line| line.contains(secret.as_str()));
                assert_eq!(line, None, "{secret:?} was logged");
            }
        }
    }

    /// Each request has its one line, with what an operator wants to know.
    fn is_told_by(&self, log: &Log) {
        let lines: Vec<Value> = log.lines_since(0).into_iter().filter(|line| line["message"] == "request").collect();
        for Told { answer, method, route, user } in &self.told {
            let id = answer.header("x-request-id");
            let of_it: Vec<&Value> = lines.iter().filter(|line| line["request_id"] == id).collect();
            let [line] = of_it[..] else { panic!("{} lines for {answer:?}", of_it.len()) };
            let expected = json!([method, route, answer.status, user]);
            assert_eq!(json!([line["method"], line["route"], line["status"], line["user_id"]]), expected, "{line}");
            assert!(line["duration_ms"].is_u64() && line["level"] == "INFO", "{line}");
            assert!(line["timestamp"].is_string(), "{line}");
        }
    }
}

/// Registers, logs in, refreshes, is robbed, changes the password and leaves: in and out of order.
async fn account(journey: &mut Journey, app: &TestApp) {
    let (nobody, email) = (app.anonymous(), "ana.silva@example.org");
    let register = "/api/v1/auth/register";
    let account = json!({ "email": email, "password": PASSWORD, "display_name": "Ana" });
    let id = journey.ask(&nobody, (Method::POST, register, account.clone()), (201, register), None).await.json()["id"]
        .as_i64();
    journey.ask(&nobody, (Method::POST, register, account), (409, register), None).await;
    journey.keep_hash(app, email).await;

    let login = |password: &str| (Method::POST, LOGIN, json!({ "email": email, "password": password }));
    journey.ask(&nobody, login(WRONG), (401, LOGIN), None).await;
    let stranger = json!({ "email": "stranger@example.org", "password": WRONG });
    journey.ask(&nobody, (Method::POST, LOGIN, stranger), (401, LOGIN), None).await;
    journey.ask(&nobody, login(PASSWORD), (200, LOGIN), id).await;
    let ana = app.anonymous().log_in(email, PASSWORD).await;
    journey.keep_pair(&ana);

    let spent = (Method::POST, REFRESH, json!({ "refresh_token": ana.refresh_token }));
    let answer = journey.ask(&nobody, spent.clone(), (200, REFRESH), None).await;
    let next = ana.refreshed_by(&answer);
    journey.keep_pair(&next);
    journey.keep_pair(&next.refreshed_by(&next.refresh().await));
    journey.ask(&nobody, spent, (401, REFRESH), None).await;
    assert!(app.log.text_since(0).contains("refresh_reused"), "a theft is told");

    let ana = app.anonymous().log_in(email, PASSWORD).await;
    journey.keep_pair(&ana);
    let password = "/api/v1/users/me/password";
    let change = |current: &str| (Method::PUT, password, json!({ "current_password": current, "new_password": NEW }));
    journey.ask(&ana, change(WRONG), (400, password), id).await;
    journey.ask(&ana, change(PASSWORD), (204, password), id).await;
    journey.keep_hash(app, email).await;
    let search = format!("/api/v1/users/search?q={email}");
    journey.ask(&ana, (Method::GET, &search, Value::Null), (200, "/api/v1/users/search"), id).await;
    let by_email = format!("/api/v1/users/{email}");
    journey.ask(&ana, (Method::GET, &by_email, Value::Null), (404, "/api/v1/users/{user_id}"), id).await;
    let session = format!("/api/v1/auth/sessions/{}", ana.session);
    journey.ask(&ana, (Method::DELETE, &session, Value::Null), (204, "/api/v1/auth/sessions/{session_id}"), id).await;
}

/// What is sent by mistake, or by someone who tries things out.
async fn nonsense(journey: &mut Journey, app: &TestApp) {
    let ben = app.joined_as("ben.costa@example.org", "Ben").await;
    journey.keep_pair(&ben);
    let (nobody, token) = (app.anonymous(), ben.token().to_owned());
    let in_query = format!("{ME}?access_token={token}&password={PASSWORD}");
    journey.ask(&nobody, (Method::GET, &in_query, Value::Null), (401, ME), None).await;
    journey.ask(&ben, (Method::GET, &in_query, Value::Null), (200, ME), Some(ben.id)).await;
    let in_path = format!("/api/v1/nowhere/{token}/{PASSWORD}");
    journey.ask(&ben, (Method::GET, &in_path, Value::Null), (404, "unmatched"), None).await;
    for garbage in [&token[1..], &token[..token.len() - 1], &format!("{token}x"), &token.to_lowercase()] {
        journey.secrets.push(garbage.to_owned());
        journey.ask(&nobody.with_token(garbage), (Method::GET, ME, Value::Null), (401, ME), None).await;
        let spent = (Method::POST, REFRESH, json!({ "refresh_token": garbage }));
        journey.ask(&nobody, spent, (401, REFRESH), None).await;
    }
    // A secret where another field should be, an unknown one, and one that has no end.
    let fields = json!({ "email": PASSWORD, "password": { "is": WRONG }, "secret": NEW });
    journey.ask(&nobody, (Method::POST, LOGIN, fields), (400, LOGIN), None).await;
    let named = Value::Object([(PASSWORD.to_owned(), json!(NEW))].into_iter().collect());
    journey.ask(&ben, (Method::PUT, ME, named), (400, ME), Some(ben.id)).await;
    let torn = format!("{{\"email\":\"ben.costa@example.org\",\"password\":\"{PASSWORD}");
    for headers in [&[("content-type", "application/json")], &[("content-type", "text/plain")]] {
        let answer = nobody.send_bytes(Method::POST, LOGIN, headers, torn.clone()).await;
        assert!([400, 415].contains(&answer.status), "{answer:?}");
        journey.told.push(Told { answer, method: "POST", route: LOGIN, user: None });
    }
    let endless = json!({ "email": "ben.costa@example.org", "password": PASSWORD.repeat(6000) });
    journey.ask(&nobody, (Method::POST, LOGIN, endless), (413, LOGIN), None).await;
    let agent = ben.with_header("user-agent", &token).with_header("cookie", &format!("token={token}"));
    journey.ask(&agent, (Method::GET, "/health/detailed", Value::Null), (200, "/health/detailed"), None).await;
}

#[tokio::test]
async fn security_11_no_secret_is_ever_logged_and_every_request_is_told_once() {
    // At the finest level that `LOG_LEVEL` can name, in the application's own tasks and threads too.
    let rest = Log::of_the_rest();
    let app = TestApp::new().await;
    let mut journey = Journey::default();
    let known = [PASSWORD, WRONG, NEW, ACCESS_SECRET, REFRESH_SECRET, "ana.silva@", "ben.costa@", "stranger@"];
    journey.secrets.extend(known.map(str::to_owned));
    account(&mut journey, &app).await;
    nonsense(&mut journey, &app).await;
    journey.is_told_by(&app.log);
    journey.is_kept_by([&app.log, rest]);
    assert!(journey.secrets.len() > 40 && journey.told.len() > 20, "there was something to be told, and to be kept");
}

#[tokio::test]
async fn security_11_no_secret_is_logged_when_the_database_is_away() {
    let rest = Log::of_the_rest();
    let (app, away) = (TestApp::new().await, TestApp::start(Setup::default(), OwnDatabase::unreachable()));
    let mut journey = Journey::default();
    let ana = app.joined_as("ana.reis@example.org", "Ana").await;
    journey.keep_pair(&ana);
    journey.secrets.extend([PASSWORD, "ana.reis@", "password=none"].map(str::to_owned));
    let (nobody, there) = (away.anonymous(), ana.at(&away));
    let login = json!({ "email": ana.email, "password": PASSWORD });
    journey.ask(&nobody, (Method::POST, LOGIN, login), (503, LOGIN), None).await;
    let spent = json!({ "refresh_token": ana.refresh_token });
    journey.ask(&nobody, (Method::POST, REFRESH, spent), (503, REFRESH), None).await;
    journey.ask(&there, (Method::GET, ME, Value::Null), (503, ME), None).await;
    journey.ask(&nobody, (Method::GET, "/ready", Value::Null), (503, "/ready"), None).await;
    journey.is_told_by(&away.log);
    journey.is_kept_by([&away.log, rest]);

    let log = away.log.lines_since(0);
    let reasons = log.iter().filter(|line| line["message"] == "a request could not be served");
    let told = reasons.filter(|line| line["level"] == "WARN" && line["reason"].is_string()).count();
    assert_eq!(told, 3, "why is in the log, once each: {log:?}");
}
