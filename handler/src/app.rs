//! All routes and all layers, in one place.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use bytes::Bytes;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;

use crate::auth::caller::SessionAuthenticator;
use crate::clock::SharedClock;
use crate::config::{Config, TokenSecrets};
use crate::credentials::hasher::{HashCost, HashLimits, PasswordHasher};
use crate::credentials::keys::KeyRing;
use crate::credentials::tokens::Tokens;
use crate::db::Database;
use crate::error::{Error, Result};
use crate::http::conditional::PollInterval;
use crate::http::json::{JSON_UTF_8, Json, safe_json};
use crate::http::request_context::RequestContext;
use crate::http::shedding::Places;
use crate::http::{HttpSettings, invocations, layers};
use crate::limits::layers::Seen;
use crate::limits::limiter::Limiter;
use crate::random::SharedRandomness;
use crate::state::{AppState, Shared};
use crate::telemetry::metrics::Metrics;
use crate::{
    auth, connections, docs, health, limits, matching, monitoring, notifications, openapi, scan, travels, users,
};

/// The document that describes every operation.
#[must_use]
pub fn openapi() -> Value {
    openapi::complete(api().merge(health::routes()).to_openapi())
}

/// What an application is made of, besides its configuration.
pub struct Parts {
    /// The database.
    pub db: Database,
    /// The time.
    pub clock: SharedClock,
    /// The source of ids, salts and secrets.
    pub random: SharedRandomness,
    /// What a password's hash costs.
    pub hash_cost: HashCost,
    /// How long a request waits to be counted that is served in any case.
    pub count_patience: Duration,
    /// The figures to be shown at `/metrics`, if they are.
    pub metrics: Option<Arc<Metrics>>,
}

/// Puts the parts together.
pub fn assemble(config: &Config, parts: Parts) -> Result<AppState> {
    let Parts { db, clock, random, hash_cost, count_patience, metrics } = parts;
    let ring = |secrets: &TokenSecrets| KeyRing::new(&secrets.current, secrets.previous.as_ref());
    let tokens =
        Arc::new(Tokens::new(ring(&config.access_secrets)?, ring(&config.refresh_secrets)?, config.access_ttl));
    let hasher = PasswordHasher::new(hash_cost, HashLimits::default(), Arc::clone(&random))?;
    let authenticator = SessionAuthenticator { db: db.clone(), clock: Arc::clone(&clock), tokens: Arc::clone(&tokens) };
    let limiter = Limiter::new(config.rate_limits, db.clone(), Arc::clone(&clock), Arc::clone(&tokens), count_patience);
    let shared = Shared {
        db,
        clock,
        random,
        hasher: Arc::new(hasher),
        tokens,
        refresh_ttl: config.refresh_ttl,
        scan_budget: config.scan_budget,
        poll_interval: PollInterval(config.poll_seconds),
        authenticator: Arc::new(authenticator),
        limiter: Arc::new(limiter),
        metrics,
        gate: Arc::default(),
    };
    Ok(shared.into())
}

/// Every feature of the API.
fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(auth::routes())
        .merge(users::routes())
        .merge(connections::routes())
        .merge(travels::routes())
        .merge(matching::routes())
        .merge(notifications::routes())
}

/// The whole application: a service that answers everything.
pub fn build(state: AppState, settings: &HttpSettings) -> Result<Router> {
    let (api, _) = api().split_for_parts();
    let (health, _) = health::routes().split_for_parts();
    let clock = Arc::clone(&state.clock);
    let door = Door { places: Places::new(settings.at_once), app: state.clone() };
    let tell = middleware::from_fn_with_state(Arc::clone(&state.limiter), limits::layers::tell);
    let router = api
        .route_layer(middleware::from_fn_with_state(Arc::new(door), enter))
        .merge(health)
        .merge(docs::routes())
        .merge(monitoring::routes(state.metrics.clone()))
        .route("/", get(home))
        .route("/openapi.json", get(openapi_json))
        .fallback(async || Error::NotFound("endpoint"))
        .method_not_allowed_fallback(async || Error::MethodNotAllowed)
        .with_state(state.clone());
    let scan = scan::api::routes()
        .route_layer(middleware::from_fn_with_state(state.clone(), only_with_our_schema))
        .with_state(state);
    Ok(layers(router, settings, clock).layer(tell).merge(invocations(scan, settings)))
}

/// The document as it is sent. Made when somebody asks for it first: a start must not wait for it. It is JSON already, so
/// it can always be written.
static RENDERED: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(safe_json(&openapi()).unwrap_or_default()));

/// The Functions host asks this to see whether the handler lives: it answers at once, whatever the database does.
async fn home() -> Json<Value> {
    Json(json!({
        "name": "TravelMeetup",
        "version": env!("CARGO_PKG_VERSION"),
        "docs": "/docs",
        "redoc": "/redoc",
        "openapi": "/openapi.json",
        "health": "/health",
    }))
}

async fn openapi_json() -> Response {
    ([(axum::http::header::CONTENT_TYPE, JSON_UTF_8)], RENDERED.clone()).into_response()
}

/// What every request of the API passes first.
struct Door {
    places: Places,
    app: AppState,
}

/// Lets a request of the API in: if there is a place for it, if the database has this build's schema, and if its sender has not
/// come too often.
async fn enter(
    State(door): State<Arc<Door>>,
    Extension(seen): Extension<Seen>,
    Extension(context): Extension<Arc<RequestContext>>,
    route: MatchedPath,
    mut request: Request,
    next: Next,
) -> Result<Response> {
    let _place = door.places.take()?;
    door.app.gate.pass(&door.app.db).await?;
    limits::layers::admit(&door.app.limiter, (&seen, &context), route.as_str(), request.extensions_mut()).await?;
    Ok(next.run(request).await)
}

/// Refuses every request of the match scan while the database has another schema than this build's.
async fn only_with_our_schema(State(app): State<AppState>, request: Request, next: Next) -> Result<Response> {
    app.gate.pass(&app.db).await?;
    Ok(next.run(request).await)
}
