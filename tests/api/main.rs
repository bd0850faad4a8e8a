//! What the API promises, as stories told through the real router on a real database.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a story that can't go on fails its test")]

mod bodies;
mod cancellation;
mod common;
mod connection_lists;
mod connection_races;
mod connections;
mod demo;
mod health;
mod instances;
mod login;
mod login_throttle;
mod logs;
mod match_scan;
mod matches;
mod matrix;
mod notifications;
mod openapi;
mod password;
mod privacy;
mod profile;
mod public_profile;
mod rate_limit_counts;
mod rate_limits;
mod refresh;
mod register;
mod scan_faults;
mod schema;
mod search;
mod sessions;
mod shapes;
mod tokens;
mod travel_lists;
mod travel_races;
mod travel_sight;
mod travels;
