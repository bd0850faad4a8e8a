//! Who of one's connections will be where one is.

use axum::extract::State;
use serde::Serialize;
use time::Date;
use utoipa::{IntoParams, ToSchema};

use super::rules::{Match, MatchedPlan, Meeting, Person, PlanInShort, may_ask_for_matches};
use super::store;
use crate::error::Result;
use crate::http::caller::CurrentUser;
use crate::http::conditional::{Copies, Tagged};
use crate::http::day;
use crate::http::envelope::ErrorEnvelope;
use crate::http::openapi::CallerErrors;
use crate::http::path::PathId;
use crate::http::query::{FromQuery, QueryReader, ValidQuery};
use crate::place::{City, Country, Place};
use crate::state::AppState;
use crate::travels::dates::{DateRange, Overlap, parse_day};
use crate::travels::rules::NO_SUCH_PLAN;

/// Where and when to look.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FindMatches {
    /// The city, in any spelling: case, diacritics and punctuation don't matter.
    #[param(value_type = String, min_length = 1, max_length = 100, example = "New York")]
    pub city: City,
    /// The country, by its name or its ISO 3166 code; left out, the city is looked for in any country.
    #[param(value_type = Option<String>, min_length = 1, max_length = 100, example = "USA")]
    pub country: Option<Country>,
    /// The first and the last day.
    #[param(ignore)]
    pub days: DateRange,
}

/// The days of a query: at most 366, between 2000-01-01 and five years from today.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Days {
    /// The first day.
    #[param(format = Date, example = "2026-03-15")]
    pub start_date: String,
    /// The last day, not before the first.
    #[param(format = Date, example = "2026-03-20")]
    pub end_date: String,
}

impl FromQuery for FindMatches {
    fn read(query: &mut QueryReader<'_>) -> Option<Self> {
        let today = query.today();
        let city = query.required("city", |text| City::parse(text, "City"));
        let country = query.optional("country", |text| Country::parse(text, "Country"));
        let start = query.required("start_date", |text| parse_day(text, today));
        let end = query.required("end_date", |text| parse_day(text, today));
        let days = start.zip(end).and_then(|(start, end)| {
            DateRange::new(start, end).map_err(|fault| query.fault(&fault.field, fault.message)).ok()
        });
        Some(Self { city: city?, country: country?, days: days? })
    }
}

/// Who will be there, and the question that this answers.
#[derive(Debug, Hash, Serialize, ToSchema)]
pub struct QueryMatches {
    /// The question.
    pub query: MatchQuery,
    /// Who will be there: by the first day that both are there, then by name.
    pub matches: Vec<MatchView>,
    /// How many matches there are.
    #[schema(example = 2, minimum = 0)]
    pub total_matches: usize,
}

/// Who will be where one goes, and the plan that this answers.
#[derive(Debug, Hash, Serialize, ToSchema)]
pub struct PlanMatches {
    /// The plan.
    pub travel_plan: PlanInShort,
    /// Who will be there: by the first day that both are there, then by name.
    pub matches: Vec<MatchView>,
    /// How many matches there are.
    #[schema(example = 2, minimum = 0)]
    pub total_matches: usize,
}

/// Where and when somebody looked.
#[derive(Debug, Hash, Serialize, ToSchema)]
pub struct MatchQuery {
    /// The city as it was asked for.
    #[schema(example = "New York")]
    pub city: String,
    /// The country as it was asked for.
    #[schema(example = "USA")]
    pub country: Option<String>,
    /// The first day.
    #[serde(serialize_with = "day::serialize")]
    #[schema(value_type = String, format = Date, example = "2026-03-15")]
    pub start_date: Date,
    /// The last day.
    #[serde(serialize_with = "day::serialize")]
    #[schema(value_type = String, format = Date, example = "2026-03-20")]
    pub end_date: Date,
}

/// One of the caller's connections who will be there.
#[derive(Debug, Hash, Serialize, ToSchema)]
#[serde(tag = "match_type", rename_all = "snake_case")]
pub enum MatchView {
    /// They travel there too.
    Traveling(TravelingMatch),
    /// They live there, and have no plan to be away on any of the days.
    HomeCity(HomeCityMatch),
}

