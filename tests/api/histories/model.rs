//! The product in memory, by its contract and nothing else: lists that are gone through from end to end.

use std::collections::BTreeSet;

use serde_json::Value;
use time::{Date, Duration, OffsetDateTime};

use super::ops::{Change, Home};

/// How many people there are.
pub(super) const PEOPLE: usize = 3;
/// What they are called, in the order of lists by name.
pub(super) const NAMES: [&str; PEOPLE] = ["Ana", "ben", "Cleo"];
/// What they write for a place: its city and its country, and which city and which country that is.
pub(super) const WRITTEN: [(&str, &str, u8, u8); 6] = [
    ("Rome", "Italy", 0, 0),
    ("ROME", "it", 0, 0),
    ("Paris", "France", 1, 1),
    ("paris", "USA", 1, 2),
    ("São Paulo", "Brazil", 2, 3),
    ("sao paulo", "BRA", 2, 3),
];

const WEEK: Duration = Duration::WEEK;
const ACCESS: Duration = Duration::minutes(15);
const LONGEST_SESSION: Duration = Duration::days(30);

/// A status and the body that goes with it; null for a refusal, and for no body.
pub(super) type Outcome = (u16, Value);

/// Everything that there is.
pub(super) struct Model {
    pub(super) now: OffsetDateTime,
    pub(super) people: Vec<Option<Human>>,
    /// What is between two people; also what is gone.
    pub(super) links: Vec<Link>,
    /// The plans; also those that are gone.
    pub(super) plans: Vec<Plan>,
    pub(super) notes: Vec<Note>,
    pub(super) told: BTreeSet<Told>,
}

/// Who was told of which match: of two plans, the lower id first, or of a plan and somebody at home; and where.
pub(super) type Told = (usize, i64, i64, Option<usize>, (u8, u8));

#[derive(Debug, Clone)]
pub(super) struct Human {
    pub(super) id: i64,
    pub(super) home: Option<Home>,
    pub(super) created: OffsetDateTime,
    pub(super) updated: OffsetDateTime,
    /// The last one is the one in use.
    pub(super) sessions: Vec<Session>,
}

#[derive(Debug, Clone)]
pub(super) struct Session {
    began: OffsetDateTime,
    expires: OffsetDateTime,
    access_until: OffsetDateTime,
    ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Pending,
    Accepted,
    Rejected,
    Gone,
}

#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) id: i64,
    pub(super) requester: usize,
    pub(super) receiver: usize,
    pub(super) status: Status,
    pub(super) created: OffsetDateTime,
    pub(super) updated: OffsetDateTime,
}

#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) id: i64,
    pub(super) owner: usize,
    pub(super) written: usize,
    pub(super) first: Date,
    pub(super) last: Date,
    pub(super) words: Option<&'static str>,
    pub(super) created: OffsetDateTime,
    pub(super) updated: OffsetDateTime,
    pub(super) gone: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Note {
    /// Known once it was read.
    pub(super) id: Option<i64>,
    pub(super) receiver: usize,
    pub(super) kind: &'static str,
    pub(super) message: String,
    pub(super) related: i64,
    pub(super) is_read: bool,
    pub(super) at: OffsetDateTime,
}

impl Session {
    pub(super) fn is_live(&self, now: OffsetDateTime) -> bool {
        !self.ended && now < self.expires
    }
}

impl Plan {
    pub(super) const fn place(&self) -> (u8, u8) {
        (WRITTEN[self.written].2, WRITTEN[self.written].3)
    }

    /// The days on which it and this stay both are.
    pub(super) fn common(&self, first: Date, last: Date) -> Vec<Date> {
        days(self.first, self.last).filter(|day| days(first, last).any(|other| other == *day)).collect()
    }
}

pub(super) fn days(first: Date, last: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |day| day.next_day()).take_while(move |day| *day <= last)
}

impl Model {
    pub(super) fn new(now: OffsetDateTime) -> Self {
        let people = vec![None; PEOPLE];
        Self { now, people, links: vec![], plans: vec![], notes: vec![], told: BTreeSet::new() }
    }

