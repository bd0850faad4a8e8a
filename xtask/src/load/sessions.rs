//! Sessions without passwords, in a database of ours: thousands of logins would cost minutes of hashing.

use std::time::Duration;

use anyhow::{Result, ensure};
use handler::auth::rotation::session_expiry;
use handler::clock::{Clock as _, SystemClock};
use handler::credentials::keys::KeyRing;
use handler::credentials::refresh_secret::RefreshSecret;
use handler::credentials::tokens::Tokens;
use handler::db::{Database, DatabaseUrl, Query};
use handler::random::{OsRandomness, Randomness as _};
use handler::{params, query};
use load::crowd::chosen;
use load::user::Session;

use crate::server::{ACCESS_SECRET, REFRESH_SECRET};
use crate::world;

const INSERT_SESSION: Query = query!("insert_session");

/// What the handler is told that access tokens live, in minutes; the most that it takes.
pub(super) const ACCESS_MINUTES: &str = "60";
const ACCESS_TTL: Duration = Duration::from_hours(1);
/// How long sessions live without a refresh.
const REFRESH_TTL: Duration = Duration::from_hours(7 * 24);

/// Opens a session for `users` people of the world at `url`, as a login would; answers how many people the world has, too.
pub(super) fn open(url: &DatabaseUrl, users: u32, seed: u64) -> Result<(Vec<Session>, u32)> {
    let tokens = Tokens::new(
        KeyRing::new(&ACCESS_SECRET.into(), None)?,
        KeyRing::new(&REFRESH_SECRET.into(), None)?,
        ACCESS_TTL,
    );
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let db = Database::open(url, 2)?;
        let people = world::people(&db).await?;
        ensure!(
            users <= people,
            "{} has {people} people and not {users}: ask for fewer --users, or have seed-world make more",
            url.describe()
        );
        let now = SystemClock.now();
        let expires_at = session_expiry(now, now, REFRESH_TTL);
        let mut sessions = Vec::new();
        let mut tx = db.begin().await?;
        for person in chosen(users, people, seed) {
            let (user_id, id) = (i32::try_from(person)?, OsRandomness.uuid());
            let secret = RefreshSecret::random(&OsRandomness);
            let params = params![id, user_id, secret.fingerprint().to_vec(), "load", now, expires_at];
            tx.execute(INSERT_SESSION, params).await?;
            sessions.push(Session {
                email: world::email(person),
                access_token: tokens.issue_access(user_id, id, OsRandomness.uuid(), now)?,
                refresh_token: tokens.issue_refresh(user_id, id, &secret, now, expires_at)?,
                expires_in: ACCESS_TTL,
            });
        }
        tx.commit().await?;
        Ok((sessions, people))
    })
}
