//! The `retry` section of host.json or of a function.json.

use crate::app::timespan;
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::time::Duration;

/// How often a failed timer run is tried again, and after which time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often at most; `None` is for ever (`maxRetryCount: -1`).
    pub max_retry_count: Option<u32>,
    delays: Delays,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Delays {
    Fixed(Duration),
    Exponential { least: Duration, most: Duration },
}

/// The section as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RetrySection {
    strategy: String,
    max_retry_count: i64,
    delay_interval: Option<String>,
    minimum_interval: Option<String>,
    maximum_interval: Option<String>,
}

impl RetryPolicy {
    /// The wait before the retry with this number, the first one being 1.
    #[must_use]
    pub fn delay(&self, retry: u32) -> Duration {
        match self.delays {
            Delays::Fixed(delay) => delay,
            Delays::Exponential { least, most } => {
                least.saturating_mul(2_u32.saturating_pow(retry.saturating_sub(1))).min(most)
            }
        }
    }
}

impl TryFrom<RetrySection> for RetryPolicy {
    type Error = anyhow::Error;

    fn try_from(section: RetrySection) -> Result<Self> {
        let interval = |text: Option<String>, name: &str| {
            timespan::parse(&text.with_context(|| format!("retry.{name} is missing"))?)
                .with_context(|| format!("retry.{name}"))
        };
        let delays = match section.strategy.to_ascii_lowercase().as_str() {
            "fixeddelay" => Delays::Fixed(interval(section.delay_interval, "delayInterval")?),
            "exponentialbackoff" => {
                let least = interval(section.minimum_interval, "minimumInterval")?;
                let most = interval(section.maximum_interval, "maximumInterval")?;
                ensure!(least <= most, "retry.minimumInterval is longer than retry.maximumInterval");
                Delays::Exponential { least, most }
            }
            other => bail!("retry.strategy \"{other}\" is neither fixedDelay nor exponentialBackoff"),
        };
        let max_retry_count = match section.max_retry_count {
            -1 => None,
            count => Some(count.try_into().context("retry.maxRetryCount is -1 or a number from 0")?),
        };
        Ok(Self { max_retry_count, delays })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn policy(section: serde_json::Value) -> Result<RetryPolicy> {
        serde_json::from_value::<RetrySection>(section)?.try_into()
    }

    #[test]
    fn fixed_stays_and_exponential_doubles_to_its_bound() {
        let fixed = policy(json!({"strategy": "fixedDelay", "maxRetryCount": 3, "delayInterval": "00:00:10"})).unwrap();
        assert_eq!(
            (fixed.max_retry_count, fixed.delay(1), fixed.delay(3)),
            (Some(3), Duration::from_secs(10), Duration::from_secs(10))
        );
        let growing = policy(json!({"strategy": "exponentialBackoff", "maxRetryCount": -1,
            "minimumInterval": "00:00:02", "maximumInterval": "00:00:07"}));
        let growing = growing.unwrap();
        assert_eq!(growing.max_retry_count, None);
        assert_eq!([1, 2, 3, 99].map(|n| growing.delay(n).as_secs()), [2, 4, 7, 7]);
    }

    #[test]
    fn half_a_policy_is_refused() {
        for bad in [
            json!({"strategy": "fixedDelay", "maxRetryCount": 3}),
            json!({"strategy": "linear", "maxRetryCount": 3, "delayInterval": "00:00:10"}),
            json!({"strategy": "fixedDelay", "maxRetryCount": -2, "delayInterval": "00:00:10"}),
            json!({"strategy": "exponentialBackoff", "maxRetryCount": 1, "minimumInterval": "00:00:09", "maximumInterval": "00:00:01"}),
        ] {
            assert!(policy(bad.clone()).is_err(), "{bad}");
        }
    }
}
