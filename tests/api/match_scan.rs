//! The match scan, as the timer of the Functions host fires it: what people are told, once.

use std::time::Duration;

use handler::scan::run::{MAX_ATTEMPTS, ScanSettings, Scanner, Summary};
use serde_json::{Value, json};
use tests::{Person, TestApp, statements};

/// Runs the scan of this application.
async fn scan(app: &TestApp) -> Summary {
    app.scanner(ScanSettings::default()).run(|_| ()).await.unwrap()
}

async fn plans(person: &Person, city: &str, country: &str, [start, end]: [&str; 2]) -> i64 {
    let plan = json!({ "city": city, "country": country, "start_date": start, "end_date": end });
    person.post("/api/v1/travels", &plan).await.expect_status(201).json()["id"].as_i64().unwrap()
}

async fn lives_in(person: &Person, city: Option<&str>, country: Option<&str>) {
    let home = json!({ "home_city": city, "home_country": country });
    person.put("/api/v1/users/me", &home).await.expect_status(200);
}

/// The matches that somebody was told of, the first one first: messages and what they are about.
async fn told(person: &Person) -> Vec<(String, i64)> {
    let answer = person.get("/api/v1/notifications?type=travel_match&limit=100").await;
    let told = |entry: &Value| {
        assert_eq!(entry["is_read"], false);
        (entry["message"].as_str().unwrap().to_owned(), entry["related_entity_id"].as_i64().unwrap())
    };
    answer.expect_status(200).data().iter().rev().map(told).collect()
}

async fn messages(person: &Person) -> Vec<String> {
    told(person).await.into_iter().map(|(message, _)| message).collect()
}

const MARCH: [&str; 2] = ["2026-03-15", "2026-03-20"];

#[tokio::test]
async fn travelers_and_those_at_home_are_told_of_each_other() {
    let (app, [ana, jane, bob]) = TestApp::with_users(["ana", "jane", "bob"]).await;
    ana.connects_with(&jane).await;
    bob.connects_with(&ana).await;
    lives_in(&bob, Some("New York City"), Some("USA")).await;
    lives_in(&bob, Some("New York"), Some("USA")).await;
    let trip = plans(&ana, "New York", "USA", MARCH).await;
    let janes = plans(&jane, "new york", "United States", ["2026-03-14", "2026-03-18"]).await;

    let summary = scan(&app).await;
    assert_eq!((summary.matches, summary.notifications, summary.set_aside), (2, 4, 0));
    assert_eq!(
        told(&ana).await,
        [
            ("Bob lives in New York and is home during your trip".to_owned(), trip),
            ("Jane will be in New York 14–18 Mar, overlapping your trip by 4 days".to_owned(), trip),
        ]
        .map(|told| told)
    );
    assert_eq!(
        told(&jane).await,
        [("Ana will be in new york 15–20 Mar, overlapping your trip by 4 days".to_owned(), janes)]
    );
    assert_eq!(told(&bob).await, [("Ana is coming to your city (New York), 15–20 Mar".to_owned(), trip)]);

    let again = scan(&app).await;
    assert_eq!((again.causes, again.notifications), (0, 0), "there is nothing left to do");
}

