//! `cargo dev --demo`: what somebody finds who has just started.

use handler::clock::Clock as _;
use handler::demo;
use serde_json::json;
use tests::{PASSWORD, TestApp};

#[tokio::test]
async fn ana_has_friends_matches_and_unread_notifications() {
    let app = TestApp::new().await;
    let people = demo::add_people(app.router(), app.clock.today()).await.unwrap();
    assert_eq!((people.len(), people.iter().all(|person| person.added)), (8, true));
    let ana = app.anonymous().log_in("ana.silva@example.com", PASSWORD).await;

    let friends = ana.get("/api/v1/connections").await.expect_status(200).data();
    let told: Vec<_> = friends.iter().map(|friend| (&friend["user"]["display_name"], &friend["whereabouts"])).collect();
    assert_eq!(told.len(), 4);
    let paris = json!({ "kind": "traveling", "city": "Paris", "country": "France", "until": "2026-02-02" });
    assert_eq!(told[1], (&json!("Chiara Rossi"), &paris));

    let plans = ana.get("/api/v1/travels?when=upcoming").await.expect_status(200).data();
    assert_eq!(plans[0]["city"], "New York");
    let matches = ana.get(&format!("/api/v1/travels/{}/matches", plans[0]["id"])).await.expect_status(200).json();
    let met: Vec<_> =
        matches["matches"].as_array().unwrap().iter().map(|met| (&met["display_name"], &met["match_type"])).collect();
    assert_eq!(met, [(&json!("David Kim"), &json!("home_city")), (&json!("Ben Okafor"), &json!("traveling"))]);

    let unread = ana.get("/api/v1/notifications/unread-count").await.expect_status(200).json();
    assert_eq!(unread, json!({ "unread_count": 5 }), "three asked her, two accepted");
    let asking = ana.get("/api/v1/connections/requests/received").await.expect_status(200).data();
    assert_eq!(asking[0]["user"]["display_name"], "Hiro Tanaka");
}

#[tokio::test]
async fn a_second_time_adds_nothing() {
    let app = TestApp::new().await;
    demo::add_people(app.router(), app.clock.today()).await.unwrap();
    let again = demo::add_people(app.router(), app.clock.today()).await.unwrap();
    assert!(again.iter().all(|person| !person.added && person.to_string().contains("was there already")));
    let ana = app.anonymous().log_in("ana.silva@example.com", PASSWORD).await;
    assert_eq!(ana.get("/api/v1/travels").await.expect_status(200).json()["pagination"]["total"], 3);
}
