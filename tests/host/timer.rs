//! The match scan as the timer of the host fires it: on schedule, by hand, late, and several times at once.

use std::sync::{Arc, Mutex};

use devhost::Clock;
use tests::OwnDatabase;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::support::{ApiClient, CAUSES, Hosted, eventually, migrate, settings};

/// Waits until both have been told of each other; what they were told.
async fn told_of_each_other(people: &[ApiClient; 2]) -> [String; 2] {
    eventually("a notification for each of the two", async || {
        let [ana, ben] = [people[0].told().await, people[1].told().await];
        let lists = [ana, ben].map(|told| <[String; 1]>::try_from(told).ok());
        let [Some([ana]), Some([ben])] = lists else { return None };
        Some([ana, ben])
    })
    .await
}

/// Waits until so many runs have ended well.
async fn runs_succeeded(hosted: &Hosted, number: usize) {
    eventually("the end of the run", async || {
        (hosted.lines_with("info  MatchScan: the run succeeded").len() >= number).then_some(())
    })
    .await;
}

#[tokio::test]
async fn friends_who_will_meet_are_told_by_the_schedule() {
    let database = OwnDatabase::empty().await;
    let mut settings = settings(&database);
    settings.insert("MATCH_SCAN_SCHEDULE".to_owned(), "*/1 * * * * *".to_owned());
    migrate(&settings).await;
    let hosted = Hosted::start_with(settings).await;
    let people = hosted.client().two_in_rome().await;
    let [to_ana, to_ben] = told_of_each_other(&people).await;
    assert!(to_ana.starts_with("Ben will be in Rome ") && to_ana.ends_with("overlapping your trip by 2 days"));
    assert!(to_ben.starts_with("Ana will be in Rome "), "{to_ben}");

    // The timer goes on, and they are told no more than they were.
    let so_far = hosted.lines_with("the run succeeded").len();
    runs_succeeded(&hosted, so_far + 2).await;
    assert_eq!(told_of_each_other(&people).await, [to_ana, to_ben]);
    assert_eq!((hosted.client().waiting().await, hosted.lines_with("the run failed")), (0, vec![]));
    hosted.shutdown().await;
}

#[tokio::test]
async fn fired_by_hand_it_is_run_to_its_end_and_says_what_it_did() {
    let database = OwnDatabase::empty().await;
    let hosted = Hosted::start(&database).await;
    let people = hosted.client().two_in_rome().await;
    assert_eq!(hosted.client().waiting().await, CAUSES);
    hosted.fire().await;
    // The host takes an answer without a body for none: the run would never end.
    runs_succeeded(&hosted, 1).await;
    let said = hosted.lines_with("info  MatchScan: scanned 3 causes, 1 matches, 2 notifications, 0 set aside, ");
    assert_eq!(said.len(), 1, "{:?}", hosted.lines_with("MatchScan"));
    assert_eq!(hosted.lines_with("this run never ends"), Vec::<String>::new());
    told_of_each_other(&people).await;
    assert_eq!(hosted.client().waiting().await, 0);
    hosted.shutdown().await;
}

#[tokio::test]
async fn fired_several_times_at_once_it_tells_everybody_once() {
    let database = OwnDatabase::empty().await;
    let hosted = Hosted::start(&database).await;
    let people = hosted.client().two_in_rome().await;
    tokio::join!(hosted.fire(), hosted.fire(), hosted.fire(), hosted.fire());
    runs_succeeded(&hosted, 4).await;
    told_of_each_other(&people).await;
    let told: Vec<String> = hosted.lines_with("info  MatchScan: scanned ");
    assert_eq!(told.iter().filter(|line| line.contains(", 2 notifications,")).count(), 1, "{told:?}");
    assert_eq!(told.len(), 4);
    hosted.shutdown().await;
}

#[tokio::test]
async fn two_hosts_that_fire_at_once_tell_everybody_once() {
    let database = OwnDatabase::empty().await;
    let one = Hosted::start(&database).await;
    let other = Hosted::start_with(settings(&database)).await;
    let people = one.client().two_in_rome().await;
    tokio::join!(one.fire(), other.fire());
    tokio::join!(runs_succeeded(&one, 1), runs_succeeded(&other, 1));
    told_of_each_other(&people).await;
    other.shutdown().await;
    one.shutdown().await;
}

/// A clock that stands still until it is moved: the host's, while the handler keeps the real time.
#[derive(Clone)]
struct HandClock(Arc<Mutex<OffsetDateTime>>);

impl Clock for HandClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap()
    }
}

#[tokio::test]
async fn a_run_that_was_missed_is_made_up_for_once() {
    let database = OwnDatabase::empty().await;
    let mut settings = settings(&database);
    settings.insert("MATCH_SCAN_SCHEDULE".to_owned(), "0 */5 * * * *".to_owned());
    migrate(&settings).await;
    let clock = HandClock(Arc::new(Mutex::new(datetime!(2026-09-24 12:00:30 UTC))));
    let memory = tempfile::tempdir().unwrap();
    let hosting = || {
        Hosted::start_altered(settings.clone(), |options| {
            options.clock = Arc::new(clock.clone());
            options.state_dir = Some(memory.path().to_path_buf());
        })
    };
    let hosted = hosting().await;
    let people = hosted.client().two_in_rome().await;
    hosted.shutdown().await;

    // Four runs were due while nothing ran.
    *clock.0.lock().unwrap() += Duration::minutes(20);
    let hosted = hosting().await;
    runs_succeeded(&hosted, 1).await;
    let base = hosted.client();
    let people = people.map(|person| person.at(&base));
    told_of_each_other(&people).await;
    assert_eq!(hosted.lines_with("a run was missed: it is made up for now").len(), 1);
    assert_eq!(hosted.lines_with(r#""event":"match_scan_past_due""#).len(), 1, "IsPastDue reaches the handler");

    *clock.0.lock().unwrap() += Duration::minutes(5);
    runs_succeeded(&hosted, 2).await;
    assert_eq!(hosted.lines_with("match_scan_past_due").len(), 1, "the next run is in time");
    assert_eq!(hosted.lines_with("info  MatchScan: scanned ").len(), 2);
    hosted.shutdown().await;
}

#[tokio::test]
async fn a_scan_without_its_database_is_a_failed_run_and_the_next_one_makes_up_for_it() {
    let database = OwnDatabase::empty().await;
    // A database without tables: the handler can do nothing with it until it is migrated.
    let hosted = Hosted::start_with(settings(&database)).await;
    hosted.fire().await;
    let failed = eventually("a failed run", async || hosted.lines_with("error MatchScan: the run failed").pop()).await;
    assert!(failed.contains("503"), "{failed}");
    migrate(&settings(&database)).await;
    // Looking at the schema in detail makes the handler see at once that it has changed.
    hosted.client().get("/health/detailed").await.expect(200);
    let people = hosted.client().two_in_rome().await;
    hosted.fire().await;
    told_of_each_other(&people).await;
    hosted.shutdown().await;
}
