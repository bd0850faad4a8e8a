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
}
