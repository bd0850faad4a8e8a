//! What is sent: envelopes of Application Insights, one JSON object a line.
//!
//! Their form is that of Microsoft's public schemas for its ingestion, version 2: `Request`, `RemoteDependency`,
//! `Exception`, `Event`, `Message` and `Metric`.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::fields::Fields;
use super::settings::TelemetrySettings;

/// The severities of messages and exceptions.
const WARNING: u8 = 2;
const ERROR: u8 = 3;

/// Where something happened: the trace, and the span in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The trace's id.
    pub trace_id: String,
    /// The id of the request during which it happened.
    pub span_id: String,
    /// What brought that request about, if it said so.
    pub parent_id: Option<String>,
    /// The request's own id, as in the log.
    pub request_id: Option<String>,
    /// The id of the host's invocation.
    pub invocation_id: Option<String>,
}

/// One statement that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its name.
    pub name: String,
    /// When it began.
    pub began: OffsetDateTime,
    /// How long it took.
    pub took: Duration,
    /// Whether it failed.
    pub failed: bool,
}

/// A figure of some moment, or of the time since the last one.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// What is measured.
    pub name: &'static str,
    /// How much.
    pub value: f64,
    /// Which kind of it, if there are several: the name and the word.
    pub of: Option<(&'static str, String)>,
}

/// Writes the lines of one application.
#[derive(Debug, Clone)]
pub struct Writer {
    key: String,
    role: String,
    instance: String,
}

impl Writer {
    /// For the resource and the application of these settings.
    #[must_use]
    pub fn new(settings: &TelemetrySettings) -> Self {
        let (role, instance) = (settings.role.clone(), settings.instance.clone());
        Self { key: settings.key.to_string(), role, instance }
    }

    /// A request that began then and took so long; one of a hundred in `percent` is told of.
    #[must_use]
    pub fn request(
        &self,
        (began, took): (OffsetDateTime, Duration),
        place: &Place,
        line: &Fields,
        percent: u32,
    ) -> String {
        let status = line.status.unwrap_or_default();
        let data = json!({
            "ver": 2,
            "id": place.span_id,
            "name": operation(line),
            "duration": duration(took),
            "responseCode": status.to_string(),
            "success": !is_failure(status),
            "properties": properties(place, line),
        });
        let tags = [("ai.operation.name", Some(operation(line))), ("ai.operation.parentId", place.parent_id.clone())];
        self.line(("Request", "RequestData"), began, (place, &tags, percent), data)
    }

    /// A statement of the request whose line this is.
    #[must_use]
    pub fn statement(
        &self,
        statement: &Statement,
        (place, number): (&Place, usize),
        line: &Fields,
        percent: u32,
    ) -> String {
        let data = json!({
            "ver": 2,
            // Unlike any other in this trace: the request's own id says whose it is, the number which.
            "id": format!("{}.{number}", place.span_id),
            "name": statement.name,
            "data": statement.name,
            "type": "SQL",
            "target": "database",
            "duration": duration(statement.took),
            "success": !statement.failed,
            "properties": properties(place, &Fields::default()),
        });
        let tags = [("ai.operation.name", Some(operation(line))), within(place)];
        self.line(("RemoteDependency", "RemoteDependencyData"), statement.began, (place, &tags, percent), data)
    }

    /// Something that has to be known each time: `fields.event` says what.
    #[must_use]
    pub fn event(&self, now: OffsetDateTime, name: &str, place: &Place, fields: &Fields) -> String {
        let data = json!({ "ver": 2, "name": name, "properties": properties(place, fields),
            "measurements": measurements(fields) });
        self.line(("Event", "EventData"), now, (place, &[within(place)], 100), data)
    }

    /// An error. What caused it is in the log, under the request's id.
    #[must_use]
    pub fn exception(&self, now: OffsetDateTime, origin: &str, place: &Place, fields: &Fields) -> String {
        let exception = json!({ "typeName": origin, "message": fields.message, "hasFullStack": false });
        let data = json!({ "ver": 2, "exceptions": [exception], "severityLevel": ERROR,
            "properties": properties(place, fields) });
        self.line(("Exception", "ExceptionData"), now, (place, &[within(place)], 100), data)
    }

    /// A warning. What caused it is in the log, under the request's id.
    #[must_use]
    pub fn warning(&self, now: OffsetDateTime, place: &Place, fields: &Fields) -> String {
        let data = json!({ "ver": 2, "message": fields.message, "severityLevel": WARNING,
            "properties": properties(place, fields) });
        self.line(("Message", "MessageData"), now, (place, &[within(place)], 100), data)
    }