    pub(super) fn today(&self) -> Date {
        self.now.date()
    }

    pub(super) fn human(&self, who: usize) -> &Human {
        self.people[who].as_ref().unwrap()
    }

    fn human_mut(&mut self, who: usize) -> &mut Human {
        self.people[who].as_mut().unwrap()
    }

    // Accounts

    pub(super) fn register(&mut self, who: usize, id: i64) -> Outcome {
        if self.people[who].is_some() {
            return (409, Value::Null);
        }
        let (created, updated) = (self.now, self.now);
        self.people[who] = Some(Human { id, home: None, created, updated, sessions: vec![] });
        (201, self.private_profile(who))
    }

    pub(super) fn log_in(&mut self, who: usize) {
        let now = self.now;
        let session = Session { began: now, expires: now + WEEK, access_until: now + ACCESS, ended: false };
        self.human_mut(who).sessions.push(session);
    }

    pub(super) fn refresh(&mut self, who: usize) -> u16 {
        let now = self.now;
        let session = self.human_mut(who).sessions.last_mut().unwrap();
        if !session.is_live(now) {
            return 401;
        }
        session.expires = (now + WEEK).min(session.began + LONGEST_SESSION);
        session.access_until = now + ACCESS;
        200
    }

    pub(super) fn log_out(&mut self, who: usize) -> Outcome {
        self.human_mut(who).sessions.last_mut().unwrap().ended = true;
        (204, Value::Null)
    }

    /// Whether the access token in use is good.
    pub(super) fn is_in(&self, who: usize) -> bool {
        let session = self.human(who).sessions.last();
        session.is_some_and(|session| session.is_live(self.now) && self.now < session.access_until)
    }

    pub(super) fn live_home(&mut self, who: usize, home: Option<Home>) -> Outcome {
        let now = self.now;
        let before = self.private_profile(who);
        self.human_mut(who).home = home;
        if self.private_profile(who) != before {
            self.human_mut(who).updated = now;
        }
        (200, self.private_profile(who))
    }

    // Connections

    /// What is between two people.
    pub(super) fn between(&self, one: usize, other: usize) -> Option<usize> {
        let of_the_two = |link: &Link| [(one, other), (other, one)].contains(&(link.requester, link.receiver));
        self.links.iter().position(|link| link.status != Status::Gone && of_the_two(link))
    }

    pub(super) fn are_connected(&self, one: usize, other: usize) -> bool {
        self.between(one, other).is_some_and(|link| self.links[link].status == Status::Accepted)
    }

    pub(super) fn ask(&mut self, who: usize, whom: usize, id: i64) -> Outcome {
        if who == whom {
            return (400, Value::Null);
        }
        let now = self.now;
        let Some(present) = self.between(who, whom) else {
            assert!(self.links.iter().all(|link| link.id != id), "this id is another connection's");
            let (created, updated) = (now, now);
            let status = Status::Pending;
            self.links.push(Link { id, requester: who, receiver: whom, status, created, updated });
            self.tell(whom, "connection_request", format!("{} wants to connect with you", NAMES[who]), id);
            return (201, self.connection(self.links.len() - 1));
        };
        let link = &mut self.links[present];
        let id = link.id;
        match link.status {
            Status::Pending if link.receiver == who => {
                (link.status, link.updated) = (Status::Accepted, now);
                self.tell(whom, "connection_accepted", accepted(who), id);
                (200, self.connection(present))
            }
            Status::Rejected if link.receiver == who || now - link.updated >= WEEK => {
                *link =
                    Link { id, requester: who, receiver: whom, status: Status::Pending, created: now, updated: now };
                self.tell(whom, "connection_request", format!("{} wants to connect with you", NAMES[who]), id);
                (201, self.connection(present))
            }
            _ => (409, Value::Null),
        }
    }

