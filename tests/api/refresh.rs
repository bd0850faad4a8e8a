//! `POST /auth/refresh`: rotation, repeats, reuse.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use serde_json::json;
use tests::forge::claims_of;
use tests::{Person, Setup, TestApp, statements};

const ME: &str = "/api/v1/users/me";

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// The session is over: neither token is good any more, of whichever generation.
async fn is_over(generations: &[&Person]) {
    for person in generations {
        person.get(ME).await.expect_refusal(401, "UNAUTHORIZED");
        person.refresh().await.expect_refusal(401, "UNAUTHORIZED");
    }
}

#[tokio::test]
async fn a_refresh_hands_out_the_next_pair_and_spends_the_token() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    app.clock.advance(seconds(600));
    let answer = ana.refresh().await;
    assert_eq!(
        (answer.json()["token_type"].as_str(), answer.json()["expires_in"].as_u64()),
        (Some("bearer"), Some(900))
    );
    let next = ana.refreshed_by(&answer);
    assert_ne!(next.refresh_token, ana.refresh_token);
    assert_ne!(claims_of(&next.refresh_token)["jti"], claims_of(&ana.refresh_token)["jti"]);
    app.clock.advance(seconds(600));
    ana.get(ME).await.expect_status(401);
    next.get(ME).await.expect_status(200);
    next.refreshed_by(&next.refresh().await).get(ME).await.expect_status(200);
}

#[tokio::test]
async fn security_10_fifty_at_once_leave_one_live_chain() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let other = app.beside(Setup::default());
    let body = json!({ "refresh_token": ana.refresh_token });
    let answers = join_all((0..50).map(|number| {
        let client = if number % 2 == 0 { app.anonymous() } else { other.anonymous() };
        let body = &body;
        async move { client.post("/api/v1/auth/refresh", body).await }
    }))
    .await;
    let pairs: Vec<Person> = answers.iter().map(|answer| ana.refreshed_by(answer)).collect();
    let chains: Vec<_> = pairs.iter().map(|pair| claims_of(&pair.refresh_token)["jti"].clone()).collect();
    assert!(chains.iter().all(|jti| *jti == chains[0]), "everyone was handed the same successor");
    assert_eq!(statements::count_live_sessions(&app.state.db).await, 1);

    // Who goes on from there spends it for all of them: whoever is left behind later ends the session.
    let next = pairs[0].refreshed_by(&pairs[0].refresh().await);
    next.get(ME).await.expect_status(200);
    app.clock.advance(seconds(11));
    pairs[49].refresh().await.expect_refusal(401, "UNAUTHORIZED");
    is_over(&[&ana, &pairs[7], &next]).await;
}

#[tokio::test]
async fn security_10_a_lost_answer_may_be_asked_for_again_within_ten_seconds() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let lost = ana.refreshed_by(&ana.refresh().await);
    app.clock.advance(seconds(10));
    let again = ana.refreshed_by(&ana.refresh().await);
    again.get(ME).await.expect_status(200);
    lost.get(ME).await.expect_status(200);
    again.refreshed_by(&again.refresh().await).get(ME).await.expect_status(200);
}

#[tokio::test]
async fn security_10_after_that_a_spent_token_ends_the_session_with_every_descendant() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let elsewhere = ana.on_another_device().await;
    let next = ana.refreshed_by(&ana.refresh().await);
    app.clock.advance(seconds(11));
    ana.refresh().await.expect_refusal(401, "UNAUTHORIZED");
    is_over(&[&ana, &next]).await;
    elsewhere.get(ME).await.expect_status(200);
    assert_eq!(statements::count_live_sessions(&app.state.db).await, 1, "the other session is not concerned");
}

#[tokio::test]
async fn security_10_an_older_token_ends_the_session_even_within_the_ten_seconds() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    let next = ana.refreshed_by(&ana.refresh().await);
    let latest = next.refreshed_by(&next.refresh().await);
    ana.refresh().await.expect_refusal(401, "UNAUTHORIZED");
    is_over(&[&ana, &next, &latest]).await;
}

#[tokio::test]
async fn security_10_a_repeat_does_not_prolong_its_ten_seconds() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    ana.refresh().await.expect_status(200);
    app.clock.advance(seconds(6));
    ana.refresh().await.expect_status(200);
    app.clock.advance(seconds(6));
    ana.refresh().await.expect_refusal(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn security_13_a_session_ends_after_thirty_days_however_often_it_is_refreshed() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let mut latest = ana.clone();
    for _day in 0..29 {
        app.clock.advance(Duration::from_hours(24));
        latest = latest.refreshed_by(&latest.refresh().await);
    }
    app.clock.advance(seconds(24 * 3600 - 1));
    latest = latest.refreshed_by(&latest.refresh().await);
    latest.get(ME).await.expect_status(200);
    app.clock.advance(seconds(1));
    latest.get(ME).await.expect_refusal(401, "UNAUTHORIZED");
    latest.refresh().await.expect_refusal(401, "UNAUTHORIZED");
    latest.on_another_device().await.get(ME).await.expect_status(200);
}

#[tokio::test]
async fn a_session_that_is_not_refreshed_ends_after_a_week() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    app.clock.advance(seconds(7 * 24 * 3600 - 1));
    ana.refresh().await.expect_status(200);
    app.clock.advance(seconds(1));
    ben.refresh().await.expect_refusal(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn what_is_no_token_of_a_session_is_refused() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let refresh = async |token: serde_json::Value| {
        app.anonymous().post("/api/v1/auth/refresh", &json!({ "refresh_token": token })).await
    };
    refresh(json!("a.b.c")).await.expect_refusal(401, "UNAUTHORIZED");
    refresh(json!("")).await.expect_fault("refresh_token");
    refresh(json!(null)).await.expect_fault("refresh_token");
    refresh(json!(ana.refresh_token.chars().rev().collect::<String>())).await.expect_status(401);
    ana.refresh().await.expect_status(200);
}

#[tokio::test]
async fn security_11_refresh_secrets_are_stored_as_hashes_only() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let next = ana.refreshed_by(&ana.refresh().await);
    let stored = statements::everything_stored(&app.state.db).await;
    assert!(stored.contains(&ana.session), "the session itself is there: {stored}");
    let shown_bytes: String = stored.split_whitespace().collect();
    for token in [&ana.refresh_token, &next.refresh_token] {
        let secret = claims_of(token)["jti"].as_str().unwrap().to_owned();
        assert!(!stored.contains(&secret), "{stored}");
        let bytes = URL_SAFE_NO_PAD.decode(&secret).unwrap().iter().map(u8::to_string).collect::<Vec<_>>().join(",");
        assert!(!shown_bytes.contains(&bytes), "the bytes that the text stands for: {stored}");
    }
    assert!(!stored.contains(ana.token()) && !stored.contains(&ana.password), "{stored}");
}