/// A connection who travels to the same place. One with several plans there is listed once a plan.
#[derive(Debug, Hash, Serialize, ToSchema)]
pub struct TravelingMatch {
    /// Whose plan it is.
    #[schema(example = 789)]
    pub user_id: i32,
    /// Their name.
    #[schema(example = "Jane Smith")]
    pub display_name: String,
    /// Their picture's address.
    #[schema(example = "https://example.com/profiles/789.jpg")]
    pub profile_pic_url: Option<String>,
    /// Their plan.
    pub travel_plan: MatchedPlan,
    /// The days that both are there.
    pub overlap: Overlap,
}

/// A connection who lives there and is at home.
#[derive(Debug, Hash, Serialize, ToSchema)]
pub struct HomeCityMatch {
    /// Who it is.
    #[schema(example = 890)]
    pub user_id: i32,
    /// Their name.
    #[schema(example = "Bob Johnson")]
    pub display_name: String,
    /// Their picture's address.
    #[schema(example = "https://example.com/profiles/890.jpg")]
    pub profile_pic_url: Option<String>,
    /// Their city as they write it.
    #[schema(example = "New York")]
    pub home_city: String,
    /// Their country as they write it.
    #[schema(example = "USA")]
    pub home_country: Option<String>,
    /// All of the days that were asked for.
    pub overlap: Overlap,
}

impl From<Match> for MatchView {
    fn from(found: Match) -> Self {
        let Person { user_id, display_name, profile_pic_url } = found.person;
        match found.meeting {
            Meeting::Traveling { plan: travel_plan, overlap } => {
                Self::Traveling(TravelingMatch { user_id, display_name, profile_pic_url, travel_plan, overlap })
            }
            Meeting::HomeCity { home_city, home_country, overlap } => Self::HomeCity(HomeCityMatch {
                user_id,
                display_name,
                profile_pic_url,
                home_city,
                home_country,
                overlap,
            }),
        }
    }
}

/// Who will be in a city
///
/// The caller's connections who travel to a city on any of these days, or live there and have no plan to be away.
#[utoipa::path(get, path = "/api/v1/matches", operation_id = "matchesFind", tag = "matches",
    security(("bearer" = [])), params(FindMatches, Days, Copies),
    responses(
        (status = 200, description = "Everyone who will be there.", body = QueryMatches),
        (status = 304, description = "The client has this already: see `If-None-Match`."),
        (status = 400, description = "A parameter breaks the rules.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn find(
    State(app): State<AppState>,
    caller: CurrentUser,
    copies: Copies,
    ValidQuery(FindMatches { city, country, days }): ValidQuery<FindMatches>,
) -> Result<Tagged<QueryMatches>> {
    let place = Place::new(city.as_str(), country.as_ref().map(Country::as_str));
    let matches = views(store::find(&app.db, caller.id, &place, days).await?);
    let query = MatchQuery {
        city: city.into(),
        country: country.map(String::from),
        start_date: days.start(),
        end_date: days.end(),
    };
    Ok(Tagged::read(&caller, &copies, QueryMatches { query, total_matches: matches.len(), matches }))
}

/// Who will be where one goes
///
/// The caller's connections who are in the same city on any day of one of the caller's plans, on their travels or at home.
#[utoipa::path(get, path = "/api/v1/travels/{travel_id}/matches", operation_id = "travelsListMatches", tag = "matches",
    security(("bearer" = [])),
    params(("travel_id" = i32, Path, description = "The plan's id.", minimum = 1, example = 456), Copies),
    responses(
        (status = 200, description = "Everyone who will be there.", body = PlanMatches),
        (status = 304, description = "The client has this already: see `If-None-Match`."),
        (status = 400, description = "`If-None-Match` is too long.", body = ErrorEnvelope),
        (status = 403, description = "The plan is a connection's.", body = ErrorEnvelope),
        (status = 404, description = "There is no such plan, or none that the caller may see.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn find_for_plan(
    State(app): State<AppState>,
    caller: CurrentUser,
    copies: Copies,
    PathId(travel_id): PathId<i32>,
) -> Result<Tagged<PlanMatches>> {
    let found = store::find_for_plan(&app.db, travel_id, caller.id).await?;
    let (travel_plan, standing, matches) = found.ok_or(NO_SUCH_PLAN)?;
    may_ask_for_matches(standing)?;
    let matches = views(matches);
    Ok(Tagged::read(&caller, &copies, PlanMatches { travel_plan, total_matches: matches.len(), matches }))
}

fn views(matches: Vec<Match>) -> Vec<MatchView> {
    matches.into_iter().map(MatchView::from).collect()
}
