//! Sends what a crowd wants when its timeline says so, and records what comes of it.
//!
//! All of it runs on one thread, so that the server has the rest of the machine; another one, asleep most of the time, says
//! when the next request of an open loop is due, for a runtime's own timers are a millisecond coarse. Requests wait in a
//! queue for one of a few connections, and that wait is part of their latency.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Mutex, oneshot};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::sleep;

use crate::crowd::Crowd;
use crate::deed::Deed;
use crate::figures::{number, ratio};
use crate::probe::{Cost, Probe, own_cpu_seconds};
use crate::progress::{Progress, Tick};
use crate::record::{Record, Second};
use crate::timeline::{Phase, Spacing, Timeline, exponential};
use crate::verdict::{Verdict, judge};
use crate::wire::Wire;

/// The memory of the server is noted so often, in seconds.
const MEMORY_EVERY: u64 = 5;

/// How requests follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loop {
    /// At the rates of the timeline, whatever the answers.
    Open(Spacing),
    /// Everybody of the crowd waits for the answer, and then for a random while of this mean.
    Closed(Duration),
}

/// How a run is done.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The server.
    pub target: SocketAddr,
    /// Open or closed.
    pub kind: Loop,
    /// Connections at most.
    pub connections: usize,
    /// After this long a request is given up.
    pub patience: Duration,
    /// How long after the end requests that wait are still sent; the rest counts as errors.
    pub drain: Duration,
    /// Whether a 429 or a 503 with `Retry-After` is expected.
    pub refusals: bool,
    /// Where figures of the server are to be had.
    pub probe: Probe,
    /// Where the progress is shown.
    pub progress: Progress,
    /// Another seed gives other moments.
    pub seed: u64,
}

/// What came of a run.
pub struct Outcome {
    /// What was to be sent, with the record of each phase that counts.
    pub phases: Vec<(Phase, Record)>,
    /// The same by seconds of the run, the warm-up included.
    pub seconds: Vec<Second>,
    /// What the phases that count cost the server.
    pub cost: Cost,
    /// The resident memory of the server, in MiB, by seconds of the run.
    pub memory: Vec<(u64, f64)>,
    /// How long the phases that count took, with the answers that came after their end, in seconds.
    pub seconds_taken: f64,
    /// What the generator used of one processor in that time: 1 is all of it.
    pub own_share: f64,
}

impl Outcome {
    /// All phases that count together.
    pub fn total(&self) -> Result<Record> {
        let mut total = Record::new()?;
        for (_, record) in &self.phases {
            total.merge(record)?;
        }
        Ok(total)
    }
}

/// A request that is due.
struct Job {
    due: Duration,
    user: Option<usize>,
    done: Option<oneshot::Sender<()>>,
}

/// What the tasks of a run share.
struct Run {
    settings: Settings,
    timeline: Timeline,
    start: Instant,
    crowd: RefCell<Crowd>,
    notes: RefCell<Notes>,
    /// How many requests were due.
    due: Arc<AtomicU64>,
}

struct Notes {
    phases: Vec<Record>,
    seconds: Vec<Second>,
    memory: Vec<(u64, f64)>,
    answered: u64,
    failed: u64,
}

/// Has the crowd send what the timeline says; gives the crowd back, which has learnt.
pub fn run(settings: Settings, timeline: Timeline, crowd: Crowd) -> Result<(Outcome, Crowd)> {
    ensure!(settings.connections > 0, "at least one connection");
    ensure!(timeline.0.iter().any(|phase| phase.counted), "at least one phase that counts");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let phases = timeline.0.iter().map(|_| Record::new()).collect::<Result<_>>()?;
    let notes = Notes { phases, seconds: Vec::new(), memory: Vec::new(), answered: 0, failed: 0 };
    let (crowd, notes) = (RefCell::new(crowd), RefCell::new(notes));
    let run = Rc::new(Run { settings, timeline, start: Instant::now(), crowd, notes, due: Arc::default() });
    let (cost, taken, own_share) = drive(&runtime, &run)?;
    run.settings.progress.end();
    drop(runtime);
    let run = Rc::into_inner(run).context("a task of the run is left over")?;
    let notes = run.notes.into_inner();
    let phases = run.timeline.0.into_iter().zip(notes.phases).filter(|(phase, _)| phase.counted).collect();
    let outcome = Outcome {
        phases,
        seconds: notes.seconds,
        cost,
        memory: notes.memory,
        seconds_taken: taken.as_secs_f64(),
        own_share,
    };
    Ok((outcome, run.crowd.into_inner()))
}

