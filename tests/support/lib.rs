//! What the stories in `tests/` are told with: the real application on a database of its own, and people who use it.
//!
//! ```no_run
//! # use tests::TestApp;
//! # async fn story() {
//! let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
//! ana.get(&format!("/api/v1/users/{}", ben.id)).await.expect_status(200);
//! app.clock.advance(std::time::Duration::from_secs(60));
//! # }
//! ```
//!
//! Every answer, in whatever story, is held to what is promised of all of them: see [`promises`].
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a story that can't go on fails its test, and says so by a panic"
)]

mod answer;
mod app;
pub mod azure;
mod client;
mod clock;
mod coverage;
mod database;
pub mod fault;
pub mod forge;
pub mod ingestion;
pub mod little_server;
mod log;
pub mod promises;
mod random;
pub mod schema;
mod server;
pub mod statements;
mod tds;
pub mod told;

pub use answer::Answer;
pub use app::{ACCESS_SECRET, REFRESH_SECRET, Setup, TestApp};
pub use client::{Client, PASSWORD, Person};
pub use clock::TestClock;
pub use database::OwnDatabase;
pub use log::Log;
