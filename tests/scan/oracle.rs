//! What everybody must have been told, may have been told, and must not have been told, by the history alone.

use std::collections::BTreeSet;

use handler::scan::rules::MeetingKey;

use crate::deeds::World;
use crate::history::{History, NAMES, PLACES, Stay, WRITTEN};
use crate::messages::{Days, Message};
use crate::watch::Seen;

/// Somebody who was told of a match.
type Told = (i32, MeetingKey);

/// What was found, a line each; nothing if all is well.
pub(crate) struct Verdict {
    pub(crate) faults: Vec<String>,
    /// How many had to be told of a match that holds at the end.
    pub(crate) holding: usize,
}

/// Holds all that was written against the history.
pub(crate) fn judge(world: &World, seen: &[Seen], told: &[Told]) -> Verdict {
    let history = world.history.lock().unwrap();
    let judge = Judge { world, history: &history, days: Days::of(&history, world.today) };
    let mut faults = Vec::new();
    let mut keys = BTreeSet::new();
    for one in seen {
        let Some((receiver, message)) = judge.read(one) else {
            faults.push(format!("nobody understands {one:?}"));
            continue;
        };
        if !judge.may_be(one, receiver, &message) {
            faults.push(format!("impossible when it was written: {one:?}, {message:?}"));
        }
        if !keys.insert(judge.key(one, &message)) {
            faults.push(format!("told twice: {one:?}"));
        }
    }
    let told: BTreeSet<Told> = told.iter().cloned().collect();
    faults
        .extend(told.difference(&keys).map(|one| format!("noted as told, and there is no such notification: {one:?}")));
    faults.extend(keys.difference(&told).map(|one| format!("told, and not noted: {one:?}")));
    let holding = judge.holding();
    faults.extend(holding.difference(&keys).map(|one| format!("holds at the end, and was not told: {one:?}")));
    Verdict { faults, holding: holding.len() }
}

struct Judge<'a> {
    world: &'a World,
    history: &'a History,
    days: Days,
}

impl Judge<'_> {
    fn id(&self, person: usize) -> i32 {
        i32::try_from(self.world.people[person].id).unwrap()
    }

    fn read(&self, one: &Seen) -> Option<(usize, Message)> {
        let receiver = (0..NAMES.len()).find(|person| self.id(*person) == one.receiver)?;
        Some((receiver, self.days.read(&one.message)?))
    }

    /// By what the match of a notification is known.
    fn key(&self, one: &Seen, message: &Message) -> Told {
        let key = match message {
            Message::Crossing { place, plan, .. } => key(one.related, *plan, 0, *place),
            Message::AtHome { other, place, .. } => key(one.related, 0, self.id(*other), *place),
            Message::Visit { place, .. } => key(one.related, 0, one.receiver, *place),
        };
        (one.receiver, key)
    }

    /// Whether there was a moment at which it can have been written and all that it says can have been true.
    fn may_be(&self, one: &Seen, receiver: usize, message: &Message) -> bool {
        let (first, last) = one.window;
        (first..=last).any(|tick| self.may_be_at(tick, one, receiver, message))
    }

    fn may_be_at(&self, tick: u64, one: &Seen, receiver: usize, message: &Message) -> bool {
        let (Message::Crossing { other, .. } | Message::AtHome { other, .. } | Message::Visit { other, .. }) = *message;
        if receiver == other || !self.history.pair(receiver, other).at(tick).any(|connected| *connected) {
            return false;
        }
        let plan = |id: i32, owner: usize| {
            let plan = self.history.plans.get(&id).filter(|(whose, _)| *whose == owner);
            plan.into_iter().flat_map(move |(_, versions)| versions.at(tick).flatten().copied())
        };
        match message {
            Message::Crossing { place, city, plan: others, days, overlap, .. } => {
                let own = plan(one.related, receiver).any(|stay| {
                    stay.place() == *place && WRITTEN[stay.written].0 == city && stay.days_with(*days) == *overlap
                });
                let theirs =
                    plan(*others, other).any(|stay| stay.place() == *place && (stay.first, stay.last) == *days);
                own && theirs && *overlap > 0 && self.is_to_come(days.1)
            }
            Message::AtHome { place, city, .. } => plan(one.related, receiver).any(|stay| {
                stay.place() == *place && WRITTEN[stay.written].0 == city && self.is_at_home(tick, other, None, stay)
            }),
            Message::Visit { place, city, days, .. } => plan(one.related, other).any(|stay| {
                let as_told = stay.place() == *place && (stay.first, stay.last) == *days;
                as_told && self.is_at_home(tick, receiver, Some(city), stay)
            }),
        }
    }

    /// Whether somebody can have been at home during a stay of another's there, in a city that they write like this.
    fn is_at_home(&self, tick: u64, person: usize, city: Option<&str>, stay: Stay) -> bool {
        let lives_there = self.history.homes[person]
            .at(tick)
            .flatten()
            .any(|home| WRITTEN[*home].2 == stay.place() && city.is_none_or(|city| WRITTEN[*home].0 == city));
        let is_free = |versions: &crate::history::Timeline<Option<Stay>>| {
            versions.at(tick).any(|version| version.is_none_or(|own| !own.overlaps(stay)))
        };
        lives_there && self.is_to_come(stay.last) && self.history.plans_of(person).all(|(_, plan)| is_free(plan))
    }

    fn is_to_come(&self, last: time::Date) -> bool {
        last >= self.world.today
    }

    /// Who must have been told of what, because it holds now.
    fn holding(&self) -> BTreeSet<Told> {
        let mut all = BTreeSet::new();
        for ((low, high), connected) in &self.history.pairs {
            if !connected.last() {
                continue;
            }
            for (one, other) in [(*low, *high), (*high, *low)] {
                let others = self.history.stays_of(other);
                let home = self.history.homes[other].last().map(|home| WRITTEN[home].2);
                for (plan, stay) in self.history.stays_of(one) {
                    if !self.is_to_come(stay.last) {
                        continue;
                    }
                    for (second, theirs) in &others {
                        if stay.place() == theirs.place() && stay.overlaps(*theirs) && self.is_to_come(theirs.last) {
                            all.insert((self.id(one), key(plan, *second, 0, stay.place())));
                        }
                    }
                    if home == Some(stay.place()) && others.iter().all(|(_, away)| !away.overlaps(stay)) {
                        let key = key(plan, 0, self.id(other), stay.place());
                        all.extend([(self.id(one), key.clone()), (self.id(other), key)]);
                    }
                }
            }
        }
        all
    }
}

fn key(plan: i32, other: i32, home_user_id: i32, place: usize) -> MeetingKey {
    let (plan_id, other_plan_id) = if other == 0 { (plan, 0) } else { (plan.min(other), plan.max(other)) };
    let (city, country) = PLACES[place];
    MeetingKey { plan_id, other_plan_id, home_user_id, city_key: city.to_owned(), country_key: country.to_owned() }
}
