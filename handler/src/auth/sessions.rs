//! `POST /auth/logout`, and one's own sessions.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::{self, EndReason};
use crate::error::{Error, Result};
use crate::http::caller::CurrentUser;
use crate::http::envelope::ErrorEnvelope;
use crate::http::json::Json;
use crate::http::openapi::CallerErrors;
use crate::http::page::{Page, Paged};
use crate::http::path::PathId;
use crate::state::AppState;

/// One login that is still good.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    /// The session's id.
    pub id: Uuid,
    /// When it began.
    #[serde(with = "crate::http::instant")]
    pub created_at: OffsetDateTime,
    /// When it began or was refreshed last.
    #[serde(with = "crate::http::instant")]
    pub last_used_at: OffsetDateTime,
    /// When it ends unless it is refreshed.
    #[serde(with = "crate::http::instant")]
    pub expires_at: OffsetDateTime,
    /// What the client called itself.
    #[schema(example = "TravelMeetup/1.0 (iPhone; iOS 20.1)")]
    pub user_agent: Option<String>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Log out
///
/// Ends this session: its access token and its refresh token are refused from now on.
#[utoipa::path(post, path = "/api/v1/auth/logout", operation_id = "authLogout", tag = "auth",
    security(("bearer" = [])), responses((status = 204, description = "Logged out."), CallerErrors))]
pub async fn logout(State(app): State<AppState>, caller: CurrentUser) -> Result<StatusCode> {
    store::end_session(&app.db, caller.session, caller.id, app.clock.now(), EndReason::Logout).await?;
    tracing::info!(event = "session_ended", user_id = caller.id, session = %caller.session, "a logout");
    Ok(StatusCode::NO_CONTENT)
}

/// One's sessions
///
/// All logins that are still good, latest first.
#[utoipa::path(get, path = "/api/v1/auth/sessions", operation_id = "authListSessions", tag = "auth",
    security(("bearer" = [])), params(Page),
    responses(
        (status = 200, description = "A page of the caller's sessions.", body = Paged<Session>),
        (status = 400, description = "A parameter breaks the rules.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn list(State(app): State<AppState>, caller: CurrentUser, page: Page) -> Result<Json<Paged<Session>>> {
    let (rows, total) = store::list_sessions(&app.db, caller.id, app.clock.now(), page).await?;
    let sessions = rows
        .into_iter()
        .map(|row| Session {
            id: row.id,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
            user_agent: row.user_agent,
            current: row.id == caller.session,
        })
        .collect();
    Ok(Json(Paged::new(sessions, page, total)))
}

/// End a session
#[utoipa::path(delete, path = "/api/v1/auth/sessions/{session_id}", operation_id = "authEndSession", tag = "auth",
    security(("bearer" = [])),
    params(("session_id" = Uuid, Path, description = "The session's id.")),
    responses(
        (status = 204, description = "It has ended."),
        (status = 404, description = "The caller has no such session.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn end(
    State(app): State<AppState>,
    caller: CurrentUser,
    PathId(session): PathId<Uuid>,
) -> Result<StatusCode> {
    if !store::end_session(&app.db, session, caller.id, app.clock.now(), EndReason::Ended).await? {
        return Err(Error::NotFound("session"));
    }
    tracing::info!(event = "session_ended", user_id = caller.id, %session, "a session was ended");
    Ok(StatusCode::NO_CONTENT)
}

/// End all other sessions
///
/// All of the caller's sessions but this one.
#[utoipa::path(delete, path = "/api/v1/auth/sessions", operation_id = "authEndOtherSessions", tag = "auth",
    security(("bearer" = [])), responses((status = 204, description = "They have ended."), CallerErrors))]
pub async fn end_others(State(app): State<AppState>, caller: CurrentUser) -> Result<StatusCode> {
    let mut tx = app.db.begin().await?;
    store::end_other_sessions(&mut tx, caller.id, caller.session, app.clock.now(), EndReason::Ended).await?;
    tx.commit().await?;
    tracing::info!(event = "sessions_ended", user_id = caller.id, "all other sessions were ended");
    Ok(StatusCode::NO_CONTENT)
}
