//! A local Azure Functions host for custom handlers, honest about what Azure's own host does.
//!
//! It loads a script root (`host.json` and one folder a function), starts the handler and keeps it running, forwards
//! HTTP requests the way Azure forwards them, quirks included, and fires timers. What works here works there, and what
//! Azure would refuse is refused here, at the start and in words.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! let host = devhost::Host::start(devhost::HostOptions::new("dist")).await?;
//! host.ready().await?;
//! println!("http://{}/", host.address());
//! host.shutdown().await
//! # }
//! ```
//!
//! The way of a request: [`Host::start`] → `server` (routing) → `forward` (what the request becomes) → `invocation`
//! (waiting, timeout) → the handler that `supervisor` keeps running. Timers go from `timer` to `invocation`.

pub mod app;
pub mod dev;
pub mod settings;
pub mod signals;

mod clock;
mod forward;
mod host;
mod id;
mod invocation;
mod log;
mod options;
mod process;
mod server;
mod stage;
mod supervisor;
mod timer;

pub use clock::{Clock, SharedClock, SystemClock};
pub use host::{Host, RunningHost};
pub use log::{Level, LogEntry, LogSink, to_stdout};
pub use options::HostOptions;
pub use stage::stage;
