//! Travel plans: who is where, and when.
//!
//! A plan is its owner's to change and its owner's connections' to read; to anyone else there is none. [`dates`] says which
//! days a plan may have, [`rules`] the rest: what a plan may hold, who may do what, and what each list shows.

pub mod api;
pub mod dates;
pub mod lists;
pub mod rules;
pub mod store;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The routes of this feature.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(lists::list, api::create))
        .routes(routes!(api::get, api::update, api::delete))
        .routes(routes!(lists::list_of_user))
        .routes(routes!(lists::list_of_connections))
}
