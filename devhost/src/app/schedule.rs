//! When a timer fires: NCRONTAB with six fields, in UTC, or a plain interval.

use crate::app::timespan;
use anyhow::{Context, Result, ensure};
use std::time::Duration;
use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

/// A timer's schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// `{second} {minute} {hour} {day} {month} {day-of-week}`.
    Cron(Ncrontab),
    /// A time span such as `00:00:10`: again and again after that time.
    Every(Duration),
}

/// A parsed NCRONTAB expression: for each field the set of its values, as bits.
///
/// A day has to be in both the day and the day-of-week field (classic cron takes either).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ncrontab {
    seconds: u64,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
}

impl Schedule {
    /// Reads six NCRONTAB fields or a `TimeSpan`; the error says what to write instead.
    pub fn parse(text: &str) -> Result<Self> {
        let schedule = if text.contains(':') {
            let interval = timespan::parse(text)?;
            ensure!(!interval.is_zero(), "an interval of zero would never end: write at least 00:00:01");
            Self::Every(interval)
        } else {
            Self::Cron(Ncrontab::parse(text)?)
        };
        ensure!(schedule.next_after(OffsetDateTime::UNIX_EPOCH).is_some(), "\"{text}\" never occurs");
        Ok(schedule)
    }

    /// The first occurrence later than `instant`, or `None` if the calendar ends before.
    #[must_use]
    pub fn next_after(&self, instant: OffsetDateTime) -> Option<OffsetDateTime> {
        match self {
            Self::Cron(cron) => cron.next_after(instant),
            Self::Every(interval) => instant.checked_add((*interval).try_into().ok()?),
        }
    }

    /// What `Schedule.AdjustForDST` says in the payload: true for NCRONTAB, false for an interval.
    #[must_use]
    pub fn adjusts_for_dst(&self) -> bool {
        matches!(self, Self::Cron(_))
    }

    /// Whether two occurrences after `instant` are less than a minute apart: then the host keeps no status.
    #[must_use]
    pub fn is_under_a_minute(&self, instant: OffsetDateTime) -> bool {
        let next = self.next_after(instant);
        let after = next.and_then(|next| self.next_after(next));
        matches!((next, after), (Some(next), Some(after)) if after - next < time::Duration::MINUTE)
    }
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// One field's name, bounds and the names of its values (the first one being `min`).
struct Field {
    name: &'static str,
    min: u32,
    max: u32,
    names: &'static [&'static str],
}

impl Field {
    const fn numeric(name: &'static str, min: u32, max: u32) -> Self {
        Self { name, min, max, names: &[] }
    }

    /// A list of `*`, `n`, `n-m`, each with an optional `/step`.
    fn parse(&self, text: &str) -> Result<u64> {
        text.split(',')
            .try_fold(0, |bits, item| self.parse_item(item).map(|more| bits | more))
            .with_context(|| format!("the {} field \"{text}\"", self.name))
    }

    fn parse_item(&self, item: &str) -> Result<u64> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<u32>().ok().filter(|step| *step > 0))),
            None => (item, None),
        };
        let step = match step {
            Some(step) => Some(step.context("the step after / is a number from 1")?),
            None => None,
        };
        let (first, last) = if range == "*" {
            (self.min, self.max)
        } else if let Some((first, last)) = range.split_once('-') {
            (self.value(first)?, self.value(last)?)
        } else {
            let value = self.value(range)?;
            // `5/15` means from 5 on, every 15.
            (value, if step.is_some() { self.max } else { value })
        };
        ensure!(first <= last, "the range {range} runs backwards");
        Ok((first..=last).step_by(step.unwrap_or(1) as usize).fold(0, |bits, value| bits | (1 << value)))
    }

    fn value(&self, text: &str) -> Result<u32> {
        let lower = text.to_ascii_lowercase();
        let by_name = self.names.iter().zip(self.min..).find(|(name, _)| lower.starts_with(**name)).map(|(_, n)| n);
        let value = by_name.or_else(|| text.parse().ok()).filter(|value| (self.min..=self.max).contains(value));
        value.with_context(|| format!("\"{text}\" is not between {} and {}", self.min, self.max))
    }
}

