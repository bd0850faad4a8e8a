//! What a refresh token that comes back means: the next turn of its session, a repeat of the last one, or a theft.
//!
//! A session stores only hashes: of the one secret that may be presented next, and of the latest spent one. The secret
//! that follows another is *derived* from it, so everyone who repeats one rotation is handed the same successor: fifty
//! parallel refreshes converge on one chain, and there is nothing to fork.

use crate::credentials::keys::KeyRing;
use crate::credentials::refresh_secret::RefreshSecret;
use std::time::Duration;
use subtle::ConstantTimeEq;
use time::OffsetDateTime;
use uuid::Uuid;

/// How long the latest rotation may be repeated by a client that lost the answer.
pub const REPEAT_WITHIN: Duration = Duration::from_secs(10);
/// How long a session lives at the most, however often it is refreshed.
pub const SESSION_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// What is stored of a session, as far as a refresh is concerned.
#[derive(Debug, Clone)]
pub struct SessionState {
    /// Fingerprint of the secret that may be presented next.
    pub refresh_hash: [u8; 32],
    /// Fingerprint of the latest spent secret; none before the first rotation.
    pub previous_hash: Option<[u8; 32]>,
    /// When that one was spent; none before the first rotation.
    pub rotated_at: Option<OffsetDateTime>,
    /// When the session ends unless it is refreshed.
    pub expires_at: OffsetDateTime,
    /// Whether it was ended: by logout, a password change, deletion or a reuse.
    pub ended: bool,
}

/// What to do about a refresh token with a good signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is the current one: spend it, and hand out [`next_secret`].
    Rotate,
    /// It is the latest spent one, come again in time: change nothing, and hand out [`repeated_secret`] once more.
    Repeat,
    /// It was spent before: someone else has it. End the session.
    Reuse,
    /// The session is over: refuse.
    Dead,
}

/// Decides what the secret presented at `now` means to a session.
///
/// Every signed secret of a session was its current one once, so one that matches neither hash is an older spent one.
#[must_use]
pub fn decide(session: &SessionState, presented: &RefreshSecret, now: OffsetDateTime) -> Decision {
    if session.ended || now >= session.expires_at {
        return Decision::Dead;
    }
    let fingerprint = presented.fingerprint();
    let is_current = same(&fingerprint, &session.refresh_hash);
    let is_previous = session.previous_hash.is_some_and(|previous| same(&fingerprint, &previous));
    // Where another instance's clock runs ahead, the rotation seems to lie in the future: that is in time.
    let in_time = session.rotated_at.is_some_and(|rotated_at| now - rotated_at <= REPEAT_WITHIN);
    match (is_current, is_previous) {
        (true, _) => Decision::Rotate,
        (false, true) if in_time => Decision::Repeat,
        (false, _) => Decision::Reuse,
    }
}

/// The secret to hand out for [`Decision::Rotate`]: derived from the one presented, by the ring's current key.
#[must_use]
pub fn next_secret(ring: &KeyRing, session: Uuid, presented: &RefreshSecret) -> RefreshSecret {
    presented.next_by(ring.current(), session)
}

/// The secret to hand out for [`Decision::Repeat`]: the very one that the rotation handed out, whichever of the ring's
/// keys derived it. `None` if that key has left the ring since; then the token is to be refused, and the session lives.
#[must_use]
pub fn repeated_secret(
    ring: &KeyRing,
    session: Uuid,
    state: &SessionState,
    presented: &RefreshSecret,
) -> Option<RefreshSecret> {
    ring.keys().map(|key| presented.next_by(key, session)).find(|next| same(&next.fingerprint(), &state.refresh_hash))
}

/// When a session that is opened or refreshed at `now` ends: after `refresh_ttl`, and never later than
/// [`SESSION_LIFETIME`] after it was created.
#[must_use]
pub fn session_expiry(created_at: OffsetDateTime, now: OffsetDateTime, refresh_ttl: Duration) -> OffsetDateTime {
    (now + refresh_ttl).min(created_at + SESSION_LIFETIME)
}

