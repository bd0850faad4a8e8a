//! Asking, answering and parting: who may do what, in every state.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use tests::{Answer, Person, TestApp, promises, statements};

const REQUEST: &str = "/api/v1/connections/request";
const LISTS: [&str; 3] =
    ["/api/v1/connections", "/api/v1/connections/requests/received", "/api/v1/connections/requests/sent"];
const DAY: Duration = Duration::from_hours(24);

/// What one of the two can do with a connection.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Accept,
    Reject,
    Remove,
}

impl Deed {
    const ALL: [Self; 3] = [Self::Accept, Self::Reject, Self::Remove];

    async fn by(self, person: &Person, id: impl std::fmt::Display + Send) -> Answer {
        let path = format!("/api/v1/connections/{id}");
        match self {
            Self::Accept => person.send(Method::PUT, &format!("{path}/accept"), None).await,
            Self::Reject => person.send(Method::PUT, &format!("{path}/reject"), None).await,
            Self::Remove => person.delete(&path).await,
        }
    }
}

/// How many entries each of the three lists has for this person.
async fn listed(person: &Person) -> [usize; 3] {
    let mut numbers = [0; 3];
    for (number, list) in numbers.iter_mut().zip(LISTS) {
        *number = person.get(list).await.expect_status(200).data().len();
    }
    numbers
}

/// How the other stands to this person, by the profile.
async fn status(person: &Person, other: &Person) -> Value {
    person.get(&format!("/api/v1/users/{}", other.id)).await.expect_status(200).json()["connection_status"].clone()
}

fn id_of(answer: &Answer) -> i64 {
    answer.json()["id"].as_i64().unwrap()
}

/// The two in a new session each, after so much time that their tokens have expired.
async fn later<const N: usize>(app: &TestApp, people: [&Person; N], by: Duration) -> [Person; N] {
    app.clock.advance(by);
    let mut later = Vec::new();
    for person in people {
        later.push(person.on_another_device().await);
    }
    let Ok(later) = later.try_into() else { unreachable!("one for each") };
    later
}

#[tokio::test]
async fn a_request_names_the_two_and_waits() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    ben.put("/api/v1/users/me", &json!({ "home_city": "Lisbon", "home_country": "Portugal" })).await.expect_status(200);
    let answer = ana.asks(&ben).await;
    let request = answer.expect_status(201).json();
    assert_eq!(promises::keys(&request), ["id", "status", "requester", "receiver", "created_at", "updated_at"]);
    let fields = ["id", "display_name", "profile_pic_url", "home_city", "home_country"];
    assert_eq!(promises::keys(&request["requester"]), fields);
    assert_eq!(
        request["receiver"],
        json!({
            "id": ben.id, "display_name": "Ben", "profile_pic_url": null, "home_city": "Lisbon", "home_country": "Portugal",
        })
    );
    assert_eq!((&request["requester"]["id"], &request["status"]), (&json!(ana.id), &json!("pending")));
    assert_eq!(request["created_at"], "2026-01-31T10:30:00Z");
    assert_eq!(request["updated_at"], request["created_at"]);
    assert_eq!(answer.header("location"), "", "there is nothing to GET");
    assert_eq!((listed(&ana).await, listed(&ben).await), ([0, 0, 1], [0, 1, 0]));
    assert_eq!(
        (status(&ana, &ben).await, status(&ben, &ana).await),
        (json!("pending_sent"), json!("pending_received"))
    );
}

#[tokio::test]
async fn an_accepted_request_connects_the_two() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let request = ana.asks(&ben).await.expect_status(201).json();
    app.clock.advance(Duration::from_mins(1));
    let accepted = Deed::Accept.by(&ben, &request["id"]).await.expect_status(200).json();
    let mut expected = request;
    expected["status"] = json!("accepted");
    expected["updated_at"] = json!("2026-01-31T10:31:00Z");
    assert_eq!(accepted, expected);
    assert_eq!((listed(&ana).await, listed(&ben).await), ([1, 0, 0], [1, 0, 0]));
    assert_eq!((status(&ana, &ben).await, status(&ben, &ana).await), (json!("connected"), json!("connected")));
}

#[tokio::test]
async fn a_rejected_request_is_gone_from_every_list() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let request = ana.asks(&ben).await.expect_status(201).json();
    app.clock.advance(Duration::from_mins(1));
    let rejected = Deed::Reject.by(&ben, &request["id"]).await.expect_status(200).json();
    let mut expected = request;
    expected["status"] = json!("rejected");
    expected["updated_at"] = json!("2026-01-31T10:31:00Z");
    assert_eq!(rejected, expected);
    assert_eq!((listed(&ana).await, listed(&ben).await), ([0; 3], [0; 3]));
    assert_eq!((status(&ana, &ben).await, status(&ben, &ana).await), (json!("none"), json!("none")));
}

#[tokio::test]
async fn nobody_connects_with_themselves() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    ana.asks(&ana).await.expect_fault("receiver_user_id");
    assert_eq!(listed(&ana).await, [0; 3]);
}

