//! The one shape of every error (specification 4.5), whoever refused the request.
//!
//! An [`Error`] knows its status and headers but neither the request's id nor the time. So it travels to the outside as
//! a response without a body, itself in the response's extensions, and `seal` writes the body. Error responses that
//! somebody else made (axum's 404 and 405, a rejected extractor) get their body there as well.

use super::json::{JSON_UTF_8, safe_json};
use super::request_context::RequestContext;
use crate::error::{Error, FieldError};
use axum::body::Body;
use axum::http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, TRANSFER_ENCODING, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;
use time::{OffsetDateTime, UtcOffset};
use utoipa::ToSchema;

const BEARER: HeaderValue = HeaderValue::from_static("Bearer");

/// Headers that speak of a body that is about to be replaced.
const HEADERS_OF_A_BODY: [axum::http::HeaderName; 4] =
    [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING];

/// The body of every error response.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorEnvelope {
    /// What went wrong.
    pub error: ErrorBody,
    /// When, in UTC and whole seconds.
    #[schema(example = "2026-01-31T10:30:00Z", format = DateTime)]
    pub timestamp: String,
}

/// What went wrong with a request.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// For programs.
    pub code: ErrorCode,
    /// For people: a sentence that says what to do.
    #[schema(value_type = String, example = "Invalid input data")]
    pub message: Cow<'static, str>,
    /// Every fault that was found, empty if there is nothing to add to the message.
    pub details: Vec<FieldError>,
    /// The id of the request, as in `X-Request-Id`: name it when you report a problem.
    #[schema(example = "6f1c1ac8-3c79-4b1e-9a5c-2f8f8d1c7b11", min_length = 1, max_length = 64)]
    pub request_id: String,
}

/// The codes of the contract; each belongs to one status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// 400
    ValidationError,
    /// 401
    Unauthorized,
    /// 403
    Forbidden,
    /// 404
    NotFound,
    /// 405
    MethodNotAllowed,
    /// 409
    Conflict,
    /// 413
    PayloadTooLarge,
    /// 415
    UnsupportedMediaType,
    /// 429
    RateLimitExceeded,
    /// 500
    InternalError,
    /// 503
    ServiceUnavailable,
}

/// Marks an error response whose body is meant as it is, in its extensions: a health report with status 503.
#[derive(Debug, Clone, Copy)]
pub struct OwnBody;

/// The error that a response stands for.
#[derive(Clone)]
struct Refusal(Arc<Error>);

impl IntoResponse for Error {
    /// The status and headers of this error; `seal` adds the body. The texts in [`Error::Unauthorized`],
    /// [`Error::Forbidden`], [`Error::Conflict`] and [`Error::RateLimited`] are shown to the user as they are.
    fn into_response(self) -> Response {
        let mut response = status(&self).into_response();
        add_headers(response.headers_mut(), &self);
        response.extensions_mut().insert(Refusal(Arc::new(self)));
        response
    }
}

/// Adds the headers that an error calls for, where they are not there already.
fn add_headers(headers: &mut HeaderMap, error: &Error) {
    match error {
        Error::Unauthorized(_) => {
            headers.entry(WWW_AUTHENTICATE).or_insert(BEARER);
        }
        Error::RateLimited { retry_after, .. } | Error::Unavailable { retry_after, .. } => {
            headers.entry(RETRY_AFTER).or_insert(whole_seconds(*retry_after).into());
        }
        Error::Database { .. } => {
            headers.entry(RETRY_AFTER).or_insert(1.into());
        }
        _ => {}
    }
}

/// Rounded up, and never 0, which would call for an immediate retry.
fn whole_seconds(wait: Duration) -> u64 {
    let begun = u64::from(wait.subsec_nanos() > 0);
    wait.as_secs().saturating_add(begun).max(1)
}

