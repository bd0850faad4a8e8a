//! Travel plans: who is where, and when.

pub mod dates;
