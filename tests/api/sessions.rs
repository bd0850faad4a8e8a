//! One's sessions: listed, ended one by one or all together, and ended for good.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Client, PASSWORD, Person, Setup, TestApp, statements};

const ME: &str = "/api/v1/users/me";
const SESSIONS: &str = "/api/v1/auth/sessions";

async fn listed(client: &Client) -> Vec<Value> {
    client.get(SESSIONS).await.expect_status(200).data()
}

fn ids(sessions: &[Value]) -> Vec<&str> {
    sessions.iter().map(|session| session["id"].as_str().unwrap()).collect()
}

/// From the very next request on, and at the other instance.
async fn is_over(person: &Person, other: &TestApp) {
    person.at(other).get(ME).await.expect_refusal(401, "UNAUTHORIZED");
    let body = json!({ "refresh_token": person.refresh_token });
    other.anonymous().post("/api/v1/auth/refresh", &body).await.expect_refusal(401, "UNAUTHORIZED");
    person.get(ME).await.expect_status(401);
}

#[tokio::test]
async fn sessions_are_listed_latest_first_and_the_one_that_asks_is_marked() {
    let (app, [ana, _ben]) = TestApp::with_users(["ana", "ben"]).await;
    app.clock.advance(Duration::from_mins(1));
    let phone = app.anonymous().with_header("user-agent", "TravelMeetup/1.0 (iPhone; iOS 20.1)");
    let phone = phone.log_in(&ana.email, PASSWORD).await;
    app.clock.advance(Duration::from_mins(1));
    let tablet = ana.on_another_device().await;

    let sessions = listed(&phone).await;
    assert_eq!(ids(&sessions), [&tablet.session, &phone.session, &ana.session]);
    assert_eq!(sessions.iter().map(|session| session["current"] == true).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!(sessions[1]["user_agent"], "TravelMeetup/1.0 (iPhone; iOS 20.1)");
    assert_eq!(sessions[0]["user_agent"], Value::Null);
    assert_eq!(sessions[1]["created_at"], "2026-01-31T10:31:00Z");
    assert_eq!(sessions[1]["expires_at"], "2026-02-07T10:31:00Z");
}

#[tokio::test]
async fn a_refresh_moves_last_use_and_end_on() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    app.clock.advance(Duration::from_hours(24));
    let ana = ana.refreshed_by(&ana.refresh().await);
    let [session] = &listed(&ana).await[..] else { panic!("one session") };
    assert_eq!(session["created_at"], "2026-01-31T10:30:00Z");
    assert_eq!(session["last_used_at"], "2026-02-01T10:30:00Z");
    assert_eq!(session["expires_at"], "2026-02-08T10:30:00Z");
}

#[tokio::test]
async fn sessions_are_listed_a_page_at_a_time() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    for _ in 0..4 {
        // All of one instant: the order is total all the same.
        ana.on_another_device().await;
    }
    let all = listed(&ana).await;
    let mut seen = Vec::new();
    for offset in [0, 2, 4] {
        let page = ana.get(&format!("{SESSIONS}?limit=2&offset={offset}")).await.expect_status(200).json();
        let expected = json!({ "limit": 2, "offset": offset, "total": 5, "has_more": offset < 4 });
        assert_eq!(page["pagination"], expected);
        seen.extend(page["data"].as_array().unwrap().clone());
    }
    assert_eq!(seen, all);
    let beyond = ana.get(&format!("{SESSIONS}?offset=2147483647")).await.expect_status(200).json();
    assert_eq!(beyond["pagination"], json!({ "limit": 20, "offset": i32::MAX, "total": 5, "has_more": false }));
    let answer = ana.get(&format!("{SESSIONS}?limit=0&offset=-1")).await;
    assert_eq!(answer.expect_refusal(400, "VALIDATION_ERROR").fields_at_fault(), ["limit", "offset"]);
    assert_eq!(statements::count_live_sessions(&app.state.db).await, 5);
}

