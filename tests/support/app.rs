//! The real application, as the handler's command line puts it together, on a database of its own.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use handler::app::{self, Parts};
use handler::config::{Config, DEFAULT_PORT, Environment, TokenSecrets};
use handler::credentials::hasher::HashCost;
use handler::http::HttpSettings;
use handler::http::shedding::DEFAULT_AT_ONCE;
use handler::limits::rules::RateLimits;
use handler::random::SharedRandomness;
use handler::scan::run::{ScanSettings, Scanner};
use handler::state::AppState;
use handler::telemetry::Telemetry;
use serde_json::json;

use crate::client::{Client, PASSWORD, Person};
use crate::clock::TestClock;
use crate::database::{OwnDatabase, POOL_SIZE};
use crate::log::Log;
use crate::promises::Secrets;
use crate::random::SeededRandomness;

/// The secret of access tokens, unless a story rotates it.
pub const ACCESS_SECRET: &str = "the access secret of the stories";
/// The secret of refresh tokens.
pub const REFRESH_SECRET: &str = "the refresh secret of the stories";

/// What differs between instances of the application.
#[derive(Clone)]
pub struct Setup {
    /// What a password's hash costs: next to nothing, unless a story is about that.
    pub hash_cost: HashCost,
    /// The origins whose pages may call.
    pub cors_origins: Vec<String>,
    /// Connections to SQL Server that the instance has at most.
    pub pool_size: u32,
    /// Whether answers are those of the production environment.
    pub production: bool,
    /// The secret that signs access tokens.
    pub access_secret: &'static str,
    /// The one before it, if there was one.
    pub previous_access_secret: Option<&'static str>,
    /// How long a request waits for the database: a server of these tests is busy with many of them at once.
    pub database_patience: Duration,
    /// How many requests are served at once.
    pub at_once: usize,
    /// How many requests a minute are served: as many as come, unless a story is about that.
    pub rate_limits: RateLimits,
    /// Who reads along what is logged, and shows figures. Instances beside each other have that of the first.
    pub telemetry: Option<Telemetry>,
    /// Whether something is broken on purpose, so that a 500 is right. Everywhere else it fails the story.
    pub broken: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            hash_cost: HashCost { memory_kib: 64, passes: 1, lanes: 1 },
            cors_origins: Vec::new(),
            pool_size: POOL_SIZE,
            production: false,
            access_secret: ACCESS_SECRET,
            previous_access_secret: None,
            rate_limits: RateLimits::OFF,
            telemetry: None,
            broken: false,
            database_patience: Duration::from_secs(20),
            at_once: DEFAULT_AT_ONCE,
        }
    }
}

/// One instance of the application. Instances that are [`beside`](Self::beside) each other share database and clock.
#[derive(Clone)]
pub struct TestApp {
    // The order matters: what holds connections goes before the database does.
    pub(crate) router: Router,
    /// What the application itself works with.
    pub state: AppState,
    /// How this instance was set up.
    pub setup: Setup,
    /// The time of the story.
    pub clock: TestClock,
    /// What the instances log.
    pub log: Log,
    pub(crate) shared: Arc<Shared>,
}

/// What the instances of one story share.
pub(crate) struct Shared {
    random: SharedRandomness,
    addresses: AtomicU32,
    pub(crate) secrets: Secrets,
    /// What was answered, by path and entity tag.
    pub(crate) copies: Mutex<HashMap<(String, String), String>>,
    database: OwnDatabase,
}

impl TestApp {
    /// An instance with an empty database.
    pub async fn new() -> Self {
        Self::start(Setup::default(), OwnDatabase::migrated().await)
    }

    /// An instance with these people, registered and logged in.
    pub async fn with_users<const N: usize>(names: [&str; N]) -> (Self, [Person; N]) {
        let app = Self::new().await;
        let mut people = Vec::with_capacity(N);
        for name in names {
            people.push(app.joined_by(name).await);
        }
        let Ok(people) = people.try_into() else { unreachable!("one person for each name") };
        (app, people)
    }

