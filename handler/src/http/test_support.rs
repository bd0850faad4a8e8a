//! Sends requests through the whole stack, and reads what comes back and what the log says.

use super::{HttpSettings, layers};
use crate::clock::{Clock, SharedClock};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, request};
use http_body_util::BodyExt;
use proptest::prelude::*;
use serde_json::Value;
use std::io;
use std::sync::{Arc, Mutex};
use time::OffsetDateTime;
use time::macros::datetime;
use tower::ServiceExt;
use tracing::subscriber::DefaultGuard;

/// The instant of every test, which answers show as `2026-01-31T10:30:00Z`.
pub(super) struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> OffsetDateTime {
        datetime!(2026-01-31 12:30:00.987 +2)
    }
}

pub(super) fn clock() -> SharedClock {
    Arc::new(FixedClock)
}

/// The router within the stack, with its usual settings and `https://app.example.org` as the one allowed origin.
pub(super) fn stacked(router: Router) -> Router {
    let cors_origins = vec!["https://app.example.org".to_owned()];
    layers(router, &HttpSettings { cors_origins, ..HttpSettings::default() }, clock())
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The header's value, or nothing.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The status, and the code in a body that has the shape of the envelope.
    pub(super) fn refusal(&self) -> (u16, String) {
        let body = self.json();
        assert_eq!(self.header("content-type"), "application/json; charset=utf-8");
        assert_eq!(body["timestamp"], "2026-01-31T10:30:00Z");
        assert_eq!(body["error"]["request_id"], self.header("x-request-id"));
        assert!(body["error"]["details"].is_array(), "{body}");
        assert!(body["error"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{body}");
        (self.status, body["error"]["code"].as_str().unwrap().to_owned())
    }

    /// The faults as `field: message`.
    pub(super) fn faults(&self) -> Vec<String> {
        let body = self.json();
        let details = body["error"]["details"].as_array().unwrap();
        let text = |fault: &Value, key: &str| fault[key].as_str().unwrap().to_owned();
        details.iter().map(|fault| format!("{}: {}", text(fault, "field"), text(fault, "message"))).collect()
    }
}

pub(super) async fn send(app: &Router, request: Request<Body>) -> Answer {
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    Answer { status: parts.status.as_u16(), headers: parts.headers, text }
}

pub(super) fn request(method: &str, path: &str) -> request::Builder {
    Request::builder().method(method).uri(path)
}

pub(super) async fn get(app: &Router, path: &str) -> Answer {
    send(app, request("GET", path).body(Body::empty()).unwrap()).await
}

/// What this thread logs while this lives.
pub(super) struct Log {
    written: Arc<Mutex<Vec<u8>>>,
    _subscriber: DefaultGuard,
}

struct Sink(Arc<Mutex<Vec<u8>>>);

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub(super) fn kept() -> Self {
        let written = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&written);
        let subscriber = tracing_subscriber::fmt().json().with_writer(move || Sink(Arc::clone(&sink))).finish();
        Self { written, _subscriber: tracing::subscriber::set_default(subscriber) }
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8(self.written.lock().unwrap().clone()).unwrap()
    }

    /// The lines with this message, as JSON.
    pub(super) fn lines(&self, message: &str) -> Vec<Value> {
        let lines = self.text();
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["fields"]["message"] == message).collect()
    }
}

/// Any JSON: truth values and objects more often than others, numbers only such as every reader reads alike.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|quarters| Value::from(f64::from(quarters) / 4.0)),
        "\\PC{0,12}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    plain.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-zA-Z_]{0,8}|\\PC{0,4}", inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}
