//! The host as its users meet it: real sockets, a real handler process.
//!
//! Each module is one part of what Azure's host does and this one reproduces.

mod forwarding;
mod loading;
mod process;
mod routing;
mod support;
mod timers;
