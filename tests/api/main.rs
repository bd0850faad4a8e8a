//! What the API promises, as stories told through the real router on a real database.
#![expect(clippy::unwrap_used, reason = "a story that can't go on fails its test")]

mod bodies;
mod common;
mod connection_lists;
mod connection_races;
mod connections;
mod login;
mod login_throttle;
mod notifications;
mod openapi;
mod password;
mod privacy;
mod profile;
mod public_profile;
mod refresh;
mod register;
mod search;
mod sessions;
mod tokens;
