//! The counts that all instances share: one function a query.

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use super::rules::{Counted, LONGEST, Standing, Verdict, WINDOW};
use crate::db::{Database, DbError, DbResult, Param, Query, Row, UniqueKey};
use crate::versions::Versions;
use crate::{params, query};

const COUNT: Query = query!("count", sqlite);
const COUNT_AND_LOOK: Query = query!("count_and_look", sqlite);
const DELETE_ENDED: Query = query!("delete_ended", sqlite);
const FIND_FULL: Query = query!("find_full");
const TAKE: Query = query!("take", sqlite);

/// A bucket has one row.
const BUCKET_TAKEN: UniqueKey = UniqueKey { constraint: "pk_rate_windows", sqlite_columns: "rate_windows.bucket" };
/// How often it is tried to find the row or to make it. One that is not there when it is looked for and there when it is
/// made was made by another; that it is cleaned away again in between, again and again, does not happen.
const TRIES: usize = 3;

/// The most rows that one [`delete_ended`] deletes.
pub const SWEPT_AT_ONCE: u64 = 1_000;
/// How long a window is kept that has ended. Nobody needs it; but one that a client begins anew costs less than a new row.
pub const KEPT: Duration = Duration::from_hours(1);

/// Lets one more request of `bucket` through at `now` if fewer than `limit` were let through in its window, or in a new
/// window. However many try at once, so many are let through and no more: the statement's own condition sees to that.
pub async fn take(db: &Database, bucket: &str, limit: u32, now: OffsetDateTime) -> DbResult<Verdict> {
    let most = i32::try_from(limit).unwrap_or(i32::MAX);
    for _ in 0..TRIES {
        let params = params![bucket, most, now, end_of_window(now), now + LONGEST];
        if let Some(row) = row_of(db, TAKE, params).await? {
            let standing = counted(&row)?.standing(limit);
            return Ok(Verdict { admitted: true, standing });
        }
        if let Some(row) = db.fetch_optional(FIND_FULL, params![bucket, most, now, now + LONGEST]).await? {
            let standing = Standing::after(limit, limit, row.get("ends_at")?);
            return Ok(Verdict { admitted: false, standing });
        }
    }
    Err(elusive())
}

/// Counts `hits` more requests in `bucket` at `now`, in its window or in a new one, whatever was counted before.
pub async fn count(db: &Database, bucket: &str, hits: u32, now: OffsetDateTime) -> DbResult<Counted> {
    let added = i32::try_from(hits).unwrap_or(i32::MAX);
    for _ in 0..TRIES {
        let params = params![bucket, added, now, end_of_window(now), now + LONGEST];
        if let Some(row) = row_of(db, COUNT, params).await? {
            return counted(&row);
        }
    }
    Err(elusive())
}

/// Does the same and looks at a session by the way: answers its user's versions too, if it is good at `now`.
pub async fn count_and_look(
    db: &Database,
    bucket: &str,
    hits: u32,
    now: OffsetDateTime,
    (session, user_id): (Uuid, i32),
) -> DbResult<(Counted, Option<Versions>)> {
    let added = i32::try_from(hits).unwrap_or(i32::MAX);
    for _ in 0..TRIES {
        let params = params![bucket, added, now, end_of_window(now), now + LONGEST, session, user_id];
        if let Some(row) = row_of(db, COUNT_AND_LOOK, params).await? {
            return Ok((counted(&row)?, Versions::read(&row)?));
        }
    }
    Err(elusive())
}

/// The bucket's row as a statement leaves it that counts, or makes the row; nothing if it let nobody in, or if another has made
/// the row since it was looked for.
async fn row_of(db: &Database, counting: Query, params: Vec<Param>) -> DbResult<Option<Row>> {
    match db.execute_returning(counting, params).await {
        Err(taken) if taken.violates(&BUCKET_TAKEN) => Ok(None),
        answer => answer,
    }
}

/// As the database will tell it to the next one: in whole microseconds.
fn end_of_window(now: OffsetDateTime) -> OffsetDateTime {
    let end = now + WINDOW;
    end.replace_microsecond(end.microsecond()).unwrap_or(end)
}

fn counted(row: &Row) -> DbResult<Counted> {
    let hits = u32::try_from(row.get::<i32>("hits")?).unwrap_or_default();
    Ok(Counted { hits, ends_at: row.get("ends_at")? })
}

fn elusive() -> DbError {
    anyhow::anyhow!("a window was neither found nor made").into()
}

/// Deletes windows that ended at `before` or earlier, at most [`SWEPT_AT_ONCE`] of them; answers how many.
pub async fn delete_ended(db: &Database, before: OffsetDateTime) -> DbResult<u64> {
    db.execute(DELETE_ENDED, params![before]).await
}
