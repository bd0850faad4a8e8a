//! Who is calling: the bearer token, its live session, its active user.
//!
//! How a token is judged is the business of `auth`; here is what an endpoint sees of it.

use std::pin::Pin;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use uuid::Uuid;

use super::request_context::RequestContext;
use crate::error::{Error, Result};
use crate::versions::Versions;

/// What a client is told whose token is absent or no good (any more); which of the two is nobody's business.
pub const SIGN_IN: &str = "Sign in, and send the access token as Authorization: Bearer";

/// A user with a live session. As an argument of a handler it refuses everyone else with a 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrentUser {
    /// The user's id.
    pub id: i32,
    /// The session that the token belongs to.
    pub session: Uuid,
    /// How often what is the user's own has changed.
    pub versions: Versions,
}

/// What this very request's token says, whose signature is good and whose time is now, so that it is verified once: an
/// extension of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// Whose it is.
    pub user_id: i32,
    /// The session that it belongs to.
    pub session: Uuid,
}

/// What the database has said of a session a moment ago, for this very request: an extension of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked {
    /// The session, and whose it should be.
    pub at: Signed,
    /// The user's versions, if the session is good.
    pub live: Option<Versions>,
}

/// Judges access tokens.
pub trait Authenticate: Send + Sync + 'static {
    /// The user that `token` belongs to, or [`Error::Unauthorized`]. What was verified of it for this request is not verified
    /// again, and a session that was `looked` at not looked at again.
    fn authenticate<'a>(
        &'a self,
        token: &'a str,
        signed: Option<Signed>,
        looked: Option<&'a Looked>,
    ) -> Pin<Box<dyn Future<Output = Result<CurrentUser>> + Send + 'a>>;
}

/// A judge shared by everything in one process.
pub type SharedAuthenticator = Arc<dyn Authenticate>;

impl<S> FromRequestParts<S> for CurrentUser
where
    SharedAuthenticator: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let token = bearer(&parts.headers).ok_or(Error::Unauthorized(SIGN_IN))?;
        let (signed, looked) = (parts.extensions.get().copied(), parts.extensions.get());
        let caller = SharedAuthenticator::from_ref(state).authenticate(token, signed, looked).await?;
        if let Some(context) = RequestContext::of(&parts.extensions) {
            context.set_user(caller.id);
        }
        Ok(caller)
    }
}

/// The token of the one `Authorization` header (RFC 6750, 2.1); the scheme's name may have any case (RFC 9110, 11.1).
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (only, None) = (values.next()?.to_str().ok()?, values.next()) else { return None };
    let (scheme, token) = only.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    fn read(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        bearer(&headers).map(str::to_owned)
    }

    #[test]
    fn one_bearer_token_is_taken() {
        assert_eq!(read(&["Bearer abc"]).as_deref(), Some("abc"));
        assert_eq!(read(&["bEARER  abc "]).as_deref(), Some("abc"));
    }

    #[test]
    fn anything_else_is_none() {
        for values in [&[][..], &["abc"], &["Basic abc"], &["Bearer"], &["Bearer "], &["Bearer a", "Bearer b"]] {
            assert_eq!(read(values), None, "{values:?}");
        }
    }

    proptest! {
        #[test]
        fn a_token_is_taken_as_it_was_sent(
            scheme in "[bB][eE][aA][rR][eE][rR]",
            blanks in " {1,3}",
            token in "[A-Za-z0-9._~+/-]{1,60}={0,2}",
        ) {
            prop_assert_eq!(read(&[&format!("{scheme}{blanks}{token}")]), Some(token.clone()));
            prop_assert_eq!(read(&[&format!("{scheme}{token}")]), None);
            prop_assert_eq!(read(&[&format!("{scheme} {token}"), &format!("{scheme} {token}")]), None);
        }

        #[test]
        fn security_09_any_header_holds_a_token_after_the_scheme_or_none(
            value in "([bB]earer|Basic|Digest)?[ -~]{0,30}",
        ) {
            let told = value.to_ascii_lowercase().strip_prefix("bearer ").map(|rest| rest.trim().to_owned());
            let token = read(&[&value]);
            prop_assert_eq!(token.map(|token| token.to_ascii_lowercase()), told.filter(|rest| !rest.is_empty()));
        }
    }
}
