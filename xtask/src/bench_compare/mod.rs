//! What a change does to speed: the handler of the working tree against that of another commit, in turn on this machine.
//!
//! A machine is never as fast twice, so nothing here is an absolute figure: both sides get the same world and the same
//! requests in the same minutes, and what counts is the ratio.

mod builds;
mod load;
mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use handler::clock::{Clock as _, SystemClock};
use serde_json::json;

use crate::server::Bench;
use crate::world;
use load::{Asked, Sample};
use report::Row;

/// One seed makes one world.
const SEED: u64 = 1;

/// How long and how much to measure.
pub(crate) struct Plan {
    /// How often each side's turn comes.
    pub(crate) rounds: usize,
    /// How long each request is repeated in a turn.
    pub(crate) each: Duration,
    /// How many people there are in the world.
    pub(crate) people: u32,
}

/// One of the two handlers, and its world as it was made.
struct Side {
    handler: PathBuf,
    world: PathBuf,
}

/// Measures the working tree against the commit that `reference` names, and prints the ratios.
pub(crate) fn compare(root: &Path, reference: &str, plan: &Plan) -> Result<()> {
    ensure!(plan.rounds > 0 && !plan.each.is_zero(), "at least one round, and at least one second");
    let commit = builds::commit(root, reference)?;
    let tree = builds::working_tree(root)?;
    let builds = builds::Builds::open(root)?;
    println!("old: {reference}, {commit}");
    println!("new: the working tree as it is, {tree}");
    let worlds = tempfile::Builder::new().prefix("worlds-").tempdir_in(builds.folder())?;
    let side = |name: &str, handler: PathBuf| -> Result<Side> {
        let world = worlds.path().join(format!("{name}.db"));
        make_world(&handler, &world, plan.people)
            .with_context(|| format!("the {name} side's database can't be made by the seed-world of this tree"))?;
        Ok(Side { handler, world })
    };
    let sides = [side("old", builds.of_commit(&commit)?)?, side("new", builds.of_working_tree()?)?];
    let requests = requests();
    let mut rows: Vec<Row> = requests.iter().map(|request| Row::new(request.name())).collect();
    for round in 0..plan.rounds {
        // Old, new, new, old: whatever drifts meets both alike.
        let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        for which in order {
            eprint!("\rround {} of {}, the {} side   ", round + 1, plan.rounds, ["old", "new"][which]);
            let samples = take_turn(&sides[which], worlds.path(), &requests, plan.each)?;
            rows.iter_mut().zip(samples).for_each(|(row, sample)| row.add(which, sample));
        }
    }
    eprintln!();
    println!("{}", report::table(&rows, plan));
    Ok(())
}

/// Has the side's own handler make the schema, and fills it as `seed-world` does.
fn make_world(handler: &Path, world: &Path, people: u32) -> Result<()> {
    let database = format!("sqlite:{}", world.display());
    let migrated = Bench::of(handler.to_owned(), &database).command(0).arg("migrate").status()?;
    ensure!(migrated.success(), "its handler can't migrate an empty database");
    world::fill(&database, people, SEED)
}

/// Starts the side's handler on a new copy of its world and measures all requests, one after the other.
fn take_turn(side: &Side, folder: &Path, requests: &[Asked], each: Duration) -> Result<Vec<Sample>> {
    let turn = tempfile::Builder::new().prefix("turn-").tempdir_in(folder)?;
    let database = turn.path().join("world.db");
    fs::copy(&side.world, &database)?;
    let mut handler = Bench::of(side.handler.clone(), &format!("sqlite:{}", database.display())).start()?;
    handler.until_200("/ready")?;
    let login = json!({ "email": world::email(1), "password": world::PASSWORD }).to_string();
    let (status, session) = handler.ask("POST", "/api/v1/auth/login", "", &login)?;
    ensure!(status == 200, "the first person can't log in: {status}");
    let token = session["access_token"].as_str().context("no access token")?;
    requests.iter().map(|request| load::measure(&handler, token, request, each)).collect()
}

/// What the first person asks for, who has the most; what writes comes last.
fn requests() -> Vec<Asked> {
    let today = SystemClock.today();
    let soon = today + time::Duration::days(14);
    let (first, last) = (today.to_string(), soon.to_string());
    let plan = json!({ "city": "London", "country": "UK", "start_date": first, "end_date": last }).to_string();
    vec![
        Asked::get("/api/v1/users/me"),
        Asked::get("/api/v1/notifications"),
        Asked::get("/api/v1/notifications/unread-count"),
        Asked::get("/api/v1/travels"),
        Asked::get(&format!("/api/v1/matches?city=London&country=UK&start_date={today}&end_date={soon}")),
        Asked::get("/api/v1/connections"),
        Asked::get("/api/v1/users/search?q=jane%20smi"),
        Asked::post("/api/v1/travels", plan),
    ]
}
