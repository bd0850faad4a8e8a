//! Somebody who is the same in every world, to compare worlds by: as many connections, plans and notifications, whatever the
//! crowd around.

use anyhow::{Result, ensure};
use handler::clock::{Clock as _, SystemClock};
use handler::db::{Database, Query, migrate};
use handler::{params, query};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use time::{Date, Duration};

use super::own::parse;
use super::{INSERT_CONNECTIONS, INSERT_NOTIFICATIONS, INSERT_PLANS, INSERT_USERS, World};
use super::{connection, email, hash, people, text_of};

/// The seed of what they and their connections do, in every world.
const SEED: u64 = 1;

const DELETE_PLANS: Query = query!("delete_plans", sqlite);
const LAST_USER: Query = query!("last_user");
const UPDATE_HOMES: Query = query!("update_homes", sqlite);

/// What that somebody has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Yardstick {
    /// Connections: people of the crowd, evenly spread over it, as they are in life. They get other homes and plans.
    pub(crate) connections: u32,
    /// Plans of their own and of each connection, within a year of today and where the crowd goes too.
    pub(crate) plans: u32,
    /// Notifications, every tenth of them not read yet.
    pub(crate) notifications: u32,
}

/// Adds such a person to the seeded world at `database`, whose schema is brought up to ours before; answers the email address.
pub(crate) fn add(database: &str, what: Yardstick) -> Result<String> {
    let url = parse(database)?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let db = Database::open(&url, 2)?;
        migrate::run(&db, || SystemClock.now(), |_| ()).await?;
        let users = people(&db).await?;
        ensure!(
            users > what.connections,
            "{} has {users} people, too few to know {}: fill it with seed-world",
            url.describe(),
            what.connections
        );
        World { rng: StdRng::seed_from_u64(SEED), db, now: SystemClock.now(), users }.add_yardstick(what).await
    })
}

impl World {
    async fn add_yardstick(&mut self, what: Yardstick) -> Result<String> {
        let email = email(self.users + 1);
        let hash = hash().await?;
        let mut somebody = vec![self.person(self.users + 1)];
        let mut tx = self.db.begin().await?;
        tx.execute(INSERT_USERS, params![text_of(&mut somebody), hash, self.now]).await?;
        let id: i32 = tx.fetch_one(LAST_USER, Vec::new()).await?.get("id")?;
        let id = u32::try_from(id)?;

        let friends = spread(what.connections, self.users);
        let mut homes: Vec<Value> = friends.iter().map(|friend| self.person(*friend)).collect();
        let homes = text_of(&mut homes);
        tx.execute(UPDATE_HOMES, params![homes.clone()]).await?;
        tx.execute(DELETE_PLANS, params![homes]).await?;
        // Half of them have asked, and half were asked.
        let pair = |(nth, friend): (usize, &u32)| {
            if nth % 2 == 0 { connection(*friend, id, "accepted") } else { connection(id, *friend, "accepted") }
        };
        let mut pairs: Vec<Value> = friends.iter().enumerate().map(pair).collect();
        tx.execute(INSERT_CONNECTIONS, params![text_of(&mut pairs), self.now]).await?;

        let today: Date = self.now.date();
        let mut plans = Vec::new();
        for person in std::iter::once(id).chain(friends) {
            for _ in 0..what.plans {
                let first_day = today + Duration::days(self.rng.random_range(-365..330));
                plans.push(self.plan(person, first_day));
            }
        }
        tx.execute(INSERT_PLANS, params![text_of(&mut plans), self.now]).await?;
        let mut told: Vec<Value> = (0..what.notifications)
            .map(|nth| json!({ "person": id, "message": format!("Notification {nth}"), "seen": nth % 10 != 0 }))
            .collect();
        tx.execute(INSERT_NOTIFICATIONS, params![text_of(&mut told), self.now]).await?;
        tx.commit().await?;
        Ok(email)
    }
}

/// So many of the people from 2 to `users`, at even distances; all of them if there are no more.
fn spread(number: u32, users: u32) -> Vec<u32> {
    let others = users.saturating_sub(1);
    let number = number.min(others);
    let at = |nth: u32| 2 + u64::from(nth) * u64::from(others) / u64::from(number);
    (0..number).filter_map(|nth| u32::try_from(at(nth)).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::seed;
    use handler::matching;
    use handler::notifications::store::count_unread;
    use handler::place::Place;
    use handler::travels::dates::DateRange;
    use std::collections::BTreeSet;

    /// How many matches the yardstick of a world of so many people has in London within some months, and how many unread
    /// notifications.
    fn measured(people: u32) -> (usize, i64) {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite:{}", folder.path().join("world.db").display());
        seed(&database, people, u64::from(people)).unwrap();
        let what = Yardstick { connections: 20, plans: 6, notifications: 30 };
        assert_eq!(add(&database, what).unwrap(), email(people + 1));
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let db = Database::open(&parse(&database).unwrap(), 2).unwrap();
            let (id, today) = (i32::try_from(people + 1).unwrap(), SystemClock.today());
            let days = DateRange::stored(today - Duration::days(150), today + Duration::days(150));
            let met = matching::store::find(&db, id, &Place::new("London", Some("UK")), days).await.unwrap();
            (met.len(), count_unread(&db, id).await.unwrap())
        })
    }

    #[test]
    fn a_yardstick_is_alike_in_worlds_of_other_sizes() {
        let small = measured(30);
        assert!(small.0 > 5, "{small:?}");
        assert_eq!(small.1, 3, "every tenth notification is not read");
        assert_eq!(measured(200), small);
    }

    #[test]
    fn connections_are_spread_over_the_crowd() {
        assert_eq!(spread(4, 101), [2, 27, 52, 77]);
        assert_eq!(spread(3, 4), [2, 3, 4]);
        assert_eq!(spread(9, 3), [2, 3], "no more than there are");
        assert!(spread(0, 5).is_empty() && spread(5, 0).is_empty());
        let many = spread(1_000, 4_000_000_000);
        assert!(many.iter().collect::<BTreeSet<_>>().len() == 1_000 && many[999] > 3_990_000_000);
    }
}
