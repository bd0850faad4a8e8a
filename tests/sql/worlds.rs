//! Random worlds of people, connections, homes and plans, for oracles to look at one by one.

use std::collections::BTreeSet;

use handler::db::Database;
use handler::place::{City, Country, Place};
use handler::travels;
use handler::travels::dates::DateRange;
use handler::travels::rules::Travel;
use handler::users;
use handler::users::rules::{DisplayName, home_city, home_country};
use handler::users::store::Profile;
use rand::RngExt as _;
use rand::rngs::StdRng;
use tests::statements;
use time::macros::date;
use time::{Date, Duration};

use crate::common::{NOW, address_of, hash_of};

/// Before any plan.
pub(crate) const DAY_0: Date = date!(2026 - 03 - 01);

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
pub(crate) struct Written {
    pub(crate) city: usize,
    pub(crate) country: Option<usize>,
}

impl Written {
    pub(crate) fn means(self) -> (u8, Option<u8>) {
        (CITIES[self.city].1, self.country.map(|country| COUNTRIES[country].1))
    }

    /// The city as it is written.
    pub(crate) const fn city(self) -> &'static str {
        CITIES[self.city].0
    }

    /// As the application compares it.
    pub(crate) fn place(self) -> Place {
        Place::new(CITIES[self.city].0, self.country.map(|country| COUNTRIES[country].0))
    }
}

#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) id: i32,
    pub(crate) at: Written,
    pub(crate) days: BTreeSet<Date>,
}

#[derive(Debug)]
pub(crate) struct Human {
    pub(crate) id: i32,
    pub(crate) name: &'static str,
    pub(crate) active: bool,
    pub(crate) home: Option<Written>,
    pub(crate) plans: Vec<Plan>,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) people: Vec<Human>,
    /// Places in `people`, the lower one first, of those who are connected.
    connected: BTreeSet<(usize, usize)>,
}

impl World {
    /// Makes a world up and writes it to the database.
    pub(crate) async fn make(db: &Database, number: u64, rng: &mut StdRng) -> Self {
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

    /// Whether the people at these two places are connected.
    pub(crate) fn are_connected(&self, one: usize, other: usize) -> bool {
        self.connected.contains(&(one.min(other), one.max(other)))
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
        let address = address_of(&format!("{world}.{position}"));
        let id = users::store::insert(db, &address, &hash_of(name), &profile, NOW).await.unwrap().unwrap();
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
            plans.push(Plan { id: travels::store::insert(db, id, &travel, NOW).await.unwrap(), at, days });
        }
        Self { id, name, active: rng.random_bool(0.9), home, plans }
    }
}

pub(crate) fn written(rng: &mut StdRng) -> Written {
    let country = rng.random_bool(0.6).then(|| rng.random_range(0..COUNTRIES.len()));
    Written { city: rng.random_range(0..CITIES.len()), country }
}

pub(crate) fn days(rng: &mut StdRng) -> BTreeSet<Date> {
    let first = DAY_0 + Duration::days(rng.random_range(0..30));
    (0..rng.random_range(1..12)).map(|day| first + Duration::days(day)).collect()
}

pub(crate) fn same(one: (u8, Option<u8>), other: (u8, Option<u8>)) -> bool {
    one.0 == other.0 && (one.1.is_none() || other.1.is_none() || one.1 == other.1)
}
