//! What the API promises, as stories told through the real router on a real database.

mod login;
mod login_throttle;
mod refresh;
mod register;
mod sessions;
mod tokens;
