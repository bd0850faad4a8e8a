//! Tokens of our own, and tokens made by hand to get past us.

use super::*;
use crate::random::OsRandomness;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt as _;
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-01-31 10:30 UTC);
const SESSION: Uuid = Uuid::from_u128(0x0a1b_2c3d);
const JTI: Uuid = Uuid::from_u128(0x4e5f);
const ACCESS: &str = "the access secret, thirty-two bytes";
const REFRESH: &str = "the refresh secret, thirty-two bytes";
const QUARTER: Duration = Duration::from_mins(15);

fn ring(current: &str, previous: Option<&str>) -> KeyRing {
    KeyRing::new(&current.into(), previous.map(Into::into).as_ref()).unwrap()
}

fn tokens() -> Tokens {
    Tokens::new(ring(ACCESS, None), ring(REFRESH, None), QUARTER)
}

fn good_header() -> Value {
    json!({"typ": "JWT", "alg": "HS256", "kid": ring(ACCESS, None).current().kid()})
}

fn good_claims() -> Value {
    let now = NOW.unix_timestamp();
    json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "7", "sid": SESSION, "jti": JTI,
           "iat": now, "nbf": now, "exp": now + 900, "typ": "access"})
}

/// A value with one field set, or taken out for `null`.
fn with(mut value: Value, field: &str, to: Value) -> Value {
    let fields = value.as_object_mut().unwrap();
    if to.is_null() {
        fields.remove(field)
    } else {
        fields.insert(field.to_owned(), to)
    };
    value
}

fn part(content: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(content)
}

/// A token made by hand, with a right HS256 signature by `secret`.
fn forge(header: &Value, claims: &Value, secret: &str) -> String {
    forge_text(&header.to_string(), &claims.to_string(), secret)
}

fn forge_text(header: &str, claims: &str, secret: &str) -> String {
    let message = format!("{}.{}", part(header), part(claims));
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(&message);
    format!("{message}.{}", part(mac.finalize().into_bytes()))
}

fn fault_of(token: &str) -> TokenFault {
    tokens().verify_access(token, NOW).expect_err(token)
}

#[test]
fn an_access_token_says_what_it_was_issued_for() {
    let token = tokens().issue_access(7, SESSION, JTI, NOW).unwrap();
    let claims = tokens().verify_access(&token, NOW).unwrap();
    let expected = AccessClaims { user_id: 7, session: SESSION, jti: JTI, issued_at: NOW, expires_at: NOW + QUARTER };
    assert_eq!(claims, expected);
    assert_eq!(
        token,
        forge(&good_header(), &good_claims(), ACCESS),
        "header and claims are as the contract lists them"
    );
}

#[test]
fn a_refresh_token_says_what_it_was_issued_for() {
    let secret = RefreshSecret::random(&OsRandomness);
    let end = NOW + Duration::from_hours(7 * 24);
    let token = tokens().issue_refresh(7, SESSION, &secret, NOW, end).unwrap();
    let claims = tokens().verify_refresh(&token, NOW).unwrap();
    assert_eq!((claims.user_id, claims.session, claims.secret.as_str()), (7, SESSION, secret.as_str()));
    assert_eq!((claims.issued_at, claims.expires_at), (NOW, end));
    assert!(!format!("{claims:?}").contains(secret.as_str()));
}

#[test]
fn security_08_no_other_algorithm_verifies() {
    for alg in ["none", "None", "hs256", "HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA", ""] {
        let token = forge(&with(good_header(), "alg", json!(alg)), &good_claims(), ACCESS);
        assert_eq!(fault_of(&token), TokenFault::Malformed, "{alg}");
        let unsigned = &token[..=token.rfind('.').unwrap()];
        assert_eq!(fault_of(unsigned), TokenFault::Malformed, "{alg}, unsigned");
    }
    let message =
        format!("{}.{}", part(with(good_header(), "alg", json!("HS512")).to_string()), part(good_claims().to_string()));
    let mac = Hmac::<Sha512>::new_from_slice(ACCESS.as_bytes()).unwrap().chain_update(&message).finalize();
    assert_eq!(fault_of(&format!("{message}.{}", part(mac.into_bytes()))), TokenFault::Malformed, "a right HS512");
}

