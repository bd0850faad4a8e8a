//! Migrations: each applied once, by whoever comes first, wholly or not at all; and nobody is served without them.
//!
//! Told on the engine that the environment names: SQLite has the same in the handler's own tests.

use handler::db::gate::SchemaGate;
use handler::db::migrate::{self, MIGRATIONS};
use handler::db::schema::{SchemaState, StepState};
use handler::db::{Database, DbError, Query};
use handler::error::Error;
use handler::{params, query};
use tests::statements;

use crate::common::{INSTANT, NOW, add, add_called, every_connection_is_back, on_an_empty_database, search};

const APPLY_UNKNOWN: Query = query!("apply_unknown");
const CHANGE_CHECKSUM: Query = query!("change_checksum");
const CREATE_OBSTACLE: Query = query!("create_obstacle");
const DROP_OBSTACLE: Query = query!("drop_obstacle");
const UNDO_SEARCH_NAMES: Query = query!("undo_search_names", sqlite);

/// Migrates, and answers how many steps that took.
async fn run(db: &Database) -> usize {
    migrate::run(db, || NOW, |_| ()).await.unwrap()
}

/// Migrates in vain, and answers why.
async fn refusal(db: &Database) -> String {
    let refusal = migrate::run(db, || NOW, |_| ()).await.unwrap_err().to_string();
    every_connection_is_back(db).await;
    refusal
}

async fn state(db: &Database) -> SchemaState {
    migrate::state(db).await.unwrap()
}

#[test]
fn security_29_each_step_is_taken_once_and_remembered() {
    on_an_empty_database(async |own| {
        let db = own.open();
        assert_eq!(state(&db).await, SchemaState::Behind(1));
        assert!(migrate::status(&db).await.unwrap().iter().all(|step| step.state == StepState::Pending));
        let mut taken = Vec::new();
        let steps = migrate::run(&db, || NOW, |step| taken.push(step.version)).await.unwrap();
        assert_eq!((steps, &taken), (MIGRATIONS.len(), &MIGRATIONS.iter().map(|step| step.version).collect()));

        assert_eq!(migrate::run(&db, || NOW + INSTANT, |step| taken.push(step.version)).await.unwrap(), 0);
        assert_eq!(taken.len(), steps, "nothing was told of a step that was not taken");
        assert_eq!(state(&db).await, SchemaState::Current);
        let status = migrate::status(&db).await.unwrap();
        assert_eq!(status.len(), MIGRATIONS.len());
        for (step, migration) in status.iter().zip(MIGRATIONS) {
            assert_eq!((step.version, step.name.as_str()), (migration.version, migration.name));
            assert_eq!(step.state, StepState::Applied(NOW));
        }
    });
}

#[test]
fn whoever_was_there_before_the_words_knew_their_names_is_found_in_order() {
    on_an_empty_database(async |own| {
        let db = own.open();
        run(&db).await;
        let (viewer, last) = (add(&db, "viewer").await, add_called(&db, "zoe", "Kim Zoe").await);
        let first = add_called(&db, "ana", "Kim Ana").await;
        db.execute(UNDO_SEARCH_NAMES, Vec::new()).await.unwrap();
        assert_eq!(state(&db).await, SchemaState::Behind(13));

        assert_eq!(run(&db).await, MIGRATIONS.len() - 12);
        assert_eq!(search(&db, viewer, "kim").await, [first, last]);
        statements::assert_accounts_are_whole(&db).await;
    });
}

#[test]
fn security_29_three_at_once_take_turns() {
    on_an_empty_database(async |own| {
        let (one, two, three) = (own.open(), own.open(), own.open());
        let (first, second, third) = tokio::join!(run(&one), run(&two), run(&three));
        assert_eq!(first + second + third, MIGRATIONS.len());
        assert_eq!(state(&one).await, SchemaState::Current);
    });
}

#[test]
fn security_29_a_step_that_fails_halfway_leaves_the_version_before() {
    on_an_empty_database(async |own| {
        let db = own.open();
        db.execute(CREATE_OBSTACLE, Vec::new()).await.unwrap();
        let told = refusal(&db).await;
        assert!(told.contains("0002_sessions") && told.contains("nothing of it was kept"), "{told}");
        assert_eq!(state(&db).await, SchemaState::Behind(2));
        assert!(refusal(&db).await.contains("0002_sessions"), "it fails as before, not by what it left");

        db.execute(DROP_OBSTACLE, Vec::new()).await.unwrap();
        assert_eq!(run(&db).await, MIGRATIONS.len() - 1);
    });
}

