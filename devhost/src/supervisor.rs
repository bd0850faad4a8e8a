//! Keeps the handler running: start, readiness, restarts, the third strike, the stop.

use crate::app::HostConfig;
use crate::log::Log;
use crate::process::{HandlerProcess, free_port};
use anyhow::{Context, Result};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

/// The client that speaks to the handler.
pub(crate) type HandlerClient = Client<HttpConnector, Full<Bytes>>;

/// How often the handler is tried while it starts.
const READINESS_INTERVAL: Duration = Duration::from_millis(25);
/// Errors that lie further apart than this are not counted together: `WorkerRestartErrorIntervalThresholdInMinutes`.
const STRIKES_FORGOTTEN_AFTER: Duration = Duration::from_mins(30);

/// Where the handler listens, and which one it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Incarnation {
    pub(crate) port: u16,
    generation: u64,
}

/// How the handler is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// It was started, or is about to be: requests wait.
    Starting,
    /// It accepts connections.
    Ready(Incarnation),
    /// It ended with exit code 0 and is not restarted, as by the older hosts.
    Ended,
    /// The last strike: the host stops. The text says why.
    Failed(String),
    /// It was asked to stop, and did.
    Stopped,
}

enum Order {
    /// An invocation of this generation ran out of time.
    Kill(u64),
    Stop,
}

/// The others' view of the supervisor.
#[derive(Clone)]
pub(crate) struct Supervisor {
    state: watch::Receiver<State>,
    pid: watch::Receiver<Option<u32>>,
    orders: mpsc::UnboundedSender<Order>,
}

/// The supervisor's own view; [`Keeper::run`] is its life.
pub(crate) struct Keeper {
    pub(crate) config: HostConfig,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) script_root: PathBuf,
    pub(crate) start_limit: Duration,
    pub(crate) max_errors: u32,
    pub(crate) grace: Duration,
    pub(crate) client: HandlerClient,
    pub(crate) log: Log,
}

/// What a handler process came to.
enum End {
    Clean,
    Error(String),
    TimedOut,
    Stopped,
}

struct Channels {
    state: watch::Sender<State>,
    pid: watch::Sender<Option<u32>>,
    orders: mpsc::UnboundedReceiver<Order>,
}

impl State {
    /// Whether nothing will follow.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Stopped)
    }
}

impl Supervisor {
    /// The handles, and the future that supervises until it is told to stop or the last strike.
    pub(crate) fn new(keeper: Keeper) -> (Self, impl Future<Output = ()> + Send) {
        let (state, state_view) = watch::channel(State::Starting);
        let (pid, pid_view) = watch::channel(None);
        let (orders, order_queue) = mpsc::unbounded_channel();
        let run = keeper.run(Channels { state, pid, orders: order_queue });
        (Self { state: state_view, pid: pid_view, orders }, run)
    }

    /// Waits while the handler starts; `None` if there is none and won't be one.
    pub(crate) async fn ready(&self) -> Option<Incarnation> {
        match self.settled(|state| *state != State::Starting).await {
            State::Ready(incarnation) => Some(incarnation),
            _ => None,
        }
    }

    /// Waits until the handler's state is one of those that count.
    pub(crate) async fn settled(&self, counts: impl FnMut(&State) -> bool) -> State {
        let mut view = self.state.clone();
        view.wait_for(counts).await.map_or(State::Stopped, |state| state.clone())
    }

    /// The running handler's process id.
    pub(crate) fn pid(&self) -> Option<u32> {
        *self.pid.borrow()
    }

    /// Kills and restarts the handler, unless that was done since.
    pub(crate) fn kill(&self, incarnation: Incarnation) {
        drop(self.orders.send(Order::Kill(incarnation.generation)));
    }

    /// Asks for an orderly stop.
    pub(crate) fn stop(&self) {
        drop(self.orders.send(Order::Stop));
    }
}

