//! Reads our own events as they are logged, and makes figures and telemetry of those it knows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::fields::Fields;
use super::items::{Place, Statement, is_failure};
use super::metrics::Metrics;
use super::outbox::Outbox;
use crate::audit;
use crate::clock::SharedClock;

/// What this crate's own events have as the beginning of their target.
const OURS: &str = "handler";
/// The one part of it that is not read, or telemetry in trouble would make more of it.
const OWN: &str = "handler::telemetry";
/// Where statements are told of, at a level that the log seldom has.
const DATABASE: &str = "handler::db";
/// The span of a request, and the message of its one line.
const REQUEST: &str = "request";
/// The most statements of one request that are told of: a match scan has many.
const MOST_STATEMENTS: usize = 100;

/// The layer.
pub struct TelemetryLayer {
    metrics: Arc<Metrics>,
    outbox: Option<Arc<Outbox>>,
    clock: SharedClock,
}

/// What is kept of a request until it is known what became of it.
struct OpenRequest {
    began: (OffsetDateTime, Instant),
    place: Place,
    statements: Vec<Statement>,
}

/// What there is to be told of, besides requests and statements.
enum Kind {
    Event(&'static str),
    Exception,
    Warning,
    Nothing,
}

/// Whether the layer has to see this at all: decided once for each place in the source.
#[must_use]
pub fn is_read(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    if metadata.is_span() {
        return metadata.name() == REQUEST && target.starts_with(OURS);
    }
    let is_ours = target.starts_with(OURS) && !target.starts_with(OWN);
    is_ours && (*metadata.level() <= Level::INFO || (*metadata.level() == Level::DEBUG && target.starts_with(DATABASE)))
}

impl TelemetryLayer {
    pub(super) fn new(metrics: Arc<Metrics>, outbox: Option<Arc<Outbox>>, clock: SharedClock) -> Self {
        Self { metrics, outbox, clock }
    }

    fn count(&self, fields: &Fields) {
        if fields.tried_again {
            self.metrics.retry();
        }
        match (fields.event.as_deref(), fields.reason.as_deref(), fields.limit.as_deref()) {
            (Some("login_failed"), Some(reason), _) => self.metrics.login_failure(reason),
            (Some("login_throttled"), ..) => self.metrics.login_failure("throttled"),
            (Some("rate_limited"), _, Some(limit)) => self.metrics.rate_limited(limit),
            _ => {}
        }
        if fields.message.as_deref() == Some("a request could not be served") {
            self.metrics.unserved();
        }
    }

    fn statement(&self, name: String, fields: &Fields, request: Option<&mut OpenRequest>) {
        let took = Duration::from_micros(fields.duration_us.and_then(|us| us.try_into().ok()).unwrap_or_default());
        self.metrics.statement(&name, fields.failed, took);
        if let Some(request) = request.filter(|open| self.outbox.is_some() && open.statements.len() < MOST_STATEMENTS) {
            let began = self.clock.now() - took;
            request.statements.push(Statement { name, began, took, failed: fields.failed });
        }
    }

    /// The end of a request. Now it is known whether it is one of those that are always told of.
    fn request(&self, line: &Fields, request: &mut OpenRequest) {
        let (status, took) = (line.status.unwrap_or_default(), request.began.1.elapsed());
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        self.metrics.request(&text(&line.method), &text(&line.route), status, took);
        let Some(outbox) = &self.outbox else { return };
        let percent = if is_failure(status) { 100 } else { outbox.percent() };
        if !is_chosen(&request.place.trace_id, percent) {
            return;
        }
        let place = &mut request.place;
        place.invocation_id.clone_from(&line.invocation_id);
        let place = &*place;
        let writer = outbox.writer();
        let own = writer.request((request.began.0, took), place, line, percent);
        let statements = request.statements.iter().enumerate();
        let statements =
            statements.map(|(number, statement)| writer.statement(statement, (place, number + 1), line, percent));
        outbox.put(std::iter::once(own).chain(statements));
    }

