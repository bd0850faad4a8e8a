//! `POST /auth/refresh`

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use utoipa::ToSchema;

use super::pair::TokenPair;
use super::rotation::{self, Decision};
use super::store::{self, EndReason};
use crate::audit::{self, Event};
use crate::credentials::tokens::MAX_TOKEN_BYTES;
use crate::error::{Error, Result};
use crate::http::body::ValidJson;
use crate::http::body_reader::{BodyReader, FromBody};
use crate::http::envelope::ErrorEnvelope;
use crate::http::json::Json;
use crate::http::openapi::{AnyErrors, BodyErrors};
use crate::http::request_context::RequestContext;
use crate::state::AppState;

/// Told for every refresh token that is no good (any more).
pub const REFUSED: &str = "The refresh token is not valid: log in again";
/// How often a rotation that another one overtook is looked at anew. Once is enough unless the session changes hands in
/// between; then it is a reuse.
const TRIES: u32 = 3;

/// A refresh token to be spent.
#[derive(ToSchema)]
pub struct Refresh {
    /// The latest refresh token of the session.
    #[schema(min_length = 1, max_length = 4096, example = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...")]
    pub refresh_token: String,
}

impl FromBody for Refresh {
    fn read(body: &mut BodyReader<'_>) -> Option<Self> {
        // The document counts characters; of a token of ours each is a byte.
        let refresh_token = body.required("refresh_token", |text| match text.chars().count() {
            0 => Err("refresh_token must not be empty".to_owned()),
            1..=MAX_TOKEN_BYTES => Ok(text.to_owned()),
            _ => Err("refresh_token is too long to be one of ours".to_owned()),
        });
        Some(Self { refresh_token: refresh_token? })
    }
}

/// Refresh
///
/// Spends the refresh token for the next pair. If the answer is lost, the same request may be repeated within 10 seconds.
/// A token that was spent before that ends the whole session, because someone else must have it.
#[utoipa::path(post, path = "/api/v1/auth/refresh", operation_id = "authRefresh", tag = "auth", request_body = Refresh,
    responses(
        (status = 200, description = "The next pair of tokens.", body = TokenPair,
            links(("nextTokens" = (operation_id = "authRefresh",
                request_body = json!({ "refresh_token": "$response.body#/refresh_token" }))))),
        (status = 401, description = "The token is not good (any more): log in again.", body = ErrorEnvelope),
        AnyErrors, BodyErrors))]
pub async fn refresh(
    State(app): State<AppState>,
    Extension(context): Extension<Arc<RequestContext>>,
    ValidJson(body): ValidJson<Refresh>,
) -> Result<Json<TokenPair>> {
    let claims = app.tokens.accept_refresh(&body.refresh_token, app.clock.now()).await?;
    let (user_id, session, presented) = (claims.user_id, claims.session, claims.secret);
    let ring = app.tokens.refresh_ring();
    for _ in 0..TRIES {
        let now = app.clock.now();
        let row = store::find_session(&app.db, session, user_id).await?.ok_or(Error::Unauthorized(REFUSED))?;
        let (next, expires_at) = match rotation::decide(&row.state, &presented, now) {
            Decision::Dead => return Err(Error::Unauthorized(REFUSED)),
            Decision::Reuse => {
                let reason = EndReason::Reuse;
                let ended = store::end_session(&app.db, session, user_id, now, reason).await?;
                audit::record(&context, Event::RefreshReused { user_id, session });
                if ended {
                    audit::record(&context, Event::SessionEnded { user_id, session, reason: reason.as_str() });
                }
                return Err(Error::Unauthorized(REFUSED));
            }
            Decision::Repeat => {
                let next = rotation::repeated_secret(&ring, session, &row.state, &presented);
                (next.ok_or(Error::Unauthorized(REFUSED))?, row.state.expires_at)
            }
            Decision::Rotate => {
                let next = rotation::next_secret(&ring, session, &presented);
                let expires_at = rotation::session_expiry(row.created_at, now, app.refresh_ttl);
                let (spent, fresh) = (presented.fingerprint(), next.fingerprint());
                if !store::rotate_session(&app.db, session, spent, fresh, now, expires_at).await? {
                    continue;
                }
                (next, expires_at)
            }
        };
        return TokenPair::issue(&app, user_id, session, &next, now, expires_at).map(Json);
    }
    Err(Error::unavailable("a session that changes faster than it can be read"))
}
