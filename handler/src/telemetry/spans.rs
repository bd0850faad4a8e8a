//! What is told of, as OpenTelemetry's spans. The exporter makes of a server's span a request, of a client's a dependency, and of
//! their events exceptions, custom events and messages.
//!
//! Names of attributes are those of the semantic conventions (<https://opentelemetry.io/docs/specs/semconv/>) where they have
//! one. The path of a request is left out, which they ask for: it is what somebody has typed.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{Event, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_application_insights::attrs::CUSTOM_EVENT_NAME;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use time::OffsetDateTime;

use super::fields::Fields;

/// Where something happened: the trace, and the span in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The trace's id.
    pub(super) trace: TraceId,
    /// The id of the request during which it happened.
    pub(super) span: SpanId,
    /// What brought that request about; invalid if it did not say so.
    pub(super) parent: SpanId,
    /// The request's own id, as in the log.
    pub(super) request_id: Option<String>,
    /// The id of the host's invocation.
    pub(super) invocation_id: Option<String>,
}

/// One statement that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// Its name.
    pub(super) name: String,
    /// When it began.
    pub(super) began: OffsetDateTime,
    /// How long it took.
    pub(super) took: Duration,
    /// Whether it failed.
    pub(super) failed: bool,
}

impl Place {
    /// Where the span with these fields is; without good ids nowhere that is known.
    pub(super) fn of(fields: Fields) -> Self {
        let span = |text: Option<&str>| text.and_then(|text| SpanId::from_hex(text).ok()).unwrap_or(SpanId::INVALID);
        let trace = fields.trace_id.as_deref().and_then(|text| TraceId::from_hex(text).ok());
        Self {
            trace: trace.unwrap_or(TraceId::INVALID),
            span: span(fields.span_id.as_deref()),
            parent: span(fields.parent_id.as_deref()),
            request_id: fields.request_id,
            invocation_id: fields.invocation_id,
        }
    }

    /// A place in a trace of its own.
    pub(super) fn apart(trace: [u8; 16]) -> Self {
        let trace = TraceId::from_bytes(trace);
        Self { trace, span: SpanId::INVALID, parent: SpanId::INVALID, request_id: None, invocation_id: None }
    }
}

/// A request that began then and took so long, with what happened meanwhile.
pub(super) fn request(
    (began, took): (OffsetDateTime, Duration),
    place: &Place,
    line: &Fields,
    events: Vec<Event>,
) -> SpanData {
    let (method, route) = (line.method.clone().unwrap_or_default(), line.route.clone().unwrap_or_default());
    let status = line.status.unwrap_or_default();
    let mut attributes = properties(place, line);
    attributes.push(KeyValue::new("http.request.method", method.clone()));
    attributes.push(KeyValue::new("http.route", route.clone()));
    attributes.push(KeyValue::new("http.response.status_code", status));
    let status = if is_failure(status) { failed() } else { Status::Unset };
    let name = format!("{method} {route}");
    let mut span = span((place.trace, place.span, place.parent), SpanKind::Server, name, (began, took), status);
    span.parent_span_is_remote = true;
    span.attributes = attributes;
    span.events.events = events;
    span
}

/// A statement of the request at this place: which one of them, and it.
pub(super) fn statement(place: &Place, number: u64, statement: Statement) -> SpanData {
    let status = if statement.failed { failed() } else { Status::Ok };
    let mut attributes = properties(place, &Fields::default());
    // What the exporter has for a dependency's type and target. `SQL` is the one that the portal knows as a database.
    attributes.push(KeyValue::new("db.system.name", "SQL"));
    attributes.push(KeyValue::new("db.namespace", "database"));
    attributes.push(KeyValue::new("db.query.summary", statement.name.clone()));
    let ids = (place.trace, after(place.span, number), place.span);
    let mut span = span(ids, SpanKind::Client, statement.name, (statement.began, statement.took), status);
    span.attributes = attributes;
    span
}

