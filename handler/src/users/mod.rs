//! Users: their profiles, and finding one another.
//!
//! [`rules`] says what a profile may hold and what a search may ask for, [`email`] what an address is.

pub mod api;
pub mod changes;
pub mod email;
pub mod homes;
pub mod rules;
pub mod store;
pub mod summary;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The routes of this feature.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(api::get_me, api::update_me))
        .routes(routes!(api::search))
        .routes(routes!(api::get_by_id))
}
