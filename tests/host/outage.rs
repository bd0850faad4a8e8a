//! A database that goes away under load and comes back, seen from outside.
//!
//! `OUTAGE_SECONDS` says how long it is away each time (3 unless set); with `--nocapture` the story prints what it measured.
//! Where `TEST_DATABASE_URL` names a server whose traffic can be read, people are served before and after; elsewhere the
//! database has no schema, and the answers tell a database that is there from one that is not.

use std::time::Duration;

use tests::OwnDatabase;
use tests::fault::{FaultyWire, Line};
use tests::little_server::LittleServer;
use tokio::time::{Instant, interval};

use crate::support::{ApiClient, Hosted, eventually, migrate, settings};

/// Requests a second.
const RATE: u32 = 200;
/// The longest that a request may take, and that the service may take to be back.
const LONGEST_ANSWER: Duration = Duration::from_secs(3);
const BACK_WITHIN: Duration = Duration::from_secs(10);
/// How much the handler may grow, in KiB.
const MOST_GROWTH: u64 = 20 * 1024;
/// What is asked: the schema, the session and the user are looked up.
const ASKED: &str = "/api/v1/users/me";

/// The handler on a database at the far end of a wire.
struct Far {
    hosted: Hosted,
    wire: FaultyWire,
    client: ApiClient,
    /// What is answered while the database is there, and how the reason for a refusal reads then.
    usual: u16,
}

/// What was answered in a while.
#[derive(Default, Debug)]
struct Answers {
    number: usize,
    longest: Duration,
    /// Those that were not a 503 with `Retry-After`.
    others: Vec<u16>,
}

async fn far(database: &OwnDatabase, little: &LittleServer) -> Far {
    let real = FaultyWire::to(database).await;
    let is_real = real.is_some();
    let wire = match real {
        Some(wire) => wire,
        None => FaultyWire::to_little(little).await,
    };
    if is_real {
        migrate(&settings(database)).await;
    }
    let mut settings = settings(database);
    settings.insert("DATABASE_URL".to_owned(), wire.setting().to_owned());
    settings.insert("LOG_LEVEL".to_owned(), "error".to_owned());
    let hosted = Hosted::start_with(settings).await;
    let client = if is_real { hosted.client().join("Ana").await.0 } else { hosted.client() };
    Far { hosted, wire, client, usual: if is_real { 200 } else { 503 } }
}

impl Far {
    /// Sends requests at [`RATE`] for so long, whether or not those before them are answered, and waits for all answers.
    async fn load(&self, length: Duration) -> Answers {
        let mut ticks = interval(Duration::from_secs(1) / RATE);
        let mut asked = Vec::new();
        let end = Instant::now() + length;
        while ticks.tick().await < end {
            let client = self.client.clone();
            asked.push(tokio::spawn(async move {
                let sent = Instant::now();
                let answer = client.get(ASKED).await;
                (sent.elapsed(), answer.status.as_u16(), answer.header("retry-after").is_some())
            }));
        }
        let mut answers = Answers { number: asked.len(), ..Answers::default() };
        for answer in asked {
            let (took, status, says_when) = answer.await.unwrap();
            answers.longest = answers.longest.max(took);
            if status != 503 || !says_when {
                answers.others.push(status);
            }
        }
        answers
    }

    /// Whether the handler sees the database.
    async fn sees_its_database(&self) -> bool {
        if self.usual == 200 {
            return self.client.get(ASKED).await.status.as_u16() == 200;
        }
        self.client.get("/ready").await.json()["reason"] != "the database does not answer"
    }

    /// The resident memory of the handler, in KiB.
    fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.hosted.host.handler_pid().unwrap()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn security_26_a_database_that_is_away_is_told_fast_costs_nothing_and_is_found_again() {
    let seconds = std::env::var("OUTAGE_SECONDS").map_or(3, |text| text.parse().unwrap());
    let (database, little) = (OwnDatabase::empty().await, LittleServer::start().await);
    let far = far(&database, &little).await;
    eventually("a database", async || far.sees_its_database().await.then_some(())).await;
    let before = far.load(Duration::from_secs(2)).await;
    assert!(before.others.iter().all(|status| *status == far.usual), "{before:?}");
    for line in [Line::Cut, Line::Silent] {
        let memory = far.memory();
        far.wire.turn(line);
        let away = far.load(Duration::from_secs(seconds)).await;
        assert!(away.others.is_empty(), "{line:?}: {:?}", away.others);
        assert!(away.longest < LONGEST_ANSWER, "{line:?}: {:?}", away.longest);
        let grown = far.memory().saturating_sub(memory);
        assert!(grown < MOST_GROWTH, "{line:?}: {grown} KiB");
        far.wire.turn(Line::Open);
        let back = Instant::now();
        eventually("the database again", async || far.sees_its_database().await.then_some(())).await;
        let back = back.elapsed();
        assert!(back < BACK_WITHIN, "{line:?}: {back:?}");
        println!(
            "{line:?} for {seconds} s at {RATE}/s: {} answers, longest {:?}, memory {memory} + {grown} KiB, back after {back:?}",
            away.number, away.longest
        );
    }
    let after = far.load(Duration::from_secs(2)).await;
    assert!(after.others.iter().all(|status| *status == far.usual), "{after:?}");
    assert_eq!(after.others.is_empty(), far.usual == 503, "{after:?}");
    far.hosted.shutdown().await;
}
