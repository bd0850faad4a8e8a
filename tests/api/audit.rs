//! The audit log: every event that matters to security leaves its line, once, with what one has to know of it and no more.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use handler::limits::rules::RateLimits;
use serde_json::{Value, json};
use tests::{Answer, Client, PASSWORD, Person, Setup, TestApp, statements};

const TABLE: &str = include_str!("../../docs/AUDIT.md");
const LOGIN: &str = "/api/v1/auth/login";
const ME: &str = "/api/v1/users/me";
const NEW: &str = "EvenBetter456?";
const WRONG: &str = "WrongPass123!";
/// What every line of the audit log has.
const COMMON: [&str; 8] = ["timestamp", "level", "message", "audit", "event", "outcome", "network", "request_id"];

/// The lines of the audit log since `mark`.
fn lines_since(app: &TestApp, mark: usize) -> Vec<Value> {
    app.log.lines_since(mark).into_iter().filter(|line| line["audit"] == true).collect()
}

/// People whose deeds are held against the audit log.
struct Watched {
    app: TestApp,
    /// How much of the log was read.
    mark: usize,
    secrets: BTreeSet<String>,
}

impl Watched {
    /// The answer to the last request has this status, and since the request before it the audit log has got exactly these
    /// lines: level, event, outcome, and what else is in it beside request and network.
    #[track_caller]
    fn expect(&mut self, answer: &Answer, status: u16, expected: &[(&str, &str, &str, Value)]) {
        answer.expect_status(status);
        let lines = lines_since(&self.app, self.mark);
        self.mark = self.app.log.mark();
        assert_eq!(lines.len(), expected.len(), "{lines:#?}");
        for (line, (level, event, outcome, others)) in lines.iter().zip(expected) {
            assert_eq!(
                (&line["level"], &line["event"], &line["outcome"]),
                (&json!(level), &json!(event), &json!(outcome))
            );
            assert_eq!(line["request_id"], answer.header("x-request-id"), "{line}");
            assert_eq!(line["network"], "203.0.113.0/24", "{line}");
            let mut rest = line.as_object().unwrap().clone();
            rest.retain(|name, _| !COMMON.contains(&name.as_str()));
            assert_eq!(Value::Object(rest), *others);
        }
    }

    /// Logs in, and keeps in mind what nobody may read of it.
    async fn logged_in(&mut self, client: &Client, email: &str, password: &str) -> Person {
        let mark = self.app.log.mark();
        let person = client.log_in(email, password).await;
        let line = &lines_since(&self.app, mark)[..];
        assert!(matches!(line, [line] if line["session_id"] == person.session.as_str()), "{line:?}");
        self.keep(&person);
        self.mark = self.app.log.mark();
        person
    }

    fn keep(&mut self, person: &Person) {
        self.secrets.extend([person.token().to_owned(), person.refresh_token.clone()]);
    }
}

