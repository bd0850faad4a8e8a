//! One's connections with where they are today, and the requests that wait.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use tests::{Person, TestApp, promises};

const CONNECTIONS: &str = "/api/v1/connections";
const RECEIVED: &str = "/api/v1/connections/requests/received";
const SENT: &str = "/api/v1/connections/requests/sent";

async fn listed(person: &Person, list: &str) -> Vec<Value> {
    person.get(list).await.expect_status(200).data()
}

/// The names of the others in a list.
async fn names(person: &Person, list: &str) -> Vec<String> {
    let entries = listed(person, list).await;
    entries.iter().map(|entry| entry["user"]["display_name"].as_str().unwrap().to_owned()).collect()
}

/// Where the only friend is.
async fn whereabouts(person: &Person) -> Value {
    let friends = listed(person, CONNECTIONS).await;
    assert_eq!(friends.len(), 1, "one friend");
    friends[0]["whereabouts"].clone()
}

async fn travels(person: &Person, city: &str, start: &str, end: &str) {
    let plan = json!({ "city": city, "country": "Portugal", "start_date": start, "end_date": end });
    person.post("/api/v1/travels", &plan).await.expect_status(201);
}

async fn lives_in(person: &Person, city: Option<&str>, country: Option<&str>) {
    let home = json!({ "home_city": city, "home_country": country });
    person.put("/api/v1/users/me", &home).await.expect_status(200);
}

/// Goes through a list two at a time and fails the test unless that meets every entry once, in order.
async fn is_paged(person: &Person, list: &str) {
    let all = listed(person, list).await;
    let mut seen = Vec::new();
    for offset in (0..=all.len()).step_by(2) {
        let page = person.get(&format!("{list}?limit=2&offset={offset}")).await.expect_status(200).json();
        let has_more = offset + 2 < all.len();
        let expected = json!({ "limit": 2, "offset": offset, "total": all.len(), "has_more": has_more });
        assert_eq!(page["pagination"], expected);
        seen.extend(page["data"].as_array().unwrap().clone());
    }
    assert_eq!(seen, all);
    let beyond = person.get(&format!("{list}?offset=2147483647")).await.expect_status(200).json();
    assert_eq!((&beyond["data"], &beyond["pagination"]["total"]), (&json!([]), &json!(all.len())));
    let refused = person.get(&format!("{list}?limit=0&offset=x")).await;
    assert_eq!(refused.expect_refusal(400, "VALIDATION_ERROR").fields_at_fault(), ["limit", "offset"]);
}

#[tokio::test]
async fn both_find_each_other_in_their_list() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let id = ana.asks(&ben).await.expect_status(201).json()["id"].clone();
    app.clock.advance(Duration::from_mins(1));
    ben.send(Method::PUT, &format!("{CONNECTIONS}/{id}/accept"), None).await.expect_status(200);
    for (person, other, name) in [(&ana, &ben, "Ben"), (&ben, &ana, "Ana")] {
        let summary = json!({
            "id": other.id, "display_name": name, "profile_pic_url": null, "home_city": null, "home_country": null,
        });
        let nowhere = json!({ "kind": "unknown", "city": null, "country": null, "until": null });
        let since = "2026-01-31T10:31:00Z";
        let expected = json!({ "id": id, "user": summary, "connected_since": since, "whereabouts": nowhere });
        let list = listed(person, CONNECTIONS).await;
        assert_eq!(list, [expected]);
        assert_eq!(promises::keys(&list[0]), ["id", "user", "connected_since", "whereabouts"]);
    }
}

#[tokio::test]
async fn connections_are_in_the_order_of_names_whoever_asked() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let mut friends = Vec::new();
    for (number, name) in ["zoe", "Émile", "émile", "Bo", "Ægir", "ana"].into_iter().enumerate() {
        let friend = app.joined_as(&format!("friend{number}@example.org"), name).await;
        if number % 2 == 0 {
            ana.connects_with(&friend).await;
        } else {
            friend.connects_with(&ana).await;
        }
        friends.push(friend);
    }
    friends[0].connects_with(&friends[1]).await;
    // Neither case nor diacritics matter; of two names that are one, the older connection is first.
    assert_eq!(names(&ana, CONNECTIONS).await, ["ana", "Bo", "Émile", "émile", "zoe", "Ægir"]);
    is_paged(&ana, CONNECTIONS).await;
    assert_eq!(names(&friends[1], CONNECTIONS).await, ["Ana", "zoe"]);
}

#[tokio::test]
async fn requests_are_listed_newest_first_on_the_side_where_they_wait() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let mut asking = Vec::new();
    for name in ["cleo", "dan", "eve", "finn", "gus"] {
        asking.push(app.joined_by(name).await);
    }
    for (number, person) in asking.iter().enumerate() {
        // Dan and Eve at the same instant: the order is total all the same.
        if number != 2 {
            app.clock.advance(Duration::from_secs(1));
        }
        person.asks(&ana).await.expect_status(201);
        ben.asks(person).await.expect_status(201);
    }
    assert_eq!(names(&ana, RECEIVED).await, ["Gus", "Finn", "Eve", "Dan", "Cleo"]);
    assert_eq!(names(&ben, SENT).await, ["Gus", "Finn", "Eve", "Dan", "Cleo"]);
    is_paged(&ana, RECEIVED).await;
    is_paged(&ben, SENT).await;
    assert_eq!((names(&ana, SENT).await.len(), names(&ben, RECEIVED).await.len()), (0, 0));
    assert_eq!(
        (names(&asking[0], SENT).await, names(&asking[0], RECEIVED).await),
        (vec!["Ana".into()], vec!["Ben".into()])
    );
    assert_eq!(names(&ana, CONNECTIONS).await, [""; 0]);

    let [first, ..] = &listed(&ana, RECEIVED).await[..] else { panic!("five") };
    assert_eq!(promises::keys(first), ["id", "status", "user", "created_at"]);
    assert_eq!((&first["status"], &first["created_at"]), (&json!("pending"), &json!("2026-01-31T10:30:04Z")));
}

