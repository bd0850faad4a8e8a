//! Accounts and sessions in the database: one function a query.

use time::OffsetDateTime;
use uuid::Uuid;

use super::rotation::SessionState;
use super::throttle::WINDOW;
use crate::db::{Database, DbError, DbResult, Query, Row, page_of};
use crate::http::page::Page;
use crate::versions::Versions;
use crate::{params, query};

const CHANGE_PASSWORD: Query = query!("change_password", sqlite);
const END_OTHER_SESSIONS: Query = query!("end_other_sessions");
const END_SESSION: Query = query!("end_session");
const FIND_LOGIN: Query = query!("find_login");
const FIND_PASSWORD: Query = query!("find_password");
const FIND_SESSION: Query = query!("find_session");
const INSERT_FAILURE: Query = query!("insert_failure", sqlite);
const LIST_FAILURES: Query = query!("list_failures");
const LIST_SESSIONS: Query = query!("list_sessions", sqlite);
const LIVE_SESSION: Query = query!("live_session");
const OPEN_SESSION: Query = query!("open_session", sqlite);
const ROTATE_SESSION: Query = query!("rotate_session");

/// The most characters of a `User-Agent` that are kept.
const USER_AGENT_CHARS: usize = 256;

/// What a login needs to know of an account.
#[derive(Clone)]
pub struct LoginRow {
    /// The user's id.
    pub id: i32,
    /// The address as it was registered.
    pub email: String,
    /// The hash to verify against.
    pub password_hash: String,
    /// The name shown to others.
    pub display_name: String,
    /// A picture's address.
    pub profile_pic_url: Option<String>,
    /// The city they live in.
    pub home_city: Option<String>,
    /// The country they live in.
    pub home_country: Option<String>,
    /// Whether the account may be used.
    pub is_active: bool,
}

/// What a change of password needs to know of an account.
#[derive(Clone)]
pub struct PasswordRow {
    /// The address as it was registered.
    pub email: String,
    /// The name shown to others.
    pub display_name: String,
    /// The hash to verify against.
    pub password_hash: String,
}

/// A session that begins.
#[derive(Debug, Clone)]
pub struct NewSession<'a> {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub user_id: i32,
    /// Fingerprint of its first refresh secret.
    pub refresh_hash: [u8; 32],
    /// What the client calls itself.
    pub user_agent: Option<&'a str>,
    /// Now.
    pub created_at: OffsetDateTime,
    /// When it ends unless it is refreshed.
    pub expires_at: OffsetDateTime,
}

/// A session for a refresh.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// What the refresh depends on.
    pub state: SessionState,
    /// When it began.
    pub created_at: OffsetDateTime,
}

/// A session as its owner sees it.
#[derive(Debug, Clone)]
pub struct ListedSession {
    /// Its id.
    pub id: Uuid,
    /// When it began.
    pub created_at: OffsetDateTime,
    /// When it was opened or refreshed last.
    pub last_used_at: OffsetDateTime,
    /// When it ends unless it is refreshed.
    pub expires_at: OffsetDateTime,
    /// What the client called itself.
    pub user_agent: Option<String>,
}

/// Why a session ended, for the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// Its owner logged out.
    Logout,
    /// Its owner ended it from another one.
    Ended,
    /// The password was changed in another one.
    Password,
    /// A spent refresh token came back.
    Reuse,
}

impl EndReason {
    /// Its name, in the database and in the audit log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::Ended => "ended",
            Self::Password => "password",
            Self::Reuse => "reuse",
        }
    }
}

/// The account of an address, by the address's key.
pub async fn find_login(db: &Database, email_key: &str) -> DbResult<Option<LoginRow>> {
    let Some(row) = db.fetch_optional(FIND_LOGIN, params![email_key]).await? else { return Ok(None) };
    Ok(Some(LoginRow {
        id: row.get("id")?,
        email: row.get("email")?,
        password_hash: row.get("password_hash")?,
        display_name: row.get("display_name")?,
        profile_pic_url: row.get("profile_pic_url")?,
        home_city: row.get("home_city")?,
        home_country: row.get("home_country")?,
        is_active: row.get("is_active")?,
    }))
}

/// Begins a session by a login for this pair of account and address, keeps the second of the hashes in the place of the
/// first, which was verified, and forgets the failures of the pair. False, and nothing is written, if the user is not active
/// or has not that hash any more.
pub async fn open_session(
    db: &Database,
    session: &NewSession<'_>,
    (verified, renewed): (&str, &str),
    email_hash: [u8; 32],
    address: &str,
) -> DbResult<bool> {
    let user_agent = session.user_agent.map(|text| text.chars().take(USER_AGENT_CHARS).collect::<String>());
    let params = params![
        session.id,
        session.user_id,
        session.refresh_hash.to_vec(),
        user_agent,
        session.created_at,
        session.expires_at,
        verified,
        renewed,
        email_hash.to_vec(),
        address,
    ];
    Ok(db.execute_returning(OPEN_SESSION, params).await?.is_some())
}

