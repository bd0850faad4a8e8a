//! Ratios of medians, and whether they say anything.

use std::fmt::Write as _;

use super::Plan;
use super::load::Sample;

/// Of fewer rounds the spread says too little for a verdict: two that happen to agree would make a finding of every hiccup.
const ENOUGH_ROUNDS: usize = 4;

/// One request, and what was measured of it in each round by each side.
pub(super) struct Row {
    name: String,
    samples: [Vec<Sample>; 2],
}

impl Row {
    /// Of a request by its name.
    pub(super) const fn new(name: String) -> Self {
        Self { name, samples: [Vec::new(), Vec::new()] }
    }

    /// Adds what a side measured: 0 is the old one, 1 the new one.
    pub(super) fn add(&mut self, side: usize, sample: Sample) {
        self.samples[side].push(sample);
    }

    fn compared(&self, of: impl Fn(&Sample) -> f64) -> Compared {
        let [old, new] = self.samples.each_ref().map(|samples| samples.iter().map(&of).collect::<Vec<_>>());
        Compared::of(&old, &new)
    }
}

/// One measure on both sides.
#[derive(Debug, PartialEq)]
struct Compared {
    old: f64,
    new: f64,
    /// New to old.
    ratio: f64,
    /// The furthest that a round was from the median of its side, as a share of it.
    spread: f64,
    /// How many rounds there were.
    rounds: usize,
}

impl Compared {
    fn of(old: &[f64], new: &[f64]) -> Self {
        let spread_around =
            |values: &[f64], middle: f64| values.iter().map(|value| (value / middle - 1.0).abs()).fold(0.0, f64::max);
        let (old_median, new_median) = (median(old), median(new));
        let spread = spread_around(old, old_median).max(spread_around(new, new_median));
        Self {
            old: old_median,
            new: new_median,
            ratio: new_median / old_median,
            spread,
            rounds: old.len().min(new.len()),
        }
    }

    /// What a ratio further from 1 than the rounds are from each other is called.
    fn verdict(&self) -> &'static str {
        if self.rounds < ENOUGH_ROUNDS || (self.ratio - 1.0).abs() <= self.spread {
            ""
        } else if self.ratio > 1.0 {
            "<-- more"
        } else {
            "<-- less"
        }
    }
}

/// The middle one; of an even number the mean of the two in the middle.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    match (sorted.len(), sorted.len() / 2) {
        (0, _) => f64::NAN,
        (length, middle) if length % 2 == 1 => sorted[middle],
        (_, middle) => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// One of the figures of a sample.
type Measure = fn(&Sample) -> f64;

/// Two tables, for people.
pub(super) fn table(rows: &[Row], plan: &Plan) -> String {
    let mut text = format!(
        "\n{} rounds, {} s for each request in each, {} people, one server at a time. A ratio is new to old; the spread is\n\
         the furthest that a round was from its side's median, and what lies further from 1 than that is marked.\n",
        plan.rounds,
        plan.each.as_secs_f64(),
        plan.people
    );
    if plan.rounds < ENOUGH_ROUNDS {
        let _ = writeln!(text, "Nothing is marked here: that takes {ENOUGH_ROUNDS} rounds.");
    }
    let measures: [(&str, Measure); 2] = [
        ("processor time of the server for one request, ms", |sample| sample.cpu),
        ("median time to the end of the answer, ms", |sample| sample.latency),
    ];
    for (title, of) in measures {
        let _ = writeln!(text, "\n{title}\n{:>8} {:>8} {:>7} {:>8}  request", "old", "new", "ratio", "spread");
        for row in rows {
            let compared = row.compared(of);
            let Compared { old, new, ratio, spread, .. } = compared;
            let line = format!(
                "{old:8.3} {new:8.3} {ratio:7.3} {:>7.1}%  {:<34} {}",
                spread * 100.0,
                row.name,
                compared.verdict()
            );
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_ratio_is_that_of_the_medians_and_the_spread_the_worst_of_both_sides() {
        let compared = Compared::of(&[1.0, 1.1, 9.0], &[2.2, 2.2, 1.98]);
        assert!((compared.ratio - 2.0).abs() < 1e-9);
        assert!((compared.spread - (9.0 / 1.1 - 1.0)).abs() < 1e-9);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
    }

    #[test]
    fn only_what_is_outside_of_the_spread_is_marked() {
        let old = [1.0, 1.01, 0.99, 1.0];
        assert_eq!(Compared::of(&[1.0, 1.1, 0.9, 1.0], &[1.05, 1.04, 1.06, 1.05]).verdict(), "");
        assert_eq!(Compared::of(&old, &[1.05, 1.04, 1.06, 1.05]).verdict(), "<-- more");
        assert_eq!(Compared::of(&old, &[0.8; 4]).verdict(), "<-- less");
        assert_eq!(Compared::of(&old[..3], &[0.8; 3]).verdict(), "", "three rounds are too few");
    }

    #[test]
    fn each_request_has_a_line_in_both_tables() {
        let mut row = Row::new("GET /users/me".to_owned());
        for (side, cpu) in [(0, 0.1), (1, 0.2)].repeat(ENOUGH_ROUNDS) {
            row.add(side, Sample { latency: 1.0, cpu });
        }
        let of = |rounds| table(&[], &Plan { rounds, each: Duration::from_secs(3), people: 10 });
        assert!(
            of(ENOUGH_ROUNDS - 1).contains("Nothing is marked") && !of(ENOUGH_ROUNDS).contains("Nothing is marked")
        );
        let text = table(&[row], &Plan { rounds: ENOUGH_ROUNDS, each: Duration::from_secs(3), people: 10 });
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("GET /users/me")).collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains("2.000") && lines[0].ends_with("<-- more"), "{text}");
        assert!(lines[1].contains("1.000") && lines[1].ends_with("me"), "{text}");
    }
}
