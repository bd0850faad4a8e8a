//! What every handler shares: the one place where the parts of the application meet.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;

use crate::clock::SharedClock;
use crate::credentials::hasher::PasswordHasher;
use crate::credentials::tokens::Tokens;
use crate::db::Database;
use crate::db::gate::SchemaGate;
use crate::http::caller::SharedAuthenticator;
use crate::http::conditional::PollInterval;
use crate::limits::limiter::Limiter;
use crate::random::SharedRandomness;
use crate::telemetry::metrics::Metrics;

/// What a handler can reach, for as many as want it: a clone is a pointer.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl From<Shared> for AppState {
    fn from(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

/// The parts of the application.
#[derive(Clone)]
pub struct Shared {
    /// The database.
    pub db: Database,
    /// The time.
    pub clock: SharedClock,
    /// The source of ids, salts and secrets.
    pub random: SharedRandomness,
    /// Hashes and verifies passwords.
    pub hasher: Arc<PasswordHasher>,
    /// Signs and verifies tokens.
    pub tokens: Arc<Tokens>,
    /// How long a session lives without a refresh.
    pub refresh_ttl: Duration,
    /// After this long a match scan begins no further batch.
    pub scan_budget: Duration,
    /// How long clients should wait before they ask again whether something is new.
    pub poll_interval: PollInterval,
    /// Tells who a bearer token belongs to.
    pub authenticator: SharedAuthenticator,
    /// Counts requests and refuses those who send too many.
    pub limiter: Arc<Limiter>,
    /// The figures of this process, if they are shown.
    pub metrics: Option<Arc<Metrics>>,
    /// Whether the database has a schema that this build can serve from.
    pub gate: Arc<SchemaGate>,
}

impl FromRef<AppState> for SharedAuthenticator {
    fn from_ref(state: &AppState) -> Self {
        Self::clone(&state.authenticator)
    }
}
