//! Logins: the account of an address, a hash that may go stale in between, and what is remembered of failures.

use std::time::Duration;

use handler::auth::store::{EndReason, NewSession};
use handler::auth::throttle::WINDOW;
use handler::db::{Database, Query};
use handler::random::{OsRandomness, Randomness as _};
use handler::{auth, params, query, users};
use tests::statements;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::common::{INSTANT, NOW, add, every_connection_is_back, hash_of, lent, on_every_engine};

const SET_PASSWORD: Query = query!("set_password");

/// Where the guesses come from.
const ADDRESS: &str = "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff";
/// The account that is guessed at.
const ACCOUNT: [u8; 32] = [7; 32];
/// No failures.
const NEVER: [OffsetDateTime; 0] = [];

async fn hash(db: &Database, user_id: i32) -> String {
    auth::store::find_password(db, user_id).await.unwrap().unwrap().password_hash
}

/// Logs in with a hash that was verified, and keeps the other one; the session, if there is one.
async fn log_in(db: &Database, user_id: i32, hashes: (&str, &str)) -> Option<Uuid> {
    let (id, expires_at) = (OsRandomness.uuid(), NOW + WINDOW);
    let new = NewSession { id, user_id, refresh_hash: [1; 32], user_agent: None, created_at: NOW, expires_at };
    auth::store::open_session(db, &new, hashes, ACCOUNT, ADDRESS).await.unwrap().then_some(id)
}

/// Whether a session of the user is good.
async fn is_live(db: &Database, session: Uuid, user_id: i32) -> bool {
    auth::store::find_live(db, session, user_id, NOW).await.unwrap().is_some()
}

/// Changes the password in a session that none of the stories has; how many others it ended.
async fn change(db: &Database, user_id: i32, verified: &str, new: &str, now: OffsetDateTime) -> Option<u64> {
    auth::store::change_password(db, user_id, verified, new, OsRandomness.uuid(), now).await.unwrap()
}

async fn fail(db: &Database, account: [u8; 32], address: &str, at: OffsetDateTime) {
    auth::store::insert_failure(db, account, address, at).await.unwrap();
}

/// The failures that count for this pair at this time.
async fn failures(db: &Database, account: [u8; 32], address: &str, now: OffsetDateTime) -> Vec<OffsetDateTime> {
    auth::store::list_failures(db, account, address, now).await.unwrap()
}

#[test]
fn a_login_finds_the_account_by_the_key_of_its_address() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "Ana").await, add(db, "ben").await);
        let login = auth::store::find_login(db, "ana@example.org").await.unwrap().unwrap();
        assert_eq!((login.id, login.email.as_str(), login.display_name.as_str()), (ana, "Ana@example.org", "Ana"));
        assert_eq!((login.password_hash, login.is_active), (hash_of("Ana"), true));
        assert_eq!((login.profile_pic_url, login.home_city, login.home_country), (None, None, None));
        assert!(auth::store::find_login(db, "nobody@example.org").await.unwrap().is_none());
        assert!(auth::store::find_login(db, "%").await.unwrap().is_none());

        statements::deactivate(db, ana.into()).await;
        assert!(!auth::store::find_login(db, "ana@example.org").await.unwrap().unwrap().is_active);
        assert_eq!(auth::store::find_login(db, "ben@example.org").await.unwrap().unwrap().id, ben);
    });
}

#[test]
fn a_login_opens_a_session_and_keeps_the_renewed_hash() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        let old = hash_of("ana");
        let first = log_in(db, ana, (&old, &old)).await.unwrap();
        let renewed = "h".repeat(255);
        let second = log_in(db, ana, (&old, &renewed)).await.unwrap();
        assert_eq!((hash(db, ana).await, hash(db, ben).await), (renewed, hash_of("ben")));
        for session in [first, second] {
            assert!(is_live(db, session, ana).await && !is_live(db, session, ben).await);
        }
    });
}

#[test]
fn security_12_a_login_with_a_stale_hash_or_of_the_inactive_opens_nothing() {
    on_every_engine(async |db| {
        let (ana, gone) = (add(db, "ana").await, add(db, "gone").await);
        fail(db, ACCOUNT, ADDRESS, NOW).await;
        let (of_ana, of_gone) = (hash_of("ana"), hash_of("gone"));
        assert_eq!(log_in(db, ana, ("stale", "renewed")).await, None);
        assert_eq!(log_in(db, gone, (&of_ana, "renewed")).await, None);
        assert_eq!(log_in(db, gone + 1, (&of_gone, "renewed")).await, None);
        assert_eq!(hash(db, ana).await, of_ana);
        statements::deactivate(db, gone.into()).await;
        assert_eq!(log_in(db, gone, (&of_gone, "renewed")).await, None);
        assert_eq!(statements::password_hash(db, "gone@example.org").await, of_gone);
        assert_eq!(statements::count_live_sessions(db).await, 0);
        assert_eq!(failures(db, ACCOUNT, ADDRESS, NOW).await, [NOW], "it did not succeed");
    });
}

