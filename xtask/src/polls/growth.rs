//! Whether the same person's lists cost the same in a large database as in a small one.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::Args;
use load::block::Block;
use load::figures::{median, ratio};
use load::wire::Ask;
use serde_json::Value;

use super::{Origin, Site, matches, runtime, shown};
use crate::package;
use crate::world::PLANS_EACH;
use crate::world::yardstick::Yardstick;

/// The end of `--help`.
pub(crate) const EXAMPLES: &str = "\
In two worlds, one person each who is made alike: 100 connections, evenly spread over the crowd, all of them with 10 plans in
the cities that the crowd goes to, and 50 notifications. Two handlers run, one of which is asked at a time: blocks of one
request, one after the other on one connection, alternate between the two. Told are the medians over the rounds of the
handler's processor time for each request (see cargo xtask poll-cost --help) and of the median and the 95th percentile of
the latencies. Processor time and the median latency have to be the same within 20 %; the 95th percentile tells more of who
else uses the machine.

Examples:
  cargo xtask growth
  cargo xtask growth --small 10000 --large 100000 --rounds 3
  cargo xtask seed-world && cargo xtask growth --large-database sqlite:.data/world.db";

/// What is asked, beside `matches`.
const PATHS: [&str; 4] =
    ["/api/v1/notifications", "/api/v1/travels", "/api/v1/connections", "/api/v1/connections/travels"];
/// Somebody who knows many.
const SOMEBODY: Yardstick = Yardstick { connections: 100, plans: 10, notifications: 50 };
/// How far from 1 a ratio may be.
const MOST: f64 = 0.2;

/// Which worlds, and how often.
#[derive(Args)]
pub(crate) struct Options {
    /// How many plans the small world has, about: ten for each of its people
    #[arg(long, default_value_t = 10_000)]
    small: u32,
    /// How many plans the large world has, about
    #[arg(long, default_value_t = 1_000_000)]
    large: u32,
    /// A small world that seed-world made, of which a copy is used
    #[arg(long, conflicts_with = "small")]
    small_database: Option<String>,
    /// A large world that seed-world made, of which a copy is used
    #[arg(long, conflicts_with = "large")]
    large_database: Option<String>,
    /// The connection string of an SQL Server whose login may make databases: new worlds are made there, and dropped
    /// afterwards (in SQLite files unless set)
    #[arg(long)]
    server: Option<String>,
    /// The fewest requests in a block
    #[arg(long, default_value_t = 1_000)]
    requests: u64,
    /// How many blocks of each request in each world
    #[arg(long, default_value_t = 9)]
    rounds: u32,
    /// A handler that is built already, in place of a new release build
    #[arg(long)]
    handler: Option<PathBuf>,
}

/// What requests take in one world: medians over the blocks, the first in microseconds and the others in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Figures {
    cpu: f64,
    p50: f64,
    p95: f64,
}

impl Figures {
    fn of(blocks: &[Block]) -> Self {
        let each = |figure: &dyn Fn(&Block) -> f64| median(&blocks.iter().map(figure).collect::<Vec<_>>());
        Self {
            cpu: each(&Block::cpu_micros_each),
            p50: each(&|block| block.latencies.at(0.5)),
            p95: each(&|block| block.latencies.at(0.95)),
        }
    }
}

/// Measures as `options` say, and prints a table. Fails if something costs more, or less, in the large world.
pub(crate) fn measure(root: &Path, options: &Options) -> Result<()> {
    ensure!(options.rounds > 0 && options.requests > 0, "at least one of each");
    let handler = package::given(root, options.handler.as_deref())?;
    let open = |database: Option<&str>, plans: u32| {
        let origin = database.map_or(Origin::New(plans / PLANS_EACH, options.server.as_deref()), Origin::Seeded);
        Site::open(&handler, &origin, SOMEBODY, 1)
    };
    let mut worlds = [
        open(options.small_database.as_deref(), options.small)?,
        open(options.large_database.as_deref(), options.large)?,
    ];
    println!(
        "{} rounds, a person with {} connections; s: small world, l: large world\n",
        options.rounds, SOMEBODY.connections
    );
    println!("{HEAD}");
    runtime()?.block_on(async {
        let matches = matches();
        let mut other = Vec::new();
        for path in PATHS[..2].iter().copied().chain([matches.as_str()]).chain(PATHS[2..].iter().copied()) {
            let [small, large] = compare(&mut worlds, path, options).await?;
            println!("{}", row(shown(path), small, large));
            if !alike(small, large) {
                other.push(shown(path));
            }
        }
        ensure!(other.is_empty(), "these don't cost the same within {:.0} %: {}", MOST * 100.0, other.join(", "));
        Ok(())
    })
}

