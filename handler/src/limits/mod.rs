//! Rate limits (specification 4.7.2): how many requests of a client are served in a minute, whichever instance it asks.
//!
//! A request is counted in a [`rules::Bucket`]: attempts to register, log in and refresh by the address; everything else by
//! the user whom the token names, or by the address without a good token; searches apart. The first request of a bucket
//! begins a window of a minute, the next one after it another. Whoever reaches the limit gets 429 until the window ends.
//!
//! The count is in the database ([`store`]), for instances share no memory. Attempts are counted there one by one and
//! exactly. Other requests are counted in the process first and told to the database now and then ([`local`] says when, and
//! how many requests too many that may let through).
//!
//! Where the database can't count, attempts are refused with 503: a password may not be guessed at because the limiter is
//! away. Other requests are served; then each instance goes by its own count, and asks the database again after a second.
//!
//! [`layers::admit`] stands around the routes, so an unknown path is a 404 for everybody, and in front of everything that
//! reads the request, so that a 429 costs next to nothing. [`layers::tell`] stands around all and writes the `X-RateLimit`
//! headers.
//!
//! A refusal is logged as the event `rate_limited`, with the user if there is one. Addresses are personal data, so the log
//! gets only the network (/24, or /48 of IPv6): it shows where a flood comes from and not who it is. A hash would show less
//! to an operator and hide no more, for all four billion addresses are soon tried. The database has the whole address for
//! as long as it counts and [`store::KEPT`] longer; the match scan sweeps it away.

pub mod layers;
pub mod limiter;
pub mod local;
pub mod rules;
pub mod store;
