//! .NET's `TimeSpan` text: `[d.]hh:mm:ss[.fraction]`.

use anyhow::{Context, Result, ensure};
use std::time::Duration;

/// Reads a positive `TimeSpan` such as `00:05:00` or `1.00:00:00`.
pub(crate) fn parse(text: &str) -> Result<Duration> {
    let hint = || format!("\"{text}\" is no time span: write hh:mm:ss, for example 00:05:00");
    let parts: Vec<&str> = text.trim().split(':').collect();
    let [front, minutes, seconds] = parts[..] else { anyhow::bail!(hint()) };
    let (days, hours) = front.split_once('.').unwrap_or(("0", front));
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let days = whole(days, 10_675_199).with_context(hint)?;
    let hours = whole(hours, 23).with_context(hint)?;
    let minutes = whole(minutes, 59).with_context(hint)?;
    let seconds = whole(seconds, 59).with_context(hint)?;
    ensure!(fraction.len() <= 7, hint());
    let ticks = whole(&format!("{fraction:0<7}"), 9_999_999).with_context(hint)?;
    Ok(Duration::from_secs(((days * 24 + hours) * 60 + minutes) * 60 + seconds) + Duration::from_nanos(ticks * 100))
}

/// Digits alone, at most `max`.
fn whole(digits: &str, max: u64) -> Result<u64> {
    ensure!(!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()), "\"{digits}\" is no number");
    let number: u64 = digits.parse()?;
    ensure!(number <= max, "{number} is more than {max}");
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_dotnet_writes() {
        assert_eq!(parse("00:05:00").unwrap(), Duration::from_mins(5));
        assert_eq!(parse("1.02:03:04").unwrap(), Duration::from_secs(93_784));
        assert_eq!(parse("00:00:00.5").unwrap(), Duration::from_millis(500));
    }

    #[test]
    fn refuses_the_rest_and_says_what_to_write() {
        for bad in ["", "5", "00:05", "24:00:00", "00:60:00", "00:00:61", "-00:00:01", "a:b:c", "00:00:00:00"] {
            assert!(parse(bad).unwrap_err().to_string().contains("hh:mm:ss"), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_span_is_read_as_it_is_written(
            days in 0_u64..=10_675_199,
            second in 0_u64..86_400,
            ticks in 0_u32..10_000_000,
        ) {
            let (hours, minutes, seconds) = (second / 3_600, second / 60 % 60, second % 60);
            let clock = format!("{hours:02}:{minutes:02}:{seconds:02}.{ticks:07}");
            let span = Duration::new(second, ticks * 100);
            prop_assert_eq!(parse(&clock).unwrap(), span);
            prop_assert_eq!(parse(&format!("{days}.{clock}")).unwrap(), span + Duration::from_secs(days * 86_400));
        }

        #[test]
        fn any_text_is_a_span_of_digits_or_refused(text in "[0-9:. -]{0,16}|\\PC{0,8}") {
            if let Ok(span) = parse(&text) {
                let longest = Duration::from_hours(10_675_200 * 24);
                let is_known = |b: u8| b.is_ascii_digit() || b == b':' || b == b'.';
                prop_assert!(span < longest && text.trim().bytes().all(is_known));
                prop_assert_eq!(text.matches(':').count(), 2);
            }
        }
    }
}
