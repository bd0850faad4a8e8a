//! The matches that a scan finds around causes of each kind, held against an oracle that looks at every two people and all
//! that they plan, in many random worlds.

use std::collections::BTreeSet;

use handler::causes::Cause;
use handler::db::Database;
use handler::random::{OsRandomness, Randomness as _};
use handler::scan;
use handler::scan::rules::{Meeting, MeetingKey, Stay, With};
use handler::travels::dates::DateRange;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use time::{Date, Duration};

use crate::common::{NOW, note, on_every_engine};
use crate::worlds::{DAY_0, Human, Plan, World, same};

/// How many worlds there are: each is its number's.
const WORLDS: u64 = 150;
/// A lease that lasts as long as its transaction.
const LEASE: Duration = Duration::minutes(2);

#[test]
fn all_matches_around_a_cause_are_found_and_nothing_else_in_random_worlds() {
    on_every_engine(async |db| {
        let (mut of_plans, mut at_home, mut known) = (0, 0, 0);
        for number in 0..WORLDS {
            let mut rng = StdRng::seed_from_u64(number);
            let world = World::make(db, number, &mut rng).await;
            forget_causes(db).await;
            let today = DAY_0 + Duration::days(rng.random_range(0..20));
            let told = world.tell_some(db, today, &mut rng).await;
            let causes = world.causes(&mut rng);
            for cause in causes.iter().filter(|_| rng.random_bool(0.3)) {
                let expected = world.around(&[*cause], today, &told);
                assert_eq!(
                    found(db, &[*cause], today).await,
                    expected,
                    "world {number}, {cause:?}, {today}: {world:#?}"
                );
                at_home += expected.iter().filter(|meeting| meeting.key.home_user_id > 0).count();
                of_plans += expected.iter().filter(|meeting| meeting.key.other_plan_id > 0).count();
                known += expected.iter().filter(|meeting| meeting.was_told || meeting.other_was_told).count();
            }
            let expected = world.around(&causes, today, &told);
            assert_eq!(found(db, &causes, today).await, expected, "world {number}, all at once: {world:#?}");
        }
        assert!(of_plans > 50 && at_home > 50 && known > 50, "{of_plans}, {at_home}, {known}: nothing is tried");
    });
}

/// Finishes what the making of a world has caused, unseen.
async fn forget_causes(db: &Database) {
    let (lease, mut tx) = (OsRandomness.uuid(), db.begin().await.unwrap());
    scan::store::claim_new(&mut tx, i32::MAX, lease, NOW + LEASE, NOW).await.unwrap();
    scan::store::finish(&mut tx, lease).await.unwrap();
    tx.commit().await.unwrap();
}

/// What a scan finds that has taken these causes and nothing else; it leaves no trace.
async fn found(db: &Database, causes: &[Cause], today: Date) -> Vec<Meeting> {
    let mut tx = db.begin().await.unwrap();
    note(&mut tx, causes, NOW).await;
    let lease = OsRandomness.uuid();
    let taken = scan::store::claim_new(&mut tx, i32::MAX, lease, NOW + LEASE, NOW).await.unwrap();
    assert_eq!(taken.len(), causes.len());
    scan::store::find_meetings(&mut tx, lease, today).await.unwrap()
}

impl World {
    /// One cause for each plan, home and two people, and some about what there isn't.
    fn causes(&self, rng: &mut StdRng) -> Vec<Cause> {
        let mut causes = Vec::new();
        for (position, human) in self.people.iter().enumerate() {
            causes.push(Cause::Home { user: human.id });
            causes.extend(human.plans.iter().map(|plan| Cause::Plan { owner: human.id, plan: plan.id }));
            for other in &self.people[position + 1..] {
                let (one, other) = if rng.random() { (human.id, other.id) } else { (other.id, human.id) };
                causes.push(Cause::Pair { one, other });
            }
        }
        let (first, last) = (&self.people[0], &self.people[self.people.len() - 1]);
        causes.push(Cause::Plan { owner: first.id, plan: i32::MAX });
        causes.push(Cause::Home { user: i32::MAX });
        causes.extend(last.plans.iter().map(|plan| Cause::Plan { owner: first.id, plan: plan.id }));
        causes
    }

