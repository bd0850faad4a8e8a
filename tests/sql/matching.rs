//! Matches, held against an oracle that knows nothing of keys, ranges and statements: it looks at every person, every plan
//! and every day of many random worlds, one by one.

use std::collections::BTreeSet;

use handler::db::Database;
use handler::matching;
use handler::matching::rules::{Match, Meeting};
use handler::place::{City, Country, Place};
use handler::travels;
use handler::travels::dates::DateRange;
use handler::travels::rules::Travel;
use handler::users;
use handler::users::rules::{DisplayName, home_city, home_country};
use handler::users::store::Profile;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tests::statements;
use time::macros::date;
use time::{Date, Duration};

use crate::common::{NOW, address_of, hash_of, on_every_engine};

/// How many worlds there are: each is its number's.
const WORLDS: u64 = 200;
/// Before any plan.
const DAY_0: Date = date!(2026 - 03 - 01);

/// What people write for a city, and which one they mean.
const CITIES: [(&str, u8); 9] = [
    ("New York", 0),
    ("NEW  YORK", 0),
    ("Newark", 1),
    ("Winston-Salem", 2),
    ("winston salem", 2),
    ("St. John's", 3),
    ("st johns", 3),
    ("Zürich", 4),
    ("ZURICH", 4),
];

/// What people write for a country, and which one they mean.
const COUNTRIES: [(&str, u8); 7] =
    [("USA", 0), ("us", 0), ("United States", 0), ("Canada", 1), ("CAN", 1), ("Schweiz", 2), ("Narnia", 3)];

/// Some in capitals: whoever is first in the order is so without regard to case.
const NAMES: [&str; 8] = ["ana", "Ben", "CLEO", "dan", "Ana", "eve", "Fay", "ben"];

/// A city and perhaps a country, by their places in the tables above.
#[derive(Debug, Clone, Copy)]
struct Written {
    city: usize,
    country: Option<usize>,
}

impl Written {
    fn means(self) -> (u8, Option<u8>) {
        (CITIES[self.city].1, self.country.map(|country| COUNTRIES[country].1))
    }

    fn place(self) -> Place {
        Place::new(CITIES[self.city].0, self.country.map(|country| COUNTRIES[country].0))
    }
}

#[derive(Debug)]
struct Plan {
    id: i32,
    at: Written,
    days: BTreeSet<Date>,
}

#[derive(Debug)]
struct Human {
    id: i32,
    name: &'static str,
    active: bool,
    home: Option<Written>,
    plans: Vec<Plan>,
}

#[derive(Debug)]
struct World {
    people: Vec<Human>,
    /// Places in `people`, the lower one first, of those who are connected.
    connected: BTreeSet<(usize, usize)>,
}

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
                    tally(world.check(db, number, asking, plan.at, &plan.days).await);
                }
                let anywhere = Written { country: None, ..written(&mut rng) };
                tally(world.check(db, number, asking, anywhere, &days(&mut rng)).await);
            }
        }
        assert!(traveling > 500 && at_home > 200, "{traveling} and {at_home}: these worlds try nothing");
    });
}

impl World {
    /// Makes a world up and writes it to the database.
    async fn make(db: &Database, number: u64, rng: &mut StdRng) -> Self {
        let mut people = Vec::new();
        for name in NAMES.into_iter().take(rng.random_range(2..=NAMES.len())) {
            people.push(Human::make(db, number, people.len(), name, rng).await);
        }
        let mut connected = BTreeSet::new();
        for one in 0..people.len() {
            for other in one + 1..people.len() {
                let status = ["accepted", "accepted", "accepted", "pending", "rejected", ""][rng.random_range(0..6)];
                let (mut asks, mut asked) = (people[one].id, people[other].id);
                if rng.random() {
                    (asks, asked) = (asked, asks);
                }
                if !status.is_empty() {
                    statements::connect(db, asks.into(), asked.into(), status).await;
                }
                if status == "accepted" {
                    connected.insert((one, other));
                }
            }
        }
        for human in people.iter().filter(|human| !human.active) {
            statements::deactivate(db, human.id.into()).await;
        }
        Self { people, connected }
    }

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

    fn oracle(&self, asking: usize, at: Written, days: &BTreeSet<Date>) -> Vec<Seen> {
        let mut found = Vec::new();
        for (position, friend) in self.people.iter().enumerate() {
            if !friend.active || !self.connected.contains(&(asking.min(position), asking.max(position))) {
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

impl Human {
    async fn make(db: &Database, world: u64, position: usize, name: &'static str, rng: &mut StdRng) -> Self {
        let home = rng.random_bool(0.7).then(|| written(rng));
        let profile = Profile {
            display_name: DisplayName::parse(name).unwrap(),
            bio: None,
            profile_pic_url: None,
            home_city: home.map(|home| home_city(CITIES[home.city].0).unwrap()),
            home_country: home.and_then(|home| home.country).map(|country| home_country(COUNTRIES[country].0).unwrap()),
        };
        let mut tx = db.begin().await.unwrap();
        let address = address_of(&format!("{world}.{position}"));
        let id = users::store::insert(&mut tx, &address, &hash_of(name), &profile, NOW).await.unwrap().unwrap();
        let mut plans = Vec::new();
        for _ in 0..rng.random_range(0..6) {
            let at = Written { country: Some(rng.random_range(0..COUNTRIES.len())), ..written(rng) };
            let days = days(rng);
            let travel = Travel {
                city: City::parse(CITIES[at.city].0, "City").unwrap(),
                country: Country::parse(COUNTRIES[at.country.unwrap()].0, "Country").unwrap(),
                dates: DateRange::new(*days.first().unwrap(), *days.last().unwrap()).unwrap(),
                description: None,
            };
            plans.push(Plan { id: travels::store::insert(&mut tx, id, &travel, NOW).await.unwrap(), at, days });
        }
        tx.commit().await.unwrap();
        Self { id, name, active: rng.random_bool(0.9), home, plans }
    }
}

fn written(rng: &mut StdRng) -> Written {
    let country = rng.random_bool(0.6).then(|| rng.random_range(0..COUNTRIES.len()));
    Written { city: rng.random_range(0..CITIES.len()), country }
}

fn days(rng: &mut StdRng) -> BTreeSet<Date> {
    let first = DAY_0 + Duration::days(rng.random_range(0..30));
    (0..rng.random_range(1..12)).map(|day| first + Duration::days(day)).collect()
}

fn same(one: (u8, Option<u8>), other: (u8, Option<u8>)) -> bool {
    one.0 == other.0 && (one.1.is_none() || other.1.is_none() || one.1 == other.1)
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
