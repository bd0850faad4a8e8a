//! The counts that all instances share: one function a query.

use std::time::Duration;

use time::OffsetDateTime;

use super::rules::{Counted, LONGEST, WINDOW};
use crate::db::{Database, DbResult, Query, UniqueKey};
use crate::{params, query};

const BEGIN_WINDOW: Query = query!("begin_window");
const COUNT: Query = query!("count", sqlite);
const DELETE_ENDED: Query = query!("delete_ended", sqlite);

/// A bucket has one row.
const BUCKET_TAKEN: UniqueKey = UniqueKey { constraint: "pk_rate_windows", sqlite_columns: "rate_windows.bucket" };
/// How often it is tried to find the row or to make it. One that is not there when it is looked for and there when it is
/// made was made by another; that it is cleaned away again in between, again and again, does not happen.
const TRIES: usize = 3;

/// The most rows that one [`delete_ended`] deletes.
pub const SWEPT_AT_ONCE: u64 = 1_000;
/// How long a window is kept that has ended. Nobody needs it; but one that a client begins anew costs less than a new row.
pub const KEPT: Duration = Duration::from_hours(1);

/// Counts `hits` more requests in `bucket` at `now`, in its window or in a new one, in one statement. However many do so at
/// once, each is told another number.
pub async fn count(db: &Database, bucket: &str, hits: u32, now: OffsetDateTime) -> DbResult<Counted> {
    let added = i32::try_from(hits).unwrap_or(i32::MAX);
    // As the database will tell it to the next one.
    let end = now + WINDOW;
    let ends_at = end.replace_microsecond(end.microsecond()).unwrap_or(end);
    let mut last = None;
    for _ in 0..TRIES {
        let params = params![bucket, added, now, ends_at, now + LONGEST];
        if let Some(row) = db.execute_returning(COUNT, params).await? {
            let hits = u32::try_from(row.get::<i32>("hits")?).unwrap_or_default();
            return Ok(Counted { hits, ends_at: row.get("ends_at")? });
        }
        match db.execute(BEGIN_WINDOW, params![bucket, added, ends_at]).await {
            Ok(_) => return Ok(Counted { hits, ends_at }),
            Err(taken) if taken.violates(&BUCKET_TAKEN) => last = Some(taken),
            Err(other) => return Err(other),
        }
    }
    Err(last.unwrap_or_else(|| anyhow::anyhow!("a window was neither found nor made").into()))
}

/// Deletes windows that ended at `before` or earlier, at most [`SWEPT_AT_ONCE`] of them; answers how many.
pub async fn delete_ended(db: &Database, before: OffsetDateTime) -> DbResult<u64> {
    db.execute(DELETE_ENDED, params![before]).await
}
