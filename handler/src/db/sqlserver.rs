//! SQL Server and Azure SQL Database by tiberius, pooled by bb8.
//!
//! `bb8_tiberius::ConnectionManager` takes every connection for a good one for ever. Ours wraps it: a connection that was
//! left in the middle of a statement or a transaction (a cancelled request, a timeout, a fault on the wire) says that it
//! is broken and is closed instead of lent again.

mod connector;
mod faults;
mod health;
mod values;

use std::sync::Arc;
use std::time::Duration;

use bb8::ManageConnection as _;
use bb8_tiberius::rt::Client;
use tiberius::ToSql;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use self::connector::Connector;
use self::faults::{refused, translate};
use self::health::Health;
use self::values::{Bound, cells};
use super::error::{DbError, DbResult};
use super::line::{Line, Place};
use super::login::SharedLoginTokens;
use super::patience::{Tries, waits_until};
use super::query::{Param, Query};
use super::row::Row;
use super::url::Server;

/// From the first byte to the end of the login. Azure SQL that was paused answers an error within it and wakes up. An
/// attempt that hangs is given up so soon that the next one finds a server which is back within 10 s of its return.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// For one statement; a request has less patience.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(15);
/// For the question whether a connection still lives.
const PING_TIMEOUT: Duration = Duration::from_secs(1);
/// For one batch of a migration, which may have to rewrite a table.
const MIGRATION_TIMEOUT: Duration = Duration::from_mins(10);
/// How long one waits for a connection from the pool; a request has less patience.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that rested longer than this is asked whether it still lives before it is lent.
const TRUSTED_REST: Duration = Duration::from_secs(30);
/// Specification 5.5.1: recycle connections after an hour.
const MAX_LIFETIME: Duration = Duration::from_hours(1);

const BEGIN: Query = crate::query!("begin");
const COMMIT: Query = crate::query!("commit");
const ROLLBACK: Query = crate::query!("rollback");
const PING: Query = crate::query!("ping");

/// A pool of connections to one database.
#[derive(Debug, Clone)]
pub(super) struct SqlServer {
    pool: bb8::Pool<Manager>,
    line: Arc<Line>,
    connector: Arc<Connector>,
    failures: Failures,
    health: Arc<Health>,
}

/// Where the pool tells why it could not open a connection; by itself it would let those who wait for one wait on.
#[derive(Debug, Clone, Default)]
struct Failures(watch::Sender<String>);

impl bb8::ErrorSink<DbError> for Failures {
    fn sink(&self, error: DbError) {
        self.0.send_replace(error.to_string());
    }

    fn boxed_clone(&self) -> Box<dyn bb8::ErrorSink<DbError>> {
        Box::new(self.clone())
    }
}

impl SqlServer {
    /// A pool of at most `size` connections, none of which is opened yet.
    pub(super) fn open(server: Server, size: u32, tokens: Option<SharedLoginTokens>) -> Self {
        let (failures, health) = (Failures::default(), Arc::<Health>::default());
        let connector = Connector::new(server, tokens);
        let pool = bb8::Pool::builder()
            .error_sink(Box::new(failures.clone()))
            .max_size(size)
            .test_on_check_out(true)
            .retry_connection(false)
            .connection_timeout(ACQUIRE_TIMEOUT)
            .max_lifetime(Some(MAX_LIFETIME))
            .build_unchecked(Manager { inner: Arc::clone(&connector), health: Arc::clone(&health) });
        let line = Arc::new(Line::new(size as usize));
        Self { pool, line, connector, failures, health }
    }

    /// Further connections are opened like this.
    pub(super) fn reconfigure(&self, server: Server) {
        self.connector.replace(server);
    }

    /// The rows of a statement, which is tried again after a fault that `allows` it.
    pub(super) async fn fetch(
        &self,
        query: Query,
        params: &[Param],
        allows: fn(&DbError) -> bool,
    ) -> DbResult<Vec<Row>> {
        let (mut tries, until) = (Tries::begin(), waits_until());
        loop {
            match self.fetch_once(query, params, until).await {
                Err(fault) if allows(&fault) && self.may_lend(until) && tries.pause().await => {}
                result => return result,
            }
        }
    }

    /// How many rows a statement touches, which is tried again if it surely did nothing.
    pub(super) async fn execute(&self, query: Query, params: &[Param]) -> DbResult<u64> {
        let (mut tries, until) = (Tries::begin(), waits_until());
        loop {
            match self.execute_once(query, params, until).await {
                Err(fault) if fault.left_nothing() && self.may_lend(until) && tries.pause().await => {}
                result => return result,
            }
        }
    }

    async fn fetch_once(&self, query: Query, params: &[Param], until: Option<Instant>) -> DbResult<Vec<Row>> {
        self.lend(until).await?.fetch(query, params).await
    }

