//! Whether the process is well, and whether it can serve: for the Functions host, for deployments, for operators.

pub mod api;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The routes of this feature.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(api::health))
        .routes(routes!(api::detailed))
        .routes(routes!(api::ready))
        .routes(routes!(api::live))
}
