//! What the match scan writes: who was told of what, once, and the notifications; and whom it holds meanwhile.

use std::time::Duration;

use handler::db::UniqueKey;
use handler::notifications;
use handler::notifications::rules::{Kind, Notice};
use handler::scan;
use handler::scan::rules::MeetingKey;
use handler::travels;
use handler::users;
use handler::users::store::UserRow;
use tests::{statements, told};

use crate::common::{INSTANT, NOW, add, every_connection_is_back, on_every_engine, version_of_plans};
use crate::travels::{TODAY, insert, rome, row_of};

/// The longest that anybody waits who has to wait for nobody.
const BOUND: Duration = Duration::from_secs(3);

const TOLD: UniqueKey = UniqueKey {
    constraint: "pk_told_matches",
    sqlite_columns: "told_matches.user_id, told_matches.plan_id, told_matches.other_plan_id, told_matches.home_user_id, \
                     told_matches.city_key, told_matches.country_key",
};

fn key(plan_id: i32, other_plan_id: i32, home_user_id: i32, city_key: &str, country_key: &str) -> MeetingKey {
    let (city_key, country_key) = (city_key.to_owned(), country_key.to_owned());
    MeetingKey { plan_id, other_plan_id, home_user_id, city_key, country_key }
}

#[test]
fn somebody_is_told_of_a_match_once() {
    on_every_engine(async |db| {
        let first = key(1, 2, 0, "rome", "IT");
        let mut told = vec![
            (7, first.clone()),
            (8, first.clone()),
            (7, key(1, 3, 0, "rome", "IT")),
            (7, key(4, 2, 0, "rome", "IT")),
            (7, key(1, 0, 9, "rome", "IT")),
            (7, key(1, 2, 0, "roma", "IT")),
            (7, key(1, 2, 0, "rome", "it")),
            (7, key(i32::MAX, 0, i32::MAX, &"𐐨".repeat(100), &"𠮷".repeat(100))),
        ];
        let insert = async |rows: &[(i32, MeetingKey)]| {
            let rows: Vec<_> = rows.iter().map(|(user, key)| (*user, key)).collect();
            let mut tx = db.begin().await.unwrap();
            scan::store::insert_told(&mut tx, &rows, NOW).await?;
            tx.commit().await
        };
        insert(&[]).await.unwrap();
        insert(&told).await.unwrap();
        told.sort();
        let mut stored = told::matches(db).await;
        stored.sort();
        assert_eq!(stored, told);
        let error = insert(&[(9, first.clone()), (8, first)]).await.unwrap_err();
        assert!(error.violates(&TOLD), "{error:?}");
        assert_eq!(told::matches(db).await.len(), told.len(), "the new one is not written either");
    });
}

#[test]
fn of_two_scans_that_tell_the_same_at_once_one_fails() {
    on_every_engine(async |db| {
        let tellers: Vec<_> = (0..2)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move {
                    let key = key(1, 2, 0, "rome", "IT");
                    let mut tx = db.begin().await.unwrap();
                    scan::store::insert_told(&mut tx, &[(7, &key)], NOW).await?;
                    tx.commit().await
                })
            })
            .collect();
        let mut failures = Vec::new();
        for teller in tellers {
            failures.extend(teller.await.unwrap().err());
        }
        assert!(failures.len() == 1 && failures[0].violates(&TOLD), "{failures:?}");
    });
}

#[test]
fn many_notifications_are_written_at_once_to_the_last_character() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        let notices = [
            Notice::new(ana, Kind::TravelMatch, &("🌍'<b>".repeat(100)), i32::MAX),
            Notice::new(ben, Kind::TravelMatch, "'; DROP TABLE notifications; --", 1),
            Notice::new(ana, Kind::ConnectionAccepted, " ", 2),
        ];
        let mut tx = db.begin().await.unwrap();
        notifications::store::insert_all(&mut tx, [].iter(), NOW).await.unwrap();
        notifications::store::insert_all(&mut tx, notices.iter(), NOW + INSTANT).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.begin().await.unwrap();
        notifications::store::insert_all(&mut tx, notices.iter(), NOW).await.unwrap();
        drop(tx);
        every_connection_is_back(db).await;

        let stored = told::notifications(db).await;
        assert!(stored.iter().all(|row| row.created_at == NOW + INSTANT));
        let mut stored: Vec<_> =
            stored.into_iter().map(|row| (row.receiver, row.kind, row.message, row.related_entity_id)).collect();
        let mut expected = notices.map(|notice| {
            let kind = notice.kind().as_str().to_owned();
            (notice.receiver(), kind, notice.message().to_owned(), notice.related_entity_id())
        });
        stored.sort();
        expected.sort();
        assert_eq!(stored, expected);
        assert_eq!(notifications::store::count_unread(db, ana).await.unwrap(), 2);
    });
}

#[test]
fn whoever_is_held_waits_for_the_end_of_the_scan_and_nobody_else_does() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        statements::connect(db, ana.into(), ben.into(), "accepted").await;
        let trip = rome(TODAY, TODAY);
        let (plan, last) = (insert(db, ben, &trip).await, insert(db, ben, &trip).await);
        let seen = version_of_plans(db, ben).await;
        let mut holder = db.begin().await.unwrap();
        let pairs = [(ben, ana), (ana, ben), (ana, i32::MAX)];
        let held = scan::store::lock(&mut holder, &pairs).await.unwrap();
        assert_eq!(Vec::from_iter(held), [(ana, ben)], "there is no other connection to hold");
        let waiting: [tokio::task::JoinHandle<()>; 5] = [
            tokio::spawn({
                let (db, trip) = (db.clone(), trip.clone());
                async move { assert!(insert(&db, ben, &trip).await > last) }
            }),
            tokio::spawn({
                let (db, row) = (db.clone(), row_of(plan, ben, trip));
                async move {
                    // One of the others may overtake it.
                    let _ = travels::store::update(&db, &row, seen, &[]).await.unwrap();
                }
            }),
            tokio::spawn({
                let db = db.clone();
                async move { assert!(travels::store::delete(&db, last, ben, NOW, &[]).await.unwrap()) }
            }),
            tokio::spawn({
                let db = db.clone();
                async move {
                    let before = users::store::find_private(&db, ben).await.unwrap().unwrap();
                    let after = UserRow { home_city: Some("Graz".to_owned()), ..before.clone() };
                    assert!(users::store::update(&db, &before, &after, 0, &[]).await.unwrap());
                }
            }),
            tokio::spawn({
                let db = db.clone();
                async move { statements::disconnect(&db, ana.into(), ben.into()).await }
            }),
        ];
        // Whatever else the machine does meanwhile, these can't end before the holder does.
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
            assert!(waiting.iter().all(|task| !task.is_finished()));
        }
        assert!(scan::store::lock(&mut holder, &[]).await.unwrap().is_empty());
        holder.commit().await.unwrap();
        for task in waiting {
            tokio::time::timeout(BOUND, task).await.unwrap().unwrap();
        }
    });
}

#[test]
fn holding_people_changes_nothing() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let before = statements::everything_stored(db).await;
        let mut tx = db.begin().await.unwrap();
        scan::store::lock(&mut tx, &[(ana, ana + 1)]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(statements::everything_stored(db).await, before);
    });
}
