//! What is promised of every answer, whoever asked for whatever (the contract's "Common to all endpoints").
//!
//! `check` runs on each answer of each story, so a new endpoint is held to it by the first story that uses it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use handler::clock::Clock as _;
use handler::limits::rules::RateLimits;
use serde_json::Value;

use crate::answer::Answer;
use crate::app::TestApp;
use crate::schema;

/// The code of each refusal, by its status.
const CODES: [(u16, &str); 11] = [
    (400, "VALIDATION_ERROR"),
    (401, "UNAUTHORIZED"),
    (403, "FORBIDDEN"),
    (404, "NOT_FOUND"),
    (405, "METHOD_NOT_ALLOWED"),
    (409, "CONFLICT"),
    (413, "PAYLOAD_TOO_LARGE"),
    (415, "UNSUPPORTED_MEDIA_TYPE"),
    (429, "RATE_LIMIT_EXCEEDED"),
    (500, "INTERNAL_ERROR"),
    (503, "SERVICE_UNAVAILABLE"),
];

/// What could end a script element, start a tag or an entity, or end a line of JavaScript.
const MARKUP: [char; 5] = ['<', '>', '&', '\u{2028}', '\u{2029}'];

/// Fails the test if the answer breaks a promise that holds for every answer.
pub(crate) fn check(app: &TestApp, answer: &Answer) {
    assert!(answer.status != 500 || app.setup.broken, "something unexpected happened: {answer:?}");
    check_headers(app, answer);
    check_rate_limits(app, answer);
    assert!(!answer.text.contains(MARKUP), "this is not inert in a page: {answer:?}");
    if answer.text.is_empty() {
        assert!(matches!(answer.status, 200 | 204 | 304), "nothing was said: {answer:?}");
    } else {
        assert_eq!(answer.header("content-type"), "application/json; charset=utf-8", "{answer:?}");
    }
    if answer.status >= 400 && !is_health_report(answer) {
        check_envelope(answer);
    }
    check_copies(app, answer);
    schema::check(answer);
    app.shared.secrets.check(answer);
}

fn check_headers(app: &TestApp, answer: &Answer) {
    for (name, value) in
        [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("referrer-policy", "no-referrer")]
    {
        assert_eq!(answer.header(name), value, "{name}: {answer:?}");
    }
    assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{answer:?}");
    let https_only = if app.setup.production { "max-age=31536000; includeSubDomains" } else { "" };
    assert_eq!(answer.header("strict-transport-security"), https_only, "{answer:?}");
    if answer.sent.path.starts_with("/api/") {
        assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
    }
    let id = answer.header("x-request-id");
    let is_safe =
        |id: &str| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    assert!(is_safe(id), "x-request-id: {answer:?}");
    if let Some(sent) = answer.sent.id.as_ref().and_then(|sent| sent.to_str().ok()).filter(|sent| is_safe(sent)) {
        assert_eq!(id, sent, "the client's own id: {answer:?}");
    }
}

/// Every answer of the API tells where its client stands, if there are limits; no other answer does.
fn check_rate_limits(app: &TestApp, answer: &Answer) {
    let limits = app.setup.rate_limits;
    let path = answer.sent.path.split('?').next().unwrap_or_default();
    let is_of_api = path == "/api/v1" || path.starts_with("/api/v1/");
    let told = ["limit", "remaining", "reset"].map(|name| answer.header(&format!("x-ratelimit-{name}")).parse::<i64>());
    let [Ok(limit), Ok(remaining), Ok(reset)] = told else {
        assert!(told.iter().all(Result::is_err), "half a standing: {answer:?}");
        assert!(!is_of_api || limits.general == 0, "it does not tell where the client stands: {answer:?}");
        return;
    };
    assert!(is_of_api && limits != RateLimits::OFF, "there are no limits: {answer:?}");
    assert!((0..=limit).contains(&remaining), "{answer:?}");
    let now = app.clock.now().unix_timestamp();
    assert!((now..=now + 61).contains(&reset), "{reset} at {now}: {answer:?}");
    assert!(answer.status != 429 || remaining == 0 || path.ends_with("/login"), "{answer:?}");
}

