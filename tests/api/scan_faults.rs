//! The match scan on a bad wire: whatever fails on the way to the database, everybody is told of each match once.

use std::collections::BTreeSet;
use std::time::Duration;

use handler::db::DbError;
use handler::scan::run::{ScanSettings, Scanner};
use handler::scan::store;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;
use tests::fault::{At, Fault, FaultyWire};
use tests::{OwnDatabase, Person, Setup, TestApp, statements};

/// Longer than a scan's lease.
const PAST_THE_LEASE: Duration = Duration::from_secs(121);

/// Faults of the server that pass: number and class. A deadlock; too busy; not there just now; too many requests; no more
/// connections; moved; a lock that was not had in time.
const PASSING: [(u32, u8); 7] =
    [(1205, 13), (40501, 20), (40613, 17), (10928, 16), (10929, 16), (40197, 20), (1222, 16)];

/// An application with friends who will all be in one place, on one day after the other; that many days.
async fn friends(days: i64) -> (TestApp, [Person; 3]) {
    let (app, people) = TestApp::with_users(["ana", "ben", "cleo"]).await;
    let [ana, ben, cleo] = &people;
    ana.connects_with(ben).await;
    ana.connects_with(cleo).await;
    ben.connects_with(cleo).await;
    for day in 0..days {
        all_in_rome(&people, day).await;
    }
    (app, people)
}

/// Each plans to be in Rome for the one day, so many days after the first.
async fn all_in_rome(people: &[Person; 3], day: i64) {
    let day = (time::macros::date!(2026 - 03 - 01) + time::Duration::days(day)).to_string();
    for person in people {
        let plan = json!({ "city": "Rome", "country": "Italy", "start_date": day, "end_date": day });
        person.post("/api/v1/travels", &plan).await.expect_status(201);
    }
}

/// Fails unless each of the three was told of the two others for each day, once.
async fn assert_each_is_told_once(app: &TestApp, people: &[Person; 3], days: usize) {
    for person in people {
        let person = app.anonymous().log_in(&person.email, &person.password).await;
        let mut told = Vec::new();
        for offset in (0..).step_by(100) {
            let path = format!("/api/v1/notifications?type=travel_match&limit=100&offset={offset}");
            let page = person.get(&path).await.expect_status(200).data().clone();
            if page.is_empty() {
                break;
            }
            told.extend(page.iter().map(|entry| format!("{} {}", entry["related_entity_id"], entry["message"])));
        }
        let different: BTreeSet<&String> = told.iter().collect();
        assert_eq!((told.len(), different.len()), (2 * days, 2 * days), "{told:#?}");
    }
}

/// Scans over a sound wire until nothing is left, and fails if something was set aside.
async fn scan_to_the_end(app: &TestApp) {
    app.clock.advance(PAST_THE_LEASE);
    app.scanner(ScanSettings::default()).run(|_| ()).await.unwrap();
    let left = store::backlog(&app.state.db).await.unwrap();
    assert_eq!((left.waiting, left.set_aside), (0, 0));
}

fn any_fault(random: &mut StdRng) -> Fault {
    let (number, class) = *PASSING.choose(random).unwrap();
    let faults = [
        Fault::CutBefore,
        Fault::CutWithin,
        Fault::CutAfter,
        Fault::CutWithinAnswer,
        Fault::CutAnswered,
        Fault::Refused { number, class },
    ];
    *faults.choose(random).unwrap()
}

/// Any place: a statement soon or late, or one that decides.
fn any_place(random: &mut StdRng) -> At {
    match random.random_range(0..10) {
        0..=5 => At::Statement(random.random_range(1..=24)),
        6 | 7 => At::Text("COMMIT"),
        8 => At::Text("DELETE FROM match_causes"),
        _ => At::Text("INSERT INTO told_matches"),
    }
}

