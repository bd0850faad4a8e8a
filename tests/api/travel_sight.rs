//! Who sees a plan, and who may change it.

use axum::http::Method;
use serde_json::json;
use tests::{Answer, Person, TestApp, statements};

use crate::travels::{TRAVELS, new_york, path_of, planned};

/// How people stand to Ana. Only the first two see her plans, and of them only those who asked or were asked.
pub(crate) const CONNECTED: [&str; 2] = ["asked_by_ana", "asked_ana"];
pub(crate) const OTHERS: [&str; 6] =
    ["pending_sent", "pending_received", "rejected_by_ana", "rejected_ana", "ex_connection", "stranger"];

/// Ana, and somebody for each way of standing to her.
pub(crate) async fn ana_and_everybody() -> (TestApp, Person, Vec<(&'static str, Person)>) {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let mut everybody = Vec::new();
    for standing in CONNECTED.into_iter().chain(OTHERS) {
        let other = app.joined_by(standing).await;
        let (requester, receiver, status) = match standing {
            "asked_by_ana" => (&ana, &other, "accepted"),
            "asked_ana" | "ex_connection" => (&other, &ana, "accepted"),
            "pending_received" => (&ana, &other, "pending"),
            "pending_sent" => (&other, &ana, "pending"),
            "rejected_by_ana" => (&other, &ana, "rejected"),
            "rejected_ana" => (&ana, &other, "rejected"),
            _ => {
                everybody.push((standing, other));
                continue;
            }
        };
        statements::connect(&app.state.db, requester.id, receiver.id, status).await;
        if standing == "ex_connection" {
            statements::disconnect(&app.state.db, ana.id, other.id).await;
        }
        everybody.push((standing, other));
    }
    (app, ana, everybody)
}

#[tokio::test]
async fn security_14_a_plan_is_its_owners_to_change_its_connections_to_read_and_nobody_elses() {
    let (app, ana, everybody) = ana_and_everybody().await;
    let plan = planned(&ana, &new_york()).await;
    let path = path_of(&plan);
    for (standing, person) in &everybody {
        let sees = CONNECTED.contains(standing);
        let read = person.get(&path).await;
        let changed = person.put(&path, &json!({ "city": "Rome" })).await;
        let unchanged = person.put(&path, &json!({})).await;
        let turned = person.put(&path, &json!({ "end_date": "2026-03-01" })).await;
        let deleted = person.delete(&path).await;
        if sees {
            assert_eq!(read.expect_status(200).json(), plan, "{standing}");
        } else {
            read.expect_refusal(404, "NOT_FOUND");
        }
        for answer in [changed, unchanged, turned, deleted] {
            let (status, code) = if sees { (403, "FORBIDDEN") } else { (404, "NOT_FOUND") };
            answer.expect_refusal(status, code);
        }
    }
    for nobody in [ana.without_token(), ana.with_token("x")] {
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            nobody.send(method, &path, Some(&json!({ "city": "Rome" }))).await.expect_refusal(401, "UNAUTHORIZED");
        }
        nobody.post(TRAVELS, &new_york()).await.expect_refusal(401, "UNAUTHORIZED");
    }
    assert_eq!(ana.get(&path).await.expect_status(200).json(), plan, "all of that left no trace");

    let [(_, former), (_, friend), ..] = &everybody[..] else { unreachable!("two connections") };
    statements::deactivate(&app.state.db, former.id).await;
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        former.send(method, &path, Some(&json!({}))).await.expect_refusal(401, "UNAUTHORIZED");
    }
    statements::deactivate(&app.state.db, ana.id).await;
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        friend.send(method, &path, Some(&json!({}))).await.expect_refusal(404, "NOT_FOUND");
        ana.send(Method::DELETE, &path, None).await.expect_refusal(401, "UNAUTHORIZED");
    }
}

#[tokio::test]
async fn security_17_a_plan_that_is_hidden_is_refused_like_one_that_does_not_exist() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let plan = planned(&ana, &new_york()).await;
    let missing = format!("{TRAVELS}/2147483647");
    let refusal = |answer: &Answer| answer.expect_refusal(404, "NOT_FOUND").refusal_as_such();
    for (method, body) in [
        (Method::GET, None),
        (Method::DELETE, None),
        (Method::PUT, Some(json!({}))),
        (Method::PUT, Some(json!({ "end_date": "2026-03-01" }))),
    ] {
        let hidden = ben.send(method.clone(), &path_of(&plan), body.as_ref()).await;
        let absent = ben.send(method, &missing, body.as_ref()).await;
        assert_eq!(refusal(&hidden), refusal(&absent));
    }
}

#[tokio::test]
async fn security_16_a_removed_connection_loses_sight_of_a_plan_at_once() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let plan = planned(&ana, &new_york()).await;
    for _ in 0..2 {
        ben.get(&path_of(&plan)).await.expect_refusal(404, "NOT_FOUND");
        let connection = ben.connects_with(&ana).await;
        ben.get(&path_of(&plan)).await.expect_status(200);
        ana.delete(&format!("/api/v1/connections/{connection}")).await.expect_status(204);
    }
    ben.delete(&path_of(&plan)).await.expect_refusal(404, "NOT_FOUND");
}

#[tokio::test]
async fn the_first_thing_that_is_wrong_is_what_is_told() {
    let (app, [ana, ben, cleo]) = TestApp::with_users(["ana", "ben", "cleo"]).await;
    statements::connect(&app.state.db, ana.id, ben.id, "accepted").await;
    let path = path_of(&planned(&ana, &new_york()).await);
    let large = json!({ "city": "x".repeat(70_000) });
    // The path's id before the body, and the body before the deed.
    for id in ["0", "-1", "01", "abc", "2147483648", "%20", "1.0"] {
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            ben.send(method, &format!("{TRAVELS}/{id}"), Some(&large)).await.expect_refusal(404, "NOT_FOUND");
        }
    }
    for person in [&ben, &cleo] {
        person.put(&path, &large).await.expect_status(413);
        person.send_bytes(Method::PUT, &path, &[], "{}").await.expect_status(415);
        person.put(&path, &json!({ "city": "" })).await.expect_fault("city");
    }
    ana.without_token().put(&format!("{TRAVELS}/abc"), &large).await.expect_refusal(401, "UNAUTHORIZED");
}
