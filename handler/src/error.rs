//! What can go wrong with a request, as the contract names it: one variant an expected outcome.
//!
//! `http::envelope` turns these into responses; everything unexpected is [`Error::Internal`], which is logged once with
//! its chain and answered with an opaque 500.

use std::time::Duration;

/// The result of everything that can end in an error response.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One fault in a request: where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// A JSON path (`start_date`, `travel.city`), a query parameter's name, or empty for the body as a whole.
    #[schema(example = "email")]
    pub field: String,
    /// A sentence that tells the user what to do.
    #[schema(example = "Invalid email format")]
    pub message: String,
}

impl FieldError {
    /// A fault at `field`, told by `message`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// Every way a request can be refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 400: the request breaks the rules; every fault is listed.
    #[error("invalid input: {0:?}")]
    Validation(Vec<FieldError>),
    /// 401: no token, or one that is not good (any more).
    #[error("unauthorized: {0}")]
    Unauthorized(&'static str),
    /// 403: the caller may see it and may not do it.
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    /// 404: there is no such thing, or the caller may not know of it. Carries the kind of thing (`user`).
    #[error("not found: {0}")]
    NotFound(&'static str),
    /// 405: the path exists, the method does not.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// 409: the deed does not fit the present state.
    #[error("conflict: {message}")]
    Conflict {
        /// What stands in the way, as a sentence.
        message: &'static str,
        /// The faults to show beside a field, if any.
        details: Vec<FieldError>,
    },
    /// 413: the body is larger than the limit, in bytes.
    #[error("body over {0} bytes")]
    PayloadTooLarge(usize),
    /// 415: a body that is not declared as JSON.
    #[error("unsupported media type")]
    UnsupportedMediaType,
    /// 429: too many requests; may be tried again after this time.
    #[error("rate limited: {message}")]
    RateLimited {
        /// Which limit, as a sentence.
        message: &'static str,
        /// How long to wait; told in whole seconds, rounded up.
        retry_after: Duration,
    },
    /// 503: the service can't answer just now; may be tried again after this time. The reason is for the log.
    #[error("unavailable: {reason}")]
    Unavailable {
        /// Why, for the log alone.
        reason: String,
        /// How long to wait; told in whole seconds, rounded up.
        retry_after: Duration,
    },
    /// 503: the database can't answer just now; may be tried again in one second.
    #[error("database unavailable: {reason}")]
    Database {
        /// Why, for the log alone.
        reason: String,
        /// True if something may have been written all the same.
        outcome_unknown: bool,
    },
    /// 500: something nobody expected; the chain goes to the log, never to the client.
    #[error("internal: {0:#}")]
    Internal(#[from] anyhow::Error),
}

impl Error {
    /// A 400 with one fault.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Validation(vec![FieldError::new(field, message)])
    }

    /// A 409 with a sentence and no details.
    #[must_use]
    pub const fn conflict(message: &'static str) -> Self {
        Self::Conflict { message, details: Vec::new() }
    }

    /// A 503 that may be tried again in one second.
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable { reason: reason.into(), retry_after: Duration::from_secs(1) }
    }
}