#[test]
fn security_08_headers_that_bring_a_key_do_nothing() {
    let key = json!({"kty": "oct", "k": part("my own secret"), "alg": "HS256"});
    for (field, value) in [
        ("jwk", key),
        ("jku", json!("https://attacker.example/keys.json")),
        ("x5u", json!("https://attacker.example/cert.pem")),
        ("x5c", json!([part("certificate")])),
    ] {
        let header = with(good_header(), field, value);
        assert_eq!(fault_of(&forge(&header, &good_claims(), "my own secret")), TokenFault::BadSignature, "{field}");
        assert!(
            tokens().verify_access(&forge(&header, &good_claims(), ACCESS), NOW).is_ok(),
            "{field} is not looked at"
        );
    }
    let critical = with(good_header(), "crit", json!(["b64"]));
    assert_eq!(fault_of(&forge(&critical, &good_claims(), ACCESS)), TokenFault::Malformed);
}

#[test]
fn security_08_typ_keeps_the_kinds_apart_even_under_one_secret() {
    let one = Tokens::new(ring(ACCESS, None), ring(ACCESS, None), QUARTER);
    let secret = RefreshSecret::random(&OsRandomness);
    let access = one.issue_access(7, SESSION, JTI, NOW).unwrap();
    let refresh = one.issue_refresh(7, SESSION, &secret, NOW, NOW + QUARTER).unwrap();
    assert_eq!(one.verify_refresh(&access, NOW).unwrap_err(), TokenFault::WrongPurpose);
    assert_eq!(one.verify_access(&refresh, NOW).unwrap_err(), TokenFault::WrongPurpose);
    assert_eq!(tokens().verify_refresh(&access, NOW).unwrap_err(), TokenFault::UnknownKey, "and by their secrets");
}

#[test]
fn security_08_issuer_and_audience_are_exact() {
    for (field, value) in [
        ("iss", json!("Travelmeetup")),
        ("iss", json!("travelmeetup ")),
        ("iss", json!("")),
        ("aud", json!("travelmeetup")),
        ("aud", json!("travelmeetup-api-2")),
    ] {
        let token = forge(&good_header(), &with(good_claims(), field, value.clone()), ACCESS);
        assert_eq!(fault_of(&token), TokenFault::WrongPurpose, "{field} {value}");
    }
}

#[test]
fn security_08_missing_and_misshapen_claims_are_refused() {
    for field in ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp", "typ"] {
        for value in [Value::Null, json!([]), json!({}), json!(["travelmeetup-api"]), json!(true), json!(1e300)] {
            let token = forge(&good_header(), &with(good_claims(), field, value.clone()), ACCESS);
            assert_eq!(fault_of(&token), TokenFault::Malformed, "{field} {value}");
        }
    }
    for sub in ["0", "-7", "+7", "07", " 7", "7.0", "2147483648", "", "seven", "７"] {
        let token = forge(&good_header(), &with(good_claims(), "sub", json!(sub)), ACCESS);
        assert_eq!(fault_of(&token), TokenFault::Malformed, "{sub:?}");
    }
    for (field, value) in [("jti", json!("x")), ("sid", json!("x")), ("typ", json!("id")), ("exp", json!(i64::MAX))] {
        let token = forge(&good_header(), &with(good_claims(), field, value), ACCESS);
        assert_eq!(fault_of(&token), TokenFault::Malformed, "{field}");
    }
    let twice = good_claims().to_string().replacen('{', r#"{"sub":"8","#, 1);
    assert_eq!(fault_of(&forge_text(&good_header().to_string(), &twice, ACCESS)), TokenFault::Malformed, "a key twice");
}

#[test]
fn security_08_times_hold_with_thirty_seconds_of_skew() {
    let at = |seconds: i64| {
        let token = tokens().issue_access(7, SESSION, JTI, NOW).unwrap();
        tokens().verify_access(&token, NOW + time::Duration::seconds(seconds)).err()
    };
    assert_eq!((at(-31), at(-30), at(0)), (Some(TokenFault::NotYetValid), None, None));
    assert_eq!((at(900), at(929), at(930)), (None, None, Some(TokenFault::Expired)));
    let reversed = with(good_claims(), "nbf", json!(i64::MIN));
    assert!(tokens().verify_access(&forge(&good_header(), &reversed, ACCESS), NOW).is_ok(), "extremes do not overflow");
}

