//! What people do all day: connect and part, move, and plan, plan otherwise and give up.

use std::collections::BTreeSet;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use tests::{Person, TestApp};
use time::{Date, Duration};
use tokio::sync::{RwLock, Semaphore};
use tokio::task::JoinHandle;

use crate::history::{History, NAMES, SharedHistory, Stay, Ticks, WRITTEN};
use crate::watch::Watch;

/// How many plans somebody has at most.
const MOST_PLANS: usize = 6;
/// From how many days the plans are: so few that many meet.
const DAYS: i64 = 120;

/// All that the people share.
pub(crate) struct World {
    pub(crate) people: Vec<Person>,
    pub(crate) history: SharedHistory,
    pub(crate) ticks: Ticks,
    pub(crate) watch: Watch,
    /// How many more deeds may be done.
    pub(crate) allowed: Semaphore,
    /// Whoever holds this alone does something while nobody else does.
    alone: RwLock<()>,
    pub(crate) today: Date,
}

impl World {
    pub(crate) async fn new(app: &TestApp, today: Date) -> Arc<Self> {
        let mut people = Vec::new();
        for name in NAMES {
            people.push(app.joined_as(&format!("{name}@example.org"), name).await);
        }
        Arc::new(Self {
            people,
            history: History::new().into(),
            ticks: Ticks::default(),
            watch: Watch::new(app.database().open()),
            allowed: Semaphore::new(0),
            alone: RwLock::default(),
            today,
        })
    }

    /// All pairs of people.
    pub(crate) fn everybody(&self) -> Vec<(i32, i32)> {
        let ids: Vec<i32> = self.people.iter().map(|person| i32::try_from(person.id).unwrap()).collect();
        ids.iter().flat_map(|low| ids.iter().map(move |high| (*low, *high))).filter(|(low, high)| low < high).collect()
    }

    /// Waits until nobody may do anything more.
    pub(crate) async fn rest(&self, actors: &[JoinHandle<()>]) {
        while self.allowed.available_permits() > 0 {
            assert!(!actors.iter().any(JoinHandle::is_finished), "somebody can't go on: see above");
            self.look().await;
        }
    }

    pub(crate) async fn look(&self) -> usize {
        self.watch.look(&self.ticks).await
    }
}

/// One of several who act at the same time: for these people, and for the pairs of which one of them is the lower one.
/// So every fact has one who changes it.
pub(crate) struct Actor {
    world: Arc<World>,
    people: Vec<usize>,
    rng: StdRng,
    /// The days of all plans there ever were: no two of one person are the same, so that a message tells which it means.
    used: BTreeSet<(usize, Date, Date)>,
}

impl Actor {
    /// The one of this `number` among so many.
    pub(crate) fn new(world: &Arc<World>, seed: u64, number: usize, among: usize) -> Self {
        let rng = StdRng::seed_from_u64(seed * 1_000 + number as u64);
        let people = (0..NAMES.len()).filter(|person| person % among == number).collect();
        Self { world: Arc::clone(world), people, rng, used: BTreeSet::new() }
    }

    /// Acts as long as it is allowed to.
    pub(crate) async fn act(mut self) {
        loop {
            let world = Arc::clone(&self.world);
            let Ok(permit) = world.allowed.acquire().await else { return };
            permit.forget();
            // Some are alone: what is written after such a deed was written by a scan that knew of it.
            if self.rng.random_bool(0.2) {
                let _alone = world.alone.write().await;
                self.deed().await;
                world.look().await;
            } else {
                let _together = world.alone.read().await;
                self.deed().await;
            }
            world.look().await;
        }
    }

    async fn deed(&mut self) {
        let person = *self.people.choose(&mut self.rng).unwrap();
        let plans = self.world.history.lock().unwrap().stays_of(person);
        let plan = plans.choose(&mut self.rng).copied();
        match (self.rng.random_range(0..100), plan) {
            (0..25, _) => self.meet_or_part(person).await,
            (25..35, _) => self.move_home(person).await,
            (35..45, Some((id, stay))) => {
                let written = self.written();
                self.change(person, id, Stay { written, ..stay }).await;
            }
            (45..58, Some((id, stay))) => {
                let (first, last) = self.days(person);
                self.change(person, id, Stay { first, last, ..stay }).await;
            }
            (58..62, Some((id, _))) => self.describe(person, id).await,
            (62..74, Some((id, _))) => self.give_up(person, id).await,
            _ if plans.len() < MOST_PLANS => self.plan(person).await,
            (_, Some((id, _))) => self.give_up(person, id).await,
            (_, None) => {}
        }
    }

