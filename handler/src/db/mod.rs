//! The database, on two engines behind one face: SQL Server (production) and SQLite (developers' machines, tests).
//!
//! A [`Query`] is a statement in both dialects; [`Database`] runs single statements, [`Tx`] several that hold together.
//! What is not committed is rolled back, also when the request was cancelled in between.
//!
//! A fault that passes is tried again here, and nowhere else, as long as the request has [`patience`]: reads, single
//! statements that surely did nothing, and the whole of a transaction that surely was not committed.

mod error;
mod format;
pub mod gate;
mod line;
mod login;
pub mod migrate;
pub mod patience;
mod query;
mod row;
pub mod schema;
mod sqlite;
mod sqlserver;
mod url;

pub use error::{DbError, DbResult, UniqueKey};
pub use login::{LoginTokens, SharedLoginTokens, Token};
pub use query::{Param, Query};
pub use row::{Cell, FromCell, Row, page_of};
pub use sqlite::Location;
pub use url::{DatabaseUrl, Server, UrlFault};

use std::time::Instant;

use self::patience::{Tries, spend};
use crate::error::{Error, Result};

const BEGIN: Query = crate::query!("begin", sqlite);
const COMMIT: Query = crate::query!("commit", sqlite);
const PING: Query = crate::query!("ping");

/// A database with its connections; cheap to clone.
#[derive(Debug, Clone)]
pub struct Database {
    engine: Engine,
}

#[derive(Debug, Clone)]
enum Engine {
    SqlServer(sqlserver::SqlServer),
    Sqlite(sqlite::Sqlite),
}

/// How many connections there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct PoolUse {
    /// Open at most.
    pub size: usize,
    /// Lent at this moment.
    pub in_use: usize,
}

impl Database {
    /// Opens what `url` names. SQLite makes its file; SQL Server is not connected to before the first statement.
    pub fn open(url: &DatabaseUrl, pool_size: u32) -> anyhow::Result<Self> {
        Self::open_with(url, pool_size, None)
    }

    /// As [`Database::open`], with tokens to log in by if `url` says `Authentication=Active Directory …`.
    pub fn open_as(url: &DatabaseUrl, pool_size: u32, tokens: SharedLoginTokens) -> anyhow::Result<Self> {
        Self::open_with(url, pool_size, Some(tokens))
    }

    fn open_with(url: &DatabaseUrl, pool_size: u32, tokens: Option<SharedLoginTokens>) -> anyhow::Result<Self> {
        let engine = match url {
            DatabaseUrl::Sqlite(location) => Engine::Sqlite(sqlite::Sqlite::open(location)?),
            DatabaseUrl::SqlServer(server) => {
                Engine::SqlServer(sqlserver::SqlServer::open((**server).clone(), pool_size, tokens))
            }
        };
        Ok(Self { engine })
    }

    /// Opens every further connection as `url` says, which has to name the same engine: a password that was replaced, say.
    /// Connections that are open stay until they have lived their time.
    pub fn reconfigure(&self, url: &DatabaseUrl) -> anyhow::Result<()> {
        match (&self.engine, url) {
            (Engine::SqlServer(engine), DatabaseUrl::SqlServer(server)) => engine.reconfigure((**server).clone()),
            _ => anyhow::bail!("the database can't be exchanged for a file, or for one: restart the handler"),
        }
        Ok(())
    }

