//! Notifications: what somebody should know of, kept until they ask.
//!
//! Whatever causes one writes a [`rules::Notice`] in its own transaction, the scan by [`store::insert_all`], a request in its
//! batch: a notification exists if and only if what it tells of has happened. Clients poll for them, and say which ones were read.

pub mod api;
pub mod rules;
pub mod store;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The routes of this feature.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(api::list))
        .routes(routes!(api::mark_all_read))
        .routes(routes!(api::unread_count))
        .routes(routes!(api::mark_read))
}
