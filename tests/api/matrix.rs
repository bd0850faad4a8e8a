//! Every operation of the document against every kind of caller (promise 14). An operation that is not in [`EXPECTED`]
//! fails the test, and so does one of which the document knows nothing.
//!
//! All of it is about what is Olga's: her plan, her connection with Carl, the request that she got from Petra, her
//! notification, her other session.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use serde_json::{Value, json};
use tests::{Client, PASSWORD, Person, TestApp, statements};

use crate::openapi::operations;

/// The kinds of callers, in the order of the columns of [`EXPECTED`]: nobody; Olga; Carl, her connection; Petra, who has
/// asked her to connect; Xenia, who was her connection; somebody who never met her; somebody who was deactivated.
const CALLERS: [&str; 7] = ["nobody", "olga", "carl", "petra", "xenia", "sam", "inactive"];

/// What anyone may do, without a token or with any.
const ANYONE: [u16; 7] = [200; 7];
/// What every user does for itself.
const FOR_ITSELF: [u16; 7] = [401, 200, 200, 200, 200, 200, 401];
/// The same, where there is nothing to answer.
const FOR_ITSELF_SILENT: [u16; 7] = [401, 204, 204, 204, 204, 204, 401];

/// Operation, and the status for each of [`CALLERS`].
const EXPECTED: [(&str, [u16; 7]); 36] = [
    ("authRegister", [201; 7]),
    ("authLogin", ANYONE),
    ("authRefresh", ANYONE),
    ("authLogout", FOR_ITSELF_SILENT),
    ("authListSessions", FOR_ITSELF),
    ("authEndOtherSessions", FOR_ITSELF_SILENT),
    ("authEndSession", [401, 204, 404, 404, 404, 404, 401]),
    ("usersGetMe", FOR_ITSELF),
    ("usersUpdateMe", FOR_ITSELF),
    ("usersChangePassword", FOR_ITSELF_SILENT),
    ("usersGetById", FOR_ITSELF),
    ("usersSearch", FOR_ITSELF),
    ("usersListTravels", [401, 200, 200, 403, 403, 403, 401]),
    ("connectionsRequest", [401, 400, 409, 409, 201, 201, 401]),
    ("connectionsAccept", [401, 200, 404, 403, 404, 404, 401]),
    ("connectionsReject", [401, 200, 404, 403, 404, 404, 401]),
    ("connectionsRemove", [401, 204, 204, 404, 404, 404, 401]),
    ("connectionsList", FOR_ITSELF),
    ("connectionsListReceived", FOR_ITSELF),
    ("connectionsListSent", FOR_ITSELF),
    ("connectionsListTravels", FOR_ITSELF),
    ("travelsCreate", [401, 201, 201, 201, 201, 201, 401]),
    ("travelsList", FOR_ITSELF),
    ("travelsGet", [401, 200, 200, 404, 404, 404, 401]),
    ("travelsUpdate", [401, 200, 403, 404, 404, 404, 401]),
    ("travelsDelete", [401, 204, 403, 404, 404, 404, 401]),
    ("travelsListMatches", [401, 200, 403, 404, 404, 404, 401]),
    ("matchesFind", FOR_ITSELF),
    ("notificationsList", FOR_ITSELF),
    ("notificationsMarkRead", [401, 200, 404, 404, 404, 404, 401]),
    ("notificationsMarkAllRead", FOR_ITSELF),
    ("notificationsUnreadCount", FOR_ITSELF),
    ("health", ANYONE),
    ("healthDetailed", ANYONE),
    ("ready", ANYONE),
    ("live", ANYONE),
];

