//! The JSON that a timer function is called with, and the JSON it has to answer with.

use crate::app::Schedule;
use crate::timer::status::ScheduleStatus;
use bytes::Bytes;
use http::{Response, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

/// What a run is about.
pub(crate) struct Run<'a> {
    pub(crate) function: &'a str,
    pub(crate) schedule: &'a Schedule,
    /// `None` without a monitor.
    pub(crate) status: Option<&'a ScheduleStatus>,
    pub(crate) past_due: bool,
    pub(crate) retry: Option<&'a RetryContext>,
    pub(crate) now: OffsetDateTime,
    pub(crate) id: Uuid,
}

/// What a retry knows of the tries before it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RetryContext {
    /// The number of this retry, from 1.
    pub(crate) retry_count: u32,
    /// -1 for without end.
    pub(crate) max_retry_count: i64,
    pub(crate) exception: RetryException,
}

/// Why the last try failed, in the shape of the host's `RpcException`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RetryException {
    pub(crate) source: &'static str,
    pub(crate) stack_trace: &'static str,
    pub(crate) message: String,
}

impl Run<'_> {
    /// The request body.
    pub(crate) fn to_json(&self) -> Value {
        let mut metadata = Map::new();
        metadata.insert(
            "sys".to_owned(),
            json!({
                "MethodName": self.function,
                "UtcNow": format!("{}Z", timestamp(self.now)),
                "RandGuid": self.id.to_string(),
            }),
        );
        if let Some(retry) = self.retry {
            metadata.insert("RetryContext".to_owned(), json!(retry));
        }
        json!({
            "Data": {
                "timer": {
                    "Schedule": { "AdjustForDST": self.schedule.adjusts_for_dst() },
                    "ScheduleStatus": self.status.map(status_json),
                    "IsPastDue": self.past_due,
                }
            },
            "Metadata": metadata,
        })
    }
}

fn status_json(status: &ScheduleStatus) -> Value {
    // The default of .NET's DateTime, which has no offset, stands for "never".
    let date = |instant: Option<OffsetDateTime>| {
        instant.map_or_else(|| "0001-01-01T00:00:00".to_owned(), |instant| format!("{}+00:00", timestamp(instant)))
    };
    json!({ "Last": date(status.last), "Next": date(status.next), "LastUpdated": date(status.last_updated) })
}

/// `2026-09-24T13:08:00.0096035`: up to seven digits after the point, without zeros at the end.
fn timestamp(instant: OffsetDateTime) -> String {
    let utc = instant.to_offset(time::UtcOffset::UTC);
    let (date, (hour, minute, second)) = (utc.date(), utc.time().as_hms());
    let ticks = format!(".{:07}", utc.nanosecond() / 100);
    format!("{date}T{hour:02}:{minute:02}:{second:02}{}", ticks.trim_end_matches('0').trim_end_matches('.'))
}

/// What an answer means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The run is done; these are its log lines.
    Done(Vec<String>),
    /// The run failed, for this reason.
    Failed(String),
    /// An empty or null body: Azure's host waits on, until the function timeout.
    NeverEnds,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct InvocationResult {
    logs: Option<Vec<String>>,
    #[serde(rename = "Outputs")]
    _outputs: Option<Map<String, Value>>,
}

