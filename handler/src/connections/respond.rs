//! `PUT /connections/{connection_id}/accept` and `…/reject`

use axum::extract::State;

use super::rules::Connection;
use super::store;
use crate::causes::Cause;
use crate::error::{Error, Result};
use crate::http::caller::CurrentUser;
use crate::http::envelope::ErrorEnvelope;
use crate::http::json::Json;
use crate::http::openapi::CallerErrors;
use crate::http::path::PathId;
use crate::notifications::rules::Notice;
use crate::overtaken;
use crate::state::AppState;

/// Accept a connection request
///
/// The two are connected from now on, and the one who asked is notified.
#[utoipa::path(put, path = "/api/v1/connections/{connection_id}/accept", operation_id = "connectionsAccept",
    tag = "connections", security(("bearer" = [])),
    params(("connection_id" = i32, Path, description = "The request's id.", minimum = 1, example = 12)),
    responses(
        (status = 200, description = "The connection as it is now.", body = Connection),
        (status = 403, description = "The caller sent this request.", body = ErrorEnvelope),
        (status = 404, description = "The caller has no such request.", body = ErrorEnvelope),
        (status = 409, description = "The caller has answered this request already.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn accept(
    State(app): State<AppState>,
    caller: CurrentUser,
    PathId(id): PathId<i32>,
) -> Result<Json<Connection>> {
    let accepted = overtaken::unless(|_| async {
        let request = store::find(&app.db, id, caller.id).await?.ok_or(Error::NotFound("connection"))?;
        let accepted = request.clone().accepted_by(caller.id, app.clock.now())?;
        let notice = Notice::connection_accepted(accepted.requester.id, &accepted.receiver.display_name, id);
        let causes = [Cause::Pair { one: accepted.requester.id, other: caller.id }];
        let done = store::change_and_tell(&app.db, &request, &accepted, &notice, &causes).await?;
        Ok(done.then_some(accepted))
    });
    let accepted = accepted.await?;
    tracing::info!(event = "connection_accepted", user_id = caller.id, connection_id = id, "a request was accepted");
    Ok(Json(accepted))
}

/// Reject a connection request
///
/// The one who asked is not notified, and may ask again after 7 days.
#[utoipa::path(put, path = "/api/v1/connections/{connection_id}/reject", operation_id = "connectionsReject",
    tag = "connections", security(("bearer" = [])),
    params(("connection_id" = i32, Path, description = "The request's id.", minimum = 1, example = 12)),
    responses(
        (status = 200, description = "The request as it is now.", body = Connection),
        (status = 403, description = "The caller sent this request.", body = ErrorEnvelope),
        (status = 404, description = "The caller has no such request.", body = ErrorEnvelope),
        (status = 409, description = "The caller has answered this request already.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn reject(
    State(app): State<AppState>,
    caller: CurrentUser,
    PathId(id): PathId<i32>,
) -> Result<Json<Connection>> {
    let rejected = overtaken::unless(|_| async {
        let request = store::find(&app.db, id, caller.id).await?.ok_or(Error::NotFound("connection"))?;
        let rejected = request.clone().rejected_by(caller.id, app.clock.now())?;
        Ok(store::change(&app.db, &request, &rejected).await?.then_some(rejected))
    });
    let rejected = rejected.await?;
    tracing::info!(event = "connection_rejected", user_id = caller.id, connection_id = id, "a request was rejected");
    Ok(Json(rejected))
}
