//! What a client meets on Azure: the real handler behind the local Functions host, over real sockets.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod journey;
mod limits;
mod outage;
mod package;
mod routing;
mod scan_command;
mod support;
mod telemetry;
mod timer;
mod timer_routes;
