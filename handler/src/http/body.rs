//! The request body as an extractor: read within its limit, declared as JSON, strict, and refused with every fault.

use super::body_reader::{self, FromBody};
use super::day::today;
use super::strict_json;
use crate::error::{Error, Result};
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// The largest body in bytes where no other limit is set: 64 KiB, far above the largest form of the API.
pub const DEFAULT_BODY_LIMIT: usize = 65_536;

/// The largest body in bytes, as an extension of the request.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit(pub usize);

/// A request body read as a `T`. It is the last argument of a handler: whatever refuses by path or caller comes first.
///
/// Refuses with 413 a body over the [`BodyLimit`], with 415 one that is not declared as JSON, and with 400 what is not
/// one strict JSON object or has faults, all of which are listed.
#[derive(Debug, Clone, Copy)]
pub struct ValidJson<T>(pub T);

impl<S: Send + Sync, T: FromBody> FromRequest<S> for ValidJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _state: &S) -> Result<Self> {
        let (parts, body) = request.into_parts();
        let limit = parts.extensions.get().map_or(DEFAULT_BODY_LIMIT, |&BodyLimit(limit)| limit);
        let text = read_within(body, limit).await?;
        if !is_json(&parts.headers) {
            return Err(Error::UnsupportedMediaType);
        }
        let object = strict_json::object(&text).map_err(|message| Error::invalid("", message))?;
        let today = today(&parts.extensions)?;
        body_reader::read(&object, today).map(Self).map_err(Error::Validation)
    }
}

/// Reads no more than `limit` bytes, whatever the headers promise.
async fn read_within(body: Body, limit: usize) -> Result<Bytes> {
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Error::PayloadTooLarge(limit)),
        Err(_) => Err(Error::invalid("", "The request body broke off; send it again")),
    }
}

