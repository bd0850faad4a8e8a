//! What proves who someone is: passwords and how they are kept, tokens and how they are signed. No database, no HTTP.
//!
//! [`password_policy`] says what a new password has to be; [`hasher`] keeps only an Argon2id hash of it. [`tokens`] are
//! signed with the secrets of a [`keys`] ring; a refresh token carries a [`refresh_secret`]. A [`renewal`] is the wish to
//! have the secrets read again.

pub mod hasher;
mod hashing_threads;
mod hs256;
pub mod keys;
pub mod password_policy;
pub mod refresh_secret;
pub mod renewal;
pub mod tokens;
mod well_known;
