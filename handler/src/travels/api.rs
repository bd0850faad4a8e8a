//! One plan: written down, read, changed, removed.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use serde::Serialize;
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use super::dates::{DateRange, parse_day};
use super::rules::{self, Description, NO_SUCH_PLAN, Travel};
use super::store::{self, TravelRow};
use crate::causes::Cause;
use crate::error::{Error, Result};
use crate::http::body::ValidJson;
use crate::http::body_reader::{BodyReader, FromBody, Patch};
use crate::http::caller::CurrentUser;
use crate::http::envelope::ErrorEnvelope;
use crate::http::json::Json;
use crate::http::openapi::{BodyErrors, CallerErrors};
use crate::http::path::PathId;
use crate::place::{City, Country};
use crate::state::AppState;
use crate::users::changes;

/// A travel plan.
#[derive(Debug, Hash, Serialize, ToSchema)]
pub struct TravelView {
    /// The plan's id.
    #[schema(example = 456)]
    pub id: i32,
    /// The owner's id.
    #[schema(example = 123)]
    pub user_id: i32,
    /// Where to.
    #[schema(example = "New York")]
    pub city: String,
    /// In which country that is.
    #[schema(example = "USA")]
    pub country: String,
    /// The first day.
    #[serde(serialize_with = "crate::http::day::serialize")]
    #[schema(value_type = String, format = Date, example = "2026-03-15")]
    pub start_date: Date,
    /// The last day.
    #[serde(serialize_with = "crate::http::day::serialize")]
    #[schema(value_type = String, format = Date, example = "2026-03-20")]
    pub end_date: Date,
    /// What else there is to say.
    #[schema(example = "Business conference and sightseeing")]
    pub description: Option<String>,
    /// When it was written down.
    #[serde(with = "crate::http::instant")]
    pub created_at: OffsetDateTime,
    /// When it changed last.
    #[serde(with = "crate::http::instant")]
    pub updated_at: OffsetDateTime,
}

impl From<TravelRow> for TravelView {
    fn from(row: TravelRow) -> Self {
        let TravelRow { id, user_id, city, country, dates, description, created_at, updated_at } = row;
        let (start_date, end_date) = (dates.start(), dates.end());
        Self { id, user_id, city, country, start_date, end_date, description, created_at, updated_at }
    }
}

/// A new plan. It lasts at most 366 days, its first and its last one counted.
#[derive(Debug, ToSchema)]
pub struct CreateTravel {
    /// Where to.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "New York")]
    pub city: City,
    /// In which country that is.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "USA")]
    pub country: Country,
    /// The first day: not before 2000.
    #[schema(value_type = String, format = Date, example = "2026-03-15")]
    pub start_date: Date,
    /// The last day, which may be the first one: at most five years from today.
    #[schema(value_type = String, format = Date, example = "2026-03-20")]
    pub end_date: Date,
    /// What else there is to say.
    #[schema(value_type = Option<String>, max_length = 1000, example = "Business conference and sightseeing")]
    pub description: Option<Description>,
}

impl FromBody for CreateTravel {
    fn read(body: &mut BodyReader<'_>) -> Option<Self> {
        let today = body.today();
        let city = body.required("city", rules::city);
        let country = body.required("country", rules::country);
        let start_date = body.required("start_date", |text| parse_day(text, today));
        let end_date = body.required("end_date", |text| parse_day(text, today));
        check_both(body, start_date, end_date);
        let description = body.optional("description", Description::parse);
        Some(Self {
            city: city?,
            country: country?,
            start_date: start_date?,
            end_date: end_date?,
            description: description?.flatten(),
        })
    }
}

impl From<CreateTravel> for Travel {
    fn from(new: CreateTravel) -> Self {
        let CreateTravel { city, country, start_date, end_date, description } = new;
        Self { city, country, dates: DateRange::stored(start_date, end_date), description }
    }
}

/// A change of a plan: absent fields stay as they are.
#[derive(Clone, Debug, ToSchema)]
pub struct UpdateTravel {
    /// The new city.
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 100, example = "New York")]
    pub city: Option<City>,
    /// The new country.
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 100, example = "USA")]
    pub country: Option<Country>,
    /// The new first day: not before 2000.
    #[schema(value_type = Option<String>, nullable = false, format = Date, example = "2026-03-15")]
    pub start_date: Option<Date>,
    /// The new last day, which may be the first one: at most five years from today.
    #[schema(value_type = Option<String>, nullable = false, format = Date, example = "2026-03-20")]
    pub end_date: Option<Date>,
    /// The new description, or `null` for none.
    #[schema(value_type = Option<String>, max_length = 1000, example = "Business conference and sightseeing")]
    pub description: Patch<Option<Description>>,
}

impl FromBody for UpdateTravel {
    fn read(body: &mut BodyReader<'_>) -> Option<Self> {
        let today = body.today();
        let city = body.patch_required("city", rules::city);
        let country = body.patch_required("country", rules::country);
        let start_date = body.patch_required("start_date", |text| parse_day(text, today));
        let end_date = body.patch_required("end_date", |text| parse_day(text, today));
        check_both(body, start_date.flatten(), end_date.flatten());
        let description = body.patch("description", Description::parse);
        Some(Self {
            city: city?,
            country: country?,
            start_date: start_date?,
            end_date: end_date?,
            description: description?,
        })
    }
}