/// The session `id`, if it is the user's.
pub async fn find_session(db: &Database, id: Uuid, user_id: i32) -> DbResult<Option<SessionRow>> {
    let Some(row) = db.fetch_optional(FIND_SESSION, params![id, user_id]).await? else { return Ok(None) };
    let created_at = row.get("created_at")?;
    let state = SessionState {
        refresh_hash: hash(row.get("refresh_hash")?)?,
        previous_hash: row.get::<Option<Vec<u8>>>("previous_hash")?.map(hash).transpose()?,
        rotated_at: row.get("rotated_at")?,
        expires_at: row.get("expires_at")?,
        ended: row.get("ended")?,
    };
    Ok(Some(SessionRow { state, created_at }))
}

/// Spends the refresh secret with the fingerprint `spent` for `next`; false if it is not the session's current one any
/// more, or the session has ended.
pub async fn rotate_session(
    db: &Database,
    id: Uuid,
    spent: [u8; 32],
    next: [u8; 32],
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> DbResult<bool> {
    let params = params![id, spent.to_vec(), next.to_vec(), now, expires_at];
    Ok(db.execute(ROTATE_SESSION, params).await? == 1)
}

/// The user's versions, if the session is good at `now`: the user's, neither ended nor expired, and the user active.
pub async fn find_live(db: &Database, id: Uuid, user_id: i32, now: OffsetDateTime) -> DbResult<Option<Versions>> {
    let row = db.look_up(LIVE_SESSION, params![id, user_id, now]).await?;
    row.as_ref().map_or(Ok(None), Versions::read)
}

/// Ends a live session of the user; false if there is none of that id.
pub async fn end_session(
    db: &Database,
    id: Uuid,
    user_id: i32,
    now: OffsetDateTime,
    reason: EndReason,
) -> DbResult<bool> {
    Ok(db.execute(END_SESSION, params![id, user_id, now, reason.as_str()]).await? == 1)
}

/// Ends all sessions of the user but `kept`; how many they were, with those that had expired unnoticed.
pub async fn end_other_sessions(
    db: &Database,
    user_id: i32,
    kept: Uuid,
    now: OffsetDateTime,
    reason: EndReason,
) -> DbResult<u64> {
    db.execute(END_OTHER_SESSIONS, params![user_id, kept, now, reason.as_str()]).await
}

/// A page of the user's live sessions, latest first, and how many there are in all.
pub async fn list_sessions(
    db: &Database,
    user_id: i32,
    now: OffsetDateTime,
    page: Page,
) -> DbResult<(Vec<ListedSession>, i64)> {
    let rows = db.fetch_all(LIST_SESSIONS, params![user_id, now, page.offset, page.limit]).await?;
    page_of(&rows, |row: &Row| {
        Ok(ListedSession {
            id: row.get("id")?,
            created_at: row.get("created_at")?,
            last_used_at: row.get("last_used_at")?,
            expires_at: row.get("expires_at")?,
            user_agent: row.get("user_agent")?,
        })
    })
}

/// The hash of an active user's password, with what a new one must not contain.
pub async fn find_password(db: &Database, user_id: i32) -> DbResult<Option<PasswordRow>> {
    let Some(row) = db.fetch_optional(FIND_PASSWORD, params![user_id]).await? else { return Ok(None) };
    Ok(Some(PasswordRow {
        email: row.get("email")?,
        display_name: row.get("display_name")?,
        password_hash: row.get("password_hash")?,
    }))
}

/// Replaces the hash that was `verified` and ends all sessions of the user but `kept`; how many they were, with those that
/// had expired unnoticed. `None`, and nothing is written, if the user is not active or has not that hash any more.
pub async fn change_password(
    db: &Database,
    user_id: i32,
    verified: &str,
    new: &str,
    kept: Uuid,
    now: OffsetDateTime,
) -> DbResult<Option<u64>> {
    let params = params![user_id, verified, new, kept, now, EndReason::Password.as_str()];
    let Some(row) = db.execute_returning(CHANGE_PASSWORD, params).await? else { return Ok(None) };
    Ok(Some(u64::try_from(row.get::<i64>("ended")?).unwrap_or_default()))
}

/// When logins for this pair failed within the window before `now`, oldest first.
pub async fn list_failures(
    db: &Database,
    email_hash: [u8; 32],
    address: &str,
    now: OffsetDateTime,
) -> DbResult<Vec<OffsetDateTime>> {
    let rows = db.fetch_all(LIST_FAILURES, params![email_hash.to_vec(), address, now - WINDOW]).await?;
    rows.iter().map(|row| Ok(row.get("failed_at")?)).collect()
}

/// Remembers a failed login, and forgets some that are too old to count.
pub async fn insert_failure(db: &Database, email_hash: [u8; 32], address: &str, now: OffsetDateTime) -> DbResult<()> {
    db.execute(INSERT_FAILURE, params![email_hash.to_vec(), address, now, now - WINDOW]).await.map(drop)
}

fn hash(bytes: Vec<u8>) -> DbResult<[u8; 32]> {
    bytes.try_into().map_err(|_| DbError::from(anyhow::anyhow!("a stored hash that has not 32 bytes")))
}
