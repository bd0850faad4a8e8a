//! `DELETE /connections/{connection_id}`

use axum::extract::State;
use axum::http::StatusCode;

use super::store;
use crate::error::{Error, Result};
use crate::http::caller::CurrentUser;
use crate::http::envelope::ErrorEnvelope;
use crate::http::openapi::CallerErrors;
use crate::http::path::PathId;
use crate::overtaken;
use crate::state::AppState;

/// Remove a connection
///
/// Either of the two may end a connection. A request that waits for an answer can be withdrawn by the one who sent it.
#[utoipa::path(delete, path = "/api/v1/connections/{connection_id}", operation_id = "connectionsRemove",
    tag = "connections", security(("bearer" = [])),
    params(("connection_id" = i32, Path, description = "The connection's id.", minimum = 1, example = 12)),
    responses(
        (status = 204, description = "It is gone."),
        (status = 403, description = "The request is the caller's to answer: reject it instead.", body = ErrorEnvelope),
        (status = 404, description = "The caller has no such connection.", body = ErrorEnvelope),
        (status = 409, description = "The request was rejected: there is nothing to remove.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn remove(State(app): State<AppState>, caller: CurrentUser, PathId(id): PathId<i32>) -> Result<StatusCode> {
    let removed = overtaken::unless(|_| async {
        let present = store::find(&app.db, id, caller.id).await?.ok_or(Error::NotFound("connection"))?;
        present.check_removal_by(caller.id)?;
        Ok(store::delete(&app.db, &present).await?.then_some(()))
    });
    removed.await?;
    tracing::info!(event = "connection_removed", user_id = caller.id, connection_id = id, "a connection was removed");
    Ok(StatusCode::NO_CONTENT)
}
