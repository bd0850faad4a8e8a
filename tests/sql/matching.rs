//! Matches, held against an oracle that knows nothing of keys, ranges and statements: it looks at every person, every plan
//! and every day of many random worlds, one by one.

use std::collections::BTreeSet;

use handler::db::Database;
use handler::matching;
use handler::matching::rules::{Match, Meeting};
use handler::travels::dates::DateRange;
use handler::travels::rules::Standing;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use time::Date;

use crate::common::on_every_engine;
use crate::worlds::{Plan, World, Written, days, same, written};

/// How many worlds there are: each is its number's.
const WORLDS: u64 = 200;

/// A match as it is compared: whom, by which plan (none: at home), from when to when, and for how many days.
type Seen = (i32, Option<i32>, Date, Date, i64);

#[test]
fn every_match_is_found_and_nothing_else_in_two_hundred_random_worlds() {
    on_every_engine(async |db| {
        let (mut traveling, mut at_home) = (0, 0);
        let mut tally = |found: Vec<Seen>| {
            let plans = found.iter().filter(|(_, plan, ..)| plan.is_some()).count();
            traveling += plans;
            at_home += found.len() - plans;
        };
        for number in 0..WORLDS {
            let mut rng = StdRng::seed_from_u64(number);
            let world = World::make(db, number, &mut rng).await;
            for asking in 0..world.people.len() {
                for plan in &world.people[asking].plans {
                    let found = world.check(db, number, asking, plan.at, &plan.days).await;
                    world.check_for_plan(db, asking, plan, &found).await;
                    tally(found);
                }
                let anywhere = Written { country: None, ..written(&mut rng) };
                tally(world.check(db, number, asking, anywhere, &days(&mut rng)).await);
            }
        }
        assert!(traveling > 500 && at_home > 200, "{traveling} and {at_home}: these worlds try nothing");
    });
}

impl World {
    /// Asks for the matches, and holds them against the oracle.
    async fn check(&self, db: &Database, number: u64, asking: usize, at: Written, days: &BTreeSet<Date>) -> Vec<Seen> {
        let (first, last) = (*days.first().unwrap(), *days.last().unwrap());
        let range = DateRange::new(first, last).unwrap();
        let found = matching::store::find(db, self.people[asking].id, &at.place(), range).await.unwrap();
        let found: Vec<Seen> = found.iter().map(seen).collect();
        assert_eq!(
            found,
            self.oracle(asking, at, days),
            "world {number}, {asking} asks for {at:?} {range:?}: {self:#?}"
        );
        found
    }

    /// Asks for the matches of a plan, which are those of its place and days, and for its owner's eyes alone.
    async fn check_for_plan(&self, db: &Database, asking: usize, plan: &Plan, expected: &[Seen]) {
        for viewer in &self.people {
            let found = matching::store::find_for_plan(db, plan.id, viewer.id).await.unwrap();
            let Some((short, standing, matches)) = found else {
                assert!(!self.people[asking].active, "a plan of somebody who is active is there");
                continue;
            };
            let days = (plan.days.first(), plan.days.last());
            assert_eq!((short.id, (Some(&short.start_date), Some(&short.end_date))), (plan.id, days));
            let matches: Vec<Seen> = matches.iter().map(seen).collect();
            if viewer.id == self.people[asking].id {
                assert_eq!((standing, &matches[..]), (Standing::Owner, expected));
            } else {
                assert_ne!(standing, Standing::Owner);
                assert_eq!(matches, []);
            }
        }
    }

    fn oracle(&self, asking: usize, at: Written, days: &BTreeSet<Date>) -> Vec<Seen> {
        let mut found = Vec::new();
        for (position, friend) in self.people.iter().enumerate() {
            if !friend.active || !self.are_connected(asking, position) {
                continue;
            }
            let name = friend.name.to_lowercase();
            for plan in friend.plans.iter().filter(|plan| same(plan.at.means(), at.means())) {
                let common: Vec<Date> = plan.days.intersection(days).copied().collect();
                if let (Some(first), Some(last)) = (common.first(), common.last()) {
                    found.push((*first, name.clone(), friend.id, Some(plan.id), *last, common.len()));
                }
            }
            let lives_there = friend.home.is_some_and(|home| same(home.means(), at.means()));
            if lives_there && friend.plans.iter().all(|plan| plan.days.is_disjoint(days)) {
                found.push((*days.first().unwrap(), name, friend.id, None, *days.last().unwrap(), days.len()));
            }
        }
        found.sort();
        found.into_iter().map(|(first, _, id, plan, last, days)| (id, plan, first, last, count(days))).collect()
    }
}

fn seen(found: &Match) -> Seen {
    let plan = match &found.meeting {
        Meeting::Traveling { plan, .. } => Some(plan.id),
        Meeting::HomeCity { .. } => None,
    };
    let overlap = found.meeting.overlap();
    (found.person.user_id, plan, overlap.start_date, overlap.end_date, overlap.days)
}

fn count(days: usize) -> i64 {
    i64::try_from(days).unwrap()
}