#[test]
fn security_29_the_schema_of_a_newer_build_is_left_alone() {
    on_an_empty_database(async |own| {
        let db = own.open();
        run(&db).await;
        let newest = i32::try_from(MIGRATIONS.len()).unwrap() + 1;
        db.execute(APPLY_UNKNOWN, params![newest, NOW, "of_tomorrow", None::<i32>]).await.unwrap();
        assert_eq!(state(&db).await, SchemaState::Ahead(newest));
        assert!(refusal(&db).await.contains("deploy the newer build"));
        let status = migrate::status(&db).await.unwrap();
        let last = status.last().unwrap();
        let unknown = StepState::Unknown { oldest_build: None };
        assert_eq!((last.version, last.name.as_str(), &last.state), (newest, "of_tomorrow", &unknown));
        let twice = db.execute(APPLY_UNKNOWN, params![newest, NOW, "again", None::<i32>]).await.unwrap_err();
        assert!(matches!(twice, DbError::Unique(_)), "a version is applied once: {twice:?}");
    });
}

#[test]
fn security_29_a_schema_that_a_newer_build_expanded_is_served_from_and_left_as_it_is() {
    on_an_empty_database(async |own| {
        let db = own.open();
        run(&db).await;
        let gate = SchemaGate::default();
        let ours = i32::try_from(MIGRATIONS.len()).unwrap();
        for (newer, oldest_build) in [(ours + 1, 0), (ours + 2, ours)] {
            db.execute(APPLY_UNKNOWN, params![newer, NOW, "expands", oldest_build]).await.unwrap();
            assert_eq!(gate.look(&db).await.unwrap(), SchemaState::Expanded(newer));
            gate.pass(&db).await.unwrap();
            assert_eq!(run(&db).await, 0, "nothing is left for the older build to do");
            let last = migrate::status(&db).await.unwrap().pop().unwrap();
            assert_eq!(last.state, StepState::Unknown { oldest_build: Some(oldest_build) });
        }
        // What this build needs is taken away once nobody runs it any more; if somebody does, they are told.
        db.execute(APPLY_UNKNOWN, params![ours + 3, NOW, "contracts", ours + 1]).await.unwrap();
        assert_eq!(gate.look(&db).await.unwrap(), SchemaState::Ahead(ours + 3));
        assert!(matches!(gate.pass(&db).await, Err(Error::Unavailable { .. })));
        assert!(refusal(&db).await.contains("deploy the newer build"));
    });
}

#[test]
fn security_29_a_step_that_was_changed_after_it_was_applied_is_noticed() {
    on_an_empty_database(async |own| {
        let db = own.open();
        run(&db).await;
        db.execute(CHANGE_CHECKSUM, params![2, "0".repeat(64)]).await.unwrap();
        assert_eq!(state(&db).await, SchemaState::Changed(2));
        assert!(refusal(&db).await.contains("never edit an applied one"));
    });
}

#[test]
fn security_29_nobody_is_served_before_the_schema_is_current() {
    on_an_empty_database(async |own| {
        let db = own.open();
        let gate = SchemaGate::default();
        for _ in 0..2 {
            let Err(Error::Unavailable { reason, .. }) = gate.pass(&db).await else { panic!("let through") };
            assert!(reason.contains("handler migrate"), "{reason}");
        }
        assert_eq!(gate.look(&db).await.unwrap(), SchemaState::Behind(1));
        run(&db).await;
        assert_eq!(gate.look(&db).await.unwrap(), SchemaState::Current);
        gate.pass(&db).await.unwrap();
        let newest = i32::try_from(MIGRATIONS.len()).unwrap() + 1;
        db.execute(APPLY_UNKNOWN, params![newest, NOW, "of_tomorrow", None::<i32>]).await.unwrap();
        assert_eq!(gate.look(&db).await.unwrap(), SchemaState::Ahead(newest));
        assert!(matches!(gate.pass(&db).await, Err(Error::Unavailable { .. })));
    });
}
