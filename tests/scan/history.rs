//! What happened, as those saw it who did it: each fact with the versions that it has had, and when it can have changed.
//!
//! Time is counted in ticks, one for each beginning and end of a deed or of a look. A deed takes effect somewhere between
//! its two ticks, so of the old and the new version either may hold in between.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use time::Date;

/// What people write for a place: its city, its country, and which place it is.
pub(crate) const WRITTEN: [(&str, &str, usize); 7] = [
    ("Rome", "Italy", 0),
    ("ROME", "it", 0),
    ("rome", "ITA", 0),
    ("Oslo", "Norway", 1),
    ("oslo", "NO", 1),
    ("São Paulo", "Brazil", 2),
    ("sao paulo", "BR", 2),
];
/// The keys of the places: city and country.
pub(crate) const PLACES: [(&str, &str); 3] = [("rome", "IT"), ("oslo", "NO"), ("sao paulo", "BR")];
/// The people.
pub(crate) const NAMES: [&str; 8] = ["Ana", "Ben", "Cleo", "Dan", "Eve", "Fay", "Gus", "Hal"];

/// Counts.
#[derive(Default)]
pub(crate) struct Ticks(AtomicU64);

impl Ticks {
    /// A tick after all that were before.
    pub(crate) fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// A fact and its versions.
pub(crate) struct Timeline<T> {
    /// When each can have begun at the earliest, and was in force at the latest.
    versions: Vec<((u64, u64), T)>,
}

impl<T> Timeline<T> {
    pub(crate) fn new(initial: T) -> Self {
        Self { versions: vec![((0, 0), initial)] }
    }

    /// A new version, put in force by a deed between these ticks.
    pub(crate) fn set(&mut self, span: (u64, u64), value: T) {
        self.versions.push((span, value));
    }

    /// The version of now.
    pub(crate) fn last(&self) -> &T {
        &self.versions.last().unwrap().1
    }

    /// Every version that can have been in force at this tick.
    pub(crate) fn at(&self, tick: u64) -> impl Iterator<Item = &T> {
        self.versions.iter().enumerate().filter_map(move |(number, ((begun, _), value))| {
            let until = self.versions.get(number + 1).map_or(u64::MAX, |((_, ended), _)| *ended);
            (*begun <= tick && tick <= until).then_some(value)
        })
    }

    /// Every version that there ever was.
    pub(crate) fn ever(&self) -> impl Iterator<Item = &T> {
        self.versions.iter().map(|(_, value)| value)
    }
}

/// A plan: where, as a place in [`WRITTEN`], and from when to when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stay {
    pub(crate) written: usize,
    pub(crate) first: Date,
    pub(crate) last: Date,
}

impl Stay {
    pub(crate) const fn place(self) -> usize {
        WRITTEN[self.written].2
    }

    /// How many days both are there, if they were in one place.
    pub(crate) fn days_with(self, other: (Date, Date)) -> i64 {
        (self.last.min(other.1) - self.first.max(other.0)).whole_days() + 1
    }

    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.days_with((other.first, other.last)) > 0
    }
}

/// Everything that was done.
pub(crate) struct History {
    /// Where each lives, as a place in [`WRITTEN`].
    pub(crate) homes: Vec<Timeline<Option<usize>>>,
    /// The plans by their ids, each with its owner; what was removed or is not made yet is nothing.
    pub(crate) plans: BTreeMap<i32, (usize, Timeline<Option<Stay>>)>,
    /// Who is connected, the lower one first.
    pub(crate) pairs: BTreeMap<(usize, usize), Timeline<bool>>,
    /// How often each kind of deed was done.
    pub(crate) deeds: BTreeMap<&'static str, usize>,
}

/// A history that many write.
pub(crate) type SharedHistory = Mutex<History>;

impl History {
    pub(crate) fn new() -> Self {
        let pairs = (0..NAMES.len()).flat_map(|low| (low + 1..NAMES.len()).map(move |high| (low, high)));
        Self {
            homes: NAMES.iter().map(|_| Timeline::new(None)).collect(),
            plans: BTreeMap::new(),
            pairs: pairs.map(|pair| (pair, Timeline::new(false))).collect(),
            deeds: BTreeMap::new(),
        }
    }

    /// The plans of somebody, with their ids.
    pub(crate) fn plans_of(&self, owner: usize) -> impl Iterator<Item = (i32, &Timeline<Option<Stay>>)> {
        self.plans.iter().filter(move |(_, (whose, _))| *whose == owner).map(|(id, (_, plan))| (*id, plan))
    }

    /// The plans of somebody that there are now.
    pub(crate) fn stays_of(&self, owner: usize) -> Vec<(i32, Stay)> {
        self.plans_of(owner).filter_map(|(id, plan)| plan.last().map(|stay| (id, stay))).collect()
    }

    pub(crate) fn pair(&self, one: usize, other: usize) -> &Timeline<bool> {
        &self.pairs[&(one.min(other), one.max(other))]
    }
}
