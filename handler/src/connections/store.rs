//! Connections in the database: one function a query.

use time::{Date, OffsetDateTime};

use super::friends::{Friend, Stay, Whereabouts};
use super::rules::{Connection, PendingRequest, RequestStatus};
use crate::db::{Database, DbError, DbResult, Query, Row, Tx, UniqueKey, page_of};
use crate::http::page::Page;
use crate::users::summary::UserSummary;
use crate::{params, query};

const DELETE: Query = query!("delete");
const FIND: Query = query!("find");
const FIND_PEOPLE: Query = query!("find_people");
const INSERT: Query = query!("insert", sqlite);
const LIST: Query = query!("list", sqlite);
const LIST_RECEIVED: Query = query!("list_received", sqlite);
const LIST_SENT: Query = query!("list_sent", sqlite);
const LOCK: Query = query!("lock");
const LOCK_PAIR: Query = query!("lock_pair", sqlite);
const UPDATE: Query = query!("update");

const PAIR_TAKEN: UniqueKey = UniqueKey {
    constraint: "uq_connections_pair",
    sqlite_columns: "connections.user_low_id, connections.user_high_id",
};
/// The specification's own key, which holds less than the one of the pair and may be found violated first.
const REQUEST_TAKEN: UniqueKey = UniqueKey {
    constraint: "unique_connection",
    sqlite_columns: "connections.requester_user_id, connections.receiver_user_id",
};

/// The two people of a request, both active: the one who asks and the one who is asked.
pub async fn find_people(tx: &mut Tx, requester: i32, receiver: i32) -> DbResult<Option<(UserSummary, UserSummary)>> {
    let Some(row) = tx.fetch_optional(FIND_PEOPLE, params![requester, receiver]).await? else { return Ok(None) };
    Ok(Some((UserSummary::from_row(&row, "requester")?, UserSummary::from_row(&row, "receiver")?)))
}

/// What there is between two active people, in whichever order they are given; held until the end of the transaction.
pub async fn find_pair_for_update(tx: &mut Tx, one: i32, other: i32) -> DbResult<Option<Connection>> {
    let Some(held) = tx.fetch_optional(LOCK_PAIR, params![one.min(other), one.max(other)]).await? else {
        // What appears only now is not held: the insert will come upon it.
        return Ok(None);
    };
    find(tx, held.get("id")?).await
}

/// The connection `id` if `member` is one of the two and both are active; held until the end of the transaction.
pub async fn find_for_update(tx: &mut Tx, id: i32, member: i32) -> DbResult<Option<Connection>> {
    match tx.execute(LOCK, params![id, member]).await? {
        0 => Ok(None),
        _ => find(tx, id).await,
    }
}

/// Adds a pending request; answers its id, or `None` if there is something between the two already. After a `None` the
/// transaction is good for nothing.
pub async fn insert(tx: &mut Tx, requester: i32, receiver: i32, now: OffsetDateTime) -> DbResult<Option<i32>> {
    let (low, high) = (requester.min(receiver), requester.max(receiver));
    match tx.fetch_one(INSERT, params![requester, receiver, low, high, now]).await {
        Ok(row) => Ok(Some(row.get("id")?)),
        Err(error) if error.violates(&PAIR_TAKEN) || error.violates(&REQUEST_TAKEN) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes back a connection that was found for update.
pub async fn update(tx: &mut Tx, connection: &Connection) -> DbResult<()> {
    let Connection { id, status, requester, receiver, created_at, updated_at } = connection;
    let params = params![*id, requester.id, receiver.id, status.as_str(), *created_at, *updated_at];
    tx.execute(UPDATE, params).await.map(drop)
}

/// Removes a connection that was found for update.
pub async fn delete(tx: &mut Tx, id: i32) -> DbResult<()> {
    tx.execute(DELETE, params![id]).await.map(drop)
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

async fn find(tx: &mut Tx, id: i32) -> DbResult<Option<Connection>> {
    tx.fetch_optional(FIND, params![id]).await?.as_ref().map(connection).transpose()
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