impl Ncrontab {
    fn parse(text: &str) -> Result<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [seconds, minutes, hours, days, months, weekdays] = fields[..] else {
            anyhow::bail!(
                "\"{text}\" has {} fields instead of six: {{second}} {{minute}} {{hour}} {{day}} {{month}} {{day-of-week}}",
                fields.len()
            );
        };
        Ok(Self {
            seconds: Field::numeric("second", 0, 59).parse(seconds)?,
            minutes: Field::numeric("minute", 0, 59).parse(minutes)?,
            hours: Field::numeric("hour", 0, 23).parse(hours)?,
            days: Field::numeric("day", 1, 31).parse(days)?,
            months: Field { name: "month", min: 1, max: 12, names: &MONTHS }.parse(months)?,
            weekdays: Field { name: "day-of-week", min: 0, max: 6, names: &WEEKDAYS }.parse(weekdays)?,
        })
    }

    fn next_after(&self, instant: OffsetDateTime) -> Option<OffsetDateTime> {
        let start =
            instant.to_offset(UtcOffset::UTC).checked_add(time::Duration::SECOND)?.replace_nanosecond(0).ok()?;
        if self.has_day(start.date())
            && let Some(time) = self.time_from(start.time())
        {
            return Some(start.replace_time(time));
        }
        let first_time = self.time_from(Time::MIDNIGHT)?;
        // 29 February comes at least every eight years, and on each weekday at least every 40.
        let mut date = start.date();
        for _ in 0..41 * 366 {
            date = date.next_day()?;
            if self.has_day(date) {
                return Some(OffsetDateTime::new_utc(date, first_time));
            }
        }
        None
    }

    fn has_day(&self, date: Date) -> bool {
        has(self.months, Month::into(date.month()))
            && has(self.days, date.day())
            && has(self.weekdays, date.weekday().number_days_from_sunday())
    }

    /// The first time of day in the fields that is not before `from`.
    fn time_from(&self, from: Time) -> Option<Time> {
        let (hour, minute, second) = from.as_hms();
        for h in (hour..24).filter(|h| has(self.hours, *h)) {
            let first_minute = if h == hour { minute } else { 0 };
            for m in (first_minute..60).filter(|m| has(self.minutes, *m)) {
                let first_second = if (h, m) == (hour, minute) { second } else { 0 };
                if let Some(s) = (first_second..60).find(|s| has(self.seconds, *s)) {
                    return Time::from_hms(h, m, s).ok();
                }
            }
        }
        None
    }
}

fn has(bits: u64, value: u8) -> bool {
    bits & (1 << value) != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    fn next(schedule: &str, after: OffsetDateTime) -> OffsetDateTime {
        Schedule::parse(schedule).unwrap().next_after(after).unwrap()
    }

    #[test]
    fn the_documented_examples() {
        let after = datetime!(2026-09-24 13:08:00.5 UTC); // a Thursday
        assert_eq!(next("0 */5 * * * *", after), datetime!(2026-09-24 13:10 UTC));
        assert_eq!(next("*/10 * * * * *", after), datetime!(2026-09-24 13:08:10 UTC));
        assert_eq!(next("0 0 9-17 * * 1-5", after), datetime!(2026-09-24 14:00 UTC));
        assert_eq!(next("0 30 9 * Jan Mon", after), datetime!(2027-01-04 09:30 UTC));
        assert_eq!(next("0 5/15 * * * *", after), datetime!(2026-09-24 13:20 UTC));
        assert_eq!(next("00:00:10", after), datetime!(2026-09-24 13:08:10.5 UTC));
    }

    #[test]
    fn day_and_weekday_must_both_fit() {
        assert_eq!(next("0 0 0 13 * 5", datetime!(2026-09-24 00:00 UTC)), datetime!(2026-11-13 00:00 UTC));
        assert_eq!(next("0 0 0 29 2 *", datetime!(2096-03-01 00:00 UTC)), datetime!(2104-02-29 00:00 UTC));
    }

    #[test]
    fn refuses_what_azure_would_not_run() {
        for bad in ["", "* * * * *", "60 * * * * *", "* * * 0 * *", "* * * * 13 *", "* * * * * 7", "*/0 * * * * *"] {
            assert!(Schedule::parse(bad).is_err(), "{bad}");
        }
        for bad in ["9-5 * * * * *", "x * * * * *", "0 0 0 30 2 *", "00:00:00", "25:00:00", "0 0 0 1, * *"] {
            assert!(Schedule::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn under_a_minute_is_recognised() {
        let now = datetime!(2026-09-24 13:08 UTC);
        for (text, expected) in
            [("*/30 * * * * *", true), ("0 * * * * *", false), ("00:00:59", true), ("00:01:00", false)]
        {
            assert_eq!(Schedule::parse(text).unwrap().is_under_a_minute(now), expected, "{text}");
        }
    }

    proptest! {
        /// Against a search second by second.
        #[test]
        fn no_occurrence_is_skipped(second in 0_u8..60, step in 1_u8..60, from_hour in 0_u8..24, offset in 0_i64..200_000) {
            let schedule = Schedule::parse(&format!("{second} */{step} {from_hour}-23 * * *")).unwrap();
            let after = datetime!(2026-02-27 00:00 UTC) + time::Duration::seconds(offset);
            let expected = (1..200_000).map(|s| after + time::Duration::seconds(s)).find(|t| {
                t.second() == second && t.minute() % step == 0 && t.hour() >= from_hour
            });
            prop_assert_eq!(schedule.next_after(after), expected);
        }
    }
}
