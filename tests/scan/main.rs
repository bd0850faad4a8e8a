//! Exactly once, shown: people live on while several scans run at once in processes of their own and are killed at any
//! moment; afterwards everybody was told what an oracle says, no more and no less.
//!
//! `SCAN_KILLS` says how many scans die (12 unless set), `SCAN_SEED` which history it is.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a story that can't go on fails its test")]

mod deeds;
mod history;
mod messages;
mod oracle;
mod scanners;
mod watch;

use std::time::{Duration, Instant};

use handler::clock::{Clock as _, SystemClock};
use handler::scan;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tests::{OwnDatabase, Setup, TestApp, told};

use crate::deeds::{Actor, World};
use crate::scanners::Scanners;

/// How many act at the same time.
const ACTORS: usize = 4;
/// Deeds before anybody dies, and for each who dies.
const DEEDS_BEFORE: usize = 120;
const DEEDS_FOR_EACH: usize = 12;
/// The longest that the last scan may take until nothing waits: leases run out meanwhile, and what failed has rested.
const BOUND: Duration = Duration::from_mins(3);

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn security_23_24_scans_that_die_at_any_moment_beside_others_tell_every_match_once() {
    let (kills, seed) = (setting("SCAN_KILLS", 12), setting("SCAN_SEED", 1));
    let started = Instant::now();
    let mut rng = StdRng::seed_from_u64(seed);
    let app = TestApp::start(Setup::default(), OwnDatabase::migrated().await);
    app.clock.set(SystemClock.now());
    let world = World::new(&app, SystemClock.today()).await;
    let mut scanners = Scanners::start(app.database(), rng.random_range(2..=5)).await;
    println!("seed {seed}: {} scans at once, {kills} of which die", scanners.number());

    let everybody = world.everybody();
    let actors: Vec<_> =
        (0..ACTORS).map(|number| tokio::spawn(Actor::new(&world, seed, number, ACTORS).act())).collect();
    world.allowed.add_permits(DEEDS_BEFORE);
    world.rest(&actors).await;
    for kill in 1..=kills {
        world.allowed.add_permits(DEEDS_FOR_EACH);
        scanners.revive().await;
        scanners.kill_one(&mut rng, &everybody).await;
        if kill % 10 == 0 {
            let seconds = started.elapsed().as_secs();
            println!("{kill} have died, {} notifications, {seconds} s", world.look().await);
        }
    }
    world.rest(&actors).await;
    world.allowed.close();
    for actor in actors {
        actor.await.unwrap();
    }

    scanners.leave_one().await;
    let db = app.database().open();
    let backlog = async {
        loop {
            let backlog = scan::store::backlog(&db).await.unwrap();
            world.look().await;
            if backlog.waiting == 0 {
                return backlog;
            }
            scanners.revive().await;
        }
    };
    let backlog = tokio::time::timeout(BOUND, backlog).await.unwrap_or_else(|_| panic!("something waits for ever"));
    scanners.end().await;
    world.look().await;

    let (written, told) = (world.watch.all().await, told::matches(&db).await);
    let verdict = oracle::judge(&world, &written, &told);
    println!("deeds: {:?}", world.history.lock().unwrap().deeds);
    println!("deaths: {:?}", scanners.deaths);
    println!("ended by themselves: {:?}; complaints: {:?}", scanners.ended, scanners.complaints);
    println!(
        "{} notifications, {} of matches that hold at the end; {:?}",
        written.len(),
        verdict.holding,
        started.elapsed()
    );
    assert!(verdict.faults.is_empty(), "{} faults:\n{}", verdict.faults.len(), verdict.faults.join("\n"));
    assert_eq!((backlog.set_aside, told::causes(&db).await.len()), (0, 0), "nothing was set aside");
    assert!(written.len() > 60 && verdict.holding > 10, "this history tries nothing");
}
