//! Days: as they are written in requests and answers, and the day on which a request came.

use axum::http::Extensions;
use serde::Serializer;
use time::{Date, Month};

use crate::clock::SharedClock;
use crate::error::Result as Answered;

/// The day on which a request came, in UTC: the product's idea of "today", as an extension of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Today(Date);

/// Looks at the calendar, once for a request, so that all of it happens on one day.
pub(super) fn note(extensions: &mut Extensions, clock: &SharedClock) {
    extensions.insert(Today(clock.today()));
}

/// The day on which a request came; an error if it did not come through the layers.
pub(super) fn today(extensions: &Extensions) -> Answered<Date> {
    let noted = extensions.get::<Today>().map(|&Today(day)| day);
    noted.ok_or_else(|| anyhow::anyhow!("the request did not come through the layers").into())
}

/// Reads a date of the form `2026-03-15` (RFC 3339, `full-date`); the error is a sentence for the user.
pub fn parse(text: &str) -> Result<Date, String> {
    full_date(text.as_bytes()).ok_or_else(|| "Send a date that exists as YYYY-MM-DD, for example 2026-03-15".to_owned())
}

fn full_date(text: &[u8]) -> Option<Date> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return None };
    let number = |digits: &[u8]| {
        digits
            .iter()
            .try_fold(0_u16, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u16::from(digit - b'0')))
    };
    let month = Month::try_from(u8::try_from(number(&[m1, m2])?).ok()?).ok()?;
    let day = u8::try_from(number(&[d1, d2])?).ok()?;
    Date::from_calendar_date(number(&[y1, y2, y3, y4])?.into(), month, day).ok()
}

/// Writes a day as the contract has it: `2026-03-15`. For `#[serde(serialize_with = "crate::http::day::serialize")]`.
pub fn serialize<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::{date, format_description};

    #[test]
    fn a_date_has_one_form() {
        assert_eq!(parse("2024-02-29"), Ok(date!(2024 - 02 - 29)));
        for text in [
            "",
            "2026-3-15",
            "2026-03-15 ",
            "2026-03-15T00:00:00Z",
            "15.03.2026",
            "20260315",
            "2026-13-01",
            "2026-00-10",
            "2026-02-29",
            "2026-01-00",
            "+026-01-01",
            "٢٠26-01-01",
            "2026/01/01",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_date_is_read_as_it_is_written(
            day in date!(0000 - 01 - 01).to_julian_day()..=date!(9999 - 12 - 31).to_julian_day(),
        ) {
            let date = Date::from_julian_day(day).unwrap();
            prop_assert_eq!(parse(&date.to_string()), Ok(date));
        }

        #[test]
        fn a_text_is_a_date_if_another_reader_says_so_and_it_has_ten_characters(
            text in prop_oneof![
                "[0-9]{4}-(0[0-9]|1[0-3])-[0-3][0-9]",
                "[0-9]{4}[-/]0[1-9][-/][0-2][1-9]|[+-][0-9]{3,4}-0[1-9]-[0-2][1-9][ Z]?",
                "[0-9]{1,5}-[0-9]{1,2}-[0-9]{1,2}|[0-9+ TZ:/-]{0,12}|\\PC{0,12}",
            ],
        ) {
            let other = Date::parse(&text, format_description!("[year]-[month]-[day]")).ok();
            prop_assert_eq!(parse(&text).ok(), other.filter(|_| text.len() == 10));
        }
    }
}