    /// A figure.
    #[must_use]
    pub fn metric(&self, now: OffsetDateTime, measure: &Measure) -> String {
        let mut properties = Map::new();
        if let Some((name, word)) = &measure.of {
            properties.insert((*name).to_owned(), json!(word));
        }
        let metric = json!({ "name": measure.name, "value": measure.value, "count": 1 });
        let data = json!({ "ver": 2, "metrics": [metric], "properties": properties });
        self.line(("Metric", "MetricData"), now, (&Place::default(), &[], 100), data)
    }

    #[expect(clippy::needless_pass_by_value, reason = "it is made for this line alone, and moved into it")]
    fn line(
        &self,
        (name, base_type): (&str, &str),
        at: OffsetDateTime,
        (place, more_tags, percent): (&Place, &[(&str, Option<String>)], u32),
        data: Value,
    ) -> String {
        let mut tags = Map::new();
        tags.insert("ai.cloud.role".to_owned(), json!(self.role));
        tags.insert("ai.cloud.roleInstance".to_owned(), json!(self.instance));
        tags.insert("ai.internal.sdkVersion".to_owned(), json!(concat!("travelmeetup:", env!("CARGO_PKG_VERSION"))));
        if !place.trace_id.is_empty() {
            tags.insert("ai.operation.id".to_owned(), json!(place.trace_id));
        }
        for (name, value) in more_tags {
            if let Some(value) = value {
                tags.insert((*name).to_owned(), json!(value));
            }
        }
        let mut envelope = json!({
            "name": format!("Microsoft.ApplicationInsights.{name}"),
            "time": at.format(&Rfc3339).unwrap_or_default(),
            "iKey": self.key,
            "tags": tags,
            "data": { "baseType": base_type, "baseData": data },
        });
        // The portal counts each as 100 / sampleRate: its `itemCount`.
        if percent < 100 {
            envelope["sampleRate"] = json!(percent);
        }
        envelope.to_string()
    }
}

/// Whether a request with this answer has failed: by fault of ours, or because the client did not wait for it. A refusal is
/// an answer (OpenTelemetry's conventions for HTTP servers say the same of 4xx).
#[must_use]
pub const fn is_failure(status: i64) -> bool {
    status >= 500 || status == 499
}

/// `GET /api/v1/users/{user_id}`: the method and the route's template.
fn operation(line: &Fields) -> String {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    format!("{} {}", text(&line.method), text(&line.route))
}

fn within(place: &Place) -> (&'static str, Option<String>) {
    ("ai.operation.parentId", (!place.span_id.is_empty()).then(|| place.span_id.clone()))
}

fn properties(place: &Place, fields: &Fields) -> Map<String, Value> {
    let texts = [
        ("request_id", &place.request_id),
        ("invocation_id", if place.invocation_id.is_some() { &place.invocation_id } else { &fields.invocation_id }),
        ("outcome", &fields.outcome),
        ("reason", &fields.reason),
        ("limit", &fields.limit),
    ];
    let numbers = [("user_id", fields.user_id), ("connection_id", fields.connection_id)];
    let texts = texts.into_iter().filter_map(|(name, text)| Some((name, text.clone()?)));
    // Properties are texts; what is to be counted with is a measurement.
    let numbers = numbers.into_iter().filter_map(|(name, number)| Some((name, number?.to_string())));
    texts.chain(numbers).map(|(name, text)| (name.to_owned(), Value::String(text))).collect()
}

fn measurements(fields: &Fields) -> Map<String, Value> {
    let all = [
        ("causes", fields.causes),
        ("matches", fields.matches),
        ("notifications", fields.notifications),
        ("set_aside", fields.set_aside),
    ];
    all.into_iter().filter_map(|(name, number)| Some((name.to_owned(), json!(number?)))).collect()
}

/// As .NET writes a `TimeSpan`: `d.hh:mm:ss.ffffff`.
fn duration(took: Duration) -> String {
    let seconds = took.as_secs();
    let mut text = String::with_capacity(20);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    // A text can always be written to.
    let _ = write!(text, "{days}.{hours:02}:{minutes:02}:{:02}.{:06}", seconds % 60, took.subsec_micros());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_time_spans() {
        assert_eq!(duration(Duration::from_micros(1_234)), "0.00:00:00.001234");
        assert_eq!(duration(Duration::from_secs(2 * 86_400 + 3 * 3_600 + 4 * 60 + 5)), "2.03:04:05.000000");
    }

    #[test]
    fn refusals_are_answers_and_no_failures() {
        let failures: Vec<i64> =
            [200, 204, 400, 401, 404, 429, 499, 500, 503].into_iter().filter(|s| is_failure(*s)).collect();
        assert_eq!(failures, [499, 500, 503]);
    }
}
