//! Notifications: who is told what, and what was read.

use std::time::Duration;

use axum::http::Method;
use futures_util::future::{join, join_all};
use handler::clock::Clock as _;
use handler::notifications::rules::{Kind, Notice};
use handler::notifications::store;
use serde_json::{Value, json};
use tests::{Answer, Person, TestApp, promises};

const LIST: &str = "/api/v1/notifications";
const READ_ALL: &str = "/api/v1/notifications/read-all";
const UNREAD: &str = "/api/v1/notifications/unread-count";

async fn listed(person: &Person, query: &str) -> Vec<Value> {
    person.get(&format!("{LIST}{query}")).await.expect_status(200).data()
}

/// What somebody was told, newest first.
async fn messages(person: &Person) -> Vec<String> {
    listed(person, "").await.iter().map(|entry| entry["message"].as_str().unwrap().to_owned()).collect()
}

async fn unread(person: &Person) -> i64 {
    let count = person.get(UNREAD).await.expect_status(200).json();
    assert_eq!(promises::keys(&count), ["unread_count"]);
    count["unread_count"].as_i64().unwrap()
}

async fn reads(person: &Person, id: &Value) -> Answer {
    person.send(Method::PUT, &format!("{LIST}/{id}/read"), None).await
}

async fn reads_all(person: &Person) -> i64 {
    let answer = person.send(Method::PUT, READ_ALL, None).await.expect_status(200).json();
    assert_eq!(promises::keys(&answer), ["updated"]);
    answer["updated"].as_i64().unwrap()
}

async fn answers(person: &Person, id: &Value, answer: &str) -> Answer {
    person.send(Method::PUT, &format!("/api/v1/connections/{id}/{answer}"), None).await
}

/// Tells somebody of a match, as the timer's job does.
async fn tell_of_a_match(app: &TestApp, person: &Person, plan: i32) {
    let mut tx = app.state.db.begin().await.unwrap();
    let receiver = i32::try_from(person.id).unwrap();
    let notice = Notice::new(receiver, Kind::TravelMatch, "Ben will be in Lisbon too", plan);
    store::insert_all(&mut tx, [&notice].into_iter(), app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
}

/// People who each ask this one to connect, at the same instant.
async fn crowd_that_asks(app: &TestApp, person: &Person, size: usize) -> Vec<Person> {
    let mut crowd = Vec::new();
    for number in 0..size {
        crowd.push(app.joined_by(&format!("fan{number}")).await);
    }
    for fan in &crowd {
        fan.asks(person).await.expect_status(201);
    }
    crowd
}

#[tokio::test]
async fn at_first_there_is_nothing() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    let page = ana.get(LIST).await.expect_status(200).json();
    let pagination = json!({ "limit": 20, "offset": 0, "total": 0, "has_more": false });
    assert_eq!(page, json!({ "data": [], "pagination": pagination }));
    assert_eq!((unread(&ana).await, reads_all(&ana).await), (0, 0));
}

#[tokio::test]
async fn a_request_is_told_to_the_one_who_is_asked() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let id = ana.asks(&ben).await.expect_status(201).json()["id"].clone();
    let [told] = &listed(&ben, "").await[..] else { panic!("one notification") };
    let fields = ["id", "type", "message", "related_entity_id", "is_read", "created_at"];
    assert_eq!(promises::keys(told), fields);
    assert_eq!((&told["type"], &told["related_entity_id"]), (&json!("connection_request"), &id));
    assert_eq!((&told["message"], &told["is_read"]), (&json!("Ana wants to connect with you"), &json!(false)));
    assert_eq!(told["created_at"], "2026-01-31T10:30:00Z");
    assert_eq!((unread(&ben).await, unread(&ana).await), (1, 0));
}

#[tokio::test]
async fn an_acceptance_is_told_to_the_one_who_asked() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let id = ana.connects_with(&ben).await;
    let [told] = &listed(&ana, "").await[..] else { panic!("one notification") };
    assert_eq!((&told["type"], &told["related_entity_id"]), (&json!("connection_accepted"), &json!(id)));
    assert_eq!(told["message"], "Ben accepted your connection request");
    assert_eq!(messages(&ben).await, ["Ana wants to connect with you"], "and nothing new to the other");
}

#[tokio::test]
async fn of_two_who_ask_each_other_one_keeps_the_request_and_one_learns_of_the_acceptance() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    ana.asks(&ben).await.expect_status(201);
    ben.asks(&ana).await.expect_status(200);
    assert_eq!(messages(&ben).await, ["Ana wants to connect with you"]);
    assert_eq!(messages(&ana).await, ["Ben accepted your connection request"]);
}

