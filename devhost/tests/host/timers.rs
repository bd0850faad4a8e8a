//! Timers, on a clock that the test moves.

use crate::support::{Gate, Hosted, TestApp, timer};
use devhost::{Clock, Level};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

/// A clock that stands still until it is moved.
#[derive(Clone)]
struct HandClock(Arc<Mutex<OffsetDateTime>>);

impl HandClock {
    fn at(instant: OffsetDateTime) -> Self {
        Self(Arc::new(Mutex::new(instant)))
    }

    fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for HandClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap()
    }
}

const NOON: OffsetDateTime = datetime!(2026-09-24 12:00:30.25 UTC);

fn app(clock: &HandClock) -> TestApp {
    let clock = Arc::new(clock.clone());
    TestApp::with_everything().options(|options| options.clock = clock)
}

/// A timer with more in its function.json.
fn timer_with(schedule: &str, more: &[(&str, Value)]) -> Value {
    let mut function = timer(schedule);
    for (key, value) in more {
        match *key {
            "retry" => function["retry"] = value.clone(),
            key => function["bindings"][0][key] = value.clone(),
        }
    }
    function
}

fn timer_part(seen: &Value) -> &Value {
    &seen["body"]["Data"]["timer"]
}

async fn fire(hosted: &Hosted, name: &str) {
    let reply =
        hosted.call("POST", &format!("/admin/functions/{name}"), &["Content-Type: application/json"], b"{}").await;
    assert_eq!((reply.status, reply.body.as_str()), (202, ""));
}

#[tokio::test]
async fn a_run_is_the_documented_post() {
    let clock = HandClock::at(NOON);
    let mut hosted = app(&clock).function("TimerFine", &timer("0 */5 * * * *")).ready().await;
    clock.advance(Duration::minutes(5));
    let seen = hosted.lines.wait_for_timer().await;
    assert_eq!((seen["method"].as_str(), seen["target"].as_str()), (Some("POST"), Some("/TimerFine")));
    let header = |name: &str| seen["headers"].as_array().unwrap().iter().find(|h| h[0] == name).map(|h| h[1].clone());
    assert!(header("content-type").unwrap().as_str().unwrap().starts_with("application/json"));
    assert!(header("x-azure-functions-invocationid").is_some() && header("x-azure-functions-hostversion").is_some());
    let body = &seen["body"];
    let expected = json!({
        "Schedule": {"AdjustForDST": true},
        "ScheduleStatus": {
            "Last": "0001-01-01T00:00:00",
            "Next": "2026-09-24T12:05:00+00:00",
            "LastUpdated": "0001-01-01T00:00:00",
        },
        "IsPastDue": false,
    });
    assert_eq!(body["Data"], json!({ "timer": expected }));
    let sys = &body["Metadata"]["sys"];
    assert_eq!(
        (sys["MethodName"].as_str(), sys["UtcNow"].as_str()),
        (Some("TimerFine"), Some("2026-09-24T12:05:30.25Z"))
    );
    assert_eq!(sys["RandGuid"].as_str().map(str::len), Some(36));
    assert!(body["Metadata"].get("RetryContext").is_none());
    let line = hosted.lines.wait_for("ticked").await;
    assert_eq!((line.level, line.source.as_str()), (Level::Info, "TimerFine"));
    hosted.lines.wait_for("the run succeeded").await;

    clock.advance(Duration::minutes(5));
    let second = hosted.lines.wait_for_timer().await;
    assert_eq!(
        timer_part(&second)["ScheduleStatus"],
        json!({"Last": "2026-09-24T12:05:30.25+00:00", "Next": "2026-09-24T12:10:00+00:00", "LastUpdated": "2026-09-24T12:05:30.25+00:00"})
    );
    hosted.shutdown().await;
}

#[tokio::test]
async fn no_status_below_a_minute_or_without_monitor() {
    for function in
        [timer("*/10 * * * * *"), timer("00:00:10"), timer_with("0 * * * * *", &[("useMonitor", json!(false))])]
    {
        let clock = HandClock::at(NOON);
        let mut hosted = app(&clock).function("TimerFine", &function).ready().await;
        clock.advance(Duration::MINUTE);
        assert_eq!(timer_part(&hosted.lines.wait_for_timer().await)["ScheduleStatus"], Value::Null);
        hosted.shutdown().await;
    }
}

#[tokio::test]
async fn runs_of_one_timer_never_overlap_and_missed_ones_are_one() {
    let (clock, gate) = (HandClock::at(NOON), Gate::new().await);
    let mut hosted = app(&clock)
        .function("TimerGated", &timer("*/10 * * * * *"))
        .function("TimerFine", &timer("*/10 * * * * *"))
        .setting("STUB_TIMER_GATE", gate.address())
        .ready()
        .await;
    clock.advance(Duration::seconds(10));
    let visitor = gate.arrival().await;
    let mut gated_runs = 0;
    for _ in 0..3 {
        // The other timer goes on, which shows that the time has passed for both.
        while hosted.lines.wait_for_timer().await["target"] == "/TimerGated" {
            gated_runs += 1;
        }
        hosted.lines.wait_for("the run succeeded").await;
        clock.advance(Duration::seconds(10));
    }
    assert!(gated_runs <= 1, "{gated_runs}");
    visitor.let_pass().await;
    // Three were missed; they are made up for by one.
    gate.arrival().await.let_pass().await;
    clock.advance(Duration::seconds(10));
    gate.arrival().await.let_pass().await;
    hosted.shutdown().await;
}

