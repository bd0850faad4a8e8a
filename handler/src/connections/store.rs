//! Connections in the database: one function a query.

use anyhow::Context as _;
use time::{Date, OffsetDateTime};

use super::friends::{Friend, Stay, Whereabouts};
use super::rules::{Connection, PendingRequest, RequestStatus};
use crate::causes::{self, AT_ONCE, Cause};
use crate::db::{Database, DbError, DbResult, Param, Query, Row, UniqueKey, page_of};
use crate::http::page::Page;
use crate::notifications::rules::Notice;
use crate::users::summary::UserSummary;
use crate::{params, query};

const CHANGE: Query = query!("change");
const CHANGE_AND_TELL: Query = query!("change_and_tell", sqlite);
const DELETE: Query = query!("delete");
const FIND: Query = query!("find");
const FIND_BETWEEN: Query = query!("find_between");
const INSERT: Query = query!("insert", sqlite);
const LIST: Query = query!("list", sqlite);
const LIST_RECEIVED: Query = query!("list_received", sqlite);
const LIST_SENT: Query = query!("list_sent", sqlite);

const PAIR_TAKEN: UniqueKey = UniqueKey {
    constraint: "uq_connections_pair",
    sqlite_columns: "connections.user_low_id, connections.user_high_id",
};
/// The specification's own key, which holds less than the one of the pair and may be found violated first.
const REQUEST_TAKEN: UniqueKey = UniqueKey {
    constraint: "unique_connection",
    sqlite_columns: "connections.requester_user_id, connections.receiver_user_id",
};

/// Two active people of whom one asks the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Between {
    /// The one who asks.
    pub requester: UserSummary,
    /// The one who is asked.
    pub receiver: UserSummary,
    /// What there is between them, whoever asked then.
    pub present: Option<Connection>,
}

/// The connection `id` if `member` is one of the two and both are active.
pub async fn find(db: &Database, id: i32, member: i32) -> DbResult<Option<Connection>> {
    db.fetch_optional(FIND, params![id, member]).await?.as_ref().map(connection).transpose()
}

/// The two people of a request, if both are active, with what there is between them.
pub async fn find_between(db: &Database, requester: i32, receiver: i32) -> DbResult<Option<Between>> {
    let (low, high) = (requester.min(receiver), requester.max(receiver));
    let row = db.fetch_optional(FIND_BETWEEN, params![requester, receiver, low, high]).await?;
    row.as_ref().map(between).transpose()
}