/// An entity tag stands for what an answer says: one with the same tag as an earlier one says the same, or a client would
/// be told that it has what it has not.
fn check_copies(app: &TestApp, answer: &Answer) {
    let tag = answer.header("etag");
    if answer.status == 304 {
        assert!(!tag.is_empty() && answer.text.is_empty(), "{answer:?}");
    }
    if tag.is_empty() || answer.status != 200 || answer.text.is_empty() {
        return;
    }
    assert!(tag.starts_with("W/\"") && tag.ends_with('"'), "{answer:?}");
    let mut copies = app.shared.copies.lock().unwrap_or_else(PoisonError::into_inner);
    let copy = copies.entry((answer.sent.path.clone(), tag.to_owned())).or_insert_with(|| answer.text.clone());
    assert_eq!(*copy, answer.text, "another answer of the same tag: {answer:?}");
}

fn check_envelope(answer: &Answer) {
    let body = answer.json();
    assert_eq!(keys(&body), ["error", "timestamp"], "{answer:?}");
    assert_eq!(keys(&body["error"]), ["code", "message", "details", "request_id"], "{answer:?}");
    let code = CODES.iter().find(|(status, _)| *status == answer.status).map(|(_, code)| *code);
    assert_eq!(body["error"]["code"].as_str(), code, "{answer:?}");
    assert_eq!(body["error"]["request_id"], answer.header("x-request-id"), "{answer:?}");
    assert!(body["error"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{answer:?}");
    assert!(is_instant(&body["timestamp"]), "{answer:?}");
    for fault in body["error"]["details"].as_array().unwrap_or_else(|| panic!("details is no array: {answer:?}")) {
        assert_eq!(keys(fault), ["field", "message"], "{answer:?}");
    }
    let wait = answer.header("retry-after").parse::<u32>();
    match answer.status {
        401 => assert_eq!(answer.header("www-authenticate"), "Bearer", "{answer:?}"),
        405 => assert!(!answer.header("allow").is_empty(), "{answer:?}"),
        429 | 503 => assert!(wait.is_ok_and(|seconds| seconds >= 1), "{answer:?}"),
        _ => {}
    }
}

/// A health report keeps its own body, also when it is a bad one.
fn is_health_report(answer: &Answer) -> bool {
    answer.status == 503 && matches!(answer.sent.path.as_str(), "/ready" | "/health/detailed")
}

/// Whether this is a time as every answer shows it: `2026-01-31T10:30:00Z`.
#[must_use]
pub fn is_instant(value: &Value) -> bool {
    let shape: String =
        value.as_str().unwrap_or_default().chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "0000-00-00T00:00:00Z"
}

/// The keys of an object, in their order.
#[must_use]
pub fn keys(value: &Value) -> Vec<&str> {
    value.as_object().map(|object| object.keys().map(String::as_str).collect()).unwrap_or_default()
}

/// Every password, token and email that was sent or answered in a story. None of them may ever be logged.
///
/// Kept by their first bytes: a long story has thousands of them, and each line is looked through once.
#[derive(Default)]
pub(crate) struct Secrets(Mutex<HashMap<[u8; Secrets::MIN_LENGTH], BTreeSet<String>>>);

impl Secrets {
    /// The fields that hold one.
    const FIELDS: [&str; 6] =
        ["email", "password", "current_password", "new_password", "access_token", "refresh_token"];
    /// Shorter ones would be found by chance.
    const MIN_LENGTH: usize = 8;

    /// Remembers a secret.
    pub(crate) fn learn(&self, secret: &str) {
        if let Some(beginning) = secret.as_bytes().first_chunk() {
            let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            secrets.entry(*beginning).or_default().insert(secret.to_owned());
        }
    }

    /// Remembers the secrets in a body.
    pub(crate) fn learn_from(&self, body: &[u8]) {
        let Ok(Value::Object(body)) = serde_json::from_slice(body) else { return };
        for value in Self::FIELDS.iter().filter_map(|field| body.get(*field)).filter_map(Value::as_str) {
            self.learn(value);
            // Of a token, each part would do harm by itself.
            value.split('.').filter(|part| part.len() > 40).for_each(|part| self.learn(part));
        }
    }

    /// Fails the test if a line that was logged for this answer holds one.
    fn check(&self, answer: &Answer) {
        for line in answer.log.text_since(answer.mark).lines() {
            if let Some(secret) = self.found_in(line) {
                panic!("{secret:?} was logged: {line}");
            }
        }
    }

    /// A secret that the text holds, if it holds one.
    pub(crate) fn found_in(&self, text: &str) -> Option<String> {
        let (text, secrets) = (text.as_bytes(), self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let places = 0..=text.len().checked_sub(Self::MIN_LENGTH)?;
        places.filter_map(|at| text.get(at..)).find_map(|rest| {
            let candidates = secrets.get(rest.first_chunk()?)?;
            candidates.iter().find(|secret| rest.starts_with(secret.as_bytes())).cloned()
        })
    }
}
