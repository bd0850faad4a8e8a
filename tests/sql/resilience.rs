//! What is tried again and what is not, how long a database that is away is waited for, and that it is found again: over
//! real sockets, on a server that only says that it obeys.

use std::time::Duration;

use futures_util::future::join_all;
use handler::db::{Database, DbError, Query};
use handler::error::Error;
use handler::random::{OsRandomness, Randomness as _};
use handler::{params, query};
use tests::fault::{At, Fault, FaultyWire, Line};
use tests::little_server::LittleServer;
use tokio::time::Instant;

use crate::common::{AT_MOST, as_a_request, on_a_runtime, until};

const READ: Query = query!("count_samples");
const WRITE: Query = query!("insert_small");
/// A part of the texts of these, and of a transaction's.
const READS: &str = "SELECT COUNT";
const WRITES: &str = "INSERT INTO samples";
const BEGINS: &str = "BEGIN TRANSACTION";
const COMMITS: &str = "COMMIT TRANSACTION";

/// The errors that pass, with a class that Azure SQL gives them: those after which nothing was done.
const NOTHING_DONE: [(u32, u8); 10] = [
    (4060, 11),
    (40501, 20),
    (49918, 16),
    (49919, 16),
    (49920, 16),
    (10928, 16),
    (10929, 16),
    (1205, 13),
    (1222, 16),
    (4221, 16),
];
/// And those of a session that has ended somewhere in between.
const WHO_KNOWS: [(u32, u8); 7] =
    [(40197, 20), (40613, 17), (10053, 20), (10054, 20), (10060, 20), (233, 20), (997, 20)];
/// An error that is our own: a division by zero.
const OURS: Fault = Fault::Refused { number: 8134, class: 16 };
const CUTS: [Fault; 5] =
    [Fault::CutBefore, Fault::CutWithin, Fault::CutAfter, Fault::CutWithinAnswer, Fault::CutAnswered];
/// The longest until a database that is back is found.
const FOUND_AGAIN: Duration = Duration::from_secs(10);

fn refusals() -> impl Iterator<Item = Fault> {
    NOTHING_DONE.into_iter().chain(WHO_KNOWS).map(|(number, class)| Fault::Refused { number, class })
}

/// Tells a story for each of these faults, each time on a server and a wire of its own.
#[expect(clippy::needless_pass_by_value, reason = "a story is told where it is called, without a name or a sign")]
fn for_each(faults: impl IntoIterator<Item = Fault>, story: impl AsyncFn(Fault, &FaultyWire, &LittleServer)) {
    for fault in faults {
        on_a_little_server(async |wire, server| story(fault, wire, server).await);
    }
}

/// Whether the server hears a request that this fault strikes, before or after the client hears of the fault.
fn is_heard(fault: Fault) -> bool {
    matches!(fault, Fault::CutAfter | Fault::CutWithinAnswer | Fault::CutAnswered)
}

/// Waits until the server has heard this so often, and fails if it has heard it more often.
async fn heard(server: &LittleServer, text: &str, number: usize) {
    until(AT_MOST, async || {
        tokio::task::yield_now().await;
        server.heard(text) >= number
    })
    .await;
    assert_eq!(server.heard(text), number, "{text}");
}

fn on_a_little_server(story: impl AsyncFnOnce(&FaultyWire, &LittleServer)) {
    on_a_runtime(async {
        let server = LittleServer::start().await;
        let wire = FaultyWire::to_little(&server).await;
        story(&wire, &server).await;
    });
}

async fn read(db: &Database) -> Result<(), DbError> {
    db.fetch_all(READ, Vec::new()).await.map(drop)
}

async fn write(db: &Database) -> Result<u64, DbError> {
    db.execute(WRITE, params![OsRandomness.uuid(), 1]).await
}

async fn write_in_a_transaction(db: &Database) -> Result<(), Error> {
    db.retried(|| async {
        let mut tx = db.begin().await?;
        tx.execute(WRITE, params![OsRandomness.uuid(), 1]).await?;
        Ok(tx.commit().await?)
    })
    .await
}

#[test]
fn security_25_a_read_is_tried_again_after_any_fault_that_passes() {
    for_each(refusals().chain(CUTS), async |fault, wire, server| {
        let db = wire.open(2);
        wire.add(At::Text(READS), fault);
        Box::pin(as_a_request(read(&db))).await.unwrap();
        heard(server, READS, 1 + usize::from(is_heard(fault))).await;
    });
    on_a_little_server(async |wire, server| {
        wire.add(At::Text(READS), OURS);
        let error = read(&wire.open(2)).await.unwrap_err();
        assert!(matches!(error, DbError::Other(_)) && server.heard(READS) == 0, "{error:?}");
    });
}

#[test]
fn security_25_whoever_is_not_let_in_tries_again() {
    for_each(refusals().chain(CUTS), async |fault, wire, server| {
        let db = wire.open(1);
        wire.add(At::Login, fault);
        Box::pin(as_a_request(write_in_a_transaction(&db))).await.unwrap();
        assert_eq!((server.heard(WRITES), server.heard(COMMITS)), (1, 1), "{fault:?}");
    });
}

