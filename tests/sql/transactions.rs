//! Transactions: all or nothing, one after the other, and nothing left behind of those that end early.

use futures_util::FutureExt as _;
use handler::db::{Database, DbError, Query, Tx, UniqueKey};
use handler::random::{OsRandomness, Randomness as _};
use handler::{params, query};
use uuid::Uuid;

use crate::common::{NOW, add, every_connection_is_back, on_every_engine};
use crate::types::CREATE_SAMPLES;

const INSERT_SMALL: Query = query!("insert_small");
const ADD_TO_SMALL: Query = query!("add_to_small");
const FIND_SMALL: Query = query!("find_small");
const COUNT_SAMPLES: Query = query!("count_samples");
const INSERT_CONNECTION: Query = query!("insert_connection");

const PRIMARY_KEY: UniqueKey = UniqueKey { constraint: "pk_samples", sqlite_columns: "samples.id" };
const SMALL: UniqueKey = UniqueKey { constraint: "uq_samples_small", sqlite_columns: "samples.small" };
const CONNECTION: UniqueKey = UniqueKey {
    constraint: "uq_connections_pair",
    sqlite_columns: "connections.user_low_id, connections.user_high_id",
};

async fn create(db: &Database) {
    db.execute(CREATE_SAMPLES, Vec::new()).await.unwrap();
}

async fn count(db: &Database) -> i64 {
    db.fetch_optional(COUNT_SAMPLES, Vec::new()).await.unwrap().unwrap().get("number").unwrap()
}

async fn insert(tx: &mut Tx, id: Uuid, small: i32) -> Result<u64, DbError> {
    tx.execute(INSERT_SMALL, params![id, small]).await
}

#[test]
fn what_is_committed_is_seen_and_the_transaction_sees_it_before() {
    on_every_engine(async |db| {
        create(db).await;
        let (one, other) = (OsRandomness.uuid(), OsRandomness.uuid());
        let mut tx = db.begin().await.unwrap();
        assert_eq!(insert(&mut tx, one, 1).await.unwrap(), 1);
        assert_eq!(insert(&mut tx, other, 2).await.unwrap(), 1);
        let seen = tx.fetch_one(COUNT_SAMPLES, Vec::new()).await.unwrap();
        assert_eq!(seen.get::<i64>("number").unwrap(), 2);
        tx.commit().await.unwrap();
        assert_eq!(count(db).await, 2);
    });
}

#[test]
fn security_27_what_is_dropped_leaves_nothing_and_its_connection_is_lent_again() {
    on_every_engine(async |db| {
        create(db).await;
        // More than there are connections.
        for number in 0..10 {
            let mut tx = db.begin().await.unwrap();
            insert(&mut tx, OsRandomness.uuid(), number).await.unwrap();
            assert_eq!(db.pool_use().in_use, 1);
            drop(tx);
            every_connection_is_back(db).await;
        }
        assert_eq!(count(db).await, 0);
    });
}

#[test]
fn security_27_what_is_cut_off_in_the_middle_of_a_statement_leaves_nothing() {
    on_every_engine(async |db| {
        create(db).await;
        for _ in 0..10 {
            let mut tx = db.begin().await.unwrap();
            insert(&mut tx, OsRandomness.uuid(), 1).await.unwrap();
            // Asked once whether it is done, and let go then. SQLite may have been quick enough: that is a plain end.
            drop(insert(&mut tx, OsRandomness.uuid(), 2).now_or_never());
            drop(tx);
        }
        every_connection_is_back(db).await;
        let mut tx = db.begin().await.unwrap();
        insert(&mut tx, OsRandomness.uuid(), 1).await.unwrap();
        insert(&mut tx, OsRandomness.uuid(), 2).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(count(db).await, 2);
    });
}

