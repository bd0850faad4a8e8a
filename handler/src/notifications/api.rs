//! One's notifications: listed, counted, and marked as read.

use axum::extract::State;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::rules::Kind;
use super::store::{self, Filter, NotificationRow};
use crate::error::{Error, Result};
use crate::http::caller::CurrentUser;
use crate::http::conditional::{Copies, PollInterval, Tag, Tagged};
use crate::http::envelope::ErrorEnvelope;
use crate::http::json::Json;
use crate::http::openapi::CallerErrors;
use crate::http::page::{Page, Paged};
use crate::http::path::PathId;
use crate::http::query::{FromQuery, QueryReader, ValidQuery};
use crate::state::AppState;

/// Something the caller should know of.
#[derive(Debug, Serialize, ToSchema)]
pub struct Notification {
    /// The notification's id.
    #[schema(example = 55)]
    pub id: i32,
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// What it says.
    #[schema(example = "Jane Smith wants to connect with you", max_length = 500)]
    pub message: String,
    /// What it is about: the connection's id, or a travel plan's for a `travel_match` (the caller's own plan, if it has one
    /// there, else the other's).
    #[schema(example = 12)]
    pub related_entity_id: Option<i32>,
    /// Whether it was marked as read.
    #[schema(example = false)]
    pub is_read: bool,
    /// When it happened.
    #[serde(with = "crate::http::instant")]
    pub created_at: OffsetDateTime,
}

impl From<NotificationRow> for Notification {
    fn from(row: NotificationRow) -> Self {
        let NotificationRow { id, kind, message, related_entity_id, is_read, created_at } = row;
        Self { id, kind, message, related_entity_id, is_read, created_at }
    }
}

/// How many notifications were marked as read.
#[derive(Debug, Serialize, ToSchema)]
pub struct MarkedRead {
    /// Those that were not read before.
    #[schema(example = 3, minimum = 0)]
    pub updated: u64,
}

/// How many notifications wait.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnreadCount {
    /// Those that were not marked as read.
    #[schema(example = 3, minimum = 0)]
    pub unread_count: i64,
}

/// Which notifications to list.
#[derive(Debug, Hash, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Listing {
    /// `true` for those that were read, `false` for the others; without it, both.
    #[param(example = false)]
    pub is_read: Option<bool>,
    /// Only those of this type.
    #[param(rename = "type", example = "travel_match")]
    pub kind: Option<Kind>,
    /// Which part of the list to return.
    #[param(ignore)]
    pub page: Page,
}

impl FromQuery for Listing {
    fn read(query: &mut QueryReader<'_>) -> Option<Self> {
        let is_read = query.optional("is_read", true_or_false);
        let kind = query.optional("type", Kind::parse);
        let page = Page::read(query);
        Some(Self { is_read: is_read?, kind: kind?, page: page? })
    }
}

fn true_or_false(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "is_read must be true or false".to_owned())
}

/// One's notifications
///
/// Newest first.
#[utoipa::path(get, path = "/api/v1/notifications", operation_id = "notificationsList", tag = "notifications",
    security(("bearer" = [])), params(Listing, Page, Copies),
    responses(
        (status = 200, description = "A page of the caller's notifications.", body = Paged<Notification>,
            links(("readTheFirst" = (operation_id = "notificationsMarkRead",
                parameters(("notification_id" = "$response.body#/data/0/id")))))),
        (status = 304, description = "The client has this already: see `If-None-Match`."),
        (status = 400, description = "A parameter breaks the rules.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn list(
    State(app): State<AppState>,
    caller: CurrentUser,
    copies: Copies,
    ValidQuery(listing): ValidQuery<Listing>,
) -> Result<(PollInterval, Tagged<Paged<Notification>>)> {
    let tag = Tag::of(&caller, &(caller.versions.notifications, &listing));
    if copies.have(&tag) {
        return Ok((app.poll_interval, Tagged::unchanged(tag)));
    }
    let Listing { is_read, kind, page } = listing;
    let (rows, total) = store::list(&app.db, caller.id, Filter { is_read, kind }, page).await?;
    let page = Paged::new(rows.into_iter().map(Notification::from).collect(), page, total);
    Ok((app.poll_interval, Tagged::changed(tag, page)))
}

/// Mark a notification as read
///
/// May be repeated: one that was read stays so.
#[utoipa::path(put, path = "/api/v1/notifications/{notification_id}/read", operation_id = "notificationsMarkRead",
    tag = "notifications", security(("bearer" = [])),
    params(("notification_id" = i32, Path, description = "The notification's id.", minimum = 1, example = 55)),
    responses(
        (status = 200, description = "The notification as it is now.", body = Notification),
        (status = 404, description = "The caller has no such notification.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn mark_read(
    State(app): State<AppState>,
    caller: CurrentUser,
    PathId(id): PathId<i32>,
) -> Result<Json<Notification>> {
    let read = store::mark_read(&app.db, id, caller.id).await?.ok_or(Error::NotFound("notification"))?;
    Ok(Json(read.into()))
}

/// Mark all notifications as read
///
/// May be repeated: then there is nothing left to mark.
#[utoipa::path(put, path = "/api/v1/notifications/read-all", operation_id = "notificationsMarkAllRead",
    tag = "notifications", security(("bearer" = [])),
    responses((status = 200, description = "How many there were to mark.", body = MarkedRead), CallerErrors))]
pub async fn mark_all_read(State(app): State<AppState>, caller: CurrentUser) -> Result<Json<MarkedRead>> {
    let updated = store::mark_all_read(&app.db, caller.id).await?;
    Ok(Json(MarkedRead { updated }))
}

/// Count one's unread notifications
///
/// The cheapest way to see whether there is something new: ask this before the list.
#[utoipa::path(get, path = "/api/v1/notifications/unread-count", operation_id = "notificationsUnreadCount",
    tag = "notifications", security(("bearer" = [])),
    params(Copies),
    responses(
        (status = 200, description = "How many wait to be read.", body = UnreadCount),
        (status = 304, description = "The client has this already: see `If-None-Match`."),
        (status = 400, description = "`If-None-Match` is too long.", body = ErrorEnvelope),
        CallerErrors))]
pub async fn unread_count(
    State(app): State<AppState>,
    caller: CurrentUser,
    copies: Copies,
) -> Result<(PollInterval, Tagged<UnreadCount>)> {
    let tag = Tag::of(&caller, &("unread", caller.versions.notifications));
    if copies.have(&tag) {
        return Ok((app.poll_interval, Tagged::unchanged(tag)));
    }
    let unread_count = store::count_unread(&app.db, caller.id).await?;
    Ok((app.poll_interval, Tagged::changed(tag, UnreadCount { unread_count })))
}
