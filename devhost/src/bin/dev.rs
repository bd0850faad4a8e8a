//! `cargo dev`: from a fresh checkout to a running API in one command.

use anyhow::{Context, Result};
use clap::Parser;
use devhost::app::Trigger;
use devhost::dev::{self, Banner};
use devhost::signals::StopSignals;
use devhost::{Host, HostOptions, RunningHost, settings, stage};
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use std::collections::BTreeMap;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::ExitCode;
use tempfile::TempDir;

/// Builds the handler, prepares a database and runs the API on this machine, as Azure would run it.
///
/// App settings come from this process's environment, then from the "Values" of local.settings.json, then from
/// defaults for development; the options below go before all of them. The default database is a file in .data/.
#[derive(Parser)]
#[command(name = "dev", bin_name = "cargo dev")]
struct Arguments {
    /// The port on 127.0.0.1; 0 for any free one.
    #[arg(long, default_value_t = 7071)]
    port: u16,
    /// The database: sqlite:PATH, or a connection string of SQL Server [default: sqlite:.data/travelmeetup.db].
    #[arg(long, value_name = "DATABASE_URL", conflicts_with = "ephemeral")]
    database: Option<String>,
    /// Use a new, empty database that is removed at the end.
    #[arg(long)]
    ephemeral: bool,
    /// Add a handful of people, and print their passwords.
    #[arg(long)]
    demo: bool,
    /// Build the handler with optimisations.
    #[arg(long)]
    release: bool,
}

/// What has to live as long as the host.
struct Running {
    host: RunningHost,
    _throwaway: Option<TempDir>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(std::io::stderr(), "error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<()> {
    let mut signals = StopSignals::listen()?;
    let running = tokio::select! {
        running = start(arguments) => running?,
        // Dropping the half-made start ends its child processes and removes a throwaway database.
        () = signals.recv() => return Ok(()),
    };
    tokio::select! {
        ended = running.host.wait() => ended,
        () = signals.recv() => running.host.shutdown().await,
    }
}

async fn start(arguments: Arguments) -> Result<Running> {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    refuse_taken_port(listen)?;
    let here = std::env::current_dir().context("the current folder can't be read")?;
    let repository = dev::find_repository(&here)?;
    let throwaway = arguments.ephemeral.then(tempfile::tempdir).transpose().context("no temporary folder")?;
    let settings = app_settings(&arguments, &repository, throwaway.as_ref())?;
    let handler = dev::build_handler(&repository, arguments.release).await?;
    let script_root = repository.join("target/dev-root");
    stage(&repository, &handler, &script_root)?;
    dev::run_handler(&handler, "migrate", &settings).await?;
    if arguments.demo {
        dev::run_handler(&handler, "demo", &settings).await?;
    }

    let mut options = HostOptions::new(script_root);
    options.listen = listen;
    options.state_dir = Some(match &throwaway {
        Some(folder) => folder.path().join("timers"),
        None => repository.join(".data/timers"),
    });
    let database = dev::describe(settings.get("DATABASE_URL").map_or("", String::as_str));
    options.settings = settings;
    let host = Host::start(options).await?;
    host.ready().await?;
    let banner = banner(&host, database).await;
    drop(writeln!(std::io::stdout(), "{banner}"));
    Ok(Running { host, _throwaway: throwaway })
}

/// The settings in full: option, environment, local.settings.json, default, in this order.
fn app_settings(
    arguments: &Arguments,
    repository: &Path,
    throwaway: Option<&TempDir>,
) -> Result<BTreeMap<String, String>> {
    let data = repository.join(".data");
    std::fs::create_dir_all(&data).with_context(|| format!("{} can't be made", data.display()))?;
    let defaults = [
        ("DATABASE_URL", "sqlite:.data/travelmeetup.db"),
        ("ENVIRONMENT", "development"),
        ("CORS_ORIGINS", "http://localhost:3000,http://localhost:5173"),
        ("MATCH_SCAN_SCHEDULE", "*/10 * * * * *"),
    ];
    let mut given: BTreeMap<_, _> = defaults.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    given.extend(settings::read(&repository.join("local.settings.json"))?);
    // Where a vault has the secrets, there must be no others.
    let has_vault = given.contains_key("KEY_VAULT_URL") || std::env::var_os("KEY_VAULT_URL").is_some();
    let made = dev::load_or_create(&data.join("dev-secrets.json"), rand::fill)?;
    let mut all = if has_vault { BTreeMap::new() } else { made };
    all.extend(given);
    all = settings::behind_environment(all);
    let chosen = match throwaway {
        Some(folder) => Some(format!("sqlite:{}", folder.path().join("travelmeetup.db").display())),
        None => arguments.database.clone(),
    };
    let database = chosen.or_else(|| std::env::var("DATABASE_URL").ok()).or_else(|| all.remove("DATABASE_URL"));
    let database = database.context("DATABASE_URL is set to something that is no text")?;
    all.insert("DATABASE_URL".to_owned(), dev::absolute_sqlite(&database, repository));
    Ok(all)
}

/// Before minutes are spent on a build.
fn refuse_taken_port(listen: SocketAddr) -> Result<()> {
    let taken = || format!("port {} is taken: choose another, for example --port {}", listen.port(), listen.port() ^ 1);
    TcpListener::bind(listen).map(drop).with_context(taken)
}

async fn banner(host: &RunningHost, database: String) -> Banner {
    let functions = &host.app().functions;
    let timers = functions.iter().filter_map(|function| match &function.trigger {
        Trigger::Timer(timer) => Some((function.name.clone(), timer.schedule_text.clone())),
        Trigger::Http(_) => None,
    });
    let timers: Vec<_> = timers.collect();
    Banner {
        address: host.address(),
        has_docs: has_docs(host.address()).await,
        database,
        http_functions: functions.len() - timers.len(),
        timers,
        visitor: rand::random(),
    }
}

async fn has_docs(address: SocketAddr) -> bool {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<bytes::Bytes>>();
    let Ok(docs) = format!("http://{address}/docs").parse() else { return false };
    client.get(docs).await.is_ok_and(|response| response.status().is_success())
}
