//! Plans written, changed and removed, each in one go with all that belongs to it: the owner's version, the causes of
//! matches. What was overtaken, and what fails, leaves nothing.

use handler::causes::{AT_ONCE, Cause};
use handler::db::Database;
use handler::place::Place;
use handler::travels;
use handler::travels::rules::When;
use handler::travels::store::{Destination, TravelRow};
use tests::told::Waiting;
use tests::{statements, told};
use time::macros::date;

use crate::common::{INSTANT, LATE, NOW, add, every_connection_is_back, on_every_engine, version_of_plans};
use crate::travels::{TODAY, days, insert, listed, longest, of_connections, roads_to_rome, rome, row_of, trip};

/// The causes that wait, as they were noted.
async fn noted(db: &Database) -> Vec<(String, i32, i32)> {
    let fresh = |cause: Waiting| {
        assert_eq!((cause.attempts, cause.due_at, cause.lease, cause.last_error), (0, Some(AT_ONCE), None, None));
        (cause.kind, cause.user_id, cause.other_id)
    };
    told::causes(db).await.into_iter().map(fresh).collect()
}

fn stored(causes: &[Cause]) -> Vec<(String, i32, i32)> {
    causes.iter().map(|cause| cause.stored()).map(|(kind, user, other)| (kind.to_owned(), user, other)).collect()
}

/// Writes back a plan as one who has just read it.
async fn update(db: &Database, plan: &TravelRow, causes: &[Cause]) {
    let seen = version_of_plans(db, plan.user_id).await;
    assert!(travels::store::update(db, plan, seen, causes).await.unwrap());
}

/// All that a change of `owner`'s plans may write.
async fn everything(db: &Database, owner: i32) -> (i32, Vec<i32>, Vec<Waiting>) {
    (version_of_plans(db, owner).await, listed(db, owner, When::All).await, told::causes(db).await)
}

#[test]
fn a_new_plan_is_a_cause_of_matches_and_counts_for_its_owner() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        let first = insert(db, ana, &rome(TODAY, TODAY)).await;
        let second = insert(db, ana, &rome(TODAY, TODAY)).await;
        let causes = [first, second].map(|plan| Cause::Plan { owner: ana, plan });
        assert_eq!(noted(db).await, stored(&causes));
        assert_eq!(told::causes(db).await[0].created_at, NOW);
        assert_eq!((version_of_plans(db, ana).await, version_of_plans(db, ben).await), (2, 0));
    });
}

#[test]
fn a_plan_that_can_not_be_written_leaves_nothing() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let plan = insert(db, ana, &rome(TODAY, TODAY)).await;
        statements::refuse_causes_of_2027(db).await;
        let (before, causes) = (everything(db, ana).await, [Cause::Home { user: ana }]);
        travels::store::insert(db, ana, &rome(TODAY, TODAY), LATE).await.unwrap_err();
        assert_eq!(everything(db, ana).await, before);
        let row = TravelRow { updated_at: LATE, ..row_of(plan, ana, longest()) };
        travels::store::update(db, &row, before.0, &causes).await.unwrap_err();
        assert_eq!(everything(db, ana).await, before);
        travels::store::delete(db, plan, ana, LATE, &causes).await.unwrap_err();
        assert_eq!(everything(db, ana).await, before);
        every_connection_is_back(db).await;
        let found = travels::store::find(db, plan, ana).await.unwrap().unwrap().0;
        assert_eq!(found, row_of(plan, ana, rome(TODAY, TODAY)));
    });
}

#[test]
fn an_update_changes_this_plan_and_where_it_is_found() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        statements::connect(db, ana.into(), ben.into(), "accepted").await;
        let (plan, other) = (insert(db, ana, &rome(TODAY, TODAY)).await, insert(db, ana, &rome(TODAY, TODAY)).await);
        let changed = TravelRow { updated_at: NOW + INSTANT, ..row_of(plan, ana, longest()) };
        update(db, &changed, &[]).await;

        assert_eq!(travels::store::find(db, plan, ana).await.unwrap().unwrap().0, changed);
        assert_eq!(
            travels::store::find(db, other, ana).await.unwrap().unwrap().0,
            row_of(other, ana, rome(TODAY, TODAY))
        );
        assert_eq!(listed(db, ana, When::Upcoming).await, [other]);
        assert_eq!(listed(db, ana, When::Past).await, [plan]);
        for to in &roads_to_rome()[1..] {
            assert_eq!(of_connections(db, ben, *to, When::All).await, [other], "{to:?}");
        }
        let place = Place::new(&changed.city, Some(&changed.country));
        let to = Destination { city_key: Some(place.city_key()), country_key: place.country_key() };
        assert_eq!(of_connections(db, ben, to, When::All).await, [plan]);

        let bare = row_of(plan, ana, rome(TODAY, TODAY));
        update(db, &bare, &[]).await;
        assert_eq!(travels::store::find(db, plan, ana).await.unwrap().unwrap().0, bare, "what was taken out is gone");
    });
}