#[tokio::test]
async fn what_is_over_is_not_listed() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let ended = ana.on_another_device().await;
    ended.post("/api/v1/auth/logout", &json!({})).await.expect_status(204);
    app.clock.advance(Duration::from_hours(7 * 24));
    let latest = ana.on_another_device().await;
    assert_eq!(ids(&listed(&latest).await), [&latest.session], "the first one has expired");
}

#[tokio::test]
async fn a_long_user_agent_is_cut() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let client = app.anonymous().with_header("user-agent", &"x".repeat(2000));
    let wordy = client.log_in(&ana.email, PASSWORD).await;
    let sessions = listed(&wordy).await;
    let session = sessions.iter().find(|session| session["current"] == true).unwrap();
    assert_eq!(session["user_agent"], "x".repeat(256));
}

#[tokio::test]
async fn security_12_a_logout_ends_this_session_everywhere_at_once() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let other = app.beside(Setup::default());
    let phone = ana.on_another_device().await;
    ana.at(&other).get(ME).await.expect_status(200);
    ana.post("/api/v1/auth/logout", &json!({})).await.expect_status(204);
    is_over(&ana, &other).await;
    phone.at(&other).get(ME).await.expect_status(200);
    ana.post("/api/v1/auth/logout", &json!({})).await.expect_refusal(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn a_logout_needs_no_body_and_takes_none_amiss() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    ana.send(axum::http::Method::POST, "/api/v1/auth/logout", None).await.expect_status(204);
}

#[tokio::test]
async fn security_12_a_session_ended_from_another_one_is_over_everywhere_at_once() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let other = app.beside(Setup::default());
    let (phone, tablet) = (ana.on_another_device().await, ana.on_another_device().await);
    ana.delete(&format!("{SESSIONS}/{}", phone.session)).await.expect_status(204);
    is_over(&phone, &other).await;
    ana.delete(&format!("{SESSIONS}/{}", phone.session)).await.expect_refusal(404, "NOT_FOUND");
    tablet.get(ME).await.expect_status(200);
    ana.delete(&format!("{SESSIONS}/{}", ana.session)).await.expect_status(204);
    is_over(&ana, &other).await;
}

#[tokio::test]
async fn security_12_all_others_are_ended_together() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let other = app.beside(Setup::default());
    let (phone, tablet) = (ana.on_another_device().await, ana.on_another_device().await);
    tablet.delete(SESSIONS).await.expect_status(204);
    is_over(&ana, &other).await;
    is_over(&phone, &other).await;
    assert_eq!(ids(&listed(&tablet).await), [&tablet.session]);
    ben.get(ME).await.expect_status(200);
    tablet.delete(SESSIONS).await.expect_status(204);
}

#[tokio::test]
async fn security_12_a_password_change_ends_all_others_everywhere_at_once() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let other = app.beside(Setup::default());
    let phone = ana.on_another_device().await;
    let body = json!({ "current_password": PASSWORD, "new_password": "EvenBetter456?" });
    ana.put("/api/v1/users/me/password", &body).await.expect_status(204);
    is_over(&phone, &other).await;
    ana.at(&other).get(ME).await.expect_status(200);
    ana.refresh().await.expect_status(200);
}

#[tokio::test]
async fn security_12_a_deactivated_user_is_out_everywhere_at_once() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let other = app.beside(Setup::default());
    statements::deactivate(&app.state.db, ana.id).await;
    is_over(&ana, &other).await;
}

#[tokio::test]
async fn security_17_somebody_elses_session_is_as_good_as_none() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let theirs = ben.delete(&format!("{SESSIONS}/{}", ana.session)).await;
    let nobodys = ben.delete(&format!("{SESSIONS}/00000000-0000-4000-8000-000000000000")).await;
    theirs.expect_refusal(404, "NOT_FOUND");
    assert_eq!(theirs.refusal_as_such(), nobodys.refusal_as_such());
    ben.delete(&format!("{SESSIONS}/1")).await.expect_refusal(404, "NOT_FOUND");
    ana.get(ME).await.expect_status(200);
}