#[test]
fn security_08_a_token_over_four_kib_is_not_even_parsed() {
    let token = tokens().issue_access(7, SESSION, JTI, NOW).unwrap();
    assert!(token.len() < 600, "{}", token.len());
    assert_eq!(fault_of(&format!("{token}{}", "A".repeat(4097 - token.len()))), TokenFault::TooLong);
    assert_eq!(fault_of(&"A".repeat(10_000_000)), TokenFault::TooLong);
    assert_eq!(fault_of(&"A".repeat(4096)), TokenFault::Malformed);
}

#[test]
fn security_09_a_strange_kid_is_refused() {
    let long = "k".repeat(10_240);
    for kid in ["", "../../../../dev/null", "/etc/passwd", "' OR '1'='1", "x'; DROP TABLE users; --", "\u{0}", &long] {
        let fault = fault_of(&forge(&with(good_header(), "kid", json!(kid)), &good_claims(), ACCESS));
        let expected = if kid.len() > 4096 { TokenFault::TooLong } else { TokenFault::UnknownKey };
        assert_eq!(fault, expected, "{kid:.40}");
        assert!(matches!(Error::from(fault), Error::Unauthorized(_)));
    }
    assert_eq!(
        fault_of(&forge(&with(good_header(), "kid", Value::Null), &good_claims(), ACCESS)),
        TokenFault::UnknownKey
    );
    for kid in [json!(7), json!(["a"]), json!({})] {
        let token = forge(&with(good_header(), "kid", kid), &good_claims(), ACCESS);
        assert_eq!(fault_of(&token), TokenFault::Malformed);
    }
}

#[tokio::test]
async fn security_09_a_kid_that_is_none_of_ours_by_its_look_has_no_secrets_read() {
    let tokens = tokens();
    tokens.renewal().serve(Duration::from_hours(1));
    let named = |kid: &str| forge(&with(good_header(), "kid", json!(kid)), &good_claims(), ACCESS);
    for kid in ["", "0", "../../etc/passwd", "00000000000000000", "ABCDEF0123456789", &"f".repeat(1_000)] {
        let judged = tokens.accept_access(&named(kid), NOW).now_or_never();
        assert_eq!(judged, Some(Err(TokenFault::UnknownKey)), "{kid:.40}: nobody waits");
        assert!(tokens.renewal().wanted().now_or_never().is_none(), "{kid:.40}: nobody is asked");
    }
    assert_eq!(tokens.accept_access(&named("abcdef0123456789"), NOW).now_or_never(), None);
    assert!(tokens.renewal().wanted().now_or_never().is_some(), "this one could be of another instance");
}

#[test]
fn security_09_the_previous_secret_verifies_and_the_current_one_signs() {
    let before = tokens().issue_access(7, SESSION, JTI, NOW).unwrap();
    let rotated = Tokens::new(ring("the next access secret", Some(ACCESS)), ring(REFRESH, None), QUARTER);
    assert!(rotated.verify_access(&before, NOW).is_ok());
    let after = rotated.issue_access(7, SESSION, JTI, NOW).unwrap();
    assert!(rotated.verify_access(&after, NOW).is_ok());
    assert_eq!(fault_of(&after), TokenFault::UnknownKey, "the new secret has signed it");
    let done = Tokens::new(ring("the next access secret", None), ring(REFRESH, None), QUARTER);
    assert_eq!(done.verify_access(&before, NOW).unwrap_err(), TokenFault::UnknownKey);
}

#[test]
fn only_an_expired_token_says_why_to_the_client() {
    assert!(TokenFault::Expired.message().contains("refresh"));
    assert_eq!(TokenFault::BadSignature.message(), TokenFault::UnknownKey.message());
}

proptest! {
    #[test]
    fn security_08_any_changed_character_spoils_a_token(at in 0_usize..10_000, to in "[A-Za-z0-9_.-]") {
        let token = tokens().issue_access(7, SESSION, JTI, NOW).unwrap();
        let at = at % token.len();
        let changed = format!("{}{to}{}", &token[..at], &token[at + 1..]);
        prop_assert_eq!(tokens().verify_access(&changed, NOW).is_ok(), changed == token);
    }

    #[test]
    fn security_09_any_text_at_all_is_answered(token in "\\PC{0,200}|[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){0,4}") {
        prop_assert!(tokens().verify_access(&token, NOW).is_err());
        prop_assert!(tokens().verify_refresh(&token, NOW).is_err());
    }
}