    /// The engine's name, for people: `SQLite` or `SQL Server`.
    #[must_use]
    pub const fn engine_name(&self) -> &'static str {
        match self.engine {
            Engine::SqlServer(_) => "SQL Server",
            Engine::Sqlite(_) => "SQLite",
        }
    }

    /// How many connections there are.
    #[must_use]
    pub fn pool_use(&self) -> PoolUse {
        let (size, in_use) = match &self.engine {
            Engine::SqlServer(server) => server.connections(),
            Engine::Sqlite(sqlite) => sqlite.connections(),
        };
        PoolUse { size, in_use }
    }

    /// Asks the database whether it is there.
    pub async fn ping(&self) -> DbResult<()> {
        self.fetch_optional(PING, Vec::new()).await.map(drop)
    }

    /// All rows of a statement that only reads.
    pub async fn fetch_all(&self, query: Query, params: Vec<Param>) -> DbResult<Vec<Row>> {
        let started = Instant::now();
        let result = match &self.engine {
            Engine::SqlServer(server) => spend(Box::pin(server.fetch(query, &params, DbError::is_passing))).await,
            Engine::Sqlite(sqlite) => spend(async { sqlite.reader().await?.fetch(query, params).await.1 }).await,
        };
        trace(query, started, result.is_ok());
        result
    }

    /// The first row, if there is one, of a statement that only reads.
    pub async fn fetch_optional(&self, query: Query, params: Vec<Param>) -> DbResult<Option<Row>> {
        Ok(self.fetch_all(query, params).await?.into_iter().next())
    }

    /// The row of a key, if there is one: the same, but on SQLite at once and on this thread. Such a look takes a few
    /// microseconds, and handing it to another thread and back twenty.
    pub async fn look_up(&self, query: Query, params: Vec<Param>) -> DbResult<Option<Row>> {
        let Engine::Sqlite(sqlite) = &self.engine else { return self.fetch_optional(query, params).await };
        let started = Instant::now();
        let result = spend(async { sqlite.reader().await?.fetch_here(query, &params) }).await;
        trace(query, started, result.is_ok());
        Ok(result?.into_iter().next())
    }

    /// Runs one statement that writes, in a transaction of its own; answers how many rows it touched.
    pub async fn execute(&self, query: Query, params: Vec<Param>) -> DbResult<u64> {
        let started = Instant::now();
        let result = match &self.engine {
            Engine::SqlServer(server) => spend(Box::pin(server.execute(query, &params))).await,
            Engine::Sqlite(sqlite) => spend(async { sqlite.writer().await?.execute(query, params).await.1 }).await,
        };
        trace(query, started, result.is_ok());
        result
    }

    /// Runs one statement that writes and tells what it wrote, in a transaction of its own; answers the first row, if there
    /// is one.
    pub async fn execute_returning(&self, query: Query, params: Vec<Param>) -> DbResult<Option<Row>> {
        let started = Instant::now();
        let result = match &self.engine {
            Engine::SqlServer(server) => spend(Box::pin(server.fetch(query, &params, DbError::left_nothing))).await,
            Engine::Sqlite(sqlite) => spend(async { sqlite.writer().await?.fetch(query, params).await.1 }).await,
        };
        trace(query, started, result.is_ok());
        Ok(result?.into_iter().next())
    }

    /// Does `work`, one transaction from its `begin` to its `commit`, and once more after a passing fault if it surely was
    /// not committed: `work` must not count on being the first.
    pub async fn retried<T, F: Future<Output = Result<T>>>(&self, work: impl Fn() -> F) -> Result<T> {
        let mut tries = Tries::begin();
        loop {
            match work().await {
                Err(Error::Database { outcome_unknown: false, .. }) if !self.is_away() && tries.pause().await => {}
                result => return result,
            }
        }
    }

    fn is_away(&self) -> bool {
        matches!(&self.engine, Engine::SqlServer(server) if server.is_away())
    }

    /// Begins a transaction that writes. In a request, within [`Self::retried`].
    pub async fn begin(&self) -> DbResult<Tx> {
        let started = Instant::now();
        let begun = self.begin_transaction().await;
        trace(BEGIN, started, begun.is_ok());
        Ok(Tx { inner: begun?, has_failed: false })
    }

    async fn begin_transaction(&self) -> DbResult<Inner> {
        Ok(match &self.engine {
            Engine::SqlServer(server) => {
                let begun = spend(Box::pin(async {
                    let mut lease = server.lend(patience::waits_until()).await?;
                    lease.begin().await?;
                    Ok(lease)
                }));
                Inner::SqlServer(Box::new(begun.await.map_err(DbError::before_commit)?))
            }
            Engine::Sqlite(sqlite) => {
                let (lease, result) = spend(async { Ok(sqlite.writer().await?.begin().await) }).await?;
                result?;
                lease.map_or(Inner::Ended, Inner::Sqlite)
            }
        })
    }
}

/// A transaction. Dropped without [`Tx::commit`], it is rolled back.
pub struct Tx {
    inner: Inner,
    /// A statement failed: SQL Server has rolled everything back (`XACT_ABORT`), and on SQLite nothing else must happen.
    has_failed: bool,
}

enum Inner {
    SqlServer(Box<sqlserver::Lease>),
    Sqlite(sqlite::Lease),
    /// Committed, or lost with the thread that had the connection.
    Ended,
}