/// Something that happened outside of a request, or after its answer: the exporter knows events within spans alone.
pub(super) fn carrier(name: &'static str, place: &Place, now: OffsetDateTime, event: Event, id: u64) -> SpanData {
    let ids = (place.trace, SpanId::from_bytes(id.to_be_bytes()), place.span);
    let mut span = span(ids, SpanKind::Internal, name, (now, Duration::ZERO), Status::Unset);
    span.events.events = vec![event];
    span
}

/// Something that has to be known each time.
pub(super) fn event(now: OffsetDateTime, name: &'static str, place: &Place, fields: &Fields) -> Event {
    let numbers = [
        ("causes", fields.causes),
        ("matches", fields.matches),
        ("notifications", fields.notifications),
        ("set_aside", fields.set_aside),
    ];
    let numbers = numbers.into_iter().filter_map(|(name, number)| Some(KeyValue::new(name, number?)));
    let own = std::iter::once(KeyValue::new(CUSTOM_EVENT_NAME, name));
    let attributes = properties(place, fields).into_iter().chain(numbers).chain(own).collect();
    Event::new("ai.custom", now.into(), attributes, 0)
}

/// An error. What caused it is in the log, under the request's id.
pub(super) fn exception(now: OffsetDateTime, origin: &'static str, place: &Place, fields: &Fields) -> Event {
    let mut attributes = properties(place, fields);
    attributes.push(KeyValue::new("exception.type", origin));
    attributes.push(KeyValue::new("exception.message", fields.message.clone().unwrap_or_default()));
    Event::new("exception", now.into(), attributes, 0)
}

/// A warning. What caused it is in the log, under the request's id.
pub(super) fn warning(now: OffsetDateTime, place: &Place, fields: &Fields) -> Event {
    let mut attributes = properties(place, fields);
    attributes.push(KeyValue::new("level", "WARN"));
    Event::new(fields.message.clone().unwrap_or_default(), now.into(), attributes, 0)
}

/// Whether a request with this answer has failed: by fault of ours, or because the client did not wait for it. A refusal is
/// an answer (OpenTelemetry's conventions for HTTP servers say the same of 4xx).
#[must_use]
pub(super) const fn is_failure(status: i64) -> bool {
    status >= 500 || status == 499
}

fn failed() -> Status {
    Status::error("")
}

fn span(
    (trace, own, parent): (TraceId, SpanId, SpanId),
    kind: SpanKind,
    name: impl Into<Cow<'static, str>>,
    (began, took): (OffsetDateTime, Duration),
    status: Status,
) -> SpanData {
    let began = SystemTime::from(began);
    SpanData {
        span_context: SpanContext::new(trace, own, TraceFlags::SAMPLED, false, TraceState::NONE),
        parent_span_id: parent,
        parent_span_is_remote: false,
        span_kind: kind,
        name: name.into(),
        start_time: began,
        end_time: began + took,
        attributes: Vec::new(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status,
        instrumentation_scope: InstrumentationScope::default(),
    }
}

/// The id of a request's part: unlike any other in this trace, since that of the request is drawn from 2⁶⁴.
fn after(request: SpanId, number: u64) -> SpanId {
    SpanId::from_bytes(u64::from_be_bytes(request.to_bytes()).wrapping_add(number).to_be_bytes())
}

fn properties(place: &Place, fields: &Fields) -> Vec<KeyValue> {
    let texts = [
        ("request_id", place.request_id.as_ref().or(fields.request_id.as_ref())),
        ("invocation_id", place.invocation_id.as_ref().or(fields.invocation_id.as_ref())),
        ("outcome", fields.outcome.as_ref()),
        ("reason", fields.reason.as_ref()),
        ("limit", fields.limit.as_ref()),
    ];
    let numbers = [("user_id", fields.user_id), ("connection_id", fields.connection_id)];
    let texts = texts.into_iter().filter_map(|(name, text)| Some(KeyValue::new(name, text?.clone())));
    let numbers = numbers.into_iter().filter_map(|(name, number)| Some(KeyValue::new(name, number?)));
    texts.chain(numbers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_answers_and_no_failures() {
        let failures: Vec<i64> =
            [200, 204, 400, 401, 404, 429, 499, 500, 503].into_iter().filter(|s| is_failure(*s)).collect();
        assert_eq!(failures, [499, 500, 503]);
    }
}