#[test]
fn a_login_whose_session_can_not_be_written_leaves_nothing() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        fail(db, ACCOUNT, ADDRESS, NOW).await;
        statements::lose_tables(db).await;
        let (id, old) = (OsRandomness.uuid(), hash_of("ana"));
        let new =
            NewSession { id, user_id: ana, refresh_hash: [1; 32], user_agent: None, created_at: NOW, expires_at: NOW };
        auth::store::open_session(db, &new, (&old, "renewed"), ACCOUNT, ADDRESS).await.unwrap_err();
        auth::store::change_password(db, ana, &old, "new", id, NOW).await.unwrap_err();
        every_connection_is_back(db).await;
        assert_eq!((hash(db, ana).await, failures(db, ACCOUNT, ADDRESS, NOW).await), (old, vec![NOW]));
    });
}

#[test]
fn a_password_is_found_with_what_a_new_one_must_not_contain() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let found = auth::store::find_password(db, ana).await.unwrap().unwrap();
        assert_eq!((found.email.as_str(), found.display_name.as_str()), ("ana@example.org", "Ana"));
        assert_eq!(found.password_hash, hash_of("ana"));
        assert!(auth::store::find_password(db, ana + 1).await.unwrap().is_none());
        statements::deactivate(db, ana.into()).await;
        assert!(auth::store::find_password(db, ana).await.unwrap().is_none());
    });
}

#[test]
fn a_password_is_replaced_if_it_is_still_the_one_that_was_verified() {
    on_every_engine(async |db| {
        let (ana, gone) = (add(db, "ana").await, add(db, "gone").await);
        let (of_ana, of_gone) = (hash_of("ana"), hash_of("gone"));
        let session = log_in(db, ana, (&of_ana, &of_ana)).await.unwrap();
        assert_eq!(change(db, ana, "stale", "new", NOW + INSTANT).await, None);
        assert_eq!(hash(db, ana).await, of_ana);
        assert_eq!(users::store::find_private(db, ana).await.unwrap().unwrap().updated_at, NOW);
        assert!(is_live(db, session, ana).await);

        assert_eq!(change(db, ana, &of_ana, "new", NOW + INSTANT).await, Some(1));
        assert_eq!((hash(db, ana).await.as_str(), hash(db, gone).await), ("new", of_gone.clone()));
        assert_eq!(users::store::find_private(db, ana).await.unwrap().unwrap().updated_at, NOW + INSTANT);
        let versions = users::store::find_versions(db, ana).await.unwrap().unwrap();
        assert_eq!((versions.profile, versions.plans), (1, 0), "the profile tells when it was");

        assert_eq!(change(db, ana, &of_ana, "newer", NOW).await, None, "it was replaced before");
        assert_eq!(change(db, gone + 1, "new", "newer", NOW).await, None);
        statements::deactivate(db, gone.into()).await;
        assert_eq!(change(db, gone, &of_gone, "new", NOW).await, None);
        assert_eq!(statements::password_hash(db, "gone@example.org").await, of_gone);
    });
}

#[test]
fn security_06_a_new_password_ends_all_sessions_of_its_owner_but_the_one_that_sets_it() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        let (of_ana, of_ben) = (hash_of("ana"), hash_of("ben"));
        let mut sessions = Vec::new();
        for _ in 0..4 {
            sessions.push(log_in(db, ana, (&of_ana, &of_ana)).await.unwrap());
        }
        let bens = log_in(db, ben, (&of_ben, &of_ben)).await.unwrap();
        assert!(auth::store::end_session(db, sessions[3], ana, NOW, EndReason::Logout).await.unwrap());
        let kept = sessions[1];
        let ended = auth::store::change_password(db, ana, &of_ana, "new", kept, NOW).await.unwrap();
        assert_eq!(ended, Some(2), "one had ended before");
        for session in sessions {
            assert_eq!(is_live(db, session, ana).await, session == kept);
        }
        assert!(is_live(db, bens, ben).await);
        let again = auth::store::change_password(db, ana, "new", "newer", kept, NOW).await.unwrap();
        assert_eq!(again, Some(0), "there is none left");
    });
}

#[test]
fn security_06_of_logins_and_changes_of_the_password_at_once_no_login_with_the_old_one_survives() {
    const CROWD: usize = 6;
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let old = hash_of("ana");
        let logins: Vec<_> = (0..CROWD)
            .map(|_| {
                let (db, old) = (db.clone(), old.clone());
                tokio::spawn(async move { log_in(&db, ana, (&old, &old)).await })
            })
            .collect();
        let changes: Vec<_> = (0..CROWD)
            .map(|number| {
                let (db, old) = (db.clone(), old.clone());
                tokio::spawn(async move { change(&db, ana, &old, &format!("new {number}"), NOW).await })
            })
            .collect();
        let (mut opened, mut ended) = (0, Vec::new());
        for login in logins {
            opened += u64::from(login.await.unwrap().is_some());
        }
        for change in changes {
            ended.extend(change.await.unwrap());
        }
        assert_eq!(ended, [opened], "one change, which ended every session that was there by then");
        assert_eq!(statements::count_live_sessions(db).await, 0);
    });
}

