//! The command line: configuration → database → serve, migrate or fill with demo people.

use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use handler::app::{self, Parts};
use handler::clock::{Clock as _, SystemClock};
use handler::config::{self, Config, Environment, VaultSettings};
use handler::credentials::hasher::HashCost;
use handler::db::schema::StepState;
use handler::db::{Database, DatabaseUrl, migrate};
use handler::demo;
use handler::http::HttpSettings;
use handler::http::shedding::DEFAULT_AT_ONCE;
use handler::limits::limiter::WORTH_WAITING;
use handler::limits::rules::RateLimits;
use handler::logging;
use handler::monitoring;
use handler::output::say;
use handler::random::OsRandomness;
use handler::scan::command::{self, Ended, Until};
use handler::scan::run::Scanner;
use handler::secrets::identity::{DatabaseTokens, IngestionTokens};
use handler::secrets::refresh::{Refresher, Rhythm};
use handler::secrets::{self, Loaded, https, vault};
use handler::state::AppState;
use handler::telemetry::Telemetry;
use handler::telemetry::metrics::Metrics;
use handler::telemetry::wire::{self, Way};
use handler::users::homes;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Handle;
use tracing::Level;
use tracing_subscriber::util::SubscriberInitExt as _;

/// musl's own is slow where many threads allocate at once: docs/adr/0018-the-package.md has the numbers.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long requests in flight may go on after the order to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// How long telemetry may take to send what is left after that.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The end of `--help`.
const SETTINGS: &str = "\
Configured by environment variables:
  DATABASE_URL                  sqlite:<path>, sqlite::memory: or an ADO.NET connection string, which may log in by
                                Authentication=Active Directory Managed Identity
  KEY_VAULT_URL                 https://<name>.vault.azure.net/: the vault that holds the secrets below, with dashes in their
                                names, and DATABASE-CONNECTION-STRING unless DATABASE_URL is set; read again every hour
  AZURE_CLIENT_ID               the managed identity to read it with, if the app has several
  JWT_SECRET_KEY                signs access tokens; in production at least 32 bytes
  JWT_REFRESH_SECRET_KEY        signs refresh tokens; another one
  JWT_SECRET_KEY_PREVIOUS, JWT_REFRESH_SECRET_KEY_PREVIOUS
                                still verify, while a secret is being replaced
  ENVIRONMENT                   development, staging or production (what its absence means)
  CORS_ORIGINS                  exact origins, parted by commas
  ACCESS_TOKEN_EXPIRE_MINUTES   1 to 60, 15 unless set
  REFRESH_TOKEN_EXPIRE_DAYS     1 to 30, 7 unless set
  MATCH_SCAN_BUDGET_SECONDS     how long a match scan begins new batches, 1 to 3600, 240 unless set
  RATE_LIMIT_AUTH_PER_MINUTE, RATE_LIMIT_GENERAL_PER_MINUTE, RATE_LIMIT_SEARCH_PER_MINUTE
                                requests of a client that are served in a minute; 10, 100 and 30 unless set
  DATABASE_POOL_SIZE            connections to SQL Server, 1 to 100, 15 unless set
  FUNCTIONS_CUSTOMHANDLER_PORT  set by the Functions host
  APPLICATIONINSIGHTS_CONNECTION_STRING
                                of the resource that telemetry goes to; without it there is none
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING
                                Authorization=AAD to log in there by the app's identity, ;ClientId=<id> to say which
  TELEMETRY_SAMPLING_PERCENT    of the requests that succeed, so many in a hundred are told of, 0 to 100, 20 unless set
  METRICS                       on or off: whether there is a GET /metrics; off in production unless set
  LOG_LEVEL                     error, warn, info, debug or trace; info unless set";

/// TravelMeetup's API: a custom handler for the Azure Functions host.
#[derive(Parser)]
#[command(name = "handler", version, after_help = SETTINGS)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API on 127.0.0.1 (what happens without a command)
    Serve,
    /// Bring the database's schema up to this build's
    Migrate {
        /// Only tell how each migration stands
        #[arg(long)]
        status: bool,
    },
    /// Add a handful of demo people with connections and plans to a development database, and print their passwords
    Demo,
    /// Look for matches and write their notifications, as the timer function does; until Ctrl-C, or once
    ScanMatches {
        /// End when nothing is waiting
        #[arg(long)]
        once: bool,
        /// Print what the oldest 1,000 causes would tell people, and change nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        haste: Haste,
    },
}

/// What makes a scan hasty, for tests in which many scans die: in development only.
#[derive(clap::Args, Clone, Copy)]
struct Haste {
    /// How many causes to look at together
    #[arg(long, hide = true, value_name = "CAUSES", value_parser = clap::value_parser!(i32).range(1..=1_000))]
    batch: Option<i32>,
    /// How long a batch is a scan's own
    #[arg(long, hide = true, value_name = "MILLISECONDS", value_parser = clap::value_parser!(u64).range(1..=300_000))]
    lease: Option<u64>,
    /// How long to wait for new causes
    #[arg(long, hide = true, value_name = "MILLISECONDS", value_parser = clap::value_parser!(u64).range(1..=300_000))]
    pause: Option<u64>,
}