#[test]
fn an_update_notes_the_causes_that_it_is_given() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        let plan = insert(db, ana, &rome(TODAY, TODAY)).await;
        let row = TravelRow { updated_at: NOW + INSTANT, ..row_of(plan, ana, longest()) };
        let mut expected = vec![Cause::Plan { owner: ana, plan }];
        for causes in [&[][..], &[Cause::Home { user: ana }], &[Cause::Plan { owner: ana, plan: i32::MAX }; 2]] {
            update(db, &row, causes).await;
            expected.extend(causes);
            assert_eq!(noted(db).await, stored(&expected));
        }
        assert_eq!(told::causes(db).await[1].created_at, NOW + INSTANT);
        assert_eq!((version_of_plans(db, ana).await, version_of_plans(db, ben).await), (4, 0));
    });
}

#[test]
fn an_update_that_was_overtaken_writes_nothing() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let plan = insert(db, ana, &rome(TODAY, TODAY)).await;
        let seen = version_of_plans(db, ana).await;
        insert(db, ana, &rome(TODAY, TODAY)).await;
        let before = everything(db, ana).await;
        let row = row_of(plan, ana, longest());
        for other in [seen, seen - 1, seen + 2] {
            assert!(!travels::store::update(db, &row, other, &[Cause::Home { user: ana }]).await.unwrap());
            assert_eq!(everything(db, ana).await, before);
        }
        let found = travels::store::find(db, plan, ana).await.unwrap().unwrap().0;
        assert_eq!(found, row_of(plan, ana, rome(TODAY, TODAY)));
        statements::deactivate(db, ana.into()).await;
        assert!(!travels::store::update(db, &row, seen + 1, &[]).await.unwrap(), "nobody is there any more");
    });
}

#[test]
fn a_deletion_takes_this_plan_alone_and_only_its_owners() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        statements::connect(db, ana.into(), ben.into(), "accepted").await;
        let (plan, other) = (insert(db, ana, &rome(TODAY, TODAY)).await, insert(db, ana, &rome(TODAY, TODAY)).await);
        let before = (everything(db, ana).await, version_of_plans(db, ben).await);
        let causes = [Cause::Home { user: ana }];
        for (id, owner) in [(plan, ben), (other + 1, ana)] {
            assert!(!travels::store::delete(db, id, owner, NOW, &causes).await.unwrap());
            assert_eq!((everything(db, ana).await, version_of_plans(db, ben).await), before);
        }
        assert!(travels::store::delete(db, plan, ana, NOW + INSTANT, &causes).await.unwrap());
        assert!(!travels::store::delete(db, plan, ana, NOW, &causes).await.unwrap(), "it is gone");
        let (version, plans, waiting) = everything(db, ana).await;
        assert_eq!((version, plans, waiting.len()), (3, vec![other], 3));
        assert_eq!(noted(db).await[2..], stored(&causes));
        assert_eq!(waiting[2].created_at, NOW + INSTANT);

        statements::deactivate(db, ana.into()).await;
        assert!(!travels::store::delete(db, other, ana, NOW, &causes).await.unwrap(), "nobody is there any more");
        assert!(insert(db, ben, &rome(TODAY, TODAY)).await > other);
    });
}

#[test]
fn of_changes_decided_by_the_same_version_one_is_written() {
    const WRITERS: usize = 6;
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let plan = insert(db, ana, &rome(TODAY, TODAY)).await;
        let seen = version_of_plans(db, ana).await;
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let db = db.clone();
                tokio::spawn(async move {
                    let mut row = row_of(plan, ana, rome(TODAY, TODAY));
                    row.description = Some(writer.to_string());
                    travels::store::update(&db, &row, seen, &[Cause::Home { user: ana }]).await.unwrap()
                })
            })
            .collect();
        let mut written = Vec::new();
        for (number, writer) in writers.into_iter().enumerate() {
            if writer.await.unwrap() {
                written.push(Some(number.to_string()));
            }
        }
        let (row, _) = travels::store::find(db, plan, ana).await.unwrap().unwrap();
        assert_eq!(written, [row.description]);
        assert_eq!((version_of_plans(db, ana).await, noted(db).await.len()), (seen + 1, 2));
    });
}

#[test]
fn changes_that_are_decided_anew_when_they_are_overtaken_lose_nothing() {
    const WRITERS: usize = 6;
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let plan = insert(db, ana, &rome(TODAY, TODAY)).await;
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move {
                    loop {
                        let seen = version_of_plans(&db, ana).await;
                        let (mut row, _) = travels::store::find(&db, plan, ana).await.unwrap().unwrap();
                        row.description = Some(row.description.unwrap_or_default() + "x");
                        if travels::store::update(&db, &row, seen, &[]).await.unwrap() {
                            break;
                        }
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        let (row, _) = travels::store::find(db, plan, ana).await.unwrap().unwrap();
        assert_eq!(row.description, Some("x".repeat(WRITERS)));
    });
}

#[test]
fn of_deletions_at_once_one_deletes() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let plan = insert(db, ana, &trip(("Rome", "Italy"), days(TODAY, date!(2026 - 02 - 03)))).await;
        let deletions: Vec<_> = (0..6)
            .map(|_| {
                let db = db.clone();
                let causes = [Cause::Home { user: ana }];
                tokio::spawn(async move { travels::store::delete(&db, plan, ana, NOW, &causes).await.unwrap() })
            })
            .collect();
        let mut deleted = 0;
        for deletion in deletions {
            deleted += i32::from(deletion.await.unwrap());
        }
        assert_eq!((deleted, version_of_plans(db, ana).await, noted(db).await.len()), (1, 2, 2));
    });
}