impl UpdateTravel {
    /// The plan with these changes, or [`Error::Validation`] if its days don't fit together then.
    fn applied_to(self, travel: TravelRow) -> Result<TravelRow> {
        let dates = rules::moved(travel.dates, self.start_date, self.end_date);
        Ok(TravelRow {
            city: self.city.map_or(travel.city, String::from),
            country: self.country.map_or(travel.country, String::from),
            dates: dates.map_err(|fault| Error::Validation(vec![fault]))?,
            description: match self.description {
                Patch::Unchanged => travel.description,
                Patch::Clear => None,
                Patch::Set(description) => description.map(String::from),
            },
            ..travel
        })
    }
}

/// Notes what is wrong with two days that are both in the body and good by themselves.
fn check_both(body: &mut BodyReader<'_>, start: Option<Date>, end: Option<Date>) {
    if let (Some(start), Some(end)) = (start, end)
        && let Err(fault) = DateRange::new(start, end)
    {
        body.fault(&fault.field, fault.message);
    }
}

/// Write down a plan
///
/// Past trips may be written down as well.
#[utoipa::path(post, path = "/api/v1/travels", operation_id = "travelsCreate", tag = "travels",
    security(("bearer" = [])), request_body = CreateTravel,
    responses(
        (status = 201, description = "The new plan.", body = TravelView,
            headers(("Location" = String, description = "The plan's address."))),
        CallerErrors, BodyErrors))]
pub async fn create(
    State(app): State<AppState>,
    caller: CurrentUser,
    ValidJson(new): ValidJson<CreateTravel>,
) -> Result<impl IntoResponse + use<>> {
    let travel = Travel::from(new);
    let now = app.clock.now();
    let id = store::insert(&app.db, caller.id, &travel, now).await?;
    let Travel { city, country, dates, description } = travel;
    let view = TravelView::from(TravelRow {
        id,
        user_id: caller.id,
        city: city.into(),
        country: country.into(),
        dates,
        description: description.map(String::from),
        created_at: now,
        updated_at: now,
    });
    Ok((StatusCode::CREATED, [(LOCATION, format!("/api/v1/travels/{id}"))], Json(view)))
}

/// A plan
///
/// One's own, or a connection's.
#[utoipa::path(get, path = "/api/v1/travels/{travel_id}", operation_id = "travelsGet", tag = "travels",
    security(("bearer" = [])),
    params(("travel_id" = i32, Path, description = "The plan's id.", minimum = 1, example = 456)),
    responses(
        (status = 200, description = "The plan.", body = TravelView),
        (status = 404, description = "There is no such plan, or it is not the caller's to see.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn get(
    State(app): State<AppState>,
    caller: CurrentUser,
    PathId(id): PathId<i32>,
) -> Result<Json<TravelView>> {
    let (travel, standing) = store::find(&app.db, id, caller.id).await?.ok_or(NO_SUCH_PLAN)?;
    standing.may_read()?;
    Ok(Json(travel.into()))
}

/// Change a plan
///
/// Takes the full plan or any subset of its fields: an absent one stays as it is, `null` clears the description.
#[utoipa::path(put, path = "/api/v1/travels/{travel_id}", operation_id = "travelsUpdate", tag = "travels",
    security(("bearer" = [])), request_body = UpdateTravel,
    params(("travel_id" = i32, Path, description = "The plan's id.", minimum = 1, example = 456)),
    responses(
        (status = 200, description = "The plan as it is now.", body = TravelView),
        (status = 403, description = "The plan is a connection's.", body = ErrorEnvelope),
        (status = 404, description = "There is no such plan, or it is not the caller's to see.", body = ErrorEnvelope),
        CallerErrors, BodyErrors))]
pub async fn update(
    State(app): State<AppState>,
    caller: CurrentUser,
    PathId(id): PathId<i32>,
    ValidJson(change): ValidJson<UpdateTravel>,
) -> Result<Json<TravelView>> {
    let (app, change) = (&app, &change);
    let changed = changes::of_ones_own(&app.db, &caller, |versions| async move {
        let (before, standing) = store::find(&app.db, id, caller.id).await?.ok_or(NO_SUCH_PLAN)?;
        standing.may_change()?;
        let mut after = change.clone().applied_to(before.clone())?;
        if after == before {
            return Ok(Some(after));
        }
        after.updated_at = app.clock.now();
        // On the days that are free now, the owner may be at home to somebody.
        let causes = [Cause::Plan { owner: caller.id, plan: id }, Cause::Home { user: caller.id }];
        let causes = if after.is_same_stay(&before) { &[] } else { &causes[..] };
        Ok(store::update(&app.db, &after, versions.plans, causes).await?.then_some(after))
    });
    Ok(Json(changed.await?.into()))
}

/// Remove a plan
///
/// One's own. Matches that were already told stay told.
#[utoipa::path(delete, path = "/api/v1/travels/{travel_id}", operation_id = "travelsDelete", tag = "travels",
    security(("bearer" = [])),
    params(("travel_id" = i32, Path, description = "The plan's id.", minimum = 1, example = 456)),
    responses(
        (status = 204, description = "It is gone."),
        (status = 403, description = "The plan is a connection's.", body = ErrorEnvelope),
        (status = 404, description = "There is no such plan, or it is not the caller's to see.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn delete(State(app): State<AppState>, caller: CurrentUser, PathId(id): PathId<i32>) -> Result<StatusCode> {
    let causes = [Cause::Home { user: caller.id }];
    if !store::delete(&app.db, id, caller.id, app.clock.now(), &causes).await? {
        let (_, standing) = store::find(&app.db, id, caller.id).await?.ok_or(NO_SUCH_PLAN)?;
        standing.may_change()?;
        return Err(NO_SUCH_PLAN);
    }
    Ok(StatusCode::NO_CONTENT)
}