impl Haste {
    const fn is_some(self) -> bool {
        self.batch.is_some() || self.lease.is_some() || self.pause.is_some()
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Whoever asks for demo people wants to read their names, and not a log; and so with the scan.
    let reads_along = matches!(cli.command, Some(Command::Demo | Command::ScanMatches { .. }));
    let default_level = if reads_along { Level::WARN } else { Level::INFO };
    let is_watched = matches!(cli.command, None | Some(Command::Serve | Command::ScanMatches { dry_run: false, .. }));
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            log_to_stdout(default_level, None);
            return fail(&anyhow::Error::new(error).context("can't start the runtime"));
        }
    };
    let telemetry = if is_watched { telemetry_as_configured(runtime.handle()) } else { None };
    log_to_stdout(default_level, telemetry.as_ref());
    runtime.block_on(async {
        let last_words = telemetry.clone();
        let done = match cli.command.unwrap_or(Command::Serve) {
            Command::Serve => serve(telemetry).await,
            Command::Migrate { status: false } => migrate().await,
            Command::Migrate { status: true } => migration_status().await,
            Command::Demo => add_demo_people().await,
            Command::ScanMatches { once, dry_run, haste } => scan_matches(once, dry_run, haste).await,
        };
        let code = done.map_or_else(|error| fail(&error), |()| ExitCode::SUCCESS);
        if let Some(telemetry) = last_words {
            telemetry.finish(LAST_WORDS).await;
        }
        code
    })
}

/// One line that says what to do. Never exit code 0: older Functions hosts would not start the handler again.
fn fail(error: &anyhow::Error) -> ExitCode {
    tracing::error!(cause = format_args!("{error:#}"), "the handler can't go on");
    ExitCode::FAILURE
}

/// Lines on stdout, which the Functions host takes over as information, at the level that `LOG_LEVEL` names.
fn log_to_stdout(default: Level, telemetry: Option<&Telemetry>) {
    let level = std::env::var("LOG_LEVEL").ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    logging::subscriber(level, std::io::stdout, telemetry.map(Telemetry::layer)).init();
}

/// What operators get to see besides the log, if there is somebody to see it.
fn telemetry_as_configured(runtime: &Handle) -> Option<Telemetry> {
    let vars = config::environment();
    let clock = Arc::new(SystemClock);
    // Its figures have names that are good, as a test has seen.
    match config::read_telemetry(&vars) {
        Some(settings) => {
            let tokens = settings.login.clone().map(|login| {
                let tokens = IngestionTokens::new(vars, login.client_id, https::to_anywhere);
                Arc::new(tokens) as Arc<dyn wire::IngestionTokens>
            });
            let way = Way { connect: https::to_anywhere, tokens, runtime: runtime.clone() };
            Telemetry::sent_to(&settings, clock, way).ok()
        }
        None if config::shows_metrics(&vars) => Telemetry::of_figures(clock).ok(),
        None => None,
    }
}

async fn serve(telemetry: Option<Telemetry>) -> anyhow::Result<()> {
    let Loaded { config, origin } = load().await?;
    let figures = telemetry.as_ref().filter(|_| config.metrics).map(Telemetry::metrics);
    let (config, state) = open_with(Loaded { config, origin }, figures)?;
    if let Some(telemetry) = telemetry.as_ref().filter(|telemetry| telemetry.is_sent()) {
        tokio::spawn(monitoring::report(state.clone(), telemetry.clone()));
    }
    let settings = HttpSettings {
        cors_origins: config.cors_origins.clone(),
        production: config.environment == Environment::Production,
        ..HttpSettings::default()
    };
    let router = app::build(state, &settings)?;
    let listener = listen(config.port).with_context(|| {
        format!(
            "can't listen on 127.0.0.1:{}: is the port taken? FUNCTIONS_CUSTOMHANDLER_PORT names another",
            config.port
        )
    })?;
    let address = listener.local_addr()?;
    tracing::info!(%address, database = config.database_url.describe(), "listening");

    let (stopping, stopped) = tokio::sync::oneshot::channel();
    // Made into a service once: of a bare router `axum::serve` would copy every route for each connection.
    let server = axum::serve(listener, router.into_make_service()).with_graceful_shutdown(async move {
        order_to_stop().await;
        tracing::info!("stopping: requests in flight are finished");
        let _ = stopping.send(());
    });
    let patience = async {
        match stopped.await {
            Ok(()) => tokio::time::sleep(DRAIN).await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        result = server => result.context("the server failed"),
        () = patience => Ok(()),
    }
}

/// Listens on this machine alone. As many connections may wait to be accepted as requests are served at once: of a shorter
/// queue a burst would see its rest reset.
fn listen(port: u16) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // As a server that is started again finds its port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(u32::try_from(DEFAULT_AT_ONCE).unwrap_or(u32::MAX))
}

/// Waits for SIGTERM or Ctrl-C.
async fn order_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
            return;
        }
    }
    let _ = interrupt.await;
}

