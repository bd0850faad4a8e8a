//! What came back, read to its end.

use axum::body::Body;
use axum::http::{HeaderMap, Response};
use http_body_util::BodyExt as _;
use serde_json::Value;

use crate::client::Sent;
use crate::log::Log;

/// An answer of the application.
#[derive(Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
    pub(crate) sent: Sent,
    pub(crate) log: Log,
    pub(crate) mark: usize,
}

/// An answer before it is told which request it is to.
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Received {
    pub(crate) async fn read(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body that can be read").to_bytes();
        let text = String::from_utf8(bytes.to_vec()).expect("a body in UTF-8");
        Self { status: parts.status.as_u16(), headers: parts.headers, text }
    }
}

impl Answer {
    pub(crate) fn new(received: Received, sent: Sent, log: Log, mark: usize) -> Self {
        let Received { status, headers, text } = received;
        Self { status, headers, text, sent, log, mark }
    }

    /// Fails the test unless the status is this one.
    pub fn expect_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.describe());
        self
    }

    /// Fails the test unless this is a refusal with this status and code.
    pub fn expect_refusal(&self, status: u16, code: &str) -> &Self {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{}", self.describe());
        self
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.describe()))
    }

    /// The header's value, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a header in ASCII"))
    }

    /// The refusal's code.
    #[must_use]
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// All faults in a refusal, as `(field, message)`.
    #[must_use]
    pub fn faults(&self) -> Vec<(String, String)> {
        let body = self.json();
        let details = body["error"]["details"].as_array().unwrap_or_else(|| panic!("{}", self.describe()));
        let text = |fault: &Value, key: &str| fault[key].as_str().unwrap().to_owned();
        details.iter().map(|fault| (text(fault, "field"), text(fault, "message"))).collect()
    }

    /// The fields at fault, in the order in which they are told.
    #[must_use]
    pub fn fields_at_fault(&self) -> Vec<String> {
        self.faults().into_iter().map(|(field, _)| field).collect()
    }

    /// Fails the test unless this is a 400 that says something of this field.
    pub fn expect_fault(&self, field: &str) -> &Self {
        self.expect_refusal(400, "VALIDATION_ERROR");
        assert!(!self.fault(field).is_empty());
        self
    }

    /// What a refusal says of this field; fails the test if it says nothing.
    #[must_use]
    pub fn fault(&self, field: &str) -> String {
        let messages: Vec<String> =
            self.faults().into_iter().filter(|(at, _)| at == field).map(|(_, message)| message).collect();
        assert!(!messages.is_empty(), "no fault at {field:?}: {}", self.describe());
        messages.join("; ")
    }

    /// The body of a refusal without what differs between any two: the request's id and the time.
    #[must_use]
    pub fn refusal_as_such(&self) -> Value {
        let mut body = self.json();
        body["error"]["request_id"].take();
        body["timestamp"].take();
        body
    }

    /// The `data` of a page.
    #[must_use]
    pub fn data(&self) -> Vec<Value> {
        let body = self.json();
        body["data"].as_array().unwrap_or_else(|| panic!("no page: {}", self.describe())).clone()
    }

    /// What was asked, what came back, and what the log says about it.
    #[must_use]
    pub fn describe(&self) -> String {
        let lines = self.log.text_since(self.mark);
        let causes: Vec<&str> =
            lines.lines().filter(|line| line.contains("\"cause\"") || line.contains("\"reason\"")).collect();
        format!("{} {} → {} {} {}", self.sent.method, self.sent.path, self.status, self.text, causes.join("\n"))
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.describe())
    }
}
