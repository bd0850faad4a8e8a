//! `POST /connections/request`

use axum::extract::State;
use axum::http::StatusCode;
use utoipa::ToSchema;

use super::rules::{self, Connection, RequestStatus, Requested};
use super::store::{self, Between};
use crate::causes::Cause;
use crate::error::{Error, Result};
use crate::http::body::ValidJson;
use crate::http::body_reader::{BodyReader, FromBody};
use crate::http::caller::CurrentUser;
use crate::http::envelope::ErrorEnvelope;
use crate::http::json::Json;
use crate::http::openapi::{BodyErrors, CallerErrors};
use crate::notifications::rules::{NOT_YET_KNOWN, Notice};
use crate::overtaken;
use crate::state::AppState;

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
    let connection = overtaken::unless(|_| ask(&app, caller.id, receiver)).await?;
    let connection_id = connection.id;
    if connection.status == RequestStatus::Accepted {
        tracing::info!(event = "connection_accepted", user_id = caller.id, connection_id, "two asked each other");
        return Ok((StatusCode::OK, Json(connection)));
    }
    tracing::info!(event = "connection_requested", user_id = caller.id, connection_id, "a request was sent");
    Ok((StatusCode::CREATED, Json(connection)))
}

/// What there is between the two after `requester` has asked `receiver`; `None` if something else came between.
async fn ask(app: &AppState, requester: i32, receiver: i32) -> Result<Option<Connection>> {
    let between = store::find_between(&app.db, requester, receiver).await?;
    let Between { requester, receiver, present } = between.ok_or(Error::NotFound("user"))?;
    let (now, name, other) = (app.clock.now(), requester.display_name.clone(), receiver.id);
    let (changed, notice, causes) = match rules::request(present.clone(), requester.id, now)? {
        Requested::First => {
            let notice = Notice::connection_request(other, &name, NOT_YET_KNOWN);
            let id = store::insert(&app.db, requester.id, other, &notice, now).await?;
            let status = RequestStatus::Pending;
            return Ok(id.map(|id| Connection { id, status, requester, receiver, created_at: now, updated_at: now }));
        }
        Requested::Again(request) => {
            let notice = Notice::connection_request(other, &name, request.id);
            (request, notice, None)
        }
        Requested::Approved(connection) => {
            let notice = Notice::connection_accepted(other, &name, connection.id);
            (connection, notice, Some(Cause::Pair { one: requester.id, other }))
        }
    };
    // Where there was nothing, it was the first.
    let Some(seen) = present else { return Ok(None) };
    let done = store::change_and_tell(&app.db, &seen, &changed, &notice, causes.as_slice()).await?;
    Ok(done.then_some(changed))
}
