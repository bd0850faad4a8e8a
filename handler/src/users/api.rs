//! Profiles: one's own, others', and how to find people.

use axum::extract::State;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::changes;
use super::rules::{Bio, ConnectionStatus, DisplayName, PictureUrl, SearchTerm, home_city, home_country};
use super::store::{self, PublicRow, UserRow};
use crate::causes::Cause;
use crate::error::{Error, Result};
use crate::http::body::ValidJson;
use crate::http::body_reader::{BodyReader, FromBody, Patch};
use crate::http::caller::{CurrentUser, SIGN_IN};
use crate::http::conditional::{Copies, Tag, Tagged};
use crate::http::envelope::ErrorEnvelope;
use crate::http::json::Json;
use crate::http::openapi::{BodyErrors, CallerErrors};
use crate::http::page::{Page, Paged};
use crate::http::path::PathId;
use crate::http::query::{FromQuery, QueryReader, ValidQuery};
use crate::place::{City, Country};
use crate::state::AppState;

/// One's own profile.
#[derive(Debug, Serialize, ToSchema)]
pub struct PrivateProfile {
    /// The user's id.
    #[schema(example = 123)]
    pub id: i32,
    /// The address as it was registered.
    #[schema(example = "john.doe@example.com")]
    pub email: String,
    /// The name shown to others.
    #[schema(example = "John Doe")]
    pub display_name: String,
    /// A few words.
    #[schema(example = "Always on the road.")]
    pub bio: Option<String>,
    /// A picture's address.
    #[schema(example = "https://example.com/profiles/123.jpg")]
    pub profile_pic_url: Option<String>,
    /// The city one lives in.
    #[schema(example = "San Francisco")]
    pub home_city: Option<String>,
    /// The country one lives in.
    #[schema(example = "USA")]
    pub home_country: Option<String>,
    /// When one registered.
    #[serde(with = "crate::http::instant")]
    pub created_at: OffsetDateTime,
    /// When the profile changed last.
    #[serde(with = "crate::http::instant")]
    pub updated_at: OffsetDateTime,
}

impl From<UserRow> for PrivateProfile {
    fn from(row: UserRow) -> Self {
        let UserRow { id, email, display_name, bio, profile_pic_url, home_city, home_country, created_at, updated_at } =
            row;
        Self { id, email, display_name, bio, profile_pic_url, home_city, home_country, created_at, updated_at }
    }
}

/// Somebody's profile, as others see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicProfile {
    /// The user's id.
    #[schema(example = 789)]
    pub id: i32,
    /// The name shown to others.
    #[schema(example = "Jane Smith")]
    pub display_name: String,
    /// A few words.
    pub bio: Option<String>,
    /// A picture's address.
    #[schema(example = "https://example.com/profiles/789.jpg")]
    pub profile_pic_url: Option<String>,
    /// The city they live in.
    #[schema(example = "Berlin")]
    pub home_city: Option<String>,
    /// The country they live in.
    #[schema(example = "Germany")]
    pub home_country: Option<String>,
    /// When they registered.
    #[serde(with = "crate::http::instant")]
    pub created_at: OffsetDateTime,
    /// How they stand to the caller.
    pub connection_status: ConnectionStatus,
}

impl From<PublicRow> for PublicProfile {
    fn from(row: PublicRow) -> Self {
        let PublicRow {
            id,
            display_name,
            bio,
            profile_pic_url,
            home_city,
            home_country,
            created_at,
            connection_status,
        } = row;
        Self { id, display_name, bio, profile_pic_url, home_city, home_country, created_at, connection_status }
    }
}

/// A change of one's profile: absent fields stay as they are, `null` clears.
#[derive(Clone, Debug, ToSchema)]
pub struct UpdateProfile {
    /// The new name; can't be cleared.
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 100, example = "John Doe")]
    pub display_name: Option<DisplayName>,
    /// The new words, or `null` for none.
    #[schema(value_type = Option<String>, max_length = 500, example = "Always on the road.")]
    pub bio: Patch<Option<Bio>>,
    /// The new picture's address, or `null` for none.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500,
        example = "https://example.com/profiles/123.jpg")]
    pub profile_pic_url: Patch<PictureUrl>,
    /// The new home city, or `null` for none.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, example = "San Francisco")]
    pub home_city: Patch<City>,
    /// The new home country, or `null` for none.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, example = "USA")]
    pub home_country: Patch<Country>,
}

impl FromBody for UpdateProfile {
    fn read(body: &mut BodyReader<'_>) -> Option<Self> {
        let display_name = body.patch_required("display_name", DisplayName::parse);
        let bio = body.patch("bio", Bio::parse);
        let profile_pic_url = body.patch("profile_pic_url", PictureUrl::parse);
        let home_city = body.patch("home_city", home_city);
        let home_country = body.patch("home_country", home_country);
        Some(Self {
            display_name: display_name?,
            bio: bio?,
            profile_pic_url: profile_pic_url?,
            home_city: home_city?,
            home_country: home_country?,
        })
    }
}

