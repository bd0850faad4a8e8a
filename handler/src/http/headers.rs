//! The headers that tell a browser to trust an answer with as little as possible, and the names of those of the rate limits.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// How many requests a window allows.
pub const X_RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
/// How many of them are left.
pub const X_RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
/// When the window ends, in seconds since 1970.
pub const X_RATELIMIT_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
/// How many seconds a client should wait before it asks for the same again.
pub const X_POLL_INTERVAL: HeaderName = HeaderName::from_static("x-poll-interval");

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const DENY: HeaderValue = HeaderValue::from_static("DENY");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const NOTHING_AT_ALL: HeaderValue =
    HeaderValue::from_static("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// A year, in seconds.
const HTTPS_FOR_A_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// How many headers an answer usually has.
const USUAL: usize = 16;

/// Adds the security headers to an answer. Its own `Content-Security-Policy` and `Cache-Control` stay: the pages of the
/// documentation need theirs.
pub(super) fn add(headers: &mut HeaderMap, production: bool) {
    // Those here and those that the layers outside add: else the map grows several times over.
    headers.reserve(USUAL);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.insert(X_FRAME_OPTIONS, DENY);
    headers.insert(REFERRER_POLICY, NO_REFERRER);
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(NOTHING_AT_ALL);
    headers.entry(CACHE_CONTROL).or_insert(NO_STORE);
    if production {
        headers.insert(STRICT_TRANSPORT_SECURITY, HTTPS_FOR_A_YEAR);
    }
}
