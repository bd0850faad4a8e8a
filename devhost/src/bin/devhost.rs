//! `devhost --script-root dist`: hosts a staged function app.

use anyhow::{Context, Result};
use clap::Parser;
use devhost::signals::StopSignals;
use devhost::{Host, HostOptions, settings};
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Hosts a function app with a custom handler, as Azure's Functions host does.
///
/// App settings reach the handler as environment variables. They come from this process's environment and from the
/// "Values" of local.settings.json; where both have one, the environment goes first, as with `func start`.
#[derive(Parser)]
#[command(name = "devhost")]
struct Arguments {
    /// The folder that holds host.json, the handler and one folder a function.
    #[arg(long, default_value = ".")]
    script_root: PathBuf,
    /// The port on 127.0.0.1; 0 for any free one.
    #[arg(long, default_value_t = 7071)]
    port: u16,
    /// The settings file [default: local.settings.json in the script root, if there is one].
    #[arg(long)]
    settings: Option<PathBuf>,
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
    let mut options = HostOptions::new(&arguments.script_root);
    options.listen = (Ipv4Addr::LOCALHOST, arguments.port).into();
    options.settings = settings::behind_environment(match &arguments.settings {
        Some(file) => {
            std::fs::metadata(file).with_context(|| format!("{} can't be read", file.display()))?;
            settings::read(file)?
        }
        None => settings::read(&arguments.script_root.join("local.settings.json"))?,
    });
    let host = Host::start(options).await?;
    drop(writeln!(std::io::stdout(), "Listening on http://{}/ (Ctrl-C stops)", host.address()));
    tokio::select! {
        ended = host.wait() => ended,
        () = signals.recv() => host.shutdown().await,
    }
}
