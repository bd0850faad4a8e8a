//! How instances count together: exactly where passwords are guessed at, nearly so elsewhere, and what becomes of it when the
//! place where they count is gone.

use std::time::Duration;

use futures_util::future::join_all;
use handler::limits::rules::RateLimits;
use handler::scan::run::ScanSettings;
use serde_json::json;
use tests::{Client, statements};

use super::rate_limits::{ME, MINUTE, SEARCH, attempt, is_refused, standing, two_instances};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn security_22_the_next_minute_is_a_new_one() {
    let (app, other) = two_instances(RateLimits::default()).await;
    let ana = app.joined_by("ana").await;
    let guesser = app.anonymous();
    for _ in 0..10 {
        attempt(&guesser).await.expect_status(400);
    }
    for _ in 0..30 {
        ana.get(SEARCH).await.expect_status(200);
    }
    app.clock.advance(Duration::from_millis(59_999));
    for instance in [&app, &other] {
        assert!(is_refused(&attempt(&guesser.at(instance)).await));
        let refused = ana.at(instance).get(SEARCH).await;
        assert_eq!((is_refused(&refused), refused.header("retry-after")), (true, "1"));
    }
    app.clock.advance(Duration::from_millis(1));
    for (instance, left) in [(&other, 9), (&app, 8)] {
        assert_eq!(standing(attempt(&guesser.at(instance)).await.expect_status(400)), (10, left));
        assert_eq!(standing(ana.at(instance).get(SEARCH).await.expect_status(200)), (30, left + 20));
    }
}

#[tokio::test]
async fn a_clock_that_is_turned_back_locks_nobody_out() {
    let (app, _) = two_instances(RateLimits::default()).await;
    let guesser = app.anonymous();
    for _ in 0..11 {
        attempt(&guesser).await;
    }
    assert!(is_refused(&attempt(&guesser).await));
    app.clock.turn_back(Duration::from_hours(1));
    assert_eq!(standing(attempt(&guesser).await.expect_status(400)), (10, 9));
}

#[tokio::test]
async fn security_22_of_a_hundred_attempts_at_once_exactly_ten_are_let_through() {
    let (app, other) = two_instances(RateLimits::default()).await;
    let guesser = app.anonymous();
    let attempts = (0..100).map(|number| {
        let client = guesser.at(if number % 2 == 0 { &app } else { &other });
        async move { attempt(&client).await }
    });
    let answers = join_all(attempts).await;
    let refused = answers.iter().filter(|answer| is_refused(answer)).count();
    let let_through = answers.iter().filter(|answer| answer.status == 400).count();
    assert_eq!((let_through, refused), (10, 90));
}

/// How many of `number` requests by turns at these instances are served.
async fn served(clients: &[Client], path: &str, number: usize) -> usize {
    let mut served = 0;
    for turn in 0..number {
        served += usize::from(!is_refused(&clients[turn % clients.len()].get(path).await));
    }
    served
}

#[tokio::test]
async fn security_22_one_instance_serves_exactly_the_limit_and_two_a_tenth_more_at_most() {
    let (app, other) = two_instances(RateLimits { auth: 0, ..RateLimits::default() }).await;
    let (ana, ben) = (app.joined_by("ana").await, app.joined_by("ben").await);
    let mark = app.log.mark();
    assert_eq!(served(&[(*ana).clone()], ME, 130).await, 100);
    let statements = app.log.statements_since(mark);
    let asked = statements.iter().filter(|name| name.ends_with("limits::store/count_and_look")).count();
    assert!((1..=40).contains(&asked), "{asked} times asked about 130 requests");

    let by_turns = served(&[(*ben).clone(), (*ben.at(&other)).clone()], ME, 150).await;
    assert!((100..=110).contains(&by_turns), "{by_turns}");
    let searches = served(&[(*ben).clone(), (*ben.at(&other)).clone()], SEARCH, 60).await;
    assert!((30..=33).contains(&searches), "{searches}");
    // What the one has served, the other knows after a second.
    assert_eq!(served(&[(*ana.at(&other)).clone()], ME, 5).await, 0);
}

#[tokio::test]
async fn security_22_the_instances_learn_of_each_other_within_a_second() {
    let (app, other) = two_instances(RateLimits { auth: 0, general: 100, search: 100 }).await;
    let ana = app.joined_by("ana").await;
    let there = (*ana.at(&other)).clone();
    assert_eq!(standing(&there.get(ME).await), (100, 99));
    assert_eq!(served(&[(*ana).clone()], ME, 9).await, 9);
    assert_eq!(standing(&there.get(ME).await), (100, 98), "it has not asked again");
    app.clock.advance(SECOND);
    ana.get(ME).await.expect_status(200);
    assert_eq!(standing(&there.get(ME).await), (100, 87));
}

#[tokio::test]
async fn security_22_without_its_store_attempts_are_refused_and_all_else_is_served() {
    let (app, other) = two_instances(RateLimits { auth: 20, general: 5, search: 5 }).await;
    let ana = app.joined_by("ana").await;
    statements::drop_rate_windows(&app.state.db).await;
    let mark = app.log.mark();
    for path in ["register", "login", "refresh"] {
        let answer = ana.post(&format!("/api/v1/auth/{path}"), &json!({})).await;
        answer.expect_refusal(503, "SERVICE_UNAVAILABLE");
        assert_eq!(standing(&answer), (5, 5));
    }
    for left in [4, 3, 2] {
        assert_eq!(standing(ana.get(ME).await.expect_status(200)), (5, left));
        assert_eq!(standing(ana.get(SEARCH).await.expect_status(200)), (5, left));
    }
    let told = |mark| app.log.lines_since(mark).iter().filter(|line| line["event"] == "rate_limits_alone").count();
    assert_eq!(told(mark), 1, "once a second");
    let statements = app.log.statements_since(mark);
    let counts: Vec<&str> = statements.iter().filter_map(|name| name.split("limits::store/").nth(1)).collect();
    assert_eq!(counts, ["take", "take", "take", "count_and_look"], "nobody waits for it in vain");

    // Each instance goes by its own count.
    assert_eq!(served(&[(*ana).clone()], ME, 5).await, 2);
    assert_eq!(served(&[(*ana.at(&other)).clone()], ME, 8).await, 5);
    app.clock.advance(SECOND);
    let mark = app.log.mark();
    ana.get(SEARCH).await.expect_status(200);
    assert_eq!(told(mark), 1, "it has asked again");
    attempt(&ana).await.expect_status(503);
}

#[tokio::test]
async fn the_match_scan_sweeps_old_windows_away() {
    let (app, _) = two_instances(RateLimits::default()).await;
    attempt(&app.anonymous()).await.expect_status(400);
    attempt(&app.anonymous()).await.expect_status(400);
    let left_after = async |passed| {
        app.clock.advance(passed);
        app.scanner(ScanSettings::default()).run(|_| ()).await.unwrap();
        statements::count_rate_windows(&app.state.db).await
    };
    assert_eq!(left_after(MINUTE).await, 2);
    assert_eq!(left_after(Duration::from_mins(59)).await, 2);
    assert_eq!(left_after(MINUTE).await, 0);
}
