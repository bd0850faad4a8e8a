//! The API reference, held against a running server: every command in it runs in the order in which it stands there, and
//! every JSON in it is what comes, or is taken.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod examples;
mod fit;
mod markdown;
mod server;
mod shell;
