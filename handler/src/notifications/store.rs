//! Notifications in the database: one function a query.

use time::OffsetDateTime;

use super::rules::{Kind, Notice};
use crate::db::{Database, DbError, DbResult, Param, Query, Row, Tx, page_of};
use crate::http::page::Page;
use crate::{params, query};

const COUNT_UNREAD: Query = query!("count_unread");
const INSERT_ALL: Query = query!("insert_all", sqlite);
const LIST: Query = query!("list", sqlite);
const MARK_ALL_READ: Query = query!("mark_all_read", sqlite);
const MARK_READ: Query = query!("mark_read", sqlite);

/// A notification as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationRow {
    /// Its id.
    pub id: i32,
    /// What it is about.
    pub kind: Kind,
    /// What it says.
    pub message: String,
    /// The connection or the plan that it is about.
    pub related_entity_id: Option<i32>,
    /// Whether it was read.
    pub is_read: bool,
    /// When it was written.
    pub created_at: OffsetDateTime,
}

/// Which notifications to list; without a condition, all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Filter {
    /// Only those that were read, or only those that were not.
    pub is_read: Option<bool>,
    /// Only those of this kind.
    pub kind: Option<Kind>,
}

/// Writes many notifications at once, in the transaction that causes them.
pub async fn insert_all(tx: &mut Tx, notices: impl Iterator<Item = &Notice>, now: OffsetDateTime) -> DbResult<()> {
    let rows = notices.map(|notice| {
        serde_json::json!({
            "user_id": notice.receiver(), "kind": notice.kind().as_str(), "message": notice.message(),
            "related": notice.related_entity_id(),
        })
    });
    tx.execute(INSERT_ALL, params![Param::list(rows), now]).await.map(drop)
}

/// A page of the user's notifications, newest first, and how many there are in all.
pub async fn list(db: &Database, user_id: i32, filter: Filter, page: Page) -> DbResult<(Vec<NotificationRow>, i64)> {
    let params = params![user_id, filter.is_read, filter.kind.map(Kind::as_str), page.offset, page.limit];
    page_of(&db.fetch_all(LIST, params).await?, notification)
}

/// Marks the notification `id` as read and returns it, if it is the user's. One that was read before stays so.
pub async fn mark_read(db: &Database, id: i32, user_id: i32) -> DbResult<Option<NotificationRow>> {
    db.execute_returning(MARK_READ, params![id, user_id]).await?.as_ref().map(notification).transpose()
}

/// Marks all of the user's notifications as read; answers how many were not before.
pub async fn mark_all_read(db: &Database, user_id: i32) -> DbResult<u64> {
    let row = db.execute_returning(MARK_ALL_READ, params![user_id]).await?;
    let updated: i64 = row.map(|row| row.get("updated")).transpose()?.unwrap_or_default();
    Ok(u64::try_from(updated).unwrap_or_default())
}

/// How many of the user's notifications were not read.
pub async fn count_unread(db: &Database, user_id: i32) -> DbResult<i64> {
    let row = db.fetch_optional(COUNT_UNREAD, params![user_id]).await?;
    Ok(row.map(|row| row.get("number")).transpose()?.unwrap_or(0))
}

fn notification(row: &Row) -> DbResult<NotificationRow> {
    let kind: String = row.get("type")?;
    Ok(NotificationRow {
        id: row.get("id")?,
        kind: Kind::parse(&kind).map_err(|_| DbError::from(anyhow::anyhow!("a notification of an unknown type")))?,
        message: row.get("message")?,
        related_entity_id: row.get("related_entity_id")?,
        is_read: row.get("is_read")?,
        created_at: row.get("created_at")?,
    })
}
