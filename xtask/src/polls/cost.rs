//! What a poll costs that sees something new, and what one that doesn't.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use http::HeaderValue;
use load::figures::{median, ratio};
use load::wire::Ask;

use super::{Origin, Site, matches, runtime, shown};
use crate::package;
use crate::world::yardstick::Yardstick;

/// The end of `--help`.
pub(crate) const EXAMPLES: &str = "\
Somebody with 20 connections, 10 plans and 50 notifications repeats what phones repeat, in blocks of one kind after the other:
with the ETag of an answer of long ago, to get a 200, and with that of the answer as it is, to get a 304. What counts is the
handler's processor time in each block, utime and stime of /proc/<pid>/stat: the kernel measures their sum in nanoseconds, of
threads that have ended too, and tells it in ticks of 10 ms, so that a block goes on until it took a second. The columns are
medians over the rounds.

GET /health asks no database: it costs what any request costs by itself. The handler has one thread for requests, as on an
instance with one core. Of the first two lists, a 304 may cost a third of a 200, or the command fails.

Examples:
  cargo xtask poll-cost
  cargo xtask seed-world && cargo xtask poll-cost --database sqlite:.data/world.db
  cargo xtask poll-cost --handler target/release/handler --connections 1 --rounds 9
  cargo xtask poll-cost --server 'server=tcp:127.0.0.1,1433;user id=sa;password=…;TrustServerCertificate=true'";

/// The lists that need not be read for it to be known that nothing is new: what is promised of a poll is promised of these.
const PROMISED: [&str; 2] = ["/api/v1/notifications", "/api/v1/travels"];
/// What is shown beside them, as `matches` are: single rows, that cost little more than to be asked for, and lists of what others
/// change, that have to be read.
const OTHERS: [&str; 3] = ["/api/v1/notifications/unread-count", "/api/v1/users/me", "/api/v1/connections"];
/// Costs no more than what every request costs.
const FLOOR: &str = "/health";
/// The tag of an answer that nobody gives any more.
const OLD: HeaderValue = HeaderValue::from_static("W/\"AAAAAAAAAAAAAAAAAAAA\"");
/// A typical person.
const TYPICAL: Yardstick = Yardstick { connections: 20, plans: 10, notifications: 50 };
/// The share of a 200 that a 304 may cost.
const MOST: f64 = 1.0 / 3.0;

/// Who asks what, and how often.
#[derive(Args)]
pub(crate) struct Options {
    /// A world that seed-world made: `sqlite:PATH`, of which a copy is used, or the connection string of an SQL Server, which
    /// is used itself (a small world of its own unless set)
    #[arg(long)]
    database: Option<String>,
    /// How many people the small world has
    #[arg(long, default_value_t = 1_000, conflicts_with = "database")]
    people: u32,
    /// The connection string of an SQL Server whose login may make databases: new worlds are made there, and dropped
    /// afterwards (in SQLite files unless set)
    #[arg(long, conflicts_with = "database")]
    server: Option<String>,
    /// The fewest requests in a block
    #[arg(long, default_value_t = 2_000)]
    requests: u64,
    /// How many blocks of each kind
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// How many connections ask at once
    #[arg(long, default_value_t = 4)]
    connections: usize,
    /// A handler that is built already, in place of a new release build
    #[arg(long)]
    handler: Option<PathBuf>,
}

/// The medians of one path, in microseconds of processor time for each request.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Costs {
    new: f64,
    same: f64,
}

impl Costs {
    fn share(self) -> f64 {
        ratio(self.same, self.new)
    }

    /// The same of what each costs above what any request does.
    fn share_above(self, floor: f64) -> f64 {
        ratio((self.same - floor).max(0.0), self.new - floor)
    }
}

/// Measures as `options` say, and prints a table. Fails if a poll of a [`PROMISED`] list that sees nothing new costs more than it
/// should.
pub(crate) fn measure(root: &Path, options: &Options) -> Result<()> {
    ensure!(options.rounds > 0 && options.requests > 0 && options.connections > 0, "at least one of each");
    let handler = package::given(root, options.handler.as_deref())?;
    let origin =
        options.database.as_deref().map_or(Origin::New(options.people, options.server.as_deref()), Origin::Seeded);
    let mut site = Site::open(&handler, &origin, TYPICAL, options.connections)?;
    let connections = options.connections;
    println!("{} rounds, {connections} connections, microseconds of the handler's processor time\n", options.rounds);
    println!("{HEAD}");
    runtime()?.block_on(async {
        let each = options.requests.div_ceil(connections as u64);
        let floor = floor(&mut site, options.rounds, each).await?;
        println!("{:<30} {floor:>8.1}", shown(FLOOR));
        let matches = matches();
        let mut dear = Vec::new();
        for path in PROMISED.into_iter().chain(OTHERS).chain([matches.as_str()]) {
            let costs = costs(&mut site, path, options.rounds, each).await?;
            println!("{}", row(shown(path), costs, floor));
            if costs.share() > MOST && PROMISED.contains(&path) {
                dear.push(shown(path));
            }
        }
        ensure!(
            dear.is_empty(),
            "a poll that sees nothing new costs over a third of one that does: {}",
            dear.join(", ")
        );
        Ok(())
    })
}

const HEAD: &str = "GET                                 200      304   304/200   without /health";

fn row(path: &str, costs: Costs, floor: f64) -> String {
    let mark = if costs.share() > MOST { "  over a third" } else { "" };
    let Costs { new, same } = costs;
    format!("{path:<30} {new:>8.1} {same:>8.1} {:>9.2} {:>17.2}{mark}", costs.share(), costs.share_above(floor))
}

async fn floor(site: &mut Site, rounds: u32, each: u64) -> Result<f64> {
    let ask = Ask::get(FLOOR);
    site.warm_up(&ask).await?;
    let mut blocks = Vec::new();
    for _ in 0..rounds {
        blocks.push(site.block(&ask, 200, each).await?.cpu_micros_each());
    }
    Ok(median(&blocks))
}

async fn costs(site: &mut Site, path: &str, rounds: u32, each: u64) -> Result<Costs> {
    let new = Ask { known: Some(OLD), ..site.question(path) };
    site.warm_up(&new).await?;
    let tag = site.poller.ask(&new).await?.etag.with_context(|| format!("{path} has no ETag"))?;
    let same = Ask { known: Some(tag), ..new.clone() };
    let (mut of_new, mut of_same) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        of_new.push(site.block(&new, 200, each).await?.cpu_micros_each());
        of_same.push(site.block(&same, 304, each).await?.cpu_micros_each());
    }
    Ok(Costs { new: median(&of_new), same: median(&of_same) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_over_a_third_is_marked() {
        let head: Vec<_> = HEAD.split_whitespace().collect();
        assert_eq!(head[..4], ["GET", "200", "304", "304/200"]);
        let fine = row("/travels", Costs { new: 150.0, same: 49.0 }, 30.0);
        assert_eq!(fine.split_whitespace().collect::<Vec<_>>(), ["/travels", "150.0", "49.0", "0.33", "0.16"]);
        assert!(row("/travels", Costs { new: 150.0, same: 51.0 }, 30.0).ends_with("0.17  over a third"));
    }

    #[test]
    fn a_share_of_nothing_is_none() {
        let costs = Costs { new: 20.0, same: 10.0 };
        assert!(costs.share_above(20.0).abs() < 1e-9 && costs.share_above(25.0).abs() < 1e-9);
        assert!((costs.share() - 0.5).abs() < 1e-9);
    }
}
