//! The counts of the rate limits: windows that begin, last and end, and many who count at once.

use std::time::Duration;

use futures_util::future::join_all;
use handler::auth::store::{EndReason, NewSession};
use handler::db::Database;
use handler::limits::rules::{Counted, LONGEST, Standing, Verdict, WINDOW};
use handler::limits::store::{KEPT, SWEPT_AT_ONCE};
use handler::random::{OsRandomness, Randomness as _};
use handler::versions::Versions;
use handler::{auth, limits};
use tests::statements::count_rate_windows;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::common::{INSTANT, NOW, add, begin_session, on_every_engine};
use crate::travels::{TODAY, insert, rome};

/// The longest bucket there is.
const BUCKET: &str = "search:2001:db8:ffff:ffff::/64";

async fn count(db: &Database, bucket: &str, hits: u32, now: OffsetDateTime) -> Counted {
    limits::store::count(db, bucket, hits, now).await.unwrap()
}

#[test]
fn the_first_request_begins_a_window_and_the_others_count_in_it() {
    on_every_engine(async |db| {
        let ends_at = NOW + WINDOW;
        assert_eq!(count(db, BUCKET, 1, NOW).await, Counted { hits: 1, ends_at });
        assert_eq!(count(db, BUCKET, 1, NOW).await, Counted { hits: 2, ends_at });
        assert_eq!(count(db, BUCKET, 40, NOW + Duration::from_secs(30)).await, Counted { hits: 42, ends_at });
        assert_eq!(count(db, BUCKET, 1, ends_at - INSTANT).await, Counted { hits: 43, ends_at });
        assert_eq!(count_rate_windows(db).await, 1);
    });
}

#[test]
fn a_window_is_over_at_its_end() {
    on_every_engine(async |db| {
        count(db, BUCKET, 9, NOW).await;
        let (now, ends_at) = (NOW + WINDOW, NOW + WINDOW + WINDOW);
        assert_eq!(count(db, BUCKET, 2, now).await, Counted { hits: 2, ends_at });
        assert_eq!(count(db, BUCKET, 1, now).await, Counted { hits: 3, ends_at });
        assert_eq!(count_rate_windows(db).await, 1, "in the same row");
    });
}

#[test]
fn a_window_of_a_clock_that_was_turned_back_is_over_too() {
    on_every_engine(async |db| {
        let ahead = NOW + LONGEST - WINDOW;
        count(db, BUCKET, 9, ahead).await;
        assert_eq!(count(db, BUCKET, 1, NOW).await, Counted { hits: 10, ends_at: NOW + LONGEST }, "clocks differ");
        let before = NOW - INSTANT;
        assert_eq!(count(db, BUCKET, 1, before).await, Counted { hits: 1, ends_at: before + WINDOW });
    });
}

#[test]
fn a_time_is_told_as_it_will_be_read() {
    on_every_engine(async |db| {
        let finer = NOW + Duration::from_nanos(789);
        let first = count(db, BUCKET, 1, finer).await;
        assert_eq!((first.ends_at, count(db, BUCKET, 1, finer).await.ends_at), (NOW + WINDOW, NOW + WINDOW));
    });
}

#[test]
fn each_bucket_counts_for_itself_letter_by_letter() {
    on_every_engine(async |db| {
        for bucket in ["user:1", "user:11", "USER:1", "addr:1", "search:1", "auth:%"] {
            assert_eq!(count(db, bucket, 1, NOW).await.hits, 1, "{bucket:?}");
        }
        assert_eq!(count_rate_windows(db).await, 6);
    });
}

#[test]
fn security_22_no_request_of_many_at_once_is_forgotten() {
    const AT_ONCE: u32 = 30;
    on_every_engine(async |db| {
        // None has a row to begin with, so all of them try to make it; then all find one that has ended.
        for now in [NOW, NOW + WINDOW] {
            let tasks = (0..AT_ONCE).map(|_| {
                let db = db.clone();
                tokio::spawn(async move { count(&db, BUCKET, 2, now).await })
            });
            let counted: Vec<Counted> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
            let ends_at = now + WINDOW;
            assert!(counted.iter().all(|counted| counted.ends_at == ends_at && counted.hits <= 2 * AT_ONCE));
            assert_eq!(count(db, BUCKET, 1, now).await, Counted { hits: 2 * AT_ONCE + 1, ends_at });
        }
        assert_eq!(count_rate_windows(db).await, 1);
    });
}

async fn live_session(db: &Database, user: i32) -> Uuid {
    let (id, expires_at) = (OsRandomness.uuid(), NOW + LONGEST);
    let session =
        NewSession { id, user_id: user, refresh_hash: [1; 32], user_agent: None, created_at: NOW, expires_at };
    begin_session(db, &session).await;
    id
}

