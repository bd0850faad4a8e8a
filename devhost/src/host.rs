//! A host from its start to its stop.

use crate::app::{App, Trigger};
use crate::invocation::Invoker;
use crate::log::Log;
use crate::options::HostOptions;
use crate::server::Server;
use crate::supervisor::{Keeper, State, Supervisor};
use crate::timer::Timer;
use anyhow::{Context, Result, bail};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The local Functions host.
#[derive(Debug)]
pub struct Host;

/// A host that runs; dropping it stops everything at once, the handler by SIGKILL.
pub struct RunningHost {
    address: SocketAddr,
    app: App,
    supervisor: Supervisor,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    grace: Duration,
}

impl Host {
    /// Loads the script root, listens and starts the handler. Requests are taken from here on and wait until it is ready.
    ///
    /// Fails if the script root has any fault or the address can't be had; the error says what to do.
    pub async fn start(options: HostOptions) -> Result<RunningHost> {
        let log = Log(Arc::clone(&options.log));
        let script_root = absolute(&options.script_root)?;
        let environment = options.environment();
        let app = App::load(&script_root, &environment)?;
        for name in &app.disabled {
            log.info("host", format!("{name} is disabled"));
        }
        let listener = listen(options.listen).await?;
        let address = listener.local_addr().context("the listening address")?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let (supervisor, supervise) = Supervisor::new(Keeper {
            config: app.config.clone(),
            environment,
            script_root,
            start_limit: options.start_limit,
            max_errors: options.max_handler_errors,
            grace: options.shutdown_grace,
            client: client.clone(),
            log: log.clone(),
        });
        let invoker = Invoker { client, supervisor: supervisor.clone(), function_timeout: app.config.function_timeout };
        let timer = |function: &crate::app::Function| match &function.trigger {
            Trigger::Http(_) => None,
            Trigger::Timer(trigger) => Some(Arc::new(Timer::new(
                &function.name,
                trigger.clone(),
                options.state_dir.as_deref(),
                Arc::clone(&options.clock),
                invoker.clone(),
                log.clone(),
            ))),
        };
        let timers: Vec<_> = app.functions.iter().filter_map(timer).collect();

        let (stop, stopping) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let when_over = stop.clone();
        tasks.spawn(async move {
            supervise.await;
            when_over.send_replace(true);
        });
        for timer in &timers {
            let (timer, stopping) = (Arc::clone(timer), stopping.clone());
            tasks.spawn(async move { timer.run(stopping).await });
        }
        let server = Arc::new(Server { app: app.clone(), timers, invoker, log });
        tasks.spawn(server.serve(listener, stopping));
        Ok(RunningHost { address, app, supervisor, stop, tasks, grace: options.shutdown_grace })
    }
}

impl RunningHost {
    /// Where the host listens, the real port included.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is hosted.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The handler's process id; `None` while there is no handler.
    #[must_use]
    pub fn handler_pid(&self) -> Option<u32> {
        self.supervisor.pid()
    }

    /// Waits until the handler accepts connections. Fails when there won't be one.
    pub async fn ready(&self) -> Result<()> {
        match self.supervisor.settled(|state| *state != State::Starting).await {
            State::Ready(_) => Ok(()),
            State::Failed(why) => bail!(why),
            _ => bail!("the handler ended before it was ready: look at its last lines"),
        }
    }

    /// Waits until the host stops of its own accord, which is when the handler has failed too often: always an error.
    pub async fn wait(&self) -> Result<()> {
        match self.supervisor.settled(State::is_final).await {
            State::Failed(why) => bail!(why),
            _ => Ok(()),
        }
    }

    /// Takes no more requests, asks the handler to stop (SIGTERM, after the grace SIGKILL) and waits for the end of both.
    pub async fn shutdown(mut self) -> Result<()> {
        self.supervisor.stop();
        self.stop.send_replace(true);
        let everything = async { while self.tasks.join_next().await.is_some() {} };
        // The handler's grace, the last answers, and a little for the machine.
        let limit = self.grace + Duration::from_secs(5);
        if tokio::time::timeout(limit, everything).await.is_err() {
            self.tasks.shutdown().await;
            bail!("the host did not stop within {} s and was cut off", limit.as_secs());
        }
        Ok(())
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let taken = error.kind() == ErrorKind::AddrInUse;
        let hint = if taken {
            "another program listens there; choose another port with --port"
        } else {
            "choose another with --port"
        };
        anyhow::anyhow!("{address} can't be listened on ({error}): {hint}")
    })
}

fn absolute(script_root: &Path) -> Result<std::path::PathBuf> {
    script_root.canonicalize().with_context(|| {
        format!("the script root {} does not exist: name the folder that holds host.json", script_root.display())
    })
}
