//! The match scan: looks at what may have made new matches, and tells everybody of theirs, once.
//!
//! [`causes`](crate::causes) are written by whoever makes a change, in the same transaction. A [`run`] takes them in
//! batches, under a lease, so that several may run at once and one that dies is taken over. A batch is one transaction:
//! it holds the people and connections that it is about, looks at the matches that hold, writes who is told what, and
//! removes the causes. [`rules`] has the words, [`api`] what the timer of the Functions host asks, [`command`] what an operator does.

pub mod api;
pub mod command;
pub mod rules;
pub mod run;
pub mod store;
