//! `GET /users/{user_id}`, and what others see of somebody.

use serde_json::{Value, json};
use tests::{TestApp, promises, statements};

#[tokio::test]
async fn others_see_the_public_profile() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let told = json!({
        "bio": "Surfs.", "profile_pic_url": "https://example.org/a.jpg", "home_city": "Lisbon", "home_country": "Portugal",
    });
    ana.put("/api/v1/users/me", &told).await.expect_status(200);
    let profile = ben.get(&format!("/api/v1/users/{}", ana.id)).await.expect_status(200).json();
    let fields = [
        "id",
        "display_name",
        "bio",
        "profile_pic_url",
        "home_city",
        "home_country",
        "created_at",
        "connection_status",
    ];
    assert_eq!(promises::keys(&profile), fields);
    for field in ["bio", "profile_pic_url", "home_city", "home_country"] {
        assert_eq!(profile[field], told[field], "{field}");
    }
    assert_eq!((&profile["id"], &profile["display_name"]), (&json!(ana.id), &json!("Ana")));
}

#[tokio::test]
async fn how_two_stand_to_each_other_is_told_from_the_callers_side() {
    let (app, [ana, ben, cleo, dan, eve]) = TestApp::with_users(["ana", "ben", "cleo", "dan", "eve"]).await;
    statements::connect(&app.state.db, ana.id, ben.id, "pending").await;
    statements::connect(&app.state.db, cleo.id, ana.id, "accepted").await;
    statements::connect(&app.state.db, ana.id, dan.id, "rejected").await;
    let status = async |viewer: &tests::Person, id: i64| {
        viewer.get(&format!("/api/v1/users/{id}")).await.expect_status(200).json()["connection_status"].clone()
    };
    assert_eq!(status(&ana, ana.id).await, "self");
    assert_eq!(status(&ana, ben.id).await, "pending_sent");
    assert_eq!(status(&ben, ana.id).await, "pending_received");
    assert_eq!((status(&ana, cleo.id).await, status(&cleo, ana.id).await), (json!("connected"), json!("connected")));
    assert_eq!((status(&ana, dan.id).await, status(&dan, ana.id).await), (json!("none"), json!("none")));
    assert_eq!((status(&ana, eve.id).await, status(&ben, cleo.id).await), (json!("none"), json!("none")));

    let found = ana.get("/api/v1/users/search?q=example%20ben").await.expect_status(200).data();
    assert_eq!(found, Vec::<Value>::new());
    for (name, expected) in [("ben", "pending_sent"), ("cleo", "connected"), ("dan", "none"), ("eve", "none")] {
        let found = ana.get(&format!("/api/v1/users/search?q={name}")).await.expect_status(200).data();
        assert_eq!(found[0]["connection_status"], expected, "{name}");
    }
}

#[tokio::test]
async fn what_is_no_id_is_a_404() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    for id in
        ["0", "-1", "01", "1.0", "2147483648", "99999999999999999999", "abc", "%00", "1%20", "1%2F2", "%C3%A9", "%FF"]
    {
        ana.get(&format!("/api/v1/users/{id}")).await.expect_refusal(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn security_17_an_inactive_user_is_as_good_as_none() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    ben.get(&format!("/api/v1/users/{}", ana.id)).await.expect_status(200);
    statements::deactivate(&app.state.db, ana.id).await;
    let hidden = ben.get(&format!("/api/v1/users/{}", ana.id)).await;
    let missing = ben.get("/api/v1/users/2147483647").await;
    hidden.expect_refusal(404, "NOT_FOUND");
    assert_eq!(hidden.refusal_as_such(), missing.refusal_as_such());
    for q in ["Ana", "ana%40example.org"] {
        let found = ben.get(&format!("/api/v1/users/search?q={q}")).await.expect_status(200).json();
        assert_eq!((&found["data"], &found["pagination"]["total"]), (&json!([]), &json!(0)), "{q}");
    }
}

#[tokio::test]
async fn an_inactive_user_is_refused_everywhere() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    statements::deactivate(&app.state.db, ana.id).await;
    for path in [
        "/api/v1/users/me",
        "/api/v1/auth/sessions",
        "/api/v1/users/search?q=ben",
        &format!("/api/v1/users/{}", ben.id),
    ] {
        ana.get(path).await.expect_refusal(401, "UNAUTHORIZED");
    }
    ana.put("/api/v1/users/me", &json!({ "bio": "x" })).await.expect_refusal(401, "UNAUTHORIZED");
    let change = json!({ "current_password": ana.password, "new_password": "EvenBetter456?" });
    ana.put("/api/v1/users/me/password", &change).await.expect_refusal(401, "UNAUTHORIZED");
    ana.refresh().await.expect_refusal(401, "UNAUTHORIZED");
    let login = json!({ "email": ana.email, "password": ana.password });
    app.anonymous().post("/api/v1/auth/login", &login).await.expect_refusal(401, "UNAUTHORIZED");
    let again = json!({ "email": ana.email, "password": ana.password, "display_name": "Ana" });
    app.anonymous().post("/api/v1/auth/register", &again).await.expect_refusal(409, "CONFLICT");
}