#[tokio::test]
async fn every_cause_leads_to_its_matches() {
    // A connection is accepted.
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    plans(&ana, "Rome", "Italy", MARCH).await;
    plans(&ben, "Rome", "Italy", MARCH).await;
    scan(&app).await;
    assert_eq!((told(&ana).await.len(), told(&ben).await.len()), (0, 0), "strangers");
    ana.connects_with(&ben).await;
    scan(&app).await;
    assert_eq!((told(&ana).await.len(), told(&ben).await.len()), (1, 1));

    // A plan moves to another place, then to other days.
    let plan = plans(&ana, "Oslo", "Norway", ["2026-06-01", "2026-06-05"]).await;
    plans(&ben, "Bergen", "Norway", ["2026-06-10", "2026-06-12"]).await;
    scan(&app).await;
    let path = format!("/api/v1/travels/{plan}");
    ana.put(&path, &json!({ "city": "Bergen" })).await.expect_status(200);
    scan(&app).await;
    assert_eq!(told(&ben).await.len(), 1);
    ana.put(&path, &json!({ "start_date": "2026-06-01", "end_date": "2026-06-10" })).await.expect_status(200);
    scan(&app).await;
    assert_eq!(messages(&ben).await[1], "Ana will be in Bergen 1–10 Jun, overlapping your trip by 1 day");

    // A home changes.
    plans(&ana, "Graz", "Austria", ["2026-08-01", "2026-08-05"]).await;
    lives_in(&ben, Some("Graz"), None).await;
    scan(&app).await;
    assert_eq!(messages(&ana).await[2], "Ben lives in Graz and is home during your trip");

    // A plan goes, and somebody is at home again; then one moves away from the days.
    for gone in [true, false] {
        let away = plans(&ben, "Lima", "Peru", ["2026-09-01", "2026-09-30"]).await;
        let visit = if gone { ["2026-09-03", "2026-09-04"] } else { ["2026-09-13", "2026-09-14"] };
        plans(&ana, "Graz", "Austria", visit).await;
        let before = told(&ana).await.len();
        scan(&app).await;
        assert_eq!(told(&ana).await.len(), before, "he is away");
        let path = format!("/api/v1/travels/{away}");
        if gone {
            ben.delete(&path).await.expect_status(204);
        } else {
            ben.put(&path, &json!({ "end_date": "2026-09-05" })).await.expect_status(200);
        }
        scan(&app).await;
        assert_eq!(told(&ana).await.len(), before + 1, "he is back");
    }
}

#[tokio::test]
async fn nobody_is_told_twice_whatever_moves_and_whoever_parts() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let connection = ana.connects_with(&ben).await;
    let plan = plans(&ana, "Rome", "Italy", MARCH).await;
    plans(&ben, "ROMA".replace("ROMA", "rome").as_str(), "it", MARCH).await;
    scan(&app).await;
    let path = format!("/api/v1/travels/{plan}");
    for change in [
        json!({ "end_date": "2026-03-21" }),
        json!({ "city": "Oslo" }),
        json!({ "city": "Rome" }),
        json!({ "description": "x" }),
    ] {
        ana.put(&path, &change).await.expect_status(200);
        scan(&app).await;
    }
    ana.delete(&format!("/api/v1/connections/{connection}")).await.expect_status(204);
    scan(&app).await;
    ben.connects_with(&ana).await;
    scan(&app).await;
    assert_eq!((told(&ana).await.len(), told(&ben).await.len()), (1, 1));

    // In another place it is another match.
    ana.put(&path, &json!({ "city": "Oslo", "country": "Norway" })).await.expect_status(200);
    let bens = ben.get("/api/v1/travels").await.data()[0]["id"].as_i64().unwrap();
    ben.put(&format!("/api/v1/travels/{bens}"), &json!({ "city": "Oslo", "country": "NO" })).await.expect_status(200);
    scan(&app).await;
    assert_eq!((told(&ana).await.len(), told(&ben).await.len()), (2, 2));
}

#[tokio::test]
async fn security_16_what_has_changed_before_the_scan_is_what_counts() {
    let (app, [ana, ben, cleo]) = TestApp::with_users(["ana", "ben", "cleo"]).await;
    let with_ben = ana.connects_with(&ben).await;
    ana.connects_with(&cleo).await;
    plans(&ana, "Rome", "Italy", MARCH).await;
    plans(&ben, "Rome", "Italy", MARCH).await;
    let gone = plans(&cleo, "Rome", "Italy", MARCH).await;
    ana.delete(&format!("/api/v1/connections/{with_ben}")).await.expect_status(204);
    cleo.delete(&format!("/api/v1/travels/{gone}")).await.expect_status(204);
    scan(&app).await;
    for person in [&ana, &ben, &cleo] {
        assert_eq!(told(person).await, []);
    }
}

#[tokio::test]
async fn a_match_that_is_over_is_told_to_nobody_and_one_that_ends_today_is() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    ana.connects_with(&ben).await;
    for (days, expected) in [(["2026-01-20", "2026-01-30"], 0), (["2026-01-20", "2026-01-31"], 1)] {
        plans(&ana, "Rome", "Italy", days).await;
        plans(&ben, "Rome", "Italy", days).await;
        scan(&app).await;
        assert_eq!((told(&ana).await.len(), told(&ben).await.len()), (expected, expected), "{days:?}");
    }
    // The timer missed two days.
    plans(&ana, "Oslo", "Norway", ["2026-02-01", "2026-02-01"]).await;
    plans(&ben, "Oslo", "Norway", ["2026-02-01", "2026-02-01"]).await;
    app.clock.advance(Duration::from_hours(48));
    ben.refresh().await.expect_status(200);
    scan(&app).await;
    let ana = app.anonymous().log_in(&ana.email, &ana.password).await;
    assert_eq!(told(&ana).await.len(), 1, "it is over by now");
}

