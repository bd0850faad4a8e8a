//! Failed logins slow the next one down, for the pair of an email and an address.

use std::time::Duration;

use serde_json::json;
use tests::{Answer, Client, PASSWORD, Setup, TestApp};

const WRONG: &str = "WrongPass123!";

async fn log_in(client: &Client, email: &str, password: &str) -> Answer {
    client.post("/api/v1/auth/login", &json!({ "email": email, "password": password })).await
}

/// Five failures, ten seconds apart.
async fn fail_five_times(app: &TestApp, client: &Client, email: &str) {
    for _ in 0..5 {
        app.clock.advance(Duration::from_secs(10));
        log_in(client, email, WRONG).await.expect_refusal(401, "UNAUTHORIZED");
    }
}

/// How long a refused attempt is told to wait.
fn wait_of(answer: &Answer) -> u64 {
    answer.expect_refusal(429, "RATE_LIMIT_EXCEEDED").header("retry-after").parse().unwrap()
}

#[tokio::test]
async fn security_05_after_five_failures_even_the_right_password_waits() {
    let (app, [_ana]) = TestApp::with_users(["ana"]).await;
    let guesser = app.anonymous();
    fail_five_times(&app, &guesser, "ana@example.org").await;
    let evaluations = app.state.hasher.evaluations();
    assert_eq!(wait_of(&log_in(&guesser, "ana@example.org", WRONG).await), 30);
    assert_eq!(wait_of(&log_in(&guesser, "ana@example.org", PASSWORD).await), 30);
    assert_eq!(wait_of(&log_in(&guesser, "ANA@EXAMPLE.ORG", PASSWORD).await), 30, "in whatever case");
    assert_eq!(app.state.hasher.evaluations(), evaluations, "what waits costs nothing");

    app.clock.advance(Duration::from_secs(29));
    assert_eq!(wait_of(&log_in(&guesser, "ana@example.org", PASSWORD).await), 1);
    app.clock.advance(Duration::from_secs(1));
    log_in(&guesser, "ana@example.org", PASSWORD).await.expect_status(200);
    log_in(&guesser, "ana@example.org", WRONG).await.expect_status(401);
    log_in(&guesser, "ana@example.org", PASSWORD).await.expect_status(200);
}

#[tokio::test]
async fn security_05_each_further_failure_doubles_the_wait() {
    let (app, [_ana]) = TestApp::with_users(["ana"]).await;
    let guesser = app.anonymous();
    fail_five_times(&app, &guesser, "ana@example.org").await;
    let mut waits = Vec::new();
    for _ in 0..4 {
        let wait = wait_of(&log_in(&guesser, "ana@example.org", WRONG).await);
        waits.push(wait);
        app.clock.advance(Duration::from_secs(wait));
        log_in(&guesser, "ana@example.org", WRONG).await.expect_status(401);
    }
    assert_eq!(waits, [30, 60, 120, 240]);
}

#[tokio::test]
async fn security_05_nobody_else_waits() {
    let (app, [_ana, _ben]) = TestApp::with_users(["ana", "ben"]).await;
    let guesser = app.anonymous();
    fail_five_times(&app, &guesser, "ana@example.org").await;
    wait_of(&log_in(&guesser, "ana@example.org", PASSWORD).await);
    log_in(&app.anonymous(), "ana@example.org", PASSWORD).await.expect_status(200);
    log_in(&guesser, "ben@example.org", PASSWORD).await.expect_status(200);
    wait_of(&log_in(&guesser, "ana@example.org", PASSWORD).await);
}

#[tokio::test]
async fn security_05_an_unknown_email_waits_like_a_known_one() {
    let (app, [_ana]) = TestApp::with_users(["ana"]).await;
    let mut stories = Vec::new();
    for email in ["ana@example.org", "nobody@example.org"] {
        let guesser = app.anonymous();
        let mut story = Vec::new();
        for _ in 0..8 {
            app.clock.advance(Duration::from_secs(10));
            let answer = log_in(&guesser, email, WRONG).await;
            story.push((answer.header("retry-after").to_owned(), answer.refusal_as_such()));
        }
        stories.push(story);
    }
    assert_eq!(stories[0], stories[1]);
    assert_eq!(stories[0][5].0, "20");
}

#[tokio::test]
async fn security_05_failures_count_on_whichever_instance_they_happen() {
    let (app, [_ana]) = TestApp::with_users(["ana"]).await;
    let guesser = app.anonymous();
    let there = guesser.at(&app.beside(Setup::default()));
    for number in 0..5 {
        let client = if number % 2 == 0 { &guesser } else { &there };
        log_in(client, "ana@example.org", WRONG).await.expect_status(401);
    }
    assert_eq!(wait_of(&log_in(&guesser, "ana@example.org", PASSWORD).await), 30);
    assert_eq!(wait_of(&log_in(&there, "ana@example.org", PASSWORD).await), 30);
}

#[tokio::test]
async fn security_05_a_client_can_not_move_to_another_address_by_claiming_it() {
    let (app, [_ana]) = TestApp::with_users(["ana"]).await;
    for number in 0..5 {
        let guesser = app.anonymous().from_address(&format!("203.0.113.{number}, 198.51.100.7:5{number}000"));
        log_in(&guesser, "ana@example.org", WRONG).await.expect_status(401);
    }
    let guesser = app.anonymous().from_address("203.0.113.9, 198.51.100.7");
    assert_eq!(wait_of(&log_in(&guesser, "ana@example.org", PASSWORD).await), 30);
}

#[tokio::test]
async fn security_05_failures_are_forgotten_after_a_quarter_of_an_hour() {
    let (app, [_ana]) = TestApp::with_users(["ana"]).await;
    let forgetful = app.anonymous();
    for _ in 0..4 {
        log_in(&forgetful, "ana@example.org", WRONG).await.expect_status(401);
    }
    app.clock.advance(Duration::from_mins(15));
    for _ in 0..4 {
        log_in(&forgetful, "ana@example.org", WRONG).await.expect_status(401);
    }
    log_in(&forgetful, "ana@example.org", PASSWORD).await.expect_status(200);
}
