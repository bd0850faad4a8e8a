//! `POST /connections/request`

use axum::extract::State;
use axum::http::StatusCode;
use utoipa::ToSchema;

use super::rules::{self, Connection, RequestStatus, Requested};
use super::store;
use crate::causes::{self, Cause};
use crate::error::{Error, Result};
use crate::http::body::ValidJson;
use crate::http::body_reader::{BodyReader, FromBody};
use crate::http::caller::CurrentUser;
use crate::http::envelope::ErrorEnvelope;
use crate::http::json::Json;
use crate::http::openapi::{BodyErrors, CallerErrors};
use crate::notifications::rules::Notice;
use crate::notifications::store as notifications;
use crate::state::AppState;

/// How often a request is judged anew that something between the same two overtook. Once is enough unless that is removed
/// again meanwhile, and so on.
const TRIES: u32 = 5;

/// Whom to ask.
#[derive(Debug, ToSchema)]
pub struct RequestConnection {
    /// The user's id.
    #[schema(example = 789, minimum = 1)]
    pub receiver_user_id: i32,
}

impl FromBody for RequestConnection {
    fn read(body: &mut BodyReader<'_>) -> Option<Self> {
        let receiver_user_id = body.required_i32("receiver_user_id");
        Some(Self { receiver_user_id: receiver_user_id? })
    }
}

/// Ask somebody to connect
///
/// The other finds the request in `GET /connections/requests/received` and is notified. If the other has asked already,
/// both have now approved: they are connected at once. Whoever was rejected may ask again after 7 days; whoever rejected
/// may ask at any time.
#[utoipa::path(post, path = "/api/v1/connections/request", operation_id = "connectionsRequest", tag = "connections",
    security(("bearer" = [])), request_body = RequestConnection,
    responses(
        (status = 201, description = "The request was sent.", body = Connection),
        (status = 200, description = "The other had asked already: now the two are connected.", body = Connection),
        (status = 404, description = "There is no such user, or not any more.", body = ErrorEnvelope),
        (status = 409, description = "The two are connected, the caller has asked already, or was rejected less than 7 days ago.", body = ErrorEnvelope),
        CallerErrors, BodyErrors))]
pub async fn request(
    State(app): State<AppState>,
    caller: CurrentUser,
    ValidJson(body): ValidJson<RequestConnection>,
) -> Result<(StatusCode, Json<Connection>)> {
    let receiver = body.receiver_user_id;
    if receiver == caller.id {
        return Err(Error::invalid("receiver_user_id", "You can't connect with yourself: send somebody else's id"));
    }
    for _ in 0..TRIES {
        let asked = app.db.retried(|| ask(&app, caller.id, receiver));
        let Some(connection) = asked.await? else { continue };
        let connection_id = connection.id;
        if connection.status == RequestStatus::Accepted {
            tracing::info!(event = "connection_accepted", user_id = caller.id, connection_id, "two asked each other");
            return Ok((StatusCode::OK, Json(connection)));
        }
        tracing::info!(event = "connection_requested", user_id = caller.id, connection_id, "a request was sent");
        return Ok((StatusCode::CREATED, Json(connection)));
    }
    Err(Error::unavailable("a pair of users whose connection changes faster than it can be read"))
}

/// What there is between the two after `requester` has asked `receiver`; `None` if something else came between.
async fn ask(app: &AppState, requester: i32, receiver: i32) -> Result<Option<Connection>> {
    let mut tx = app.db.begin().await?;
    let present = store::find_pair_for_update(&mut tx, requester, receiver).await?;
    let people = store::find_people(&mut tx, requester, receiver).await?;
    let (requester, receiver) = people.ok_or(Error::NotFound("user"))?;
    let now = app.clock.now();
    let (caller, other) = (requester.clone(), receiver.id);
    let connection = match rules::request(present, caller.id, now)? {
        Requested::First => {
            let Some(id) = store::insert(&mut tx, requester.id, receiver.id, now).await? else { return Ok(None) };
            Connection { id, status: RequestStatus::Pending, requester, receiver, created_at: now, updated_at: now }
        }
        Requested::Again(connection) | Requested::Approved(connection) => {
            store::update(&mut tx, &connection).await?;
            connection
        }
    };
    let notice = match connection.status {
        RequestStatus::Accepted => Notice::connection_accepted(other, &caller.display_name, connection.id),
        _ => Notice::connection_request(other, &caller.display_name, connection.id),
    };
    notifications::insert(&mut tx, &notice, now).await?;
    if connection.status == RequestStatus::Accepted {
        causes::note(&mut tx, Cause::Pair { one: caller.id, other }, now).await?;
    }
    tx.commit().await?;
    Ok(Some(connection))
}