const fn status(error: &Error) -> StatusCode {
    match error {
        Error::Validation(_) => StatusCode::BAD_REQUEST,
        Error::Unauthorized(_) => StatusCode::UNAUTHORIZED,
        Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Error::Conflict { .. } => StatusCode::CONFLICT,
        Error::PayloadTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Error::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Error::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Unavailable { .. } | Error::Database { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The body for an error, but for what only the request knows.
fn describe(error: &Error) -> (ErrorCode, Cow<'static, str>, &[FieldError]) {
    let (code, message) = match error {
        Error::Validation(faults) => return (ErrorCode::ValidationError, "Invalid input data".into(), faults),
        Error::Conflict { message, details } => return (ErrorCode::Conflict, (*message).into(), details),
        Error::Unauthorized(message) => (ErrorCode::Unauthorized, (*message).into()),
        Error::Forbidden(message) => (ErrorCode::Forbidden, (*message).into()),
        Error::NotFound(kind) => (ErrorCode::NotFound, format!("There is no such {kind}").into()),
        Error::MethodNotAllowed => (
            ErrorCode::MethodNotAllowed,
            "This endpoint doesn't take this method; the Allow header names those it takes".into(),
        ),
        Error::PayloadTooLarge(limit) => {
            (ErrorCode::PayloadTooLarge, format!("The request body is too large; send at most {limit} bytes").into())
        }
        Error::UnsupportedMediaType => (
            ErrorCode::UnsupportedMediaType,
            "Send the request body as JSON in UTF-8, with the header Content-Type: application/json".into(),
        ),
        Error::RateLimited { message, .. } => (ErrorCode::RateLimitExceeded, (*message).into()),
        Error::Unavailable { .. } | Error::Database { .. } => (
            ErrorCode::ServiceUnavailable,
            "The service can't answer just now; try again after the seconds in the Retry-After header".into(),
        ),
        Error::Internal(_) => (
            ErrorCode::InternalError,
            "Something went wrong on our side; try again later, and report the request_id if it goes on".into(),
        ),
    };
    (code, message, &[])
}

/// Writes the body of a refusal, with the time as it is `now`, and logs what is our own fault; any other answer stays as it is.
/// A 413 names the largest body, `body_limit` in bytes.
pub(super) fn seal(
    response: Response,
    context: &RequestContext,
    body_limit: usize,
    now: impl FnOnce() -> OffsetDateTime,
) -> Response {
    let refused = response.status().is_client_error() || response.status().is_server_error();
    if !refused || response.extensions().get::<OwnBody>().is_some() {
        return response;
    }
    let (mut parts, _body) = response.into_parts();
    let error = if let Some(Refusal(error)) = parts.extensions.remove() {
        error
    } else {
        let error = error_for(parts.status, body_limit);
        parts.status = status(&error);
        add_headers(&mut parts.headers, &error);
        Arc::new(error)
    };
    log_if_ours(&error, context);
    for header in HEADERS_OF_A_BODY {
        parts.headers.remove(header);
    }
    parts.headers.insert(CONTENT_TYPE, JSON_UTF_8);
    Response::from_parts(parts, Body::from(body_of(&error, context, now())))
}

/// The error that comes closest to a status that did not come from one of ours.
fn error_for(foreign: StatusCode, body_limit: usize) -> Error {
    match foreign {
        StatusCode::UNAUTHORIZED => Error::Unauthorized("Sign in, and send the access token as a bearer token"),
        StatusCode::FORBIDDEN => Error::Forbidden("You may not do this"),
        StatusCode::NOT_FOUND => Error::NotFound("endpoint"),
        StatusCode::METHOD_NOT_ALLOWED => Error::MethodNotAllowed,
        StatusCode::CONFLICT => Error::conflict("This does not fit the present state; load it again"),
        StatusCode::PAYLOAD_TOO_LARGE => Error::PayloadTooLarge(body_limit),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Error::UnsupportedMediaType,
        StatusCode::TOO_MANY_REQUESTS => Error::RateLimited {
            message: "Too many requests; try again after the seconds in the Retry-After header",
            retry_after: Duration::from_secs(1),
        },
        StatusCode::SERVICE_UNAVAILABLE => Error::unavailable("an answer of status 503 that names no reason"),
        other if other.is_client_error() => Error::Validation(Vec::new()),
        other => Error::Internal(anyhow::anyhow!("an answer of status {other} that is not one of our errors")),
    }
}

/// What is our own fault goes to the log, once; what is the client's does not.
fn log_if_ours(error: &Error, context: &RequestContext) {
    let request_id = context.request_id();
    match error {
        Error::Internal(cause) => tracing::error!(request_id, cause = format_args!("{cause:#}"), "a request failed"),
        Error::Unavailable { reason, .. } | Error::Database { reason, .. } => {
            tracing::warn!(request_id, reason, "a request could not be served");
        }
        _ => {}
    }
}

fn body_of(error: &Error, context: &RequestContext, now: OffsetDateTime) -> Vec<u8> {
    // Strings and an enum's name can always be written; the empty body would only say that this has changed.
    safe_json(&describe_as(error, context.request_id(), now)).unwrap_or_default()
}

/// The body of the answer to the request with this id that ended in this error at this moment.
#[must_use]
pub fn describe_as(error: &Error, request_id: &str, now: OffsetDateTime) -> ErrorEnvelope {
    let (code, message, details) = describe(error);
    ErrorEnvelope {
        error: ErrorBody { code, message, details: details.to_vec(), request_id: request_id.to_owned() },
        timestamp: timestamp(now),
    }
}

/// An instant as every answer shows it: in UTC and whole seconds, `2026-01-31T10:30:00Z`.
#[must_use]
pub fn timestamp(instant: OffsetDateTime) -> String {
    let utc = instant.to_offset(UtcOffset::UTC);
    let (year, month, day) = (utc.year(), u8::from(utc.month()), utc.day());
    let (hour, minute, second) = utc.to_hms();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
