//! Changes of what is a user's own: the profile, the plans.

use super::store;
use crate::db::Database;
use crate::error::{Error, Result};
use crate::http::caller::{CurrentUser, SIGN_IN};
use crate::overtaken;
use crate::versions::Versions;

/// What `attempt` comes to: it reads, decides and writes, unless the version that it needs of these has moved on meanwhile;
/// then it answers `None`, and is asked again with the present versions. The first are those of the session, which were read
/// before anything else. Refuses as [`overtaken::unless`] does, and with [`Error::Unauthorized`] whoever is not active any
/// more.
pub async fn of_ones_own<T, F: Future<Output = Result<Option<T>>>>(
    db: &Database,
    caller: &CurrentUser,
    attempt: impl Fn(Versions) -> F,
) -> Result<T> {
    overtaken::unless(|number| {
        let attempt = &attempt;
        async move {
            let versions = if number == 0 {
                caller.versions
            } else {
                store::find_versions(db, caller.id).await?.ok_or(Error::Unauthorized(SIGN_IN))?
            };
            attempt(versions).await
        }
    })
    .await
}
