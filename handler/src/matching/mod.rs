//! Matches: which of one's connections are in the same place on the same days, on their own travels or at home.
//!
//! What "the same place" is says [`crate::place`], which days two plans share [`crate::travels::dates`].

pub mod api;
pub mod rules;
pub mod store;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The routes of this feature.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(api::find)).routes(routes!(api::find_for_plan))
}
