//! How failed logins slow the next one: a growing wait for the pair of an email and a client address.
//!
//! The pair, not the email alone, is slowed, so that nobody can lock an owner out from elsewhere; an unknown email is
//! slowed like a known one, so that the wait gives nothing away. While it lasts the right password waits too.

use crate::error::{Error, Result};
use crate::users::email::Email;
use sha2::{Digest, Sha256};
use std::time::Duration;
use time::OffsetDateTime;

/// How far back failures count.
pub const WINDOW: Duration = Duration::from_mins(15);
/// This many failures within [`WINDOW`] set off the wait.
pub const FAILURES_BEFORE_WAIT: u32 = 5;
/// The wait after [`FAILURES_BEFORE_WAIT`] failures; each further failure doubles it.
pub const FIRST_WAIT: Duration = Duration::from_secs(30);
/// The longest wait: as long as failures count, so that it can be sat out.
pub const LONGEST_WAIT: Duration = WINDOW;

/// How long this pair has to wait from `now` until its next attempt is looked at; `None` if not at all.
///
/// `failures` is the number of the pair's failed logins within [`WINDOW`] before `now`, `last_failure` when the latest of
/// them was, if there was one. Attempts refused because of the wait are not failures: they would prolong it for ever.
#[must_use]
pub fn wait(failures: u32, last_failure: Option<OffsetDateTime>, now: OffsetDateTime) -> Option<Duration> {
    let beyond = failures.checked_sub(FAILURES_BEFORE_WAIT)?;
    let whole = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(beyond)).min(LONGEST_WAIT);
    // Another instance's clock may run ahead of this one; the failure then counts as of now.
    let passed = Duration::try_from(now - last_failure?).unwrap_or(Duration::ZERO);
    whole.checked_sub(passed).filter(|rest| !rest.is_zero())
}

/// Lets an attempt through, or refuses it with [`Error::RateLimited`]; `failures` are the pair's within [`WINDOW`] before
/// `now`, oldest first.
pub fn admit(failures: &[OffsetDateTime], now: OffsetDateTime) -> Result<()> {
    let count = u32::try_from(failures.len()).unwrap_or(u32::MAX);
    match wait(count, failures.last().copied(), now) {
        None => Ok(()),
        Some(retry_after) => Err(Error::RateLimited {
            message: "Too many failed logins for this email address from here; wait before the next try",
            retry_after,
        }),
    }
}

/// What stands for an email in the record of failures: SHA-256 of its normalised form.
///
/// Most failed emails are of no user of ours; their addresses are nothing to keep.
#[must_use]
pub fn email_fingerprint(email: &Email) -> [u8; 32] {
    Sha256::digest(email.normalised()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    const LAST: OffsetDateTime = datetime!(2026-01-31 10:30 UTC);

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn security_05_the_first_five_failures_are_free() {
        for failures in 0..FAILURES_BEFORE_WAIT {
            assert_eq!(wait(failures, Some(LAST), LAST), None, "{failures}");
        }
        assert_eq!(wait(0, None, LAST), None);
        assert_eq!(wait(FAILURES_BEFORE_WAIT, Some(LAST), LAST), Some(seconds(30)));
    }

    #[test]
    fn security_05_the_wait_doubles_up_to_a_quarter_of_an_hour() {
        let waits = [5, 6, 7, 8, 9, 10, 11, 40, u32::MAX].map(|n| wait(n, Some(LAST), LAST).unwrap().as_secs());
        assert_eq!(waits, [30, 60, 120, 240, 480, 900, 900, 900, 900]);
    }

    #[test]
    fn security_05_the_wait_runs_from_the_last_failure_and_ends() {
        assert_eq!(wait(6, Some(LAST), LAST + seconds(59)), Some(seconds(1)));
        assert_eq!(wait(6, Some(LAST), LAST + seconds(60)), None);
        assert_eq!(wait(6, Some(LAST), LAST + seconds(61)), None);
        assert_eq!(
            wait(6, Some(LAST), LAST - seconds(3)),
            Some(seconds(60)),
            "a clock that runs ahead does not prolong it"
        );
    }

    #[test]
    fn security_05_an_email_is_recorded_without_its_case_and_without_itself() {
        let of = |address| email_fingerprint(&Email::parse(address).unwrap());
        assert_eq!(of("Ana@X.org"), of("ana@x.org"));
        assert_ne!(of("ana@x.org"), of("ben@x.org"));
    }

    proptest! {
        #[test]
        fn security_05_more_failures_never_mean_a_shorter_wait(failures in 0_u32..1000, passed in 0_u64..2000) {
            let now = LAST + seconds(passed);
            prop_assert!(wait(failures, Some(LAST), now) <= wait(failures + 1, Some(LAST), now));
            prop_assert!(wait(failures, Some(LAST), now).is_none_or(|rest| rest + seconds(passed) <= LONGEST_WAIT));
        }
    }
}
