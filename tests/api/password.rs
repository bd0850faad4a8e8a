//! `PUT /users/me/password`

use serde_json::json;
use tests::{Answer, PASSWORD, Person, TestApp, statements};

const NEW: &str = "EvenBetter456?";

async fn change(person: &Person, current: &str, new: &str) -> Answer {
    person.put("/api/v1/users/me/password", &json!({ "current_password": current, "new_password": new })).await
}

#[tokio::test]
async fn security_06_the_new_password_opens_and_the_old_one_does_not() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let answer = change(&ana, PASSWORD, NEW).await;
    assert_eq!((answer.expect_status(204).text.as_str(), answer.header("content-type")), ("", ""));
    app.anonymous().log_in(&ana.email, NEW).await;
    let body = json!({ "email": ana.email, "password": PASSWORD });
    app.anonymous().post("/api/v1/auth/login", &body).await.expect_refusal(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn security_06_a_wrong_current_password_is_a_fault_of_that_field() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let before = statements::password_hash(&app.state.db, &ana.email).await;
    for wrong in ["WrongPass123!", "", "securepass123!", "SecurePass123! "] {
        let answer = change(&ana, wrong, NEW).await;
        assert_eq!(answer.expect_fault("current_password").fields_at_fault(), ["current_password"], "{wrong}");
    }
    assert_eq!(statements::password_hash(&app.state.db, &ana.email).await, before);
    ana.get("/api/v1/users/me").await.expect_status(200);
}

#[tokio::test]
async fn security_01_the_new_password_is_held_to_the_rules_of_the_registration() {
    let (app, []) = TestApp::with_users([]).await;
    let ana = app.joined_as("silva@example.org", "Carvalho").await;
    for (new, rule) in [
        ("short", "at least 8"),
        ("Password1!", "too easy to guess"),
        ("Silva.2026", "name part of your email"),
        ("Carvalho!7", "display name"),
    ] {
        let answer = change(&ana, PASSWORD, new).await;
        assert!(answer.expect_fault("new_password").fault("new_password").contains(rule), "{new}: {answer:?}");
        assert!(!answer.fields_at_fault().contains(&"current_password".to_owned()));
    }
}

#[tokio::test]
async fn all_faults_are_told_at_once() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    let answer = ana.put("/api/v1/users/me/password", &json!({ "new_password": "x", "email": "x" })).await;
    let mut fields = answer.expect_refusal(400, "VALIDATION_ERROR").fields_at_fault();
    fields.dedup();
    assert_eq!(fields, ["current_password", "new_password", "email"]);

    // What depends on the account is told together with the wrong password.
    let answer = change(&ana, "WrongPass123!", "Good.but.Ana.Maria1").await;
    assert_eq!(answer.expect_fault("current_password").fields_at_fault(), ["current_password"]);
    ana.put("/api/v1/users/me", &json!({ "display_name": "Ana Maria" })).await.expect_status(200);
    let answer = change(&ana, "WrongPass123!", "Good.but.AnaMaria1").await;
    assert_eq!(answer.expect_status(400).fields_at_fault(), ["current_password", "new_password"]);
    let nothing = ana.put("/api/v1/users/me/password", &json!({})).await;
    assert_eq!(nothing.expect_status(400).fields_at_fault(), ["current_password", "new_password"]);
}

#[tokio::test]
async fn security_06_of_two_changes_at_once_one_wins() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let (one, other) = tokio::join!(change(&ana, PASSWORD, NEW), change(&ana, PASSWORD, "AnotherOne789#"));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 400], "{one:?} {other:?}");
    let winner = if one.status == 204 { NEW } else { "AnotherOne789#" };
    app.anonymous().log_in(&ana.email, winner).await;
}

#[tokio::test]
async fn a_change_of_password_is_no_change_of_the_profile() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    let before = ana.get("/api/v1/users/me").await.json();
    change(&ana, PASSWORD, NEW).await.expect_status(204);
    let after = ana.get("/api/v1/users/me").await.json();
    for field in ["id", "email", "display_name", "bio", "created_at"] {
        assert_eq!(after[field], before[field], "{field}");
    }
}