#[tokio::test]
async fn security_23_whatever_fails_on_the_way_each_match_is_told_once() {
    const FAULTS: usize = 50;
    const DAYS: usize = 20;
    let (app, people) = friends(i64::try_from(DAYS).unwrap()).await;
    let Some(wire) = FaultyWire::to(app.database()).await else { return };
    let settings = ScanSettings { batch: 2, ..ScanSettings::default() };
    let scanner = Scanner { db: wire.open(4), ..app.scanner(settings) };
    let mut random = StdRng::seed_from_u64(23);
    while wire.struck().len() < FAULTS {
        wire.mend();
        // Sometimes another one follows on the first: it may strike what is done about that.
        wire.add(any_place(&mut random), any_fault(&mut random));
        if random.random_bool(0.3) {
            wire.add(At::Statement(random.random_range(1..=3)), any_fault(&mut random));
        }
        let run = scanner.run(|summary| assert_eq!((summary.failed, summary.set_aside), (0, 0))).await;
        if let Err(error) = &run {
            assert!(matches!(error, DbError::Unavailable { .. }), "{error:?} after {:?}", wire.struck().last());
        } else {
            let left = store::backlog(&app.state.db).await.unwrap().waiting;
            assert!(left > 0, "all is told after {} faults: these are too few for the story", wire.struck().len());
        }
        // What a scan has that was cut off is free now and then; where nothing else is left, always.
        if run.is_ok() || random.random_bool(0.5) {
            app.clock.advance(PAST_THE_LEASE);
        }
    }
    wire.mend();
    scan_to_the_end(&app).await;
    assert_each_is_told_once(&app, &people, DAYS).await;
}

#[tokio::test]
async fn security_23_a_commit_of_which_nobody_hears_is_neither_lost_nor_done_twice() {
    let faults = [Fault::CutBefore, Fault::CutWithin, Fault::CutAfter, Fault::CutWithinAnswer, Fault::CutAnswered];
    let (app, people) = friends(0).await;
    let Some(wire) = FaultyWire::to(app.database()).await else { return };
    let scanner = Scanner { db: wire.open(4), ..app.scanner(ScanSettings::default()) };
    app.scanner(ScanSettings::default()).run(|_| ()).await.unwrap();
    for (day, fault) in (0..).zip(faults) {
        all_in_rome(&people, day).await;
        // The commit of all that is told, after the causes are removed.
        wire.add(At::Text("DELETE FROM match_causes"), Fault::Nothing);
        wire.add(At::Text("COMMIT"), fault);
        let cut_off = scanner.run(|_| ()).await.unwrap_err();
        assert!(matches!(cut_off, DbError::Unavailable { outcome_unknown: true, .. }), "{fault:?}: {cut_off:?}");
        assert_eq!(wire.struck().last(), Some(&fault));
        let left = statements::match_cause_attempts(&app.state.db).await;
        match fault {
            // The answer was there, so it was done.
            Fault::CutWithinAnswer | Fault::CutAnswered => assert_eq!(left, []),
            Fault::CutBefore | Fault::CutWithin => {
                assert_eq!(left.len(), 3, "{fault:?}");
                assert!(left.iter().all(|(attempts, error)| *attempts == 0 && error.is_some()), "{left:?}");
            }
            _ => {}
        }
        // Whatever came of it, the next scan needs to wait for no lease.
        app.scanner(ScanSettings::default()).run(|_| ()).await.unwrap();
        assert_eq!(statements::match_cause_attempts(&app.state.db).await, []);
    }
    assert_each_is_told_once(&app, &people, faults.len()).await;
}

#[tokio::test]
async fn a_claim_of_which_nobody_hears_is_taken_over_after_its_lease() {
    let (app, people) = friends(1).await;
    let Some(wire) = FaultyWire::to(app.database()).await else { return };
    let scanner = Scanner { db: wire.open(4), ..app.scanner(ScanSettings::default()) };
    wire.add(At::Statement(3), Fault::CutAnswered);
    scanner.run(|_| ()).await.unwrap_err();
    let early = scanner.run(|_| ()).await.unwrap();
    assert_eq!((early.causes, early.notifications), (0, 0), "they are somebody's for two minutes");
    app.clock.advance(PAST_THE_LEASE);
    let late = scanner.run(|_| ()).await.unwrap();
    assert_eq!((late.causes, late.notifications, late.failed), (6, 6, 0));
    assert_each_is_told_once(&app, &people, 1).await;
}