#[test]
fn counting_with_a_look_at_a_session_is_counting_and_looking() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        let session = live_session(db, ana).await;
        insert(db, ana, &rome(TODAY, TODAY)).await;
        let looked = async |hits, now, session, user| {
            let (counted, live) = limits::store::count_and_look(db, BUCKET, hits, now, (session, user)).await.unwrap();
            assert_eq!(auth::store::find_live(db, session, user, now).await.unwrap(), live);
            (counted, live)
        };
        let live = Some(Versions { plans: 1, ..Versions::default() });
        let ends_at = NOW + WINDOW;
        assert_eq!(looked(1, NOW, session, ana).await, (Counted { hits: 1, ends_at }, live));
        assert_eq!(looked(2, NOW, session, ben).await, (Counted { hits: 3, ends_at }, None), "somebody else's");
        assert_eq!(looked(1, NOW, OsRandomness.uuid(), ana).await, (Counted { hits: 4, ends_at }, None));
        assert_eq!(count(db, BUCKET, 1, NOW).await, Counted { hits: 5, ends_at }, "in the same row");
        assert!(auth::store::end_session(db, session, ana, NOW, EndReason::Logout).await.unwrap());
        let next = Counted { hits: 7, ends_at: ends_at + WINDOW };
        assert_eq!(looked(7, ends_at, session, ana).await, (next, None));
    });
}

#[test]
fn security_22_no_request_of_many_at_once_is_forgotten_that_look_by_the_way() {
    const AT_ONCE: u32 = 20;
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let session = live_session(db, ana).await;
        let tasks = (0..AT_ONCE).map(|_| {
            let db = db.clone();
            tokio::spawn(
                async move { limits::store::count_and_look(&db, BUCKET, 2, NOW, (session, ana)).await.unwrap() },
            )
        });
        let looked = join_all(tasks).await;
        assert!(looked.into_iter().all(|looked| looked.unwrap().1.is_some()));
        assert_eq!(count(db, BUCKET, 1, NOW).await.hits, 2 * AT_ONCE + 1);
        assert_eq!(count_rate_windows(db).await, 1);
    });
}

async fn take(db: &Database, bucket: &str, limit: u32, now: OffsetDateTime) -> Verdict {
    limits::store::take(db, bucket, limit, now).await.unwrap()
}

#[test]
fn security_22_so_many_are_let_through_in_a_window_and_no_more() {
    on_every_engine(async |db| {
        for now in [NOW, NOW + WINDOW, NOW + LONGEST] {
            let ends_at = now + WINDOW;
            for number in 1..=3 {
                let expected = Verdict { admitted: true, standing: Standing::after(number, 3, ends_at) };
                assert_eq!(take(db, BUCKET, 3, now).await, expected);
            }
            for now in [now, ends_at - INSTANT] {
                let expected = Verdict { admitted: false, standing: Standing::after(3, 3, ends_at) };
                assert_eq!(take(db, BUCKET, 3, now).await, expected);
            }
        }
        assert!(take(db, "auth:203.0.113.7", 3, NOW).await.admitted, "another's");
        assert_eq!(count_rate_windows(db).await, 2);
    });
}

#[test]
fn a_full_window_of_a_clock_that_was_turned_back_is_over_too() {
    on_every_engine(async |db| {
        let ahead = NOW + LONGEST - WINDOW;
        assert!(take(db, BUCKET, 1, ahead).await.admitted);
        assert!(!take(db, BUCKET, 1, NOW).await.admitted, "clocks differ");
        let before = NOW - INSTANT;
        let expected = Verdict { admitted: true, standing: Standing::after(1, 1, before + WINDOW) };
        assert_eq!(take(db, BUCKET, 1, before).await, expected);
    });
}

#[test]
fn security_22_of_all_who_try_at_once_exactly_as_many_are_let_through() {
    const AT_ONCE: usize = 30;
    on_every_engine(async |db| {
        for now in [NOW, NOW + WINDOW] {
            let tasks = (0..AT_ONCE).map(|_| {
                let db = db.clone();
                tokio::spawn(async move { take(&db, BUCKET, 10, now).await })
            });
            let verdicts: Vec<Verdict> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
            assert_eq!(verdicts.iter().filter(|verdict| verdict.admitted).count(), 10);
            assert!(verdicts.iter().all(|verdict| verdict.standing.ends_at == now + WINDOW));
        }
    });
}

#[test]
fn windows_that_ended_are_deleted_and_no_others() {
    on_every_engine(async |db| {
        count(db, "user:1", 1, NOW).await;
        count(db, "user:2", 1, NOW + INSTANT).await;
        assert_eq!(limits::store::delete_ended(db, NOW + WINDOW - INSTANT).await.unwrap(), 0);
        assert_eq!(limits::store::delete_ended(db, NOW + WINDOW).await.unwrap(), 1);
        assert_eq!(count(db, "user:2", 1, NOW + INSTANT).await.hits, 2);
        assert_eq!(count(db, "user:1", 1, NOW).await.hits, 1);
    });
}

#[test]
fn a_thousand_windows_are_deleted_at_once() {
    on_every_engine(async |db| {
        for user in 0..SWEPT_AT_ONCE + 2 {
            count(db, &format!("user:{user}"), 1, NOW).await;
        }
        let before = NOW + WINDOW + KEPT;
        assert_eq!(limits::store::delete_ended(db, before).await.unwrap(), SWEPT_AT_ONCE);
        assert_eq!(limits::store::delete_ended(db, before).await.unwrap(), 2);
        assert_eq!(limits::store::delete_ended(db, before).await.unwrap(), 0);
    });
}
