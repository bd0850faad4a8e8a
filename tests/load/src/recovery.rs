//! How a server comes back after a spike.

use crate::record::Second;

/// A server has recovered when the 95th percentile is under this many milliseconds, and stays there.
pub const CALM_P95: f64 = 50.0;

/// The 95th percentiles, in milliseconds, of the seconds from `end` (of the spike) on. A second without requests has 0.
#[must_use]
pub fn after(seconds: &[Second], end: usize) -> Vec<f64> {
    seconds.iter().skip(end).map(|second| second.latencies.at(0.95)).collect()
}

/// After how many seconds the percentile fell under [`CALM_P95`] and stayed; `None` if it never did.
#[must_use]
pub fn recovered(p95: &[f64]) -> Option<usize> {
    let slow = p95.iter().rposition(|p95| *p95 >= CALM_P95);
    let calm = slow.map_or(0, |slow| slow + 1);
    (calm < p95.len()).then_some(calm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn only_a_server_that_stays_fast_has_recovered() {
        for (p95, expected) in [
            (vec![900.0, 60.0, 20.0, 10.0], Some(2)),
            (vec![900.0, 20.0, 60.0, 10.0], Some(3)),
            (vec![20.0, 20.0], Some(0)),
            (vec![900.0, 20.0, 50.0], None),
            (vec![], None),
        ] {
            assert_eq!(recovered(&p95), expected, "{p95:?}");
        }
    }

    #[test]
    fn seconds_count_from_the_end_of_the_spike() {
        let second = |millis| {
            let mut second = Second::new().unwrap();
            second.latencies.add(Duration::from_millis(millis));
            second
        };
        let told = after(&[second(5), second(900), second(80), second(7)], 2);
        assert!(told.len() == 2 && (told[0] - 80.0).abs() < 1.0 && (told[1] - 7.0).abs() < 0.1, "{told:?}");
    }
}
