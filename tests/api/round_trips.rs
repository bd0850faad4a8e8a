//! How often each operation goes to the database, everything included: the rate limit, the session, the beginning and the
//! end of a transaction. Each time is a round trip to a server that is not on this machine.

use std::collections::BTreeMap;

use axum::http::Method;
use handler::limits::rules::{RateLimits, WINDOW};
use tests::{Client, Setup};

use crate::matrix::{World, query};
use crate::openapi::operations;

/// The most that an operation that reads may need.
const MOST_OF_A_READ: usize = 2;
/// The most that one that writes may need.
const MOST_OF_A_WRITE: usize = 4;

/// Operation, and how often it goes to the database when all goes well and the client was not seen for a minute.
const EXPECTED: [(&str, usize); 36] = [
    ("authRegister", 2),
    ("authLogin", 4),
    ("authRefresh", 3),
    ("authLogout", 2),
    ("authListSessions", 2),
    ("authEndOtherSessions", 2),
    ("authEndSession", 2),
    ("usersGetMe", 2),
    ("usersUpdateMe", 3),
    ("usersChangePassword", 3),
    ("usersGetById", 2),
    ("usersSearch", 2),
    ("usersListTravels", 2),
    ("connectionsRequest", 3),
    ("connectionsAccept", 3),
    ("connectionsReject", 3),
    ("connectionsRemove", 3),
    ("connectionsList", 2),
    ("connectionsListReceived", 2),
    ("connectionsListSent", 2),
    ("connectionsListTravels", 2),
    ("travelsCreate", 2),
    ("travelsList", 2),
    ("travelsGet", 2),
    ("travelsUpdate", 3),
    ("travelsDelete", 2),
    ("travelsListMatches", 2),
    ("matchesFind", 2),
    ("notificationsList", 2),
    ("notificationsMarkRead", 2),
    ("notificationsMarkAllRead", 2),
    ("notificationsUnreadCount", 2),
    ("health", 0),
    ("healthDetailed", 2),
    ("ready", 1),
    ("live", 0),
];

/// How often an operation goes to the database, and what for.
async fn trips(operation: &str, method: &Method, template: &str) -> Vec<String> {
    let world = World::new().await;
    let limited = world.app.beside(Setup { rate_limits: RateLimits::default(), ..Setup::default() });
    let caller: Client = match operation {
        "connectionsRequest" => world.callers["sam"].at(&limited),
        _ => world.callers["olga"].at(&limited),
    };
    // The schema is looked at once, and not again.
    caller.get("/api/v1/users/me").await.expect_status(200);
    world.app.clock.advance(WINDOW);
    let path = format!("{}{}", world.path(operation, template), query(operation));
    let mark = world.app.log.mark();
    let answer = caller.send(method.clone(), &path, world.body(operation).as_ref()).await;
    assert!(answer.status < 300, "{operation}: {answer:?}");
    world.app.log.statements_since(mark)
}

#[tokio::test]
async fn every_operation_goes_to_the_database_as_often_as_it_must() {
    let expected: BTreeMap<&str, usize> = EXPECTED.into();
    let mut wrong = Vec::new();
    for operation in operations() {
        let trips = trips(&operation.id, &operation.method, &operation.template).await;
        let most = if operation.method == Method::GET { MOST_OF_A_READ } else { MOST_OF_A_WRITE };
        let expected = expected.get(operation.id.as_str()).copied();
        if expected != Some(trips.len()) || trips.len() > most {
            wrong.push(format!(
                "{}: {expected:?} was expected, at most {most}, not {}: {trips:?}",
                operation.id,
                trips.len()
            ));
        }
    }
    assert_eq!(EXPECTED.len(), expected.len(), "each once");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
