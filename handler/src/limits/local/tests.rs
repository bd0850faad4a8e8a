use std::net::Ipv4Addr;

use proptest::prelude::*;
use time::macros::datetime;

use super::*;
use crate::http::client_address::ClientAddress;

const NOW: OffsetDateTime = datetime!(2026-01-31 10:30 UTC);
const ANA: Bucket = Bucket::User(17);

/// The database, as far as one bucket goes.
#[derive(Debug, Default)]
struct Shared {
    hits: u32,
    asked: u32,
}

impl Shared {
    fn count(&mut self, hits: u32) -> Counted {
        self.hits += hits;
        self.asked += 1;
        Counted { hits: self.hits, ends_at: NOW + WINDOW }
    }
}

/// Sends a request to an instance that asks at once if it has to.
fn send(local: &Local, shared: &mut Shared, limit: u32, now: OffsetDateTime) -> Verdict {
    match local.decide(ANA, limit, now, false) {
        Decision::Made(verdict) => verdict,
        Decision::Ask(ask) => {
            let counted = shared.count(ask.hits());
            ask.answered(counted)
        }
    }
}

/// How many of `number` requests are served.
fn served(local: &Local, shared: &mut Shared, limit: u32, number: u32) -> usize {
    (0..number).filter(|_| send(local, shared, limit, NOW).admitted).count()
}

#[test]
fn one_instance_serves_exactly_the_limit_and_seldom_asks() {
    let (local, mut shared) = (Local::default(), Shared::default());
    let remaining: Vec<u32> = (0..102).map(|_| send(&local, &mut shared, 100, NOW).standing.remaining).collect();
    assert_eq!(remaining[..100], (0..100).rev().collect::<Vec<_>>());
    assert_eq!(remaining[100..], [0, 0]);
    assert_eq!(served(&local, &mut shared, 100, 50), 0);
    assert!((20..=40).contains(&shared.asked), "{} times asked", shared.asked);
    let asked = shared.asked;
    assert_eq!(served(&local, &mut shared, 100, 1_000), 0);
    assert_eq!(shared.asked, asked, "whoever has reached the limit costs the database nothing");
}

#[test]
fn an_answer_is_believed_for_less_than_a_second() {
    let (local, mut shared) = (Local::default(), Shared::default());
    send(&local, &mut shared, 100, NOW);
    send(&local, &mut shared, 100, NOW + TRUSTED - Duration::from_micros(1));
    assert_eq!(shared.asked, 1);
    send(&local, &mut shared, 100, NOW + TRUSTED);
    assert_eq!((shared.asked, shared.hits), (2, 3), "and it tells what was served meanwhile");
    send(&local, &mut shared, 100, NOW);
    assert_eq!(shared.asked, 3, "a clock that is turned back makes it no younger");
}

#[test]
fn a_window_ends_and_the_next_request_begins_another() {
    let local = Local::default();
    let mut shared = Shared::default();
    assert_eq!(served(&local, &mut shared, 10, 12), 10);
    assert_eq!(local.look(ANA, 10, NOW).remaining, 0);
    let after = NOW + WINDOW;
    assert_eq!(local.look(ANA, 10, after), Standing::after(0, 10, after + WINDOW));
    assert!(matches!(local.decide(ANA, 10, after, false), Decision::Ask(ask) if ask.hits() == 1));
    // So does one that a clock had begun that has been turned back since.
    let before = NOW - LONGEST;
    assert_eq!(local.look(ANA, 10, before), Standing::after(0, 10, before + WINDOW));
}

#[test]
fn what_was_not_told_is_told_the_next_time() {
    let (local, mut shared) = (Local::default(), Shared::default());
    send(&local, &mut shared, 100, NOW);
    for _ in 0..5 {
        send(&local, &mut shared, 100, NOW);
    }
    let later = NOW + TRUSTED;
    let Decision::Ask(ask) = local.decide(ANA, 100, later, false) else { panic!("it does not ask") };
    assert_eq!(ask.hits(), 6);
    drop(ask);
    let Decision::Ask(ask) = local.decide(ANA, 100, later + TRUSTED, false) else { panic!("it does not ask") };
    assert_eq!(ask.hits(), 7, "those six, of which one was given up, and this one");
    let counted = shared.count(ask.hits());
    assert_eq!(ask.answered(counted).standing.remaining, 92);
}

#[test]
fn without_the_database_each_instance_goes_by_its_own_count() {
    let local = Local::default();
    let mut verdicts = Vec::new();
    match local.decide(ANA, 3, NOW, false) {
        Decision::Ask(ask) => verdicts.push(ask.unanswered()),
        Decision::Made(verdict) => panic!("it does not ask: {verdict:?}"),
    }
    for _ in 0..3 {
        match local.decide(ANA, 3, NOW, true) {
            Decision::Made(verdict) => verdicts.push(verdict),
            Decision::Ask(ask) => panic!("it asks: {ask:?}"),
        }
    }
    assert_eq!(verdicts.iter().map(|verdict| verdict.admitted).collect::<Vec<_>>(), [true, true, true, false]);
    let Decision::Ask(ask) = local.decide(ANA, 3, NOW, false) else { panic!("it does not ask again") };
    assert_eq!(ask.hits(), 4, "the three that were served, and this one");
    assert!(!ask.unanswered().admitted);
}