    async fn meet_or_part(&mut self, person: usize) {
        if person + 1 == NAMES.len() {
            return;
        }
        let other = self.rng.random_range(person + 1..NAMES.len());
        let connected = *self.world.history.lock().unwrap().pair(person, other).last();
        // Who is connected stays so a while: there is more to tell.
        if connected && self.rng.random_bool(0.5) {
            return;
        }
        let (mut one, mut two) = (&self.world.people[person], &self.world.people[other]);
        if self.rng.random() {
            (one, two) = (two, one);
        }
        let begun = self.world.ticks.next();
        if connected {
            let friends = one.get("/api/v1/connections?limit=100").await.expect_status(200).data();
            let connection = friends.iter().find(|entry| entry["user"]["id"] == two.id).unwrap();
            one.delete(&format!("/api/v1/connections/{}", connection["id"])).await.expect_status(204);
        } else if self.rng.random() {
            one.connects_with(two).await;
        } else {
            one.asks(two).await.expect_status(201);
            two.asks(one).await.expect_status(200);
        }
        let span = (begun, self.world.ticks.next());
        self.record(if connected { "parted" } else { "connected" }, |history| {
            history.pairs.get_mut(&(person, other)).unwrap().set(span, !connected);
        });
    }

    async fn move_home(&mut self, person: usize) {
        let home = self.rng.random_bool(0.8).then(|| self.written());
        let country = home.filter(|_| self.rng.random()).map(|home| WRITTEN[home].1);
        let body = json!({ "home_city": home.map(|home| WRITTEN[home].0), "home_country": country });
        let begun = self.world.ticks.next();
        self.world.people[person].put("/api/v1/users/me", &body).await.expect_status(200);
        let span = (begun, self.world.ticks.next());
        self.record("moved", |history| history.homes[person].set(span, home));
    }

    async fn plan(&mut self, person: usize) {
        let (first, last) = self.days(person);
        let stay = Stay { written: self.written(), first, last };
        let begun = self.world.ticks.next();
        let answer = self.world.people[person].post("/api/v1/travels", &body(stay)).await;
        let id = answer.expect_status(201).json()["id"].as_i64().unwrap();
        let span = (begun, self.world.ticks.next());
        self.record("planned", |history| {
            let mut plan = crate::history::Timeline::new(None);
            plan.set(span, Some(stay));
            history.plans.insert(i32::try_from(id).unwrap(), (person, plan));
        });
    }

    async fn change(&self, person: usize, id: i32, stay: Stay) {
        let begun = self.world.ticks.next();
        let path = format!("/api/v1/travels/{id}");
        self.world.people[person].put(&path, &body(stay)).await.expect_status(200);
        let span = (begun, self.world.ticks.next());
        self.record("planned otherwise", |history| {
            history.plans.get_mut(&id).unwrap().1.set(span, Some(stay));
        });
    }

    async fn describe(&mut self, person: usize, id: i32) {
        let description = json!({ "description": format!("Number {}", self.rng.random::<u32>()) });
        self.world.people[person].put(&format!("/api/v1/travels/{id}"), &description).await.expect_status(200);
        self.record("described", |_| ());
    }

    async fn give_up(&self, person: usize, id: i32) {
        let begun = self.world.ticks.next();
        self.world.people[person].delete(&format!("/api/v1/travels/{id}")).await.expect_status(204);
        let span = (begun, self.world.ticks.next());
        self.record("given up", |history| history.plans.get_mut(&id).unwrap().1.set(span, None));
    }

    fn record(&self, deed: &'static str, change: impl FnOnce(&mut History)) {
        let mut history = self.world.history.lock().unwrap();
        *history.deeds.entry(deed).or_default() += 1;
        change(&mut history);
    }

    fn written(&mut self) -> usize {
        self.rng.random_range(0..WRITTEN.len())
    }

    /// Days on which this person had no plan yet; a few are past. None begins or ends on a day next to today, so that
    /// midnight changes nothing.
    fn days(&mut self, person: usize) -> (Date, Date) {
        loop {
            let length = Duration::days(self.rng.random_range(0..20));
            let (first, last) = if self.rng.random_bool(0.1) {
                let last = self.world.today - Duration::days(self.rng.random_range(2..DAYS));
                (last - length, last)
            } else {
                let first = self.world.today + Duration::days(self.rng.random_range(2..DAYS));
                (first, first + length)
            };
            if self.used.insert((person, first, last)) {
                return (first, last);
            }
        }
    }
}

fn body(stay: Stay) -> Value {
    let (city, country, _) = WRITTEN[stay.written];
    json!({ "city": city, "country": country, "start_date": stay.first.to_string(), "end_date": stay.last.to_string() })
}
