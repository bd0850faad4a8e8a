//! Connections asked for, answered and removed, each in one go with the notification and the cause of matches that belong to
//! it, and only if the connection still is what it was seen to be.

use std::time::Duration;

use handler::causes::Cause;
use handler::connections;
use handler::connections::rules::{Connection, RequestStatus};
use handler::db::Database;
use handler::notifications::rules::{NOT_YET_KNOWN, Notice};
use handler::users;
use tests::told::{Notified, Waiting};
use tests::{statements, told};
use time::OffsetDateTime;

use crate::common::{INSTANT, LATE, NOW, add, every_connection_is_back, on_every_engine};
use crate::connections::{found, found_between, insert, summary};

/// How many do the same at once.
const CROWD: u32 = 6;

/// Adds a request, told as by an endpoint.
async fn ask(db: &Database, requester: i32, receiver: i32, at: OffsetDateTime) -> Option<i32> {
    let notice = Notice::connection_request(receiver, "Somebody", NOT_YET_KNOWN);
    connections::store::insert(db, requester, receiver, &notice, at).await.unwrap()
}

async fn change_and_tell(db: &Database, seen: &Connection, changed: &Connection, causes: &[Cause]) -> bool {
    let notice = Notice::connection_accepted(seen.requester.id, "Somebody", seen.id);
    connections::store::change_and_tell(db, seen, changed, &notice, causes).await.unwrap()
}

/// The connection after an answer at this time.
fn answered(seen: &Connection, status: RequestStatus, at: OffsetDateTime) -> Connection {
    Connection { status, updated_at: at, ..seen.clone() }
}

/// How often somebody was told of something.
async fn version_of_notifications(db: &Database, user: i32) -> i32 {
    users::store::find_versions(db, user).await.unwrap().unwrap().notifications
}

/// All that a change of what is between two people may write.
async fn everything(
    db: &Database,
    one: i32,
    other: i32,
) -> (Option<Connection>, [i32; 2], Vec<Notified>, Vec<Waiting>) {
    let versions = [version_of_notifications(db, one).await, version_of_notifications(db, other).await];
    let causes = told::causes(db).await;
    (found_between(db, one, other).await, versions, told::notifications(db).await, causes)
}

#[test]
fn a_request_is_told_of_with_its_own_id() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        // So that no two ids are the same by chance.
        insert(db, ana, add(db, "cleo").await, RequestStatus::Rejected, NOW).await;
        insert(db, ana, add(db, "dan").await, RequestStatus::Rejected, NOW).await;
        let notice = Notice::connection_request(ana, "'; DROP TABLE notifications; --", NOT_YET_KNOWN);
        let id = connections::store::insert(db, ben, ana, &notice, NOW + INSTANT).await.unwrap().unwrap();
        let last = told::notifications(db).await.pop().unwrap();
        let expected = Notified {
            id: last.id,
            receiver: ana,
            kind: "connection_request".to_owned(),
            message: notice.message().to_owned(),
            related_entity_id: id,
            created_at: NOW + INSTANT,
        };
        assert_eq!(last, expected);
        assert_eq!((version_of_notifications(db, ana).await, version_of_notifications(db, ben).await), (1, 0));
        assert_eq!(told::causes(db).await, [], "nobody is connected yet");
    });
}

#[test]
fn two_people_have_one_row_whoever_asks() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        ask(db, ana, ben, NOW).await.unwrap();
        let before = everything(db, ana, ben).await;
        for (requester, receiver) in [(ana, ben), (ben, ana)] {
            assert_eq!(ask(db, requester, receiver, NOW).await, None);
            every_connection_is_back(db).await;
            assert_eq!(everything(db, ana, ben).await, before, "not told of either");
        }
    });
}

#[test]
fn of_requests_at_once_one_is_written() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        let requests: Vec<_> = (0..CROWD)
            .map(|number| {
                let db = db.clone();
                let (requester, receiver) = if number % 2 == 0 { (ana, ben) } else { (ben, ana) };
                tokio::spawn(async move { ask(&db, requester, receiver, NOW).await })
            })
            .collect();
        let mut written = Vec::new();
        for request in requests {
            written.extend(request.await.unwrap());
        }
        let present = found_between(db, ana, ben).await.unwrap();
        assert_eq!(written, [present.id]);
        let told = told::notifications(db).await;
        assert_eq!((told.len(), told[0].receiver), (1, present.receiver.id));
    });
}

#[test]
fn a_change_writes_all_that_can_change_and_leaves_others_alone() {
    on_every_engine(async |db| {
        let (ana, ben, cleo) = (add(db, "ana").await, add(db, "ben").await, add(db, "cleo").await);
        let id = insert(db, ana, ben, RequestStatus::Rejected, NOW).await;
        let other = insert(db, ana, cleo, RequestStatus::Pending, NOW).await;
        let (seen, untouched) = (found(db, id, ana).await.unwrap(), found(db, other, cleo).await.unwrap());
        let turned = Connection {
            id,
            status: RequestStatus::Pending,
            requester: summary(ben, "Ben"),
            receiver: summary(ana, "Ana"),
            created_at: NOW + INSTANT,
            updated_at: NOW + 2 * INSTANT,
        };
        assert!(connections::store::change(db, &seen, &turned).await.unwrap());
        assert_eq!(found_between(db, ana, ben).await.as_ref(), Some(&turned));
        assert!(change_and_tell(db, &turned, &seen, &[]).await);
        assert_eq!(found_between(db, ana, ben).await, Some(seen));
        assert_eq!(found(db, other, ana).await, Some(untouched));
    });
}

