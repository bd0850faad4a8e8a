//! Numbers for people.

use std::time::Duration;

/// A count as a number to reckon with; exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^53")]
#[must_use]
pub const fn number(count: u64) -> f64 {
    count as f64
}

/// Milliseconds of microseconds.
#[must_use]
pub const fn milliseconds(micros: u64) -> f64 {
    number(micros) / 1e3
}

/// Whole microseconds of a duration.
#[must_use]
pub fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// `part` of `whole`; 0 of nothing.
#[must_use]
pub fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// A whole number below `most`, which is above 0, by a share from 0 to 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a u32 is one")]
#[must_use]
pub fn scaled(share: f64, most: usize) -> usize {
    let most = u32::try_from(most).unwrap_or(u32::MAX);
    ((share * f64::from(most)) as u32).min(most.saturating_sub(1)) as usize
}

/// To a thousandth, as JSON shows it.
#[must_use]
pub fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// The middle one, or the mean of the two in the middle; 0 of none.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.get(middle) {
        None => 0.0,
        Some(upper) if sorted.len() % 2 == 1 => *upper,
        Some(upper) => f64::midpoint(sorted[middle - 1], *upper),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_lies_in_the_middle() {
        for (values, expected) in
            [(&[][..], 0.0), (&[7.0], 7.0), (&[9.0, 1.0, 2.0], 2.0), (&[4.0, 1.0, 900.0, 2.0], 3.0)]
        {
            assert!((median(values) - expected).abs() < 1e-9, "{values:?}");
        }
    }
}
