//! The four questions about health. None of them names a host, a user or a secret.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use time::OffsetDateTime;
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::db::schema::SchemaState;
use crate::db::{DbError, PoolUse};
use crate::http::envelope::OwnBody;
use crate::http::json::Json;
use crate::scan;
use crate::scan::store::Backlog;
use crate::state::AppState;

/// Whether something is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is.
    Ok,
    /// It is not.
    Unavailable,
}

/// How the process is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// Whether it is well.
    pub status: Status,
    /// The build's version.
    #[schema(value_type = String, example = "0.1.0")]
    pub version: &'static str,
}

/// Whether requests can be served.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether they can.
    pub status: Status,
    /// What stands in the way, if anything does; or that the schema is newer than this build, and served from all the same.
    pub reason: Option<String>,
}

/// How everything is.
#[derive(Debug, Serialize, ToSchema)]
pub struct DetailedHealth {
    /// Whether all of it is well.
    pub status: Status,
    /// The build's version.
    #[schema(value_type = String, example = "0.1.0")]
    pub version: &'static str,
    /// The database.
    pub database: DatabaseHealth,
    /// The schema.
    pub migrations: MigrationsHealth,
    /// The match scan; unknown while the database or its schema is not as it should be.
    pub match_scan: Option<ScanHealth>,
    /// The connections of this instance.
    pub pool: PoolUse,
}

/// What the match scan has before it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScanHealth {
    /// Causes of matches that were not looked at yet.
    #[schema(example = 3, minimum = 0)]
    pub waiting: i64,
    /// Since when the oldest of them waits.
    #[serde(with = "crate::http::instant::optional")]
    pub oldest_waiting_since: Option<OffsetDateTime>,
    /// Causes that failed too often to be tried again: the log and `match_causes.last_error` say why.
    #[schema(example = 0, minimum = 0)]
    pub set_aside: i64,
}

/// How the database is.
#[derive(Debug, Serialize, ToSchema)]
pub struct DatabaseHealth {
    /// Whether it answers.
    pub status: Status,
    /// Which engine it is.
    #[schema(value_type = String, example = "SQL Server")]
    pub engine: &'static str,
    /// How long it took to answer, in milliseconds.
    pub latency_ms: Option<f64>,
}

/// How the schema is.
#[derive(Debug, Serialize, ToSchema)]
pub struct MigrationsHealth {
    /// Whether it is one that this build can serve from.
    pub status: Status,
    /// What is to be done, or that nothing is.
    #[schema(example = "the schema is current")]
    pub message: String,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What is said of a database that is away; why is for the log.
const NO_ANSWER: &str = "the database does not answer";

/// Is the process well?
///
/// Answers at once, whatever the database does.
#[utoipa::path(get, path = "/health", operation_id = "health", tag = "health",
    responses((status = 200, description = "It is.", body = Health)))]
pub async fn health() -> Json<Health> {
    Json(Health { status: Status::Ok, version: VERSION })
}

/// Does the process live?
///
/// The same as `/health`, for those who ask by this name.
#[utoipa::path(get, path = "/live", operation_id = "live", tag = "health",
    responses((status = 200, description = "It does.", body = Health)))]
pub async fn live() -> Json<Health> {
    health().await
}

/// Can requests be served?
///
/// They can if the database answers and has a schema that this build can serve from.
#[utoipa::path(get, path = "/ready", operation_id = "ready", tag = "health",
    responses(
        (status = 200, description = "They can.", body = Readiness),
        (status = 503, description = "They can't; `reason` says why.", body = Readiness)))]
pub async fn ready(State(app): State<AppState>) -> Response {
    let (status, reason) = match app.gate.look(&app.db).await {
        Ok(SchemaState::Current) => (Status::Ok, None),
        Ok(other) if other.is_served() => (Status::Ok, Some(other.to_string())),
        Ok(other) => (Status::Unavailable, Some(other.to_string())),
        Err(error) => {
            tracing::warn!(cause = %error, "the database does not answer");
            (Status::Unavailable, Some(NO_ANSWER.to_owned()))
        }
    };
    with_status(status, Readiness { status, reason })
}

/// How is everything?
///
/// The database and how fast it answers, its schema, the work that the match scan has before it, and the pool of
/// connections. Names no host, no user and no secret.
#[utoipa::path(get, path = "/health/detailed", operation_id = "healthDetailed", tag = "health",
    responses(
        (status = 200, description = "All is well.", body = DetailedHealth),
        (status = 503, description = "Something is not.", body = DetailedHealth)))]
pub async fn detailed(State(app): State<AppState>) -> Response {
    let asked = Instant::now();
    let seen = app.gate.look(&app.db).await;
    let answers = !matches!(seen, Err(DbError::Unavailable { .. }));
    let latency_ms = answers.then(|| (asked.elapsed().as_secs_f64() * 1e6).round() / 1e3);
    let (schema, message) = match seen {
        Ok(served) if served.is_served() => (Status::Ok, served.to_string()),
        Ok(other) => (Status::Unavailable, other.to_string()),
        Err(_) => (Status::Unavailable, NO_ANSWER.to_owned()),
    };
    let match_scan = if schema == Status::Ok { backlog(&app).await } else { None };
    let database = if answers { Status::Ok } else { Status::Unavailable };
    let status = if database == Status::Ok { schema } else { database };
    let report = DetailedHealth {
        status,
        version: VERSION,
        database: DatabaseHealth { status: database, engine: app.db.engine_name(), latency_ms },
        migrations: MigrationsHealth { status: schema, message },
        match_scan,
        pool: app.db.pool_use(),
    };
    with_status(status, report)
}

async fn backlog(app: &AppState) -> Option<ScanHealth> {
    let counted = scan::store::backlog(&app.db).await;
    let counted = counted.inspect_err(|error| tracing::warn!(cause = %error, "the backlog can't be counted")).ok()?;
    let Backlog { waiting, oldest, set_aside } = counted;
    Some(ScanHealth { waiting, oldest_waiting_since: oldest, set_aside })
}

/// A report is a report, also when it is a bad one: it keeps its own body.
fn with_status(status: Status, report: impl Serialize) -> Response {
    match status {
        Status::Ok => Json(report).into_response(),
        Status::Unavailable => {
            let mut response = (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "5")], Json(report)).into_response();
            response.extensions_mut().insert(OwnBody);
            response
        }
    }
}