#[tokio::test]
async fn security_14_every_operation_answers_every_kind_of_caller_as_it_should() {
    let expected: BTreeMap<&str, [u16; 7]> = EXPECTED.into();
    let operations = operations();
    let documented: BTreeSet<&str> = operations.iter().map(|operation| operation.id.as_str()).collect();
    assert_eq!(documented, expected.keys().copied().collect(), "the document's operations and those of this matrix");

    let mut world = World::new().await;
    let mut wrong = Vec::new();
    for operation in &operations {
        for (caller, expected) in CALLERS.into_iter().zip(expected[operation.id.as_str()]) {
            let path = format!("{}{}", world.path(operation.id.as_str(), &operation.template), query(&operation.id));
            let body = world.body(&operation.id);
            let answer = world.callers[caller].send(operation.method.clone(), &path, body.as_ref()).await;
            if answer.status != expected {
                wrong.push(format!("{} by {caller}: {expected} was expected, not {}", operation.id, answer.describe()));
            }
            // What was changed would decide about the next one.
            if operation.method != Method::GET && answer.status < 300 {
                world = World::new().await;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is Olga's, and who asks for it.
pub(super) struct World {
    pub(super) callers: BTreeMap<&'static str, Client>,
    olga: Person,
    pub(super) app: TestApp,
    plan: i64,
    connection: i64,
    request: i64,
    notification: i64,
    other_session: String,
}

impl World {
    pub(super) async fn new() -> Self {
        let (app, [olga, carl, petra, xenia, sam, inactive]) =
            TestApp::with_users(["olga", "carl", "petra", "xenia", "sam", "inactive"]).await;
        let connection = olga.connects_with(&carl).await;
        let former = xenia.connects_with(&olga).await;
        olga.delete(&format!("/api/v1/connections/{former}")).await.expect_status(204);
        let request = petra.asks(&olga).await.expect_status(201).json()["id"].as_i64().unwrap();
        let plan = olga.post("/api/v1/travels", &rome()).await.expect_status(201).json()["id"].as_i64().unwrap();
        let notifications = olga.get("/api/v1/notifications?is_read=false").await.data();
        let other_session = olga.on_another_device().await.session;
        statements::deactivate(&app.state.db, inactive.id).await;
        let nobody = app.anonymous();
        let people = [&*olga, &carl, &petra, &xenia, &sam, &inactive].map(|person: &Client| person.clone());
        Self {
            callers: CALLERS.into_iter().zip([nobody].into_iter().chain(people)).collect(),
            plan,
            connection,
            request,
            notification: notifications[0]["id"].as_i64().unwrap(),
            other_session,
            olga,
            app,
        }
    }

    /// The path of an operation on what is Olga's.
    pub(super) fn path(&self, operation: &str, template: &str) -> String {
        // Only a request can be answered.
        let answers = matches!(operation, "connectionsAccept" | "connectionsReject");
        let connection = if answers { self.request } else { self.connection };
        let path = template
            .replace("{user_id}", &self.olga.id.to_string())
            .replace("{travel_id}", &self.plan.to_string())
            .replace("{connection_id}", &connection.to_string())
            .replace("{notification_id}", &self.notification.to_string())
            .replace("{session_id}", &self.other_session);
        assert!(!path.contains('{'), "this matrix does not know what stands in {template}");
        path
    }

    /// A good body for an operation that takes one.
    pub(super) fn body(&self, operation: &str) -> Option<Value> {
        Some(match operation {
            "authRegister" => json!({ "email": "new@example.org", "password": PASSWORD, "display_name": "New" }),
            "authLogin" => json!({ "email": self.olga.email, "password": PASSWORD }),
            "authRefresh" => json!({ "refresh_token": self.olga.refresh_token }),
            "usersUpdateMe" => json!({ "bio": "Changed." }),
            "usersChangePassword" => json!({ "current_password": PASSWORD, "new_password": "EvenBetter456?" }),
            "connectionsRequest" => json!({ "receiver_user_id": self.olga.id }),
            "travelsCreate" => rome(),
            "travelsUpdate" => json!({ "description": "Changed." }),
            _ => return None,
        })
    }
}

fn rome() -> Value {
    json!({ "city": "Rome", "country": "Italy", "start_date": "2026-03-15", "end_date": "2026-03-20" })
}

/// The query of an operation that needs one.
pub(super) fn query(operation: &str) -> &'static str {
    match operation {
        "usersSearch" => "?q=olga",
        "matchesFind" => "?city=Rome&start_date=2026-03-15&end_date=2026-03-20",
        _ => "",
    }
}
