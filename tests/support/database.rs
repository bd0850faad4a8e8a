//! A database for one story alone: a SQLite file in a folder of its own, or, where `TEST_DATABASE_URL` holds an ADO.NET
//! connection string, a database on that server. It goes when the story ends, also by a panic.

use std::time::Duration;

use handler::clock::Clock as _;
use handler::db::{Database, DatabaseUrl, Query, migrate};
use handler::random::{OsRandomness, Randomness as _};
use handler::{params, query};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::clock::TestClock;
use crate::server;

/// A connection string whose login may create databases.
const TEST_DATABASE_URL: &str = "TEST_DATABASE_URL";

/// Connections to SQL Server for each instance of the application: enough for a crowd to get in its own way.
pub(crate) const POOL_SIZE: u32 = 8;
/// The file within a folder of its own.
const FILE: &str = "travelmeetup.db";
/// How often a database is dropped again that someone is still connected to, and how long to wait in between.
const DROP_TRIES: u32 = 500;
const BETWEEN_DROP_TRIES: Duration = Duration::from_millis(20);

const CREATE_DATABASE: Query = query!("create_database");
const DROP_DATABASE: Query = query!("drop_database");

/// A SQLite database with the current schema, to be copied: migrating anew for every story would take longer.
static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();

/// A database that nobody else uses.
pub struct OwnDatabase {
    text: String,
    url: DatabaseUrl,
    keeper: Keeper,
}

enum Keeper {
    Folder(TempDir),
    Server { admin: DatabaseUrl, name: String },
    Silence { _listener: std::net::TcpListener },
}

impl OwnDatabase {
    /// A database with the current schema, on the engine that the environment names.
    pub async fn migrated() -> Self {
        match sql_server() {
            Some(url) => Self::migrated_on(&url).await,
            None => Self::migrated_sqlite().await,
        }
    }

    /// A database without any tables, on the engine that the environment names.
    pub async fn empty() -> Self {
        match sql_server() {
            Some(url) => Self::empty_on(&url).await,
            None => Self::empty_sqlite(),
        }
    }

    /// One with the current schema on every engine that there is: SQLite, and the one that the environment names.
    pub async fn on_every_engine() -> Vec<Self> {
        let mut databases = vec![Self::migrated_sqlite().await];
        if let Some(url) = sql_server() {
            databases.push(Self::migrated_on(&url).await);
        }
        databases
    }

    /// A server that nobody reaches: nothing listens at its port.
    #[must_use]
    pub fn unreachable() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let text = format!("server=tcp:127.0.0.1,{port};user id=sa;password=none;database=nowhere");
        Self::at(text, Keeper::Folder(folder))
    }

    /// A server that takes connections and never says a word.
    #[must_use]
    pub fn silent() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let text = format!("server=tcp:127.0.0.1,{port};user id=sa;password=none;database=nowhere");
        Self::at(text, Keeper::Silence { _listener: listener })
    }

    /// Brings it to the current schema.
    pub async fn migrate(&self) {
        let database = self.open();
        server::run(async move { migrate(&database).await }).await;
    }

    /// Opens it, as each instance of the application does for itself.
    #[must_use]
    pub fn open(&self) -> Database {
        self.open_with(POOL_SIZE)
    }

    /// The same with at most this many connections to SQL Server.
    pub(crate) fn open_with(&self, pool_size: u32) -> Database {
        Database::open(&self.url, pool_size).unwrap()
    }

    /// Where it is, as the `DATABASE_URL` of another process.
    #[must_use]
    pub fn setting(&self) -> &str {
        &self.text
    }

    fn at(text: String, keeper: Keeper) -> Self {
        Self { url: parse(&text), text, keeper }
    }

    /// Where it is.
    #[must_use]
    pub const fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// A SQLite database with the current schema, whatever the environment names.
    pub async fn migrated_sqlite() -> Self {
        let template = TEMPLATE
            .get_or_init(|| async {
                let original = Self::empty_sqlite();
                original.migrate().await;
                // The last connection that was closed has written everything into this one file.
                std::fs::read(original.file()).unwrap()
            })
            .await;
        let copy = Self::empty_sqlite();
        std::fs::write(copy.file(), template).unwrap();
        copy
    }

    fn empty_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("sqlite:{}", folder.path().join(FILE).display());
        Self::at(text, Keeper::Folder(folder))
    }

    fn file(&self) -> std::path::PathBuf {
        match &self.keeper {
            Keeper::Folder(folder) => folder.path().join(FILE),
            Keeper::Server { .. } | Keeper::Silence { .. } => panic!("a database on a server is no file of ours"),
        }
    }

    async fn migrated_on(url: &str) -> Self {
        let own = Self::empty_on(url).await;
        own.migrate().await;
        own
    }

    async fn empty_on(url: &str) -> Self {
        let name = format!("tm_test_{}", OsRandomness.uuid().simple());
        let (admin, created) = (parse(url), name.clone());
        let server = Database::open(&admin, 1).unwrap();
        server::run(async move { server.execute(CREATE_DATABASE, params![created]).await.unwrap() }).await;
        Self::at(with_database(url, &name), Keeper::Server { admin, name })
    }
}

impl Drop for OwnDatabase {
    fn drop(&mut self) {
        let Keeper::Server { admin, name } = &self.keeper else { return };
        server::run_blocking(async {
            let server = Database::open(admin, 1).unwrap();
            let mut last = None;
            for _ in 0..DROP_TRIES {
                match server.execute(DROP_DATABASE, params![name.as_str()]).await {
                    Ok(_) => return,
                    Err(error) => last = Some(error),
                }
                tokio::time::sleep(BETWEEN_DROP_TRIES).await;
            }
            panic!("the database {name} is left behind: {last:?}");
        });
    }
}

async fn migrate(database: &Database) {
    let clock = TestClock::default();
    migrate::run(database, || clock.now(), |_| ()).await.unwrap();
}

fn sql_server() -> Option<String> {
    std::env::var(TEST_DATABASE_URL).ok().filter(|url| !url.trim().is_empty())
}

fn parse(url: &str) -> DatabaseUrl {
    DatabaseUrl::parse(url, false).unwrap_or_else(|fault| panic!("{TEST_DATABASE_URL} {fault}"))
}

/// The same connection string for another database.
fn with_database(url: &str, name: &str) -> String {
    let names_database = |pair: &&str| {
        let key = pair.split('=').next().unwrap_or_default().trim().to_ascii_lowercase();
        matches!(key.as_str(), "database" | "initial catalog")
    };
    let kept: Vec<&str> = url.split(';').filter(|pair| !names_database(pair)).collect();
    format!("{};database={name}", kept.join(";"))
}