#[test]
fn security_25_a_fault_that_stays_is_told_within_the_time_of_a_request() {
    on_a_little_server(async |wire, _| {
        let db = wire.open(2);
        for at in [At::Login, At::Text(READS)] {
            for _ in 0..50 {
                wire.add(at, Fault::Refused { number: 40501, class: 20 });
            }
            let before = wire.struck().len();
            let error = as_a_request(read(&db)).await.unwrap_err();
            let tries = wire.struck().len() - before;
            assert!(error.is_passing() && (3..20).contains(&tries), "{at:?}, {tries} tries: {error:?}");
            wire.mend();
            until(FOUND_AGAIN, async || read(&db).await.is_ok()).await;
        }
    });
}

#[test]
fn security_25_a_single_write_is_tried_again_only_if_it_did_nothing() {
    let refused = |(number, class)| Fault::Refused { number, class };
    for_each(NOTHING_DONE.map(refused), async |fault, wire, server| {
        let db = wire.open(2);
        wire.add(At::Text(WRITES), fault);
        Box::pin(as_a_request(write(&db))).await.unwrap();
        assert_eq!(server.heard(WRITES), 1, "{fault:?}");
    });
    for_each(WHO_KNOWS.map(refused).into_iter().chain(CUTS), async |fault, wire, server| {
        let db = wire.open(2);
        wire.add(At::Text(WRITES), fault);
        let error = Box::pin(as_a_request(write(&db))).await.unwrap_err();
        assert!(matches!(error, DbError::Unavailable { outcome_unknown: true, .. }), "{fault:?}: {error:?}");
        heard(server, WRITES, usize::from(is_heard(fault))).await;
    });
}

#[test]
fn security_25_a_transaction_is_tried_again_whole_until_its_commit_was_sent() {
    for at in [At::Text(BEGINS), At::Text(WRITES)] {
        for_each(refusals().chain(CUTS), async |fault, wire, server| {
            let db = wire.open(2);
            wire.add(at, fault);
            Box::pin(as_a_request(write_in_a_transaction(&db))).await.unwrap();
            assert_eq!(server.heard(COMMITS), 1, "{at:?} {fault:?}");
            assert!(server.heard(BEGINS) >= server.heard(WRITES), "{at:?} {fault:?}");
        });
        on_a_little_server(async |wire, _| {
            wire.add(at, OURS);
            let error = write_in_a_transaction(&wire.open(2)).await.unwrap_err();
            assert!(matches!(error, Error::Internal(_)) && wire.struck().len() == 1, "{at:?}: {error:?}");
        });
    }
    for_each(refusals().chain(CUTS), async |fault, wire, server| {
        let db = wire.open(2);
        wire.add(At::Text(COMMITS), fault);
        let error = Box::pin(as_a_request(write_in_a_transaction(&db))).await.unwrap_err();
        assert!(matches!(error, Error::Database { outcome_unknown: true, .. }), "{fault:?}: {error:?}");
        assert_eq!(server.heard(WRITES), 1, "{fault:?}");
        heard(server, COMMITS, usize::from(is_heard(fault))).await;
    });
}

#[test]
fn security_26_while_the_database_is_cut_off_requests_are_told_so_and_then_at_once() {
    on_a_little_server(async |wire, _| {
        let db = wire.open(4);
        read(&db).await.unwrap();
        wire.turn(Line::Cut);
        let first = join_all((0..50).map(|_| as_a_request(read(&db)))).await;
        assert!(first.iter().all(|answer| matches!(answer, Err(fault) if fault.is_passing())), "{first:?}");
        let started = Instant::now();
        for number in 1..=500 {
            as_a_request(read(&db)).await.unwrap_err();
            let passed = started.elapsed();
            assert!(passed < AT_MOST, "500 in a row are told at once, not after trying: {passed:?} for {number}");
        }
        wire.turn(Line::Open);
        until(FOUND_AGAIN, async || as_a_request(write_in_a_transaction(&db)).await.is_ok()).await;
        let after = join_all((0..50).map(|_| as_a_request(write(&db)))).await;
        assert!(after.iter().all(Result::is_ok), "{after:?}");
    });
}

#[test]
fn security_26_while_the_database_says_nothing_nobody_waits_longer_than_a_request_may() {
    on_a_little_server(async |wire, _| {
        let db = wire.open(4);
        join_all((0..4).map(|_| read(&db))).await;
        wire.turn(Line::Silent);
        for _ in 0..3 {
            let answers = join_all((0..20).map(|_| as_a_request(read(&db)))).await;
            assert!(answers.iter().all(|answer| matches!(answer, Err(fault) if fault.is_passing())), "{answers:?}");
        }
        wire.turn(Line::Open);
        until(FOUND_AGAIN, async || as_a_request(write_in_a_transaction(&db)).await.is_ok()).await;
    });
}

#[test]
fn security_26_of_many_dead_connections_the_first_is_met_and_no_other() {
    on_a_little_server(async |wire, server| {
        let db = wire.open(8);
        let open = join_all((0..8).map(|_| db.begin())).await;
        for tx in open {
            tx.unwrap().commit().await.unwrap();
        }
        wire.cut_all().await;
        as_a_request(read(&db)).await.unwrap();
        server.forget();
        // A single write that meets a dead connection is not tried again.
        for _ in 0..8 {
            as_a_request(write(&db)).await.unwrap();
        }
        let all = join_all((0..8).map(|_| as_a_request(write(&db)))).await;
        assert!(all.iter().all(Result::is_ok), "{all:?}");
        assert_eq!(server.heard(WRITES), 16);
    });
}
