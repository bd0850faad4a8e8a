//! Access and refresh tokens: JSON Web Tokens (RFC 7519), signed with HS256 and nothing else.
//!
//! Nothing in a token chooses how it is verified: the algorithm is fixed, a `kid` only picks one of our own keys, and
//! headers that bring keys along (`jku`, `jwk`, `x5u`) are never followed. Times are held against the `now` passed in.

use super::keys::KeyRing;
use super::refresh_secret::RefreshSecret;
use super::renewal::Renewal;
use crate::error::{Error, Result};
use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header, crypto, decode_header, encode};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// Who issues the tokens: the `iss` claim.
pub const ISSUER: &str = "travelmeetup";
/// Whom they are for: the `aud` claim.
pub const AUDIENCE: &str = "travelmeetup-api";
/// How far clocks may differ (RFC 7519, sections 4.1.4 and 4.1.5, allow a small leeway), in seconds.
pub const LEEWAY_SECONDS: i64 = 30;
/// The longest token that is looked at, in bytes; ours have about 500.
pub const MAX_TOKEN_BYTES: usize = 4096;

/// Why a token is refused. The client is told no more than [`TokenFault::message`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// Longer than [`MAX_TOKEN_BYTES`].
    #[error("too long")]
    TooLong,
    /// Not a token of our form: other parts, another algorithm, other claims.
    #[error("malformed")]
    Malformed,
    /// It names no key, or none of ours.
    #[error("unknown key")]
    UnknownKey,
    /// The signature is not that of its content.
    #[error("bad signature")]
    BadSignature,
    /// Of another issuer, for another audience, or of the other kind.
    #[error("for something else")]
    WrongPurpose,
    /// Its time has not come, by more than [`LEEWAY_SECONDS`].
    #[error("not valid yet")]
    NotYetValid,
    /// Its time is over, by [`LEEWAY_SECONDS`] or more.
    #[error("expired")]
    Expired,
}

impl TokenFault {
    /// What the client is told: whether to refresh or log in again, and not what a forger got right.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::Expired => "The token has expired: refresh it or log in again",
            _ => "The token is not valid: log in again",
        }
    }
}

impl From<TokenFault> for Error {
    fn from(fault: TokenFault) -> Self {
        Self::Unauthorized(fault.message())
    }
}

/// What a good access token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessClaims {
    /// Whose it is.
    pub user_id: i32,
    /// The session it belongs to, which has to be alive still.
    pub session: Uuid,
    /// The token's own id.
    pub jti: Uuid,
    /// When it was issued.
    pub issued_at: OffsetDateTime,
    /// When it ends.
    pub expires_at: OffsetDateTime,
}

/// What a good refresh token says.
#[derive(Debug, Clone)]
pub struct RefreshClaims {
    /// Whose it is.
    pub user_id: i32,
    /// The session it refreshes.
    pub session: Uuid,
    /// The secret it presents.
    pub secret: RefreshSecret,
    /// When it was issued.
    pub issued_at: OffsetDateTime,
    /// When it ends.
    pub expires_at: OffsetDateTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Access,
    Refresh,
}

/// The claims as they stand in the token (RFC 7519, section 4.1), times in whole seconds since 1970. No `Debug`: the `jti`
/// of a refresh token is a secret.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: Uuid,
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    typ: Kind,
}

/// Issues and verifies both kinds of token, by secrets that may change while it does.
#[derive(Debug)]
pub struct Tokens {
    rings: RwLock<Rings>,
    access_ttl: Duration,
    renewal: Renewal,
}

#[derive(Debug)]
struct Rings {
    access: Arc<KeyRing>,
    refresh: Arc<KeyRing>,
}

impl Tokens {
    /// Tokens signed by these rings; an access token lives for `access_ttl` (whole seconds count).
    #[must_use]
    pub fn new(access: KeyRing, refresh: KeyRing, access_ttl: Duration) -> Self {
        let rings = Rings { access: Arc::new(access), refresh: Arc::new(refresh) };
        Self { rings: RwLock::new(rings), access_ttl, renewal: Renewal::default() }
    }

    /// From now on these rings sign and verify.
    pub fn replace(&self, access: KeyRing, refresh: KeyRing) {
        let rings = Rings { access: Arc::new(access), refresh: Arc::new(refresh) };
        *self.rings.write().unwrap_or_else(PoisonError::into_inner) = rings;
    }

    /// Where [`Tokens::accept_access`] and [`Tokens::accept_refresh`] ask for newer secrets.
    #[must_use]
    pub fn renewal(&self) -> &Renewal {
        &self.renewal
    }

    /// How long an access token lives: the `expires_in` of an answer.
    #[must_use]
    pub fn access_ttl(&self) -> Duration {
        self.access_ttl
    }