#[tokio::test]
async fn a_leap_day_is_a_day() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    ana.connects_with(&ben).await;
    plans(&ana, "Rome", "Italy", ["2028-02-28", "2028-03-01"]).await;
    plans(&ben, "Rome", "Italy", ["2028-02-29", "2028-02-29"]).await;
    plans(&ben, "Rome", "Italy", ["2028-03-02", "2028-03-02"]).await;
    scan(&app).await;
    assert_eq!(messages(&ana).await, ["Ben will be in Rome 29 Feb 2028, overlapping your trip by 1 day"]);
    assert_eq!(messages(&ben).await, ["Ana will be in Rome 28 Feb–1 Mar 2028, overlapping your trip by 1 day"]);
}

#[tokio::test]
async fn the_clock_may_be_turned_back_and_forth() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    ana.connects_with(&ben).await;
    scan(&app).await;
    plans(&ana, "Rome", "Italy", MARCH).await;
    plans(&ben, "Rome", "Italy", MARCH).await;
    app.clock.turn_back(Duration::from_hours(24 * 30));
    let summary = scan(&app).await;
    assert_eq!((summary.causes, summary.notifications), (2, 2));
}

#[tokio::test]
async fn the_timer_is_answered_with_what_was_done_whatever_it_sends() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    ana.connects_with(&ben).await;
    plans(&ana, "Rome", "Italy", MARCH).await;
    plans(&ben, "Rome", "Italy", MARCH).await;
    let invocation = json!({
        "Data": { "timer": { "Schedule": { "AdjustForDST": true }, "ScheduleStatus": null, "IsPastDue": true } },
        "Metadata": { "sys": { "MethodName": "MatchScan", "UtcNow": "2026-01-31T10:30:00Z", "RandGuid": "x" } },
    });
    let answer = app.anonymous().post("/MatchScan", &invocation).await.expect_status(200).json();
    assert_eq!((&answer["Outputs"], &answer["ReturnValue"]), (&json!({}), &Value::Null));
    let line = answer["Logs"][0].as_str().unwrap();
    assert!(line.starts_with("scanned 3 causes, 1 matches, 2 notifications, 0 set aside, "), "{line}");

    for body in ["", "{", "null", "[1]", "\u{0}", "{\"Data\":{\"timer\":7}}"] {
        let headers = [("content-type", "application/json")];
        let answer = app.anonymous().send_bytes(axum::http::Method::POST, "/MatchScan", &headers, body).await;
        let line = answer.expect_status(200).json()["Logs"][0].as_str().unwrap().to_owned();
        assert!(line.starts_with("scanned 0 causes"), "{line}");
    }
}

#[tokio::test]
async fn what_waits_is_seen_in_the_detailed_health() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let seen = async || app.anonymous().get("/health/detailed").await.expect_status(200).json()["match_scan"].clone();
    assert_eq!(seen().await, json!({ "waiting": 0, "oldest_waiting_since": null, "set_aside": 0 }));
    plans(&ana, "Rome", "Italy", MARCH).await;
    app.clock.advance(Duration::from_mins(1));
    plans(&ana, "Oslo", "Norway", MARCH).await;
    let waiting = json!({ "waiting": 2, "oldest_waiting_since": "2026-01-31T10:30:00Z", "set_aside": 0 });
    assert_eq!(seen().await, waiting);
    scan(&app).await;
    assert_eq!(seen().await["waiting"], 0);
}