/// Reads a timer's answer as Azure's host does.
pub(crate) fn judge(response: &Response<Bytes>) -> Verdict {
    if !response.status().is_success() {
        return Verdict::Failed(format!("the handler answered {}", response.status()));
    }
    let body = response.body().trim_ascii();
    if body.is_empty() || body == b"null" {
        return Verdict::NeverEnds;
    }
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") && !kind.eq_ignore_ascii_case("text/json") {
        return Verdict::Failed(format!("the handler's Content-Type is \"{kind}\" instead of application/json"));
    }
    // By way of a map, because a struct would be read from a list as well.
    let result = serde_json::from_slice::<Map<String, Value>>(body);
    match result.and_then(|result| serde_json::from_value::<InvocationResult>(result.into())) {
        Ok(result) => Verdict::Done(result.logs.unwrap_or_default()),
        Err(error) => Verdict::Failed(format!("the handler's answer is no invocation result: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::format_description::well_known::Rfc3339;
    use time::macros::datetime;

    #[test]
    fn the_body_is_the_documented_one() {
        let last = datetime!(2026-09-24 13:08:00.0096035 UTC);
        let next = datetime!(2026-09-24 13:09 UTC);
        let status = ScheduleStatus { last: Some(last), next: Some(next), last_updated: Some(last) };
        let schedule = Schedule::parse("0 * * * * *").unwrap();
        let run = Run {
            function: "MatchScan",
            schedule: &schedule,
            status: Some(&status),
            past_due: false,
            retry: None,
            now: next,
            id: Uuid::nil(),
        };
        let expected = json!({
            "Data": {"timer": {
                "Schedule": {"AdjustForDST": true},
                "ScheduleStatus": {
                    "Last": "2026-09-24T13:08:00.0096035+00:00",
                    "Next": "2026-09-24T13:09:00+00:00",
                    "LastUpdated": "2026-09-24T13:08:00.0096035+00:00",
                },
                "IsPastDue": false,
            }},
            "Metadata": {"sys": {
                "MethodName": "MatchScan",
                "UtcNow": "2026-09-24T13:09:00Z",
                "RandGuid": "00000000-0000-0000-0000-000000000000",
            }},
        });
        assert_eq!(run.to_json(), expected);
    }

    #[test]
    fn answers_are_judged_as_on_azure() {
        let answer = |status: u16, kind: &str, body: &'static str| {
            let response = Response::builder().status(status).header("content-type", kind);
            judge(&response.body(Bytes::from_static(body.as_bytes())).unwrap())
        };
        let json = "application/json; charset=utf-8";
        let full = r#"{"Outputs":{},"Logs":["2 new"],"ReturnValue":null}"#;
        assert_eq!(answer(200, json, full), Verdict::Done(vec!["2 new".to_owned()]));
        assert_eq!(answer(202, json, "{}"), Verdict::Done(Vec::new()));
        assert_eq!(answer(200, json, " "), Verdict::NeverEnds);
        assert_eq!(answer(200, json, "null"), Verdict::NeverEnds);
        for failed in [answer(500, json, full), answer(302, json, full), answer(200, "text/plain", full)] {
            assert!(matches!(failed, Verdict::Failed(_)), "{failed:?}");
        }
        for bad in ["{", "[]", "7", r#"{"Logs":"x"}"#, r#"{"Outputs":[1]}"#] {
            assert!(matches!(answer(200, json, bad), Verdict::Failed(_)), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn an_instant_is_written_as_dotnet_writes_it(seconds in 0_i64..253_402_300_799, nanos in 0_u32..1_000_000_000) {
            let instant = OffsetDateTime::from_unix_timestamp(seconds).unwrap().replace_nanosecond(nanos).unwrap();
            let written = timestamp(instant);
            let read = OffsetDateTime::parse(&format!("{written}Z"), &Rfc3339).unwrap();
            prop_assert_eq!(read, instant.replace_nanosecond(nanos / 100 * 100).unwrap());
            let goes_on_for_nothing = written.ends_with('.') || (written.contains('.') && written.ends_with('0'));
            prop_assert!(written.len() <= 27 && !goes_on_for_nothing, "{}", written);
        }

        #[test]
        fn any_answer_is_judged(
            status in 200_u16..600,
            body in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..40),
                "\\s{0,3}(null)?\\s{0,3}".prop_map(String::into_bytes),
            ],
        ) {
            let response = Response::builder().status(status).header("content-type", "application/json");
            let verdict = judge(&response.body(Bytes::from(body.clone())).unwrap());
            let text = String::from_utf8_lossy(&body);
            let nothing = ["", "null"].contains(&text.trim_matches([' ', '\t', '\n', '\r', '\u{c}']));
            prop_assert!(status < 300 || matches!(verdict, Verdict::Failed(_)));
            prop_assert_eq!(verdict == Verdict::NeverEnds, nothing && status < 300);
        }
    }
}
