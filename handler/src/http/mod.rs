//! What every endpoint shares: the way a request comes in and the way an answer goes out.
//!
//! A request meets the layers of [`layers`] from the outside in:
//!
//! 1. [`request_context`] gives it an id and a client address, puts the [`headers`] of every answer on whatever comes back,
//!    errors included, and writes its one log line.
//! 2. [`cors`] answers for browsers.
//! 3. The bounds: a panic becomes a 500, a request that takes too long a 503, and [`envelope`] writes the body of every
//!    refusal, whoever made it: a handler, an extractor, axum, these bounds.
//!
//! They are few on purpose: at every request a layer of axum copies all that is inside of it.
//!
//! Then the handler's extractors read it and refuse it: [`path::PathId`], [`page::Page`], [`query::ValidQuery`],
//! [`body::ValidJson`]. The answer is a [`json::Json`] or an [`Error`](crate::error::Error).

pub mod body;
pub mod body_reader;
pub mod caller;
pub mod client_address;
pub mod conditional;
pub mod cors;
pub mod day;
pub mod envelope;
pub mod headers;
pub mod instant;
pub mod json;
pub mod openapi;
pub mod page;
pub mod path;
pub mod query;
pub mod request_context;
pub mod shedding;
mod stops;
pub mod strict_json;
pub mod trace_context;

#[cfg(test)]
mod stack_tests;
#[cfg(test)]
pub(crate) mod test_support;

use crate::clock::SharedClock;
use crate::db::patience::DEFAULT_PATIENCE;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::{Extension, Router};
use request_context::RequestContext;
use std::sync::Arc;
use std::time::Duration;

/// How long a request may take unless the configuration says otherwise. The front end of the host gives up after 230 s;
/// a user gives up long before.
pub const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// What the layers need to know.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The web origins that may call the API from a browser, exactly as a browser writes them: `https://example.org`.
    pub cors_origins: Vec<String>,
    /// Whether this is the production environment: its answers tell browsers to use HTTPS only.
    pub production: bool,
    /// How long a request may take before it is dropped and answered with a 503.
    pub request_timeout: Duration,
    /// How long a request waits for the database, all its statements together.
    pub database_patience: Duration,
    /// How many requests of the API are served at once.
    pub at_once: usize,
    /// The largest request body, in bytes.
    pub body_limit: usize,
}

impl Default for HttpSettings {
    /// A development environment that no other origin may call.
    fn default() -> Self {
        Self {
            cors_origins: Vec::new(),
            production: false,
            request_timeout: DEFAULT_REQUEST_TIMEOUT,
            database_patience: DEFAULT_PATIENCE,
            at_once: shedding::DEFAULT_AT_ONCE,
            body_limit: body::DEFAULT_BODY_LIMIT,
        }
    }
}

/// Puts around a router what the host's own invocations need, such as that of a timer: a log line, the headers of every
/// answer, and an answer also after a panic. They come from the host alone and may take as long as it lets them.
pub fn invocations(router: Router, settings: &HttpSettings) -> Router {
    router.layer((
        middleware::from_fn_with_state(settings.production, request_context::open),
        middleware::from_fn(async |request: Request, next: Next| stops::caught(next.run(request)).await),
    ))
}

/// Puts the whole stack around a finished router: its routes, its fallback, its 405s.
///
/// The rate limit goes inside of all this, and only around routes: put it on the router with
/// [`Router::route_layer`] before calling this, so that an unknown path is a 404 and a wrong method a 405 whoever asks,
/// and a 429 gets its envelope, headers and log line from the layers here. What tells every client where it stands goes
/// outside of all this, so that it does so on answers of these layers too.
pub fn layers(router: Router, settings: &HttpSettings, clock: SharedClock) -> Router {
    let bounds = Bounds {
        clock,
        request_timeout: settings.request_timeout,
        database_patience: settings.database_patience,
        body_limit: settings.body_limit,
    };
    router.layer((
        middleware::from_fn_with_state(settings.production, request_context::open),
        cors::layer(&settings.cors_origins),
        middleware::from_fn_with_state(Arc::new(bounds), within_bounds),
    ))
}

/// What every request of an application is held to.
struct Bounds {
    clock: SharedClock,
    request_timeout: Duration,
    database_patience: Duration,
    body_limit: usize,
}

/// Serves a request on one day, and answers it whatever becomes of it.
async fn within_bounds(
    State(bounds): State<Arc<Bounds>>,
    Extension(context): Extension<Arc<RequestContext>>,
    mut request: Request,
    next: Next,
) -> Response {
    day::note(request.extensions_mut(), &bounds.clock);
    request.extensions_mut().insert(body::BodyLimit(bounds.body_limit));
    let served = stops::in_time(bounds.request_timeout, bounds.database_patience, next.run(request));
    let response = stops::caught(served).await;
    envelope::seal(response, &context, bounds.body_limit, || bounds.clock.now())
}