#[test]
fn security_06_a_login_waits_for_a_change_of_password_and_is_then_too_late() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let mut tx = db.begin().await.unwrap();
        tx.execute(SET_PASSWORD, params![ana, "new"]).await.unwrap();
        let login = tokio::spawn({
            let (db, old) = (db.clone(), hash_of("ana"));
            async move { log_in(&db, ana, (&old, &old)).await }
        });
        // SQLite has one connection that writes, so there the login waits for that.
        if db.engine_name() != "SQLite" {
            lent(db, 2).await;
        }
        tx.commit().await.unwrap();
        assert_eq!(login.await.unwrap(), None);
        assert_eq!(hash(db, ana).await, "new");
    });
}

#[test]
fn failures_are_told_oldest_first_for_the_pair_alone() {
    on_every_engine(async |db| {
        assert_eq!(failures(db, ACCOUNT, ADDRESS, NOW).await, NEVER);
        for at in [NOW + INSTANT, NOW, NOW] {
            fail(db, ACCOUNT, ADDRESS, at).await;
        }
        fail(db, ACCOUNT, "192.0.2.1", NOW).await;
        fail(db, [8; 32], ADDRESS, NOW).await;
        assert_eq!(failures(db, ACCOUNT, ADDRESS, NOW).await, [NOW, NOW, NOW + INSTANT]);
        assert_eq!(failures(db, ACCOUNT, "192.0.2.1", NOW).await, [NOW]);
        assert_eq!(failures(db, [8; 32], "192.0.2.1", NOW).await, NEVER);
    });
}

#[test]
fn a_failure_counts_for_less_than_the_window() {
    on_every_engine(async |db| {
        fail(db, ACCOUNT, ADDRESS, NOW).await;
        assert_eq!(failures(db, ACCOUNT, ADDRESS, NOW + WINDOW - INSTANT).await, [NOW]);
        assert_eq!(failures(db, ACCOUNT, ADDRESS, NOW + WINDOW).await, NEVER);
    });
}

#[test]
fn a_failure_sweeps_away_what_is_too_old_to_count() {
    on_every_engine(async |db| {
        fail(db, ACCOUNT, ADDRESS, NOW - INSTANT).await;
        fail(db, [8; 32], "192.0.2.1", NOW).await;
        fail(db, ACCOUNT, ADDRESS, NOW + INSTANT).await;
        fail(db, [9; 32], ADDRESS, NOW + WINDOW).await;
        // Asked as at the beginning, when all of them counted.
        assert_eq!(failures(db, ACCOUNT, ADDRESS, NOW).await, [NOW + INSTANT]);
        assert_eq!(failures(db, [8; 32], "192.0.2.1", NOW).await, NEVER, "of whatever pair, and at the very edge");
        assert_eq!(failures(db, [9; 32], ADDRESS, NOW).await, [NOW + WINDOW]);
    });
}

#[test]
fn a_failure_sweeps_away_a_hundred_at_the_most() {
    const OLD: usize = 103;
    on_every_engine(async |db| {
        for _ in 0..OLD {
            fail(db, ACCOUNT, ADDRESS, NOW).await;
        }
        assert_eq!(failures(db, ACCOUNT, ADDRESS, NOW).await.len(), OLD);
        fail(db, [8; 32], ADDRESS, NOW + WINDOW).await;
        assert_eq!(failures(db, ACCOUNT, ADDRESS, NOW).await.len(), OLD - 100);
        fail(db, [8; 32], ADDRESS, NOW + WINDOW + Duration::from_secs(1)).await;
        assert_eq!(failures(db, ACCOUNT, ADDRESS, NOW).await.len(), 0);
    });
}

#[test]
fn the_failures_of_a_pair_are_forgotten_with_the_login_that_succeeds() {
    on_every_engine(async |db| {
        for (account, address) in [(ACCOUNT, ADDRESS), (ACCOUNT, ADDRESS), (ACCOUNT, "192.0.2.1"), ([8; 32], ADDRESS)] {
            fail(db, account, address, NOW).await;
        }
        let (ana, hash) = (add(db, "ana").await, hash_of("ana"));
        assert!(log_in(db, ana, (&hash, &hash)).await.is_some());
        assert_eq!(failures(db, ACCOUNT, ADDRESS, NOW).await, NEVER);
        assert_eq!(failures(db, ACCOUNT, "192.0.2.1", NOW).await, [NOW]);
        assert_eq!(failures(db, [8; 32], ADDRESS, NOW).await, [NOW]);
    });
}
