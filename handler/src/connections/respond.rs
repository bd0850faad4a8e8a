//! `PUT /connections/{connection_id}/accept` and `…/reject`

use axum::extract::State;

use super::rules::Connection;
use super::store;
use crate::causes::{self, Cause};
use crate::error::{Error, Result};
use crate::http::caller::CurrentUser;
use crate::http::envelope::ErrorEnvelope;
use crate::http::json::Json;
use crate::http::openapi::CallerErrors;
use crate::http::path::PathId;
use crate::notifications::rules::Notice;
use crate::notifications::store as notifications;
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
    let accepted = app.db.retried(|| async {
        let mut tx = app.db.begin().await?;
        let request = store::find_for_update(&mut tx, id, caller.id).await?.ok_or(Error::NotFound("connection"))?;
        let now = app.clock.now();
        let accepted = request.accepted_by(caller.id, now)?;
        store::update(&mut tx, &accepted).await?;
        let notice = Notice::connection_accepted(accepted.requester.id, &accepted.receiver.display_name, id);
        notifications::insert(&mut tx, &notice, now).await?;
        causes::note(&mut tx, Cause::Pair { one: accepted.requester.id, other: caller.id }, now).await?;
        tx.commit().await?;
        Ok(accepted)
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
    let rejected = app.db.retried(|| async {
        let mut tx = app.db.begin().await?;
        let request = store::find_for_update(&mut tx, id, caller.id).await?.ok_or(Error::NotFound("connection"))?;
        let rejected = request.rejected_by(caller.id, app.clock.now())?;
        store::update(&mut tx, &rejected).await?;
        tx.commit().await?;
        Ok(rejected)
    });
    let rejected = rejected.await?;
    tracing::info!(event = "connection_rejected", user_id = caller.id, connection_id = id, "a request was rejected");
    Ok(Json(rejected))
}
