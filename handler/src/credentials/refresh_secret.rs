//! The secret in a refresh token, and the one that follows it.

use super::keys::SigningKey;
use crate::random::Randomness;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;
use uuid::Uuid;

/// Bytes of a refresh secret.
const SECRET_BYTES: usize = 32;

/// The `jti` of a refresh token: 32 bytes nobody can guess, written in unpadded base64url (43 characters).
#[derive(Clone)]
pub struct RefreshSecret(String);

impl RefreshSecret {
    /// The first secret of a new session.
    #[must_use]
    pub fn random(randomness: &dyn Randomness) -> Self {
        let mut bytes = [0; SECRET_BYTES];
        randomness.fill(&mut bytes);
        Self::of(bytes)
    }

    /// A secret as it stands in a token, or `None` if it can't be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; SECRET_BYTES] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        Some(Self::of(bytes))
    }

    fn of(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The secret as it stands in a token.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is stored of it: SHA-256 of the written secret. It is too random for its hash to be guessed from.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }

    /// The secret that follows this one in its session, by this key.
    #[must_use]
    pub fn next_by(&self, key: &SigningKey, session: Uuid) -> Self {
        Self::of(key.derive("rotation", &[session.hyphenated().to_string().as_bytes(), self.0.as_bytes()]))
    }
}

/// Never the secret itself.
impl fmt::Debug for RefreshSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshSecret([REDACTED])")
    }
}