impl UpdateProfile {
    /// The profile with these changes.
    fn applied_to(self, user: UserRow) -> UserRow {
        UserRow {
            display_name: self.display_name.map_or(user.display_name, String::from),
            bio: match self.bio {
                Patch::Unchanged => user.bio,
                Patch::Clear => None,
                Patch::Set(bio) => bio.map(String::from),
            },
            profile_pic_url: changed(self.profile_pic_url, user.profile_pic_url),
            home_city: changed(self.home_city, user.home_city),
            home_country: changed(self.home_country, user.home_country),
            ..user
        }
    }
}

fn changed<T: Into<String>>(patch: Patch<T>, current: Option<String>) -> Option<String> {
    match patch {
        Patch::Unchanged => current,
        Patch::Clear => None,
        Patch::Set(value) => Some(value.into()),
    }
}

/// What to look for, and which part of the answer to return.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Search {
    /// Words that start words of the display name (case and diacritics don't matter), or a whole email address.
    #[param(value_type = String, min_length = 2, max_length = 100, example = "jane smi")]
    pub q: SearchTerm,
    /// Which part of the list to return.
    #[param(ignore)]
    pub page: Page,
}

impl FromQuery for Search {
    fn read(query: &mut QueryReader<'_>) -> Option<Self> {
        let q = query.required("q", SearchTerm::parse);
        let page = Page::read(query);
        Some(Self { q: q?, page: page? })
    }
}

/// One's own profile
///
/// The only place, besides the login, that shows an email address: the caller's own.
#[utoipa::path(get, path = "/api/v1/users/me", operation_id = "usersGetMe", tag = "users",
    security(("bearer" = [])), params(Copies),
    responses(
        (status = 200, description = "The caller's profile.", body = PrivateProfile),
        (status = 304, description = "The client has this already: see `If-None-Match`."),
        (status = 400, description = "`If-None-Match` is too long.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn get_me(
    State(app): State<AppState>,
    caller: CurrentUser,
    copies: Copies,
) -> Result<Tagged<PrivateProfile>> {
    let tag = Tag::of(&caller, &caller.versions.profile);
    if copies.have(&tag) {
        return Ok(Tagged::unchanged(tag));
    }
    let user = store::find_private(&app.db, caller.id).await?.ok_or(Error::Unauthorized(SIGN_IN))?;
    Ok(Tagged::changed(tag, user.into()))
}

/// Change one's profile
///
/// Takes any subset of the fields: an absent one stays as it is, `null` clears it.
#[utoipa::path(put, path = "/api/v1/users/me", operation_id = "usersUpdateMe", tag = "users",
    security(("bearer" = [])), request_body = UpdateProfile,
    responses((status = 200, description = "The profile as it is now.", body = PrivateProfile), CallerErrors, BodyErrors))]
pub async fn update_me(
    State(app): State<AppState>,
    caller: CurrentUser,
    ValidJson(change): ValidJson<UpdateProfile>,
) -> Result<Json<PrivateProfile>> {
    let (app, change) = (&app, &change);
    let changed = changes::of_ones_own(&app.db, &caller, |versions| async move {
        let before = store::find_private(&app.db, caller.id).await?.ok_or(Error::Unauthorized(SIGN_IN))?;
        let mut after = change.clone().applied_to(before.clone());
        if after == before {
            return Ok(Some(after));
        }
        after.updated_at = app.clock.now();
        let moved = (&after.home_city, &after.home_country) != (&before.home_city, &before.home_country);
        let causes = moved.then_some(Cause::Home { user: caller.id });
        let done = store::update(&app.db, &before, &after, versions.profile, causes.as_slice()).await?;
        Ok(done.then_some(after))
    });
    Ok(Json(changed.await?.into()))
}

/// Somebody's profile
///
/// Everybody's is public, but for the email address; `connection_status` says how they stand to the caller.
#[utoipa::path(get, path = "/api/v1/users/{user_id}", operation_id = "usersGetById", tag = "users",
    security(("bearer" = [])),
    params(("user_id" = i32, Path, description = "The user's id.", minimum = 1, example = 789)),
    responses(
        (status = 200, description = "The profile as the caller may see it.", body = PublicProfile),
        (status = 404, description = "There is no such user, or not any more.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn get_by_id(
    State(app): State<AppState>,
    caller: CurrentUser,
    PathId(user_id): PathId<i32>,
) -> Result<Json<PublicProfile>> {
    let user = store::find_public(&app.db, user_id, caller.id).await?.ok_or(Error::NotFound("user"))?;
    Ok(Json(user.into()))
}

/// Find people
///
/// By the starts of the words of their display name, or by their whole email address. Never finds the caller.
#[utoipa::path(get, path = "/api/v1/users/search", operation_id = "usersSearch", tag = "users",
    security(("bearer" = [])), params(Search, Page),
    responses(
        (status = 200, description = "A page of the people found, by name.", body = Paged<PublicProfile>),
        (status = 400, description = "A parameter breaks the rules.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn search(
    State(app): State<AppState>,
    caller: CurrentUser,
    ValidQuery(Search { q, page }): ValidQuery<Search>,
) -> Result<Json<Paged<PublicProfile>>> {
    let (found, total) = store::search(&app.db, caller.id, &q, page).await?;
    Ok(Json(Paged::new(found.into_iter().map(PublicProfile::from).collect(), page, total)))
}
