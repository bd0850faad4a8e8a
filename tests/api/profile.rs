//! `GET` and `PUT /users/me`

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Person, TestApp};

const ME: &str = "/api/v1/users/me";

/// Somebody who has told everything about themselves, an hour ago.
async fn ana() -> (TestApp, Person) {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let all = json!({
        "bio": "Surfs before work.", "profile_pic_url": "https://example.org/ana.jpg",
        "home_city": "Lisbon", "home_country": "Portugal",
    });
    ana.put(ME, &all).await.expect_status(200);
    app.clock.advance(Duration::from_mins(10));
    (app, ana)
}

#[tokio::test]
async fn a_change_is_answered_and_stays() {
    let (_app, ana) = ana().await;
    let before = ana.get(ME).await.json();
    let changed = ana.put(ME, &json!({ "display_name": "Ana Maria", "home_city": "Porto" })).await;
    let changed = changed.expect_status(200).json();
    assert_eq!((changed["display_name"].as_str(), changed["home_city"].as_str()), (Some("Ana Maria"), Some("Porto")));
    assert_eq!(changed["updated_at"], "2026-01-31T10:40:00Z");
    for field in ["id", "email", "bio", "profile_pic_url", "home_country", "created_at"] {
        assert_eq!(changed[field], before[field], "an absent field is unchanged: {field}");
    }
    assert_eq!(ana.get(ME).await.json(), changed);
}

#[tokio::test]
async fn a_change_of_nothing_changes_nothing() {
    let (_app, ana) = ana().await;
    let before = ana.get(ME).await.json();
    for nothing in [json!({}), json!({ "bio": "Surfs before work." }), json!({ "display_name": " Ana " })] {
        assert_eq!(ana.put(ME, &nothing).await.expect_status(200).json(), before, "{nothing}");
    }
    assert_eq!(ana.get(ME).await.json(), before, "updated_at too");
}

#[tokio::test]
async fn null_clears_all_but_the_name() {
    let (_app, ana) = ana().await;
    let clearable = ["bio", "profile_pic_url", "home_city", "home_country"];
    for field in clearable {
        let changed = ana.put(ME, &json!({ field: null })).await.expect_status(200).json();
        assert_eq!(changed[field], Value::Null);
    }
    let answer = ana.put(ME, &json!({ "display_name": null })).await;
    assert!(answer.expect_fault("display_name").fault("display_name").contains("can't be cleared"));
    let profile = ana.get(ME).await.json();
    assert_eq!(profile["display_name"], "Ana");
    assert!(clearable.iter().all(|field| profile[field].is_null()), "{profile}");
}

#[tokio::test]
async fn a_faulty_change_changes_nothing_at_all() {
    let (_app, ana) = ana().await;
    let before = ana.get(ME).await.json();
    let answer = ana
        .put(ME, &json!({ "home_city": "Porto", "display_name": "", "bio": 1, "home_country": "x".repeat(101) }))
        .await;
    assert_eq!(
        answer.expect_refusal(400, "VALIDATION_ERROR").fields_at_fault(),
        ["display_name", "bio", "home_country"]
    );
    assert_eq!(ana.get(ME).await.json(), before);
}

#[tokio::test]
async fn security_15_what_is_not_the_users_to_set_is_refused_and_not_ignored() {
    let (_app, ana) = ana().await;
    let before = ana.get(ME).await.json();
    let foreign = [
        ("id", json!(7)),
        ("is_active", json!(false)),
        ("email", json!("other@example.org")),
        ("user_id", json!(7)),
        ("created_at", json!("2020-01-01T00:00:00Z")),
        ("updated_at", json!("2020-01-01T00:00:00Z")),
        ("password", json!("EvenBetter456?")),
        ("password_hash", json!("x")),
        ("Display_Name", json!("x")),
        ("__proto__", json!({})),
    ];
    for (field, value) in &foreign {
        let answer = ana.put(ME, &json!({ "display_name": "Changed", *field: value })).await;
        assert!(answer.expect_fault(field).fault(field).contains("unknown field"), "{field}");
        let mut new = json!({ "email": "cleo@example.org", "password": "SecurePass123!", "display_name": "Cleo" });
        if new.get(field).is_none() {
            new[field] = value.clone();
            let answer = ana.without_token().post("/api/v1/auth/register", &new).await;
            assert_eq!(answer.expect_fault(field).fields_at_fault(), [*field]);
        }
    }
    assert_eq!(ana.get(ME).await.json(), before);
}

#[tokio::test]
async fn changes_at_the_same_time_each_keep_their_own_field() {
    let (_app, ana) = ana().await;
    let changes = [
        json!({ "display_name": "Anna" }),
        json!({ "bio": "Still surfs." }),
        json!({ "home_city": "Faro" }),
        json!({ "home_country": null }),
        json!({ "profile_pic_url": null }),
    ];
    for answer in join_all(changes.iter().map(|change| ana.put(ME, change))).await {
        answer.expect_status(200);
    }
    let profile = ana.get(ME).await.json();
    assert_eq!((&profile["display_name"], &profile["bio"]), (&json!("Anna"), &json!("Still surfs.")));
    assert_eq!((&profile["home_city"], &profile["home_country"]), (&json!("Faro"), &Value::Null));
    assert_eq!(profile["profile_pic_url"], Value::Null);
}

#[tokio::test]
async fn lengths_are_counted_in_characters() {
    let (_app, ana) = ana().await;
    let (name, bio) = ("🌍".repeat(99) + "a", "🏄".repeat(500));
    let url = format!("https://example.org/{}", "a".repeat(480));
    let full =
        json!({ "display_name": name, "bio": bio, "profile_pic_url": url, "home_city": name, "home_country": name });
    let changed = ana.put(ME, &full).await.expect_status(200).json();
    for field in ["display_name", "bio", "profile_pic_url", "home_city", "home_country"] {
        assert_eq!(changed[field], full[field], "{field}");
        let longer = format!("{}a", full[field].as_str().unwrap());
        ana.put(ME, &json!({ field: longer })).await.expect_fault(field);
    }
    assert_eq!(ana.get(ME).await.json(), changed);
}