#[test]
fn a_change_is_told_of_and_notes_the_causes_that_it_is_given() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        let id = insert(db, ana, ben, RequestStatus::Pending, NOW).await;
        let seen = found(db, id, ben).await.unwrap();
        let accepted = answered(&seen, RequestStatus::Accepted, NOW + INSTANT);
        assert!(change_and_tell(db, &seen, &accepted, &[Cause::Pair { one: ana, other: ben }]).await);
        let (present, versions, told, causes) = everything(db, ana, ben).await;
        assert_eq!((present, versions), (Some(accepted), [1, 1]));
        let last = &told[1];
        assert_eq!((last.receiver, last.kind.as_str(), last.related_entity_id), (ana, "connection_accepted", id));
        assert_eq!((told.len(), last.message.as_str()), (2, "Somebody accepted your connection request"));
        assert_eq!((last.created_at, causes.len(), causes[0].created_at), (NOW + INSTANT, 1, NOW + INSTANT));
        assert_eq!((causes[0].kind.as_str(), causes[0].user_id, causes[0].other_id), ("pair", ana, ben));
    });
}

#[test]
fn what_is_not_as_it_was_seen_is_neither_changed_nor_removed_nor_told_of() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        let id = insert(db, ana, ben, RequestStatus::Pending, NOW).await;
        let present = found(db, id, ana).await.unwrap();
        let before = everything(db, ana, ben).await;
        let others = [
            Connection { id: id + 1, ..present.clone() },
            answered(&present, RequestStatus::Rejected, NOW),
            answered(&present, RequestStatus::Pending, NOW + INSTANT),
            answered(&present, RequestStatus::Pending, NOW - INSTANT),
            Connection { requester: present.receiver.clone(), receiver: present.requester.clone(), ..present.clone() },
        ];
        for seen in others {
            let accepted = answered(&seen, RequestStatus::Accepted, NOW + 2 * INSTANT);
            assert!(!connections::store::change(db, &seen, &accepted).await.unwrap(), "{seen:?}");
            assert!(!change_and_tell(db, &seen, &accepted, &[Cause::Pair { one: ana, other: ben }]).await, "{seen:?}");
            assert!(!connections::store::delete(db, &seen).await.unwrap(), "{seen:?}");
            assert_eq!(everything(db, ana, ben).await, before);
        }
    });
}

#[test]
fn what_is_removed_is_gone_and_only_that() {
    on_every_engine(async |db| {
        let (ana, ben, cleo) = (add(db, "ana").await, add(db, "ben").await, add(db, "cleo").await);
        let id = insert(db, ana, ben, RequestStatus::Accepted, NOW).await;
        let other = insert(db, ana, cleo, RequestStatus::Accepted, NOW).await;
        let seen = found(db, id, ana).await.unwrap();
        assert!(connections::store::delete(db, &seen).await.unwrap());
        assert_eq!((found(db, id, ana).await, found_between(db, ana, ben).await), (None, None));
        assert!(found(db, other, ana).await.is_some());
        assert!(!connections::store::delete(db, &seen).await.unwrap(), "it is gone");
        let anew = ask(db, ana, ben, NOW).await.unwrap();
        assert!(anew > id, "what comes after it is another one");
    });
}

#[test]
fn a_change_or_a_request_that_can_not_be_told_of_leaves_nothing() {
    on_every_engine(async |db| {
        let (ana, ben, cleo) = (add(db, "ana").await, add(db, "ben").await, add(db, "cleo").await);
        let id = insert(db, ana, ben, RequestStatus::Pending, NOW).await;
        let seen = found(db, id, ben).await.unwrap();
        statements::refuse_causes_of_2027(db).await;
        let before = everything(db, ana, ben).await;
        let (nobody, causes) = (cleo + 1, [Cause::Pair { one: ana, other: ben }]);
        for (receiver, at) in [(nobody, NOW), (ana, LATE)] {
            let notice = Notice::connection_accepted(receiver, "Ben", id);
            let accepted = answered(&seen, RequestStatus::Accepted, at);
            connections::store::change_and_tell(db, &seen, &accepted, &notice, &causes).await.unwrap_err();
            assert_eq!(everything(db, ana, ben).await, before);
        }
        let notice = Notice::connection_request(nobody, "Cleo", NOT_YET_KNOWN);
        connections::store::insert(db, cleo, ana, &notice, NOW).await.unwrap_err();
        every_connection_is_back(db).await;
        assert_eq!(found_between(db, cleo, ana).await, None);
        assert_eq!(told::notifications(db).await, before.2);
    });
}

#[test]
fn of_answers_at_once_one_counts() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        let id = insert(db, ana, ben, RequestStatus::Pending, NOW).await;
        let seen = found(db, id, ben).await.unwrap();
        let answers: Vec<_> = (1..=CROWD)
            .map(|number| {
                let (db, seen) = (db.clone(), seen.clone());
                tokio::spawn(async move {
                    let at = NOW + number * Duration::from_secs(1);
                    match number % 3 {
                        0 => connections::store::delete(&db, &seen).await.unwrap(),
                        1 => {
                            let rejected = answered(&seen, RequestStatus::Rejected, at);
                            connections::store::change(&db, &seen, &rejected).await.unwrap()
                        }
                        _ => change_and_tell(&db, &seen, &answered(&seen, RequestStatus::Accepted, at), &[]).await,
                    }
                })
            })
            .collect();
        let mut counted = Vec::new();
        for (number, answer) in (1..).zip(answers) {
            if answer.await.unwrap() {
                counted.push(number);
            }
        }
        let told = told::notifications(db).await.len() - 1;
        let expected = match found_between(db, ana, ben).await {
            None => (0, 0),
            Some(present) if present.status == RequestStatus::Rejected => (1, 0),
            Some(_) => (2, 1),
        };
        assert_eq!(counted.len(), 1, "{counted:?}");
        assert_eq!((counted[0] % 3, told), expected);
    });
}