#[tokio::test]
async fn whoever_has_a_plan_for_today_is_there_until_it_ends() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    ana.connects_with(&ben).await;
    lives_in(&ben, Some("Berlin"), Some("Germany")).await;
    travels(&ben, "Porto", "2026-02-01", "2026-02-02").await;
    travels(&ben, "Lisbon", "2026-01-30", "2026-02-04").await;
    let expected = json!({ "kind": "traveling", "city": "Lisbon", "country": "Portugal", "until": "2026-02-04" });
    assert_eq!(whereabouts(&ana).await, expected);
    assert_eq!(whereabouts(&ben).await["kind"], "unknown", "where Ana is, nobody knows");
}

#[tokio::test]
async fn the_first_and_the_last_day_of_a_plan_are_days_there() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    ana.connects_with(&ben).await;
    lives_in(&ben, Some("Berlin"), None).await;
    travels(&ben, "Lisbon", "2026-02-01", "2026-02-02").await;
    let mut days = Vec::new();
    for _ in 0..4 {
        let today = whereabouts(&ana.on_another_device().await).await;
        days.push((today["city"].as_str().unwrap().to_owned(), today["until"].as_str().map(str::to_owned)));
        app.clock.advance(Duration::from_hours(24));
    }
    let day = |city: &str, until: Option<&str>| (city.to_owned(), until.map(str::to_owned));
    let lisbon = day("Lisbon", Some("2026-02-02"));
    assert_eq!(days, [day("Berlin", Some("2026-01-31")), lisbon.clone(), lisbon, day("Berlin", None)]);
}

#[tokio::test]
async fn a_day_ends_at_midnight_in_utc() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    ana.connects_with(&ben).await;
    travels(&ben, "Lisbon", "2026-01-31", "2026-01-31").await;
    // The story begins at 10:30.
    app.clock.advance(Duration::from_secs((13 * 60 + 30) * 60 - 1));
    assert_eq!(whereabouts(&ana.on_another_device().await).await["kind"], "traveling");
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(whereabouts(&ana.on_another_device().await).await["kind"], "unknown");
}

#[tokio::test]
async fn of_two_plans_for_today_the_one_that_started_later_counts_then_the_newer() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    ana.connects_with(&ben).await;
    travels(&ben, "Sintra", "2026-01-31", "2026-01-31").await;
    travels(&ben, "Faro", "2026-01-31", "2026-02-03").await;
    travels(&ben, "Lisbon", "2026-01-01", "2026-03-01").await;
    let expected = json!({ "kind": "traveling", "city": "Faro", "country": "Portugal", "until": "2026-02-03" });
    assert_eq!(whereabouts(&ana).await, expected);
}

#[tokio::test]
async fn whoever_has_no_plan_for_today_is_at_home_until_the_day_before_the_next() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    ana.connects_with(&ben).await;
    lives_in(&ben, Some("Berlin"), Some("Germany")).await;
    travels(&ben, "Lisbon", "2026-01-20", "2026-01-30").await;
    let home = |until: Value| json!({ "kind": "home", "city": "Berlin", "country": "Germany", "until": until });
    assert_eq!(whereabouts(&ana).await, home(Value::Null));
    travels(&ben, "Porto", "2026-05-01", "2026-05-02").await;
    travels(&ben, "Faro", "2026-03-01", "2026-06-01").await;
    assert_eq!(whereabouts(&ana).await, home(json!("2026-02-28")));
}

#[tokio::test]
async fn without_plan_and_home_city_nobody_knows() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    ana.connects_with(&ben).await;
    lives_in(&ben, None, Some("Germany")).await;
    travels(&ben, "Porto", "2026-05-01", "2026-05-02").await;
    let unknown = json!({ "kind": "unknown", "city": null, "country": null, "until": null });
    assert_eq!(whereabouts(&ana).await, unknown);
}

#[tokio::test]
async fn security_16_where_somebody_is_is_told_to_connections_alone() {
    let (_app, [ana, ben, cleo]) = TestApp::with_users(["ana", "ben", "cleo"]).await;
    travels(&ben, "Lisbon", "2026-01-30", "2026-02-04").await;
    let asked = ana.asks(&ben).await.expect_status(201).json()["id"].clone();
    cleo.asks(&ana).await.expect_status(201);
    for list in [CONNECTIONS, RECEIVED, SENT] {
        assert!(!ana.get(list).await.expect_status(200).text.contains("Lisbon"), "{list}");
    }
    ben.send(Method::PUT, &format!("{CONNECTIONS}/{asked}/accept"), None).await.expect_status(200);
    assert!(ana.get(CONNECTIONS).await.text.contains("Lisbon"));
    ben.delete(&format!("{CONNECTIONS}/{asked}")).await.expect_status(204);
    assert!(!ana.get(CONNECTIONS).await.expect_status(200).text.contains("Lisbon"));
}
