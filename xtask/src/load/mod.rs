//! `cargo xtask load`: a world and a server to load, and a report of what came of it. The load itself is the crate `load`.

pub(crate) mod options;
mod rehearsal;
mod sessions;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use handler::clock::{Clock as _, SystemClock};
use handler::config::DEFAULT_POOL_SIZE;
use load::crowd::{Crowd, chosen};
use load::generator::{Loop, Outcome, Settings, offered, run};
use load::limit::{MOST_FAILED, MOST_P95, Search, is_fine};
use load::login::log_in;
use load::probe::Probe;
use load::progress::Progress;
use load::report::curve::{Point, draw};
use load::report::{Report, json, table};
use load::scenario::{Extent, Scenario};
use load::scene::Scene;
use load::timeline::Spacing;
use load::user::Session;

use self::options::Options;
use crate::server::{Bench, Running};
use crate::world::own::{Own, parse};
use crate::{package, world};

/// How long a request may take, and how long after the end of a run requests are still sent.
const PATIENCE: Duration = Duration::from_secs(10);
/// The seed of a world that is made for one run.
const WORLD_SEED: u64 = 1;

/// What is loaded.
struct Server {
    target: SocketAddr,
    probe: Probe,
    sessions: Vec<Session>,
    people: u32,
    // The order matters: the handler stops before its database goes.
    _running: Option<Running>,
    database: Option<Own>,
}

/// Loads a server as `options` say, and reports.
pub(crate) fn measure(root: &Path, options: &Options) -> Result<()> {
    let scenario = options.scenario;
    ensure!(options.seconds > 0, "at least one second");
    let faulty = |rate: &f64| !rate.is_finite() || *rate <= 0.0;
    ensure!(!options.rate.iter().chain(&options.rates).any(faulty), "a rate is above 0");
    let several = options.find_limit || !options.rates.is_empty();
    ensure!(
        !(several && (scenario.is_closed() || scenario == Scenario::ConferenceSpike)),
        "--rates and --find-limit are for app-open and auth-storm, whose rate is one number"
    );
    let users = options.users.unwrap_or_else(|| scenario.users());
    let server = match options.target {
        Some(target) => somebody_elses(target, options, users)?,
        None => our_own(root, options, users)?,
    };
    let scene = Scene {
        today: SystemClock.today(),
        cities: world::cities().map(|(city, country)| (city.to_owned(), country.to_owned())).collect(),
        names: world::names().map(str::to_owned).collect(),
        people: server.people,
        password: world::PASSWORD.to_owned(),
    };
    let connections = options.connections.unwrap_or_else(|| scenario.connections(server.sessions.len()));
    let settings = settings(options, &server, connections);
    let mut crowd = Crowd::new(server.sessions.clone(), scene, !options.no_etags, options.seed)?;
    if server.database.as_ref().is_some_and(Own::is_on_server) {
        crowd = rehearsal::rehearse(&settings, options.pool.unwrap_or(DEFAULT_POOL_SIZE), crowd)?;
    }
    let mut loading = Loading { options, users, settings, crowd: Some(crowd), runs: Vec::new() };
    let limit = loading.all()?;
    let report = Report {
        scenario: scenario.name(),
        shape: shape(options),
        users: server.sessions.len(),
        connections,
        seed: options.seed,
        runs: loading.runs,
        limit,
    };
    publish(&report, options)
}

/// Runs one after the other, by the same people.
struct Loading<'a> {
    options: &'a Options,
    users: u32,
    settings: Settings,
    crowd: Option<Crowd>,
    runs: Vec<Outcome>,
}

impl Loading<'_> {
    /// All runs that the options ask for; the limit, if they ask for it.
    fn all(&mut self) -> Result<Option<f64>> {
        let rate = self.options.rate.unwrap_or_else(|| self.options.scenario.rate());
        if self.options.find_limit {
            let mut search = Search::from(rate);
            while let Some(rate) = search.next() {
                self.at(rate)?;
                let outcome = self.runs.last().context("a run without an outcome")?;
                search.note(is_fine(&outcome.total()?));
            }
            return Ok(search.limit());
        }
        if self.options.rates.is_empty() {
            self.at(rate)?;
        }
        for rate in &self.options.rates {
            self.at(*rate)?;
        }
        Ok(None)
    }

    fn at(&mut self, rate: f64) -> Result<()> {
        let extent = Extent {
            rate,
            users: self.users,
            length: Duration::from_secs(self.options.seconds),
            warm_up: Duration::from_secs(self.options.warm_up),
        };
        if rate > 0.0 {
            eprintln!("{} at {rate}/s", self.options.scenario.name());
        }
        let crowd = self.crowd.take().context("a crowd that is away")?;
        let (outcome, crowd) = run(self.settings.clone(), self.options.scenario.timeline(&extent)?, crowd)?;
        // The next run is not to draw the same moments.
        self.settings.seed += 1;
        self.crowd = Some(crowd);
        self.runs.push(outcome);
        Ok(())
    }
}

