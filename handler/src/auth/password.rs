//! `PUT /users/me/password`

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use utoipa::ToSchema;

use super::store::{self, EndReason};
use crate::audit::{self, Event};
use crate::credentials::hasher::Verdict;
use crate::credentials::password_policy::Password;
use crate::error::{Error, FieldError, Result};
use crate::http::body::ValidJson;
use crate::http::body_reader::{BodyReader, FromBody};
use crate::http::caller::{CurrentUser, SIGN_IN};
use crate::http::openapi::{BodyErrors, CallerErrors};
use crate::http::request_context::RequestContext;
use crate::state::AppState;
use crate::users::email::Email;

/// The field at fault when the present password is wrong.
const CURRENT: &str = "current_password";

/// A change of password.
#[derive(ToSchema)]
pub struct ChangePassword {
    /// The present password.
    #[schema(value_type = String, format = Password, max_length = 128, example = "SecurePass123!")]
    pub current_password: Password,
    /// The new one, by the rules of the registration.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128, example = "EvenBetter456?")]
    pub new_password: String,
}

impl FromBody for ChangePassword {
    fn read(body: &mut BodyReader<'_>) -> Option<Self> {
        let current_password = body.required(CURRENT, |text| Ok(Password::presented(text)));
        let new_password = body.required("new_password", |text| Ok(text.to_owned()));
        // What depends on the account is checked once more when it is known.
        let fits =
            new_password.as_deref().and_then(|text| body.accept("new_password", Password::parse(text, None, None)));
        Some(Self { current_password: current_password?, new_password: new_password.filter(|_| fits.is_some())? })
    }
}

/// Change one's password
///
/// Ends all other sessions.
#[utoipa::path(put, path = "/api/v1/users/me/password", operation_id = "usersChangePassword", tag = "users",
    security(("bearer" = [])), request_body = ChangePassword,
    responses((status = 204, description = "The password is changed, and all other sessions have ended."),
        CallerErrors, BodyErrors))]
pub async fn change_password(
    State(app): State<AppState>,
    Extension(context): Extension<Arc<RequestContext>>,
    caller: CurrentUser,
    ValidJson(change): ValidJson<ChangePassword>,
) -> Result<StatusCode> {
    let account = store::find_password(&app.db, caller.id).await?.ok_or(Error::Unauthorized(SIGN_IN))?;
    let verdict = app.hasher.verify(&change.current_password, Some(&account.password_hash)).await?;
    let local_part = Email::parse(&account.email).ok();
    let new = Password::parse(
        &change.new_password,
        local_part.as_ref().map(Email::local_part),
        Some(account.display_name.as_str()),
    );
    let (user_id, session) = (caller.id, caller.session);
    let refused = Event::PasswordChangeRefused { user_id, session };
    let mut faults = Vec::new();
    if verdict == Verdict::NoMatch {
        audit::record(&context, refused);
        faults.push(FieldError::new(CURRENT, "This is not the present password"));
    }
    let new = match new {
        Ok(password) if faults.is_empty() => password,
        Ok(_) => return Err(Error::Validation(faults)),
        Err(messages) => {
            faults.extend(messages.into_iter().map(|message| FieldError::new("new_password", message)));
            return Err(Error::Validation(faults));
        }
    };
    let hash = app.hasher.hash(&new).await?;
    let now = app.clock.now();
    let changed = store::change_password(&app.db, user_id, &account.password_hash, &hash, session, now).await?;
    let Some(ended) = changed else {
        audit::record(&context, refused);
        return Err(Error::invalid(CURRENT, "This is not the present password any more"));
    };
    audit::record(&context, Event::PasswordChanged { user_id, session });
    if ended > 0 {
        let reason = EndReason::Password.as_str();
        audit::record(&context, Event::SessionsEnded { user_id, session, sessions: ended, reason });
    }
    Ok(StatusCode::NO_CONTENT)
}
