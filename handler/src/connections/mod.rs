//! Connections: how two people come to share their travel plans.
//!
//! Two people have at most one row, whoever asked. A [`request`] is [`answered`](respond) or withdrawn; a connection lasts
//! until one of the two [removes](remove) it. [`rules`] decides what a request means where there was something before,
//! [`friends`] tells where the friend in a [list](lists) is today.
//!
//! Every change is decided by the row as it was read and written only if it is still so. Of two deeds at once one comes
//! first, and the other is [judged anew](crate::overtaken) by what it left.

pub mod friends;
pub mod lists;
pub mod remove;
pub mod request;
pub mod respond;
pub mod rules;
pub mod store;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The routes of this feature.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(lists::list))
        .routes(routes!(request::request))
        .routes(routes!(lists::list_received))
        .routes(routes!(lists::list_sent))
        .routes(routes!(respond::accept))
        .routes(routes!(respond::reject))
        .routes(routes!(remove::remove))
}
