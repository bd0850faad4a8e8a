//! Users in the database: one function a query.

use anyhow::Context as _;
use time::OffsetDateTime;

use super::email::Email;
use super::rules::{Bio, ConnectionStatus, DisplayName, PictureUrl, SearchTerm, sort_key};
use crate::causes::{self, AT_ONCE, Cause};
use crate::db::{Database, DbError, DbResult, Param, Query, Row, UniqueKey, page_of};
use crate::http::page::Page;
use crate::place::{City, Country, Place};
use crate::versions::Versions;
use crate::{params, query, text};

const INSERT: Query = query!("insert", sqlite);
const FIND_PRIVATE: Query = query!("find_private");
const FIND_PUBLIC: Query = query!("find_public");
const FIND_VERSIONS: Query = query!("find_versions");
const UPDATE: Query = query!("update", sqlite);
const SEARCH: Query = query!("search", sqlite);

const EMAIL_TAKEN: UniqueKey = UniqueKey { constraint: "uq_users_email_key", sqlite_columns: "users.email_key" };

/// What users say about themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The name shown to others.
    pub display_name: DisplayName,
    /// A few words.
    pub bio: Option<Bio>,
    /// A picture's address.
    pub profile_pic_url: Option<PictureUrl>,
    /// The city they live in.
    pub home_city: Option<City>,
    /// The country they live in.
    pub home_country: Option<Country>,
}

/// A user as the database holds it, without the password. What the owner sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// The user's id.
    pub id: i32,
    /// The address as its owner wrote it.
    pub email: String,
    /// The name shown to others.
    pub display_name: String,
    /// A few words.
    pub bio: Option<String>,
    /// A picture's address.
    pub profile_pic_url: Option<String>,
    /// The city they live in.
    pub home_city: Option<String>,
    /// The country they live in.
    pub home_country: Option<String>,
    /// When they registered.
    pub created_at: OffsetDateTime,
    /// When the profile changed last.
    pub updated_at: OffsetDateTime,
}

/// A user as another one may see it.
#[derive(Debug, Clone)]
pub struct PublicRow {
    /// The user's id.
    pub id: i32,
    /// The name shown to others.
    pub display_name: String,
    /// A few words.
    pub bio: Option<String>,
    /// A picture's address.
    pub profile_pic_url: Option<String>,
    /// The city they live in.
    pub home_city: Option<String>,
    /// The country they live in.
    pub home_country: Option<String>,
    /// When they registered.
    pub created_at: OffsetDateTime,
    /// How they stand to the one who looks.
    pub connection_status: ConnectionStatus,
}

/// Adds a user; answers the id, or `None`, and nothing is written, if the address is taken.
pub async fn insert(
    db: &Database,
    email: &Email,
    password_hash: &str,
    profile: &Profile,
    now: OffsetDateTime,
) -> DbResult<Option<i32>> {
    let name = profile.display_name.as_str();
    let home = home(profile.home_city.as_ref().map(City::as_str), profile.home_country.as_ref().map(Country::as_str));
    let params = params![
        email.as_written(),
        email.normalised(),
        password_hash,
        name,
        sort_key(name),
        profile.bio.as_ref().map(Bio::as_str),
        profile.profile_pic_url.as_ref().map(PictureUrl::as_str),
        profile.home_city.as_ref().map(City::as_str),
        profile.home_country.as_ref().map(Country::as_str),
        home.as_ref().map(Place::city_key),
        home.as_ref().and_then(Place::country_key),
        now,
        Param::list(text::words(name)),
    ];
    match db.execute_returning(INSERT, params).await {
        Ok(row) => Ok(Some(row.context("a user without an id")?.get("id")?)),
        Err(error) if error.violates(&EMAIL_TAKEN) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The user as it sees itself, if it is active.
pub async fn find_private(db: &Database, id: i32) -> DbResult<Option<UserRow>> {
    db.look_up(FIND_PRIVATE, params![id]).await?.as_ref().map(private).transpose()
}

/// How often what is the user's own has changed, if the user is active.
pub async fn find_versions(db: &Database, id: i32) -> DbResult<Option<Versions>> {
    db.fetch_optional(FIND_VERSIONS, params![id]).await?.as_ref().map_or(Ok(None), Versions::read)
}

/// Makes `after` of a profile that was found as `before` when it had the version `seen`, or later, and notes the causes of
/// matches that come of it. False, and nothing is written, if it has another version now.
pub async fn update(db: &Database, before: &UserRow, after: &UserRow, seen: i32, causes: &[Cause]) -> DbResult<bool> {
    let home = home(after.home_city.as_deref(), after.home_country.as_deref());
    let words = if after.display_name == before.display_name {
        Param::Text(None)
    } else {
        Param::list(text::words(&after.display_name))
    };
    let params = params![
        after.id,
        seen,
        after.display_name.as_str(),
        sort_key(&after.display_name),
        after.bio.as_deref(),
        after.profile_pic_url.as_deref(),
        after.home_city.as_deref(),
        after.home_country.as_deref(),
        home.as_ref().map(Place::city_key),
        home.as_ref().and_then(Place::country_key),
        after.updated_at,
        words,
        causes::list(causes),
        AT_ONCE,
    ];
    Ok(db.execute_returning(UPDATE, params).await?.is_some())
}

/// The user `id` as `viewer` sees it, if it is active.
pub async fn find_public(db: &Database, id: i32, viewer: i32) -> DbResult<Option<PublicRow>> {
    db.fetch_optional(FIND_PUBLIC, params![id, viewer]).await?.as_ref().map(public).transpose()
}

/// A page of the people whom `viewer` finds by `term`, and how many there are in all.
pub async fn search(db: &Database, viewer: i32, term: &SearchTerm, page: Page) -> DbResult<(Vec<PublicRow>, i64)> {
    let mut others: Vec<&str> = term.words().iter().map(String::as_str).collect();
    let longest = others.iter().enumerate().max_by_key(|(_, word)| word.chars().count()).map(|(index, _)| index);
    let longest = longest.map(|index| others.swap_remove(index));
    let params = params![
        viewer,
        Param::list(others),
        longest.unwrap_or_default(),
        term.email_candidate(),
        page.offset,
        page.limit
    ];
    page_of(&db.fetch_all(SEARCH, params).await?, public)
}

/// Where somebody lives, if they tell a city.
fn home(city: Option<&str>, country: Option<&str>) -> Option<Place> {
    city.map(|city| Place::new(city, country))
}

fn private(row: &Row) -> DbResult<UserRow> {
    Ok(UserRow {
        id: row.get("id")?,
        email: row.get("email")?,
        display_name: row.get("display_name")?,
        bio: row.get("bio")?,
        profile_pic_url: row.get("profile_pic_url")?,
        home_city: row.get("home_city")?,
        home_country: row.get("home_country")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

fn public(row: &Row) -> DbResult<PublicRow> {
    Ok(PublicRow {
        id: row.get("id")?,
        display_name: row.get("display_name")?,
        bio: row.get("bio")?,
        profile_pic_url: row.get("profile_pic_url")?,
        home_city: row.get("home_city")?,
        home_country: row.get("home_country")?,
        created_at: row.get("created_at")?,
        connection_status: connection_status(row)?,
    })
}

/// What the column `connection_status` says of a user and of the one who looks.
pub fn connection_status(row: &Row) -> DbResult<ConnectionStatus> {
    let status: String = row.get("connection_status")?;
    serde_json::from_value(status.into()).map_err(|error| DbError::from(anyhow::Error::new(error)))
}