/// In constant time, so that timing tells nothing about a stored hash.
fn same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    one.ct_eq(other).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::OsRandomness;
    use proptest::prelude::*;
    use secrecy::SecretString;
    use time::macros::datetime;

    const START: OffsetDateTime = datetime!(2026-01-31 10:30 UTC);
    const SESSION: Uuid = Uuid::from_u128(0x0a1b_2c3d);
    const WEEK: Duration = Duration::from_hours(7 * 24);

    fn ring(current: &str, previous: Option<&str>) -> KeyRing {
        KeyRing::new(&current.into(), previous.map(SecretString::from).as_ref()).unwrap()
    }

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    /// A session as the store keeps it, and every secret it ever handed out, the latest last.
    struct Story {
        ring: KeyRing,
        state: SessionState,
        handed_out: Vec<RefreshSecret>,
    }

    impl Story {
        fn begin() -> Self {
            let first = RefreshSecret::random(&OsRandomness);
            let state = SessionState {
                refresh_hash: first.fingerprint(),
                previous_hash: None,
                rotated_at: None,
                expires_at: session_expiry(START, START, WEEK),
                ended: false,
            };
            Self { ring: ring("current", None), state, handed_out: vec![first] }
        }

        /// Presents a secret and does what the decision says; gives the secret handed out.
        fn present(&mut self, presented: &RefreshSecret, now: OffsetDateTime) -> (Decision, Option<RefreshSecret>) {
            let decision = decide(&self.state, presented, now);
            let answer = match decision {
                Decision::Rotate => {
                    let next = next_secret(&self.ring, SESSION, presented);
                    self.state.previous_hash = Some(presented.fingerprint());
                    self.state.refresh_hash = next.fingerprint();
                    self.state.rotated_at = Some(now);
                    self.state.expires_at = session_expiry(START, now, WEEK);
                    self.handed_out.push(next.clone());
                    Some(next)
                }
                Decision::Repeat => repeated_secret(&self.ring, SESSION, &self.state, presented),
                Decision::Reuse => {
                    self.state.ended = true;
                    None
                }
                Decision::Dead => None,
            };
            (decision, answer)
        }
    }

    #[test]
    fn security_10_parallel_refreshes_are_all_handed_the_same_next_secret() {
        let mut story = Story::begin();
        let first = story.handed_out[0].clone();
        let answers: Vec<_> = (0..50).map(|_| story.present(&first, START + seconds(60)).1.unwrap()).collect();
        assert!(answers.iter().all(|answer| answer.as_str() == answers[0].as_str()));
        assert_eq!(story.handed_out.len(), 2, "the session turned once");
        assert_eq!(story.present(&answers[7], START + seconds(61)).0, Decision::Rotate, "and the chain lives");
    }

    #[test]
    fn security_10_the_latest_rotation_may_be_repeated_for_ten_seconds() {
        for (later, expected) in [(0, Decision::Repeat), (10, Decision::Repeat), (11, Decision::Reuse)] {
            let mut story = Story::begin();
            let first = story.handed_out[0].clone();
            story.present(&first, START);
            assert_eq!(story.present(&first, START + seconds(later)).0, expected, "{later} s");
        }
        let mut story = Story::begin();
        let first = story.handed_out[0].clone();
        story.present(&first, START + seconds(5));
        assert_eq!(story.present(&first, START + seconds(3)).0, Decision::Repeat, "a clock that runs behind");
    }

    #[test]
    fn security_10_a_spent_secret_ends_the_session_with_every_descendant() {
        let mut story = Story::begin();
        let first = story.handed_out[0].clone();
        let second = story.present(&first, START).1.unwrap();
        assert_eq!(story.present(&first, START + seconds(11)).0, Decision::Reuse);
        assert_eq!(story.present(&second, START + seconds(12)).0, Decision::Dead);
    }

    #[test]
    fn security_10_an_older_spent_secret_ends_the_session_even_within_ten_seconds() {
        let mut story = Story::begin();
        let first = story.handed_out[0].clone();
        let second = story.present(&first, START + seconds(1)).1.unwrap();
        story.present(&second, START + seconds(2));
        assert_eq!(story.present(&first, START + seconds(3)).0, Decision::Reuse);
    }

    #[test]
    fn security_10_a_repeat_finds_its_answer_across_a_rotation_of_the_keys() {
        let mut story = Story::begin();
        let first = story.handed_out[0].clone();
        let second = story.present(&first, START).1.unwrap();
        story.ring = ring("next", Some("current"));
        let (decision, answer) = story.present(&first, START + seconds(1));
        assert_eq!((decision, answer.unwrap().as_str()), (Decision::Repeat, second.as_str()));
        story.ring = ring("one after next", Some("next"));
        let (decision, answer) = story.present(&first, START + seconds(2));
        assert!(decision == Decision::Repeat && answer.is_none() && !story.state.ended);
    }

    #[test]
    fn security_10_another_session_or_key_derives_another_secret() {
        let secret = RefreshSecret::random(&OsRandomness);
        let derived = next_secret(&ring("current", None), SESSION, &secret);
        let elsewhere = next_secret(&ring("current", None), Uuid::from_u128(7), &secret);
        let by_another = next_secret(&ring("next", Some("current")), SESSION, &secret);
        assert!(derived.as_str() != elsewhere.as_str() && derived.as_str() != by_another.as_str());
        assert_eq!(RefreshSecret::parse(derived.as_str()).unwrap().fingerprint(), derived.fingerprint());
    }

    #[test]
    fn security_11_a_secret_is_neither_shown_nor_stored() {
        let secret = RefreshSecret::random(&OsRandomness);
        assert_eq!(format!("{secret:?}"), "RefreshSecret([REDACTED])");
        assert!(!secret.as_str().as_bytes().windows(8).any(|part| secret.fingerprint().windows(8).any(|f| f == part)));
    }

    #[test]
    fn only_32_bytes_of_base64url_are_a_secret() {
        assert!(RefreshSecret::parse(&"A".repeat(43)).is_some());
        for text in ["", "A", &"A".repeat(42), &"A".repeat(44), &format!("{}=", "A".repeat(43)), &"ä".repeat(43)] {
            assert!(RefreshSecret::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn security_12_a_session_that_is_ended_or_over_answers_nothing() {
        let mut story = Story::begin();
        let first = story.handed_out[0].clone();
        let end = story.state.expires_at;
        assert_eq!(decide(&story.state, &first, end), Decision::Dead);
        assert_eq!(decide(&story.state, &first, end - seconds(1)), Decision::Rotate);
        story.state.ended = true;
        assert_eq!(decide(&story.state, &first, START), Decision::Dead);
    }

    #[test]
    fn security_13_a_session_ends_after_thirty_days_however_often_it_is_refreshed() {
        let mut story = Story::begin();
        let mut now = START;
        let mut turns = 0;
        while let (Decision::Rotate, _) = story.present(&story.handed_out[turns].clone(), now) {
            turns += 1;
            assert!(turns < 100, "the session never ends");
            now += seconds(6 * 24 * 60 * 60);
        }
        assert_eq!((turns, story.state.expires_at), (5, START + SESSION_LIFETIME), "days 0, 6, 12, 18 and 24; not 30");
    }

    proptest! {
        #[test]
        fn security_13_no_refresh_reaches_beyond_thirty_days(at in 0_u64..60 * 24 * 3600, ttl in 1_u64..90 * 24 * 3600) {
            let expiry = session_expiry(START, START + seconds(at), seconds(ttl));
            prop_assert!(expiry <= START + SESSION_LIFETIME);
            prop_assert!(expiry == START + SESSION_LIFETIME || expiry == START + seconds(at) + seconds(ttl));
        }

        /// Whatever is presented whenever: only the newest secret turns the session, only the one before repeats it, each
        /// time with the newest as its answer, and anything else ends it for good.
        #[test]
        fn security_10_no_history_forks_a_session(
            steps in proptest::collection::vec((0_usize..4, 0_u64..15), 1..40)
        ) {
            let mut story = Story::begin();
            let (mut now, mut rotated_at, mut alive) = (START, START, true);
            for (back, passed) in steps {
                now += seconds(passed);
                let newest = story.handed_out.len() - 1;
                let presented = story.handed_out[newest.saturating_sub(back)].clone();
                let (decision, answer) = story.present(&presented, now);
                let expected = match newest - newest.saturating_sub(back) {
                    _ if !alive => Decision::Dead,
                    0 => Decision::Rotate,
                    1 if now - rotated_at <= REPEAT_WITHIN => Decision::Repeat,
                    _ => Decision::Reuse,
                };
                prop_assert_eq!(decision, expected);
                if decision == Decision::Rotate {
                    rotated_at = now;
                }
                alive &= decision != Decision::Reuse;
                let newest = story.handed_out.last().map(RefreshSecret::as_str);
                prop_assert_eq!(answer.as_ref().map(RefreshSecret::as_str), newest.filter(|_| alive));
            }
        }
    }
}