async fn migrate() -> anyhow::Result<()> {
    let (url, pool_size) = database_alone().await?;
    let database = open_database(&url, pool_size)?;
    tracing::info!(database = url.describe(), "migrating");
    let applied = |step: &migrate::Migration| tracing::info!(version = step.version, name = step.name, "applied");
    let count = migrate::run(&database, || SystemClock.now(), applied).await?;
    let homes = homes::complete_keys(&database).await?;
    if homes > 0 {
        tracing::info!(homes, "homes were made comparable");
    }
    tracing::info!(count, "{}", migrate::state(&database).await?);
    Ok(())
}

async fn migration_status() -> anyhow::Result<()> {
    let (url, pool_size) = database_alone().await?;
    let database = open_database(&url, pool_size)?;
    say(url.describe())?;
    for step in migrate::status(&database).await? {
        let state = match step.state {
            StepState::Applied(at) => format!("applied {}", handler::http::envelope::timestamp(at)),
            StepState::Pending => "pending".to_owned(),
            StepState::Changed => "applied with another text than this build has".to_owned(),
            StepState::Unknown { oldest_build: None } => "applied by a newer build; no older one may serve".to_owned(),
            StepState::Unknown { oldest_build: Some(oldest) } => {
                format!("applied by a newer build; builds from {oldest:04} on may serve")
            }
        };
        say(format_args!("{:04} {:<20} {state}", step.version, step.name))?;
    }
    Ok(say(migrate::state(&database).await?)?)
}

async fn add_demo_people() -> anyhow::Result<()> {
    let Loaded { config, origin } = load().await?;
    // They all come from one address, and at once.
    let config = Config { rate_limits: RateLimits::OFF, ..config };
    anyhow::ensure!(config.environment == Environment::Development, "demo people are for ENVIRONMENT=development only");
    let (_, state) = open(Loaded { config, origin })?;
    let router = app::build(state, &HttpSettings::default())?;
    for person in demo::add_people(router, SystemClock.today()).await? {
        say(person)?;
    }
    Ok(())
}

async fn scan_matches(once: bool, dry_run: bool, haste: Haste) -> anyhow::Result<()> {
    let loaded = load().await?;
    let may_hurry = loaded.config.environment == Environment::Development;
    anyhow::ensure!(may_hurry || !haste.is_some(), "--batch, --lease and --pause are for ENVIRONMENT=development only");
    let (_, state) = open(loaded)?;
    state.gate.pass(&state.db).await?;
    let mut scanner = Scanner::of(&state);
    scanner.settings.batch = haste.batch.unwrap_or(scanner.settings.batch);
    scanner.settings.lease = haste.lease.map_or(scanner.settings.lease, Duration::from_millis);
    let pause = haste.pause.map_or(command::PAUSE, Duration::from_millis);
    let until = if once { Until::NothingIsDue } else { Until::Stopped(pause) };
    if dry_run {
        command::rehearse(&scanner).await?;
    } else {
        let ended = command::scan(&scanner, until, order_to_stop()).await?;
        // Whoever waits for everything to be scanned is not to believe that it was.
        anyhow::ensure!(
            until != Until::NothingIsDue || ended == Ended::Done,
            "stopped before the end: run it again to go on"
        );
    }
    Ok(())
}

/// The configuration, with the secrets of the vault that it may name.
async fn load() -> anyhow::Result<Loaded> {
    secrets::load(config::environment(), vault::open).await
}

/// Where the database is, which a vault may have to say, and the size of its pool.
async fn database_alone() -> anyhow::Result<(DatabaseUrl, u32)> {
    let vars = config::environment();
    let settings = VaultSettings::from_vars(&vars)?.and_then(VaultSettings::for_the_database_alone);
    let secrets = match settings {
        Some(settings) => Some(vault::open(&settings, &vars)?.read(&settings.holds).await?),
        None => None,
    };
    Ok(config::read_database(&vars, secrets.as_ref())?)
}

/// The database, with the handler's own identity to log in by if the connection string says so.
fn open_database(url: &DatabaseUrl, pool_size: u32) -> anyhow::Result<Database> {
    let tokens = DatabaseTokens::new(config::environment(), https::to_anywhere);
    Database::open_as(url, pool_size, Arc::new(tokens))
}

/// Puts the application together, and from now on keeps it at the secrets of its vault.
fn open(loaded: Loaded) -> anyhow::Result<(Config, AppState)> {
    open_with(loaded, None)
}

/// As [`open`], with figures to show.
fn open_with(loaded: Loaded, metrics: Option<Arc<Metrics>>) -> anyhow::Result<(Config, AppState)> {
    let Loaded { config, origin } = loaded;
    let db = open_database(&config.database_url, config.pool_size)?;
    let parts = Parts {
        db,
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandomness),
        hash_cost: HashCost::OWASP,
        count_patience: WORTH_WAITING,
        metrics,
    };
    let state = app::assemble(&config, parts)?;
    if let Some(origin) = origin {
        let refresher = Refresher::new(origin, Arc::clone(&state.tokens), state.db.clone(), Rhythm::default());
        tokio::spawn(refresher.run());
    }
    Ok((config, state))
}
