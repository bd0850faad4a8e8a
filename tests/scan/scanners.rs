//! Real scans in processes of their own, and how they die.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use handler::db::Database;
use handler::scan;
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use serde_json::Value;
use tests::OwnDatabase;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

/// How long a batch is a scan's own: far longer than one takes here, too.
const LEASE: &str = "4000";
/// A scan looks again after this pause.
const PAUSE: &str = "20";
/// So many causes together.
const BATCH: &str = "4";
/// How long to wait for the statement at which a scan is to die, before it dies wherever it is.
const BOUND: Duration = Duration::from_secs(3);

/// Who says nothing for so long is held up.
const SILENCE: Duration = Duration::from_millis(60);

/// The statements of a scan that are worth dying after, as the log names them.
const STATEMENTS: [&str; 7] = [
    "handler::scan::store/claim_new",
    "handler::scan::store/find_meetings",
    "handler::scan::store/lock_connections",
    "handler::scan::store/lock_users",
    "handler::scan::store/insert_told",
    "handler::notifications::store/insert_all",
    "handler::scan::store/finish",
];

/// The handler, built as `cargo dev` builds it.
pub(crate) async fn handler() -> PathBuf {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    devhost::dev::build_handler(repository, false).await.unwrap()
}

/// A process that scans.
struct Scanner {
    process: Child,
    lines: mpsc::UnboundedReceiver<String>,
}

impl Scanner {
    fn start(handler: &Path, database: &OwnDatabase) -> Self {
        let mut process = Command::new(handler)
            .args(["scan-matches", "--lease", LEASE, "--pause", PAUSE, "--batch", BATCH])
            .envs([
                ("ENVIRONMENT", "development"),
                ("DATABASE_URL", database.setting()),
                ("DATABASE_POOL_SIZE", "2"),
                ("JWT_SECRET_KEY", "an access secret for these tests"),
                ("JWT_REFRESH_SECRET_KEY", "a refresh secret for these tests"),
                ("LOG_LEVEL", "debug"),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
        let (sender, lines) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok(Some(line)) = output.next_line().await {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { process, lines }
    }

    /// Kills it where it is, and answers what it said last.
    async fn kill(mut self) -> Vec<String> {
        // It may have ended by itself.
        let _ = self.process.start_kill();
        self.process.wait().await.unwrap();
        let mut said = Vec::new();
        while let Some(line) = self.lines.recv().await {
            said.push(line);
        }
        said
    }
}

/// Several scans at once.
pub(crate) struct Scanners<'a> {
    handler: PathBuf,
    database: &'a OwnDatabase,
    db: Database,
    all: Vec<Scanner>,
    /// After which statements they were killed, and how often.
    pub(crate) deaths: BTreeMap<String, usize>,
    /// What those said last that ended by themselves.
    pub(crate) ended: Vec<String>,
    /// Warnings and errors of all of them, and how often.
    pub(crate) complaints: BTreeMap<String, usize>,
}

impl<'a> Scanners<'a> {
    pub(crate) async fn start(database: &'a OwnDatabase, number: usize) -> Self {
        let handler = handler().await;
        let all = (0..number).map(|_| Scanner::start(&handler, database)).collect();
        let (deaths, ended, complaints) = Default::default();
        Self { handler, database, db: database.open(), all, deaths, ended, complaints }
    }

    /// How many there are.
    pub(crate) const fn number(&self) -> usize {
        self.all.len()
    }

    /// Kills one of them, right away or as soon as it has come to some statement, and starts another in its place. Often all
    /// are held up before: then it dies where it waits, between two transactions or within one.
    pub(crate) async fn kill_one(&mut self, rng: &mut StdRng, everybody: &[(i32, i32)]) {
        let victim = rng.random_range(0..self.all.len());
        let statement = rng.random_bool(0.85).then(|| *STATEMENTS.choose(rng).unwrap());
        // Now and then it is a newborn.
        if rng.random_bool(0.2) {
            self.replace(victim).await;
        }
        let scanner = &mut self.all[victim];
        while let Ok(line) = scanner.lines.try_recv() {
            note_complaint(&mut self.complaints, &line);
        }
        let mut place = "right away".to_owned();
        if let Some(statement) = statement {
            let came = async {
                while let Some(line) = scanner.lines.recv().await {
                    note_complaint(&mut self.complaints, &line);
                    if line.contains(statement) {
                        return true;
                    }
                }
                false
            };
            let came = tokio::time::timeout(BOUND, came).await == Ok(true);
            place = if came { statement.to_owned() } else { "anywhere".to_owned() };
        }
        if rng.random_bool(0.7) {
            let mut tx = self.db.begin().await.unwrap();
            scan::store::lock(&mut tx, everybody).await.unwrap();
            while tokio::time::timeout(SILENCE, scanner.lines.recv()).await.is_ok_and(|line| line.is_some()) {}
            place += ", held up";
            self.replace(victim).await;
            drop(tx);
        } else {
            self.replace(victim).await;
        }
        *self.deaths.entry(place).or_default() += 1;
    }

    /// Ends all of them, and starts one that has the place for itself.
    pub(crate) async fn leave_one(&mut self) {
        while !self.all.is_empty() {
            self.remove(0).await;
        }
        self.all.push(Scanner::start(&self.handler, self.database));
    }

    /// Ends all of them.
    pub(crate) async fn end(&mut self) {
        while !self.all.is_empty() {
            self.remove(0).await;
        }
    }

    /// Starts those anew that have ended by themselves.
    pub(crate) async fn revive(&mut self) {
        for place in 0..self.all.len() {
            if self.all[place].process.try_wait().unwrap().is_some() {
                self.replace(place).await;
            }
        }
    }

    async fn replace(&mut self, place: usize) {
        self.remove(place).await;
        self.all.insert(place, Scanner::start(&self.handler, self.database));
    }

    async fn remove(&mut self, place: usize) {
        let mut scanner = self.all.remove(place);
        let by_itself = scanner.process.try_wait().unwrap().is_some();
        let said = scanner.kill().await;
        for line in &said {
            note_complaint(&mut self.complaints, line);
        }
        if by_itself {
            self.ended.push(said.last().cloned().unwrap_or_default());
        }
    }
}

fn note_complaint(complaints: &mut BTreeMap<String, usize>, line: &str) {
    let Ok(entry) = serde_json::from_str::<Value>(line) else { return };
    if matches!(entry["level"].as_str(), Some("WARN" | "ERROR")) {
        let complaint = format!("{}: {}", entry["message"], entry["cause"]);
        *complaints.entry(complaint).or_default() += 1;
    }
}
