//! Every statement and the ground it stands on, told directly on each engine: what a story through the router would leave
//! to chance, such as a stale hash, another's session or an instant at the very edge.
#![expect(clippy::unwrap_used, reason = "a story that can't go on fails its test")]

mod common;
mod connection_changes;
mod connections;
mod faults;
mod files;
mod homes;
mod limits;
mod lines;
mod logins;
mod matching;
mod meetings;
mod migrations;
mod notifications;
mod plan_changes;
mod plans;
mod resilience;
mod scan;
mod search;
mod sessions;
mod telling;
mod transactions;
mod travels;
mod types;
mod users;
mod versions;
mod wire;
mod worlds;
