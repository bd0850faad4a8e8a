//! What became of the requests.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;

use crate::deed::{Deed, Group};
use crate::figures::{micros, milliseconds};
use crate::verdict::Verdict;

/// The shortest and the longest latency that are told apart, in microseconds: longer ones count as the longest.
const BOUNDS: (u64, u64) = (1, 600_000_000);

/// Latencies, in microseconds.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

/// The percentiles of a report, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Percentiles {
    /// Half took no longer.
    pub p50: f64,
    /// 95 % took no longer.
    pub p95: f64,
    /// 99 % took no longer.
    pub p99: f64,
    /// 99.9 % took no longer.
    pub p999: f64,
    /// The longest of all.
    pub max: f64,
}

impl Latencies {
    /// None yet; told to so many digits, 1 to 5. Fails for any other number.
    pub fn new(digits: u8) -> Result<Self> {
        let mut histogram = Histogram::new_with_bounds(BOUNDS.0, BOUNDS.1.min(1_000), digits)?;
        histogram.auto(true);
        Ok(Self(histogram))
    }

    /// One more.
    pub fn add(&mut self, took: Duration) {
        // It grows as far as the bounds, so this can't fail.
        let _ = self.0.record(micros(took).clamp(BOUNDS.0, BOUNDS.1));
    }

    /// All of another's.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        Ok(self.0.add(&other.0)?)
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// How long all but the longest took, in milliseconds: 0.95 for the 95th percentile. 0 if there are none.
    #[must_use]
    pub fn at(&self, quantile: f64) -> f64 {
        milliseconds(self.0.value_at_quantile(quantile))
    }

    /// The usual percentiles.
    #[must_use]
    pub fn percentiles(&self) -> Percentiles {
        Percentiles {
            p50: self.at(0.50),
            p95: self.at(0.95),
            p99: self.at(0.99),
            p999: self.at(0.999),
            max: milliseconds(self.0.max()),
        }
    }
}

/// The answers of a while.
#[derive(Debug, Clone)]
pub struct Record {
    /// How long all of them took, those that failed too.
    pub latencies: Latencies,
    /// The same by [`Group`], in the order of [`Group::ALL`].
    pub groups: Vec<Latencies>,
    /// Answers by their status.
    pub statuses: BTreeMap<u16, u64>,
    /// What was told to come back later, where that is expected.
    pub refused: u64,
    /// What should not have been, in a few words, and how often.
    pub errors: BTreeMap<String, u64>,
    /// Requests that named the answer they had.
    pub conditional: u64,
    /// Answers that there is nothing new.
    pub not_modified: u64,
}

impl Record {
    /// Of nothing yet.
    pub fn new() -> Result<Self> {
        let groups = Group::ALL.iter().map(|_| Latencies::new(3)).collect::<Result<_>>()?;
        Ok(Self {
            latencies: Latencies::new(3)?,
            groups,
            statuses: BTreeMap::new(),
            refused: 0,
            errors: BTreeMap::new(),
            conditional: 0,
            not_modified: 0,
        })
    }

    /// A request was answered with `status`, or not at all; one that was not even sent was for no deed.
    pub fn add(
        &mut self,
        deed: Option<Deed>,
        status: Option<u16>,
        conditional: bool,
        verdict: &Verdict,
        took: Duration,
    ) {
        self.latencies.add(took);
        if let Some(of_group) = Group::ALL.iter().position(|group| deed.is_some_and(|deed| *group == deed.group())) {
            self.groups[of_group].add(took);
        }
        if let Some(status) = status {
            *self.statuses.entry(status).or_default() += 1;
            self.not_modified += u64::from(status == 304);
        }
        self.conditional += u64::from(conditional);
        match verdict {
            Verdict::Served => {}
            Verdict::Refused => self.refused += 1,
            Verdict::Error(what) => *self.errors.entry(what.clone()).or_default() += 1,
        }
    }

    /// All of another.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        self.latencies.merge(&other.latencies)?;
        for (group, others) in self.groups.iter_mut().zip(&other.groups) {
            group.merge(others)?;
        }
        for (status, times) in &other.statuses {
            *self.statuses.entry(*status).or_default() += times;
        }
        for (what, times) in &other.errors {
            *self.errors.entry(what.clone()).or_default() += times;
        }
        self.refused += other.refused;
        self.conditional += other.conditional;
        self.not_modified += other.not_modified;
        Ok(())
    }

    /// How many requests there were.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.latencies.count()
    }

    /// How many of them went wrong.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.errors.values().sum()
    }
}

/// The answers to what was to be sent in one second.
#[derive(Debug, Clone)]
pub struct Second {
    /// How long they took.
    pub latencies: Latencies,
    /// How many went wrong.
    pub failed: u64,
}

impl Second {
    /// Of nothing yet.
    pub fn new() -> Result<Self> {
        Ok(Self { latencies: Latencies::new(2)?, failed: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_latencies() {
        let mut record = Record::new().unwrap();
        for millis in 1..=1_000 {
            record.add(Some(Deed::Search), Some(200), false, &Verdict::Served, Duration::from_millis(millis));
        }
        let told = record.latencies.percentiles();
        for (value, expected) in
            [(told.p50, 500.0), (told.p95, 950.0), (told.p99, 990.0), (told.p999, 999.0), (told.max, 1_000.0)]
        {
            assert!((value - expected).abs() <= expected / 500.0, "{value} is not {expected}");
        }
        assert_eq!((record.groups[5].count(), record.groups[0].count()), (1_000, 0));
    }

    #[test]
    fn two_records_add_up() {
        let mut one = Record::new().unwrap();
        one.add(Some(Deed::MyPlans), Some(304), true, &Verdict::Served, Duration::from_secs(4_000));
        let mut other = Record::new().unwrap();
        other.add(Some(Deed::Login), Some(503), false, &Verdict::Refused, Duration::from_micros(7));
        other.add(None, None, false, &Verdict::Error("no connection".into()), Duration::ZERO);
        one.merge(&other).unwrap();
        assert_eq!((one.requests(), one.failed(), one.refused, one.conditional, one.not_modified), (3, 1, 1, 1, 1));
        assert_eq!(one.statuses, BTreeMap::from([(304, 1), (503, 1)]));
        assert!(one.latencies.percentiles().max > 599_000.0, "what takes too long to be told counts as the longest");
    }
}
