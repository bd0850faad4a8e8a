//! So many requests at once, and no more: what comes on top is told to come back before it costs anything.

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::{Error, Result};

/// How many requests are served at once unless the configuration says otherwise. Most of them wait for a connection to the
/// database; it answers about as many within the time that a request waits for it at most.
pub const DEFAULT_AT_ONCE: usize = 1_024;

/// The places of the requests that are being served.
#[derive(Debug)]
pub struct Places(Semaphore);

impl Places {
    /// So many of them.
    #[must_use]
    pub fn new(number: usize) -> Self {
        Self(Semaphore::new(number.min(Semaphore::MAX_PERMITS)))
    }

    /// A place, which is free again when it is dropped; [`Error::Unavailable`] if all are taken.
    pub fn take(&self) -> Result<SemaphorePermit<'_>> {
        self.0.try_acquire().map_err(|_| Error::unavailable("all places are taken"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::test_support::{get, request, send, stacked};
    use axum::body::Body;
    use axum::extract::{Request, State};
    use axum::middleware::{self, Next};
    use axum::response::Response;
    use axum::{Router, routing};
    use std::sync::Arc;
    use tower::ServiceExt as _;

    async fn admit(State(places): State<Arc<Places>>, request: Request, next: Next) -> Result<Response> {
        let _place = places.take()?;
        Ok(next.run(request).await)
    }

    #[tokio::test]
    async fn security_26_one_request_too_many_is_refused_and_the_next_gets_a_place_again() {
        let router = Router::new()
            .route("/", routing::get(async || "served"))
            .route("/endless", routing::get(std::future::pending::<()>))
            .route_layer(middleware::from_fn_with_state(Arc::new(Places::new(2)), admit));
        let app = stacked(router);
        let mut endless = Vec::new();
        for _ in 0..2 {
            assert_eq!(get(&app, "/").await.status, 200);
            let asked = request("GET", "/endless").body(Body::empty()).unwrap();
            let mut waiting = Box::pin(app.clone().oneshot(asked));
            assert!(futures_util::poll!(&mut waiting).is_pending());
            endless.push(waiting);
        }
        let refused = send(&app, request("GET", "/").body(Body::empty()).unwrap()).await;
        assert_eq!(refused.refusal(), (503, "SERVICE_UNAVAILABLE".into()));
        assert_eq!(refused.header("retry-after"), "1");
        // A client that goes away leaves its place.
        endless.pop();
        assert_eq!(get(&app, "/").await.status, 200);
    }
}
