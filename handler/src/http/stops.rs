//! The two ways a request ends without its handler's answer: a panic, and the end of its time.

use crate::db::patience;
use crate::error::Error;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::any::Any;
use std::time::Duration;

/// Turns a panic into a 500 with the panic's own words for the log.
#[expect(clippy::needless_pass_by_value, reason = "`CatchPanicLayer` hands it over by value")]
pub(super) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let words = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&'static str>().copied())
        .unwrap_or("with a value that is no text");
    Error::Internal(anyhow::anyhow!("the request panicked: {words}")).into_response()
}

/// Drops a request that takes longer than `limit`, and answers it with a 503; of this time the database gets its part.
pub(super) async fn in_time(
    State((limit, database)): State<(Duration, Duration)>,
    request: Request,
    next: Next,
) -> Response {
    match tokio::time::timeout(limit, patience::with(database, next.run(request))).await {
        Ok(response) => response,
        Err(_) => Error::unavailable(format!("no answer within {limit:?}")).into_response(),
    }
}
