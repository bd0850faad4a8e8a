//! How much a server can take.

use crate::figures::{number, ratio};
use crate::record::Record;

/// What an answer may take, in milliseconds (specification, success criteria: 95 % of requests).
pub const MOST_P95: f64 = 200.0;
/// The share of requests that may go wrong.
pub const MOST_FAILED: f64 = 0.001;
/// The limit is known when what is too much is no more than this share above what is not, or than one request a second.
const NEAR: f64 = 0.1;
/// No rate above this is tried.
const MOST_RATE: f64 = 100_000.0;

/// Whether a server has taken this well.
#[must_use]
pub fn is_fine(record: &Record) -> bool {
    record.requests() > 0
        && record.latencies.at(0.95) < MOST_P95
        && ratio(number(record.failed()), number(record.requests())) < MOST_FAILED
}

/// Looks for the highest rate that is taken well: doubles it until one is not, and then halves what is between.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    next: f64,
    fine: Option<f64>,
    too_much: Option<f64>,
}

impl Search {
    /// Begins at this rate.
    #[must_use]
    pub const fn from(rate: f64) -> Self {
        Self { next: rate, fine: None, too_much: None }
    }

    /// The rate to try next; `None` if the limit is known.
    #[must_use]
    pub fn next(&self) -> Option<f64> {
        let known = match (self.fine, self.too_much) {
            (Some(fine), Some(too_much)) => too_much - fine <= (fine * NEAR).max(1.0),
            (None, Some(_)) => self.next < 1.0,
            (_, None) => self.next > MOST_RATE,
        };
        (!known).then_some(self.next)
    }

    /// How the last rate was taken.
    pub fn note(&mut self, fine: bool) {
        let rate = self.next;
        *(if fine { &mut self.fine } else { &mut self.too_much }) = Some(rate);
        self.next = match (self.fine, self.too_much) {
            (Some(fine), Some(too_much)) => f64::midpoint(fine, too_much).round(),
            (None, Some(too_much)) => (too_much / 2.0).floor(),
            (_, None) => rate * 2.0,
        };
    }

    /// The highest rate that was taken well.
    #[must_use]
    pub const fn limit(&self) -> Option<f64> {
        self.fine
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deed::Deed;
    use crate::verdict::Verdict;
    use std::time::Duration;

    fn search(from: f64, limit: f64) -> (Option<f64>, usize) {
        let mut search = Search::from(from);
        let mut tries = 0;
        while let Some(rate) = search.next() {
            search.note(rate <= limit);
            tries += 1;
            assert!(tries < 40, "it does not end");
        }
        (search.limit(), tries)
    }

    #[test]
    fn the_limit_is_found_from_below_and_from_above() {
        for (from, limit) in [(500.0, 3_700.0), (500.0, 300.0), (1_000.0, 1_000.0), (4_000.0, 4_399.0), (1.0, 9.0)] {
            let (found, tries) = search(from, limit);
            let found = found.unwrap();
            assert!(found <= limit && found > limit / 1.15 - 1.0 && tries < 15, "{limit}: {found} after {tries}");
        }
        assert_eq!(search(100.0, 0.0).0, None);
        assert!(search(50_000.0, 1e9).0.unwrap() <= MOST_RATE);
    }

    #[test]
    fn slow_answers_and_errors_are_too_much() {
        let record = |millis, errors| {
            let mut record = Record::new().unwrap();
            for number in 0..2_000 {
                let verdict = if number < errors { Verdict::Error("500".into()) } else { Verdict::Served };
                record.add(Some(Deed::Search), Some(200), false, &verdict, Duration::from_millis(millis));
            }
            record
        };
        assert!(is_fine(&record(199, 0)) && is_fine(&record(5, 1)));
        assert!(!is_fine(&record(201, 0)) && !is_fine(&record(5, 2)) && !is_fine(&Record::new().unwrap()));
    }
}
