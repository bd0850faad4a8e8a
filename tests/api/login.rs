//! `POST /auth/login`

use handler::credentials::hasher::HashCost;
use serde_json::json;
use tests::{Answer, Client, PASSWORD, Setup, TestApp, statements};

async fn log_in(client: &Client, email: &str, password: &str) -> Answer {
    client.post("/api/v1/auth/login", &json!({ "email": email, "password": password })).await
}

#[tokio::test]
async fn a_login_hands_out_tokens_that_work() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let body = log_in(&app.anonymous(), "ana@example.org", PASSWORD).await.expect_status(200).json();
    assert_eq!((body["token_type"].as_str(), body["expires_in"].as_u64()), (Some("bearer"), Some(900)));
    let client = app.anonymous().with_token(body["access_token"].as_str().unwrap());
    assert_eq!(client.get("/api/v1/users/me").await.expect_status(200).json()["id"], ana.id);
    let refreshed = json!({ "refresh_token": body["refresh_token"] });
    app.anonymous().post("/api/v1/auth/refresh", &refreshed).await.expect_status(200);
}

#[tokio::test]
async fn the_address_may_be_written_in_any_case_and_with_blanks_around_it() {
    let (app, [_ana]) = TestApp::with_users(["ana"]).await;
    log_in(&app.anonymous(), " ANA@Example.org ", PASSWORD).await.expect_status(200);
}

#[tokio::test]
async fn security_03_unknown_email_wrong_password_and_inactive_user_get_the_same_401() {
    let (app, [_ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    statements::deactivate(&app.state.db, ben.id).await;
    let wrong = log_in(&app.anonymous(), "ana@example.org", "WrongPass123!").await;
    wrong.expect_refusal(401, "UNAUTHORIZED");
    for (email, password) in [
        ("nobody@example.org", PASSWORD),
        ("nobody@example.org", "WrongPass123!"),
        ("ben@example.org", PASSWORD),
        ("ben@example.org", "WrongPass123!"),
        ("ana@example.org", "x"),
        ("ana@example.org", &"x".repeat(1000)),
    ] {
        let answer = log_in(&app.anonymous(), email, password).await;
        assert_eq!(answer.refusal_as_such(), wrong.refusal_as_such(), "{email}");
        let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(&answer), names(&wrong), "{email}");
    }
}

#[tokio::test]
async fn security_03_a_failed_login_costs_the_same_for_whoever_it_is() {
    let (app, [_ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    statements::deactivate(&app.state.db, ben.id).await;
    let mut costs = Vec::new();
    for email in ["ana@example.org", "nobody@example.org", "ben@example.org"] {
        let (evaluations, mark) = (app.state.hasher.evaluations(), app.log.mark());
        log_in(&app.anonymous(), email, "WrongPass123!").await.expect_status(401);
        costs.push((app.state.hasher.evaluations() - evaluations, app.log.statements_since(mark)));
    }
    assert_eq!(costs[0].0, 1, "one evaluation of Argon2");
    assert!(costs[0].1.iter().any(|name| name.ends_with("/find_login")), "{costs:?}");
    assert!(costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
}

#[tokio::test]
async fn security_02_a_hash_of_another_cost_is_renewed_at_login_and_only_then() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let stored = async || statements::password_hash(&app.state.db, "ana@example.org").await;
    let before = stored().await;
    assert!(before.contains("m=64,t=1,p=1"), "{before}");

    let raised = Setup { hash_cost: HashCost { memory_kib: 128, passes: 2, lanes: 1 }, ..Setup::default() };
    let raised = app.beside(raised);
    log_in(&raised.anonymous(), "ana@example.org", "WrongPass123!").await.expect_status(401);
    assert_eq!(stored().await, before, "a failed login renews nothing");
    raised.anonymous().log_in("ana@example.org", PASSWORD).await;
    let renewed = stored().await;
    assert!(renewed.contains("m=128,t=2,p=1"), "{renewed}");
    raised.anonymous().log_in("ana@example.org", PASSWORD).await;
    assert_eq!(stored().await, renewed, "once is enough");
    ana.get("/api/v1/users/me").await.expect_status(200);
}

#[tokio::test]
async fn all_faults_are_told_at_once() {
    let app = TestApp::new().await;
    let answer = app.anonymous().post("/api/v1/auth/login", &json!({ "email": "x", "password": 7, "id": 1 })).await;
    assert_eq!(answer.expect_refusal(400, "VALIDATION_ERROR").fields_at_fault(), ["email", "password", "id"]);
    let answer = app.anonymous().post("/api/v1/auth/login", &json!({})).await;
    assert_eq!(answer.expect_refusal(400, "VALIDATION_ERROR").fields_at_fault(), ["email", "password"]);
}

#[tokio::test]
async fn a_login_at_the_moment_of_a_password_change_does_not_outlive_it() {
    // Whichever of the two comes first, the old password opens nothing that lasts.
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let passwords = [PASSWORD, "EvenBetter456?"];
    for round in 0..10 {
        let (old, new) = (passwords[round % 2], passwords[(round + 1) % 2]);
        let change = json!({ "current_password": old, "new_password": new });
        let stranger = app.anonymous();
        let (changed, login) =
            tokio::join!(ana.put("/api/v1/users/me/password", &change), log_in(&stranger, "ana@example.org", old));
        changed.expect_status(204);
        if login.status == 200 {
            let token = login.json()["access_token"].as_str().unwrap().to_owned();
            stranger.with_token(&token).get("/api/v1/users/me").await.expect_status(401);
        }
        log_in(&app.anonymous(), "ana@example.org", old).await.expect_status(401);
    }
    ana.get("/api/v1/users/me").await.expect_status(200);
}
