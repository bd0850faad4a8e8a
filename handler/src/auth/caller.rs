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
            let signed = if let Some(signed) = signed {
                signed
            } else {
                let claims = self.tokens.accept_access(token, now).await?;
                Signed { user_id: claims.user_id, session: claims.session }
            };
            let live = match looked.filter(|looked| looked.at == signed) {
                Some(looked) => looked.live,
                None => store::find_live(&self.db, signed.session, signed.user_id, now).await?,
            };
            let caller = |versions| CurrentUser { id: signed.user_id, session: signed.session, versions };
            live.map(caller).ok_or(Error::Unauthorized(SIGN_IN))
        })
    }
}
