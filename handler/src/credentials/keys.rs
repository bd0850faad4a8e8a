//! The secrets that sign tokens: the current one, and while it is being replaced the previous one.

use super::hs256;
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{DecodingKey, EncodingKey};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::fmt::{self, Write as _};

/// How many bytes of the derived name a `kid` shows, in hexadecimal: enough to tell two keys apart.
const KID_BYTES: usize = 8;

/// One secret, ready for use.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    mac: Hmac<Sha256>,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl SigningKey {
    /// A key made of a secret's bytes, which `config` has found long enough. Fails for an empty secret.
    fn new(secret: &SecretString) -> anyhow::Result<Self> {
        let bytes = secret.expose_secret().as_bytes();
        anyhow::ensure!(!bytes.is_empty(), "a signing secret must not be empty");
        let mac = Hmac::<Sha256>::new_from_slice(bytes)?;
        let mut kid = String::with_capacity(2 * KID_BYTES);
        for byte in &mac.clone().chain_update("kid").finalize().into_bytes()[..KID_BYTES] {
            write!(kid, "{byte:02x}")?;
        }
        Ok(Self { kid, mac, encoding: EncodingKey::from_secret(bytes), decoding: DecodingKey::from_secret(bytes) })
    }

    /// The key's public name, derived from the secret, so that every instance finds the same without being told.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// HMAC-SHA256 of the parts, joined by `|`; the first part says what the result is for.
    ///
    /// What is signed as a token never looks like this: it begins with `eyJ` and has no `|`.
    pub(super) fn derive(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.mac.clone().chain_update(purpose);
        for part in parts {
            mac.update(b"|");
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    pub(super) fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }

    pub(super) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }
}

/// Only the public name.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

/// The keys of one kind of token: the current one signs, both verify.
#[derive(Debug, Clone)]
pub struct KeyRing {
    current: SigningKey,
    previous: Option<SigningKey>,
}

impl KeyRing {
    /// A ring of the current secret and, while a rotation lasts, the previous one. Fails for an empty secret.
    pub fn new(current: &SecretString, previous: Option<&SecretString>) -> anyhow::Result<Self> {
        hs256::install();
        Ok(Self { current: SigningKey::new(current)?, previous: previous.map(SigningKey::new).transpose()? })
    }

    /// Whether this could name a key: one of another instance, say, which has read newer secrets than this one.
    #[must_use]
    pub fn is_name(kid: &str) -> bool {
        kid.len() == 2 * KID_BYTES && kid.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }

    /// The key that signs.
    #[must_use]
    pub fn current(&self) -> &SigningKey {
        &self.current
    }

    /// The key of this name, if it is one of the ring's. The name comes from outside: it is compared and nothing else.
    #[must_use]
    pub fn find(&self, kid: &str) -> Option<&SigningKey> {
        self.keys().find(|key| key.kid == kid)
    }

    /// Every key, the current one first.
    pub fn keys(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(current: &str, previous: Option<&str>) -> KeyRing {
        KeyRing::new(&current.into(), previous.map(SecretString::from).as_ref()).unwrap()
    }

    #[test]
    fn security_09_a_kid_is_short_hex_and_the_same_wherever_the_secret_is() {
        let kid = ring("a secret of thirty-two bytes or more", None).current().kid().to_owned();
        assert_eq!(kid.len(), 16);
        assert!(kid.bytes().all(|b| b.is_ascii_hexdigit()));
        let rotated = ring("the next secret of thirty-two bytes", Some("a secret of thirty-two bytes or more"));
        assert_ne!(rotated.current().kid(), kid);
        assert_eq!(rotated.find(&kid).unwrap().kid(), kid);
        assert!(KeyRing::is_name(&kid) && !KeyRing::is_name("") && !KeyRing::is_name(&kid.to_uppercase()));
        assert!(rotated.find("").is_none() && rotated.find(&kid.to_uppercase()).is_none());
    }

    #[test]
    fn security_11_debug_output_shows_no_secret() {
        let shown = format!("{:?}", ring("current-secret", Some("previous-secret")));
        assert!(shown.contains("SigningKey(") && !shown.contains("-secret"), "{shown}");
    }

    #[test]
    fn an_empty_secret_is_no_key() {
        assert!(KeyRing::new(&"".into(), None).is_err());
        assert!(KeyRing::new(&"secret".into(), Some(&"".into())).is_err());
    }

    #[test]
    fn what_is_derived_depends_on_the_secret_the_purpose_and_each_part() {
        let (one, other) = (ring("one", None), ring("other", None));
        let results = [
            one.current().derive("use", &[b"ab", b"c"]),
            one.current().derive("use", &[b"a", b"bc"]),
            one.current().derive("other use", &[b"ab", b"c"]),
            other.current().derive("use", &[b"ab", b"c"]),
        ];
        for (i, result) in results.iter().enumerate() {
            assert!(!results[..i].contains(result), "{i}");
        }
    }
}
