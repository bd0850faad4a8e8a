//! Hashing at a cost of next to nothing, except where the cost is the subject.

use super::*;
use crate::random::OsRandomness;
use argon2::{PasswordHasher as _, PasswordVerifier as _};
use futures_util::future::join_all;

const CHEAP: HashCost = HashCost { memory_kib: 8, passes: 1, lanes: 1 };
const LIMITS: HashLimits = HashLimits { concurrency: 2, max_waiting: 2000, max_wait: Duration::from_mins(1) };

fn hasher(cost: HashCost, limits: HashLimits) -> PasswordHasher {
    PasswordHasher::new(cost, limits, Arc::new(OsRandomness)).unwrap()
}

fn password(text: &str) -> Password {
    Password::presented(text)
}

fn is_unavailable<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::Unavailable { retry_after: RETRY_AFTER, .. }))
}

#[tokio::test]
async fn security_02_a_hash_is_argon2id_at_the_owasp_cost_with_a_salt_of_its_own() {
    let hasher = hasher(HashCost::OWASP, LIMITS);
    let (one, other) = (
        hasher.hash(&password("SecurePass123!")).await.unwrap(),
        hasher.hash(&password("SecurePass123!")).await.unwrap(),
    );
    assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
    let parsed = PasswordHash::new(&one).unwrap();
    assert_eq!((parsed.salt.unwrap().len(), parsed.hash.unwrap().len()), (16, 32));
    assert_ne!(one, other);
    assert!(one.len() <= 255, "it fits the column");
    let verdict = hasher.verify(&password("SecurePass123!"), Some(&one)).await.unwrap();
    assert_eq!(verdict, Verdict::Match { needs_rehash: false });
}

#[tokio::test]
async fn security_02_a_hash_is_what_the_library_makes_of_it_whatever_was_hashed_in_its_memory_before() {
    let hasher = hasher(CHEAP, HashLimits { concurrency: 1, ..LIMITS });
    let library = Argon2::from(&CHEAP.params().unwrap());
    for text in ["", "secret", "another secret", "\u{1f5fc} in Paris"] {
        let ours = hasher.hash(&password(text)).await.unwrap();
        let read = PasswordHash::new(&ours).unwrap();
        assert!(library.verify_password(text.as_bytes(), &read).is_ok(), "{text:?}");
        let theirs = library.hash_password_with_salt(text.as_bytes(), read.salt.as_ref().unwrap()).unwrap();
        assert_eq!(theirs.to_string(), ours, "{text:?}");
    }
}

#[tokio::test]
async fn security_01_the_whole_password_counts_to_the_character() {
    let hasher = hasher(CHEAP, LIMITS);
    let long = "x".repeat(127);
    let stored = hasher.hash(&password(&format!("{long}y"))).await.unwrap();
    for (presented, expected) in [
        (format!("{long}y"), Verdict::Match { needs_rehash: false }),
        (format!("{long}z"), Verdict::NoMatch),
        (format!("{long}Y"), Verdict::NoMatch),
        (format!(" {long}y"), Verdict::NoMatch),
        (format!("{long}y "), Verdict::NoMatch),
        (long.clone(), Verdict::NoMatch),
        (String::new(), Verdict::NoMatch),
    ] {
        assert_eq!(hasher.verify(&password(&presented), Some(&stored)).await.unwrap(), expected, "{presented:?}");
    }
    let decomposed = hasher.hash(&password("Zoe\u{308}")).await.unwrap();
    assert_eq!(hasher.verify(&password("Zo\u{eb}"), Some(&decomposed)).await.unwrap(), Verdict::NoMatch);
}

#[tokio::test]
async fn security_02_a_hash_of_another_cost_still_verifies_and_is_to_be_renewed() {
    let now = hasher(CHEAP, LIMITS);
    for other in [
        HashCost { memory_kib: 16, ..CHEAP },
        HashCost { passes: 2, ..CHEAP },
        HashCost { memory_kib: 16, lanes: 2, ..CHEAP },
    ] {
        let stored = hasher(other, LIMITS).hash(&password("secret")).await.unwrap();
        let verdict = now.verify(&password("secret"), Some(&stored)).await.unwrap();
        assert_eq!(verdict, Verdict::Match { needs_rehash: true }, "{other:?}");
        assert_eq!(now.verify(&password("other"), Some(&stored)).await.unwrap(), Verdict::NoMatch);
    }
    for algorithm in [Algorithm::Argon2d, Algorithm::Argon2i] {
        let older = Argon2::new(algorithm, Version::V0x13, CHEAP.params().unwrap());
        let stored = older.hash_password_with_salt(b"secret", &[7; SALT_BYTES]).unwrap().to_string();
        let verdict = now.verify(&password("secret"), Some(&stored)).await.unwrap();
        assert_eq!(verdict, Verdict::Match { needs_rehash: true }, "{algorithm:?}");
    }
}

#[tokio::test]
async fn security_03_an_unknown_email_costs_what_a_wrong_password_costs() {
    let hasher = hasher(CHEAP, LIMITS);
    let stored = hasher.hash(&password("secret")).await.unwrap();
    let mut costs = Vec::new();
    for stored in [Some(stored.as_str()), None] {
        let before = hasher.evaluations();
        assert_eq!(hasher.verify(&password("wrong"), stored).await.unwrap(), Verdict::NoMatch);
        costs.push(hasher.evaluations() - before);
    }
    assert_eq!(costs, [1, 1]);
    let (real, nobody) = (PasswordHash::new(&stored).unwrap(), hasher.nobody.clone());
    assert_eq!((real.algorithm, real.version, real.params), (nobody.algorithm, nobody.version, nobody.params));
    assert!(hasher.is_of_present_cost(&hasher.nobody));
}

