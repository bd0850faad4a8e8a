//! Causes of matches: noted, taken by one scan alone, given back, set aside and removed.

use std::time::Duration;

use handler::causes::{AT_ONCE, Cause};
use handler::db::Database;
use handler::random::{OsRandomness, Randomness as _};
use handler::scan;
use handler::scan::store::{Backlog, Claimed};
use tests::told;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::common::{self, INSTANT, NOW, every_connection_is_back, on_every_engine};

const LEASE: Duration = Duration::from_mins(2);
/// The longest that a cause rests.
const REST: Duration = Duration::from_mins(5);
const NOTHING: [i64; 0] = [];

async fn note(db: &Database, cause: Cause, at: OffsetDateTime) {
    let mut tx = db.begin().await.unwrap();
    common::note(&mut tx, &[cause], at).await;
    tx.commit().await.unwrap();
}

/// Notes so many causes; their ids.
async fn note_homes(db: &Database, number: i32) -> Vec<i64> {
    for user in 1..=number {
        note(db, Cause::Home { user }, NOW).await;
    }
    told::causes(db).await.iter().map(|cause| cause.id).collect()
}

/// Takes new causes at this time, the way that a scan does; their ids in order, and the lease.
async fn claim(db: &Database, most: i32, now: OffsetDateTime) -> (Uuid, Vec<i64>) {
    let lease = OsRandomness.uuid();
    let mut tx = db.begin().await.unwrap();
    let claimed = scan::store::claim_new(&mut tx, most, lease, now + LEASE, now).await.unwrap();
    tx.commit().await.unwrap();
    let mut ids: Vec<i64> = claimed.iter().map(|cause| cause.id).collect();
    ids.sort_unstable();
    (lease, ids)
}

/// Takes one cause that was begun with, at this time.
async fn claim_again(db: &Database, now: OffsetDateTime) -> Option<(Uuid, Claimed)> {
    let lease = OsRandomness.uuid();
    let mut tx = db.begin().await.unwrap();
    let claimed = scan::store::claim_again(&mut tx, lease, now + LEASE, now, now + REST).await.unwrap();
    tx.commit().await.unwrap();
    claimed.map(|cause| (lease, cause))
}

async fn finish(db: &Database, lease: Uuid) -> u64 {
    let mut tx = db.begin().await.unwrap();
    let finished = scan::store::finish(&mut tx, lease).await.unwrap();
    tx.commit().await.unwrap();
    finished
}

#[test]
fn a_cause_is_taken_as_it_was_noted() {
    on_every_engine(async |db| {
        let noted = [
            (Cause::Plan { owner: 7, plan: i32::MAX }, ("plan", 7, i32::MAX)),
            (Cause::Home { user: 8 }, ("home", 8, 0)),
            (Cause::Pair { one: 10, other: 9 }, ("pair", 10, 9)),
        ];
        for (cause, _) in noted {
            note(db, cause, NOW + INSTANT).await;
        }
        let causes = told::causes(db).await;
        let seen = causes.iter().map(|cause| (cause.kind.as_str(), cause.user_id, cause.other_id));
        assert_eq!(seen.collect::<Vec<_>>(), noted.map(|(_, stored)| stored));
        for cause in &causes {
            assert_eq!((cause.created_at, cause.attempts, cause.due_at), (NOW + INSTANT, 0, Some(AT_ONCE)));
            assert_eq!((cause.lease, &cause.last_error), (None, &None));
        }
        let mut tx = db.begin().await.unwrap();
        let claimed = scan::store::claim_new(&mut tx, 1, OsRandomness.uuid(), NOW, NOW).await.unwrap();
        let oldest = Claimed { id: causes[0].id, kind: "plan".to_owned(), user_id: 7, other_id: i32::MAX, attempts: 1 };
        assert_eq!(claimed, [oldest]);
    });
}

#[test]
fn new_causes_are_taken_oldest_first_and_by_one_scan_alone() {
    on_every_engine(async |db| {
        assert_eq!(claim(db, 10, NOW).await.1, NOTHING);
        let ids = note_homes(db, 5).await;
        let (first, taken) = claim(db, 2, NOW).await;
        assert_eq!(taken, ids[..2]);
        for (cause, is_taken) in told::causes(db).await.into_iter().zip([true, true, false, false, false]) {
            let expected = if is_taken { (1, Some(NOW + LEASE), Some(first)) } else { (0, Some(AT_ONCE), None) };
            assert_eq!((cause.attempts, cause.due_at, cause.lease), expected);
        }
        assert_eq!(claim(db, 10, NOW).await.1, ids[2..]);
        for later in [Duration::ZERO, LEASE, LEASE * 100] {
            assert_eq!(claim(db, 10, NOW + later).await.1, NOTHING, "what was begun with is taken one by one");
        }
    });
}