impl Tx {
    /// All rows of a statement.
    pub async fn fetch_all(&mut self, query: Query, params: Vec<Param>) -> DbResult<Vec<Row>> {
        let started = Instant::now();
        let result = match &mut self.inner {
            Inner::SqlServer(lease) => spend(Box::pin(lease.fetch(query, &params))).await,
            Inner::Sqlite(_) | Inner::Ended => {
                let lease = self.take_sqlite()?;
                let (lease, result) = spend(async { Ok(lease.fetch(query, params).await) }).await?;
                self.give_back(lease);
                result
            }
        };
        trace(query, started, result.is_ok());
        self.noted(result)
    }

    /// The first row of a statement, if there is one.
    pub async fn fetch_optional(&mut self, query: Query, params: Vec<Param>) -> DbResult<Option<Row>> {
        Ok(self.fetch_all(query, params).await?.into_iter().next())
    }

    /// The first row of a statement that always has one.
    pub async fn fetch_one(&mut self, query: Query, params: Vec<Param>) -> DbResult<Row> {
        self.fetch_optional(query, params)
            .await?
            .ok_or_else(|| anyhow::anyhow!("{} answered no row", query.name).into())
    }

    /// Runs a statement; answers how many rows it touched.
    pub async fn execute(&mut self, query: Query, params: Vec<Param>) -> DbResult<u64> {
        let started = Instant::now();
        let result = match &mut self.inner {
            Inner::SqlServer(lease) => spend(Box::pin(lease.execute(query, &params))).await,
            Inner::Sqlite(_) | Inner::Ended => {
                let lease = self.take_sqlite()?;
                let (lease, result) = spend(async { Ok(lease.execute(query, params).await) }).await?;
                self.give_back(lease);
                result
            }
        };
        trace(query, started, result.is_ok());
        self.noted(result)
    }

    /// Runs a migration's script: several statements without parameters, in T-SQL with batches parted by `GO` lines.
    async fn script(&mut self, query: Query) -> DbResult<()> {
        match &mut self.inner {
            Inner::SqlServer(lease) => {
                for batch in migrate::batches(query.sqlserver) {
                    lease.script(&batch).await?;
                }
                Ok(())
            }
            Inner::Sqlite(_) | Inner::Ended => {
                let (lease, result) = self.take_sqlite()?.script(query.sqlite).await;
                self.give_back(lease);
                result
            }
        }
    }

    /// Makes everything since [`Database::begin`] last. Fails if a statement did, also with a key that is taken.
    pub async fn commit(mut self) -> DbResult<()> {
        if self.has_failed {
            return Err(anyhow::anyhow!("a transaction in which a statement failed can't be committed").into());
        }
        let started = Instant::now();
        let result = match std::mem::replace(&mut self.inner, Inner::Ended) {
            // Cut off here, the lease ends with its transaction open, and the pool closes the connection.
            Inner::SqlServer(mut lease) => spend(Box::pin(lease.commit())).await,
            Inner::Sqlite(lease) => spend(async { lease.commit().await.1 }).await,
            Inner::Ended => Err(ended()),
        };
        trace(COMMIT, started, result.is_ok());
        result
    }

    /// SQLite's connection goes along to the blocking thread, so that it ends there if the caller goes away meanwhile.
    fn take_sqlite(&mut self) -> DbResult<sqlite::Lease> {
        match std::mem::replace(&mut self.inner, Inner::Ended) {
            Inner::Sqlite(lease) => Ok(lease),
            _ => Err(ended()),
        }
    }

    fn noted<T>(&mut self, result: DbResult<T>) -> DbResult<T> {
        self.has_failed |= result.is_err();
        result.map_err(DbError::before_commit)
    }

    fn give_back(&mut self, lease: Option<sqlite::Lease>) {
        self.inner = lease.map_or(Inner::Ended, Inner::Sqlite);
    }
}

impl Drop for Tx {
    /// Rolls back, so that the connection can be lent again; in the middle of a statement the pool finds it busy and closes
    /// it instead, which makes the server roll back.
    fn drop(&mut self) {
        if let Inner::SqlServer(lease) = std::mem::replace(&mut self.inner, Inner::Ended)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(lease.abandon());
        }
    }
}

fn ended() -> DbError {
    anyhow::anyhow!("the transaction has ended").into()
}

fn trace(query: Query, started: Instant, done: bool) {
    let duration_us = started.elapsed().as_micros();
    tracing::debug!(statement = query.name, duration_us, failed = !done, "sql");
}