fn drive(runtime: &Runtime, run: &Rc<Run>) -> Result<(Cost, Duration, f64)> {
    LocalSet::new().block_on(runtime, async {
        let (send, receive) = unbounded_channel();
        let mut work = JoinSet::new();
        match run.settings.kind {
            Loop::Open(spacing) => {
                let (arrivals, start) = (run.timeline.arrivals(spacing, run.settings.seed), run.start);
                let due = Arc::clone(&run.due);
                thread::spawn(move || pace(start, arrivals, &due, &send));
            }
            Loop::Closed(think) => {
                let size = run.crowd.borrow().size();
                let mut seeds = StdRng::seed_from_u64(run.settings.seed);
                for user in 0..size {
                    let rng = StdRng::seed_from_u64(seeds.random());
                    work.spawn_local(Rc::clone(run).use_and_think(user, think, rng, send.clone()));
                }
                // The last one to leave ends the queue.
                drop(send);
            }
        }
        let jobs = Rc::new(Mutex::new(receive));
        // Everybody does one thing at a time.
        let connections = run.settings.connections.min(run.crowd.borrow().size());
        for _ in 0..connections {
            work.spawn_local(Rc::clone(run).serve(Rc::clone(&jobs)));
        }
        let watch = tokio::task::spawn_local(Rc::clone(run).watch());
        sleep(run.timeline.warm_up()).await;
        let (before, own_before, began) = (run.settings.probe.snapshot().await, own_cpu_seconds(), Instant::now());
        while let Some(ended) = work.join_next().await {
            ended?;
        }
        watch.abort();
        let _ = watch.await;
        let (after, own_after, taken) = (run.settings.probe.snapshot().await, own_cpu_seconds(), began.elapsed());
        let own = own_after.zip(own_before).map_or(0.0, |(after, before)| after - before);
        Ok((run.settings.probe.cost(&before, &after), taken, ratio(own, taken.as_secs_f64())))
    })
}

/// Says when each request is due. A thread of its own sleeps to some 50 microseconds.
fn pace(start: Instant, arrivals: impl Iterator<Item = Duration>, count: &AtomicU64, send: &UnboundedSender<Job>) {
    for due in arrivals {
        let at = start + due;
        loop {
            let left = at.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            thread::park_timeout(left);
        }
        count.fetch_add(1, Ordering::Relaxed);
        if send.send(Job { due, user: None, done: None }).is_err() {
            return;
        }
    }
}

impl Run {
    /// One person in a closed loop.
    async fn use_and_think(self: Rc<Self>, user: usize, think: Duration, mut rng: StdRng, send: UnboundedSender<Job>) {
        loop {
            let pause = Duration::from_secs_f64(exponential(&mut rng, think.as_secs_f64()));
            if self.start.elapsed() + pause >= self.timeline.length() {
                return;
            }
            sleep(pause).await;
            let due = self.start.elapsed();
            let (done, answered) = oneshot::channel();
            self.due.fetch_add(1, Ordering::Relaxed);
            if send.send(Job { due, user: Some(user), done: Some(done) }).is_err() {
                return;
            }
            // Gone with the queue, at the end.
            let _ = answered.await;
        }
    }

