//! One's connections, and the requests that wait.

use axum::extract::State;

use super::friends::Friend;
use super::rules::PendingRequest;
use super::store;
use crate::error::Result;
use crate::http::caller::CurrentUser;
use crate::http::conditional::{Copies, Tagged};
use crate::http::envelope::ErrorEnvelope;
use crate::http::openapi::CallerErrors;
use crate::http::page::{Page, Paged};
use crate::state::AppState;

/// One's connections
///
/// By name, with where each friend is today.
#[utoipa::path(get, path = "/api/v1/connections", operation_id = "connectionsList", tag = "connections",
    security(("bearer" = [])), params(Page, Copies),
    responses(
        (status = 200, description = "A page of the people whom the caller is connected with.", body = Paged<Friend>,
            links(("endTheFirst" = (operation_id = "connectionsRemove",
                parameters(("connection_id" = "$response.body#/data/0/id")))))),
        (status = 304, description = "The client has this already: see `If-None-Match`."),
        (status = 400, description = "A parameter breaks the rules.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn list(
    State(app): State<AppState>,
    caller: CurrentUser,
    copies: Copies,
    page: Page,
) -> Result<Tagged<Paged<Friend>>> {
    let (friends, total) = store::list(&app.db, caller.id, app.clock.today(), page).await?;
    Ok(Tagged::read(&caller, &copies, Paged::new(friends, page, total)))
}

/// Requests that wait for one's answer
///
/// Newest first.
#[utoipa::path(get, path = "/api/v1/connections/requests/received", operation_id = "connectionsListReceived",
    tag = "connections", security(("bearer" = [])), params(Page, Copies),
    responses(
        (status = 200, description = "A page of the requests to the caller.", body = Paged<PendingRequest>,
            links(
                ("acceptTheFirst" = (operation_id = "connectionsAccept",
                    parameters(("connection_id" = "$response.body#/data/0/id")))),
                ("rejectTheFirst" = (operation_id = "connectionsReject",
                    parameters(("connection_id" = "$response.body#/data/0/id")))))),
        (status = 304, description = "The client has this already: see `If-None-Match`."),
        (status = 400, description = "A parameter breaks the rules.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn list_received(
    State(app): State<AppState>,
    caller: CurrentUser,
    copies: Copies,
    page: Page,
) -> Result<Tagged<Paged<PendingRequest>>> {
    let (requests, total) = store::list_received(&app.db, caller.id, page).await?;
    Ok(Tagged::read(&caller, &copies, Paged::new(requests, page, total)))
}

/// One's own requests that wait for an answer
///
/// Newest first.
#[utoipa::path(get, path = "/api/v1/connections/requests/sent", operation_id = "connectionsListSent",
    tag = "connections", security(("bearer" = [])), params(Page, Copies),
    responses(
        (status = 200, description = "A page of the caller's requests.", body = Paged<PendingRequest>,
            links(("withdrawTheFirst" = (operation_id = "connectionsRemove",
                parameters(("connection_id" = "$response.body#/data/0/id")))))),
        (status = 304, description = "The client has this already: see `If-None-Match`."),
        (status = 400, description = "A parameter breaks the rules.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn list_sent(
    State(app): State<AppState>,
    caller: CurrentUser,
    copies: Copies,
    page: Page,
) -> Result<Tagged<Paged<PendingRequest>>> {
    let (requests, total) = store::list_sent(&app.db, caller.id, page).await?;
    Ok(Tagged::read(&caller, &copies, Paged::new(requests, page, total)))
}
