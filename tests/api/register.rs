//! `POST /auth/register`

use serde_json::json;
use tests::{PASSWORD, TestApp};

const REGISTER: &str = "/api/v1/auth/register";

#[tokio::test]
async fn an_account_is_made_and_can_be_used() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    ana.get("/api/v1/users/me").await.expect_status(200);
}

#[tokio::test]
async fn an_address_that_is_taken_is_a_409_in_any_case() {
    let (app, [_ana]) = TestApp::with_users(["ana"]).await;
    let body = json!({ "email": "ANA@Example.ORG", "password": PASSWORD, "display_name": "Another" });
    let answer = app.anonymous().post(REGISTER, &body).await;
    assert_eq!(answer.expect_refusal(409, "CONFLICT").fields_at_fault(), ["email"]);
}
