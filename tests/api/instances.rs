//! Two instances on one database are as one: neither remembers what the other has changed. How sessions end is told in
//! `sessions`; here, that it makes no difference to have used them a moment ago.

use std::time::Duration;

use axum::http::Method;
use serde_json::json;
use tests::forge::claims_of;
use tests::{PASSWORD, Person, Setup, TestApp, statements};

const ME: &str = "/api/v1/users/me";
const UNREAD: &str = "/api/v1/notifications/unread-count";
const NEW: &str = "EvenBetter456?";

/// An instance with Ana, the same instance's twin, and Ana's session on her phone.
async fn two_instances() -> (TestApp, TestApp, Person, Person) {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let (other, phone) = (app.beside(Setup::default()), ana.on_another_device().await);
    (app, other, ana, phone)
}

#[tokio::test]
async fn security_12_what_an_instance_has_just_seen_it_believes_no_longer_than_it_holds() {
    // What is done at one instance to end the session on Ana's phone.
    for (method, path) in [
        (Method::DELETE, "/api/v1/auth/sessions/{}"),
        (Method::DELETE, "/api/v1/auth/sessions"),
        (Method::PUT, "/api/v1/users/me/password"),
        (Method::POST, "/api/v1/auth/logout"),
    ] {
        let (_app, other, ana, phone) = two_instances().await;
        let there = phone.at(&other);
        for _ in 0..3 {
            there.get(ME).await.expect_status(200);
        }
        let change = json!({ "current_password": PASSWORD, "new_password": NEW });
        let body = path.ends_with("password").then_some(&change);
        // A logout is the phone's own; it is done at the instance that the phone has not used.
        let doer = if path.ends_with("logout") { &phone } else { &ana };
        doer.send(method, &path.replace("{}", &phone.session), body).await.expect_status(204);
        there.get(ME).await.expect_refusal(401, "UNAUTHORIZED");
        let spent = json!({ "refresh_token": phone.refresh_token });
        there.without_token().post("/api/v1/auth/refresh", &spent).await.expect_refusal(401, "UNAUTHORIZED");
    }
}

#[tokio::test]
async fn security_12_a_user_that_was_seen_a_moment_ago_is_out_when_deactivated() {
    let (app, other, ana, phone) = two_instances().await;
    // The profile is only there for who is active: an endpoint that asks for the session alone says more.
    for path in [ME, UNREAD] {
        phone.at(&other).get(path).await.expect_status(200);
        ana.get(path).await.expect_status(200);
    }
    statements::deactivate(&app.state.db, ana.id).await;
    for path in [ME, UNREAD] {
        phone.at(&other).get(path).await.expect_refusal(401, "UNAUTHORIZED");
        ana.get(path).await.expect_refusal(401, "UNAUTHORIZED");
    }
    let zoe = other.joined_by("zoe").await;
    zoe.get(&format!("/api/v1/users/{}", ana.id)).await.expect_status(404);
}

#[tokio::test]
async fn security_12_a_changed_password_is_the_one_that_counts_at_every_instance() {
    let (_app, other, ana, _phone) = two_instances().await;
    other.anonymous().log_in(&ana.email, PASSWORD).await;
    let change = json!({ "current_password": PASSWORD, "new_password": NEW });
    ana.put("/api/v1/users/me/password", &change).await.expect_status(204);
    let old = json!({ "email": ana.email, "password": PASSWORD });
    other.anonymous().post("/api/v1/auth/login", &old).await.expect_refusal(401, "UNAUTHORIZED");
    other.anonymous().log_in(&ana.email, NEW).await.get(ME).await.expect_status(200);
    // Her own session goes on, there too.
    ana.at(&other).get(ME).await.expect_status(200);
}

#[tokio::test]
async fn security_12_a_refresh_at_one_instance_spends_the_token_at_the_other() {
    let (app, other, ana, phone) = two_instances().await;
    let next = ana.refreshed_by(&ana.refresh().await);
    next.at(&other).get(ME).await.expect_status(200);

    // Asked again in time, the other instance hands out the very same successor.
    let spent = json!({ "refresh_token": ana.refresh_token });
    let again = other.anonymous().post("/api/v1/auth/refresh", &spent).await.expect_status(200).json();
    let successor = |token: &str| claims_of(token)["jti"].clone();
    assert_eq!(successor(again["refresh_token"].as_str().unwrap()), successor(&next.refresh_token));

    // Later it takes it for stolen, and the session is over where it was refreshed.
    app.clock.advance(Duration::from_secs(11));
    next.get(ME).await.expect_status(200);
    other.anonymous().post("/api/v1/auth/refresh", &spent).await.expect_refusal(401, "UNAUTHORIZED");
    next.get(ME).await.expect_refusal(401, "UNAUTHORIZED");
    next.refresh().await.expect_refusal(401, "UNAUTHORIZED");
    phone.at(&other).get(ME).await.expect_status(200);
}

#[tokio::test]
async fn the_chain_of_a_session_goes_on_at_whichever_instance_is_asked() {
    let (_app, other, ana, _phone) = two_instances().await;
    let mut latest = ana.clone();
    for turn in 0..6 {
        let spent = json!({ "refresh_token": latest.refresh_token });
        let instance = if turn % 2 == 0 { latest.at(&other) } else { latest.clone() };
        latest = latest.refreshed_by(&instance.without_token().post("/api/v1/auth/refresh", &spent).await);
        latest.get(ME).await.expect_status(200);
        latest.at(&other).get(ME).await.expect_status(200);
    }
}

#[tokio::test]
async fn who_joins_or_changes_at_one_instance_is_seen_as_such_at_the_other() {
    let (_app, other, ana, _phone) = two_instances().await;
    let zoe = other.joined_by("zoe").await;
    let found = async |q: &str| ana.get(&format!("/api/v1/users/search?q={q}")).await.expect_status(200).data().len();
    assert_eq!((found("zoe").await, found("zora").await), (1, 0));
    zoe.put(ME, &json!({ "display_name": "Zora" })).await.expect_status(200);
    assert_eq!((found("zoe").await, found("zora").await), (0, 1));
}
