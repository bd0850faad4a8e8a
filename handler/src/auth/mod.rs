//! Accounts and sessions: who someone is, and how long that stays believed.
//!
//! [`register`] makes an account. A [`login`], slowed by [`throttle`] after failures, opens a session and hands out a pair
//! of tokens. [`caller`] judges the access token at every request. The refresh token is spent at each [`refresh`];
//! [`rotation`] decides what one that comes back means. [`sessions`] are listed and ended, a [`password`] is changed.

pub mod caller;
pub mod login;
pub mod pair;
pub mod password;
pub mod refresh;
pub mod register;
pub mod rotation;
pub mod sessions;
pub mod store;
pub mod throttle;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The routes of this feature.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(register::register))
        .routes(routes!(login::login))
        .routes(routes!(refresh::refresh))
        .routes(routes!(sessions::logout))
        .routes(routes!(sessions::list, sessions::end_others))
        .routes(routes!(sessions::end))
        .routes(routes!(password::change_password))
}
