//! The days of a plan: what they may be, and where two of them meet.

use serde::Serialize;
use time::macros::date;
use time::{Date, Duration, Month};
use utoipa::ToSchema;

use crate::error::FieldError;
use crate::http::day;

/// The first day that a plan may start on (contract, "Travel plans").
pub const EARLIEST: Date = date!(2000 - 01 - 01);
/// The most days of a plan, its first and its last one counted (contract, "Travel plans").
pub const MAX_DAYS: i64 = 366;
/// A plan ends at most so many years from today (contract, "Travel plans").
const YEARS_AHEAD: i32 = 5;

/// Days in a row, the first and the last one included; never turned around.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateRange {
    start: Date,
    end: Date,
}

/// The days on which two ranges meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
pub struct Overlap {
    /// The first day.
    #[serde(serialize_with = "day::serialize")]
    #[schema(value_type = String, format = Date, example = "2026-03-15")]
    pub start_date: Date,
    /// The last day.
    #[serde(serialize_with = "day::serialize")]
    #[schema(value_type = String, format = Date, example = "2026-03-18")]
    pub end_date: Date,
    /// How many days, the first and the last one counted: at least 1.
    #[schema(example = 4, minimum = 1)]
    pub days: i64,
}

impl DateRange {
    /// The days from `start` to `end`, as stored and checked before. An end before the start counts as the start.
    #[must_use]
    pub fn stored(start: Date, end: Date) -> Self {
        Self { start, end: end.max(start) }
    }

    /// The days from `start` to `end`, or every fault, at `start_date` or `end_date`. What each of the two may be by itself is
    /// [`parse_day`]'s business.
    pub fn new(start: Date, end: Date) -> Result<Self, FieldError> {
        if end < start {
            return Err(FieldError::new("end_date", format!("end_date must not be before start_date, {start}")));
        }
        let days = (end - start).whole_days() + 1;
        if days > MAX_DAYS {
            let message = format!("The dates span {days} days: choose at most {MAX_DAYS}, both ends counted");
            return Err(FieldError::new("end_date", message));
        }
        Ok(Self { start, end })
    }

    /// The first day.
    #[must_use]
    pub const fn start(self) -> Date {
        self.start
    }

    /// The last day.
    #[must_use]
    pub const fn end(self) -> Date {
        self.end
    }

    /// How many days, the first and the last one counted.
    #[must_use]
    pub fn days(self) -> i64 {
        (self.end - self.start).whole_days() + 1
    }

    /// The days that both have, if there are any.
    #[must_use]
    pub fn overlap(self, other: Self) -> Option<Overlap> {
        let (start, end) = (self.start.max(other.start), self.end.min(other.end));
        (start <= end).then(|| {
            let days = Self { start, end }.days();
            Overlap { start_date: start, end_date: end, days }
        })
    }
}

/// Reads one end of a range: a day that exists, from [`EARLIEST`] to five years from `today`.
pub fn parse_day(text: &str, today: Date) -> Result<Date, String> {
    let day = day::parse(text)?;
    let latest = latest(today);
    if !(EARLIEST..=latest).contains(&day) {
        return Err(format!("Choose a date from {EARLIEST} to {latest}"));
    }
    Ok(day)
}

/// The last day that a plan may end on: five years from today, on 29 February the day before.
fn latest(today: Date) -> Date {
    let year = today.year() + YEARS_AHEAD;
    let leap_day = today.month() == Month::February && today.day() == 29;
    let day = if leap_day { today - Duration::DAY } else { today };
    day.replace_year(year).unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TODAY: Date = date!(2026 - 01 - 31);

    fn range(start: Date, end: Date) -> Result<DateRange, String> {
        DateRange::new(start, end).map_err(|fault| fault.message)
    }

    #[test]
    fn one_day_is_a_range_and_a_leap_year_fits() {
        assert_eq!(range(TODAY, TODAY).unwrap().days(), 1);
        assert_eq!(range(date!(2028 - 01 - 01), date!(2028 - 12 - 31)).unwrap().days(), 366);
    }

    #[test]
    fn an_end_before_the_start_and_too_many_days_are_faults_of_the_end() {
        let turned = DateRange::new(date!(2026 - 03 - 15), date!(2026 - 03 - 14)).unwrap_err();
        assert_eq!((turned.field.as_str(), turned.message.contains("2026-03-15")), ("end_date", true));
        let long = range(date!(2026 - 01 - 01), date!(2027 - 01 - 02)).unwrap_err();
        assert!(long.contains("367 days"), "{long}");
        assert!(range(date!(2026 - 01 - 01), date!(2027 - 01 - 01)).is_ok());
    }

    #[test]
    fn a_day_lies_between_2000_and_five_years_from_today() {
        for (text, good) in
            [("1999-12-31", false), ("2000-01-01", true), ("2031-01-31", true), ("2031-02-01", false), ("soon", false)]
        {
            assert_eq!(parse_day(text, TODAY).is_ok(), good, "{text}");
        }
        assert_eq!(parse_day("1066-10-14", TODAY).unwrap_err(), "Choose a date from 2000-01-01 to 2031-01-31");
        assert_eq!(latest(date!(2024 - 02 - 29)), date!(2029 - 02 - 28));
        assert_eq!(latest(date!(2027 - 02 - 28)), date!(2032 - 02 - 28));
    }

    prop_compose! {
        fn any_range()(start in 0_i64..500, days in 0_i64..366) -> DateRange {
            let start = EARLIEST + Duration::days(start);
            DateRange::new(start, start + Duration::days(days)).unwrap()
        }
    }

    proptest! {
        #[test]
        fn two_ranges_overlap_on_the_days_that_both_have(one in any_range(), other in any_range()) {
            let days = |range: DateRange| (0..range.days()).map(move |n| range.start() + Duration::days(n));
            let common: Vec<Date> = days(one).filter(|day| days(other).any(|another| another == *day)).collect();
            let overlap = one.overlap(other);
            prop_assert_eq!(overlap, other.overlap(one));
            prop_assert_eq!(overlap.map(|o| (o.start_date, o.end_date)), common.first().copied().zip(common.last().copied()));
            prop_assert_eq!(overlap.map_or(0, |o| o.days), i64::try_from(common.len()).unwrap());
        }

        #[test]
        fn days_are_a_range_if_they_go_forwards_and_are_not_too_many(start in 0_i64..4_000, step in -400_i64..800) {
            let start = EARLIEST + Duration::days(start);
            let made = range(start, start + Duration::days(step));
            prop_assert_eq!(made.is_ok(), (0..MAX_DAYS).contains(&step));
            prop_assert_eq!(made.map_or(0, DateRange::days), if (0..MAX_DAYS).contains(&step) { step + 1 } else { 0 });
        }

        #[test]
        fn a_day_is_taken_from_2000_to_the_same_day_in_five_years(today in 0_i64..20_000, ahead in -30_000_i64..3_000) {
            let today = EARLIEST + Duration::days(today);
            let day = today + Duration::days(ahead);
            let of = |day: Date, years: i32| (day.year() + years, u8::from(day.month()), day.day());
            let allowed = day.year() >= 2000 && of(day, 0) <= of(today, 5);
            prop_assert_eq!(parse_day(&day.to_string(), today).ok(), allowed.then_some(day));
        }
    }
}
