//! The lists of plans: one's own, somebody's, and those of all one's connections.

use axum::extract::State;
use serde::Serialize;
use time::Date;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{IntoParams, PartialSchema as _, ToSchema};

use super::api::TravelView;
use super::rules::{self, When};
use super::store::{self, Destination, TravelRow};
use crate::error::{Error, Result};
use crate::http::caller::CurrentUser;
use crate::http::conditional::{Copies, Tag, Tagged};
use crate::http::envelope::ErrorEnvelope;
use crate::http::openapi::CallerErrors;
use crate::http::page::{Page, Paged};
use crate::http::path::PathId;
use crate::http::query::{FromQuery, QueryReader, ValidQuery};
use crate::place::{City, Country, Place, country_key};
use crate::state::AppState;
use crate::users::summary::UserSummary;

/// A connection's plan.
#[derive(Debug, Hash, Serialize, ToSchema)]
pub struct ConnectionTravel {
    /// The plan.
    #[serde(flatten)]
    pub travel: TravelView,
    /// Whose it is.
    pub user: UserSummary,
}

impl From<(TravelRow, UserSummary)> for ConnectionTravel {
    fn from((travel, user): (TravelRow, UserSummary)) -> Self {
        Self { travel: travel.into(), user }
    }
}

/// Which plans of one person to return.
#[derive(Debug, Hash, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Listing {
    /// `upcoming`: those that end today (in UTC) or later, soonest first; `current`: those of them that have begun;
    /// `past`: the rest, latest first; `all`: latest first.
    #[param(required = false, schema_with = all_unless_sent)]
    pub when: When,
    /// The day on which the request came.
    #[param(ignore)]
    pub today: Date,
    /// Which part of the list to return.
    #[param(ignore)]
    pub page: Page,
}

impl FromQuery for Listing {
    fn read(query: &mut QueryReader<'_>) -> Option<Self> {
        let when = query.optional("when", When::parse);
        let page = Page::read(query);
        Some(Self { when: when?.unwrap_or(When::All), today: query.today(), page: page? })
    }
}

fn all_unless_sent() -> RefOr<Schema> {
    unless_sent("all")
}

fn upcoming_unless_sent() -> RefOr<Schema> {
    unless_sent("upcoming")
}

/// The schema of `when` with this default. The attribute `default` would demand a value that is an object as well.
fn unless_sent(default: &str) -> RefOr<Schema> {
    match When::schema() {
        RefOr::T(Schema::Object(when)) => ObjectBuilder::from(when).default(Some(default.into())).into(),
        other => other,
    }
}

/// Which plans of the caller's connections to return.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ConnectionListing {
    /// `upcoming`: those that end today (in UTC) or later, soonest first; `current`: those of them that have begun;
    /// `past`: the rest, latest first; `all`: latest first.
    #[param(required = false, schema_with = upcoming_unless_sent)]
    pub when: When,
    /// Only plans to this city; case, diacritics and punctuation don't matter.
    #[param(value_type = Option<String>, min_length = 1, max_length = 100, example = "New York")]
    pub city: Option<City>,
    /// Only plans to this country, by any of its usual names or its ISO 3166 code.
    #[param(value_type = Option<String>, min_length = 1, max_length = 100, example = "USA")]
    pub country: Option<Country>,
    /// The day on which the request came.
    #[param(ignore)]
    pub today: Date,
    /// Which part of the list to return.
    #[param(ignore)]
    pub page: Page,
}

impl FromQuery for ConnectionListing {
    fn read(query: &mut QueryReader<'_>) -> Option<Self> {
        let when = query.optional("when", When::parse);
        let city = query.optional("city", rules::city);
        let country = query.optional("country", rules::country);
        let page = Page::read(query);
        Some(Self {
            when: when?.unwrap_or(When::Upcoming),
            city: city?,
            country: country?,
            today: query.today(),
            page: page?,
        })
    }
}

