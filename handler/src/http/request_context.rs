//! What is known of a request before anyone reads it, and the one line that the log keeps of it.
//!
//! The line names the route's template and never the path, and no header, query or body: those can hold tokens,
//! passwords and email addresses.

use super::client_address::ClientAddress;
use super::headers;
use super::trace_context::TraceContext;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::{Arc, OnceLock};
use tokio::time::Instant;
use tracing::{Instrument, Span};
use uuid::Uuid;

/// The header that carries a request's id, in both directions.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The header in which the host names its own invocation. It is appended to whatever the client sent by that name.
const X_INVOCATION_ID: &str = "x-azure-functions-invocationid";

/// The longest id that is taken over, in characters.
const LONGEST_ID: usize = 64;

/// The status that the log shows for a request that was dropped before it was answered, because the client went away.
/// Nobody receives it; the number is nginx's.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// What is known of a request from its headers alone, and of its caller once it has said who it is.
#[derive(Debug)]
pub struct RequestContext {
    request_id: HeaderValue,
    invocation_id: Option<Box<str>>,
    client_address: ClientAddress,
    user_id: OnceLock<i32>,
}

impl RequestContext {
    /// Reads the headers; `fresh` is the id of a request that has no usable one of its own.
    #[must_use]
    pub fn new(headers: &HeaderMap, fresh: impl FnOnce() -> Uuid) -> Self {
        let request_id = headers.get(X_REQUEST_ID).filter(|id| is_id(id.as_bytes())).cloned();
        Self {
            request_id: request_id.unwrap_or_else(|| header_of(fresh())),
            invocation_id: invocation_id(headers),
            client_address: ClientAddress::of(headers),
            user_id: OnceLock::new(),
        }
    }

    /// The context of a request that came through the layers.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Option<&Arc<Self>> {
        extensions.get()
    }

    /// The request's id: 1–64 of `[A-Za-z0-9._-]`.
    #[must_use]
    pub fn request_id(&self) -> &str {
        self.request_id.to_str().unwrap_or_default()
    }

    /// The address that requests without a user are counted by.
    #[must_use]
    pub const fn client_address(&self) -> ClientAddress {
        self.client_address
    }

    /// Notes who the caller is, for the log line. The first one to say so is believed.
    pub fn set_user(&self, user_id: i32) {
        self.user_id.get_or_init(|| user_id);
    }

    /// Who the caller is, once it is known.
    #[must_use]
    pub fn user_id(&self) -> Option<i32> {
        self.user_id.get().copied()
    }
}

/// Whether this can serve as a request's id.
fn is_id(id: &[u8]) -> bool {
    (1..=LONGEST_ID).contains(&id.len()) && id.iter().copied().all(is_id_character)
}

const fn is_id_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

fn header_of(id: Uuid) -> HeaderValue {
    let mut text = Uuid::encode_buffer();
    HeaderValue::from_str(id.hyphenated().encode_lower(&mut text)).unwrap_or(HeaderValue::from_static("none"))
}

/// The host's own entry: the last one, without characters that have no place in a log.
fn invocation_id(headers: &HeaderMap) -> Option<Box<str>> {
    let values = headers.get_all(X_INVOCATION_ID);
    let appended = values.iter().next_back()?.as_bytes().rsplit(|&byte| byte == b',').next()?;
    let id: String =
        appended.iter().copied().filter(|&byte| is_id_character(byte)).take(LONGEST_ID).map(char::from).collect();
    (!id.is_empty()).then(|| id.into_boxed_str())
}

/// The outermost layer: gives the request its context, the answer its id and the headers of every answer, and writes the log
/// line. Its state is whether this is the production environment.
pub(super) async fn open(State(production): State<bool>, mut request: Request, next: Next) -> Response {
    let context = Arc::new(RequestContext::new(request.headers(), || {
        uuid::Builder::from_random_bytes(rand::random()).into_uuid()
    }));
    let trace = TraceContext::new(request.headers(), rand::random());
    let span = tracing::info_span!(
        "request",
        request_id = context.request_id(),
        trace_id = &*trace.trace_id,
        span_id = &*trace.span_id,
        parent_id = trace.parent_id.as_deref(),
        invocation_id = context.invocation_id.as_deref(),
    );
    let mut line = LogLine {
        method: known_name(request.method()),
        route: request.extensions().get().cloned(),
        status: CLIENT_CLOSED_REQUEST,
        since: Instant::now(),
        context: Arc::clone(&context),
        trace,
        span: span.clone(),
    };
    request.extensions_mut().insert(Arc::clone(&context));
    let mut response = next.run(request).instrument(span).await;
    line.status = response.status().as_u16();
    headers::add(response.headers_mut(), production);
    response.headers_mut().insert(X_REQUEST_ID, context.request_id.clone());
    response
}

