//! What the API promises, as stories told through the real router on a real database.
#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a story that can't go on fails its test")]

mod login;
mod login_throttle;
mod refresh;
mod register;
mod sessions;
mod tokens;
