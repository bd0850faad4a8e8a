//! The two ways a request ends without its handler's answer: a panic, and the end of its time.

use crate::db::patience;
use crate::error::Error;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// What comes of a request, or, if that panics, a 500. Nothing of a request outlives it that could be left half done.
pub(super) async fn caught(served: impl Future<Output = Response>) -> Response {
    AssertUnwindSafe(served).catch_unwind().await.unwrap_or_else(|panic| panicked(&*panic))
}

/// A 500 with the panic's own words for the log.
fn panicked(panic: &(dyn Any + Send)) -> Response {
    let words = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&'static str>().copied())
        .unwrap_or("with a value that is no text");
    Error::Internal(anyhow::anyhow!("the request panicked: {words}")).into_response()
}

/// What comes of a request, or, if that takes longer than `limit`, a 503. The database gets no more than its own part of the
/// time.
pub(super) async fn in_time(limit: Duration, database: Duration, served: impl Future<Output = Response>) -> Response {
    match tokio::time::timeout(limit, patience::with(database, served)).await {
        Ok(response) => response,
        Err(_) => Error::unavailable(format!("no answer within {limit:?}")).into_response(),
    }
}
