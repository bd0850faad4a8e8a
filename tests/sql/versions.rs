//! What is counted of a user: each change of the profile, the plans and the notifications, and nothing else.

use std::time::Duration;

use handler::auth::store::NewSession;
use handler::db::Database;
use handler::notifications::rules::{Kind, Notice};
use handler::notifications::store::Filter;
use handler::random::{OsRandomness, Randomness as _};
use handler::users::store::UserRow;
use handler::versions::Versions;
use handler::{auth, notifications, users};
use tests::statements;
use uuid::Uuid;

use crate::common::{EVERYTHING, NOW, add, begin_session, on_every_engine};
use crate::travels::{TODAY, insert, rome};

/// Somebody and their session.
struct Somebody {
    id: i32,
    session: Uuid,
}

impl Somebody {
    async fn called(db: &Database, name: &str) -> Self {
        let (id, session) = (add(db, name).await, OsRandomness.uuid());
        let expires_at = NOW + Duration::from_hours(1);
        let new = NewSession {
            id: session,
            user_id: id,
            refresh_hash: [1; 32],
            user_agent: None,
            created_at: NOW,
            expires_at,
        };
        begin_session(db, &new).await;
        Self { id, session }
    }

    async fn versions(&self, db: &Database) -> Versions {
        auth::store::find_live(db, self.session, self.id, NOW).await.unwrap().unwrap()
    }
}

fn versions(profile: i32, plans: i32, notifications: i32) -> Versions {
    Versions { profile, plans, notifications }
}

#[test]
fn each_change_counts_for_its_own_user_alone() {
    on_every_engine(async |db| {
        let (ana, ben) = (Somebody::called(db, "ana").await, Somebody::called(db, "ben").await);
        assert_eq!(ana.versions(db).await, versions(0, 0, 0));
        let before = users::store::find_private(db, ana.id).await.unwrap().unwrap();
        let after = UserRow { bio: Some("Here.".to_owned()), ..before.clone() };
        assert!(users::store::update(db, &before, &after, 0, &[]).await.unwrap());
        insert(db, ana.id, &rome(TODAY, TODAY)).await;
        insert(db, ana.id, &rome(TODAY, TODAY)).await;
        assert_eq!(ana.versions(db).await, versions(1, 2, 0));
        assert_eq!(ben.versions(db).await, versions(0, 0, 0));
    });
}

#[test]
fn the_versions_of_whoever_is_active_are_found_without_a_session() {
    on_every_engine(async |db| {
        let ana = Somebody::called(db, "ana").await;
        insert(db, ana.id, &rome(TODAY, TODAY)).await;
        assert_eq!(users::store::find_versions(db, ana.id).await.unwrap(), Some(versions(0, 1, 0)));
        assert_eq!(users::store::find_versions(db, ana.id + 1).await.unwrap(), None);
        statements::deactivate(db, ana.id.into()).await;
        assert_eq!(users::store::find_versions(db, ana.id).await.unwrap(), None);
    });
}

#[test]
fn being_told_counts_for_everyone_who_is_and_reading_only_once() {
    on_every_engine(async |db| {
        let (ana, ben) = (Somebody::called(db, "ana").await, Somebody::called(db, "ben").await);
        let notice = |receiver| Notice::new(receiver, Kind::TravelMatch, "Carl will be in Lisbon too", 7);
        let mut tx = db.begin().await.unwrap();
        notifications::store::insert_all(&mut tx, [&notice(ana.id)].into_iter(), NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((ana.versions(db).await, ben.versions(db).await), (versions(0, 0, 1), versions(0, 0, 0)));
        let many = [notice(ana.id), notice(ana.id), notice(ben.id)];
        let mut tx = db.begin().await.unwrap();
        notifications::store::insert_all(&mut tx, many.iter(), NOW).await.unwrap();
        notifications::store::insert_all(&mut tx, [].iter(), NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((ana.versions(db).await, ben.versions(db).await), (versions(0, 0, 2), versions(0, 0, 1)));

        let listed = notifications::store::list(db, ana.id, Filter::default(), EVERYTHING).await.unwrap();
        let first = listed.0[0].id;
        for _ in 0..2 {
            assert!(notifications::store::mark_read(db, first, ana.id).await.unwrap().is_some());
            assert_eq!(notifications::store::mark_read(db, first, ben.id).await.unwrap(), None);
            assert_eq!((ana.versions(db).await, ben.versions(db).await), (versions(0, 0, 3), versions(0, 0, 1)));
        }
        assert_eq!(notifications::store::mark_all_read(db, ana.id).await.unwrap(), 2);
        assert_eq!(notifications::store::mark_all_read(db, ana.id).await.unwrap(), 0);
        assert_eq!((ana.versions(db).await, ben.versions(db).await), (versions(0, 0, 4), versions(0, 0, 1)));
    });
}