const HEAD: &str = "\
                        processor µs/request      latency p50, ms          latency p95, ms
GET                       s      l   l/s          s      l   l/s          s      l   l/s";

fn row(path: &str, small: Figures, large: Figures) -> String {
    let mark = if alike(small, large) { "" } else { "  not the same" };
    let three =
        |small: f64, large: f64, digits| format!("{small:>7.digits$} {large:>7.digits$} {:>5.2}", ratio(large, small));
    format!(
        "{path:<20} {}   {}   {}{mark}",
        three(small.cpu, large.cpu, 1),
        three(small.p50, large.p50, 3),
        three(small.p95, large.p95, 3)
    )
}

fn alike(small: Figures, large: Figures) -> bool {
    [(small.cpu, large.cpu), (small.p50, large.p50)]
        .into_iter()
        .all(|(small, large)| small > 0.0 && (ratio(large, small) - 1.0).abs() <= MOST)
}

/// Blocks of one request in both worlds, one after the other, each of them as often the first.
async fn compare(worlds: &mut [Site; 2], path: &str, options: &Options) -> Result<[Figures; 2]> {
    let asks: [Ask; 2] = [worlds[0].question(path), worlds[1].question(path)];
    let mut entries = [0; 2];
    for (at, world) in worlds.iter_mut().enumerate() {
        world.warm_up(&asks[at]).await?;
        entries[at] = objects(&serde_json::from_slice(&world.poller.ask(&asks[at]).await?.body)?);
    }
    ensure!(entries[0] == entries[1] && entries[0] > 1, "the answers to {path} differ: {entries:?} objects");
    let mut blocks = [Vec::new(), Vec::new()];
    for round in 0..options.rounds {
        for at in if round % 2 == 0 { [0, 1] } else { [1, 0] } {
            blocks[at].push(worlds[at].block(&asks[at], 200, options.requests).await?);
        }
    }
    Ok(blocks.map(|blocks| Figures::of(&blocks)))
}

/// How many objects there are in an answer, itself and those within others.
fn objects(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(objects).sum(),
        Value::Object(fields) => 1 + fields.values().map(objects).sum::<usize>(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn figures(cpu: f64, p50: f64, p95: f64) -> Figures {
        Figures { cpu, p50, p95 }
    }

    #[test]
    fn worlds_are_alike_within_a_fifth_either_way() {
        let small = figures(100.0, 1.0, 2.0);
        for (large, expected) in [
            (figures(119.0, 0.81, 9.0), true),
            (figures(121.0, 1.0, 2.0), false),
            (figures(100.0, 1.21, 2.0), false),
            (figures(79.0, 1.0, 2.0), false),
        ] {
            assert_eq!(alike(small, large), expected, "{large:?}");
            assert_eq!(!row("/travels", small, large).ends_with("not the same"), expected);
        }
        assert!(!alike(figures(0.0, 0.0, 0.0), small), "what was not measured is not alike");
    }

    #[test]
    fn a_row_has_both_worlds_and_their_ratios() {
        let told = row("/travels", figures(100.0, 0.2, 0.5), figures(110.0, 0.1, 0.6));
        let told: Vec<_> = told.split_whitespace().take(10).collect();
        assert_eq!(told, ["/travels", "100.0", "110.0", "1.10", "0.200", "0.100", "0.50", "0.500", "0.600", "1.20"]);
    }

    #[test]
    fn objects_are_counted_in_depth() {
        assert_eq!(objects(&json!({ "data": [{ "user": { "id": 1 } }, { "user": null }], "total": 2 })), 4);
        assert_eq!(objects(&json!([1, "a"])), 0);
    }
}