fn settings(options: &Options, server: &Server, connections: usize) -> Settings {
    let kind = match (options.scenario.is_closed(), options.even) {
        (true, _) => Loop::Closed(Duration::from_millis(options.think_ms)),
        (false, true) => Loop::Open(Spacing::Even),
        (false, false) => Loop::Open(Spacing::Poisson),
    };
    Settings {
        target: server.target,
        kind,
        connections,
        patience: PATIENCE,
        drain: PATIENCE,
        refusals: options.with_limits || options.scenario.expects_refusals(),
        probe: server.probe,
        progress: Progress::on_stderr(),
        seed: options.seed,
    }
}

fn shape(options: &Options) -> String {
    let kind = match (options.scenario.is_closed(), options.even) {
        (true, _) => format!("closed loop, people think for {} ms on average", options.think_ms),
        (false, true) => "open loop, evenly".to_owned(),
        (false, false) => "open loop".to_owned(),
    };
    let etags = if options.no_etags { ", no ETags" } else { "" };
    let limits = if options.with_limits { ", with rate limits" } else { "" };
    format!("{kind}{etags}{limits}, {} s after {} s of warm-up", options.seconds, options.warm_up)
}

/// A server that runs already: people log in there, and it shows what it wants to show.
fn somebody_elses(target: SocketAddr, options: &Options, users: u32) -> Result<Server> {
    ensure!(users <= options.people, "more --users than --people: how many people has the world?");
    let emails: Vec<_> = chosen(users, options.people, options.seed).into_iter().map(world::email).collect();
    let sessions = log_in(target, &emails, world::PASSWORD, Progress::on_stderr())?;
    let probe = Probe { pid: options.pid, metrics: Some(target) };
    Ok(Server { target, probe, sessions, people: options.people, _running: None, database: None })
}

/// The release handler, on a copy of a world or on a small one of its own.
fn our_own(root: &Path, options: &Options, users: u32) -> Result<Server> {
    let handler = package::given(root, options.handler.as_deref())?;
    let database = if let Some(database) = &options.database {
        Own::copy_of(database)?
    } else {
        let database = Own::new(options.server.as_deref())?;
        world::seed(database.text(), options.people.max(users), WORLD_SEED)?;
        database
    };
    let mut with =
        vec![("METRICS", "on".to_owned()), ("ACCESS_TOKEN_EXPIRE_MINUTES", sessions::ACCESS_MINUTES.to_owned())];
    with.extend(options.pool.map(|pool| ("DATABASE_POOL_SIZE", pool.to_string())));
    if options.with_limits {
        // What they are unless set.
        let limits = ["RATE_LIMIT_AUTH_PER_MINUTE", "RATE_LIMIT_GENERAL_PER_MINUTE", "RATE_LIMIT_SEARCH_PER_MINUTE"];
        with.extend(limits.map(|name| (name, String::new())));
    }
    let bench = Bench::of(handler, database.text()).with(with);
    bench.migrate()?;
    let (sessions, people) = sessions::open(&parse(database.text())?, users, options.seed)?;
    let mut running = bench.start()?;
    running.until_200("/ready")?;
    let target = running.address();
    let probe = Probe { pid: Some(running.pid()), metrics: Some(target) };
    Ok(Server { target, probe, sessions, people, _running: Some(running), database: Some(database) })
}

/// Prints the report, and writes and draws it if that is asked for.
fn publish(report: &Report, options: &Options) -> Result<()> {
    println!("{}", table::render(report)?);
    if options.find_limit {
        let rule = format!("p95 under {MOST_P95:.0} ms and under {} % errors", MOST_FAILED * 100.0);
        match report.limit {
            Some(limit) => println!("{limit:.0}/s is the highest rate tried with {rule}"),
            None => println!("no rate has {rule}"),
        }
    }
    if let Some(file) = &options.json {
        let text = serde_json::to_string_pretty(&json::render(report)?)?;
        std::fs::write(file, text + "\n").with_context(|| format!("{} can't be written", file.display()))?;
    }
    if let Some(file) = &options.svg {
        let points = report.runs.iter().map(point).collect::<Result<Vec<_>>>()?;
        std::fs::write(file, draw(report.scenario, &points))
            .with_context(|| format!("{} can't be written", file.display()))?;
    }
    Ok(())
}

fn point(outcome: &Outcome) -> Result<Point> {
    let told = outcome.total()?.latencies.percentiles();
    Ok(Point { rate: offered(outcome), latencies: [told.p50, told.p95, told.p99] })
}