async fn accounts(watched: &mut Watched, nobody: &Client) -> i64 {
    let account = json!({ "email": "ana.silva@example.org", "password": PASSWORD, "display_name": "Ana" });
    let answer = nobody.post("/api/v1/auth/register", &account).await;
    let id = answer.json()["id"].as_i64().unwrap();
    watched.expect(&answer, 201, &[("INFO", "user_registered", "succeeded", json!({ "user_id": id }))]);
    let answer = nobody.post("/api/v1/auth/register", &account).await;
    let taken = json!({ "reason": "email_taken" });
    watched.expect(&answer, 409, &[("INFO", "registration_refused", "refused", taken)]);

    let attempt = |email: &str, password: &str| json!({ "email": email, "password": password });
    let answer = nobody.post(LOGIN, &attempt("ana.silva@example.org", PASSWORD)).await;
    let lines = lines_since(&watched.app, watched.mark);
    let session = lines[0]["session_id"].clone();
    let succeeded = json!({ "user_id": id, "session_id": session });
    watched.expect(&answer, 200, &[("INFO", "login_succeeded", "succeeded", succeeded)]);
    let wrong = json!({ "user_id": id, "reason": "wrong_password" });
    let answer = nobody.post(LOGIN, &attempt("ANA.silva@example.org", WRONG)).await;
    watched.expect(&answer, 401, &[("INFO", "login_failed", "refused", wrong)]);

    for _ in 0..5 {
        let answer = nobody.post(LOGIN, &attempt("stranger@example.org", WRONG)).await;
        let unknown = json!({ "reason": "unknown_email" });
        watched.expect(&answer, 401, &[("INFO", "login_failed", "refused", unknown)]);
    }
    let answer = nobody.post(LOGIN, &attempt("stranger@example.org", WRONG)).await;
    watched.expect(&answer, 429, &[("WARN", "login_throttled", "refused", json!({}))]);

    let gone = watched.app.joined_as("gone@example.org", "Gone").await;
    watched.keep(&gone);
    statements::deactivate(&watched.app.state.db, gone.id).await;
    watched.mark = watched.app.log.mark();
    let inactive = json!({ "user_id": gone.id, "reason": "inactive" });
    let answer = nobody.post(LOGIN, &attempt("gone@example.org", PASSWORD)).await;
    watched.expect(&answer, 401, &[("INFO", "login_failed", "refused", inactive)]);
    let wrong = json!({ "user_id": gone.id, "reason": "wrong_password" });
    let answer = nobody.post(LOGIN, &attempt("gone@example.org", WRONG)).await;
    watched.expect(&answer, 401, &[("INFO", "login_failed", "refused", wrong)]);
    watched.expect(&gone.get(ME).await, 401, &[]);
    id
}

async fn sessions(watched: &mut Watched, nobody: &Client, id: i64) {
    let email = "ana.silva@example.org";
    let ended = |session: &str, reason: &str| {
        let told = json!({ "user_id": id, "session_id": session, "reason": reason });
        ("INFO", "session_ended", "succeeded", told)
    };
    let [ana, other] =
        [watched.logged_in(nobody, email, PASSWORD).await, watched.logged_in(nobody, email, PASSWORD).await];
    let path = format!("/api/v1/auth/sessions/{}", other.session);
    watched.expect(&ana.delete(&path).await, 204, &[ended(&other.session, "ended")]);
    watched.expect(&ana.delete(&path).await, 404, &[]);

    watched.logged_in(nobody, email, PASSWORD).await;
    // Beside it there is the session of the very first login.
    let all = json!({ "user_id": id, "session_id": ana.session, "reason": "ended", "sessions": 2 });
    let answer = ana.delete("/api/v1/auth/sessions").await;
    watched.expect(&answer, 204, &[("INFO", "sessions_ended", "succeeded", all)]);
    watched.expect(&ana.delete("/api/v1/auth/sessions").await, 204, &[]);

    let answer = ana.refresh().await;
    watched.expect(&answer, 200, &[]);
    let next = ana.refreshed_by(&answer);
    let answer = next.refresh().await;
    watched.expect(&answer, 200, &[]);
    watched.keep(&next);
    watched.keep(&next.refreshed_by(&answer));
    let reused = json!({ "user_id": id, "session_id": ana.session });
    let stolen = [("WARN", "refresh_reused", "refused", reused), ended(&ana.session, "reuse")];
    watched.expect(&ana.refresh().await, 401, &stolen);
    watched.expect(&ana.refresh().await, 401, &[]);

    let [ana, _] = [watched.logged_in(nobody, email, PASSWORD).await, watched.logged_in(nobody, email, PASSWORD).await];
    let path = "/api/v1/users/me/password";
    let change = |current: &str, new: &str| json!({ "current_password": current, "new_password": new });
    let wrong = json!({ "user_id": id, "session_id": ana.session, "reason": "wrong_password" });
    let answer = ana.put(path, &change(WRONG, NEW)).await;
    watched.expect(&answer, 400, &[("INFO", "password_change_refused", "refused", wrong)]);
    watched.expect(&ana.put(path, &change(PASSWORD, "short")).await, 400, &[]);
    let here = json!({ "user_id": id, "session_id": ana.session });
    let others = json!({ "user_id": id, "session_id": ana.session, "reason": "password", "sessions": 1 });
    let changed = ("INFO", "password_changed", "succeeded", here);
    let answer = ana.put(path, &change(PASSWORD, NEW)).await;
    watched.expect(&answer, 204, &[changed.clone(), ("INFO", "sessions_ended", "succeeded", others)]);
    watched.expect(&ana.put(path, &change(NEW, PASSWORD)).await, 204, &[changed]);

    let logout = ana.post("/api/v1/auth/logout", &Value::Null).await;
    watched.expect(&logout, 204, &[ended(&ana.session, "logout")]);
    watched.expect(&ana.post("/api/v1/auth/logout", &Value::Null).await, 401, &[]);
    watched.expect(&nobody.with_token(&ana.token()[1..]).get(ME).await, 401, &[]);
}

