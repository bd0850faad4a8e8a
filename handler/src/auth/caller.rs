//! Judges access tokens: a good signature, then a live session of an active user, looked up at every request, so that a
//! logout holds from the next request on, on every instance. Counting the request may have looked it up by the way.

use std::pin::Pin;
use std::sync::Arc;

use super::store;
use crate::clock::SharedClock;
use crate::credentials::tokens::Tokens;
use crate::db::Database;
use crate::error::{Error, Result};
use crate::http::caller::{Authenticate, CurrentUser, Looked, SIGN_IN, Signed};

/// The judge of access tokens.
pub struct SessionAuthenticator {
    /// Where the sessions are.
    pub db: Database,
    /// The time.
    pub clock: SharedClock,
    /// Verifies the signatures.
    pub tokens: Arc<Tokens>,
}

impl Authenticate for SessionAuthenticator {
    fn authenticate<'a>(
        &'a self,
        token: &'a str,
        signed: Option<Signed>,
        looked: Option<&'a Looked>,
    ) -> Pin<Box<dyn Future<Output = Result<CurrentUser>> + Send + 'a>> {
        Box::pin(async move {
            let now = self.clock.now();
            let (id, session) = if let Some(Signed { user_id, session }) = signed {
                (user_id, session)
            } else {
                let claims = self.tokens.accept_access(token, now).await?;
                (claims.user_id, claims.session)
            };
            let live = match looked.filter(|looked| (looked.user_id, looked.session) == (id, session)) {
                Some(looked) => looked.live,
                None => store::find_live(&self.db, session, id, now).await?,
            };
            live.map(|versions| CurrentUser { id, session, versions }).ok_or(Error::Unauthorized(SIGN_IN))
        })
    }
}