#[tokio::test]
async fn a_run_missed_while_the_host_was_down_is_past_due() {
    let (clock, state) = (HandClock::at(NOON), tempfile::tempdir().unwrap());
    let function = timer("0 */5 * * * *");
    let hosting = || {
        let folder = state.path().to_path_buf();
        app(&clock).function("TimerFine", &function).options(|options| options.state_dir = Some(folder)).ready()
    };
    let mut hosted = hosting().await;
    clock.advance(Duration::minutes(5));
    hosted.lines.wait_for("the run succeeded").await;
    hosted.shutdown().await;

    clock.advance(Duration::minutes(20));
    let mut hosted = hosting().await;
    let late = hosted.lines.wait_for_timer().await;
    assert_eq!(timer_part(&late)["IsPastDue"], json!(true));
    assert_eq!(timer_part(&late)["ScheduleStatus"]["Next"], "2026-09-24T12:10:00+00:00");
    hosted.lines.wait_for("the run succeeded").await;
    clock.advance(Duration::minutes(5));
    assert_eq!(timer_part(&hosted.lines.wait_for_timer().await)["IsPastDue"], json!(false), "once is enough");
    hosted.shutdown().await;
}

#[tokio::test]
async fn run_on_startup_runs_on_startup() {
    let clock = HandClock::at(NOON);
    let function = timer_with("0 0 0 1 1 *", &[("runOnStartup", json!(true))]);
    let mut hosted = app(&clock).function("TimerFine", &function).ready().await;
    assert_eq!(timer_part(&hosted.lines.wait_for_timer().await)["IsPastDue"], json!(false));
    hosted.shutdown().await;
}

#[tokio::test]
async fn a_failed_run_is_retried_as_the_policy_says() {
    let retry = json!({"strategy": "fixedDelay", "maxRetryCount": 2, "delayInterval": "00:00:00.01"});
    let clock = HandClock::at(NOON);
    for function in [Some(timer_with("0 0 0 1 1 *", &[("retry", retry.clone())])), None] {
        let app = match &function {
            Some(function) => app(&clock).function("TimerFailing", function),
            None => app(&clock).function("TimerFailing", &timer("0 0 0 1 1 *")).config("retry", retry.clone()),
        };
        let mut hosted = app.ready().await;
        fire(&hosted, "TimerFailing").await;
        assert!(hosted.lines.wait_for_timer().await["body"]["Metadata"].get("RetryContext").is_none());
        for count in 1..=2 {
            let again = hosted.lines.wait_for_timer().await;
            let context = &again["body"]["Metadata"]["RetryContext"];
            assert_eq!((&context["RetryCount"], &context["MaxRetryCount"]), (&json!(count), &json!(2)));
            assert!(context["Exception"]["Message"].as_str().unwrap().contains("500"));
        }
        let line = hosted.lines.wait_for("the run failed").await;
        assert_eq!(line.level, Level::Error);
        // Whatever comes after a further run by hand is that run's own: the first has been given up.
        fire(&hosted, "TimerFailing").await;
        assert!(hosted.lines.wait_for_timer().await["body"]["Metadata"].get("RetryContext").is_none());
        hosted.shutdown().await;
    }
}

#[tokio::test]
async fn an_empty_answer_hangs_until_the_timeout_kills_the_handler() {
    let clock = HandClock::at(NOON);
    let app = app(&clock).function("TimerEmpty", &timer("0 0 0 1 1 *")).config("functionTimeout", json!("00:00:00.5"));
    let mut hosted = app.ready().await;
    let pid = hosted.host.handler_pid();
    fire(&hosted, "timerempty").await;
    hosted.lines.wait_for("this run never ends").await;
    assert_eq!(hosted.lines.wait_for("functionTimeout").await.source, "TimerEmpty");
    hosted.lines.wait_for("killed at the function timeout").await;
    assert_ne!(Some(hosted.get("/x").await.json()["pid"].as_u64().unwrap()), pid.map(u64::from));
    hosted.shutdown().await;
}

#[tokio::test]
async fn runs_by_hand_may_overlap() {
    let (clock, gate) = (HandClock::at(NOON), Gate::new().await);
    let app = app(&clock).function("TimerGated", &timer("0 0 0 1 1 *")).setting("STUB_TIMER_GATE", gate.address());
    let hosted = app.ready().await;
    fire(&hosted, "TimerGated").await;
    fire(&hosted, "TimerGated").await;
    let (first, second) = (gate.arrival().await, gate.arrival().await);
    first.let_pass().await;
    second.let_pass().await;
    assert_eq!(hosted.get("/admin/functions/TimerGated").await.status, 404);
    hosted.shutdown().await;
}

#[tokio::test]
async fn a_stop_waits_for_no_run_that_never_ends() {
    let clock = HandClock::at(NOON);
    let mut hosted = app(&clock).function("TimerEmpty", &timer("*/10 * * * * *")).ready().await;
    clock.advance(Duration::seconds(10));
    hosted.lines.wait_for("this run never ends").await;
    hosted.shutdown().await;
}
