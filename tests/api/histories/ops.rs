//! What can happen in a history. Everything is named by small numbers, so that a history without some of its deeds is still
//! one: a connection or a plan is the latest but so many.

use proptest::prelude::*;

use super::model::{PEOPLE, WRITTEN};

/// One deed, or the passing of time.
#[derive(Debug, Clone, Copy)]
pub(super) enum Op {
    Register { who: usize },
    LogIn { who: usize },
    Refresh { who: usize },
    LogOut { who: usize },
    Move { who: usize, home: Option<Home> },
    Ask { who: usize, whom: usize },
    Accept { link: usize, by: Side },
    Reject { link: usize, by: Side },
    Remove { link: usize, by: Side },
    Plan { who: usize, written: usize, first: i64, length: i64 },
    Change { plan: usize, by: Whose, change: Change },
    GiveUp { plan: usize, by: Whose },
    Read { who: usize, note: usize, by: Whose },
    ReadAll { who: usize },
    Scan,
    Wait { minutes: i64 },
    Look { who: usize },
}

/// Where somebody lives: a place in [`WRITTEN`], with or without its country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Home {
    pub(super) written: usize,
    pub(super) with_country: bool,
}

/// Who does something about what is between two people.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    Requester,
    Receiver,
    Stranger,
}

/// Who does something about what is somebody's: its owner, or somebody that many places further.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whose {
    Owner,
    Another(usize),
}

/// What becomes of a plan.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    Place { written: usize },
    Days { first: i64, length: i64 },
    First(i64),
    Last(i64),
    Words(bool),
}

/// How two people stand when a history begins.
#[derive(Debug, Clone, Copy)]
enum Begun {
    Apart,
    Asked,
    Rejected,
    Connected,
}

/// A history: at its beginning most people have met already, so that there is more to see. It is made simpler by leaving out
/// deeds, one after the other, before anything else.
pub(super) fn history(steps: usize) -> impl Strategy<Value = Vec<Op>> {
    let pairs: Vec<(usize, usize)> = (0..PEOPLE).flat_map(|one| (0..one).map(move |other| (one, other))).collect();
    let done = prop::collection::vec(prop::bool::weighted(0.9), steps);
    let begun = prop_oneof![
        2 => Just(Begun::Apart),
        3 => Just(Begun::Asked),
        3 => Just(Begun::Rejected),
        8 => Just(Begun::Connected),
    ];
    let parts = (done, prop::collection::vec(begun, pairs.len()), prop::collection::vec(op(), steps));
    parts.prop_map(move |(done, begun, deeds)| {
        let meeting = |((who, whom), begun): (&(usize, usize), Begun)| {
            let (link, by) = (0, Side::Receiver);
            let ask = Op::Ask { who: *who, whom: *whom };
            match begun {
                Begun::Apart => vec![],
                Begun::Asked => vec![ask],
                Begun::Rejected => vec![ask, Op::Reject { link, by }],
                Begun::Connected => vec![ask, Op::Accept { link, by }],
            }
        };
        let done = deeds.into_iter().zip(done).filter_map(|(deed, kept)| kept.then_some(deed));
        pairs.iter().zip(begun).flat_map(meeting).chain(done).collect()
    })
}

fn op() -> impl Strategy<Value = Op> {
    let who = || 0..PEOPLE;
    let recent = || prop_oneof![4 => Just(0_usize), 3 => Just(1), 2 => Just(2), 1 => Just(3)];
    prop_oneof![
        1 => who().prop_map(|who| Op::Register { who }),
        1 => who().prop_map(|who| Op::LogIn { who }),
        2 => who().prop_map(|who| Op::Refresh { who }),
        1 => who().prop_map(|who| Op::LogOut { who }),
        6 => (who(), prop::option::weighted(0.9, home())).prop_map(|(who, home)| Op::Move { who, home }),
        1 => who().prop_map(|who| Op::Ask { who, whom: who }),
        8 => (who(), 1..PEOPLE).prop_map(|(who, places)| Op::Ask { who, whom: (who + places) % PEOPLE }),
        7 => (recent(), side()).prop_map(|(link, by)| Op::Accept { link, by }),
        4 => (recent(), side()).prop_map(|(link, by)| Op::Reject { link, by }),
        5 => (recent(), side()).prop_map(|(link, by)| Op::Remove { link, by }),
        24 => (who(), written(), first(), length())
            .prop_map(|(who, written, first, length)| Op::Plan { who, written, first, length }),
        9 => (recent(), whose(), change()).prop_map(|(plan, by, change)| Op::Change { plan, by, change }),
        4 => (recent(), whose()).prop_map(|(plan, by)| Op::GiveUp { plan, by }),
        4 => (who(), recent(), whose()).prop_map(|(who, note, by)| Op::Read { who, note, by }),
        1 => who().prop_map(|who| Op::ReadAll { who }),
        10 => Just(Op::Scan),
        // Some minutes end an access token, 7 days a refresh token and the wait after a rejection.
        4 => prop::sample::select(vec![20, 14 * 60, 24 * 60, 3 * 24 * 60, 7 * 24 * 60])
            .prop_map(|minutes| Op::Wait { minutes }),
        5 => who().prop_map(|who| Op::Look { who }),
    ]
}

fn home() -> impl Strategy<Value = Home> {
    (written(), any::<bool>()).prop_map(|(written, with_country)| Home { written, with_country })
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![6 => Just(Side::Receiver), 2 => Just(Side::Requester), 1 => Just(Side::Stranger)]
}

fn whose() -> impl Strategy<Value = Whose> {
    prop_oneof![5 => Just(Whose::Owner), 1 => (1..PEOPLE).prop_map(Whose::Another)]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => written().prop_map(|written| Change::Place { written }),
        3 => (first(), length()).prop_map(|(first, length)| Change::Days { first, length }),
        1 => first().prop_map(Change::First),
        1 => first().prop_map(Change::Last),
        1 => any::<bool>().prop_map(Change::Words),
    ]
}

/// A place: most are the same one, so that people meet.
fn written() -> impl Strategy<Value = usize> {
    prop_oneof![8 => 0_usize..2, 2 => 2_usize..4, 1 => 4..WRITTEN.len()]
}

/// The first day of a stay, counted from today.
fn first() -> impl Strategy<Value = i64> {
    -2_i64..4
}

/// How many days it lasts after that one.
fn length() -> impl Strategy<Value = i64> {
    0_i64..3
}
