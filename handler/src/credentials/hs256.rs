//! HS256 for the `jsonwebtoken` crate: HMAC with SHA-256 (RFC 7518, section 3.2), and nothing else.
//!
//! The crate's own backends bring RSA and elliptic curves along; a build that lacks them can't be talked into using
//! them.

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, Result};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};
use sha2::Sha256;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key: &EncodingKey| {
        Ok(Box::new(Hs256::new(*algorithm, key.family(), || Ok(key.as_bytes()))?))
    },
    verifier_factory: |algorithm, key: &DecodingKey| {
        Ok(Box::new(Hs256::new(*algorithm, key.family(), || key.try_get_as_bytes())?))
    },
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes HS256 the process's one signature of tokens. Doing so again changes nothing.
pub(super) fn install() {
    // An error says that a provider is there already, which is this one: no other is compiled in.
    let _ = PROVIDER.install_default();
}

struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new<'k>(algorithm: Algorithm, family: AlgorithmFamily, key: impl FnOnce() -> Result<&'k [u8]>) -> Result<Self> {
        if algorithm != Algorithm::HS256 || family != AlgorithmFamily::Hmac {
            return Err(Error::from(ErrorKind::InvalidAlgorithm));
        }
        let mac = Hmac::new_from_slice(key()?).map_err(|_| ErrorKind::InvalidKeyFormat)?;
        Ok(Self(mac))
    }

    fn over(&self, message: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update(message)
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        Ok(self.over(message).finalize().into_bytes().to_vec())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        // Whole and in constant time.
        self.over(message).verify_slice(signature).map_err(signature::Error::from_source)
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::crypto::{sign, verify};

    /// The key, the signing input and the signature of RFC 7515, appendix A.1.
    const KEY: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    const INPUT: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                         eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const SIGNATURE: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    #[test]
    fn security_08_the_example_of_the_standard_is_signed_and_verified() {
        install();
        let key = URL_SAFE_NO_PAD.decode(KEY).unwrap();
        let (sealing, opening) = (EncodingKey::from_secret(&key), DecodingKey::from_secret(&key));
        assert_eq!(sign(INPUT.as_bytes(), &sealing, Algorithm::HS256).unwrap(), SIGNATURE);
        assert!(verify(SIGNATURE, INPUT.as_bytes(), &opening, Algorithm::HS256).unwrap());
        assert!(!verify(SIGNATURE, b"something else", &opening, Algorithm::HS256).unwrap());
        assert!(!verify(&SIGNATURE[..20], INPUT.as_bytes(), &opening, Algorithm::HS256).unwrap(), "a shortened one");
        assert!(!verify("", INPUT.as_bytes(), &opening, Algorithm::HS256).unwrap(), "an empty one");
    }

    #[test]
    fn security_08_no_other_algorithm_or_kind_of_key_is_known() {
        install();
        let (sealing, opening) = (EncodingKey::from_secret(b"secret"), DecodingKey::from_secret(b"secret"));
        for other in [Algorithm::HS384, Algorithm::HS512, Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
            assert!(sign(b"message", &sealing, other).is_err(), "{other:?}");
            assert!(verify("", b"message", &opening, other).is_err(), "{other:?}");
        }
        let rsa = DecodingKey::from_rsa_der(b"secret");
        assert!(verify("", b"message", &rsa, Algorithm::HS256).is_err());
    }
}