    async fn execute_once(&self, query: Query, params: &[Param], until: Option<Instant>) -> DbResult<u64> {
        self.lend(until).await?.execute(query, params).await
    }

    /// Whether the server was away for so long that there is no use in trying again now.
    pub(super) fn is_away(&self) -> bool {
        self.health.is_away()
    }

    /// Whether one more try has a chance: not if the server is away, nor if the time to wait for a connection is over.
    fn may_lend(&self, until: Option<Instant>) -> bool {
        !self.is_away() && until.is_none_or(|until| Instant::now() < until)
    }

    /// A connection, as soon as there is one. Fails as soon as none could be opened and none is there to be given back; at
    /// once if that was so a moment ago. Waits `until` then, as [`waits_until`] tells a request; what is none, [`ACQUIRE_TIMEOUT`].
    pub(super) async fn lend(&self, until: Option<Instant>) -> Result<Lease, DbError> {
        let until = until.unwrap_or_else(|| Instant::now() + ACQUIRE_TIMEOUT);
        let lent = async { self.lend_at(self.line.place().await?).await };
        timeout_at(until, lent).await.unwrap_or_else(|_| Err(none_in_time()))
    }

    async fn lend_at(&self, place: Place) -> Result<Lease, DbError> {
        if self.pool.state().connections == 0 && !self.health.may_try(Instant::now()) {
            return Err(DbError::unavailable(format!("still away: {}", self.failures.0.borrow().as_str())));
        }
        let mut failures = self.failures.0.subscribe();
        let none_can_be_opened = async {
            while failures.changed().await.is_ok() {
                if self.pool.state().connections == 0 {
                    break;
                }
            }
        };
        let lent = tokio::select! {
            biased;
            lent = self.pool.get_owned() => Some(lent),
            () = none_can_be_opened => None,
        };
        match lent {
            Some(Ok(connection)) => Ok(Lease { connection, _place: place }),
            Some(Err(bb8::RunError::User(error))) => Err(error),
            Some(Err(bb8::RunError::TimedOut)) => Err(none_in_time()),
            None => Err(DbError::unavailable(self.failures.0.borrow().clone())),
        }
    }

    /// (open at most, lent now)
    pub(super) fn connections(&self) -> (usize, usize) {
        let state = self.pool.state();
        (self.pool.config().max_size as usize, (state.connections - state.idle_connections) as usize)
    }
}

fn none_in_time() -> DbError {
    DbError::unavailable("no connection to the database in time")
}

/// Opens connections and judges them.
struct Manager {
    inner: Arc<Connector>,
    health: Arc<Health>,
}

impl std::fmt::Debug for Manager {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Manager")
    }
}

/// One connection and what is known of its state.
pub(super) struct Connection {
    client: Client,
    /// A statement was sent and its answer not read to the end.
    busy: bool,
    /// A transaction was begun and not ended.
    in_transaction: bool,
    /// The wire or the server failed in a way that ends the connection.
    dead: bool,
    last_used: Instant,
    health: Arc<Health>,
}

impl bb8::ManageConnection for Manager {
    type Connection = Connection;
    type Error = DbError;

    async fn connect(&self) -> Result<Connection, DbError> {
        let connected = self.try_to_connect().await;
        match &connected {
            Ok(_) => self.health.connected(),
            Err(_) => self.health.refused(Instant::now()),
        }
        connected
    }

    async fn is_valid(&self, connection: &mut Connection) -> Result<(), DbError> {
        if connection.last_used.elapsed() < TRUSTED_REST && self.health.has_seen(connection.last_used) {
            return Ok(());
        }
        connection.script(PING_TIMEOUT, PING.sqlserver).await
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        connection.busy || connection.in_transaction || connection.dead
    }
}

impl Manager {
    async fn try_to_connect(&self) -> Result<Connection, DbError> {
        let inner = self.inner.next().await?;
        // tiberius panics when the server refuses the asked level of encryption: a task of its own contains that.
        let mut attempt = tokio::spawn(async move { inner.connect().await });
        let client = match timeout(CONNECT_TIMEOUT, &mut attempt).await {
            Ok(Ok(Ok(client))) => client,
            Ok(Ok(Err(bb8_tiberius::Error::Tiberius(error)))) => return Err(refused(&error)),
            Ok(Ok(Err(bb8_tiberius::Error::Io(error)))) => return Err(DbError::unavailable(error.to_string())),
            Ok(Err(_)) => {
                return Err(DbError::unavailable(
                    "the driver failed while connecting; does the server take the Encrypt setting of DATABASE_URL?",
                ));
            }
            Err(_) => {
                attempt.abort();
                return Err(DbError::unavailable("connecting took too long"));
            }
        };
        Ok(Connection {
            client,
            busy: false,
            in_transaction: false,
            dead: false,
            last_used: Instant::now(),
            health: Arc::clone(&self.health),
        })
    }
}

