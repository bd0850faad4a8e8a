//! So many requests at once, and no more: what comes on top is told to come back before it costs anything.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// How many requests are served at once unless the configuration says otherwise. Most of them wait for a connection to the
/// database; it answers about as many within the time that a request waits for it at most.
pub const DEFAULT_AT_ONCE: usize = 1_024;

/// The places of the requests that are being served; cheap to clone.
#[derive(Debug, Clone)]
pub struct Places(Arc<Semaphore>);

impl Places {
    /// So many of them.
    #[must_use]
    pub fn new(number: usize) -> Self {
        Self(Arc::new(Semaphore::new(number.min(Semaphore::MAX_PERMITS))))
    }
}

/// The layer: gives a request a place until it is answered, or refuses it with [`Error::Unavailable`].
pub async fn admit(State(places): State<Places>, request: Request, next: Next) -> Result<Response> {
    let Ok(_place) = places.0.try_acquire() else {
        return Err(Error::unavailable("all places are taken"));
    };
    Ok(next.run(request).await)
}
