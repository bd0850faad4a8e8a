//! What came of it: as a table for people, as JSON for comparisons, and as a curve.

pub mod curve;
pub mod json;
pub mod table;

use crate::generator::Outcome;

/// A run, or one at each of several rates.
pub struct Report {
    /// The scenario's name.
    pub scenario: &'static str,
    /// How requests follow each other, in words.
    pub shape: String,
    /// How many people.
    pub users: usize,
    /// Connections at most.
    pub connections: usize,
    /// What the run can be repeated with.
    pub seed: u64,
    /// The runs.
    pub runs: Vec<Outcome>,
    /// The highest rate that was taken well, if it was looked for and is there.
    pub limit: Option<f64>,
}