/// One's own plans
///
/// All of them, or only those that `when` asks for.
#[utoipa::path(get, path = "/api/v1/travels", operation_id = "travelsList", tag = "travels",
    security(("bearer" = [])), params(Listing, Page, Copies),
    responses(
        (status = 200, description = "A page of the caller's plans.", body = Paged<TravelView>),
        (status = 304, description = "The client has this already: see `If-None-Match`."),
        (status = 400, description = "A parameter breaks the rules.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn list(
    State(app): State<AppState>,
    caller: CurrentUser,
    copies: Copies,
    ValidQuery(listing): ValidQuery<Listing>,
) -> Result<Tagged<Paged<TravelView>>> {
    let tag = Tag::of(&caller, &(caller.versions.plans, &listing));
    if copies.have(&tag) {
        return Ok(Tagged::unchanged(tag));
    }
    let Listing { when, today, page } = listing;
    let (plans, total) = store::list(&app.db, caller.id, when.window(today), when.order(), page).await?;
    Ok(Tagged::changed(tag, paged(plans, page, total)))
}

/// Somebody's plans
///
/// One's own, or a connection's.
#[utoipa::path(get, path = "/api/v1/users/{user_id}/travels", operation_id = "usersListTravels", tag = "travels",
    security(("bearer" = [])),
    params(("user_id" = i32, Path, description = "The user's id.", minimum = 1, example = 789), Listing, Page, Copies),
    responses(
        (status = 200, description = "A page of the user's plans.", body = Paged<TravelView>),
        (status = 304, description = "The client has this already: see `If-None-Match`."),
        (status = 400, description = "A parameter breaks the rules.", body = ErrorEnvelope),
        (status = 403, description = "The user is no connection of the caller's.", body = ErrorEnvelope),
        (status = 404, description = "There is no such user, or not any more.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn list_of_user(
    State(app): State<AppState>,
    caller: CurrentUser,
    copies: Copies,
    PathId(user_id): PathId<i32>,
    ValidQuery(listing): ValidQuery<Listing>,
) -> Result<Tagged<Paged<TravelView>>> {
    let Listing { when, today, page } = listing;
    let people = (user_id, caller.id);
    let found = store::list_of_user(&app.db, people, when.window(today), when.order(), page).await?;
    let (status, plans, total) = found.ok_or(Error::NotFound("user"))?;
    rules::may_list_plans(status)?;
    Ok(Tagged::read(&caller, &copies, paged(plans, page, total)))
}

fn paged(plans: Vec<TravelRow>, page: Page, total: i64) -> Paged<TravelView> {
    Paged::new(plans.into_iter().map(TravelView::from).collect(), page, total)
}

/// The plans of one's connections
///
/// Where one's friends will be, each plan with its owner.
#[utoipa::path(get, path = "/api/v1/connections/travels", operation_id = "connectionsListTravels", tag = "travels",
    security(("bearer" = [])), params(ConnectionListing, Page, Copies),
    responses(
        (status = 200, description = "A page of the plans of the caller's connections.", body = Paged<ConnectionTravel>),
        (status = 304, description = "The client has this already: see `If-None-Match`."),
        (status = 400, description = "A parameter breaks the rules.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn list_of_connections(
    State(app): State<AppState>,
    caller: CurrentUser,
    copies: Copies,
    ValidQuery(listing): ValidQuery<ConnectionListing>,
) -> Result<Tagged<Paged<ConnectionTravel>>> {
    let ConnectionListing { when, city, country, today, page } = listing;
    let place = city.as_ref().map(|city| Place::new(city.as_str(), None));
    let country_key = country.as_ref().map(|country| country_key(country.as_str()));
    let destination =
        Destination { city_key: place.as_ref().map(Place::city_key), country_key: country_key.as_deref() };
    let (window, order) = (when.window(today), when.order());
    let (found, total) = store::list_of_connections(&app.db, caller.id, destination, window, order, page).await?;
    let page = Paged::new(found.into_iter().map(ConnectionTravel::from).collect(), page, total);
    Ok(Tagged::read(&caller, &copies, page))
}