impl Connection {
    /// Awaits the answer within the bound and keeps the books: what is cut off in between leaves `busy` behind.
    async fn guarded<T>(
        &mut self,
        bound: Duration,
        work: impl AsyncFnOnce(&mut Client) -> tiberius::Result<T> + Send,
    ) -> Result<T, DbError> {
        self.busy = true;
        let answer = timeout(bound, work(&mut self.client)).await;
        match answer {
            Ok(Ok(value)) => {
                self.busy = false;
                self.last_used = Instant::now();
                Ok(value)
            }
            Ok(Err(error)) => {
                // After an error of the server the stream is read to its end, unless the server ends the session.
                match &error {
                    tiberius::error::Error::Server(token) if token.class() < 20 => self.busy = false,
                    _ => self.is_lost(),
                }
                let fault = translate(error);
                // After some defects, a table that is missing say, XACT_ABORT leaves a batch's own transaction open.
                self.dead |= matches!(fault, DbError::Other(_));
                Err(fault)
            }
            Err(_) => {
                self.is_lost();
                Err(DbError::Unavailable { message: "a statement took too long".into(), outcome_unknown: true })
            }
        }
    }

    fn is_lost(&mut self) {
        self.dead = true;
        self.health.lost(Instant::now());
    }

    async fn script(&mut self, bound: Duration, text: &str) -> Result<(), DbError> {
        self.guarded(bound, async |client| client.simple_query(text).await?.into_results().await.map(drop)).await
    }
}

/// A connection on loan from the pool.
pub(super) struct Lease {
    // The order matters: the connection is back in the pool before the next one has the place.
    connection: bb8::PooledConnection<'static, Manager>,
    _place: Place,
}

impl Lease {
    pub(super) async fn begin(&mut self) -> Result<(), DbError> {
        self.connection.in_transaction = true;
        self.connection.script(COMMAND_TIMEOUT, BEGIN.sqlserver).await
    }

    pub(super) async fn commit(&mut self) -> Result<(), DbError> {
        match self.connection.script(COMMAND_TIMEOUT, COMMIT.sqlserver).await {
            Ok(()) => {
                self.connection.in_transaction = false;
                Ok(())
            }
            Err(DbError::Unavailable { message, .. }) => Err(DbError::Unavailable { message, outcome_unknown: true }),
            Err(other) => Err(other),
        }
    }

    /// Ends an abandoned transaction so that the connection can be lent again; one in an unclear state is left to be
    /// closed by the pool.
    pub(super) async fn abandon(mut self: Box<Self>) {
        let open = !self.connection.busy && !self.connection.dead;
        if open && self.connection.script(COMMAND_TIMEOUT, ROLLBACK.sqlserver).await.is_ok() {
            self.connection.in_transaction = false;
        }
    }

    /// Runs one batch of a migration.
    pub(super) async fn script(&mut self, text: &str) -> Result<(), DbError> {
        self.connection.script(MIGRATION_TIMEOUT, text).await
    }

    pub(super) async fn fetch(&mut self, query: Query, params: &[Param]) -> Result<Vec<Row>, DbError> {
        let values: Vec<Bound> = params.iter().map(Bound::from).collect();
        let rows = self
            .connection
            .guarded(COMMAND_TIMEOUT, async |client| {
                let references: Vec<&dyn ToSql> = values.iter().map(Bound::to_sql).collect();
                client.query(bare(query.sqlserver), &references).await?.into_first_result().await
            })
            .await?;
        let Some(first) = rows.first() else { return Ok(Vec::new()) };
        let columns: Arc<[String]> = first.columns().iter().map(|column| column.name().to_owned()).collect();
        rows.iter().map(|row| Ok(Row::new(Arc::clone(&columns), cells(row)?))).collect()
    }

    pub(super) async fn execute(&mut self, query: Query, params: &[Param]) -> Result<u64, DbError> {
        let values: Vec<Bound> = params.iter().map(Bound::from).collect();
        self.connection
            .guarded(COMMAND_TIMEOUT, async |client| {
                let references: Vec<&dyn ToSql> = values.iter().map(Bound::to_sql).collect();
                Ok(client.execute(bare(query.sqlserver), &references).await?.total())
            })
            .await
    }
}

/// A statement without the comment that begins it: the text goes over the wire each time, two bytes a character.
fn bare(text: &str) -> &str {
    let mut rest = text;
    while rest.starts_with("--") {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    rest
}

#[cfg(test)]
mod tests;