    /// One connection: takes what is due next, until nothing more comes.
    async fn serve(self: Rc<Self>, jobs: Rc<Mutex<UnboundedReceiver<Job>>>) {
        let mut wire = Wire::to(self.settings.target);
        let end = self.timeline.length() + self.settings.drain;
        loop {
            let job = jobs.lock().await.recv().await;
            let Some(job) = job else { return };
            if self.start.elapsed() > end {
                self.note(
                    &job,
                    None,
                    None,
                    false,
                    &Verdict::Error(format!("not sent {:?} after the end", self.settings.drain)),
                );
            } else {
                self.ask(&job, &mut wire).await;
            }
            if let Some(done) = job.done {
                let _ = done.send(());
            }
        }
    }

    async fn ask(&self, job: &Job, wire: &mut Wire) {
        let phase = &self.timeline.0[self.timeline.at(job.due)];
        // There are no more connections than people, so somebody is idle.
        let next = self.crowd.borrow_mut().next(&phase.mix, job.user, Instant::now());
        let Some((user, intent)) = next else { return };
        let answer = wire.exchange(&intent.ask, self.settings.patience).await;
        let conditional = intent.ask.known.is_some();
        let verdict = match &answer {
            Ok(answer) => judge(intent.deed, answer.status, conditional, answer.retry_after, self.settings.refusals),
            Err(fault) => Verdict::Error(fault.to_string()),
        };
        let status = answer.as_ref().ok().map(|answer| answer.status);
        self.note(job, Some(intent.deed), status, conditional, &verdict);
        self.crowd.borrow_mut().done(user, &intent, answer.as_ref().ok(), Instant::now());
    }

    fn note(&self, job: &Job, deed: Option<Deed>, status: Option<u16>, conditional: bool, verdict: &Verdict) {
        let took = self.start.elapsed().saturating_sub(job.due);
        let mut notes = self.notes.borrow_mut();
        notes.phases[self.timeline.at(job.due)].add(deed, status, conditional, verdict, took);
        notes.answered += 1;
        let failed = matches!(verdict, Verdict::Error(_));
        notes.failed += u64::from(failed);
        let second = usize::try_from(job.due.as_secs()).unwrap_or_default();
        while notes.seconds.len() <= second {
            // Its digits are good, as a test has seen.
            let Ok(new) = Second::new() else { return };
            notes.seconds.push(new);
        }
        notes.seconds[second].latencies.add(took);
        notes.seconds[second].failed += u64::from(failed);
    }

    /// Once a second shows how far it is, and notes the memory of the server now and then, until it is stopped.
    async fn watch(self: Rc<Self>) {
        let mut answered = 0;
        for second in 1.. {
            sleep((self.start + Duration::from_secs(second)).saturating_duration_since(Instant::now())).await;
            let mut notes = self.notes.borrow_mut();
            if second % MEMORY_EVERY == 0
                && let Some(mib) = self.settings.probe.resident_mib()
            {
                notes.memory.push((second, mib));
            }
            let last = usize::try_from(second - 1).ok().and_then(|last| notes.seconds.get(last));
            self.settings.progress.tick(&Tick {
                second,
                of: self.timeline.length(),
                phase: self.timeline.0[self.timeline.at(Duration::from_secs(second))].name,
                answered: notes.answered - answered,
                waiting: self.due.load(Ordering::Relaxed).saturating_sub(notes.answered),
                p95: last.map_or(0.0, |last| last.latencies.at(0.95)),
                failed: notes.failed,
            });
            answered = notes.answered;
        }
    }
}

/// What was offered a second, over phases that count.
#[must_use]
pub fn offered(outcome: &Outcome) -> f64 {
    let seconds: f64 = outcome.phases.iter().map(|(phase, _)| phase.length.as_secs_f64()).sum();
    let requests: u64 = outcome.phases.iter().map(|(_, record)| record.requests()).sum();
    ratio(number(requests), seconds)
}
