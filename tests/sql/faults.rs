//! What fails on the way to SQL Server: what the caller hears of it, what is done all the same, and that the pool recovers.

use handler::db::{Database, DbError, Query};
use handler::random::{OsRandomness, Randomness as _};
use handler::{params, query};
use tests::fault::{At, Fault, FaultyWire};

use crate::common::{every_connection_is_back, on_an_empty_database};
use crate::types::CREATE_SAMPLES;

const INSERT_SMALL: Query = query!("insert_small");
const COUNT_SAMPLES: Query = query!("count_samples");

/// The numbers of faults that pass by themselves, with the class that the server gives them.
const PASSING: [(u32, u8); 8] =
    [(1205, 13), (1222, 16), (40501, 20), (40613, 17), (10928, 16), (10929, 16), (40197, 20), (49918, 16)];

async fn count(db: &Database) -> i64 {
    db.fetch_optional(COUNT_SAMPLES, Vec::new()).await.unwrap().unwrap().get("number").unwrap()
}

/// Inserts a row in a transaction.
async fn insert(db: &Database, small: i32) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    tx.execute(INSERT_SMALL, params![OsRandomness.uuid(), small]).await?;
    tx.commit().await
}

/// Tells a story over a wire that may fail, if there is a server.
fn on_a_wire(story: impl AsyncFnOnce(&FaultyWire, &Database)) {
    on_an_empty_database(async |own| {
        let Some(wire) = FaultyWire::to(own).await else { return };
        let db = wire.open(2);
        db.execute(CREATE_SAMPLES, Vec::new()).await.unwrap();
        story(&wire, &db).await;
        every_connection_is_back(&db).await;
    });
}

#[test]
fn security_25_what_is_cut_is_unavailable_and_done_only_if_the_server_has_heard_it() {
    on_a_wire(async |wire, db| {
        let mut rows = 0;
        for (number, (fault, done)) in [
            (Fault::CutBefore, Some(false)),
            (Fault::CutWithin, Some(false)),
            (Fault::CutAfter, None),
            (Fault::CutWithinAnswer, Some(true)),
            (Fault::CutAnswered, Some(true)),
        ]
        .into_iter()
        .enumerate()
        {
            wire.add(At::Text("COMMIT"), fault);
            let small = i32::try_from(number).unwrap();
            let error = insert(db, small).await.unwrap_err();
            assert!(matches!(error, DbError::Unavailable { outcome_unknown: true, .. }), "{fault:?}: {error:?}");
            if let Some(done) = done {
                rows += i64::from(done);
                assert_eq!(count(db).await, rows, "{fault:?}");
            } else {
                rows = count(db).await;
            }
            // Before the commit nothing is done, however much the server has heard.
            for at in [At::Text("BEGIN"), At::Text("INSERT INTO samples")] {
                wire.add(at, fault);
                let error = insert(db, 100 + small).await.unwrap_err();
                assert!(matches!(error, DbError::Unavailable { .. }), "{fault:?} {at:?}: {error:?}");
                assert_eq!(count(db).await, rows, "{fault:?} {at:?}");
            }
        }
        insert(db, 1_000).await.unwrap();
        assert_eq!((count(db).await, wire.struck().len()), (rows + 1, 15));
    });
}

#[test]
fn security_25_an_error_that_passes_is_unavailable_and_any_other_is_a_defect() {
    on_a_wire(async |wire, db| {
        for at in [At::Text("BEGIN"), At::Text("INSERT INTO samples"), At::Text("COMMIT")] {
            for (number, class) in PASSING {
                wire.add(at, Fault::Refused { number, class });
                let error = insert(db, 1).await.unwrap_err();
                let unknown = at == At::Text("COMMIT");
                assert!(
                    matches!(&error, DbError::Unavailable { outcome_unknown, .. } if *outcome_unknown == unknown),
                    "{number} {at:?}: {error:?}"
                );
                assert_eq!(count(db).await, 0, "{number} {at:?}");
            }
            wire.add(at, Fault::Refused { number: 8134, class: 16 });
            let error = insert(db, 1).await.unwrap_err();
            assert!(matches!(&error, DbError::Other(_)) && error.to_string().contains("8134"), "{at:?}: {error:?}");
        }
        insert(db, 1).await.unwrap();
        assert_eq!(count(db).await, 1);
    });
}

#[test]
fn security_25_whom_the_server_does_not_let_in_hears_so_at_once() {
    on_a_wire(async |wire, db| {
        let faults = [Fault::CutBefore, Fault::CutAnswered, Fault::Refused { number: 40613, class: 14 }];
        for fault in faults {
            // Nothing is open yet in a pool of its own.
            let fresh = wire.open(1);
            wire.add(At::Login, fault);
            let started = tokio::time::Instant::now();
            let error = insert(&fresh, 1).await.unwrap_err();
            assert!(matches!(error, DbError::Unavailable { outcome_unknown: false, .. }), "{fault:?}: {error:?}");
            assert!(started.elapsed() < std::time::Duration::from_secs(2), "{fault:?}");
            fresh.ping().await.unwrap();
        }
        assert_eq!(count(db).await, 0);
    });
}
