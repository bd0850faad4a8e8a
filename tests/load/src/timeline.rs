//! When requests come.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::mix::Mix;

/// A while in which requests come at one rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Phase {
    /// Its name in a report.
    pub name: &'static str,
    /// How long it is.
    pub length: Duration,
    /// Requests a second; what a closed loop sends depends on the answers, and it has 0 here.
    pub rate: f64,
    /// What they are for.
    pub mix: Mix,
    /// Whether a report tells of it: not of the warm-up.
    pub counted: bool,
}

/// How the requests of a phase follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spacing {
    /// As those of people who know nothing of each other do: a Poisson process.
    Poisson,
    /// At even distances.
    Even,
}

/// One phase after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline(pub Vec<Phase>);

impl Timeline {
    /// How long all of it is.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.0.iter().map(|phase| phase.length).sum()
    }

    /// How long it is until the first phase that counts.
    #[must_use]
    pub fn warm_up(&self) -> Duration {
        self.0.iter().take_while(|phase| !phase.counted).map(|phase| phase.length).sum()
    }

    /// The number of the phase that a moment lies in; the last one's after the end.
    #[must_use]
    pub fn at(&self, moment: Duration) -> usize {
        let mut end = Duration::ZERO;
        let ended = |phase: &&Phase| {
            end += phase.length;
            end <= moment
        };
        self.0.iter().take_while(ended).count().min(self.0.len().saturating_sub(1))
    }

    /// When the requests are to be sent, from the start on; one seed gives the same moments each time.
    pub fn arrivals(&self, spacing: Spacing, seed: u64) -> impl Iterator<Item = Duration> + Send + use<> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut start = 0.0;
        let phases: Vec<_> = self
            .0
            .iter()
            .map(|phase| {
                let (begin, rate) = (start, phase.rate);
                start += phase.length.as_secs_f64();
                (begin, start, rate)
            })
            .filter(|(_, _, rate)| *rate > 0.0)
            .collect();
        // No request knows when the last one was, so each phase can begin anew.
        phases.into_iter().flat_map(move |(begin, end, rate)| {
            let mut gaps = StdRng::seed_from_u64(rng.random());
            let mut at = begin;
            std::iter::from_fn(move || {
                at += match spacing {
                    Spacing::Even => 1.0 / rate,
                    Spacing::Poisson => exponential(&mut gaps, 1.0 / rate),
                };
                let moment = Duration::from_secs_f64(at);
                (moment < Duration::from_secs_f64(end)).then_some(moment)
            })
        })
    }
}

/// A waiting time of this mean, without memory.
pub fn exponential(rng: &mut StdRng, mean: f64) -> f64 {
    -(1.0 - rng.random::<f64>()).ln() * mean
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deed::Deed;

    fn timeline() -> Timeline {
        let phase = |name, seconds, rate, counted| Phase {
            name,
            length: Duration::from_secs(seconds),
            rate,
            mix: Mix::new(&[(Deed::Profile, 1_000)]).unwrap(),
            counted,
        };
        Timeline(vec![
            phase("warm-up", 2, 100.0, false),
            phase("spike", 3, 1_000.0, true),
            phase("after", 5, 100.0, true),
        ])
    }

    #[test]
    fn a_moment_lies_in_one_phase() {
        let timeline = timeline();
        assert_eq!((timeline.length().as_secs(), timeline.warm_up().as_secs()), (10, 2));
        for (millis, phase) in [(0, 0), (1_999, 0), (2_000, 1), (4_999, 1), (5_000, 2), (9_999, 2), (10_000, 2)] {
            assert_eq!(timeline.at(Duration::from_millis(millis)), phase, "{millis} ms");
        }
    }

    #[test]
    fn requests_come_in_order_and_as_often_as_their_phase_says() {
        for spacing in [Spacing::Even, Spacing::Poisson] {
            let timeline = timeline();
            let arrivals: Vec<_> = timeline.arrivals(spacing, 1).collect();
            assert!(arrivals.is_sorted() && arrivals.last() < Some(&timeline.length()));
            for (phase, expected) in [(0, 200_usize), (1, 3_000), (2, 500)] {
                let times = arrivals.iter().filter(|at| timeline.at(**at) == phase).count();
                // A Poisson count strays by its root; this is four times that.
                assert!(times.abs_diff(expected) < 4 * expected.isqrt(), "{spacing:?} {phase}: {times}");
            }
        }
    }

    #[test]
    fn the_same_seed_has_the_same_moments_and_chance_is_not_even() {
        let gather = |seed| timeline().arrivals(Spacing::Poisson, seed).collect::<Vec<_>>();
        assert_eq!(gather(1), gather(1));
        assert_ne!(gather(1), gather(2));
        let gaps: Vec<f64> = gather(1).windows(2).map(|pair| pair[1].as_secs_f64() - pair[0].as_secs_f64()).collect();
        let in_spike = &gaps[250..3_000];
        let short = in_spike.iter().filter(|gap| **gap < 0.001 * std::f64::consts::LN_2).count();
        assert!(short.abs_diff(in_spike.len() / 2) < 150, "half of all gaps are under the median of the law: {short}");
    }
}
