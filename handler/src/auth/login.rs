//! `POST /auth/login`

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

use super::pair::TokenPair;
use super::rotation::session_expiry;
use super::store::{self, LoginRow, NewSession};
use super::throttle;
use crate::audit::{self, Event};
use crate::credentials::hasher::Verdict;
use crate::credentials::password_policy::Password;
use crate::credentials::refresh_secret::RefreshSecret;
use crate::error::{Error, Result};
use crate::http::body::ValidJson;
use crate::http::body_reader::{BodyReader, FromBody};
use crate::http::envelope::ErrorEnvelope;
use crate::http::json::Json;
use crate::http::openapi::{AnyErrors, BodyErrors};
use crate::http::request_context::RequestContext;
use crate::state::AppState;
use crate::users::email::Email;

/// Told for an unknown address, a wrong password and an inactive user alike.
pub const REFUSED: &str = "The email address or the password is wrong";

/// Who wants to log in.
#[derive(ToSchema)]
pub struct Login {
    /// The address of the account, in any case.
    #[schema(value_type = String, format = Email, max_length = 254, example = "john.doe@example.com")]
    pub email: Email,
    /// The password, exactly.
    #[schema(value_type = String, format = Password, max_length = 128, example = "SecurePass123!")]
    pub password: Password,
}

impl FromBody for Login {
    fn read(body: &mut BodyReader<'_>) -> Option<Self> {
        let email = body.required("email", Email::parse);
        let password = body.required("password", |text| Ok(Password::presented(text)));
        Some(Self { email: email?, password: password? })
    }
}

/// A pair of tokens and whose it is.
#[derive(Serialize, ToSchema)]
pub struct LoggedIn {
    /// The tokens.
    #[serde(flatten)]
    pub tokens: TokenPair,
    /// Whose it is.
    pub user: LoggedInUser,
}

/// The user that has logged in.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoggedInUser {
    /// The user's id.
    #[schema(example = 123)]
    pub id: i32,
    /// The address as it was registered.
    #[schema(example = "john.doe@example.com")]
    pub email: String,
    /// The name shown to others.
    #[schema(example = "John Doe")]
    pub display_name: String,
    /// A picture's address.
    #[schema(example = "https://example.com/profiles/123.jpg")]
    pub profile_pic_url: Option<String>,
    /// The city one lives in.
    #[schema(example = "San Francisco")]
    pub home_city: Option<String>,
    /// The country one lives in.
    #[schema(example = "USA")]
    pub home_country: Option<String>,
}

/// Log in
///
/// Opens a session: an access token for 15 minutes, and a refresh token that gets the next pair. After five failed logins
/// with one email address from one place, that pair has to wait: a 429, whatever the password.
#[utoipa::path(post, path = "/api/v1/auth/login", operation_id = "authLogin", tag = "auth", request_body = Login,
    responses(
        (status = 200, description = "The tokens of a new session.", body = LoggedIn,
            links(("nextTokens" = (operation_id = "authRefresh",
                request_body = json!({ "refresh_token": "$response.body#/refresh_token" }))))),
        (status = 401, description = "The address or the password is wrong, or the account is not active.",
            body = ErrorEnvelope),
        AnyErrors, BodyErrors))]
pub async fn login(
    State(app): State<AppState>,
    Extension(context): Extension<Arc<RequestContext>>,
    headers: HeaderMap,
    ValidJson(login): ValidJson<Login>,
) -> Result<Json<LoggedIn>> {
    let email_hash = throttle::email_fingerprint(&login.email);
    let address = context.client_address().to_string();
    let failures = store::list_failures(&app.db, email_hash, &address, app.clock.now()).await?;
    throttle::admit(&failures, app.clock.now()).inspect_err(|_| audit::record(&context, Event::LoginThrottled))?;

    let account = store::find_login(&app.db, &login.email.normalised()).await?;
    let stored = account.as_ref().map(|account| account.password_hash.clone());
    let verdict = app.hasher.verify(&login.password, stored.as_deref()).await?;
    let now = app.clock.now();
    match (account, verdict) {
        (Some(account), Verdict::Match { needs_rehash }) if account.is_active => {
            let renewed =
                if needs_rehash { app.hasher.hash(&login.password).await? } else { account.password_hash.clone() };
            let user_agent = user_agent(&headers);
            let session = app.random.uuid();
            let secret = RefreshSecret::random(&*app.random);
            let expires_at = session_expiry(now, now, app.refresh_ttl);
            let new = NewSession {
                id: session,
                user_id: account.id,
                refresh_hash: secret.fingerprint(),
                user_agent,
                created_at: now,
                expires_at,
            };
            let hashes = (account.password_hash.as_str(), renewed.as_str());
            if !store::open_session(&app.db, &new, hashes, email_hash, &address).await? {
                // Since it was looked at, the password was changed.
                audit::record(&context, Event::LoginFailed { user_id: Some(account.id), reason: "wrong_password" });
                return Err(Error::Unauthorized(REFUSED));
            }
            context.set_user(account.id);
            audit::record(&context, Event::LoginSucceeded { user_id: account.id, session });
            Ok(Json(LoggedIn {
                tokens: TokenPair::issue(&app, account.id, session, &secret, now, expires_at)?,
                user: account.into(),
            }))
        }
        (account, verdict) => {
            store::insert_failure(&app.db, email_hash, &address, now).await?;
            let reason = match (&account, verdict) {
                (None, _) => "unknown_email",
                (Some(_), Verdict::NoMatch) => "wrong_password",
                (Some(_), Verdict::Match { .. }) => "inactive",
            };
            let user_id = account.map(|account| account.id);
            audit::record(&context, Event::LoginFailed { user_id, reason });
            Err(Error::Unauthorized(REFUSED))
        }
    }
}

/// What the client calls itself, without the name that the Functions host appends to it.
fn user_agent(headers: &HeaderMap) -> Option<&str> {
    let whole = headers.get(USER_AGENT)?.to_str().ok()?;
    let own = whole.rsplit_once("Azure-Functions-Host/").map_or(whole, |(own, _)| own).trim();
    (!own.is_empty()).then_some(own)
}

impl From<LoginRow> for LoggedInUser {
    fn from(row: LoginRow) -> Self {
        let LoginRow { id, email, display_name, profile_pic_url, home_city, home_country, .. } = row;
        Self { id, email, display_name, profile_pic_url, home_city, home_country }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_session_is_named_by_the_client_and_not_by_the_host_before_us() {
        let of = |text: &'static str| {
            let headers = HeaderMap::from_iter([(USER_AGENT, HeaderValue::from_static(text))]);
            user_agent(&headers).map(str::to_owned)
        };
        assert_eq!(
            of("TravelMeetup/1.0 (iPhone) Azure-Functions-Host/4.1044").as_deref(),
            Some("TravelMeetup/1.0 (iPhone)")
        );
        assert_eq!(of("curl/8.5.0").as_deref(), Some("curl/8.5.0"));
        assert_eq!(of("Azure-Functions-Host/4.1044"), None);
    }
}
