//! What waits to be sent, and who sends it.
//!
//! Whoever writes into it never waits: what finds it full pushes out what is oldest, which is counted. It is emptied two
//! seconds after something came, since the host kills without a warning; while nothing comes, nothing runs.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use azure_core::http::{HttpClient, Method, Request};
use prometheus::IntCounter;
use tokio::sync::{Mutex as TurnMutex, Notify};
use tokio::time::sleep;

use super::items::Writer;
use super::settings::TelemetrySettings;

/// How long what comes first waits for more.
pub const FLUSH_EVERY: Duration = Duration::from_secs(2);
/// How many items wait at the most: of about 700 bytes each.
pub const CAPACITY: usize = 2_000;
/// How many go in one request.
const BATCH: usize = 500;
/// The longest pause after failures. It begins with [`FLUSH_EVERY`] and doubles.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// What makes the way to the network, once there is something to send. That takes a while: certificates are read.
pub type Connect = fn() -> anyhow::Result<Arc<dyn HttpClient>>;

/// The queue, and the way out of it.
pub struct Outbox {
    writer: Writer,
    settings: TelemetrySettings,
    waiting: Mutex<VecDeque<String>>,
    filled: Notify,
    dropped: IntCounter,
    sender: TurnMutex<Sender>,
}

struct Sender {
    connect: Connect,
    client: Option<Arc<dyn HttpClient>>,
    /// What is on its way.
    batch: Vec<String>,
    is_in_trouble: bool,
}

/// What became of some items.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// They are there, or will never be taken.
    Done,
    /// It may go better later.
    Later,
}

impl Outbox {
    /// An empty one. `dropped` counts what is lost.
    pub(super) fn new(settings: TelemetrySettings, connect: Connect, dropped: IntCounter) -> Self {
        Self {
            writer: Writer::new(&settings),
            settings,
            waiting: Mutex::default(),
            filled: Notify::new(),
            dropped,
            sender: TurnMutex::new(Sender { connect, client: None, batch: Vec::new(), is_in_trouble: false }),
        }
    }

    /// What writes items for it.
    pub(super) const fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Of a hundred requests that succeed, so many are told of.
    pub(super) const fn percent(&self) -> u32 {
        self.settings.percent
    }

    /// Puts items into the queue.
    pub(super) fn put(&self, items: impl IntoIterator<Item = String>) {
        let mut waiting = self.lock();
        waiting.extend(items);
        self.make_room(&mut waiting);
        drop(waiting);
        self.filled.notify_one();
    }

    /// Sends for ever, soon after something came; after a failure later and later.
    pub(super) async fn run(&self) {
        let mut pause = FLUSH_EVERY;
        loop {
            self.filled.notified().await;
            sleep(pause).await;
            pause = match self.flush().await {
                Fate::Done => FLUSH_EVERY,
                Fate::Later => {
                    self.filled.notify_one();
                    (pause * 2).min(LONGEST_PAUSE)
                }
            };
        }
    }

    /// Sends all that waits now, as far as it gets through.
    pub(super) async fn flush(&self) -> Fate {
        let mut sender = self.sender.lock().await;
        loop {
            // What was on its way when somebody lost patience comes first: rather twice than never.
            if sender.batch.is_empty() {
                let mut waiting = self.lock();
                let number = waiting.len().min(BATCH);
                sender.batch.extend(waiting.drain(..number));
            }
            if sender.batch.is_empty() {
                return Fate::Done;
            }
            match self.post(&mut sender).await {
                Ok(()) => sender.batch.clear(),
                Err(trouble) => {
                    // Once, and not at every try. No layer of ours reads what this module logs.
                    if !std::mem::replace(&mut sender.is_in_trouble, true) {
                        tracing::warn!(cause = format_args!("{trouble:#}"), "telemetry does not get through");
                    }
                    self.keep(&mut sender.batch);
                    return Fate::Later;
                }
            }
        }
    }

    /// Sends the batch. An error means that it may go better later.
    async fn post(&self, sender: &mut Sender) -> anyhow::Result<()> {
        let client = sender.client().await?;
        let mut body = String::with_capacity(sender.batch.iter().map(|line| line.len() + 1).sum());
        for line in &sender.batch {
            // A text can always be written to.
            let _ = writeln!(body, "{line}");
        }
        let mut request = Request::new(self.settings.track.clone(), Method::Post);
        request.insert_header("content-type", "application/x-json-stream");
        request.set_body(body.into_bytes());
        let status = u16::from(client.execute_request(&request).await?.status());
        match status {
            // 206: some of them were refused. They would be again.
            200..=299 => sender.is_in_trouble = false,
            // What Microsoft's own SDKs try again: 439 says that the day's quota is used up.
            408 | 429 | 439 | 500..=599 => anyhow::bail!("the ingestion endpoint answers {status}"),
            _ => {
                self.dropped.inc_by(u64::try_from(sender.batch.len()).unwrap_or(u64::MAX));
                if !std::mem::replace(&mut sender.is_in_trouble, true) {
                    tracing::warn!(status, "telemetry is refused: check APPLICATIONINSIGHTS_CONNECTION_STRING");
                }
            }
        }
        Ok(())
    }

    /// Puts back what could not be sent, before what came meanwhile, if there is room.
    fn keep(&self, batch: &mut Vec<String>) {
        let mut waiting = self.lock();
        for item in batch.drain(..).rev() {
            waiting.push_front(item);
        }
        self.make_room(&mut waiting);
    }

    fn make_room(&self, waiting: &mut VecDeque<String>) {
        let surplus = waiting.len().saturating_sub(CAPACITY);
        waiting.drain(..surplus);
        self.dropped.inc_by(u64::try_from(surplus).unwrap_or(u64::MAX));
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sender {
    async fn client(&mut self) -> anyhow::Result<Arc<dyn HttpClient>> {
        if let Some(client) = &self.client {
            return Ok(Arc::clone(client));
        }
        let client = tokio::task::spawn_blocking(self.connect).await??;
        self.client = Some(Arc::clone(&client));
        Ok(client)
    }
}