/// Whether there is one `Content-Type`, and it is `application/json` with no parameter but the charset UTF-8.
fn is_json(headers: &HeaderMap) -> bool {
    let mut declared = headers.get_all(CONTENT_TYPE).iter();
    let (Some(only), None) = (declared.next().map(HeaderValue::to_str), declared.next()) else { return false };
    let mut parts = only.unwrap_or_default().split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    media_type.eq_ignore_ascii_case("application/json")
        && parts.all(|parameter| {
            ["", "charset=utf-8", "charset=\"utf-8\""].iter().any(|known| parameter.eq_ignore_ascii_case(known))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body_reader::BodyReader;
    use crate::http::json::Json;
    use crate::http::test_support::{Answer, request, send, stacked};
    use axum::Router;
    use axum::routing::post;
    use futures_util::stream::{self, StreamExt as _};
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    struct Note(String);

    impl FromBody for Note {
        fn read(body: &mut BodyReader<'_>) -> Option<Self> {
            body.required("text", |text| Ok(text.to_owned())).map(Self)
        }
    }

    fn app() -> Router {
        stacked(Router::new().route("/", post(|ValidJson(Note(text)): ValidJson<Note>| async { Json(text) })))
    }

    async fn sent_as(content_types: &[&str], body: impl Into<Body>) -> Answer {
        let asked = content_types.iter().fold(request("POST", "/"), |asked, value| asked.header(CONTENT_TYPE, *value));
        send(&app(), asked.body(body.into()).unwrap()).await
    }

    async fn posted(body: impl Into<Body>) -> Answer {
        sent_as(&["application/json"], body).await
    }

    fn note(length: usize) -> String {
        format!(r#"{{"text":"{}"}}"#, "x".repeat(length - r#"{"text":""}"#.len()))
    }

    /// A body in pieces, so without a known length.
    fn in_pieces(text: &str) -> Body {
        let pieces: Vec<_> = text.as_bytes().chunks(1_000).map(|piece| Ok::<_, Infallible>(piece.to_vec())).collect();
        Body::from_stream(stream::iter(pieces))
    }

    #[tokio::test]
    async fn a_good_body_is_read() {
        let answer = posted(r#"{"text":"hello"}"#).await;
        assert_eq!((answer.status, answer.json()), (200, "hello".into()));
    }

    #[tokio::test]
    async fn only_json_in_utf_8_is_taken() {
        for content_type in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=UTF-8",
            "application/json; charset=\"utf-8\";",
        ] {
            assert_eq!(sent_as(&[content_type], note(20)).await.status, 200, "{content_type}");
        }
        for content_types in [
            &[][..],
            &[""],
            &["text/plain"],
            &["application/problem+json"],
            &["application/jsonp"],
            &["application/json, text/plain"],
            &["application/json; charset=latin1"],
            &["application/json; charset=utf-16"],
            &["application/json; version=1"],
            &["application/x-www-form-urlencoded"],
            &["multipart/form-data; boundary=application/json"],
            &["text/plain; application/json"],
            &["application/json", "application/json"],
        ] {
            let answer = sent_as(content_types, note(20)).await;
            assert_eq!(answer.refusal(), (415, "UNSUPPORTED_MEDIA_TYPE".into()), "{content_types:?}");
        }
    }

    #[tokio::test]
    async fn security_19_a_body_over_the_limit_is_a_413_whatever_its_headers_say() {
        for body in [Body::from(note(65_536)), in_pieces(&note(65_536))] {
            assert_eq!(posted(body).await.status, 200, "exactly the limit is fine");
        }
        for body in [Body::from(note(65_537)), in_pieces(&note(65_537)), in_pieces(&note(10_000_000))] {
            assert_eq!(posted(body).await.refusal(), (413, "PAYLOAD_TOO_LARGE".into()));
        }
        let lying = request("POST", "/").header(CONTENT_TYPE, "application/json").header("content-length", "20");
        let answer = send(&app(), lying.body(in_pieces(&note(70_000))).unwrap()).await;
        assert_eq!(answer.refusal(), (413, "PAYLOAD_TOO_LARGE".into()));
        assert!(answer.text.contains("65536"), "the message names the limit: {}", answer.text);
    }

    #[tokio::test]
    async fn security_19_an_endless_body_is_refused_at_the_limit() {
        // As long as it takes to see that nobody stops: a test that reads on for ever fails too late.
        let (piece, read) = ("[[[[[[[[[[", Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&read);
        let endless = stream::repeat_with(move || {
            counted.fetch_add(piece.len(), Ordering::Relaxed);
            Ok::<_, Infallible>(piece)
        });
        let endless = Body::from_stream(endless.take(10 * DEFAULT_BODY_LIMIT / piece.len()));
        assert_eq!(posted(endless).await.refusal(), (413, "PAYLOAD_TOO_LARGE".into()));
        let read = read.load(Ordering::Relaxed);
        assert!(read <= DEFAULT_BODY_LIMIT + piece.len(), "{read} bytes were read");
    }

    #[tokio::test]
    async fn size_is_refused_before_type_and_type_before_content() {
        assert_eq!(sent_as(&["text/plain"], note(70_000)).await.status, 413);
        assert_eq!(sent_as(&["text/plain"], "{").await.status, 415);
        assert_eq!(sent_as(&[], "").await.status, 415);
    }

    #[tokio::test]
    async fn security_19_what_is_no_strict_json_object_is_a_400_that_says_why() {
        for (body, why) in [
            (r#"{"text":"a","text":"b"}"#.to_owned(), "is there twice at line 1 column"),
            (r#"{"text":NaN}"#.to_owned(), "line 1 column"),
            (r#"{"text":"\ud800"}"#.to_owned(), "line 1 column"),
            (r#"{"text":"a"}}"#.to_owned(), "trailing characters at line 1 column 13"),
            ("{\"text\":".repeat(8_000), "recursion limit"),
            (String::new(), "it was empty"),
            ("[]".to_owned(), "Send a JSON object"),
        ] {
            let answer = posted(body.clone()).await;
            assert_eq!(answer.refusal(), (400, "VALIDATION_ERROR".into()), "{body:.40}");
            let [fault] = &answer.faults()[..] else { panic!("one fault, not {}", answer.text) };
            assert!(fault.starts_with(": ") && fault.contains(why), "{fault}");
        }
    }

    #[tokio::test]
    async fn security_15_faults_and_unknown_fields_are_told_together() {
        let answer = posted(r#"{"is_active":true}"#).await;
        assert_eq!(answer.refusal(), (400, "VALIDATION_ERROR".into()));
        assert_eq!(
            answer.faults(),
            ["text: text is required", "is_active: This is an unknown field: remove it or correct its name"]
        );
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_a_400() {
        let broken = stream::iter([Ok("{\"text\":"), Err(std::io::Error::other("connection reset"))]);
        let answer = posted(Body::from_stream(broken)).await;
        assert_eq!(answer.faults(), [": The request body broke off; send it again"]);
    }
}
