//! Sessions: begun, believed, rotated by one at a time, listed, and ended by their owner alone.

use std::time::Duration;

use handler::auth;
use handler::auth::store::{EndReason, NewSession};
use handler::db::Database;
use handler::http::page::Page;
use handler::random::{OsRandomness, Randomness as _};
use tests::statements;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::common::{EVERYTHING, INSTANT, NOW, add, begin_session, on_every_engine};

/// How long the sessions of these stories live.
const LIFE: Duration = Duration::from_hours(24);
/// The fingerprint of a session's first refresh secret.
const FIRST: [u8; 32] = [1; 32];

async fn begin(db: &Database, user_id: i32, at: OffsetDateTime, user_agent: Option<&str>) -> Uuid {
    let id = OsRandomness.uuid();
    let session = NewSession { id, user_id, refresh_hash: FIRST, user_agent, created_at: at, expires_at: at + LIFE };
    begin_session(db, &session).await;
    id
}

async fn end(db: &Database, id: Uuid, user_id: i32, now: OffsetDateTime) -> bool {
    auth::store::end_session(db, id, user_id, now, EndReason::Logout).await.unwrap()
}

async fn is_live(db: &Database, id: Uuid, user_id: i32, now: OffsetDateTime) -> bool {
    auth::store::find_live(db, id, user_id, now).await.unwrap().is_some()
}

async fn is_ended(db: &Database, id: Uuid, user_id: i32) -> bool {
    auth::store::find_session(db, id, user_id).await.unwrap().unwrap().state.ended
}

#[test]
fn a_session_that_begins_is_found_by_its_owner_alone() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        let id = begin(db, ana, NOW, None).await;
        let session = auth::store::find_session(db, id, ana).await.unwrap().unwrap();
        assert_eq!(session.created_at, NOW);
        assert_eq!(session.state.refresh_hash, FIRST);
        assert_eq!((session.state.previous_hash, session.state.rotated_at), (None, None));
        assert_eq!(session.state.expires_at, NOW + LIFE);
        assert!(!session.state.ended);
        assert!(auth::store::find_session(db, id, ben).await.unwrap().is_none());
        assert!(auth::store::find_session(db, OsRandomness.uuid(), ana).await.unwrap().is_none());
    });
}

#[test]
fn security_12_the_session_of_an_inactive_user_counts_as_ended() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let id = begin(db, ana, NOW, None).await;
        assert!(is_live(db, id, ana, NOW).await);
        statements::deactivate(db, ana.into()).await;
        assert!(is_ended(db, id, ana).await);
        assert!(!is_live(db, id, ana, NOW).await);
    });
}

#[test]
fn a_session_is_live_for_its_owner_until_the_instant_it_expires() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        let id = begin(db, ana, NOW, None).await;
        assert!(is_live(db, id, ana, NOW + LIFE - INSTANT).await);
        assert!(!is_live(db, id, ana, NOW + LIFE).await);
        assert!(!is_live(db, id, ben, NOW).await);
        assert!(!is_live(db, OsRandomness.uuid(), ana, NOW).await);
        assert!(end(db, id, ana, NOW).await);
        assert!(!is_live(db, id, ana, NOW).await);
    });
}

#[test]
fn a_rotation_spends_the_current_secret_and_moves_the_end_on() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let (id, other) = (begin(db, ana, NOW, None).await, begin(db, ana, NOW, None).await);
        let (now, end) = (NOW + LIFE / 2, NOW + LIFE + INSTANT);
        assert!(auth::store::rotate_session(db, id, FIRST, [2; 32], now, end).await.unwrap());
        let session = auth::store::find_session(db, id, ana).await.unwrap().unwrap();
        assert_eq!((session.state.refresh_hash, session.state.previous_hash), ([2; 32], Some(FIRST)));
        assert_eq!((session.state.rotated_at, session.state.expires_at), (Some(now), end));
        assert_eq!(session.created_at, NOW);
        let untouched = auth::store::find_session(db, other, ana).await.unwrap().unwrap();
        assert_eq!((untouched.state.refresh_hash, untouched.state.rotated_at), (FIRST, None));
        let (listed, _) = auth::store::list_sessions(db, ana, now, EVERYTHING).await.unwrap();
        let last_use = |id| listed.iter().find(|session| session.id == id).unwrap().last_used_at;
        assert_eq!((last_use(id), last_use(other)), (now, NOW));
    });
}

#[test]
fn security_10_a_secret_that_is_not_the_current_one_rotates_nothing() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let id = begin(db, ana, NOW, None).await;
        let (then, later) = (NOW + INSTANT, NOW + LIFE + LIFE);
        assert!(auth::store::rotate_session(db, id, FIRST, [2; 32], then, NOW + LIFE).await.unwrap());
        for wrong in [FIRST, [3; 32]] {
            assert!(!auth::store::rotate_session(db, id, wrong, [4; 32], later, later).await.unwrap());
        }
        assert!(!auth::store::rotate_session(db, OsRandomness.uuid(), [2; 32], [4; 32], later, later).await.unwrap());
        let state = auth::store::find_session(db, id, ana).await.unwrap().unwrap().state;
        assert_eq!((state.refresh_hash, state.previous_hash), ([2; 32], Some(FIRST)));
        assert_eq!((state.rotated_at, state.expires_at), (Some(then), NOW + LIFE));

        assert!(end(db, id, ana, NOW).await);
        assert!(!auth::store::rotate_session(db, id, [2; 32], [4; 32], later, later).await.unwrap(), "it has ended");
        assert_eq!(auth::store::find_session(db, id, ana).await.unwrap().unwrap().state.refresh_hash, [2; 32]);
    });
}