    fn tell(&self, metadata: &Metadata<'_>, fields: &Fields, request: Option<&OpenRequest>) {
        let Some(outbox) = &self.outbox else { return };
        let mut place = request.map(|open| open.place.clone()).unwrap_or_default();
        place.request_id = place.request_id.or_else(|| fields.request_id.clone());
        let (now, writer) = (self.clock.now(), outbox.writer());
        match kind_of(metadata, fields) {
            Kind::Event(name) => {
                let found = fields.matches.filter(|matches| *matches > 0).map(|_| "travel_match_found");
                let names = std::iter::once(name).chain(found);
                outbox.put(names.map(|name| writer.event(now, name, &place, fields)));
            }
            Kind::Exception => outbox.put([writer.exception(now, metadata.target(), &place, fields)]),
            Kind::Warning => outbox.put([writer.warning(now, &place, fields)]),
            Kind::Nothing => {}
        }
    }
}

/// What an event is told as. Names are ours, and never those of the event itself.
fn kind_of(metadata: &Metadata<'_>, fields: &Fields) -> Kind {
    let name = fields.event.as_deref();
    let is_audited = metadata.target() == audit::TARGET;
    if is_audited && (name == Some("user_registered") || fields.outcome.as_deref() == Some("refused")) {
        return EVENTS.iter().find(|known| Some(**known) == name).map_or(Kind::Nothing, |name| Kind::Event(name));
    }
    let is_done = *metadata.level() == Level::INFO;
    if let Some(name) = TOLD.iter().find(|known| is_done && Some(**known) == name) {
        return Kind::Event(name);
    }
    match *metadata.level() {
        _ if is_audited => Kind::Nothing,
        Level::ERROR => Kind::Exception,
        Level::WARN => Kind::Warning,
        _ => Kind::Nothing,
    }
}

/// The deeds of the audit log that are told of: a new account, and what was refused.
const EVENTS: [&str; 7] = [
    "user_registered",
    "registration_refused",
    "login_failed",
    "login_throttled",
    "password_change_refused",
    "refresh_reused",
    "rate_limited",
];
/// Other deeds that are. Of a scan that has found something, `travel_match_found` is told besides.
const TOLD: [&str; 2] = ["connection_accepted", "match_scan"];

/// Whether this trace is among the `percent` of a hundred that are told of: the same for all that takes part in it. Its id
/// is random (W3C Trace Context 3.2.2.3), so that its last 8 bytes can be taken for a draw.
fn is_chosen(trace_id: &str, percent: u32) -> bool {
    let last = trace_id.get(trace_id.len().saturating_sub(16)..).unwrap_or_default();
    let draw = u64::from_str_radix(last, 16).unwrap_or_default();
    u128::from(draw) * 100 < u128::from(percent) << 64
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for TelemetryLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let place = Place {
            trace_id: fields.trace_id.unwrap_or_default(),
            span_id: fields.span_id.unwrap_or_default(),
            parent_id: fields.parent_id,
            request_id: fields.request_id,
            invocation_id: fields.invocation_id,
        };
        let began = (self.clock.now(), Instant::now());
        span.extensions_mut().insert(OpenRequest { began, place, statements: Vec::new() });
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::of(event);
        let span = context.event_span(event);
        let mut extensions = span.as_ref().map(tracing_subscriber::registry::SpanRef::extensions_mut);
        let request = extensions.as_mut().and_then(|extensions| extensions.get_mut::<OpenRequest>());
        if let Some(name) = fields.statement.take() {
            self.statement(name, &fields, request);
        } else if fields.route.is_some() {
            if let Some(request) = request {
                self.request(&fields, request);
            }
        } else {
            self.count(&fields);
            self.tell(event.metadata(), &fields, request.as_deref());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_chosen_by_its_id_alone_and_as_often_as_asked_for() {
        let ids = (0..4_000_u64).map(|number| format!("{:032x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        let chosen = |percent| ids.clone().filter(|id| is_chosen(id, percent)).count();
        assert_eq!((chosen(0), chosen(100)), (0, 4_000));
        assert!((760..840).contains(&chosen(20)), "{}", chosen(20));
        assert!(ids.clone().all(|id| !is_chosen(&id, 20) || is_chosen(&id, 30)));
    }
}