#[tokio::test]
async fn security_03_nobody_has_no_password_not_even_a_right_one() {
    let mut hasher = hasher(CHEAP, LIMITS);
    hasher.nobody = PasswordHash::new(&hasher.hash(&password("secret")).await.unwrap()).unwrap();
    assert_eq!(hasher.verify(&password("secret"), None).await.unwrap(), Verdict::NoMatch);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn security_04_a_thousand_logins_at_once_never_run_more_than_the_bound() {
    let hasher = Arc::new(hasher(CHEAP, LIMITS));
    let stored: Arc<str> = hasher.hash(&password("secret")).await.unwrap().into();
    let logins: Vec<_> = (0..1000)
        .map(|i| {
            let (hasher, stored) = (Arc::clone(&hasher), Arc::clone(&stored));
            let text = if i % 2 == 0 { "secret" } else { "wrong" };
            tokio::spawn(async move { hasher.verify(&password(text), Some(&stored)).await })
        })
        .collect();
    let verdicts: Vec<_> = join_all(logins).await.into_iter().map(|login| login.unwrap().unwrap()).collect();
    let matches = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Match { .. })).count();
    assert_eq!((matches, verdicts.len(), hasher.evaluations()), (500, 1000, 1001));
    assert!((1..=2).contains(&hasher.peak()), "{} ran at once", hasher.peak());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn security_04_logins_that_are_given_up_do_not_free_their_turn_early() {
    let hasher = Arc::new(hasher(HashCost { memory_kib: 1024, passes: 1, lanes: 1 }, LIMITS));
    let logins: Vec<_> = (0..100)
        .map(|_| {
            let hasher = Arc::clone(&hasher);
            tokio::spawn(async move { hasher.verify(&password("secret"), None).await })
        })
        .collect();
    for login in logins.iter().step_by(2) {
        login.abort();
    }
    let kept = join_all(logins).await.into_iter().filter_map(std::result::Result::ok).count();
    assert!(kept >= 50 && hasher.peak() <= 2, "{kept} kept, {} ran at once", hasher.peak());
    // Every turn comes back, so the bound is neither exceeded nor eaten up.
    let all = Arc::clone(&hasher.running).acquire_many_owned(2);
    assert!(tokio::time::timeout(Duration::from_secs(30), all).await.unwrap().is_ok());
    assert_eq!(hasher.waiting.available_permits(), LIMITS.max_waiting);
}

#[tokio::test]
async fn security_04_past_the_queue_a_login_is_told_to_come_back() {
    let limits = HashLimits { concurrency: 1, max_waiting: 3, max_wait: Duration::from_mins(1) };
    let hasher = hasher(CHEAP, limits);
    let turn = Arc::clone(&hasher.running).acquire_owned().await.unwrap();
    let secret = password("secret");
    let waiting = join_all((0..5).map(|_| hasher.verify(&secret, None)));
    let (answers, ()) = tokio::join!(waiting, async {
        // The logins have queued by now: on one thread they were polled first.
        assert_eq!(hasher.waiting.available_permits(), 0);
        drop(turn);
    });
    assert_eq!(answers.iter().filter(|answer| is_unavailable(answer)).count(), 2);
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 3);
    assert_eq!(hasher.evaluations(), 3, "nobody is hashed for who is sent away");
}

#[tokio::test]
async fn security_04_a_login_does_not_wait_for_ever() {
    let limits = HashLimits { concurrency: 1, max_waiting: 1, max_wait: Duration::from_millis(1) };
    let hasher = hasher(CHEAP, limits);
    let turn = Arc::clone(&hasher.running).acquire_owned().await.unwrap();
    let secret = password("secret");
    let answer = tokio::time::timeout(Duration::from_secs(10), hasher.verify(&secret, None)).await;
    assert!(is_unavailable(&answer.unwrap()));
    let answer = tokio::time::timeout(Duration::from_secs(10), hasher.hash(&secret)).await;
    assert!(is_unavailable(&answer.unwrap()));
    drop(turn);
    assert!(hasher.hash(&password("secret")).await.is_ok(), "and it recovers");
    assert_eq!(hasher.waiting.available_permits(), 1);
}

#[tokio::test]
async fn a_stored_text_that_is_no_hash_is_an_internal_error_and_not_told() {
    let hasher = hasher(CHEAP, LIMITS);
    for stored in
        ["", "secret", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=1,t=0,p=0$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo"]
    {
        let error = hasher.verify(&password("secret"), Some(stored)).await.expect_err(stored);
        assert!(matches!(error, Error::Internal(_)), "{error:?}");
        assert!(stored.is_empty() || !format!("{error}").contains(stored), "{error}");
    }
}

#[test]
fn a_cost_or_bound_of_nothing_is_refused_at_the_start() {
    let new = |cost, limits| PasswordHasher::new(cost, limits, Arc::new(OsRandomness)).is_ok();
    assert!(new(CHEAP, LIMITS) && new(HashCost::OWASP, HashLimits::default()));
    assert!(!new(HashCost { memory_kib: 0, ..CHEAP }, LIMITS));
    assert!(!new(HashCost { passes: 0, ..CHEAP }, LIMITS));
    assert!(!new(CHEAP, HashLimits { concurrency: 0, ..LIMITS }));
}