async fn limits(watched: &mut Watched, nobody: &Client) {
    let rate_limits = RateLimits { auth: 1, general: 1, search: 1 };
    let strict = watched.app.beside(Setup { rate_limits, ..Setup::default() });
    let ana = watched.logged_in(nobody, "ana.silva@example.org", PASSWORD).await.at(&strict);
    let search = "/api/v1/users/search?q=ana";
    nobody.at(&strict).post(LOGIN, &json!({})).await.expect_status(400);
    for path in [ME, search] {
        ana.get(path).await.expect_status(200);
    }
    watched.mark = watched.app.log.mark();
    let refused = |told: Value| [("WARN", "rate_limited", "refused", told)];
    let answer = nobody.at(&strict).post(LOGIN, &json!({})).await;
    watched.expect(&answer, 429, &refused(json!({ "limit": "auth" })));
    watched.expect(&ana.get(ME).await, 429, &refused(json!({ "user_id": ana.id, "limit": "general" })));
    watched.expect(&ana.get(search).await, 429, &refused(json!({ "user_id": ana.id, "limit": "search" })));
}

/// What the table says of an event: the fields beside the common ones, and the words that reason and limit can be.
fn table() -> BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> {
    let words = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let rows = TABLE.lines().filter(|line| line.starts_with("| `"));
    let rows = rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        (cells[0].trim_matches('`').to_owned(), (words(cells[3]), words(cells[4])))
    });
    rows.collect()
}

/// The same as it is in these lines: a field that only some lines of an event have has a question mark.
fn as_logged(lines: &[Value]) -> BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> {
    let mut seen: BTreeMap<String, Vec<&serde_json::Map<String, Value>>> = BTreeMap::new();
    for line in lines {
        let line = line.as_object().unwrap();
        seen.entry(line["event"].as_str().unwrap().to_owned()).or_default().push(line);
    }
    let of_event = |lines: Vec<&serde_json::Map<String, Value>>| {
        let names: BTreeSet<&String> = lines.iter().flat_map(|line| line.keys()).collect();
        let field = |name: &&String| {
            let always = lines.iter().all(|line| line.contains_key(*name));
            format!("{name}{}", if always { "" } else { "?" })
        };
        let fields = names.iter().filter(|name| !COMMON.contains(&name.as_str())).map(field).collect();
        let words = lines.iter().flat_map(|line| [line.get("reason"), line.get("limit")]).flatten();
        (fields, words.map(|word| word.as_str().unwrap().to_owned()).collect())
    };
    seen.into_iter().map(|(event, lines)| (event, of_event(lines))).collect()
}

#[tokio::test]
async fn security_11_security_log_each_event_is_told_once_as_the_table_says_and_without_a_secret() {
    let app = TestApp::new().await;
    let nobody = app.anonymous().from_address("203.0.113.7:40000").with_header("user-agent", "Phone of Ana");
    let mut watched = Watched { mark: app.log.mark(), app, secrets: BTreeSet::new() };
    let id = accounts(&mut watched, &nobody).await;
    sessions(&mut watched, &nobody, id).await;
    limits(&mut watched, &nobody).await;

    let lines = lines_since(&watched.app, 0);
    assert_eq!(as_logged(&lines), table());
    let known = [PASSWORD, WRONG, NEW, "silva", "stranger", "gone@", "203.0.113.7", "Phone", "short"];
    watched.secrets.extend(known.map(str::to_owned));
    assert!(watched.secrets.len() > 20);
    for secret in &watched.secrets {
        let told = lines.iter().find(|line| line.to_string().contains(secret.as_str()));
        assert_eq!(told, None, "{secret:?} is in the audit log");
    }
}

