//! The shapes of the main answers, as they stand: whoever changes one sees here what clients will see.
//!
//! What differs from run to run, or between engines, is masked. That it has its form is held of every answer.

use std::time::Duration;

use insta::assert_json_snapshot;
use serde_json::{Value, json};
use tests::{PASSWORD, Person, TestApp};

const ME: &str = "/api/v1/users/me";

/// An app with Ana, who has told everything about herself, and Ben, who has told nothing.
async fn ana_and_ben() -> (TestApp, Person, Person) {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let profile = json!({
        "bio": "Surfs before work.", "profile_pic_url": "https://example.org/ana.jpg",
        "home_city": "Lisbon", "home_country": "Portugal",
    });
    ana.put(ME, &profile).await.expect_status(200);
    (app, ana, ben)
}

#[tokio::test]
async fn a_registration_and_ones_own_profile() {
    let app = TestApp::new().await;
    let account = json!({ "email": "Ana@example.org", "password": PASSWORD, "display_name": "Ana", "bio": "Surfs." });
    let registered = app.anonymous().post("/api/v1/auth/register", &account).await.expect_status(201).json();
    assert_json_snapshot!(registered, @r#"
    {
      "id": 1,
      "email": "Ana@example.org",
      "display_name": "Ana",
      "bio": "Surfs.",
      "profile_pic_url": null,
      "home_city": null,
      "home_country": null,
      "created_at": "2026-01-31T10:30:00Z",
      "updated_at": "2026-01-31T10:30:00Z"
    }
    "#);
    let ana = app.anonymous().log_in("ana@example.org", PASSWORD).await;
    assert_eq!(ana.get(ME).await.json(), registered, "one's own profile is the same");
}

#[tokio::test]
async fn a_login_and_a_refresh() {
    let (app, ana, _ben) = ana_and_ben().await;
    let login = json!({ "email": ana.email, "password": PASSWORD });
    let login = app.anonymous().post("/api/v1/auth/login", &login).await.expect_status(200).json();
    assert_json_snapshot!(login, { ".access_token" => "[token]", ".refresh_token" => "[token]" }, @r#"
    {
      "access_token": "[token]",
      "refresh_token": "[token]",
      "token_type": "bearer",
      "expires_in": 900,
      "user": {
        "id": 1,
        "email": "ana@example.org",
        "display_name": "Ana",
        "profile_pic_url": "https://example.org/ana.jpg",
        "home_city": "Lisbon",
        "home_country": "Portugal"
      }
    }
    "#);
    let refresh = ana.refresh().await.expect_status(200).json();
    assert_json_snapshot!(refresh, { ".access_token" => "[token]", ".refresh_token" => "[token]" }, @r#"
    {
      "access_token": "[token]",
      "refresh_token": "[token]",
      "token_type": "bearer",
      "expires_in": 900
    }
    "#);
}

#[tokio::test]
async fn somebody_elses_profile() {
    let (_app, ana, ben) = ana_and_ben().await;
    let profile = ben.get(&format!("/api/v1/users/{}", ana.id)).await.expect_status(200).json();
    assert_json_snapshot!(profile, @r#"
    {
      "id": 1,
      "display_name": "Ana",
      "bio": "Surfs before work.",
      "profile_pic_url": "https://example.org/ana.jpg",
      "home_city": "Lisbon",
      "home_country": "Portugal",
      "created_at": "2026-01-31T10:30:00Z",
      "connection_status": "none"
    }
    "#);
}

#[tokio::test]
async fn a_page_of_people() {
    let (_app, _ana, ben) = ana_and_ben().await;
    let page = ben.get("/api/v1/users/search?q=an").await.expect_status(200).json();
    assert_json_snapshot!(page, @r#"
    {
      "data": [
        {
          "id": 1,
          "display_name": "Ana",
          "bio": "Surfs before work.",
          "profile_pic_url": "https://example.org/ana.jpg",
          "home_city": "Lisbon",
          "home_country": "Portugal",
          "created_at": "2026-01-31T10:30:00Z",
          "connection_status": "none"
        }
      ],
      "pagination": {
        "limit": 20,
        "offset": 0,
        "total": 1,
        "has_more": false
      }
    }
    "#);
}

#[tokio::test]
async fn a_page_of_sessions() {
    let (app, ana, _ben) = ana_and_ben().await;
    app.clock.advance(Duration::from_mins(1));
    let phone = app.anonymous().with_header("user-agent", "TravelMeetup/1.0 (iPhone)");
    let phone = phone.log_in(&ana.email, PASSWORD).await;
    let page = phone.get("/api/v1/auth/sessions").await.expect_status(200).json();
    assert_json_snapshot!(page, { ".data[].id" => "[uuid]" }, @r#"
    {
      "data": [
        {
          "id": "[uuid]",
          "created_at": "2026-01-31T10:31:00Z",
          "last_used_at": "2026-01-31T10:31:00Z",
          "expires_at": "2026-02-07T10:31:00Z",
          "user_agent": "TravelMeetup/1.0 (iPhone)",
          "current": true
        },
        {
          "id": "[uuid]",
          "created_at": "2026-01-31T10:30:00Z",
          "last_used_at": "2026-01-31T10:30:00Z",
          "expires_at": "2026-02-07T10:30:00Z",
          "user_agent": null,
          "current": false
        }
      ],
      "pagination": {
        "limit": 20,
        "offset": 0,
        "total": 2,
        "has_more": false
      }
    }
    "#);
}

#[tokio::test]
async fn a_body_with_two_faults() {
    let app = TestApp::new().await;
    let account = json!({ "email": "ana", "password": PASSWORD, "display_name": "Ana", "id": 7 });
    let refusal = app.anonymous().post("/api/v1/auth/register", &account).await.expect_status(400).json();
    assert_json_snapshot!(refusal, { ".error.request_id" => "[id]" }, @r#"
    {
      "error": {
        "code": "VALIDATION_ERROR",
        "message": "Invalid input data",
        "details": [
          {
            "field": "email",
            "message": "Invalid email format: write it like name@example.com"
          },
          {
            "field": "id",
            "message": "This is an unknown field: remove it or correct its name"
          }
        ],
        "request_id": "[id]"
      },
      "timestamp": "2026-01-31T10:30:00Z"
    }
    "#);
}

#[tokio::test]
async fn a_refusal_of_strangers_and_of_what_is_not_there() {
    let (app, ana, _ben) = ana_and_ben().await;
    let stranger = app.anonymous().get(ME).await.expect_status(401).json();
    assert_json_snapshot!(stranger, { ".error.request_id" => "[id]" }, @r#"
    {
      "error": {
        "code": "UNAUTHORIZED",
        "message": "Sign in, and send the access token as Authorization: Bearer",
        "details": [],
        "request_id": "[id]"
      },
      "timestamp": "2026-01-31T10:30:00Z"
    }
    "#);
    let nobody = ana.get("/api/v1/users/2147483647").await.expect_status(404).json();
    assert_json_snapshot!(nobody, { ".error.request_id" => "[id]" }, @r#"
    {
      "error": {
        "code": "NOT_FOUND",
        "message": "There is no such user",
        "details": [],
        "request_id": "[id]"
      },
      "timestamp": "2026-01-31T10:30:00Z"
    }
    "#);
    let nowhere = ana.get("/api/v1/nowhere").await.expect_status(404).json();
    assert_json_snapshot!(nowhere, { ".error.request_id" => "[id]" }, @r#"
    {
      "error": {
        "code": "NOT_FOUND",
        "message": "There is no such endpoint",
        "details": [],
        "request_id": "[id]"
      },
      "timestamp": "2026-01-31T10:30:00Z"
    }
    "#);
}

#[tokio::test]
async fn reports_of_health() {
    let app = TestApp::new().await;
    let report = async |path: &str| -> Value { app.anonymous().get(path).await.expect_status(200).json() };
    assert_json_snapshot!(report("/health").await, { ".version" => "[version]" }, @r#"
    {
      "status": "ok",
      "version": "[version]"
    }
    "#);
    assert_json_snapshot!(report("/ready").await, @r#"
    {
      "status": "ok",
      "reason": null
    }
    "#);
    assert_json_snapshot!(
        report("/health/detailed").await,
        {
            ".version" => "[version]", ".database.engine" => "[engine]", ".database.latency_ms" => "[ms]",
            ".pool.size" => "[size]",
        },
        @r#"
        {
          "status": "ok",
          "version": "[version]",
          "database": {
            "status": "ok",
            "engine": "[engine]",
            "latency_ms": "[ms]"
          },
          "migrations": {
            "status": "ok",
            "message": "the schema is current"
          },
          "match_scan": {
            "waiting": 0,
            "oldest_waiting_since": null,
            "set_aside": 0
          },
          "pool": {
            "size": "[size]",
            "in_use": 0
          }
        }
        "#
    );
}