    /// An instance on this database.
    #[must_use]
    pub fn start(setup: Setup, database: OwnDatabase) -> Self {
        let shared = Shared {
            random: Arc::new(SeededRandomness::default()),
            addresses: AtomicU32::new(0),
            secrets: Secrets::default(),
            copies: Mutex::default(),
            database,
        };
        let log = Log::read_by(setup.telemetry.as_ref());
        Self::assemble(setup, TestClock::default(), log, Arc::new(shared))
    }

    /// Another instance beside this one: the same database, the same clock, nothing else in common.
    #[must_use]
    pub fn beside(&self, setup: Setup) -> Self {
        Self::assemble(setup, self.clock.clone(), self.log.clone(), Arc::clone(&self.shared))
    }

    fn assemble(setup: Setup, clock: TestClock, log: Log, shared: Arc<Shared>) -> Self {
        let secrets = |current: &str, previous: Option<&str>| TokenSecrets {
            current: current.into(),
            previous: previous.map(Into::into),
        };
        let config = Config {
            scan_budget: std::time::Duration::from_mins(4),
            environment: Environment::Development,
            database_url: shared.database.url().clone(),
            pool_size: setup.pool_size,
            access_secrets: secrets(setup.access_secret, setup.previous_access_secret),
            refresh_secrets: secrets(REFRESH_SECRET, None),
            poll_seconds: 60,
            access_ttl: std::time::Duration::from_mins(15),
            refresh_ttl: std::time::Duration::from_hours(7 * 24),
            cors_origins: setup.cors_origins.clone(),
            port: DEFAULT_PORT,
            rate_limits: setup.rate_limits,
            telemetry: None,
            metrics: true,
        };
        let parts = Parts {
            db: shared.database.open_with(setup.pool_size),
            clock: Arc::new(clock.clone()),
            random: Arc::clone(&shared.random),
            hash_cost: setup.hash_cost,
            count_patience: setup.database_patience,
            metrics: setup.telemetry.as_ref().map(Telemetry::metrics),
        };
        let settings = HttpSettings {
            database_patience: setup.database_patience,
            at_once: setup.at_once,
            cors_origins: setup.cors_origins.clone(),
            production: setup.production,
            ..HttpSettings::default()
        };
        let state = app::assemble(&config, parts).unwrap();
        let router = app::build(state.clone(), &settings).unwrap();
        Self { router, state, setup, clock, log, shared }
    }

    /// The database that the instances share.
    #[must_use]
    pub fn database(&self) -> &OwnDatabase {
        &self.shared.database
    }

    /// A password, token or email of this story that the text holds, if it holds one.
    #[must_use]
    pub fn secret_in(&self, text: &str) -> Option<String> {
        self.shared.secrets.found_in(text)
    }

    /// The application itself, for what talks to it without a client of ours.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// The match scan of this instance, with these settings.
    #[must_use]
    pub fn scanner(&self, settings: ScanSettings) -> Scanner {
        Scanner { settings, ..Scanner::of(&self.state) }
    }

    /// Somebody without a token, at an address that nobody else has.
    #[must_use]
    pub fn anonymous(&self) -> Client {
        let number = self.shared.addresses.fetch_add(1, Ordering::Relaxed);
        Client::new(self.clone(), Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 1).to_bits() + number).to_string())
    }

    /// Registers somebody of this name (`ana` as `ana@example.org`, called `Ana`) and logs them in.
    pub async fn joined_by(&self, name: &str) -> Person {
        let display_name = name[..1].to_uppercase() + &name[1..];
        self.joined_as(&format!("{name}@example.org"), &display_name).await
    }

    /// Registers somebody with this email and display name, and logs them in.
    pub async fn joined_as(&self, email: &str, display_name: &str) -> Person {
        let client = self.anonymous();
        let body = json!({ "email": email, "password": PASSWORD, "display_name": display_name });
        client.post("/api/v1/auth/register", &body).await.expect_status(201);
        client.log_in(email, PASSWORD).await
    }
}