#[tokio::test]
async fn what_is_no_number_is_a_400_and_a_number_that_is_nobodys_a_404() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    for nonsense in [json!(null), json!("1"), json!(1.5), json!(true), json!([1]), json!(2_147_483_648_i64), json!({})]
    {
        ana.post(REQUEST, &json!({ "receiver_user_id": nonsense })).await.expect_fault("receiver_user_id");
    }
    ana.post(REQUEST, &json!({})).await.expect_fault("receiver_user_id");
    let more = json!({ "receiver_user_id": 2_147_483_647, "status": "accepted" });
    ana.post(REQUEST, &more).await.expect_fault("status");
    for nobody in [0, -1, i32::MIN, i32::MAX] {
        let body = json!({ "receiver_user_id": nobody });
        ana.post(REQUEST, &body).await.expect_refusal(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn whoever_has_asked_or_is_connected_has_nothing_to_ask_for() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let id = id_of(ana.asks(&ben).await.expect_status(201));
    ana.asks(&ben).await.expect_refusal(409, "CONFLICT");
    Deed::Accept.by(&ben, id).await.expect_status(200);
    ana.asks(&ben).await.expect_refusal(409, "CONFLICT");
    ben.asks(&ana).await.expect_refusal(409, "CONFLICT");
    assert_eq!((listed(&ana).await, listed(&ben).await), ([1, 0, 0], [1, 0, 0]));
}

#[tokio::test]
async fn asking_the_one_who_has_asked_connects_the_two_at_once() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let request = ana.asks(&ben).await.expect_status(201).json();
    app.clock.advance(Duration::from_mins(1));
    let approved = ben.asks(&ana).await.expect_status(200).json();
    let mut expected = request;
    expected["status"] = json!("accepted");
    expected["updated_at"] = json!("2026-01-31T10:31:00Z");
    assert_eq!(approved, expected, "the one row, whose requester is the first to have asked");
    assert_eq!((listed(&ana).await, listed(&ben).await), ([1, 0, 0], [1, 0, 0]));
}

#[tokio::test]
async fn whoever_was_rejected_may_ask_again_after_seven_days() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let id = id_of(ana.asks(&ben).await.expect_status(201));
    let [ana, ben] = later(&app, [&ana, &ben], 3 * DAY).await;
    Deed::Reject.by(&ben, id).await.expect_status(200);
    let refused = ana.asks(&ben).await;
    refused.expect_refusal(409, "CONFLICT");
    assert!(refused.json()["error"]["message"].as_str().unwrap().contains("a week"), "{refused:?}");
    let [ana] = later(&app, [&ana], Duration::from_secs(7 * 24 * 3600 - 1)).await;
    ana.asks(&ben).await.expect_refusal(409, "CONFLICT");

    app.clock.advance(Duration::from_secs(1));
    let again = ana.asks(&ben).await.expect_status(201).json();
    assert_eq!(
        (&again["id"], &again["status"], &again["requester"]["id"]),
        (&json!(id), &json!("pending"), &json!(ana.id))
    );
    assert_eq!(
        (&again["created_at"], &again["updated_at"]),
        (&json!("2026-02-10T10:30:00Z"), &json!("2026-02-10T10:30:00Z"))
    );
    let ben = ben.on_another_device().await;
    let received = ben.get(LISTS[1]).await.data();
    assert_eq!(received[0]["created_at"], "2026-02-10T10:30:00Z");
    // A second rejection begins the time anew.
    Deed::Reject.by(&ben, id).await.expect_status(200);
    ana.asks(&ben).await.expect_refusal(409, "CONFLICT");
}

#[tokio::test]
async fn whoever_rejected_may_ask_at_once_and_then_the_other_has_only_to_agree() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let id = id_of(ana.asks(&ben).await.expect_status(201));
    Deed::Reject.by(&ben, id).await.expect_status(200);
    let turned = ben.asks(&ana).await.expect_status(201).json();
    assert_eq!(turned["id"], id);
    assert_eq!((&turned["requester"]["id"], &turned["receiver"]["id"]), (&json!(ben.id), &json!(ana.id)));
    assert_eq!((listed(&ana).await, listed(&ben).await), ([0, 1, 0], [0, 0, 1]));
    Deed::Accept.by(&ben, id).await.expect_refusal(403, "FORBIDDEN");
    let approved = ana.asks(&ben).await.expect_status(200).json();
    assert_eq!((&approved["id"], &approved["status"]), (&json!(id), &json!("accepted")));
}

#[tokio::test]
async fn whoever_was_rejected_after_asking_back_waits_in_turn() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let id = id_of(ana.asks(&ben).await.expect_status(201));
    Deed::Reject.by(&ben, id).await.expect_status(200);
    ben.asks(&ana).await.expect_status(201);
    Deed::Reject.by(&ana, id).await.expect_status(200);
    ben.asks(&ana).await.expect_refusal(409, "CONFLICT");
    ana.asks(&ben).await.expect_status(201);
}

