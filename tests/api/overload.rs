//! What is served when there is no place left.

use tests::{Setup, TestApp};

#[tokio::test]
async fn security_26_without_a_place_the_api_refuses_and_health_still_answers() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let full = app.beside(Setup { at_once: 0, ..Setup::default() });
    let refused = ana.at(&full).get("/api/v1/users/me").await;
    refused.expect_status(503);
    assert_eq!((refused.code().as_str(), refused.header("retry-after")), ("SERVICE_UNAVAILABLE", "1"));
    for path in ["/", "/live", "/health", "/ready", "/openapi.json"] {
        full.anonymous().get(path).await.expect_status(200);
    }
    ana.get("/api/v1/users/me").await.expect_status(200);
}