/// Adds a pending request and writes the notification of it, about the connection that it is; answers its id, or `None`, and
/// nothing is written, if there is something between the two already.
pub async fn insert(
    db: &Database,
    requester: i32,
    receiver: i32,
    notice: &Notice,
    now: OffsetDateTime,
) -> DbResult<Option<i32>> {
    let (low, high) = (requester.min(receiver), requester.max(receiver));
    let (kind, message) = (notice.kind().as_str(), notice.message());
    let params = params![requester, receiver, low, high, now, notice.receiver(), kind, message];
    match db.execute_returning(INSERT, params).await {
        Ok(row) => Ok(Some(row.context("a connection without an id")?.get("id")?)),
        Err(error) if error.violates(&PAIR_TAKEN) || error.violates(&REQUEST_TAKEN) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes of a connection that was `seen` what it becomes. False, and nothing is written, if it is not so any more.
pub async fn change(db: &Database, seen: &Connection, changed: &Connection) -> DbResult<bool> {
    Ok(db.execute(CHANGE, change_of(seen, changed)).await? == 1)
}

/// As [`change`], and writes with it the notification that tells of it and the causes of matches that come of it.
pub async fn change_and_tell(
    db: &Database,
    seen: &Connection,
    changed: &Connection,
    notice: &Notice,
    causes: &[Cause],
) -> DbResult<bool> {
    let mut params = change_of(seen, changed);
    params.extend(params![
        notice.receiver(),
        notice.kind().as_str(),
        notice.message(),
        notice.related_entity_id(),
        causes::list(causes),
        AT_ONCE,
    ]);
    Ok(db.execute_returning(CHANGE_AND_TELL, params).await?.is_some())
}

/// Removes a connection that was `seen`. False, and nothing is removed, if it is not so any more.
pub async fn delete(db: &Database, seen: &Connection) -> DbResult<bool> {
    Ok(db.execute(DELETE, as_seen(seen)).await? == 1)
}

/// A page of the people whom the user is connected with, by name, with where they are `today`; and how many they are in
/// all.
pub async fn list(db: &Database, user_id: i32, today: Date, page: Page) -> DbResult<(Vec<Friend>, i64)> {
    page_of(&db.fetch_all(LIST, params![user_id, today, page.offset, page.limit]).await?, friend)
}

/// A page of the requests that wait for the user's answer, newest first, and how many there are in all.
pub async fn list_received(db: &Database, user_id: i32, page: Page) -> DbResult<(Vec<PendingRequest>, i64)> {
    page_of(&db.fetch_all(LIST_RECEIVED, params![user_id, page.offset, page.limit]).await?, pending)
}

/// A page of the user's own requests that wait for an answer, newest first, and how many there are in all.
pub async fn list_sent(db: &Database, user_id: i32, page: Page) -> DbResult<(Vec<PendingRequest>, i64)> {
    page_of(&db.fetch_all(LIST_SENT, params![user_id, page.offset, page.limit]).await?, pending)
}

/// By what a connection is known to be as it was. Who was asked follows from who did, and when that was from the rest.
fn as_seen(Connection { id, status, requester, updated_at, .. }: &Connection) -> Vec<Param> {
    params![*id, status.as_str(), requester.id, *updated_at]
}

fn change_of(seen: &Connection, changed: &Connection) -> Vec<Param> {
    let Connection { status, requester, receiver, created_at, updated_at, .. } = changed;
    let mut params = as_seen(seen);
    params.extend(params![requester.id, receiver.id, status.as_str(), *created_at, *updated_at]);
    params
}

fn between(row: &Row) -> DbResult<Between> {
    let (requester, receiver) = (UserSummary::from_row(row, "requester")?, UserSummary::from_row(row, "receiver")?);
    let present = if row.is_null("id")? {
        None
    } else {
        let asked_before: i32 = row.get("asked_before_id")?;
        let in_order = asked_before == requester.id;
        let (first, second) = if in_order { (&requester, &receiver) } else { (&receiver, &requester) };
        Some(Connection {
            id: row.get("id")?,
            status: status(row)?,
            requester: first.clone(),
            receiver: second.clone(),
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
        })
    };
    Ok(Between { requester, receiver, present })
}

fn connection(row: &Row) -> DbResult<Connection> {
    Ok(Connection {
        id: row.get("id")?,
        status: status(row)?,
        requester: UserSummary::from_row(row, "requester")?,
        receiver: UserSummary::from_row(row, "receiver")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

fn pending(row: &Row) -> DbResult<PendingRequest> {
    Ok(PendingRequest {
        id: row.get("id")?,
        status: status(row)?,
        user: UserSummary::from_row(row, "user")?,
        created_at: row.get("created_at")?,
    })
}

fn friend(row: &Row) -> DbResult<Friend> {
    let user = UserSummary::from_row(row, "user")?;
    let stay = match row.get("city")? {
        Some(city) => Some(Stay { city, country: row.get("country")?, until: row.get("end_date")? }),
        None => None,
    };
    let whereabouts = Whereabouts::of(&user, stay, row.get("next_start")?);
    Ok(Friend { id: row.get("id")?, user, connected_since: row.get("connected_since")?, whereabouts })
}

fn status(row: &Row) -> DbResult<RequestStatus> {
    let name: String = row.get("status")?;
    RequestStatus::parse(&name).ok_or_else(|| DbError::from(anyhow::anyhow!("a connection of an unknown status")))
}