#[tokio::test]
async fn faults_that_pass_do_not_count_however_many_there_are() {
    let (app, people) = friends(1).await;
    let Some(wire) = FaultyWire::to(app.database()).await else { return };
    let scanner = Scanner { db: wire.open(4), ..app.scanner(ScanSettings::default()) };
    // More than the attempts after which a cause is set aside.
    for (number, class) in PASSING.into_iter().cycle().take(9) {
        wire.add(At::Text("INSERT INTO told_matches"), Fault::Refused { number, class });
        let cut_off = scanner.run(|_| ()).await.unwrap_err();
        assert!(matches!(cut_off, DbError::Unavailable { outcome_unknown: false, .. }), "{number}: {cut_off:?}");
        let causes = statements::match_cause_attempts(&app.state.db).await;
        let text = format!("database unavailable: error {number} of the server");
        assert_eq!(causes, vec![(0, Some(text)); 6]);
    }
    let summary = scanner.run(|_| ()).await.unwrap();
    assert_eq!((summary.causes, summary.notifications, summary.set_aside), (6, 6, 0));
    assert_each_is_told_once(&app, &people, 1).await;
}

#[tokio::test]
async fn a_fault_that_does_not_pass_does_count_and_sets_aside_in_the_end() {
    let (app, people) = friends(1).await;
    let Some(wire) = FaultyWire::to(app.database()).await else { return };
    let scanner = Scanner { db: wire.open(4), ..app.scanner(ScanSettings::default()) };
    // Arithmetic overflow, of every one of the six causes and of the batch that they were in first: 1 + 6 × 7 times.
    for _ in 0..60 {
        wire.add(At::Text("INSERT INTO told_matches"), Fault::Refused { number: 8115, class: 16 });
    }
    let mut set_aside = 0;
    for _ in 0..20 {
        set_aside += scanner.run(|_| ()).await.unwrap().set_aside;
        app.clock.advance(Duration::from_mins(5));
    }
    assert_eq!(set_aside, 6);
    assert_eq!(statements::match_cause_attempts(&app.state.db).await.len(), 6);
    for person in &people {
        let person = app.anonymous().log_in(&person.email, &person.password).await;
        assert_eq!(person.get("/api/v1/notifications?type=travel_match").await.data().len(), 0);
    }
}

#[tokio::test]
async fn security_25_a_fault_that_passes_is_not_noticed_and_one_that_stays_says_when_to_come_back() {
    let app = TestApp::start(Setup::default(), OwnDatabase::migrated().await);
    let ana = app.joined_by("ana").await;
    let Some(wire) = FaultyWire::to(app.database()).await else { return };
    let ana = ana.at(&app.over(&wire));
    ana.get("/api/v1/notifications").await.expect_status(200);
    for (number, class) in PASSING {
        wire.add(At::Text("FROM notifications"), Fault::Refused { number, class });
        ana.get("/api/v1/notifications").await.expect_status(200);
    }
    wire.add(At::Text("UPDATE notifications"), Fault::Refused { number: 1205, class: 13 });
    ana.put("/api/v1/notifications/read-all", &json!({})).await.expect_status(200);
    assert_eq!(wire.struck().len(), PASSING.len() + 1);
    for _ in 0..20 {
        wire.add(At::Text("FROM notifications"), Fault::Refused { number: 40501, class: 20 });
    }
    let answer = ana.get("/api/v1/notifications").await;
    assert_eq!(answer.expect_status(503).header("retry-after"), "1");
    wire.mend();
    ana.get("/api/v1/notifications").await.expect_status(200);
}
