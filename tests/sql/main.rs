//! Every statement and the ground it stands on, told directly on each engine: what a story through the router would leave
//! to chance, such as a stale hash, another's session or an instant at the very edge.
#![expect(clippy::unwrap_used, reason = "a story that can't go on fails its test")]

mod common;
mod connections;
mod files;
mod limits;
mod logins;
mod matching;
mod migrations;
mod notifications;
mod plans;
mod search;
mod sessions;
mod transactions;
mod travels;
mod types;
mod users;
