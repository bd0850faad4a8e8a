//! The host as its users meet it: real sockets, a real handler process.
//!
//! Each module is one part of what Azure's host does and this one reproduces.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod forwarding;
mod loading;
mod process;
mod routing;
mod support;
mod timers;
