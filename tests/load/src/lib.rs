//! Load for a handler on this machine, and what becomes of it: `cargo xtask load` is its command line.
//!
//! Read downwards: a [`scenario`] says who comes how often (a [`timeline`]) and what they want (a [`mix`] of [`deed`]s). The
//! [`generator`] has the [`crowd`] of [`user`]s send that over its [`wire`], and keeps a [`record`] of the answers beside
//! what a [`probe`] sees of the server. [`report`] shows it as a table, as JSON and as a curve.
//!
//! *Open loop*: requests come when they come, whether or not those before were answered, and a latency counts from the
//! moment at which the request was **meant** to be sent. A server that stalls for a second so delays everybody who came in
//! that second, as it would in life; a generator that waits for the answer before it sends on would ask once, and hide it.
//! *Closed loop*: so many people, each of whom waits for the answer and then thinks for a while.
//!
//! What one request costs, and not how many can come, is a [`block`] of the same ones: `cargo xtask poll-cost` and `growth`.

pub mod block;
pub mod crowd;
pub mod deed;
pub mod figures;
pub mod generator;
pub mod limit;
pub mod login;
pub mod mix;
pub mod probe;
pub mod progress;
pub mod record;
pub mod recovery;
pub mod report;
pub mod scenario;
pub mod scene;
pub mod timeline;
pub mod user;
pub mod verdict;
pub mod wire;