#[tokio::test]
async fn a_request_in_the_place_of_a_rejected_one_is_told_anew() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let id = ana.asks(&ben).await.expect_status(201).json()["id"].clone();
    answers(&ben, &id, "reject").await.expect_status(200);
    assert_eq!(messages(&ana).await, [""; 0], "of a rejection nobody is told");
    ben.asks(&ana).await.expect_status(201);
    answers(&ana, &id, "reject").await.expect_status(200);
    app.clock.advance(Duration::from_hours(7 * 24));
    let (ana, ben) = (ana.on_another_device().await, ben.on_another_device().await);
    ben.asks(&ana).await.expect_status(201);
    assert_eq!(messages(&ana).await, ["Ben wants to connect with you", "Ben wants to connect with you"]);
    assert_eq!(messages(&ben).await, ["Ana wants to connect with you"]);
}

#[tokio::test]
async fn what_is_refused_rejected_or_removed_is_told_to_nobody() {
    let (_app, [ana, ben, cleo]) = TestApp::with_users(["ana", "ben", "cleo"]).await;
    let id = ana.asks(&ben).await.expect_status(201).json()["id"].clone();
    ana.asks(&ben).await.expect_status(409);
    ana.asks(&ana).await.expect_status(400);
    answers(&ana, &id, "accept").await.expect_status(403);
    answers(&cleo, &id, "accept").await.expect_status(404);
    ana.delete(&format!("/api/v1/connections/{id}")).await.expect_status(204);
    let id = ben.asks(&ana).await.expect_status(201).json()["id"].clone();
    answers(&ana, &id, "reject").await.expect_status(200);
    answers(&ana, &id, "accept").await.expect_status(409);
    ben.asks(&ana).await.expect_status(409);
    assert_eq!(messages(&ben).await, ["Ana wants to connect with you"], "she had asked");
    assert_eq!(messages(&ana).await, ["Ben wants to connect with you"], "he had asked");
    assert_eq!(messages(&cleo).await, [""; 0]);
}

#[tokio::test]
async fn security_20_a_message_holds_a_name_as_it_was_written() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let longest = format!("<b>&{}x", "🌍".repeat(95));
    let ben = app.joined_as("ben@example.org", &longest).await;
    ben.asks(&ana).await.expect_status(201);
    assert_eq!(messages(&ana).await, [format!("{longest} wants to connect with you")]);
}

#[tokio::test]
async fn the_newest_is_first_and_every_page_is_its_own() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    // All of one instant: the order is total all the same.
    crowd_that_asks(&app, &ana, 4).await;
    app.clock.advance(Duration::from_secs(1));
    let ben = app.joined_by("ben").await;
    ben.asks(&ana).await.expect_status(201);
    let expected = ["Ben", "Fan3", "Fan2", "Fan1", "Fan0"].map(|name| format!("{name} wants to connect with you"));
    assert_eq!(messages(&ana).await, expected);
    let all = listed(&ana, "").await;
    let mut seen = Vec::new();
    for offset in [0, 2, 4] {
        let page = ana.get(&format!("{LIST}?limit=2&offset={offset}")).await.expect_status(200).json();
        let expected = json!({ "limit": 2, "offset": offset, "total": 5, "has_more": offset < 4 });
        assert_eq!(page["pagination"], expected);
        seen.extend(page["data"].as_array().unwrap().clone());
    }
    assert_eq!(seen, all);
    let beyond = ana.get(&format!("{LIST}?offset=2147483647&is_read=false")).await.expect_status(200).json();
    assert_eq!((&beyond["data"], &beyond["pagination"]["total"]), (&json!([]), &json!(5)));
}

#[tokio::test]
async fn the_list_can_be_narrowed() {
    let (app, [ana, ben, cleo]) = TestApp::with_users(["ana", "ben", "cleo"]).await;
    ana.connects_with(&ben).await;
    cleo.asks(&ana).await.expect_status(201);
    tell_of_a_match(&app, &ana, 456).await;
    tell_of_a_match(&app, &ben, 457).await;
    let accepted = listed(&ana, "?type=connection_accepted").await;
    reads(&ana, &accepted[0]["id"]).await.expect_status(200);
    for (query, expected) in [
        ("", vec!["travel_match", "connection_request", "connection_accepted"]),
        ("?is_read=false", vec!["travel_match", "connection_request"]),
        ("?is_read=true", vec!["connection_accepted"]),
        ("?type=travel_match", vec!["travel_match"]),
        ("?type=connection_request", vec!["connection_request"]),
        ("?type=connection_accepted&is_read=true", vec!["connection_accepted"]),
        ("?type=connection_accepted&is_read=false", vec![]),
        ("?is_read=false&limit=1&offset=1", vec!["connection_request"]),
    ] {
        let found = listed(&ana, query).await;
        let kinds: Vec<&str> = found.iter().map(|entry| entry["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, expected, "{query}");
    }
    let page = ana.get(&format!("{LIST}?is_read=false&limit=1")).await.expect_status(200).json();
    assert_eq!((&page["pagination"]["total"], &page["pagination"]["has_more"]), (&json!(2), &json!(true)));
    assert_eq!(page["data"][0]["related_entity_id"], 456);
}

#[tokio::test]
async fn an_unknown_value_is_a_400() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    for (query, fields) in [
        ("is_read=", vec!["is_read"]),
        ("is_read=1", vec!["is_read"]),
        ("is_read=True", vec!["is_read"]),
        ("is_read=null", vec!["is_read"]),
        ("is_read=true&is_read=false", vec!["is_read"]),
        ("type=", vec!["type"]),
        ("type=friend", vec!["type"]),
        ("type=TRAVEL_MATCH", vec!["type"]),
        ("type=travel_match,connection_request", vec!["type"]),
        ("limit=0&type=x&is_read=x&offset=-1", vec!["is_read", "type", "limit", "offset"]),
    ] {
        let answer = ana.get(&format!("{LIST}?{query}")).await;
        assert_eq!(answer.expect_refusal(400, "VALIDATION_ERROR").fields_at_fault(), fields, "{query}");
    }
}

#[tokio::test]
async fn one_is_marked_as_read_and_stays_so() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    crowd_that_asks(&app, &ana, 2).await;
    let before = listed(&ana, "").await;
    app.clock.advance(Duration::from_mins(1));
    let mut expected = before[1].clone();
    expected["is_read"] = json!(true);
    for _ in 0..2 {
        assert_eq!(reads(&ana, &before[1]["id"]).await.expect_status(200).json(), expected);
    }
    assert_eq!(listed(&ana, "").await, [before[0].clone(), expected]);
    assert_eq!(unread(&ana).await, 1);
}

