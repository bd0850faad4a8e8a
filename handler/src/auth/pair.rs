//! The pair of tokens that a login opens a session with and a refresh carries it on with.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::credentials::refresh_secret::RefreshSecret;
use crate::error::Result;
use crate::state::AppState;

/// An access token and the refresh token that gets the next pair.
#[derive(Serialize, ToSchema)]
pub struct TokenPair {
    /// Send it as `Authorization: Bearer …`.
    #[schema(example = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...")]
    pub access_token: String,
    /// Good for one refresh, which spends it.
    #[schema(example = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...")]
    pub refresh_token: String,
    /// Always `bearer`.
    #[schema(value_type = String, example = "bearer")]
    pub token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 900)]
    pub expires_in: u64,
}

impl TokenPair {
    /// A pair for the user's session, with `secret` as what the next refresh presents; the session ends at `expires_at`
    /// unless it is refreshed.
    pub fn issue(
        app: &AppState,
        user_id: i32,
        session: Uuid,
        secret: &RefreshSecret,
        now: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Result<Self> {
        Ok(Self {
            access_token: app.tokens.issue_access(user_id, session, app.random.uuid(), now)?,
            refresh_token: app.tokens.issue_refresh(user_id, session, secret, now, expires_at)?,
            token_type: "bearer",
            expires_in: app.tokens.access_ttl().as_secs(),
        })
    }
}