#[tokio::test]
async fn a_run_that_is_out_of_time_says_so_and_the_next_one_goes_on() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    for _ in 0..3 {
        plans(&ana, "Rome", "Italy", MARCH).await;
    }
    let late = app
        .scanner(ScanSettings { batch: 1, budget: Duration::ZERO, ..ScanSettings::default() })
        .run(|_| ())
        .await
        .unwrap();
    assert!(late.out_of_time && late.causes == 0 && late.to_string().ends_with("the next run goes on"), "{late}");
    let mut batches = 0;
    let summary =
        app.scanner(ScanSettings { batch: 1, ..ScanSettings::default() }).run(|_| batches += 1).await.unwrap();
    assert_eq!((summary.causes, batches, summary.out_of_time), (3, 3, false));
}

#[tokio::test]
async fn what_keeps_failing_is_set_aside_and_holds_nobody_up() {
    let (app, [ana, ben, cleo]) = TestApp::with_users(["ana", "ben", "cleo"]).await;
    let poisoned = plans(&ana, "Rome", "Italy", MARCH).await;
    plans(&ben, "Rome", "Italy", MARCH).await;
    plans(&ben, "Oslo", "Norway", MARCH).await;
    plans(&cleo, "Oslo", "Norway", MARCH).await;
    scan(&app).await;
    statements::poison_oldest_plan(&app.state.db, poisoned).await;
    ana.connects_with(&ben).await;
    ben.connects_with(&cleo).await;

    // Together they fail; one by one only the poisoned one does.
    let first = scan(&app).await;
    assert_eq!((first.causes, first.notifications, first.failed, first.set_aside), (1, 2, 1, 0), "{first}");
    assert_eq!((told(&ben).await.len(), told(&cleo).await.len()), (1, 1));
    let soon = scan(&app).await;
    assert_eq!((soon.causes, soon.failed), (0, 0), "it rests: {soon}");

    let mut attempts = 2;
    loop {
        app.clock.advance(Duration::from_mins(5));
        let summary = app.log.of(scan(&app)).await;
        attempts += 1;
        if summary.set_aside == 1 {
            break;
        }
        assert_eq!((summary.failed, summary.set_aside), (1, 0), "attempt {attempts}: {summary}");
    }
    assert_eq!(attempts, MAX_ATTEMPTS);
    app.clock.advance(Duration::from_hours(24));
    assert_eq!(scan(&app).await.failed, 0, "nobody takes it any more");
    let health = app.anonymous().get("/health/detailed").await.expect_status(200).json();
    assert_eq!(health["match_scan"], json!({ "waiting": 0, "oldest_waiting_since": null, "set_aside": 1 }));
    assert!(app.log.text_since(0).contains("a cause of matches is set aside"), "the log says so");
}

#[tokio::test]
async fn a_rehearsal_says_what_would_be_told_and_changes_nothing() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    ana.connects_with(&ben).await;
    plans(&ana, "Rome", "Italy", MARCH).await;
    plans(&ben, "Rome", "Italy", MARCH).await;
    let rehearsed = app.scanner(ScanSettings::default()).rehearse().await.unwrap();
    let told_ana = "Ben will be in Rome 15–20 Mar, overlapping your trip by 6 days".to_owned();
    assert_eq!(rehearsed[0], (i32::try_from(ana.id).unwrap(), told_ana));
    assert_eq!((rehearsed.len(), told(&ana).await.len()), (2, 0));
    assert_eq!(scan(&app).await.notifications, 2);
}

#[tokio::test]
async fn two_runs_at_once_tell_everything_once() {
    let (app, [ana, ben, cleo]) = TestApp::with_users(["ana", "ben", "cleo"]).await;
    ana.connects_with(&ben).await;
    ana.connects_with(&cleo).await;
    ben.connects_with(&cleo).await;
    for day in 10..28 {
        for person in [&ana, &ben, &cleo] {
            let date = format!("2026-03-{day}");
            plans(person, "Rome", "Italy", [&date, &date]).await;
        }
    }
    let other = app.beside(tests::Setup::default());
    let settings = ScanSettings { batch: 5, ..ScanSettings::default() };
    let scanners: [Scanner; 4] =
        [app.scanner(settings), app.scanner(settings), other.scanner(settings), other.scanner(settings)];
    let runs = scanners.iter().map(|scanner| scanner.run(|_| ()));
    let summaries: Vec<Summary> = futures_util::future::join_all(runs).await.into_iter().map(Result::unwrap).collect();
    scan(&app).await;
    for person in [&ana, &ben, &cleo] {
        assert_eq!(told(person).await.len(), 2 * 18, "{summaries:?}");
    }
}
