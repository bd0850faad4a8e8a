//! Notifications: written with what they tell of, listed to their owner alone, and marked once.

use handler::db::Database;
use handler::http::page::Page;
use handler::notifications;
use handler::notifications::rules::{Kind, Notice};
use handler::notifications::store::{Filter, NotificationRow};
use time::OffsetDateTime;

use crate::common::{EVERYTHING, INSTANT, NOW, add, on_every_engine};

async fn insert(db: &Database, notice: &Notice, at: OffsetDateTime) {
    let mut tx = db.begin().await.unwrap();
    notifications::store::insert_all(&mut tx, [notice].into_iter(), at).await.unwrap();
    tx.commit().await.unwrap();
}

async fn list(db: &Database, user: i32, is_read: Option<bool>, kind: Option<Kind>) -> Vec<NotificationRow> {
    let filter = Filter { is_read, kind };
    let (rows, total) = notifications::store::list(db, user, filter, EVERYTHING).await.unwrap();
    assert_eq!(usize::try_from(total).unwrap(), rows.len());
    rows
}

async fn all(db: &Database, user: i32) -> Vec<NotificationRow> {
    list(db, user, None, None).await
}

/// Marks it, the way that the endpoint does.
async fn mark_read(db: &Database, id: i32, user: i32) -> Option<NotificationRow> {
    notifications::store::mark_read(db, id, user).await.unwrap()
}

async fn unread(db: &Database, user: i32) -> i64 {
    notifications::store::count_unread(db, user).await.unwrap()
}

#[test]
fn a_notification_is_read_back_to_the_last_character() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        let longest = "🌍'<".repeat(166) + "<b";
        for (kind, message) in [
            (Kind::ConnectionRequest, longest.as_str()),
            (Kind::ConnectionAccepted, "'; DROP TABLE notifications; --"),
            (Kind::TravelMatch, " "),
        ] {
            insert(db, &Notice::new(ana, kind, message, i32::MAX), NOW).await;
            let row = all(db, ana).await.into_iter().next().unwrap();
            let expected = NotificationRow {
                id: row.id,
                kind,
                message: message.to_owned(),
                related_entity_id: Some(i32::MAX),
                is_read: false,
                created_at: NOW,
            };
            assert_eq!(row, expected);
        }
        assert_eq!((all(db, ana).await.len(), all(db, ben).await.len()), (3, 0));
    });
}

#[test]
fn a_notification_goes_with_the_transaction_that_causes_it() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let mut tx = db.begin().await.unwrap();
        let notice = Notice::connection_request(ana, "Ben", 1);
        notifications::store::insert_all(&mut tx, [&notice].into_iter(), NOW).await.unwrap();
        drop(tx);
        assert_eq!((all(db, ana).await, unread(db, ana).await), (vec![], 0));
    });
}

#[test]
fn the_list_is_newest_first_to_the_instant_then_by_id_and_narrowed_by_either_condition() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        for (number, (kind, later)) in [
            (Kind::ConnectionRequest, 1),
            (Kind::TravelMatch, 0),
            (Kind::ConnectionRequest, 2),
            (Kind::ConnectionAccepted, 1),
        ]
        .into_iter()
        .enumerate()
        {
            let notice = Notice::new(ana, kind, "told", i32::try_from(number).unwrap());
            insert(db, &notice, NOW + later * INSTANT).await;
            insert(db, &Notice::new(ben, kind, "told", 99), NOW).await;
        }
        let numbers =
            |rows: &[NotificationRow]| rows.iter().filter_map(|row| row.related_entity_id).collect::<Vec<_>>();
        let rows = all(db, ana).await;
        assert_eq!(numbers(&rows), [2, 3, 0, 1]);
        assert!(mark_read(db, rows[2].id, ana).await.is_some());
        for (is_read, kind, expected) in [
            (Some(false), None, vec![2, 3, 1]),
            (Some(true), None, vec![0]),
            (None, Some(Kind::ConnectionRequest), vec![2, 0]),
            (None, Some(Kind::TravelMatch), vec![1]),
            (Some(true), Some(Kind::ConnectionRequest), vec![0]),
            (Some(false), Some(Kind::ConnectionRequest), vec![2]),
            (Some(true), Some(Kind::ConnectionAccepted), vec![]),
        ] {
            assert_eq!(numbers(&list(db, ana, is_read, kind).await), expected, "{is_read:?} {kind:?}");
        }
        let unread = Filter { is_read: Some(false), kind: None };
        for (offset, expected) in [(0, vec![2]), (1, vec![3]), (2, vec![1]), (3, vec![]), (i32::MAX, vec![])] {
            let page = Page { limit: 1, offset };
            let (rows, total) = notifications::store::list(db, ana, unread, page).await.unwrap();
            assert_eq!((numbers(&rows), total), (expected, 3));
        }
    });
}

#[test]
fn only_its_owner_marks_one_as_read_and_as_often_as_it_likes() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        insert(db, &Notice::connection_request(ana, "Ben", 7), NOW).await;
        insert(db, &Notice::connection_request(ana, "Cleo", 8), NOW).await;
        let before = all(db, ana).await;
        assert_eq!(mark_read(db, before[0].id, ben).await, None);
        assert_eq!(mark_read(db, before[0].id + 1, ana).await, None);
        assert_eq!((all(db, ana).await, unread(db, ana).await), (before.clone(), 2));
        let read = NotificationRow { is_read: true, ..before[0].clone() };
        for _ in 0..2 {
            assert_eq!(mark_read(db, read.id, ana).await.as_ref(), Some(&read));
            assert_eq!((all(db, ana).await, unread(db, ana).await), (vec![read.clone(), before[1].clone()], 1));
        }
    });
}

#[test]
fn all_are_marked_once_and_nobody_elses() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        for number in 0..3 {
            insert(db, &Notice::connection_request(ana, "Cleo", number), NOW).await;
        }
        insert(db, &Notice::connection_request(ben, "Cleo", 7), NOW).await;
        let first = all(db, ana).await.remove(0);
        assert!(mark_read(db, first.id, ana).await.is_some());
        assert_eq!(notifications::store::mark_all_read(db, ana).await.unwrap(), 2);
        assert_eq!(notifications::store::mark_all_read(db, ana).await.unwrap(), 0);
        assert_eq!((unread(db, ana).await, unread(db, ben).await), (0, 1));
        assert_eq!(unread(db, ben + 1).await, 0);
    });
}

#[test]
fn marks_at_once_count_each_notification_once() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        for number in 0..6 {
            insert(db, &Notice::connection_request(ana, "Cleo", number), NOW).await;
        }
        let marks: Vec<_> = (0..6)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move { notifications::store::mark_all_read(&db, ana).await.unwrap() })
            })
            .collect();
        let mut counted = 0;
        for mark in marks {
            counted += mark.await.unwrap();
        }
        assert_eq!((counted, unread(db, ana).await), (6, 0));
    });
}