/// The methods of HTTP by name; one that a client made up is not repeated into the log.
fn known_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::HEAD => "HEAD",
        Method::PATCH => "PATCH",
        _ => "OTHER",
    }
}

/// The line is written when this is dropped, so that a request whose client went away leaves one too.
struct LogLine {
    method: &'static str,
    route: Option<MatchedPath>,
    status: u16,
    since: Instant,
    context: Arc<RequestContext>,
    trace: TraceContext,
    span: Span,
}

impl Drop for LogLine {
    fn drop(&mut self) {
        let _within = self.span.enter();
        tracing::info!(
            method = self.method,
            route = self.route.as_ref().map_or("unmatched", MatchedPath::as_str),
            status = self.status,
            duration_ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX),
            request_id = self.context.request_id(),
            invocation_id = self.context.invocation_id.as_deref(),
            trace_id = &*self.trace.trace_id,
            user_id = self.context.user_id(),
            "request"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::test_support::{get, request, send, stacked};
    use axum::Router;
    use axum::body::Body;
    use proptest::prelude::*;

    const FRESH: &str = "00000000-0000-4000-8000-000000000001";

    fn context(name: &'static str, values: &[&[u8]]) -> RequestContext {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        RequestContext::new(&headers, || FRESH.parse().unwrap())
    }

    #[test]
    fn a_usable_id_of_the_client_is_taken_over() {
        let longest = "x".repeat(64);
        for id in ["1", "A-z_0.9", &longest] {
            assert_eq!(context("x-request-id", &[id.as_bytes()]).request_id(), id);
        }
    }

    #[test]
    fn any_other_is_replaced() {
        let too_long = "x".repeat(65);
        for id in ["", " ", "a b", "a,b", "<b>", "a/b", "é", "a\tb", &too_long] {
            assert_eq!(context("x-request-id", &[id.as_bytes()]).request_id(), FRESH, "{id}");
        }
        assert_eq!(context("x-request-id", &[]).request_id(), FRESH);
    }

    #[test]
    fn the_hosts_invocation_id_is_the_last_one_and_safe_to_log() {
        let id = |values: &[&[u8]]| context(X_INVOCATION_ID, values).invocation_id;
        assert_eq!(id(&[b"host"]).as_deref(), Some("host"));
        assert_eq!(id(&[b"client", b"host"]).as_deref(), Some("host"));
        assert_eq!(id(&[b"\xff, client,host "]).as_deref(), Some("host"));
        assert_eq!(id(&[b"<\"a\xff b\">"]).as_deref(), Some("ab"));
        assert_eq!(id(&["x".repeat(100).as_bytes()]).map(|id| id.len()), Some(LONGEST_ID));
        assert_eq!(id(&[b"client", b""]), None);
        assert_eq!(id(&[]), None);
    }

    #[test]
    fn the_user_is_known_once_it_is_set() {
        let context = context("x-request-id", &[]);
        assert_eq!(context.user_id(), None);
        context.set_user(7);
        context.set_user(8);
        assert_eq!(context.user_id(), Some(7));
    }

    #[tokio::test]
    async fn every_answer_carries_its_id() {
        let app = stacked(Router::new().route("/", axum::routing::get(|| async { [(X_REQUEST_ID, "the handler's")] })));
        let asked = request("GET", "/").header("x-request-id", "mine").body(Body::empty()).unwrap();
        let answer = send(&app, asked).await;
        assert_eq!(answer.headers.get_all(X_REQUEST_ID).iter().collect::<Vec<_>>(), ["mine"]);

        let (one, other) = (get(&app, "/").await, get(&app, "/nowhere").await);
        for answer in [&one, &other] {
            let id: Uuid = answer.header("x-request-id").parse().unwrap();
            assert_eq!(id.get_version(), Some(uuid::Version::Random));
        }
        assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
    }

    proptest! {
        #[test]
        fn whatever_the_client_sends_the_id_is_safe(id in "[ -~\u{80}-\u{ff}]{0,80}") {
            let context = context("x-request-id", &[id.as_bytes()]);
            prop_assert!(is_id(context.request_id().as_bytes()));
        }
    }
}
