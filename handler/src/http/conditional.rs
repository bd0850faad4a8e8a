//! Answers that a client has already (RFC 9110, 13.1.2): it sends the entity tag of its copy in `If-None-Match`, and gets a
//! 304 without a body if the answer would be the same.
//!
//! A tag is a digest of whom the answer is for and what it depends on: a version that was counted
//! ([`versions`](crate::versions)), or what the lists have read. It has nothing of the token, so a refresh leaves a client's
//! copies good; and it is weak, because it speaks of what an answer says and not of its bytes. `Cache-Control` is `no-store`
//! all the same: a client keeps what it wants to, and nothing on the way keeps anything.

use std::convert::Infallible;
use std::hash::{Hash, Hasher};

use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use utoipa::IntoParams;

use super::caller::CurrentUser;
use super::headers::X_POLL_INTERVAL;
use super::json::Json;
use crate::error::{Error, Result};

/// So much of the digest makes a tag, in bytes: 20 characters, and no two by chance.
const BYTES: usize = 15;

/// The most characters of `If-None-Match`: forty tags of ours.
const LONGEST: usize = 1_000;

/// A weak entity tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag(String);

impl Tag {
    /// The tag of what depends on `content` and is for `caller`. Another build may answer in other words, so it has other tags.
    #[must_use]
    pub fn of(caller: &CurrentUser, content: &impl Hash) -> Self {
        let mut digest = Digesting(Sha256::new_with_prefix(env!("CARGO_PKG_VERSION")));
        caller.id.hash(&mut digest);
        content.hash(&mut digest);
        Self(format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(&digest.0.finalize()[..BYTES])))
    }

    /// As it stands in a header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A hasher that forgets nothing: two contents of one digest won't be found.
struct Digesting(Sha256);

impl Hasher for Digesting {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Nobody asks for this one.
    fn finish(&self) -> u64 {
        0
    }
}

/// The copies that a client has: `If-None-Match`.
#[derive(Debug, Clone, Default, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct Copies {
    /// The `ETag` of the copy that the client has of this very address. If the answer is still the same, it is a 304 without a
    /// body.
    #[param(rename = "If-None-Match", value_type = String, required = false, example = "W/\"q2hXvT5nMO8dDkR1Yw0e\"", max_length = 1000)]
    tags: HeaderMap,
}

impl Copies {
    /// Whether the client has the answer of this tag.
    #[must_use]
    pub fn have(&self, tag: &Tag) -> bool {
        // Weak comparison: `W/` does not count. Tags of ours have no commas, so parts of others are none of ours.
        let opaque = tag.0.trim_start_matches("W/");
        let values = self.tags.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        values
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .any(|sent| sent == "*" || sent.strip_prefix("W/").unwrap_or(sent) == opaque)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Copies {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        let mut tags = HeaderMap::new();
        for value in parts.headers.get_all(IF_NONE_MATCH) {
            tags.append(IF_NONE_MATCH, value.clone());
        }
        if tags.values().map(HeaderValue::len).sum::<usize>() > LONGEST {
            return Err(Error::invalid(
                "If-None-Match",
                "If-None-Match must have at most 1000 characters: send one tag",
            ));
        }
        Ok(Self { tags })
    }
}

/// A 200 with its tag and this body, or, if the client has that, a 304 with the tag alone.
#[derive(Debug)]
pub struct Tagged<T> {
    tag: Tag,
    body: Option<T>,
}

impl<T> Tagged<T> {
    /// What the client has already.
    #[must_use]
    pub const fn unchanged(tag: Tag) -> Self {
        Self { tag, body: None }
    }

    /// What the client has not, or not any more.
    #[must_use]
    pub const fn changed(tag: Tag, body: T) -> Self {
        Self { tag, body: Some(body) }
    }
}

impl<T: Hash> Tagged<T> {
    /// What had to be read for it to be known whether the client has it.
    #[must_use]
    pub fn read(caller: &CurrentUser, copies: &Copies, body: T) -> Self {
        let tag = Tag::of(caller, &body);
        if copies.have(&tag) { Self::unchanged(tag) } else { Self::changed(tag, body) }
    }
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Some(body) => Json(body).into_response(),
            None => StatusCode::NOT_MODIFIED.into_response(),
        };
        if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
            // Made of ASCII alone.
            let tag = HeaderValue::from_str(self.tag.as_str()).ok();
            tag.and_then(|tag| response.headers_mut().insert(ETAG, tag));
        }
        response
    }
}

/// How long a client should wait before it asks for the same again: the header `X-Poll-Interval`, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollInterval(pub u32);

impl IntoResponseParts for PollInterval {
    type Error = Infallible;

    fn into_response_parts(self, mut answer: ResponseParts) -> std::result::Result<ResponseParts, Infallible> {
        answer.headers_mut().insert(X_POLL_INTERVAL, self.0.into());
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::versions::Versions;
    use uuid::Uuid;

    fn caller(id: i32) -> CurrentUser {
        CurrentUser { id, session: Uuid::nil(), versions: Versions::default() }
    }

    fn copies(values: &[&str]) -> Copies {
        let mut tags = HeaderMap::new();
        for value in values {
            tags.append(IF_NONE_MATCH, HeaderValue::from_str(value).unwrap());
        }
        Copies { tags }
    }

    #[test]
    fn a_tag_tells_callers_and_contents_apart_and_nothing_else() {
        let tag = Tag::of(&caller(17), &("plans", 4));
        assert_eq!(tag, Tag::of(&CurrentUser { session: Uuid::max(), ..caller(17) }, &("plans", 4)));
        assert_ne!(tag, Tag::of(&caller(18), &("plans", 4)));
        assert_ne!(tag, Tag::of(&caller(17), &("plans", 5)));
        assert!(tag.as_str().starts_with("W/\"") && tag.as_str().len() == 24, "{tag:?}");
    }

    #[test]
    fn a_copy_is_known_among_others_weak_or_not() {
        let tag = Tag::of(&caller(17), &1);
        let (weak, strong) = (tag.as_str(), &tag.as_str()[2..]);
        for values in [&[weak][..], &[strong], &["*"], &["\"a, b\"", weak], &[&format!("\"x\" ,{weak},\"y\"")]] {
            assert!(copies(values).have(&tag), "{values:?}");
        }
        for values in [&[][..], &[""], &["\"\""], &["W/"], &[&weak.to_lowercase()], &[weak.trim_matches('"')]] {
            assert!(!copies(values).have(&tag), "{values:?}");
        }
    }

    #[test]
    fn what_the_client_has_comes_without_a_body() {
        let first = Tagged::read(&caller(17), &copies(&[]), vec![1, 2]);
        let tag = first.tag.clone();
        let answer = first.into_response();
        assert_eq!((answer.status(), answer.headers()[ETAG].to_str().unwrap()), (StatusCode::OK, tag.as_str()));
        let again = Tagged::read(&caller(17), &copies(&[tag.as_str()]), vec![1, 2]);
        assert!(again.body.is_none());
        let answer = again.into_response();
        let sent = answer.headers()[ETAG].to_str().unwrap();
        assert_eq!((answer.status(), sent), (StatusCode::NOT_MODIFIED, tag.as_str()));
        assert!(!answer.headers().contains_key("content-type"));
    }
}
