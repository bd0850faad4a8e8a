//! `POST /auth/logout`, and one's own sessions.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::{self, EndReason};
use crate::audit::{self, Event};
use crate::error::{Error, Result};
use crate::http::caller::CurrentUser;
use crate::http::envelope::ErrorEnvelope;
use crate::http::json::Json;
use crate::http::openapi::CallerErrors;
use crate::http::page::{Page, Paged};
use crate::http::path::PathId;
use crate::http::request_context::RequestContext;
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
pub async fn logout(
    State(app): State<AppState>,
    Extension(context): Extension<Arc<RequestContext>>,
    caller: CurrentUser,
) -> Result<StatusCode> {
    let (user_id, session, reason) = (caller.id, caller.session, EndReason::Logout);
    // Another request may have ended it since this one was let in.
    if store::end_session(&app.db, session, user_id, app.clock.now(), reason).await? {
        audit::record(&context, Event::SessionEnded { user_id, session, reason: reason.as_str() });
    }
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
///
/// One of the caller's, on another device say: both of its tokens are refused from now on.
#[utoipa::path(delete, path = "/api/v1/auth/sessions/{session_id}", operation_id = "authEndSession", tag = "auth",
    security(("bearer" = [])),
    params(("session_id" = Uuid, Path, description = "The session's id.",
        example = "c2d9b1e4-58f3-4a7b-8f61-9e0d2b7c4a13")),
    responses(
        (status = 204, description = "It has ended."),
        (status = 404, description = "The caller has no such session.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn end(
    State(app): State<AppState>,
    Extension(context): Extension<Arc<RequestContext>>,
    caller: CurrentUser,
    PathId(session): PathId<Uuid>,
) -> Result<StatusCode> {
    let (user_id, reason) = (caller.id, EndReason::Ended);
    if !store::end_session(&app.db, session, user_id, app.clock.now(), reason).await? {
        return Err(Error::NotFound("session"));
    }
    audit::record(&context, Event::SessionEnded { user_id, session, reason: reason.as_str() });
    Ok(StatusCode::NO_CONTENT)
}

/// End all other sessions
///
/// All of the caller's sessions but this one.
#[utoipa::path(delete, path = "/api/v1/auth/sessions", operation_id = "authEndOtherSessions", tag = "auth",
    security(("bearer" = [])), responses((status = 204, description = "They have ended."), CallerErrors))]
pub async fn end_others(
    State(app): State<AppState>,
    Extension(context): Extension<Arc<RequestContext>>,
    caller: CurrentUser,
) -> Result<StatusCode> {
    let (user_id, session, reason) = (caller.id, caller.session, EndReason::Ended);
    let sessions = store::end_other_sessions(&app.db, user_id, session, app.clock.now(), reason).await?;
    if sessions > 0 {
        audit::record(&context, Event::SessionsEnded { user_id, session, sessions, reason: reason.as_str() });
    }
    Ok(StatusCode::NO_CONTENT)
}
