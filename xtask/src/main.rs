//! The project's own chores.

mod bench_compare;
mod cargo;
mod cold_start;
mod counts;
mod docs;
mod functions;
mod list_times;
mod load;
mod login_storm;
mod login_timing;
mod openapi;
mod package;
mod polls;
mod scan_times;
mod server;
mod status_coverage;
mod world;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

use package::Build;

/// The project's own chores.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Write a function.json for every operation of the OpenAPI document
    Functions,
    /// Write the OpenAPI document to docs/openapi.json
    Openapi,
    /// Build the handler and lay out a script root for the Functions host, dist/, and the same as dist.zip
    Package {
        /// Where to lay it out; the zip goes beside it
        #[arg(long, default_value = "dist")]
        out: PathBuf,
        /// What to build for; x86_64-unknown-linux-musl runs on any Linux (this machine's own unless set)
        #[arg(long)]
        target: Option<String>,
        /// Build without optimisation, for this machine: to try the package out
        #[arg(long, conflicts_with_all = ["target", "verify"])]
        debug: bool,
        /// Build it again in a copy of the checkout, and fail unless the bytes are the same
        #[arg(long)]
        verify: bool,
    },
    /// Write which stories produce which documented status of which operation; fail where none does
    StatusCoverage {
        /// What the suite wrote, with `STATUS_COVERAGE` naming this file
        #[arg(long, default_value = "target/status-coverage.tsv")]
        notes: PathBuf,
        /// Where the report goes
        #[arg(long, default_value = "target/status-coverage.txt")]
        report: PathBuf,
    },
    /// Measure the time from the start of the release handler to its first answers
    ColdStart {
        /// How many starts
        #[arg(long, default_value_t = 20)]
        runs: usize,
    },
    /// Measure whether a failed login takes as long for an unknown email address as for a known one
    LoginTiming {
        /// How many logins of each kind
        #[arg(long, default_value_t = 300)]
        runs: usize,
    },
    /// Measure what many logins at once do to the release handler, and to those who ask it for something else meanwhile
    LoginStorm {
        /// How many logins
        #[arg(long, default_value_t = 1_000)]
        logins: usize,
    },
    /// Fill an empty database with many people, their connections and their plans, to measure in
    SeedWorld {
        /// How many people
        #[arg(long, default_value_t = 100_000)]
        users: u32,
        /// Where: `sqlite:PATH`, or the connection string of an SQL Server
        #[arg(long, default_value = "sqlite:.data/world.db")]
        database: String,
        /// Another seed makes another world
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Measure how long the match scan takes for new plans, in a database that seed-world made
    ScanTimes {
        /// The database
        #[arg(long, default_value = "sqlite:.data/world.db")]
        database: String,
        /// How many new plans
        #[arg(long, default_value_t = 10_000)]
        plans: u32,
    },
    /// Measure how long the release handler takes for each list, in a database that seed-world made
    ListTimes {
        /// The database
        #[arg(long, default_value = "sqlite:.data/world.db")]
        database: String,
        /// How many requests of each kind
        #[arg(long, default_value_t = 300)]
        runs: usize,
    },
    /// Put the release handler under load as many people with the app make it, and print, write and draw what it takes
    #[command(after_long_help = load::options::EXAMPLES)]
    Load(#[command(flatten)] Box<load::options::Options>),
    /// Measure the release handler of the working tree against that of another commit, in turn, and print the ratios
    ///
    /// Both get a small world of the same people and the same requests over a few connections. The other commit's handler
    /// is built from a checkout of its own, which goes afterwards, and kept in target/bench-compare.
    #[command(after_help = "Example: what the branch costs, in three minutes after the builds\n  \
        cargo xtask bench-compare main --rounds 4 --seconds 2")]
    BenchCompare {
        /// The commit: a branch, a tag, `HEAD~3`
        #[arg(value_name = "GIT-REF")]
        reference: String,
        /// How often each side's turn comes
        #[arg(long, default_value_t = 5)]
        rounds: usize,
        /// How many seconds each of the eight requests is repeated in a turn
        #[arg(long, default_value_t = 3)]
        seconds: u64,
        /// How many people there are in the world
        #[arg(long, default_value_t = 2_000)]
        people: u32,
    },
    /// Count the instructions of the pure parts with valgrind; fail where they are not those of tests/counts/figures.json
    Counts {
        /// Write what is counted to that file instead
        #[arg(long)]
        renew: bool,
    },
    /// Measure what a poll costs the release handler that sees something new, and what one that doesn't
    #[command(after_long_help = polls::cost::EXAMPLES)]
    PollCost(#[command(flatten)] polls::cost::Options),
    /// Measure whether the same person's lists cost the same with many plans in the database as with few
    #[command(after_long_help = polls::growth::EXAMPLES)]
    Growth(#[command(flatten)] polls::growth::Options),
    /// Write the API reference, the Postman collection and what else is made from the OpenAPI document
    Docs,
}

fn main() -> ExitCode {
    let root = repository();
    let done = match Cli::parse().chore {
        Chore::Functions => functions::write(&root.join("functions")),
        Chore::Openapi => openapi::write(&root.join("docs/openapi.json")),
        Chore::Package { out, target, debug, verify } => {
            let build = if debug { Build::Debug } else { Build::Release { target } };
            package::package(&root, &root.join(out), &build, verify)
        }
        Chore::StatusCoverage { notes, report } => status_coverage::check(&root.join(notes), &root.join(report)),
        Chore::ColdStart { runs } => cold_start::measure(&root, runs),
        Chore::LoginTiming { runs } => login_timing::measure(&root, runs),
        Chore::LoginStorm { logins } => login_storm::measure(&root, logins),
        Chore::SeedWorld { users, database, seed } => world::seed(&database, users, seed),
        Chore::ScanTimes { database, plans } => scan_times::measure(&root, &database, plans),
        Chore::ListTimes { database, runs } => list_times::measure(&root, &database, runs),
        Chore::Load(options) => load::measure(&root, &options),
        Chore::BenchCompare { reference, rounds, seconds, people } => {
            let plan = bench_compare::Plan { rounds, each: Duration::from_secs(seconds), people };
            bench_compare::compare(&root, &reference, &plan)
        }
        Chore::Counts { renew } => counts::check(&root, renew),
        Chore::PollCost(options) => polls::cost::measure(&root, &options),
        Chore::Growth(options) => polls::growth::measure(&root, &options),
        Chore::Docs => docs::write(&root),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cargo xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The repository that this chore was built from.
fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