    /// The ring of the access tokens.
    #[must_use]
    pub fn access_ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.rings.read().unwrap_or_else(PoisonError::into_inner).access)
    }

    /// The ring of the refresh tokens, by which `rotation` derives their secrets.
    #[must_use]
    pub fn refresh_ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.rings.read().unwrap_or_else(PoisonError::into_inner).refresh)
    }

    /// As [`Tokens::verify_access`]; a token of a key that is not known here may have the secrets read again first.
    pub async fn accept_access(&self, token: &str, now: OffsetDateTime) -> Result<AccessClaims, TokenFault> {
        match self.verify_access(token, now) {
            Err(TokenFault::UnknownKey) if self.renewed_for(token).await => self.verify_access(token, now),
            judged => judged,
        }
    }

    /// As [`Tokens::verify_refresh`]; a token of a key that is not known here may have the secrets read again first.
    pub async fn accept_refresh(&self, token: &str, now: OffsetDateTime) -> Result<RefreshClaims, TokenFault> {
        match self.verify_refresh(token, now) {
            Err(TokenFault::UnknownKey) if self.renewed_for(token).await => self.verify_refresh(token, now),
            judged => judged,
        }
    }

    async fn renewed_for(&self, token: &str) -> bool {
        let kid = decode_header(token).ok().and_then(|header| header.kid);
        kid.is_some_and(|kid| KeyRing::is_name(&kid)) && self.renewal.ask().await
    }

    /// A new access token; `jti` is its own new id. Fails only if the claims can't be written as JSON.
    pub fn issue_access(&self, user_id: i32, session: Uuid, jti: Uuid, now: OffsetDateTime) -> Result<String> {
        let jti = jti.hyphenated().to_string();
        issue(&self.access_ring(), Kind::Access, user_id, session, jti, now, now + self.access_ttl)
    }

    /// A new refresh token that presents `secret` until `expires_at`, the end of its session. Fails only if the claims
    /// can't be written as JSON.
    pub fn issue_refresh(
        &self,
        user_id: i32,
        session: Uuid,
        secret: &RefreshSecret,
        now: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Result<String> {
        issue(&self.refresh_ring(), Kind::Refresh, user_id, session, secret.as_str().to_owned(), now, expires_at)
    }

    /// What an access token says, if it is one of ours and its time is now.
    pub fn verify_access(&self, token: &str, now: OffsetDateTime) -> Result<AccessClaims, TokenFault> {
        let claims = verify(&self.access_ring(), Kind::Access, token, now)?;
        Ok(AccessClaims {
            user_id: claims.user_id()?,
            session: claims.sid,
            jti: claims.jti.parse().map_err(|_| TokenFault::Malformed)?,
            issued_at: instant(claims.iat)?,
            expires_at: instant(claims.exp)?,
        })
    }

    /// What a refresh token says, if it is one of ours and its time is now. Whether its session still wants it is for
    /// `rotation` to decide.
    pub fn verify_refresh(&self, token: &str, now: OffsetDateTime) -> Result<RefreshClaims, TokenFault> {
        let claims = verify(&self.refresh_ring(), Kind::Refresh, token, now)?;
        Ok(RefreshClaims {
            user_id: claims.user_id()?,
            session: claims.sid,
            secret: RefreshSecret::parse(&claims.jti).ok_or(TokenFault::Malformed)?,
            issued_at: instant(claims.iat)?,
            expires_at: instant(claims.exp)?,
        })
    }
}

impl Claims {
    /// A positive decimal number, written the one way we write it.
    fn user_id(&self) -> Result<i32, TokenFault> {
        match self.sub.parse::<i32>() {
            Ok(id) if id > 0 && id.to_string() == self.sub => Ok(id),
            _ => Err(TokenFault::Malformed),
        }
    }
}

fn instant(seconds: i64) -> Result<OffsetDateTime, TokenFault> {
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| TokenFault::Malformed)
}

fn issue(
    ring: &KeyRing,
    typ: Kind,
    user_id: i32,
    session: Uuid,
    jti: String,
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<String> {
    let now = now.unix_timestamp();
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: user_id.to_string(),
        sid: session,
        jti,
        iat: now,
        nbf: now,
        exp: expires_at.unix_timestamp(),
        typ,
    };
    let header = Header { kid: Some(ring.current().kid().to_owned()), ..Header::new(Algorithm::HS256) };
    Ok(encode(&header, &claims, ring.current().encoding()).context("signing a token")?)
}

fn verify(ring: &KeyRing, kind: Kind, token: &str, now: OffsetDateTime) -> Result<Claims, TokenFault> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenFault::TooLong);
    }
    let header = decode_header(token).map_err(|_| TokenFault::Malformed)?;
    // An extension that has to be understood (RFC 7515, section 4.1.11), and is not.
    if header.alg != Algorithm::HS256 || header.crit.is_some() {
        return Err(TokenFault::Malformed);
    }
    let key = header.kid.and_then(|kid| ring.find(&kid)).ok_or(TokenFault::UnknownKey)?;
    let (message, signature) = token.rsplit_once('.').ok_or(TokenFault::Malformed)?;
    let is_ours = crypto::verify(signature, message.as_bytes(), key.decoding(), Algorithm::HS256);
    if !is_ours.map_err(|_| TokenFault::Malformed)? {
        return Err(TokenFault::BadSignature);
    }
    let claims = claims_of(message).ok_or(TokenFault::Malformed)?;
    if claims.iss != ISSUER || claims.aud != AUDIENCE || claims.typ != kind {
        return Err(TokenFault::WrongPurpose);
    }
    let now = now.unix_timestamp();
    if now < claims.nbf.saturating_sub(LEEWAY_SECONDS) {
        return Err(TokenFault::NotYetValid);
    }
    if now >= claims.exp.saturating_add(LEEWAY_SECONDS) {
        return Err(TokenFault::Expired);
    }
    Ok(claims)
}

/// The claims in a message whose signature is good. The crate would parse them twice and hold their times against the machine's
/// clock, and it takes a list of audiences where we want exactly one.
fn claims_of(message: &str) -> Option<Claims> {
    let (_header, claims) = message.rsplit_once('.')?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

#[cfg(test)]
mod tests;
