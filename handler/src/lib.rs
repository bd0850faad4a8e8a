//! TravelMeetup's API as a library; `main.rs` is its command line.
//!
//! One request is read downwards: `app` (routes and layers) → `http` (what all share) → the feature's endpoint → its rules
//! → its store → its SQL.

pub mod app;
pub mod audit;
pub mod auth;
pub mod causes;
pub mod clock;
pub mod config;
pub mod connections;
pub mod credentials;
pub mod db;
pub mod demo;
pub mod docs;
pub mod error;
pub mod health;
pub mod http;
pub mod limits;
pub mod logging;
pub mod matching;
pub mod monitoring;
pub mod notifications;
pub mod openapi;
pub mod output;
pub mod overtaken;
pub mod place;
pub mod random;
pub mod scan;
pub mod secrets;
pub mod state;
pub mod telemetry;
pub mod text;
pub mod travels;
pub mod users;
pub mod versions;
