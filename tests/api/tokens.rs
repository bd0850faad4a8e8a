//! What gets nobody in: forged, borrowed and outdated tokens.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use tests::forge::{claims_of, header_of, sign, unsigned, with};
use tests::{ACCESS_SECRET, Person, REFRESH_SECRET, Setup, TestApp};

const ME: &str = "/api/v1/users/me";

/// Presents a token in place of the person's own.
async fn refuses(person: &Person, token: &str, why: &str) {
    let answer = person.with_token(token).get(ME).await;
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Bearer"), "{why}: {answer:?}");
}

#[tokio::test]
async fn security_08_no_algorithm_but_our_own() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    let (header, claims) = (header_of(ana.token()), claims_of(ana.token()));
    assert_eq!(sign(&header, &claims, ACCESS_SECRET), ana.token(), "what is forged here is forged well");
    for alg in ["none", "None", "NONE", "nOnE", "RS256", "HS384", "HS512", "ES256", "PS256", "EdDSA", "", "hs256"] {
        let header = with(&header, "alg", alg);
        refuses(&ana, &sign(&header, &claims, ACCESS_SECRET), alg).await;
        refuses(&ana, &format!("{}.", unsigned(&header, &claims)), alg).await;
        refuses(&ana, &unsigned(&header, &claims), alg).await;
    }
}

#[tokio::test]
async fn security_08_a_key_that_a_token_brings_along_is_not_used() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    let (header, claims) = (header_of(ana.token()), claims_of(ana.token()));
    let jwk = json!({ "kty": "oct", "k": "bXkgb3duIHNlY3JldA", "alg": "HS256" });
    for (field, value) in [
        ("jwk", jwk),
        ("jku", json!("https://attacker.example/keys.json")),
        ("x5u", json!("https://attacker.example/cert.pem")),
        ("x5c", json!(["Y2VydA"])),
    ] {
        refuses(&ana, &sign(&with(&header, field, value), &claims, "my own secret"), field).await;
    }
}

#[tokio::test]
async fn security_08_a_token_is_good_for_what_it_was_issued_for() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let (header, claims) = (header_of(ana.token()), claims_of(ana.token()));
    refuses(&ana, &ana.refresh_token, "a refresh token").await;
    let body = json!({ "refresh_token": ana.token() });
    ana.without_token().post("/api/v1/auth/refresh", &body).await.expect_refusal(401, "UNAUTHORIZED");
    for (field, value) in [
        ("typ", json!("refresh")),
        ("iss", json!("someone")),
        ("aud", json!("travelmeetup-web")),
        ("aud", json!(["travelmeetup-api"])),
        ("sub", json!(ben.id.to_string())),
        ("sub", json!("0")),
        ("sub", json!(ana.id)),
        ("sub", json!("1 OR 1=1")),
        ("sid", json!(ben.session)),
        ("sid", json!("00000000-0000-4000-8000-000000000000")),
        ("sid", json!("' OR 1=1 --")),
        ("exp", json!(0)),
        ("nbf", json!(4_102_444_800_i64)),
        ("exp", Value::Null),
    ] {
        let forged = with(&claims, field, value.clone());
        refuses(&ana, &sign(&header, &forged, ACCESS_SECRET), &format!("{field} {value}")).await;
    }
    refuses(&ana, &sign(&header, &claims, REFRESH_SECRET), "the other secret").await;
    ana.get(ME).await.expect_status(200);
}

#[tokio::test]
async fn security_09_a_hostile_kid_is_a_401() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    let (header, claims) = (header_of(ana.token()), claims_of(ana.token()));
    let long = "k".repeat(10_240);
    for kid in ["", "../../../../dev/null", "/proc/self/environ", "' OR '1'='1", "'; DROP TABLE users; --", "\0", &long]
    {
        refuses(&ana, &sign(&with(&header, "kid", kid), &claims, ACCESS_SECRET), kid).await;
        refuses(&ana, &sign(&with(&header, "kid", kid), &claims, ""), kid).await;
    }
    for kid in [Value::Null, json!(0), json!(["x"]), json!({ "$ne": 1 })] {
        refuses(&ana, &sign(&with(&header, "kid", kid.clone()), &claims, ACCESS_SECRET), &kid.to_string()).await;
    }
    ana.get(ME).await.expect_status(200);
}

#[tokio::test]
async fn security_09_while_a_secret_is_rotated_both_are_good() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let next = "the next access secret of the stories";
    let rotating = Setup { access_secret: next, previous_access_secret: Some(ACCESS_SECRET), ..Setup::default() };
    let rotating = app.beside(rotating);
    ana.at(&rotating).get(ME).await.expect_status(200);
    let after = ana.at(&rotating).without_token().log_in(&ana.email, &ana.password).await;
    assert_ne!(header_of(after.token())["kid"], header_of(ana.token())["kid"]);
    assert_eq!(
        sign(&header_of(after.token()), &claims_of(after.token()), next),
        after.token(),
        "signed by the new one"
    );

    let rotated = app.beside(Setup { access_secret: next, ..Setup::default() });
    after.at(&rotated).get(ME).await.expect_status(200);
    ana.at(&rotated).get(ME).await.expect_refusal(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn security_08_a_token_expires_by_the_clock() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    app.clock.advance(Duration::from_secs(15 * 60 + 29));
    ana.get(ME).await.expect_status(200);
    app.clock.advance(Duration::from_secs(1));
    let answer = ana.get(ME).await;
    let message = answer.expect_refusal(401, "UNAUTHORIZED").json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("refresh"), "it says what to do: {message}");
    ana.refreshed_by(&ana.refresh().await).get(ME).await.expect_status(200);
}

#[tokio::test]
async fn security_08_only_one_bearer_token_counts() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let token = ana.token().to_owned();
    let ask = async |headers: &[(&str, &str)]| app.anonymous().send_bytes(Method::GET, ME, headers, "").await.status;
    assert_eq!(ask(&[("authorization", &format!("bearer {token}"))]).await, 200, "the scheme in any case");
    for value in ["", "Bearer", "Bearer ", &token, &format!("Basic {token}"), &format!("Token {token}")] {
        assert_eq!(ask(&[("authorization", value)]).await, 401, "{value}");
    }
    let (good, bad) = (format!("Bearer {token}"), "Bearer x".to_owned());
    assert_eq!(ask(&[("authorization", &good), ("authorization", &bad)]).await, 401);
    assert_eq!(ask(&[("cookie", &format!("access_token={token}"))]).await, 401);
    let in_the_url = format!("{ME}?access_token={token}");
    app.anonymous().get(&in_the_url).await.expect_status(401);
}

#[tokio::test]
async fn security_09_garbage_is_a_401_and_never_a_500() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let token = ana.token().to_owned();
    let garbage = [
        ".",
        "..",
        "a.b.c",
        "é",
        "null",
        "{}",
        &token[1..],
        &token[..token.len() - 1],
        &format!("{token}A"),
        &"x".repeat(8192),
    ]
    .map(str::to_owned);
    for token in garbage {
        let bytes = format!("Bearer {token}");
        let answer = app.anonymous().send_bytes(Method::GET, ME, &[("authorization", &bytes)], "").await;
        answer.expect_refusal(401, "UNAUTHORIZED");
        let body = json!({ "refresh_token": token });
        let answer = app.anonymous().post("/api/v1/auth/refresh", &body).await;
        assert!([400, 401].contains(&answer.status), "{answer:?}");
    }
}
