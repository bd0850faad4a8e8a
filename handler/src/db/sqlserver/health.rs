//! What is known of the server: whether a connection is worth trying, and which connections are to be trusted.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// For so long failures to connect are taken for a hiccup, and every request may try.
const HICCUP: Duration = Duration::from_millis(1_500);
/// After that one request in this time may try; the others are told at once that there is no database.
const PROBE_EVERY: Duration = Duration::from_millis(500);

/// A circuit breaker for opening connections, and a memory of the last connection that was lost.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When opening a connection failed for the first time since it last succeeded.
    failing_since: Option<Instant>,
    next_probe: Option<Instant>,
    lost_at: Option<Instant>,
}

impl Health {
    /// A connection was opened.
    pub(super) fn connected(&self) {
        let mut state = self.lock();
        (state.failing_since, state.next_probe) = (None, None);
    }

    /// A connection could not be opened.
    pub(super) fn refused(&self, now: Instant) {
        let mut state = self.lock();
        let since = *state.failing_since.get_or_insert(now);
        if state.next_probe.is_none() && now - since >= HICCUP {
            state.next_probe = Some(now + PROBE_EVERY);
        }
    }

    /// Whether the server was away for longer than a hiccup.
    pub(super) fn is_away(&self) -> bool {
        self.lock().next_probe.is_some()
    }

    /// Whether this caller may try to open a connection.
    pub(super) fn may_try(&self, now: Instant) -> bool {
        let mut state = self.lock();
        match &mut state.next_probe {
            None => true,
            Some(at) if now < *at => false,
            Some(at) => {
                *at = now + PROBE_EVERY;
                true
            }
        }
    }

    /// A connection was lost in the middle of something: the others may be as well.
    pub(super) fn lost(&self, now: Instant) {
        self.lock().lost_at = Some(now);
    }

    /// Whether a connection has answered since the last one was lost.
    pub(super) fn has_seen(&self, last_used: Instant) -> bool {
        self.lock().lost_at.is_none_or(|lost_at| last_used > lost_at)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_26_a_hiccup_keeps_nobody_from_trying() {
        let (health, mut now) = (Health::default(), Instant::now());
        for _ in 0..3 {
            health.refused(now);
            now += HICCUP / 4;
            assert!(health.may_try(now) && !health.is_away());
        }
        health.connected();
        health.refused(now + HICCUP * 2);
        assert!(!health.is_away(), "counted from the first failure after a success");
    }

    #[test]
    fn security_26_of_a_server_that_is_away_one_request_at_a_time_finds_out_when_it_is_back() {
        let (health, mut now) = (Health::default(), Instant::now());
        health.refused(now);
        now += HICCUP;
        health.refused(now);
        assert!(health.is_away());
        for _ in 0..3 {
            assert!(!health.may_try(now));
            now += PROBE_EVERY;
            assert!(health.may_try(now), "the probe");
            assert!(!health.may_try(now), "and no other beside it");
            health.refused(now);
        }
        health.connected();
        assert!(health.may_try(now) && !health.is_away());
    }

    #[test]
    fn security_26_what_was_last_used_before_a_loss_is_not_trusted() {
        let (health, before) = (Health::default(), Instant::now());
        assert!(health.has_seen(before));
        health.lost(before + HICCUP);
        assert!(!health.has_seen(before));
        assert!(health.has_seen(before + HICCUP * 2));
    }
}