#[tokio::test]
async fn security_14_who_may_do_what_in_which_state() {
    use Deed::{Accept, Reject, Remove};
    let (app, [ana, stranger]) = TestApp::with_users(["ana", "stranger"]).await;
    // The state, the deed, and what the requester and the receiver are answered; a stranger is always told that there is
    // nothing.
    for (number, (state, deed, requester, receiver)) in [
        (None, Accept, 403, 200),
        (None, Reject, 403, 200),
        (None, Remove, 204, 403),
        (Some(Accept), Accept, 403, 409),
        (Some(Accept), Reject, 403, 409),
        (Some(Accept), Remove, 204, 204),
        (Some(Reject), Accept, 403, 409),
        (Some(Reject), Reject, 403, 409),
        (Some(Reject), Remove, 409, 409),
    ]
    .into_iter()
    .enumerate()
    {
        let (ben, cleo) = (app.joined_by(&format!("ben{number}")).await, app.joined_by(&format!("cleo{number}")).await);
        for (receiver, by_requester, expected) in [(&ben, true, requester), (&cleo, false, receiver)] {
            let id = id_of(ana.asks(receiver).await.expect_status(201));
            if let Some(state) = state {
                state.by(receiver, id).await.expect_status(200);
            }
            deed.by(&stranger, id).await.expect_refusal(404, "NOT_FOUND");
            deed.by(if by_requester { &ana } else { receiver }, id).await.expect_status(expected);
            if expected == 204 {
                // Of what is gone, nothing is left to anyone.
                for deed in Deed::ALL {
                    deed.by(&ana, id).await.expect_refusal(404, "NOT_FOUND");
                    deed.by(receiver, id).await.expect_refusal(404, "NOT_FOUND");
                }
            }
        }
    }
}

#[tokio::test]
async fn security_17_what_is_hidden_is_answered_as_what_is_missing() {
    let (_app, [ana, ben, stranger]) = TestApp::with_users(["ana", "ben", "stranger"]).await;
    let id = id_of(ana.asks(&ben).await.expect_status(201));
    for deed in Deed::ALL {
        let (hidden, missing) = (deed.by(&stranger, id).await, deed.by(&stranger, i32::MAX).await);
        assert_eq!(hidden.expect_refusal(404, "NOT_FOUND").refusal_as_such(), missing.refusal_as_such(), "{deed:?}");
    }
    assert_eq!(listed(&stranger).await, [0; 3]);
}

#[tokio::test]
async fn what_is_no_id_is_a_404() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    for id in ["0", "-1", "01", "1.5", "2147483648", "requests", "abc", "%00", "1%20"] {
        for deed in Deed::ALL {
            deed.by(&ana, id).await.expect_refusal(404, "NOT_FOUND");
        }
    }
}

#[tokio::test]
async fn whoever_parted_may_ask_again_at_once() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let id = ana.connects_with(&ben).await;
    Deed::Remove.by(&ben, id).await.expect_status(204);
    assert_eq!((listed(&ana).await, listed(&ben).await), ([0; 3], [0; 3]));
    assert_eq!((status(&ana, &ben).await, status(&ben, &ana).await), (json!("none"), json!("none")));
    let again = id_of(ana.asks(&ben).await.expect_status(201));
    assert_ne!(again, id, "what is removed stays removed");
    Deed::Remove.by(&ana, again).await.expect_status(204);
    ben.asks(&ana).await.expect_status(201);
}

#[tokio::test]
async fn security_17_with_someone_inactive_there_is_nothing() {
    let (app, [ana, ben, cleo, dan]) = TestApp::with_users(["ana", "ben", "cleo", "dan"]).await;
    let connected = ana.connects_with(&ben).await;
    let sent = id_of(ana.asks(&cleo).await.expect_status(201));
    let received = id_of(dan.asks(&ana).await.expect_status(201));
    assert_eq!(listed(&ana).await, [1, 1, 1]);
    for other in [&ben, &cleo, &dan] {
        statements::deactivate(&app.state.db, other.id).await;
        ana.asks(other).await.expect_refusal(404, "NOT_FOUND");
        other.get(LISTS[0]).await.expect_refusal(401, "UNAUTHORIZED");
    }
    for id in [connected, sent, received] {
        for deed in Deed::ALL {
            deed.by(&ana, id).await.expect_refusal(404, "NOT_FOUND");
        }
    }
    assert_eq!(listed(&ana).await, [0; 3]);
    for list in LISTS {
        assert_eq!(ana.get(list).await.json()["pagination"]["total"], 0, "{list}");
    }
}

#[tokio::test]
async fn a_deed_that_is_refused_changes_nothing() {
    let (app, [ana, ben, stranger]) = TestApp::with_users(["ana", "ben", "stranger"]).await;
    let id = ana.connects_with(&ben).await;
    let before = ana.get(LISTS[0]).await.expect_status(200).data();
    app.clock.advance(Duration::from_mins(5));
    for answer in [
        ana.asks(&ben).await,
        ben.asks(&ana).await,
        Deed::Accept.by(&ben, id).await,
        Deed::Reject.by(&ben, id).await,
        Deed::Accept.by(&ana, id).await,
        Deed::Remove.by(&stranger, id).await,
    ] {
        assert!(answer.status >= 400, "{answer:?}");
    }
    assert_eq!(ana.get(LISTS[0]).await.expect_status(200).data(), before, "connected since the same instant");
}