#[test]
fn scans_at_once_take_different_causes() {
    on_every_engine(async |db| {
        let ids = note_homes(db, 24).await;
        let claimers: Vec<_> = (0..6)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move {
                    let mut mine = Vec::new();
                    loop {
                        match claim(&db, 3, NOW).await.1 {
                            taken if taken.is_empty() => return mine,
                            taken => mine.extend(taken),
                        }
                    }
                })
            })
            .collect();
        let mut all = Vec::new();
        for claimer in claimers {
            all.extend(claimer.await.unwrap());
        }
        all.sort_unstable();
        assert_eq!(all, ids, "each of them, once");
        assert!(told::causes(db).await.iter().all(|cause| cause.attempts == 1));
    });
}

#[test]
fn a_claim_that_is_not_committed_leaves_the_causes_to_others() {
    on_every_engine(async |db| {
        let ids = note_homes(db, 2).await;
        let mut tx = db.begin().await.unwrap();
        scan::store::claim_new(&mut tx, 2, OsRandomness.uuid(), NOW + LEASE, NOW).await.unwrap();
        drop(tx);
        every_connection_is_back(db).await;
        assert_eq!(claim(db, 2, NOW).await.1, ids);
    });
}

#[test]
fn what_a_dead_scan_had_is_taken_over_one_by_one_when_its_lease_runs_out() {
    on_every_engine(async |db| {
        let ids = note_homes(db, 2).await;
        let (dead, _) = claim(db, 2, NOW).await;
        assert_eq!(claim_again(db, NOW + LEASE - INSTANT).await, None, "it may still be at work");
        let (heir, cause) = claim_again(db, NOW + LEASE).await.unwrap();
        assert_eq!((cause.id, cause.attempts, cause.kind.as_str(), cause.user_id), (ids[0], 2, "home", 1));
        let (_, other) = claim_again(db, NOW + LEASE).await.unwrap();
        assert_eq!(other.id, ids[1]);
        assert_eq!(claim_again(db, NOW + LEASE).await, None, "each has a scan of its own again");
        assert_eq!(finish(db, dead).await, 0, "they are not the first one's any more");
        assert_eq!(finish(db, heir).await, 1);
        assert_eq!(told::causes(db).await.len(), 1);
    });
}

#[test]
fn heirs_at_once_take_different_causes() {
    on_every_engine(async |db| {
        let ids = note_homes(db, 8).await;
        claim(db, 8, NOW).await;
        let heirs: Vec<_> = (0..4)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move {
                    let mut mine = Vec::new();
                    // One who comes too late for a cause may go without: so as often as there are some.
                    for _ in 0..8 {
                        mine.extend(claim_again(&db, NOW + LEASE).await.map(|(_, cause)| cause.id));
                    }
                    mine
                })
            })
            .collect();
        let mut all = Vec::new();
        for heir in heirs {
            all.extend(heir.await.unwrap());
        }
        all.sort_unstable();
        assert_eq!(all, ids, "each of them, once");
    });
}

#[test]
fn what_is_due_in_a_future_that_no_scan_sets_is_due() {
    on_every_engine(async |db| {
        let ids = note_homes(db, 1).await;
        claim(db, 1, NOW).await;
        let turned_back = NOW + LEASE - REST;
        assert_eq!(claim_again(db, turned_back).await, None, "as far ahead as a rest may be");
        let (_, cause) = claim_again(db, turned_back - INSTANT).await.unwrap();
        assert_eq!(cause.id, ids[0]);
    });
}

