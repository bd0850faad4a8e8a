//! What `cargo xtask load` is told.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use load::scenario::Scenario;
use load::wire::parse_target;

/// The end of `--help`.
pub(crate) const EXAMPLES: &str = "\
Scenarios:
  app-open          Open loop. 45 % notification polls (30 unread count, 15 list), 20 % matches, 15 % plans, 8 %
                    connections, 5 % plan writes, 3 % search, 3 % refresh (one in thirty of them logs in), 1 % other.
                    500/s, 2,000 people. Every answer but a success or a 304 is an error.
  conference-spike  app-open at a normal rate (100/s), for 30 s at ten times that, while 5,000 people each log a plan for
                    one city and week and look who else is there; then as before. A 429 or 503 is expected if it says
                    when to come back; told are the 95th percentiles of the seconds after it.
  auth-storm        Open loop, 300/s of 1,000 people: half logins by password, 40 % refreshes, 10 % profiles. A 429 or 503
                    is expected if it says when to come back.
  normal, peak, stress
                    Closed loop of 100, 500 or 1,000 people, who do what those of app-open do: each waits for the answer
                    and thinks for a second on average (--think-ms).

Latencies of an open loop count from the moment at which a request was meant to be sent, the wait for a connection
included. A request without an answer in 10 s is an error, and so is one that still waits 10 s after the end.

On an SQL Server there is a rehearsal before anything counts: people do everything slowly, first one at a time, then two,
and so on up to --pool, each step until all is answered within 400 ms, so that each connection has seen each statement.

Examples:
  cargo xtask seed-world && cargo xtask load --database sqlite:.data/world.db --rate 1000 --seconds 60
  cargo xtask load --rates 500,1000,2000,4000 --json load.json --svg load.svg
  cargo xtask load --find-limit --seconds 20
  cargo xtask load --scenario conference-spike --with-limits
  cargo xtask load --scenario peak --target http://127.0.0.1:8080 --people 1000 --pid 4711
  cargo xtask load --server 'server=tcp:127.0.0.1,1433;user id=sa;password=…;TrustServerCertificate=true' --pool 4 --rate 50";

/// Who sends what, where to, and where the figures go.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line, apart from the others")]
pub(crate) struct Options {
    /// What people do: app-open, conference-spike, auth-storm, normal, peak or stress; see below
    #[arg(long, default_value = "app-open", value_parser = str::parse::<Scenario>)]
    pub(super) scenario: Scenario,
    /// Requests a second of an open loop; of a spike, before it (the scenario's own unless set)
    #[arg(long)]
    pub(super) rate: Option<f64>,
    /// One run of an open loop at each of these rates, and the curve over them
    #[arg(long, value_delimiter = ',', conflicts_with_all = ["rate", "find_limit"])]
    pub(super) rates: Vec<f64>,
    /// Look for the highest rate with a 95th percentile under 200 ms and under 0.1 % errors, from --rate on
    #[arg(long)]
    pub(super) find_limit: bool,
    /// How many distinct people of the world use the app; low numbers, who know more people, more likely (the scenario's)
    #[arg(long)]
    pub(super) users: Option<u32>,
    /// How long each run counts; of a spike, before it and after it
    #[arg(long, default_value_t = 30)]
    pub(super) seconds: u64,
    /// How long each run goes on before it counts
    #[arg(long, default_value_t = 5)]
    pub(super) warm_up: u64,
    /// How long people of a closed loop think, on average
    #[arg(long, default_value_t = 1_000)]
    pub(super) think_ms: u64,
    /// Connections at most, for which requests queue (64; 512 of a spike, 1,000 of a storm, one each of a closed loop)
    #[arg(long)]
    pub(super) connections: Option<usize>,
    /// Requests at even distances, in place of those of a Poisson process
    #[arg(long)]
    pub(super) even: bool,
    /// People ask for everything anew, and never tell what they have (If-None-Match)
    #[arg(long)]
    pub(super) no_etags: bool,
    /// Leave the rate limits as they are in production, each person at an address of their own; a 429 is expected then
    #[arg(long, conflicts_with = "target")]
    pub(super) with_limits: bool,
    /// Another seed draws other people, deeds and moments
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// A world that seed-world made: `sqlite:PATH`, of which a copy is used, or the connection string of an SQL Server, which
    /// is used itself (a small world of its own unless set)
    #[arg(long, conflicts_with = "target")]
    pub(super) database: Option<String>,
    /// The connection string of an SQL Server whose login may make databases: the small world is made there, and dropped
    /// afterwards (in a SQLite file unless set)
    #[arg(long, conflicts_with_all = ["target", "database"])]
    pub(super) server: Option<String>,
    /// How many connections the handler opens to an SQL Server at most (its own default unless set)
    #[arg(long, conflicts_with = "target", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(super) pool: Option<u32>,
    /// How many people the world has: the one that is made, or the --target's
    #[arg(long, default_value_t = 2_000)]
    pub(super) people: u32,
    /// A handler that is built already, in place of a new release build
    #[arg(long, conflicts_with = "target")]
    pub(super) handler: Option<PathBuf>,
    /// A server that runs already, on a world of seed-world: http://127.0.0.1:PORT, on this machine only. People log in first
    #[arg(long, value_parser = parse_target)]
    pub(super) target: Option<SocketAddr>,
    /// The process of --target, to tell its processor time and memory
    #[arg(long, requires = "target")]
    pub(super) pid: Option<u32>,
    /// Write everything as JSON
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
    /// Draw the latencies over the offered rate
    #[arg(long, value_name = "FILE")]
    pub(super) svg: Option<PathBuf>,
}