    /// Tells some people of some of the matches; answers who was told of what.
    async fn tell_some(&self, db: &Database, today: Date, rng: &mut StdRng) -> BTreeSet<(i32, MeetingKey)> {
        let mut told = BTreeSet::new();
        for meeting in self.meetings(today, &BTreeSet::new()) {
            for person in [meeting.stay.user_id, meeting.with.user_id()] {
                if rng.random_bool(0.3) {
                    told.insert((person, meeting.key.clone()));
                }
            }
        }
        let mut tx = db.begin().await.unwrap();
        let rows: Vec<_> = told.iter().map(|(person, key)| (*person, key)).collect();
        scan::store::insert_told(&mut tx, &rows, NOW).await.unwrap();
        tx.commit().await.unwrap();
        told
    }

    /// The matches that one of these causes may have made.
    fn around(&self, causes: &[Cause], today: Date, told: &BTreeSet<(i32, MeetingKey)>) -> Vec<Meeting> {
        let mut meetings = self.meetings(today, told);
        meetings.retain(|meeting| causes.iter().any(|cause| is_about(*cause, meeting)));
        meetings
    }

    /// All matches that there are.
    fn meetings(&self, today: Date, told: &BTreeSet<(i32, MeetingKey)>) -> Vec<Meeting> {
        let mut meetings = Vec::new();
        for (position, one) in self.people.iter().enumerate() {
            for (place, other) in self.people.iter().enumerate() {
                if !one.active || !other.active || !self.are_connected(position, place) {
                    continue;
                }
                for plan in one.plans.iter().filter(|plan| plan.days.iter().any(|day| *day >= today)) {
                    meetings.extend(at_home(one, plan, other));
                    meetings
                        .extend(other.plans.iter().filter_map(|second| crossing((one, plan), (other, second), today)));
                }
            }
        }
        for meeting in &mut meetings {
            meeting.was_told = told.contains(&(meeting.stay.user_id, meeting.key.clone()));
            meeting.other_was_told = told.contains(&(meeting.with.user_id(), meeting.key.clone()));
        }
        meetings.sort_by(|one, other| one.key.cmp(&other.key));
        meetings
    }
}

/// Whether this cause is one to look at this match.
fn is_about(cause: Cause, meeting: &Meeting) -> bool {
    let (one, other) = (meeting.stay.user_id, meeting.with.user_id());
    let key = &meeting.key;
    match cause {
        Cause::Plan { owner, plan } => {
            (plan == key.plan_id && owner == one) || (plan == key.other_plan_id && owner == other)
        }
        Cause::Home { user } => user == key.home_user_id,
        Cause::Pair { one: first, other: second } => [(first, second), (second, first)].contains(&(one, other)),
    }
}

/// The match of two plans, if there is one and the first is the one with the lower id.
fn crossing((one, plan): (&Human, &Plan), (other, second): (&Human, &Plan), today: Date) -> Option<Meeting> {
    let meet =
        same(plan.at.means(), second.at.means()) && plan.days.intersection(&second.days).any(|day| *day >= today);
    (meet && plan.id < second.id).then(|| Meeting {
        key: key(plan, second.id, 0),
        stay: stay(one, plan),
        was_told: false,
        with: With::Plan(stay(other, second)),
        other_was_told: false,
    })
}

/// The match of a plan with somebody who lives there and is not away on any of its days.
fn at_home(one: &Human, plan: &Plan, other: &Human) -> Option<Meeting> {
    let home = other.home.filter(|home| same(home.means(), plan.at.means()))?;
    let is_there = other.plans.iter().all(|away| away.days.is_disjoint(&plan.days));
    is_there.then(|| Meeting {
        key: key(plan, 0, other.id),
        stay: stay(one, plan),
        was_told: false,
        with: With::Home { user_id: other.id, name: other.name.to_owned(), city: home.city().to_owned() },
        other_was_told: false,
    })
}

fn key(plan: &Plan, other_plan_id: i32, home_user_id: i32) -> MeetingKey {
    let place = plan.at.place();
    let country_key = place.country_key().unwrap().to_owned();
    MeetingKey { plan_id: plan.id, other_plan_id, home_user_id, city_key: place.city_key().to_owned(), country_key }
}

fn stay(human: &Human, plan: &Plan) -> Stay {
    let days = DateRange::new(*plan.days.first().unwrap(), *plan.days.last().unwrap()).unwrap();
    Stay { user_id: human.id, name: human.name.to_owned(), city: plan.at.city().to_owned(), days }
}