#[test]
fn what_is_given_back_counts_or_not_and_is_due_when_it_is_said() {
    on_every_engine(async |db| {
        let ids = note_homes(db, 3).await;
        let (kept, _) = claim(db, 1, NOW).await;
        let (lease, _) = claim(db, 2, NOW).await;
        // The database was away: as if nothing had been.
        assert_eq!(scan::store::release(db, lease, 1, Some(AT_ONCE), "away").await.unwrap(), 2);
        assert_eq!(scan::store::release(db, lease, 1, Some(AT_ONCE), "away").await.unwrap(), 0, "it has none now");
        for cause in &told::causes(db).await[1..] {
            assert_eq!((cause.attempts, cause.due_at, cause.lease), (0, Some(AT_ONCE), None));
            assert_eq!(cause.last_error.as_deref(), Some("away"));
        }
        let (lease, taken) = claim(db, 10, NOW).await;
        assert_eq!(taken, ids[1..], "new ones once more");

        // It failed: it counts, and it rests.
        let error = "𐐀".repeat(500);
        let due = NOW + Duration::from_secs(5);
        assert_eq!(scan::store::release(db, lease, 0, Some(due), &error).await.unwrap(), 2);
        let causes = told::causes(db).await;
        assert_eq!((causes[0].lease, causes[0].attempts), (Some(kept), 1), "another scan's is as it was");
        for cause in &causes[1..] {
            assert_eq!((cause.attempts, cause.due_at, cause.lease), (1, Some(due), None));
            assert_eq!(cause.last_error.as_deref(), Some(error.as_str()));
        }
        assert_eq!((claim(db, 10, NOW + REST).await.1, claim_again(db, due - INSTANT).await), (vec![], None));
        assert_eq!(claim_again(db, due).await.unwrap().1.attempts, 2);
    });
}

#[test]
fn what_is_set_aside_is_never_taken_again() {
    on_every_engine(async |db| {
        note_homes(db, 1).await;
        let (lease, _) = claim(db, 1, NOW).await;
        scan::store::release(db, lease, 0, None, "it fails").await.unwrap();
        for now in [AT_ONCE + REST, NOW, NOW + LEASE, NOW + REST * 1000] {
            assert_eq!((claim(db, 10, now).await.1, claim_again(db, now).await), (vec![], None), "{now}");
        }
        assert_eq!(told::causes(db).await[0].due_at, None);
    });
}

#[test]
fn the_backlog_counts_what_waits_and_what_was_set_aside() {
    on_every_engine(async |db| {
        let backlog = async || scan::store::backlog(db).await.unwrap();
        assert_eq!(backlog().await, Backlog { waiting: 0, oldest: None, set_aside: 0 });
        for (user, later) in [(1, 2), (2, 1), (3, 3), (4, 4)] {
            note(db, Cause::Home { user }, NOW + later * INSTANT).await;
        }
        let oldest = |later: u32| Some(NOW + later * INSTANT);
        assert_eq!(backlog().await, Backlog { waiting: 4, oldest: oldest(1), set_aside: 0 });
        let (lease, _) = claim(db, 2, NOW).await;
        assert_eq!(backlog().await, Backlog { waiting: 4, oldest: oldest(1), set_aside: 0 }, "begun, not finished");
        scan::store::release(db, lease, 0, None, "").await.unwrap();
        assert_eq!(backlog().await, Backlog { waiting: 2, oldest: oldest(3), set_aside: 2 });
        let (lease, _) = claim(db, 1, NOW).await;
        assert_eq!(finish(db, lease).await, 1);
        assert_eq!(backlog().await, Backlog { waiting: 1, oldest: oldest(4), set_aside: 2 });
    });
}

#[test]
fn a_finish_that_is_not_committed_removes_nothing() {
    on_every_engine(async |db| {
        note_homes(db, 2).await;
        let (lease, _) = claim(db, 2, NOW).await;
        let mut tx = db.begin().await.unwrap();
        assert_eq!(scan::store::finish(&mut tx, lease).await.unwrap(), 2);
        drop(tx);
        every_connection_is_back(db).await;
        assert_eq!(finish(db, OsRandomness.uuid()).await, 0, "nobody's lease");
        assert_eq!(finish(db, lease).await, 2);
        assert_eq!(told::causes(db).await, []);
    });
}

#[test]
fn security_24_a_cause_that_commits_late_is_taken_after_ones_that_were_written_later() {
    on_every_engine(async |db| {
        if db.engine_name() == "SQLite" {
            println!("left out: one writer at a time, so nothing commits meanwhile");
            return;
        }
        let mut long = db.begin().await.unwrap();
        common::note(&mut long, &[Cause::Home { user: 1 }], NOW).await;
        note(db, Cause::Home { user: 2 }, NOW + INSTANT).await;
        let later = told::causes(db).await;
        assert_eq!(
            later.iter().map(|cause| cause.user_id).collect::<Vec<_>>(),
            [2],
            "the earlier one is not there yet"
        );

        let (lease, taken) = claim(db, 10, NOW + 2 * INSTANT).await;
        assert_eq!((taken, finish(db, lease).await), (vec![later[0].id], 1));
        long.commit().await.unwrap();
        let (_, taken) = claim(db, 10, NOW + 2 * INSTANT).await;
        assert_eq!(taken.len(), 1);
        assert!(taken[0] < later[0].id, "it was written before the one that was taken before it");
    });
}
