//! What the timer of the Functions host asks. It comes from the host alone: no HTTP function has a route to it.

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::post;
use serde::Serialize;
use serde_json::Value;

use super::run::Scanner;
use crate::http::json::Json;
use crate::state::AppState;

/// The path at which the host invokes the function `MatchScan`.
pub const PATH: &str = "/MatchScan";
/// The most bytes of an invocation that are looked at.
const MAX_INVOCATION_BYTES: usize = 65_536;

/// The answer to an invocation. The host waits for ever for one that is empty.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Invoked {
    outputs: serde_json::Map<String, Value>,
    logs: Vec<String>,
    return_value: Option<Value>,
}

/// The route of the timer, apart from those of the API: without their time limit and without an entry in their document.
pub fn routes() -> Router<AppState> {
    Router::new().route(PATH, post(fire))
}

/// Runs the match scan. Whatever the invocation says, it is run; that it is late is noted.
async fn fire(State(app): State<AppState>, request: Request) -> (StatusCode, Json<Invoked>) {
    let body = to_bytes(request.into_body(), MAX_INVOCATION_BYTES).await.unwrap_or_default();
    if is_past_due(&body) {
        tracing::warn!(event = "match_scan_past_due", "the timer fires late");
    }
    let scanned = Scanner::of(&app).run(|_| ()).await;
    let (status, line) = match scanned {
        Ok(summary) => {
            summary.log();
            (StatusCode::OK, summary.to_string())
        }
        Err(error) => {
            tracing::error!(event = "match_scan", cause = %error, "the match scan was cut off");
            (StatusCode::SERVICE_UNAVAILABLE, "the match scan was cut off: the database did not answer".to_owned())
        }
    };
    (status, Json(Invoked { outputs: serde_json::Map::new(), logs: vec![line], return_value: None }))
}

/// Whether the host says that this run should have come earlier. What can't be read says nothing.
fn is_past_due(body: &[u8]) -> bool {
    let Ok(invocation) = serde_json::from_slice::<Value>(body) else { return false };
    let timer = &invocation["Data"]["timer"];
    // Some hosts send the binding's data as JSON within a string.
    let unwrapped = timer.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    unwrapped.as_ref().unwrap_or(timer)["IsPastDue"] == Value::Bool(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::test_support::any_json;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn lateness_is_read_from_every_form_of_an_invocation() {
        for (body, late) in [
            (r#"{"Data":{"timer":{"Schedule":{"AdjustForDST":true},"ScheduleStatus":null,"IsPastDue":true}}}"#, true),
            (r#"{"Data":{"timer":"{\"IsPastDue\":true}"}}"#, true),
            (r#"{"Data":{"timer":{"IsPastDue":false}},"Metadata":{"sys":{"MethodName":"MatchScan"}}}"#, false),
            (r#"{"Data":{"timer":{"IsPastDue":"yes"}}}"#, false),
            (r#"{"Data":{"timer":"{"}}"#, false),
            ("[]", false),
            ("\u{feff}", false),
            ("", false),
        ] {
            assert_eq!(is_past_due(body.as_bytes()), late, "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_invocation_is_too_odd(body: Vec<u8>) {
            let _ = is_past_due(&body);
        }

        #[test]
        fn a_run_is_late_if_its_timer_says_true_and_whatever_else_is_there(
            past_due in prop_oneof![any::<bool>().prop_map(Value::from), any_json()],
            beside in vec(("[A-Za-z]{1,12}", any_json()), 0..4),
            as_text: bool,
            cut in 0_usize..1_000,
        ) {
            let mut timer: serde_json::Map<String, Value> = beside.clone().into_iter().collect();
            timer.insert("IsPastDue".to_owned(), past_due.clone());
            let timer = if as_text { Value::Object(timer).to_string().into() } else { Value::Object(timer) };
            let mut invocation: serde_json::Map<String, Value> = beside.into_iter().collect();
            invocation.insert("Data".to_owned(), json!({ "other": true, "timer": timer }));
            let body = Value::Object(invocation).to_string();
            prop_assert_eq!(is_past_due(body.as_bytes()), past_due == Value::Bool(true));
            // Half an invocation says nothing.
            prop_assert!(!is_past_due(&body.as_bytes()[..cut % body.len()]));
        }
    }
}
