//! Logins: the account of an address, a hash that may go stale in between, and what is remembered of failures.

use std::time::Duration;

use handler::auth;
use handler::auth::throttle::WINDOW;
use handler::db::Database;
use handler::users;
use tests::statements;
use time::OffsetDateTime;

use crate::common::{INSTANT, NOW, add, every_connection_is_back, hash_of, lent, on_every_engine};

/// Where the guesses come from.
const ADDRESS: &str = "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff";
/// The account that is guessed at.
const ACCOUNT: [u8; 32] = [7; 32];
/// No failures.
const NEVER: [OffsetDateTime; 0] = [];

async fn hash(db: &Database, user_id: i32) -> String {
    auth::store::find_password(db, user_id).await.unwrap().unwrap().password_hash
}

async fn confirm(db: &Database, user_id: i32, verified: &str, renewed: &str) -> bool {
    let mut tx = db.begin().await.unwrap();
    let confirmed = auth::store::confirm_login(&mut tx, user_id, verified, renewed).await.unwrap();
    tx.commit().await.unwrap();
    confirmed
}

async fn change(db: &Database, user_id: i32, verified: &str, new: &str, now: OffsetDateTime) -> bool {
    let mut tx = db.begin().await.unwrap();
    let changed = auth::store::update_password(&mut tx, user_id, verified, new, now).await.unwrap();
    tx.commit().await.unwrap();
    changed
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
fn a_confirmed_login_keeps_the_renewed_hash() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        assert!(confirm(db, ana, &hash_of("ana"), &hash_of("ana")).await, "one that stays the same");
        let renewed = "h".repeat(255);
        assert!(confirm(db, ana, &hash_of("ana"), &renewed).await);
        assert_eq!((hash(db, ana).await, hash(db, ben).await), (renewed, hash_of("ben")));
    });
}

#[test]
fn security_12_a_login_with_a_stale_hash_or_of_the_inactive_is_not_confirmed() {
    on_every_engine(async |db| {
        let (ana, gone) = (add(db, "ana").await, add(db, "gone").await);
        assert!(!confirm(db, ana, "stale", "renewed").await);
        assert!(!confirm(db, gone, &hash_of("ana"), "renewed").await);
        assert!(!confirm(db, gone + 1, &hash_of("gone"), "renewed").await);
        assert_eq!(hash(db, ana).await, hash_of("ana"));
        statements::deactivate(db, gone.into()).await;
        assert!(!confirm(db, gone, &hash_of("gone"), "renewed").await);
        assert_eq!(statements::password_hash(db, "gone@example.org").await, hash_of("gone"));
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
        assert!(!change(db, ana, "stale", "new", NOW + INSTANT).await);
        assert_eq!(hash(db, ana).await, hash_of("ana"));
        assert_eq!(users::store::find_private(db, ana).await.unwrap().unwrap().updated_at, NOW);

        assert!(change(db, ana, &hash_of("ana"), "new", NOW + INSTANT).await);
        assert_eq!((hash(db, ana).await.as_str(), hash(db, gone).await), ("new", hash_of("gone")));
        assert_eq!(users::store::find_private(db, ana).await.unwrap().unwrap().updated_at, NOW + INSTANT);

        assert!(!change(db, ana, &hash_of("ana"), "newer", NOW).await, "it was replaced before");
        assert!(!change(db, gone + 1, "new", "newer", NOW).await);
        statements::deactivate(db, gone.into()).await;
        assert!(!change(db, gone, &hash_of("gone"), "new", NOW).await);
        assert_eq!(statements::password_hash(db, "gone@example.org").await, hash_of("gone"));
    });
}

#[test]
fn security_06_a_login_waits_for_a_change_of_password_and_is_then_too_late() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let mut tx = db.begin().await.unwrap();
        assert!(auth::store::update_password(&mut tx, ana, &hash_of("ana"), "new", NOW).await.unwrap());
        let login = tokio::spawn({
            let db = db.clone();
            async move { confirm(&db, ana, &hash_of("ana"), &hash_of("ana")).await }
        });
        // SQLite has one connection that writes, so there the login waits for that.
        if db.engine_name() != "SQLite" {
            lent(db, 2).await;
        }
        tx.commit().await.unwrap();
        assert!(!login.await.unwrap());
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
        let mut tx = db.begin().await.unwrap();
        auth::store::delete_failures(&mut tx, ACCOUNT, ADDRESS).await.unwrap();
        drop(tx);
        every_connection_is_back(db).await;
        assert_eq!(failures(db, ACCOUNT, ADDRESS, NOW).await.len(), 2, "it did not succeed in the end");

        let mut tx = db.begin().await.unwrap();
        auth::store::delete_failures(&mut tx, ACCOUNT, ADDRESS).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(failures(db, ACCOUNT, ADDRESS, NOW).await, NEVER);
        assert_eq!(failures(db, ACCOUNT, "192.0.2.1", NOW).await, [NOW]);
        assert_eq!(failures(db, [8; 32], ADDRESS, NOW).await, [NOW]);
    });
}
