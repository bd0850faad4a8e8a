//! The work of the match scan in the database: one function a query.

use std::collections::BTreeSet;

use serde_json::json;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::rules::{Meeting, MeetingKey, Stay, With};
use crate::db::{Database, DbResult, Param, Query, Row, Tx};
use crate::travels::dates::DateRange;
use crate::{params, query};

const BACKLOG: Query = query!("backlog");
const CLAIM_AGAIN: Query = query!("claim_again", sqlite);
const CLAIM_NEW: Query = query!("claim_new", sqlite);
const FIND_MEETINGS: Query = query!("find_meetings");
const FINISH: Query = query!("finish");
const INSERT_TOLD: Query = query!("insert_told", sqlite);
const LOCK_CONNECTIONS: Query = query!("lock_connections", sqlite);
const LOCK_USERS: Query = query!("lock_users", sqlite);
const RELEASE: Query = query!("release");

/// A cause that a scan has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The cause's id.
    pub id: i64,
    /// `plan`, `home` or `pair`.
    pub kind: String,
    /// Whose plan, home or connection it is.
    pub user_id: i32,
    /// The plan, the other user, or 0.
    pub other_id: i32,
    /// How often it was taken, this time included.
    pub attempts: i32,
}

/// How much there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Causes that no scan has finished yet.
    pub waiting: i64,
    /// When the oldest of them was written.
    pub oldest: Option<OffsetDateTime>,
    /// Causes that no scan takes any more, because they failed too often.
    pub set_aside: i64,
}

/// Takes up to `most` of the causes that no scan has begun with, the oldest ones, for the scan `lease` until `until`.
pub async fn claim_new(
    tx: &mut Tx,
    most: i32,
    lease: Uuid,
    until: OffsetDateTime,
    now: OffsetDateTime,
) -> DbResult<Vec<Claimed>> {
    tx.fetch_all(CLAIM_NEW, params![most, lease, until, now]).await?.iter().map(claimed).collect()
}

/// Takes one cause that was begun with and not finished, for the scan `lease` until `until`. It is due when its time has come,
/// or if its time lies after `horizon`, further ahead than any scan sets it.
pub async fn claim_again(
    tx: &mut Tx,
    lease: Uuid,
    until: OffsetDateTime,
    now: OffsetDateTime,
    horizon: OffsetDateTime,
) -> DbResult<Option<Claimed>> {
    tx.fetch_optional(CLAIM_AGAIN, params![lease, until, now, horizon]).await?.as_ref().map(claimed).transpose()
}

/// All matches around the causes of `lease` that hold at this moment and are not past on the day `today`.
pub async fn find_meetings(tx: &mut Tx, lease: Uuid, today: Date) -> DbResult<Vec<Meeting>> {
    tx.fetch_all(FIND_MEETINGS, params![lease, today]).await?.iter().map(meeting).collect()
}

/// Holds the connections of these pairs of users, then the users, until the end of the transaction. Answers the pairs that
/// have a connection to hold, the lower user first: between others one may come up at any time.
pub async fn lock(tx: &mut Tx, pairs: &[(i32, i32)]) -> DbResult<BTreeSet<(i32, i32)>> {
    let ordered = pairs.iter().map(|&(one, other)| json!({ "low": one.min(other), "high": one.max(other) }));
    let rows = tx.fetch_all(LOCK_CONNECTIONS, params![Param::list(ordered)]).await?;
    let users: BTreeSet<i32> = pairs.iter().flat_map(|&(one, other)| [one, other]).collect();
    tx.execute(LOCK_USERS, params![Param::list(users)]).await?;
    rows.iter().map(|row| Ok((row.get("user_low_id")?, row.get("user_high_id")?))).collect()
}

/// Notes who was told of which match, for ever.
pub async fn insert_told(tx: &mut Tx, told: &[(i32, &MeetingKey)], now: OffsetDateTime) -> DbResult<()> {
    let rows = told.iter().map(|(user_id, key)| {
        let MeetingKey { plan_id, other_plan_id, home_user_id, city_key, country_key } = key;
        json!({
            "user_id": user_id, "plan_id": plan_id, "other_plan_id": other_plan_id, "home_user_id": home_user_id,
            "city_key": city_key, "country_key": country_key,
        })
    });
    tx.execute(INSERT_TOLD, params![Param::list(rows), now]).await.map(drop)
}

/// Removes the causes of `lease`; answers how many there were.
pub async fn finish(tx: &mut Tx, lease: Uuid) -> DbResult<u64> {
    tx.execute(FINISH, params![lease]).await
}

/// Gives the causes of `lease` back, with `uncounted` attempts less, not to be taken before `due_at`, or never again; `error`
/// says what went wrong, in at most 500 characters.
pub async fn release(
    db: &Database,
    lease: Uuid,
    uncounted: i32,
    due_at: Option<OffsetDateTime>,
    error: &str,
) -> DbResult<u64> {
    db.execute(RELEASE, params![lease, uncounted, due_at, error]).await
}

/// How much there is to do.
pub async fn backlog(db: &Database) -> DbResult<Backlog> {
    let rows = db.fetch_all(BACKLOG, Vec::new()).await?;
    let row = rows.first().ok_or_else(|| anyhow::anyhow!("the backlog was not counted"))?;
    Ok(Backlog { waiting: row.get("waiting")?, oldest: row.get("oldest")?, set_aside: row.get("set_aside")? })
}

fn claimed(row: &Row) -> DbResult<Claimed> {
    Ok(Claimed {
        id: row.get("id")?,
        kind: row.get("kind")?,
        user_id: row.get("user_id")?,
        other_id: row.get("other_id")?,
        attempts: row.get("attempts")?,
    })
}

fn meeting(row: &Row) -> DbResult<Meeting> {
    let home_user_id: i32 = row.get("home_user_id")?;
    let name = row.get("other_display_name")?;
    let user_id = row.get("other_user_id")?;
    let with = if home_user_id == 0 {
        let days = DateRange::stored(row.get("other_start_date")?, row.get("other_end_date")?);
        With::Plan(Stay { user_id, name, city: row.get("other_city")?, days })
    } else {
        With::Home { user_id, name, city: row.get("home_city")? }
    };
    Ok(Meeting {
        key: MeetingKey {
            plan_id: row.get("plan_id")?,
            other_plan_id: row.get("other_plan_id")?,
            home_user_id,
            city_key: row.get("city_key")?,
            country_key: row.get("country_key")?,
        },
        stay: Stay {
            user_id: row.get("user_id")?,
            name: row.get("display_name")?,
            city: row.get("city")?,
            days: DateRange::stored(row.get("start_date")?, row.get("end_date")?),
        },
        was_told: row.get("was_told")?,
        with,
        other_was_told: row.get("other_was_told")?,
    })
}
