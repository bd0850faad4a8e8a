//! A world of people to measure in: seeded, so that everybody measures in the same one.
//!
//! Person 1 knows 5,000 others; how many the rest know is skewed, a few hundred at most. Homes and destinations are skewed
//! towards the large cities. Everybody has the password [`PASSWORD`].

pub(crate) mod own;
mod people;
pub(crate) mod yardstick;

use std::collections::HashSet;

use anyhow::{Result, ensure};
use handler::causes;
use handler::clock::{Clock as _, SystemClock};
use handler::credentials::hasher::{HashCost, HashLimits, PasswordHasher};
use handler::credentials::password_policy::Password;
use handler::db::{Database, Query, Tx, migrate};
use handler::place::Place;
use handler::random::OsRandomness;
use handler::{params, query, text};
use own::parse;
use people::{CITIES, City, name};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use time::{Date, Duration, OffsetDateTime};

/// Everybody's password.
pub(crate) const PASSWORD: &str = "SecurePass123!";
/// How many the first person knows, in a world that is large enough.
const HUB_CONNECTIONS: u32 = 5_000;
/// How many notifications the first person has.
const HUB_NOTIFICATIONS: u32 = 2_000;
/// How many people each one asks, on average; each connection counts for two.
const REQUESTS_EACH: u32 = 10;
/// The most plans of one person: evenly spread, so half of it on average.
const MOST_PLANS: u32 = 20;
/// The mean of that: half of it.
pub(crate) const PLANS_EACH: u32 = MOST_PLANS / 2;
/// Rows in one statement.
const BATCH: usize = 2_000;

const COUNT_USERS: Query = query!("count_users");
const INSERT_CAUSES: Query = query!("insert_causes", sqlite);
const INSERT_USERS: Query = query!("insert_users", sqlite);
const INSERT_WORDS: Query = query!("insert_words", sqlite);
const INSERT_CONNECTIONS: Query = query!("insert_connections", sqlite);
const LAST_PLAN: Query = query!("last_plan");
const INSERT_PLANS: Query = query!("insert_plans", sqlite);
const INSERT_NOTIFICATIONS: Query = query!("insert_notifications", sqlite);

/// The address of a person by number, from 1.
pub(crate) fn email(person: u32) -> String {
    format!("person{person}@example.org")
}

/// Fills an empty database with `users` people, and says how far it is.
pub(crate) fn seed(database: &str, users: u32, seed: u64) -> Result<()> {
    let url = parse(database)?;
    tokio::runtime::Runtime::new()?
        .block_on(async { migrate::run(&Database::open(&url, 2)?, || SystemClock.now(), |_| ()).await })?;
    fill(database, users, seed)?;
    println!("{users} people in {}; log in as {} with {PASSWORD}", url.describe(), email(1));
    Ok(())
}

/// As [`seed`], in a database whose schema is there and stays as it is, of another build perhaps.
pub(crate) fn fill(database: &str, users: u32, seed: u64) -> Result<()> {
    ensure!(users > 1, "a world has at least two people");
    let url = parse(database)?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let db = Database::open(&url, 2)?;
        let there: i64 = db.fetch_all(COUNT_USERS, Vec::new()).await?[0].get("users")?;
        ensure!(there == 0, "{} has {there} users already: name an empty database", url.describe());
        let mut world = World { rng: StdRng::seed_from_u64(seed), db, now: SystemClock.now(), users };
        let hash = hash().await?;
        world.add_people(&hash).await?;
        world.add_connections().await?;
        world.add_plans().await?;
        world.add_notifications().await
    })
}

/// Adds `number` plans with their causes to a world that was seeded before.
pub(crate) fn add_new_plans(database: &str, number: u32, seed: u64) -> Result<()> {
    let url = parse(database)?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let db = Database::open(&url, 2)?;
        migrate::run(&db, || SystemClock.now(), |_| ()).await?;
        let users: i64 = db.fetch_all(COUNT_USERS, Vec::new()).await?[0].get("users")?;
        let users = u32::try_from(users)?;
        ensure!(users > 0, "{} is empty: fill it with seed-world", url.describe());
        World { rng: StdRng::seed_from_u64(seed), db, now: SystemClock.now(), users }.add_new_plans(number).await
    })
}

/// How many people the world at this database has.
pub(crate) async fn people(db: &Database) -> Result<u32> {
    let users: i64 = db.fetch_all(COUNT_USERS, Vec::new()).await?[0].get("users")?;
    Ok(u32::try_from(users)?)
}

/// The world's cities with their countries, from the one that is gone to most to the one that is gone to least.
pub(crate) fn cities() -> impl Iterator<Item = (&'static str, &'static str)> {
    CITIES.iter().map(|at| (at.city, at.country))
}

/// Words that names of the world have.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    people::names()
}

async fn hash() -> Result<String> {
    let hasher = PasswordHasher::new(HashCost::OWASP, HashLimits::default(), std::sync::Arc::new(OsRandomness))?;
    Ok(hasher.hash(&Password::presented(PASSWORD)).await?)
}

struct World {
    rng: StdRng,
    db: Database,
    now: OffsetDateTime,
    users: u32,
}