impl Keeper {
    async fn run(self, mut channels: Channels) {
        let mut strikes = 0;
        let mut last_strike: Option<Instant> = None;
        for generation in 0.. {
            channels.state.send_replace(State::Starting);
            let end = match self.live(generation, &mut channels).await {
                Ok(end) => end,
                Err(error) => End::Error(format!("{error:#}")),
            };
            channels.pid.send_replace(None);
            match end {
                End::Stopped => {
                    channels.state.send_replace(State::Stopped);
                    return;
                }
                End::TimedOut => {
                    self.log.error("host", "the handler was killed at the function timeout and is restarted");
                }
                End::Clean => {
                    self.log.warning(
                        "host",
                        "the handler ended with exit code 0 and is not restarted: every request gets a 500",
                    );
                    channels.state.send_replace(State::Ended);
                    while !matches!(channels.orders.recv().await, Some(Order::Stop) | None) {}
                    channels.state.send_replace(State::Stopped);
                    return;
                }
                End::Error(why) => {
                    if last_strike.is_some_and(|last| last.elapsed() > STRIKES_FORGOTTEN_AFTER) {
                        strikes = 0;
                    }
                    strikes += 1;
                    last_strike = Some(Instant::now());
                    self.log.error("host", format!("{why} (error {strikes} of {})", self.max_errors));
                    if strikes >= self.max_errors {
                        let text = format!("the handler failed {strikes} times, the last time so: {why}");
                        channels.state.send_replace(State::Failed(text));
                        return;
                    }
                }
            }
        }
    }

    /// One handler from its start to its end.
    async fn live(&self, generation: u64, channels: &mut Channels) -> Result<End> {
        let port = free_port()?;
        let mut handler = HandlerProcess::start(&self.config, &self.environment_at(port), &self.log).await?;
        channels.pid.send_replace(handler.pid());
        let readiness = timeout(self.start_limit, self.until_ready(port));
        tokio::select! {
            ready = readiness => if ready.is_err() {
                handler.kill().await?;
                let limit = self.start_limit.as_secs_f32();
                return Ok(End::Error(format!("the handler did not listen on FUNCTIONS_CUSTOMHANDLER_PORT within {limit} s")));
            },
            status = handler.wait() => return Ok(end_of(status?)),
            () = stop_ordered(&mut channels.orders, None) => return self.stop(&mut handler).await,
        }
        self.log.info("host", format!("the handler is ready (process {})", handler.pid().unwrap_or_default()));
        channels.state.send_replace(State::Ready(Incarnation { port, generation }));
        let mut killed = false;
        tokio::select! {
            status = handler.wait() => return Ok(end_of(status?)),
            () = stop_ordered(&mut channels.orders, Some((generation, &mut killed))) => {}
        }
        // From here on requests wait for the next one, or are refused.
        if killed {
            channels.state.send_replace(State::Starting);
            handler.kill().await?;
            return Ok(End::TimedOut);
        }
        self.stop(&mut handler).await
    }

    async fn stop(&self, handler: &mut HandlerProcess) -> Result<End> {
        if !handler.stop(self.grace).await? {
            self.log.warning(
                "host",
                format!("the handler did not stop within {} s and was killed", self.grace.as_secs_f32()),
            );
        }
        Ok(End::Stopped)
    }

    /// `GET /` until a connection succeeds; whatever comes then, even nothing readable, is a sign of life.
    async fn until_ready(&self, port: u16) -> Result<()> {
        loop {
            let ping = Request::get(format!("http://127.0.0.1:{port}/")).body(Full::default()).context("the ping")?;
            match self.client.request(ping).await {
                Err(error) if error.is_connect() => sleep(READINESS_INTERVAL).await,
                _ => return Ok(()),
            }
        }
    }

    fn environment_at(&self, port: u16) -> BTreeMap<String, String> {
        let own = [
            ("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string()),
            ("FUNCTIONS_HTTPWORKER_PORT", port.to_string()),
            ("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", crate::id::new_id().to_string()),
            ("FUNCTIONS_APP_ROOT_PATH", self.script_root.display().to_string()),
        ];
        self.environment.clone().into_iter().chain(own.map(|(name, value)| (name.to_owned(), value))).collect()
    }
}

/// Waits until the host stops, or is gone.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stopping| *stopping).await);
}

/// Waits for a stop, or (if a generation is given) for the order to kill it, which sets the flag.
async fn stop_ordered(orders: &mut mpsc::UnboundedReceiver<Order>, mut kill: Option<(u64, &mut bool)>) {
    loop {
        match (orders.recv().await, &mut kill) {
            (Some(Order::Kill(wanted)), Some((generation, killed))) if wanted == *generation => {
                **killed = true;
                return;
            }
            (Some(Order::Kill(_)), _) => {}
            (Some(Order::Stop) | None, _) => return,
        }
    }
}

fn end_of(status: std::process::ExitStatus) -> End {
    if status.success() { End::Clean } else { End::Error(format!("the handler ended unasked ({status})")) }
}