#[test]
fn security_10_of_many_rotations_at_once_one_succeeds() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let id = begin(db, ana, NOW, None).await;
        let crowd: Vec<_> = (2..8)
            .map(|number| {
                let db = db.clone();
                tokio::spawn(async move {
                    auth::store::rotate_session(&db, id, FIRST, [number; 32], NOW, NOW + LIFE).await.unwrap()
                })
            })
            .collect();
        let mut winners = 0;
        for one in crowd {
            winners += usize::from(one.await.unwrap());
        }
        assert_eq!(winners, 1);
    });
}

#[test]
fn security_12_a_session_is_ended_once_and_by_its_owner() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        let (id, other) = (begin(db, ana, NOW, None).await, begin(db, ana, NOW, None).await);
        assert!(!end(db, id, ben, NOW).await, "it is not his");
        assert!(!end(db, OsRandomness.uuid(), ana, NOW).await);
        assert!(!end(db, id, ana, NOW + LIFE).await, "it has expired by then");
        assert!(!is_ended(db, id, ana).await);
        assert!(end(db, id, ana, NOW + LIFE - INSTANT).await);
        assert!(is_ended(db, id, ana).await);
        assert!(!end(db, id, ana, NOW).await, "it has ended already");
        assert!(!is_ended(db, other, ana).await);
    });
}

#[test]
fn every_reason_for_an_end_can_be_kept() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        for reason in [EndReason::Logout, EndReason::Ended, EndReason::Password, EndReason::Reuse] {
            let id = begin(db, ana, NOW, None).await;
            assert!(auth::store::end_session(db, id, ana, NOW, reason).await.unwrap(), "{reason:?}");
        }
        let stored = statements::everything_stored(db).await;
        for reason in ["logout", "ended", "password", "reuse"] {
            assert!(stored.contains(&format!("\"{reason}\"")), "{reason}");
        }
    });
}

#[test]
fn all_sessions_but_one_are_ended_and_nobody_elses() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        let (kept, phone, tablet) =
            (begin(db, ana, NOW, None).await, begin(db, ana, NOW, None).await, begin(db, ana, NOW, None).await);
        let bens = begin(db, ben, NOW, None).await;
        assert!(end(db, tablet, ana, NOW).await);
        let ended = auth::store::end_other_sessions(db, ana, kept, NOW, EndReason::Password).await;
        assert_eq!(ended.unwrap(), 1, "one had ended before");
        assert!(is_live(db, kept, ana, NOW).await && is_live(db, bens, ben, NOW).await);
        assert!(is_ended(db, phone, ana).await && is_ended(db, tablet, ana).await);
        let stored = statements::everything_stored(db).await;
        assert_eq!(stored.matches("\"logout\"").count(), 1, "what had ended before keeps its reason");
        assert_eq!(stored.matches("\"password\"").count(), 1);
    });
}

#[test]
fn sessions_are_listed_latest_first_a_page_at_a_time() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        assert_eq!(auth::store::list_sessions(db, ana, NOW, EVERYTHING).await.unwrap().1, 0);
        let first = begin(db, ana, NOW, Some("the first")).await;
        let mut twins = [begin(db, ana, NOW + INSTANT, None).await, begin(db, ana, NOW + INSTANT, None).await];
        let last = begin(db, ana, NOW + INSTANT * 2, Some("")).await;

        let (mut listed, mut pages) = (Vec::new(), Vec::new());
        for offset in [0, 2, 4, i32::MAX] {
            let page = Page { limit: 2, offset };
            let (sessions, total) = auth::store::list_sessions(db, ana, NOW, page).await.unwrap();
            assert_eq!(total, 4, "from {offset}");
            pages.push(sessions.len());
            listed.extend(sessions);
        }
        assert_eq!(pages, [2, 2, 0, 0]);
        let mut ids: Vec<_> = listed.iter().map(|session| session.id).collect();
        // Of one instant the order is the engine's own, and the same at every page.
        ids[1..3].sort();
        twins.sort();
        assert_eq!(ids, [last, twins[0], twins[1], first]);
        let agents: Vec<_> = listed.iter().map(|session| session.user_agent.as_deref()).collect();
        assert_eq!(agents, [Some(""), None, None, Some("the first")]);
        let session = &listed[3];
        assert_eq!((session.created_at, session.last_used_at, session.expires_at), (NOW, NOW, NOW + LIFE));
    });
}

#[test]
fn only_live_sessions_of_ones_own_are_listed() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        let (early, late) = (begin(db, ana, NOW, None).await, begin(db, ana, NOW + INSTANT, None).await);
        let ended = begin(db, ana, NOW, None).await;
        begin(db, ben, NOW, None).await;
        assert!(end(db, ended, ana, NOW).await);
        for (now, expected) in
            [(NOW + LIFE - INSTANT, vec![late, early]), (NOW + LIFE, vec![late]), (NOW + LIFE + INSTANT, vec![])]
        {
            let (sessions, total) = auth::store::list_sessions(db, ana, now, EVERYTHING).await.unwrap();
            assert_eq!(sessions.iter().map(|session| session.id).collect::<Vec<_>>(), expected, "{now}");
            assert_eq!(usize::try_from(total).unwrap(), expected.len(), "{now}");
        }
    });
}

#[test]
fn a_user_agent_is_cut_between_characters() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        begin(db, ana, NOW, Some(&"🧳".repeat(300))).await;
        let (sessions, _) = auth::store::list_sessions(db, ana, NOW, EVERYTHING).await.unwrap();
        assert_eq!(sessions[0].user_agent.as_deref(), Some("🧳".repeat(256).as_str()));
    });
}
