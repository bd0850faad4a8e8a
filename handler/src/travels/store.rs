//! Travel plans in the database: one function a query.

use anyhow::{Context as _, anyhow};
use time::OffsetDateTime;

use super::dates::DateRange;
use super::rules::{Description, Order, Standing, Travel, Window};
use crate::causes::{self, AT_ONCE, Cause};
use crate::db::{Database, DbResult, Query, Row, page_of};
use crate::http::page::Page;
use crate::place::Place;
use crate::users;
use crate::users::rules::ConnectionStatus;
use crate::users::summary::UserSummary;
use crate::{params, query};

const INSERT: Query = query!("insert", sqlite);
const FIND: Query = query!("find");
const UPDATE: Query = query!("update", sqlite);
const DELETE: Query = query!("delete", sqlite);
const LIST_SOONEST_FIRST: Query = query!("list_soonest_first", sqlite);
const LIST_LATEST_FIRST: Query = query!("list_latest_first", sqlite);
const LIST_OF_USER_SOONEST_FIRST: Query = query!("list_of_user_soonest_first", sqlite);
const LIST_OF_USER_LATEST_FIRST: Query = query!("list_of_user_latest_first", sqlite);
const FRIENDS_SOONEST_FIRST: Query = query!("friends_soonest_first", sqlite);
const FRIENDS_LATEST_FIRST: Query = query!("friends_latest_first", sqlite);
const FRIENDS_IN_COUNTRY_SOONEST_FIRST: Query = query!("friends_in_country_soonest_first", sqlite);
const FRIENDS_IN_COUNTRY_LATEST_FIRST: Query = query!("friends_in_country_latest_first", sqlite);
const FRIENDS_IN_CITY_SOONEST_FIRST: Query = query!("friends_in_city_soonest_first", sqlite);
const FRIENDS_IN_CITY_LATEST_FIRST: Query = query!("friends_in_city_latest_first", sqlite);

/// A plan as the database holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TravelRow {
    /// The plan's id.
    pub id: i32,
    /// The owner's id.
    pub user_id: i32,
    /// Where to.
    pub city: String,
    /// In which country that is.
    pub country: String,
    /// The days there.
    pub dates: DateRange,
    /// What else there is to say.
    pub description: Option<String>,
    /// When it was written down.
    pub created_at: OffsetDateTime,
    /// When it changed last.
    pub updated_at: OffsetDateTime,
}

impl TravelRow {
    /// Whether both are stays in the same place, spelt alike, on the same days.
    #[must_use]
    pub fn is_same_stay(&self, other: &Self) -> bool {
        (&self.city, &self.country, self.dates) == (&other.city, &other.country, other.dates)
    }
}

/// Where the plans of a list lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Destination<'a> {
    /// The key of the only city, if there is one: see [`Place::city_key`].
    pub city_key: Option<&'a str>,
    /// The key of the only country, if there is one: see [`country_key`](crate::place::country_key).
    pub country_key: Option<&'a str>,
}

/// Adds a plan of `owner`'s and notes it as a cause of matches; answers its id.
pub async fn insert(db: &Database, owner: i32, travel: &Travel, now: OffsetDateTime) -> DbResult<i32> {
    let place = Place::new(travel.city.as_str(), Some(travel.country.as_str()));
    let params = params![
        owner,
        travel.city.as_str(),
        travel.country.as_str(),
        place.city_key(),
        place.country_key(),
        travel.dates.start(),
        travel.dates.end(),
        travel.description.as_ref().map(Description::as_str),
        now,
        causes::PLAN,
        AT_ONCE,
    ];
    let row = db.execute_returning(INSERT, params).await?.context("a plan without an id")?;
    Ok(row.get("id")?)
}

/// The plan `id` and how `viewer` stands to it, a stranger's included; `None` if there is no such plan or its owner is not
/// active.
pub async fn find(db: &Database, id: i32, viewer: i32) -> DbResult<Option<(TravelRow, Standing)>> {
    db.fetch_optional(FIND, params![id, viewer]).await?.as_ref().map(seen).transpose()
}

/// Writes back a plan that was found when its owner's plans had the version `seen`, or later, and notes the causes of
/// matches that come of it. False, and nothing is written, if they have another version now.
pub async fn update(db: &Database, travel: &TravelRow, seen: i32, causes: &[Cause]) -> DbResult<bool> {
    let place = Place::new(&travel.city, Some(&travel.country));
    let params = params![
        travel.user_id,
        seen,
        travel.id,
        travel.city.as_str(),
        travel.country.as_str(),
        place.city_key(),
        place.country_key(),
        travel.dates.start(),
        travel.dates.end(),
        travel.description.as_deref(),
        travel.updated_at,
        causes::list(causes),
        AT_ONCE,
    ];
    Ok(db.execute_returning(UPDATE, params).await?.is_some())
}