#[tokio::test]
async fn security_17_somebody_elses_is_answered_as_one_that_is_missing() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    ana.asks(&ben).await.expect_status(201);
    let id = listed(&ben, "").await[0]["id"].clone();
    let hidden = reads(&ana, &id).await;
    let missing = reads(&ana, &json!(i32::MAX)).await;
    assert_eq!(hidden.expect_refusal(404, "NOT_FOUND").refusal_as_such(), missing.refusal_as_such());
    assert_eq!(reads_all(&ana).await, 0);
    assert_eq!(unread(&ben).await, 1, "and it is left alone");
}

#[tokio::test]
async fn fixed_paths_are_no_ids_and_what_is_no_id_is_a_404() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    for id in ["0", "-1", "01", "1.5", "2147483648", "read-all", "abc", "%00", "1%20"] {
        let path = format!("{LIST}/{id}/read");
        ana.send(Method::PUT, &path, None).await.expect_refusal(404, "NOT_FOUND");
    }
    for (method, path, allowed) in
        [(Method::GET, READ_ALL, "PUT"), (Method::PUT, UNREAD, "GET,HEAD"), (Method::POST, LIST, "GET,HEAD")]
    {
        let answer = ana.send(method, path, None).await;
        assert_eq!(answer.expect_refusal(405, "METHOD_NOT_ALLOWED").header("allow"), allowed);
    }
}

#[tokio::test]
async fn all_are_marked_as_read_together_and_counted_once() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    crowd_that_asks(&app, &ana, 3).await;
    ana.asks(&ben).await.expect_status(201);
    let first = listed(&ana, "").await[0]["id"].clone();
    reads(&ana, &first).await.expect_status(200);
    assert_eq!((reads_all(&ana).await, reads_all(&ana).await), (2, 0));
    assert_eq!((unread(&ana).await, unread(&ben).await), (0, 1));
    assert_eq!((listed(&ana, "?is_read=true").await.len(), listed(&ana, "?is_read=false").await.len()), (3, 0));
}

#[tokio::test]
async fn marking_one_from_many_devices_at_once_is_marking_it_once() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    crowd_that_asks(&app, &ana, 2).await;
    let before = listed(&ana, "").await;
    let (ana, id) = (&ana, &before[0]["id"]);
    for answer in join_all((0..12).map(|_| reads(ana, id))).await {
        assert_eq!(answer.expect_status(200).json()["is_read"], true);
    }
    assert_eq!((unread(ana).await, reads_all(ana).await), (1, 1));
}

#[tokio::test]
async fn marking_all_at_once_from_many_devices_counts_each_once() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    crowd_that_asks(&app, &ana, 8).await;
    let ana = &ana;
    let counted: i64 = join_all((0..8).map(|_| reads_all(ana))).await.into_iter().sum();
    assert_eq!((counted, unread(ana).await), (8, 0));
}

#[tokio::test]
async fn what_arrives_while_all_are_marked_is_marked_or_waits_and_never_lost() {
    const FANS: usize = 16;
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let mut fans = Vec::new();
    for number in 0..FANS {
        fans.push(app.joined_by(&format!("fan{number}")).await);
    }
    let (ana, fans) = (&ana, &fans);
    let asking = join_all(fans.iter().map(|fan| fan.asks(ana)));
    let (asked, counted) = join(asking, join_all((0..FANS).map(|_| reads_all(ana)))).await;
    for answer in asked {
        answer.expect_status(201);
    }
    let total = counted.iter().sum::<i64>() + unread(ana).await;
    assert_eq!(usize::try_from(total).unwrap(), FANS);
    assert_eq!(listed(ana, "?limit=100").await.len(), FANS);
}