#[test]
fn two_transactions_on_one_row_come_one_after_the_other() {
    const ADDERS: i32 = 6;
    on_every_engine(async |db| {
        create(db).await;
        let id = OsRandomness.uuid();
        db.execute(INSERT_SMALL, params![id, 0]).await.unwrap();
        let adders: Vec<_> = (0..ADDERS)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move {
                    let mut tx = db.begin().await.unwrap();
                    let mut seen = Vec::new();
                    for _ in 0..2 {
                        assert_eq!(tx.execute(ADD_TO_SMALL, params![id, 1]).await.unwrap(), 1);
                        seen.push(tx.fetch_one(FIND_SMALL, params![id]).await.unwrap().get::<i32>("small").unwrap());
                    }
                    tx.commit().await.unwrap();
                    seen
                })
            })
            .collect();
        let mut seen = Vec::new();
        for adder in adders {
            seen.push(adder.await.unwrap());
        }
        seen.sort();
        let in_turns: Vec<_> = (0..ADDERS).map(|turn| vec![2 * turn + 1, 2 * turn + 2]).collect();
        assert_eq!(seen, in_turns);
    });
}

#[test]
fn a_unique_key_that_is_violated_is_told_by_its_name() {
    on_every_engine(async |db| {
        create(db).await;
        let id = OsRandomness.uuid();
        db.execute(INSERT_SMALL, params![id, 4711]).await.unwrap();
        let same_key = db.execute(INSERT_SMALL, params![id, 1]).await.unwrap_err();
        assert!(same_key.violates(&PRIMARY_KEY) && !same_key.violates(&SMALL), "{same_key:?}");
        let same_value = db.execute(INSERT_SMALL, params![OsRandomness.uuid(), 4711]).await.unwrap_err();
        assert!(same_value.violates(&SMALL) && !same_value.violates(&PRIMARY_KEY), "{same_value:?}");
        for shown in [format!("{same_key:?} {same_key}"), format!("{same_value:?} {same_value}")] {
            assert!(!shown.contains("4711") && !shown.to_lowercase().contains(&id.to_string()), "{shown}");
        }
        assert_eq!(count(db).await, 1);

        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        db.execute(INSERT_CONNECTION, params![ana, ben, "pending", NOW]).await.unwrap();
        let turned = db.execute(INSERT_CONNECTION, params![ben, ana, "pending", NOW]).await.unwrap_err();
        assert!(turned.violates(&CONNECTION), "a key of two columns: {turned:?}");
    });
}

#[test]
fn security_11_what_breaks_another_rule_is_a_defect_that_quotes_nobody() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        for (receiver, status) in [(ben, "confidential"), (ben + 4711, "pending")] {
            let error = db.execute(INSERT_CONNECTION, params![ana, receiver, status, NOW]).await.unwrap_err();
            assert!(matches!(error, DbError::Other(_)) && !error.violates(&CONNECTION), "{error:?}");
            let shown = format!("{error:?} {error}");
            assert!(!shown.contains("confidential") && !shown.contains("4711"), "{shown}");
        }
    });
}

#[test]
fn a_transaction_with_a_failed_statement_leaves_nothing() {
    on_every_engine(async |db| {
        create(db).await;
        let id = OsRandomness.uuid();
        let mut tx = db.begin().await.unwrap();
        insert(&mut tx, id, 1).await.unwrap();
        assert!(insert(&mut tx, id, 2).await.unwrap_err().violates(&PRIMARY_KEY));
        // SQL Server has rolled it back by now; so a story on SQLite notices too if somebody goes on as if nothing were.
        let error = tx.commit().await.unwrap_err();
        assert!(matches!(&error, DbError::Other(_)) && error.to_string().contains("can't be committed"), "{error:?}");
        every_connection_is_back(db).await;
        assert_eq!(count(db).await, 0);
        db.execute(INSERT_SMALL, params![id, 1]).await.unwrap();
    });
}

#[test]
fn a_statement_that_always_has_a_row_and_has_none_is_named() {
    on_every_engine(async |db| {
        create(db).await;
        let mut tx = db.begin().await.unwrap();
        assert!(tx.fetch_optional(FIND_SMALL, params![OsRandomness.uuid()]).await.unwrap().is_none());
        assert!(tx.fetch_all(FIND_SMALL, params![OsRandomness.uuid()]).await.unwrap().is_empty());
        let error = tx.fetch_one(FIND_SMALL, params![OsRandomness.uuid()]).await.unwrap_err();
        assert!(error.to_string().contains("find_small"), "{error}");
    });
}

#[test]
fn a_ping_is_answered() {
    on_every_engine(async |db| db.ping().await.unwrap());
}