/// Removes a plan of `owner`'s and notes the causes of matches that come of it. False, and nothing is written, if the owner
/// has no such plan or is not active.
pub async fn delete(db: &Database, id: i32, owner: i32, now: OffsetDateTime, causes: &[Cause]) -> DbResult<bool> {
    let params = params![owner, id, now, causes::list(causes), AT_ONCE];
    Ok(db.execute_returning(DELETE, params).await?.is_some())
}

/// A page of `owner`'s plans within `window`, and how many there are in all.
pub async fn list(
    db: &Database,
    owner: i32,
    window: Window,
    order: Order,
    page: Page,
) -> DbResult<(Vec<TravelRow>, i64)> {
    let statement = match order {
        Order::SoonestFirst => LIST_SOONEST_FIRST,
        Order::LatestFirst => LIST_LATEST_FIRST,
    };
    let Window { first_start, last_start, first_end, last_end } = window;
    let params = params![owner, first_start, last_start, first_end, last_end, page.offset, page.limit];
    page_of(&db.fetch_all(statement, params).await?, travel)
}

/// How `owner` and `viewer` stand to each other, and the page of `owner`'s plans that [`list`] would answer; `None` if there is
/// no such user, or not any more.
pub async fn list_of_user(
    db: &Database,
    (owner, viewer): (i32, i32),
    window: Window,
    order: Order,
    page: Page,
) -> DbResult<Option<(ConnectionStatus, Vec<TravelRow>, i64)>> {
    let statement = match order {
        Order::SoonestFirst => LIST_OF_USER_SOONEST_FIRST,
        Order::LatestFirst => LIST_OF_USER_LATEST_FIRST,
    };
    let Window { first_start, last_start, first_end, last_end } = window;
    let params = params![owner, first_start, last_start, first_end, last_end, page.offset, page.limit, viewer];
    let rows = db.fetch_all(statement, params).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let (plans, total) = page_of(&rows, travel)?;
    Ok(Some((users::store::connection_status(first)?, plans, total)))
}

/// A page of the plans of `viewer`'s connections to `destination` within `window`, each with its owner, and how many there
/// are in all.
pub async fn list_of_connections(
    db: &Database,
    viewer: i32,
    destination: Destination<'_>,
    window: Window,
    order: Order,
    page: Page,
) -> DbResult<(Vec<(TravelRow, UserSummary)>, i64)> {
    let Window { first_start, last_start, first_end, last_end } = window;
    let mut params = params![viewer, first_start, last_start, first_end, last_end, page.offset, page.limit];
    let Destination { city_key, country_key } = destination;
    let (soonest_first, latest_first, keys) = match (city_key, country_key) {
        (None, None) => (FRIENDS_SOONEST_FIRST, FRIENDS_LATEST_FIRST, params![]),
        (None, Some(country)) => (FRIENDS_IN_COUNTRY_SOONEST_FIRST, FRIENDS_IN_COUNTRY_LATEST_FIRST, params![country]),
        (Some(city), country) => (FRIENDS_IN_CITY_SOONEST_FIRST, FRIENDS_IN_CITY_LATEST_FIRST, params![country, city]),
    };
    params.extend(keys);
    let statement = match order {
        Order::SoonestFirst => soonest_first,
        Order::LatestFirst => latest_first,
    };
    let rows = db.fetch_all(statement, params).await?;
    page_of(&rows, |row| Ok((travel(row)?, UserSummary::from_row(row, "user")?)))
}

fn travel(row: &Row) -> DbResult<TravelRow> {
    Ok(TravelRow {
        id: row.get("id")?,
        user_id: row.get("user_id")?,
        city: row.get("city")?,
        country: row.get("country")?,
        dates: DateRange::stored(row.get("start_date")?, row.get("end_date")?),
        description: row.get("description")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

fn seen(row: &Row) -> DbResult<(TravelRow, Standing)> {
    Ok((travel(row)?, standing(row)?))
}

/// What the column `standing` says of a plan and of the one who looks.
pub fn standing(row: &Row) -> DbResult<Standing> {
    match row.get::<String>("standing")?.as_str() {
        "owner" => Ok(Standing::Owner),
        "connection" => Ok(Standing::Connection),
        "stranger" => Ok(Standing::Stranger),
        _ => Err(anyhow!("the statement knows another standing").into()),
    }
}
