//! Tokens taken apart and put together by hand.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

/// The header of a token.
#[must_use]
pub fn header_of(token: &str) -> Value {
    part(token, 0)
}

/// The claims of a token.
#[must_use]
pub fn claims_of(token: &str) -> Value {
    part(token, 1)
}

/// A token of this header and these claims, with a right HS256 signature by `secret`.
#[must_use]
pub fn sign(header: &Value, claims: &Value, secret: &str) -> String {
    let message = unsigned(header, claims);
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(&message);
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// The first two parts of such a token, without the signature.
#[must_use]
pub fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// `value` with one field set.
#[must_use]
pub fn with(value: &Value, field: &str, to: impl Into<Value>) -> Value {
    let mut changed = value.clone();
    changed[field] = to.into();
    changed
}

fn part(token: &str, index: usize) -> Value {
    let text = token.split('.').nth(index).expect("a token in three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}
