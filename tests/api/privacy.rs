//! Who gets to see whose email: its owner alone, in few places.

use axum::http::Method;
use serde_json::{Value, json};
use tests::{Answer, PASSWORD, TestApp};

/// Everything that Ben can get hold of, with every operation of the API, among people whose emails he may not see.
#[tokio::test]
async fn security_16_an_email_appears_only_where_its_owner_registers_logs_in_and_looks_at_itself() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let everything = json!({ "bio": "Surfs.", "home_city": "Lisbon", "home_country": "Portugal" });
    let mut answers: Vec<Answer> = Vec::new();
    for path in [
        "/",
        "/health",
        "/health/detailed",
        "/ready",
        "/live",
        "/openapi.json",
        "/nowhere",
        "/api/v1/auth/sessions",
        "/api/v1/users/search?q=ana",
        "/api/v1/users/search?q=ana%40example.org",
        "/api/v1/users/search?q=ana%40example",
        "/api/v1/users/search?q=a",
        "/api/v1/users/ana%40example.org",
        &format!("/api/v1/users/{}", ana.id),
        &format!("/api/v1/users/{}", ben.id),
        "/api/v1/users/2147483647",
    ] {
        answers.push(ben.get(path).await);
        answers.push(ben.without_token().get(path).await);
    }
    let taken = json!({ "email": "ANA@example.org", "password": PASSWORD, "display_name": "Another" });
    let wrong = json!({ "email": "ana@example.org", "password": "WrongPass123!" });
    let personal = json!({ "email": "carvalho@example.org", "password": "Carvalho123!", "display_name": "x" });
    answers.push(app.anonymous().post("/api/v1/auth/register", &taken).await);
    answers.push(app.anonymous().post("/api/v1/auth/register", &personal).await);
    answers.push(app.anonymous().post("/api/v1/auth/login", &wrong).await);
    answers.push(app.anonymous().send(Method::DELETE, "/api/v1/auth/login", Some(&wrong)).await);
    answers.push(ben.refresh().await);
    answers.push(ben.put("/api/v1/users/me/password", &wrong).await);
    answers.push(ben.delete(&format!("/api/v1/auth/sessions/{}", ana.session)).await);
    assert!(answers.iter().any(|answer| answer.text.contains("\"Ana\"")), "he does find her");
    for answer in &answers {
        let text = answer.text.to_lowercase();
        assert!(!text.contains("ana@example.org") && !text.contains("carvalho@"), "{answer:?}");
        assert!(!text.contains("ben@example.org"), "not even his own: {answer:?}");
        assert!(answer.headers.values().all(|value| !value.to_str().unwrap().contains('@')), "{answer:?}");
    }
    let own = ben.put("/api/v1/users/me", &everything).await.expect_status(200).json();
    assert_eq!(own["email"], "ben@example.org");
}

#[tokio::test]
async fn security_16_an_email_that_is_found_by_is_not_shown() {
    let (_app, [ana, _ben]) = TestApp::with_users(["ana", "ben"]).await;
    let found = ana.get("/api/v1/users/search?q=ben%40example.org").await.expect_status(200).json();
    assert_eq!(found["data"][0]["display_name"], "Ben");
    assert_eq!(found["data"][0].get("email"), None::<&Value>);
}