impl World {
    async fn add_people(&mut self, hash: &str) -> Result<()> {
        let (mut people, mut words) = (Vec::new(), Vec::new());
        let mut tx = self.db.begin().await?;
        for number in 1..=self.users {
            let person = self.person(number);
            words.extend(
                text::words(person["name"].as_str().unwrap_or_default())
                    .into_iter()
                    .map(|word| json!({ "word": word, "person": number })),
            );
            people.push(person);
            if people.len() == BATCH || number == self.users {
                tx.execute(INSERT_USERS, params![text_of(&mut people), hash, self.now]).await?;
                tx.execute(INSERT_WORDS, params![text_of(&mut words)]).await?;
                progress("people", number, self.users);
            }
        }
        Ok(tx.commit().await?)
    }

    /// Somebody who lives somewhere.
    fn person(&mut self, number: u32) -> Value {
        let name = name(&mut self.rng);
        let City { city, country, .. } = self.somewhere();
        let home = Place::new(city, Some(country));
        json!({
            "number": number, "email": email(number), "name": name, "name_key": text::fold(&name),
            "city": city, "country": country, "city_key": home.city_key(), "country_key": home.country_key(),
        })
    }

    async fn add_connections(&mut self) -> Result<()> {
        let mut known = HashSet::new();
        let mut pairs = Vec::new();
        for friend in 2..=self.users.min(HUB_CONNECTIONS + 1) {
            known.insert((1, friend));
            pairs.push(connection(friend, 1, "accepted"));
        }
        let mut tx = self.db.begin().await?;
        for asks in 2..=self.users {
            for _ in 0..self.rng.random_range(0..=2 * REQUESTS_EACH) {
                // Low numbers are asked more often than high ones: person 2 a few hundred times.
                let asked = 2 + scaled(self.rng.random::<f64>().powf(1.5), self.users - 1);
                if asks != asked && known.insert((asks.min(asked), asks.max(asked))) {
                    let status =
                        ["accepted", "accepted", "accepted", "accepted", "pending"][self.rng.random_range(0..5)];
                    pairs.push(connection(asks, asked, status));
                }
            }
            if pairs.len() >= BATCH || asks == self.users {
                tx.execute(INSERT_CONNECTIONS, params![text_of(&mut pairs), self.now]).await?;
                progress("connections of people", asks, self.users);
            }
        }
        Ok(tx.commit().await?)
    }

    async fn add_plans(&mut self) -> Result<()> {
        let today: Date = self.now.date();
        let mut plans = Vec::new();
        let mut tx = self.db.begin().await?;
        for person in 1..=self.users {
            for _ in 0..self.rng.random_range(0..=MOST_PLANS) {
                let first_day = today + Duration::days(self.rng.random_range(-365..330));
                plans.push(self.plan(person, first_day));
            }
            if plans.len() >= BATCH || person == self.users {
                tx.execute(INSERT_PLANS, params![text_of(&mut plans), self.now]).await?;
                progress("plans of people", person, self.users);
            }
        }
        Ok(tx.commit().await?)
    }

    /// Plans that nobody was told of yet, of people taken by chance, for the next two months.
    async fn add_new_plans(&mut self, number: u32) -> Result<()> {
        let mut plans = Vec::new();
        for _ in 0..number {
            let person = self.rng.random_range(1..=self.users);
            let first_day = self.now.date() + Duration::days(self.rng.random_range(1..60));
            plans.push(self.plan(person, first_day));
        }
        let mut tx = self.db.begin().await?;
        let last: i32 = tx.fetch_one(LAST_PLAN, Vec::new()).await?.get("id")?;
        tx.execute(INSERT_PLANS, params![text_of(&mut plans), self.now]).await?;
        tx.execute(INSERT_CAUSES, params![last, self.now, causes::AT_ONCE]).await?;
        Ok(tx.commit().await?)
    }

    fn plan(&mut self, person: u32, first_day: Date) -> Value {
        let City { city, country, .. } = self.somewhere();
        let place = Place::new(city, Some(country));
        let last_day = first_day + Duration::days(self.rng.random_range(0..14));
        json!({
            "person": person, "city": city, "country": country, "city_key": place.city_key(),
            "country_key": place.country_key(), "first_day": first_day.to_string(), "last_day": last_day.to_string(),
        })
    }

    async fn add_notifications(&mut self) -> Result<()> {
        let mut tx: Tx = self.db.begin().await?;
        let mut told: Vec<Value> = (0..HUB_NOTIFICATIONS)
            .map(|number| json!({ "person": 1, "message": format!("Notification {number}"), "seen": number % 10 != 0 }))
            .collect();
        tx.execute(INSERT_NOTIFICATIONS, params![text_of(&mut told), self.now]).await?;
        Ok(tx.commit().await?)
    }

    /// A city; the first of the list far more often than the last.
    fn somewhere(&mut self) -> City {
        let share = self.rng.random::<f64>().powi(2);
        CITIES[scaled(share, u32::try_from(CITIES.len()).unwrap_or(1)) as usize]
    }
}

/// A whole number below `most` by a share from 0 to 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a u32 is one")]
fn scaled(share: f64, most: u32) -> u32 {
    ((share * f64::from(most)) as u32).min(most - 1)
}

fn connection(asks: u32, asked: u32, status: &str) -> Value {
    json!({ "asks": asks, "asked": asked, "low": asks.min(asked), "high": asks.max(asked), "status": status })
}

/// The rows as JSON text; they are gone afterwards.
fn text_of(rows: &mut Vec<Value>) -> String {
    Value::Array(std::mem::take(rows)).to_string()
}

fn progress(what: &str, done: u32, all: u32) {
    eprint!("\r{what}: {done} of {all}   ");
    if done == all {
        eprintln!();
    }
}
