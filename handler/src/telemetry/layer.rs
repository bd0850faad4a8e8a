//! Reads our own events as they are logged, and makes figures and telemetry of those it knows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use opentelemetry::trace::{self, TraceId};
use time::OffsetDateTime;
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::fields::Fields;
use super::metrics::Metrics;
use super::pipeline::{Pipeline, Share};
use super::spans::{self, Place, Statement, is_failure};
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
/// The most statements of one request that are told of, and the most events: a match scan has many.
const MOST: usize = 100;

/// The layer.
pub struct TelemetryLayer {
    metrics: Arc<Metrics>,
    pipeline: Option<Arc<Pipeline>>,
    clock: SharedClock,
}

/// What is kept of a request until it is known what became of it.
struct OpenRequest {
    began: (OffsetDateTime, Instant),
    place: Place,
    statements: Vec<Statement>,
    events: Vec<trace::Event>,
    is_over: bool,
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
    pub(super) fn new(metrics: Arc<Metrics>, pipeline: Option<Arc<Pipeline>>, clock: SharedClock) -> Self {
        Self { metrics, pipeline, clock }
    }

    fn count(&self, fields: &Fields) {
        if fields.tried_again {
            self.metrics.retry();
        }
        match (fields.event.as_deref(), fields.reason.as_deref(), fields.limit.as_deref()) {
            (Some("login_failed"), Some(reason), _) => self.login_failure(reason),
            (Some("login_throttled"), ..) => self.login_failure("throttled"),
            (Some("rate_limited"), _, Some(limit)) => self.metrics.rate_limited(limit),
            _ => {}
        }
        if fields.message.as_deref() == Some("a request could not be served") {
            self.metrics.unserved();
        }
    }

    fn login_failure(&self, reason: &str) {
        self.metrics.login_failure(reason);
        if let Some(pipeline) = &self.pipeline {
            pipeline.measures.login_failure(reason);
        }
    }

    fn statement(&self, name: String, fields: &Fields, request: Option<&mut OpenRequest>) {
        let took = Duration::from_micros(fields.duration_us.and_then(|us| us.try_into().ok()).unwrap_or_default());
        self.metrics.statement(&name, fields.failed, took);
        if let Some(request) = request.filter(|open| self.pipeline.is_some() && open.statements.len() < MOST) {
            let began = self.clock.now() - took;
            request.statements.push(Statement { name, began, took, failed: fields.failed });
        }
    }

    /// The end of a request. Now it is known whether it is one of those that are always told of: failures, and where
    /// something happened that has to be known each time.
    fn request(&self, line: &Fields, request: &mut OpenRequest) {
        let (status, took) = (line.status.unwrap_or_default(), request.began.1.elapsed());
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        self.metrics.request(&text(&line.method), &text(&line.route), status, took);
        let Some(pipeline) = &self.pipeline else { return };
        request.is_over = true;
        let (events, statements) = (std::mem::take(&mut request.events), std::mem::take(&mut request.statements));
        let has_failed = is_failure(status);
        let is_drawn = is_chosen(request.place.trace, pipeline.percent());
        let is_told = has_failed || !events.is_empty();
        if is_told || is_drawn {
            let own = spans::request((request.began.0, took), &request.place, line, events);
            pipeline.put(own, if is_told { Share::Each } else { Share::Drawn });
        }
        if has_failed || is_drawn {
            let share = if has_failed { Share::Each } else { Share::Drawn };
            for (number, statement) in (1..).zip(statements) {
                pipeline.put(spans::statement(&request.place, number, statement), share);
            }
        }
    }

    fn tell(&self, metadata: &'static Metadata<'static>, fields: &Fields, request: Option<&mut OpenRequest>) {
        let Some(pipeline) = &self.pipeline else { return };
        let place = request.as_ref().map_or_else(|| Place::apart(rand::random()), |open| open.place.clone());
        let now = self.clock.now();
        let told = match kind_of(metadata, fields) {
            Kind::Event(name) => {
                let found = fields.matches.filter(|matches| *matches > 0).map(|_| "travel_match_found");
                let names = std::iter::once(name).chain(found);
                names.map(|name| spans::event(now, name, &place, fields)).collect()
            }
            Kind::Exception => vec![spans::exception(now, metadata.target(), &place, fields)],
            Kind::Warning => vec![spans::warning(now, &place, fields)],
            Kind::Nothing => return,
        };
        match request.filter(|open| !open.is_over) {
            Some(open) if open.events.len() < MOST => open.events.extend(told),
            Some(_) => {}
            None => {
                for event in told {
                    let carrier = spans::carrier(metadata.target(), &place, now, event, rand::random());
                    pipeline.put(carrier, Share::Each);
                }
            }
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
fn is_chosen(trace: TraceId, percent: u32) -> bool {
    let draw = u128::from_be_bytes(trace.to_bytes()) & u128::from(u64::MAX);
    draw * 100 < u128::from(percent) << 64
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for TelemetryLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let began = (self.clock.now(), Instant::now());
        let (statements, events) = (Vec::new(), Vec::new());
        let request = OpenRequest { began, place: Place::of(fields), statements, events, is_over: false };
        span.extensions_mut().insert(request);
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
            self.tell(event.metadata(), &fields, request);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_chosen_by_its_id_alone_and_as_often_as_asked_for() {
        let ids = (0..4_000_u64).map(|number| u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        let ids = ids.map(|id| TraceId::from_bytes(id.to_be_bytes()));
        let chosen = |percent| ids.clone().filter(|id| is_chosen(*id, percent)).count();
        assert_eq!((chosen(0), chosen(100)), (0, 4_000));
        assert!((760..840).contains(&chosen(20)), "{}", chosen(20));
        assert!(ids.clone().all(|id| !is_chosen(id, 20) || is_chosen(id, 30)));
    }
}