#[test]
fn old_answers_change_nothing() {
    let local = Local::default();
    let ask = || match local.decide(ANA, 5, NOW, false) {
        Decision::Ask(ask) => ask,
        Decision::Made(verdict) => panic!("it does not ask: {verdict:?}"),
    };
    let (first, second, third) = (ask(), ask(), ask());
    let counted = |hits, ends_at| Counted { hits, ends_at };
    assert!(second.answered(counted(5, NOW + WINDOW)).admitted);
    assert!(first.answered(counted(4, NOW + WINDOW)).admitted);
    assert_eq!(local.look(ANA, 5, NOW).remaining, 0);
    assert!(third.answered(counted(1, NOW + WINDOW - TRUSTED)).admitted, "it was counted in the window before");
    assert!(local.refusal(ANA, 5, NOW).is_some());
    assert_eq!(local.refusal(ANA, 5, NOW + WINDOW), None);
    assert_eq!(local.refusal(Bucket::User(18), 5, NOW), None);
}

#[test]
fn there_is_room_for_so_many_windows_and_ended_ones_make_room() {
    let local = Local::with_room_for(2);
    let address = |last| Bucket::Address(ClientAddress::V4(Ipv4Addr::new(203, 0, 113, last)));
    let learn = |bucket, now| local.learn(bucket, Counted { hits: 3, ends_at: now + WINDOW }, now);
    for last in 1..=3 {
        learn(address(last), NOW);
    }
    let remaining = |now| [1, 2, 3].map(|last| local.look(address(last), 10, now).remaining);
    assert_eq!(remaining(NOW), [7, 7, 10]);
    // What there is no room for is asked about each time, one by one.
    for _ in 0..3 {
        let Decision::Ask(ask) = local.decide(address(3), 10, NOW, false) else { panic!("it does not ask") };
        assert_eq!(ask.hits(), 1);
        let verdict = ask.answered(Counted { hits: 11, ends_at: NOW + WINDOW });
        assert_eq!(verdict, Verdict::on(11, 10, NOW + WINDOW));
    }
    let Decision::Made(verdict) = local.decide(address(3), 10, NOW, true) else { panic!("it asks") };
    assert!(verdict.admitted);

    learn(address(3), NOW + WINDOW);
    assert_eq!(remaining(NOW + WINDOW), [10, 10, 7]);
    assert_eq!(local.lock().of.len(), 1);
}

proptest! {
    /// Instances in any order, answers that come late and in any order: nobody is refused before the limit, and no more are
    /// served than the module says.
    #[test]
    fn security_22_the_overshoot_is_bounded(
        instances in 1_usize..5,
        limit in 1_u32..120,
        steps in proptest::collection::vec((0_u8..4, 0_usize..64, 0_u64..40), 1..600),
    ) {
        let locals: Vec<Local> = (0..instances).map(|_| Local::default()).collect();
        let (mut shared, mut now) = (Shared::default(), NOW);
        let (mut begun, mut served) = (0_u32, 0_u32);
        let mut asking = Vec::new();
        let mut counted = Vec::new();
        for (step, which, passed) in steps {
            now = (now + Duration::from_millis(passed)).min(NOW + WINDOW - TRUSTED);
            match step {
                0 if !asking.is_empty() => {
                    let ask: Ask<'_> = asking.swap_remove(which % asking.len());
                    let answer = shared.count(ask.hits());
                    counted.push((ask, answer));
                }
                1 if !counted.is_empty() => {
                    let (ask, answer) = counted.swap_remove(which % counted.len());
                    served += u32::from(ask.answered(answer).admitted);
                }
                _ => {
                    begun += 1;
                    match locals[which % instances].decide(ANA, limit, now, false) {
                        Decision::Made(verdict) => served += u32::from(verdict.admitted),
                        Decision::Ask(ask) => asking.push(ask),
                    }
                }
            }
        }
        for ask in asking {
            let answer = shared.count(ask.hits());
            counted.push((ask, answer));
        }
        for (ask, answer) in counted {
            served += u32::from(ask.answered(answer).admitted);
        }
        let too_many = u32::try_from(instances).unwrap() * (limit / CREDIT);
        prop_assert!(served >= begun.min(limit), "{served} of {begun} served, with a limit of {limit}");
        prop_assert!(served <= limit + too_many, "{served} served, with a limit of {limit}");
    }

    #[test]
    fn security_22_where_no_answer_is_late_one_instance_serves_none_too_many(
        limit in 1_u32..120,
        turns in proptest::collection::vec((0_usize..4, 0_u64..60), 1..400),
        instances in 1_usize..5,
    ) {
        let locals: Vec<Local> = (0..instances).map(|_| Local::default()).collect();
        let (mut shared, mut now, begun) = (Shared::default(), NOW, u32::try_from(turns.len()).unwrap());
        let mut served = 0;
        for (which, passed) in turns {
            now = (now + Duration::from_millis(passed)).min(NOW + WINDOW - TRUSTED);
            served += u32::from(send(&locals[which % instances], &mut shared, limit, now).admitted);
        }
        let too_many = (u32::try_from(instances).unwrap() - 1) * (limit / CREDIT);
        prop_assert!((begun.min(limit)..=limit + too_many).contains(&served), "{served} of {begun}, with a limit of {limit}");
    }
}
