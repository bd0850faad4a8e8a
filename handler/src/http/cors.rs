//! Which web pages may call the API with their user's rights: those of the configured origins, letter for letter.

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, Method};
use std::sync::Arc;
use std::time::Duration;
use tower_http::cors::{AllowCredentials, AllowOrigin, CorsLayer};

use super::headers::{X_POLL_INTERVAL, X_RATELIMIT_LIMIT, X_RATELIMIT_REMAINING, X_RATELIMIT_RESET};
use super::request_context::X_REQUEST_ID;

/// How long a browser may remember the answer to a preflight.
const PREFLIGHT_AGE: Duration = Duration::from_hours(1);

/// The layer for these origins. What is no origin (`*` and `null` above all) is left out with a warning.
pub(super) fn layer(origins: &[String]) -> CorsLayer {
    let allowed: Arc<[HeaderValue]> = origins.iter().filter_map(|origin| as_origin(origin)).collect();
    let trusted = Arc::clone(&allowed);
    let (limit, remaining, reset) = (X_RATELIMIT_LIMIT, X_RATELIMIT_REMAINING, X_RATELIMIT_RESET);
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| allowed.contains(origin)))
        .allow_credentials(AllowCredentials::predicate(move |origin, _| trusted.contains(origin)))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS])
        .allow_headers([AUTHORIZATION, CONTENT_TYPE, X_REQUEST_ID, IF_NONE_MATCH])
        .expose_headers([X_REQUEST_ID, RETRY_AFTER, limit, remaining, reset, ETAG, LOCATION, X_POLL_INTERVAL])
        .max_age(PREFLIGHT_AGE)
}

fn as_origin(origin: &str) -> Option<HeaderValue> {
    let value = HeaderValue::from_str(origin).ok();
    let value = value.filter(|_| origin.starts_with("https://") || origin.starts_with("http://"));
    if value.is_none() {
        tracing::warn!(origin, "this is no web origin, so no page may call the API from it; write https://example.org");
    }
    value
}

#[cfg(test)]
mod tests {
    use crate::error::{Error, Result};
    use crate::http::body::ValidJson;
    use crate::http::body_reader::{BodyReader, FromBody};
    use crate::http::test_support::{Answer, Log, clock, request, send};
    use crate::http::{HttpSettings, layers};
    use axum::Router;
    use axum::body::Body;
    use axum::routing::{get, post};
    use std::time::Duration;

    const APP: &str = "https://app.example.org";

    struct Nothing;

    impl FromBody for Nothing {
        fn read(_: &mut BodyReader<'_>) -> Option<Self> {
            Some(Self)
        }
    }

    async fn panics() {
        panic!("on purpose")
    }

    async fn refuses() -> Result<()> {
        Err(Error::Unauthorized("Sign in"))
    }

    fn app(origins: &[&str]) -> Router {
        let router = Router::new()
            .route("/", get(|| async {}))
            .route("/panic", get(panics))
            .route("/refused", get(refuses))
            .route("/endless", get(std::future::pending::<()>))
            .route("/body", post(|_: ValidJson<Nothing>| async {}));
        let settings = HttpSettings {
            cors_origins: origins.iter().map(ToString::to_string).collect(),
            request_timeout: Duration::from_millis(20),
            body_limit: 10,
            ..HttpSettings::default()
        };
        layers(router, &settings, clock())
    }

    async fn from_origin(app: &Router, origin: &str, method: &str, path: &str) -> Answer {
        let asked = request(method, path).header("origin", origin).header("access-control-request-method", "PUT");
        send(app, asked.body(Body::from("more than ten bytes")).unwrap()).await
    }

    fn allowed(answer: &Answer) -> (&str, &str) {
        (answer.header("access-control-allow-origin"), answer.header("access-control-allow-credentials"))
    }

    #[tokio::test]
    async fn security_21_an_allowed_origin_is_told_so_on_every_answer() {
        let app = app(&["https://other.example.org", APP]);
        for (method, path, status) in [
            ("GET", "/", 200),
            ("GET", "/refused", 401),
            ("GET", "/nowhere", 404),
            ("DELETE", "/", 405),
            ("POST", "/body", 413),
            ("GET", "/panic", 500),
            ("GET", "/endless", 503),
        ] {
            let answer = from_origin(&app, APP, method, path).await;
            assert_eq!(answer.status, status, "{path}");
            assert_eq!(allowed(&answer), (APP, "true"), "{path}");
            assert_eq!(
                answer.header("access-control-expose-headers"),
                "x-request-id,retry-after,x-ratelimit-limit,x-ratelimit-remaining,x-ratelimit-reset,etag,location,x-poll-interval"
            );
            assert!(answer.headers.get_all("vary").iter().any(|vary| vary.to_str().unwrap().contains("origin")));
        }
    }

    #[tokio::test]
    async fn security_21_a_preflight_tells_what_is_allowed_for_an_hour() {
        let answer = from_origin(&app(&[APP]), APP, "OPTIONS", "/").await;
        assert_eq!((answer.status, allowed(&answer)), (200, (APP, "true")));
        assert_eq!(answer.header("access-control-allow-methods"), "GET,POST,PUT,DELETE,OPTIONS");
        assert_eq!(
            answer.header("access-control-allow-headers"),
            "authorization,content-type,x-request-id,if-none-match"
        );
        assert_eq!(answer.header("access-control-max-age"), "3600");
        assert!(!answer.header("x-request-id").is_empty());
    }

    #[tokio::test]
    async fn security_21_every_other_origin_is_refused() {
        let app = app(&[APP]);
        for origin in [
            "null",
            "*",
            "",
            "https://app.example.org.evil.org",
            "https://evil-app.example.org",
            "https://evil.org/https://app.example.org",
            "https://app.example.orgy",
            "https://app.example.or",
            "https://xapp.example.org",
            "https://app.example.org:443",
            "https://app.example.org:8443",
            "https://app.example.org/",
            "https://app.example.org@evil.org",
            "https://app.example.org, https://evil.org",
            "https://APP.example.org",
            "HTTPS://app.example.org",
            "http://app.example.org",
            "app.example.org",
            "https://app_example.org",
        ] {
            for method in ["GET", "OPTIONS"] {
                let answer = from_origin(&app, origin, method, "/").await;
                assert_eq!((answer.status, allowed(&answer)), (200, ("", "")), "{method} {origin}");
            }
        }
    }

    #[tokio::test]
    async fn security_21_what_is_no_origin_can_not_be_allowed() {
        let log = Log::kept();
        let app = app(&["*", "null", "", "file://", APP]);
        assert_eq!(log.text().matches("this is no web origin").count(), 4);
        for origin in ["*", "null", "", "file://", "https://evil.org"] {
            assert_eq!(allowed(&from_origin(&app, origin, "GET", "/").await), ("", ""), "{origin}");
        }
        assert_eq!(allowed(&from_origin(&app, APP, "GET", "/").await), (APP, "true"));
    }
}