#[tokio::test]
async fn security_log_the_reason_of_a_failed_login_is_in_the_log_and_not_in_the_answer() {
    let app = TestApp::new().await;
    let (ana, gone) = (app.joined_by("ana").await, app.joined_by("gone").await);
    statements::deactivate(&app.state.db, gone.id).await;
    let mark = app.log.mark();
    let mut answers = Vec::new();
    for (email, password) in
        [(&ana.email, WRONG), (&gone.email, PASSWORD), (&"nobody@example.org".to_owned(), PASSWORD)]
    {
        answers.push(app.anonymous().post(LOGIN, &json!({ "email": email, "password": password })).await);
    }
    assert!(answers.iter().all(|answer| answer.refusal_as_such() == answers[0].refusal_as_such()), "{answers:?}");
    let lines = lines_since(&app, mark);
    let reasons: Vec<&Value> = lines.iter().map(|line| &line["reason"]).collect();
    assert_eq!(reasons, ["wrong_password", "inactive", "unknown_email"]);
}

/// ASVS 5.0, 16.4.1: nobody writes a line of the log.
#[tokio::test]
async fn security_log_what_a_client_sends_begins_no_line_and_no_field() {
    let app = TestApp::new().await;
    let ana = app.joined_by("ana").await;
    let forged = "\"}\n{\"audit\":true,\"event\":\"forged\",\"user_id\":1}\r\n\u{1b}[2K\u{2028}";
    let header = "\"}\t{\"audit\":true,\"event\":\"forged\"} \u{85}";
    let in_path = "%22%7D%0D%0A%7B%22audit%22:true,%22event%22:%22forged%22%7D%1B%5B2K%E2%80%A8%00";
    let mark = app.log.mark();
    let client = ["user-agent", "x-request-id", "x-azure-functions-invocationid", "x-forwarded-for", "x-original-url"];
    let client = client.into_iter().fold((*ana).clone(), |client, name| client.with_header(name, header));
    let mut asked = 0;
    let login = json!({ "email": forged, "password": forged });
    let plan = json!({ "city": forged, "country": forged, "start_date": forged, "end_date": forged, forged: forged });
    for (method, path, body) in [
        (Method::POST, LOGIN, Some(login)),
        (Method::POST, LOGIN, Some(json!({ "email": "ana@example.org", "password": forged }))),
        (Method::POST, "/api/v1/travels", Some(plan)),
        (Method::PUT, ME, Some(json!({ "bio": forged, "home_city": forged }))),
        (Method::GET, &format!("/api/v1/users/{in_path}"), None),
        (Method::GET, &format!("/api/v1/users/search?q={in_path}&limit={in_path}"), None),
        (Method::GET, &format!("/{in_path}"), None),
    ] {
        let answer = client.send(method, path, body.as_ref()).await;
        assert!((200..500).contains(&answer.status), "{answer:?}");
        asked += 1;
    }
    let text = app.log.text_since(mark);
    let lines = app.log.lines_since(mark);
    assert_eq!(text.split_terminator('\n').count(), lines.len(), "a line that is no JSON: {text}");
    // Of what names the invocation, only letters and digits are taken over, as the value of its field.
    let text = text.replace(r#""invocation_id":"eventforged""#, "");
    assert!(!text.contains("forged") && !text.contains(|sign: char| sign.is_control() && sign != '\n'), "{text}");
    assert_eq!(lines.iter().filter(|line| line["message"] == "request").count(), asked);
    assert_eq!(lines.iter().filter(|line| line["audit"] == true).count(), 1, "the failed login: {lines:#?}");
}