    pub(super) fn answer(&mut self, link: usize, who: usize, accept: bool) -> Outcome {
        let now = self.now;
        let present = &mut self.links[link];
        let (id, requester) = (present.id, present.requester);
        match present.status {
            Status::Gone => return (404, Value::Null),
            _ if present.requester == who => return (403, Value::Null),
            _ if present.receiver != who => return (404, Value::Null),
            Status::Pending => present.updated = now,
            Status::Accepted | Status::Rejected => return (409, Value::Null),
        }
        if accept {
            present.status = Status::Accepted;
            self.tell(requester, "connection_accepted", accepted(who), id);
        } else {
            present.status = Status::Rejected;
        }
        (200, self.connection(link))
    }

    pub(super) fn remove(&mut self, link: usize, who: usize) -> Outcome {
        let link = &mut self.links[link];
        let status = match link.status {
            Status::Gone => 404,
            _ if ![link.requester, link.receiver].contains(&who) => 404,
            Status::Rejected => 409,
            Status::Pending if link.receiver == who => 403,
            Status::Pending | Status::Accepted => 204,
        };
        if status == 204 {
            link.status = Status::Gone;
        }
        (status, Value::Null)
    }

    // Plans

    pub(super) fn plan(&mut self, owner: usize, written: usize, (first, last): (Date, Date), id: i64) -> Outcome {
        assert!(self.plans.iter().all(|plan| plan.id != id), "this id is another plan's");
        let (created, updated) = (self.now, self.now);
        self.plans.push(Plan { id, owner, written, first, last, words: None, created, updated, gone: false });
        (201, self.travel(self.plans.last().unwrap()))
    }

    /// 200 for the owner, or what somebody else gets.
    pub(super) fn standing(&self, plan: usize, who: usize, to_a_connection: u16) -> u16 {
        let plan = &self.plans[plan];
        match plan.gone {
            false if plan.owner == who => 200,
            false if self.are_connected(plan.owner, who) => to_a_connection,
            _ => 404,
        }
    }

    pub(super) fn change(&mut self, plan: usize, who: usize, change: Change) -> Outcome {
        let (standing, now) = (self.standing(plan, who, 403), self.now);
        let day = |number| now.date() + Duration::days(number);
        if standing != 200 {
            return (standing, Value::Null);
        }
        let before = self.travel(&self.plans[plan]);
        let changed = &mut self.plans[plan];
        match change {
            Change::Place { written } => changed.written = written,
            Change::Days { first, length } => (changed.first, changed.last) = (day(first), day(first + length)),
            Change::First(first) if day(first) > changed.last => return (400, Value::Null),
            Change::First(first) => changed.first = day(first),
            Change::Last(last) if day(last) < changed.first => return (400, Value::Null),
            Change::Last(last) => changed.last = day(last),
            Change::Words(some) => changed.words = some.then_some("By train"),
        }
        if self.travel(&self.plans[plan]) != before {
            self.plans[plan].updated = now;
        }
        (200, self.travel(&self.plans[plan]))
    }

    pub(super) fn give_up(&mut self, plan: usize, who: usize) -> Outcome {
        let standing = self.standing(plan, who, 403);
        if standing != 200 {
            return (standing, Value::Null);
        }
        self.plans[plan].gone = true;
        (204, Value::Null)
    }

    /// The plans of somebody that there are.
    pub(super) fn plans_of(&self, owner: usize) -> impl Iterator<Item = &Plan> {
        self.plans.iter().filter(move |plan| plan.owner == owner && !plan.gone)
    }

    /// Whether somebody lives in this place and is there on all of these days.
    pub(super) fn is_at_home(&self, who: usize, place: (u8, Option<u8>), first: Date, last: Date) -> bool {
        let lives_there = self.human(who).home.is_some_and(|home| {
            let (_, _, city, country) = WRITTEN[home.written];
            city == place.0 && (!home.with_country || place.1.is_none_or(|asked| asked == country))
        });
        lives_there && self.plans_of(who).all(|plan| plan.common(first, last).is_empty())
    }
}

fn accepted(who: usize) -> String {
    format!("{} accepted your connection request", NAMES[who])
}
