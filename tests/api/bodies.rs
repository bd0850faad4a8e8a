//! Bodies that no honest client sends, and texts that no page should trust.

use axum::http::Method;
use serde_json::{Value, json};
use tests::{Answer, Client, PASSWORD, TestApp};

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const REGISTER: &str = "/api/v1/auth/register";

async fn post(client: &Client, bytes: impl Into<Vec<u8>>) -> Answer {
    client.send_bytes(Method::POST, REGISTER, JSON, bytes).await
}

/// A registration of exactly so many bytes.
fn registration_of(bytes: usize) -> String {
    let body = json!({ "email": "a@example.org", "password": PASSWORD, "display_name": "A", "x": "" }).to_string();
    body.replace("\"x\":\"\"", &format!("\"x\":\"{}\"", "y".repeat(bytes - body.len())))
}

#[tokio::test]
async fn security_19_a_body_over_64_kib_is_a_413() {
    let app = TestApp::new().await;
    for size in [65_537, 100_000, 10_000_000] {
        post(&app.anonymous(), registration_of(size)).await.expect_refusal(413, "PAYLOAD_TOO_LARGE");
    }
    // The largest that is read: its one fault is told.
    assert_eq!(post(&app.anonymous(), registration_of(65_536)).await.expect_fault("x").fields_at_fault(), ["x"]);
}

#[tokio::test]
async fn security_19_what_is_no_strict_json_object_is_a_400() {
    let app = TestApp::new().await;
    let depth_bombs = ["[".repeat(60_000), "{\"a\":".repeat(12_000), format!("{{\"email\":{}", "[".repeat(60_000))];
    let closed_bomb = format!("{{\"email\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000));
    let odd = [
        "",
        " ",
        "null",
        "[]",
        "\"x\"",
        "1",
        "true",
        "{",
        "{}{}",
        "{} x",
        "{'a':1}",
        "{\"a\":1,}",
        "{a:1}",
        "// x\n{}",
        "{\"email\":NaN}",
        "{\"email\":Infinity}",
        "{\"email\":-Infinity}",
        "{\"email\":1e999}",
        "{\"email\":01}",
        "{\"email\":\"\\ud800\"}",
        "{\"email\":\"\\udc00\\ud800\"}",
        "{\"email\":\"\\x41\"}",
        "{\"email\":\"a\nb\"}",
        "{\"email\":\"a\0b\"}",
        "{\"email\":\"a\",\"email\":\"b\"}",
        "{\"email\":\"a\",\"\\u0065mail\":\"b\"}",
        "\u{feff}{}",
    ]
    .map(str::to_owned);
    for body in depth_bombs.into_iter().chain([closed_bomb]).chain(odd) {
        let answer = post(&app.anonymous(), body.clone()).await;
        let fault = answer.expect_fault("").fault("");
        assert!(fault.starts_with("Send "), "it says what to send: {body:.40} {fault}");
    }
    for bytes in
        [&b"{\"email\":\"\xff\"}"[..], b"\xff\xfe{\0}\0", b"{\"\xed\xa0\x80\":1}", b"\x1f\x8b\x08\0\0\0\0\0", b"\0"]
    {
        post(&app.anonymous(), bytes).await.expect_fault("");
    }
}

#[tokio::test]
async fn security_19_wrong_types_and_extremes_are_faults_of_their_fields() {
    let app = TestApp::new().await;
    let extremes = [
        json!(1),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!(1e308),
        json!(true),
        json!([]),
        json!({}),
        json!([["x"]]),
        json!({ "email": "a@example.org" }),
        json!(""),
        json!("\0"),
        json!("\u{0}\u{7}"),
        json!("x".repeat(60_000)),
    ];
    for value in extremes {
        let body = json!({ "email": value, "password": value, "display_name": value, "home_city": value });
        let answer = app.anonymous().post(REGISTER, &body).await;
        if answer.status != 413 {
            for field in ["email", "password", "display_name", "home_city"] {
                answer.expect_fault(field);
            }
        }
    }
}

#[tokio::test]
async fn security_19_an_id_in_a_body_is_a_whole_number_in_its_range() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    // None is near to 1, which is Ana herself: that is refused for another reason.
    for value in [
        json!(2.5),
        json!(2.0),
        json!(1e308),
        json!(2_147_483_648_i64),
        json!(-2_147_483_649_i64),
        json!(u64::MAX),
        json!("2"),
        json!(true),
        json!([2]),
        json!(null),
    ] {
        let body = json!({ "receiver_user_id": value });
        ana.post("/api/v1/connections/request", &body).await.expect_fault("receiver_user_id");
    }
}

#[tokio::test]
async fn security_19_nul_and_its_like_reach_no_database() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    for field in ["display_name", "bio", "home_city", "home_country", "profile_pic_url"] {
        for text in ["a\0b", "a\u{1}b", "a\u{8}b", "a\u{9c}b"] {
            ana.put("/api/v1/users/me", &json!({ field: text })).await.expect_fault(field);
        }
    }
    ana.get("/api/v1/users/search?q=a%00b").await.expect_fault("q");
}

#[tokio::test]
async fn security_19_thousands_of_unknown_fields_are_not_all_repeated() {
    let app = TestApp::new().await;
    let fields: Vec<String> = (0..6_000).map(|number| format!("\"f{number}\":1")).collect();
    let body = format!("{{{}}}", fields.join(","));
    let answer = post(&app.anonymous(), body.clone()).await;
    answer.expect_refusal(400, "VALIDATION_ERROR");
    assert!(answer.text.len() < body.len(), "{} bytes", answer.text.len());
}

#[tokio::test]
async fn a_body_has_to_be_declared_as_json() {
    let app = TestApp::new().await;
    let body = json!({ "email": "ana@example.org", "password": PASSWORD, "display_name": "Ana" }).to_string();
    for content_type in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", ""]
    {
        let headers = [("content-type", content_type)];
        let answer = app.anonymous().send_bytes(Method::POST, REGISTER, &headers, body.clone()).await;
        answer.expect_refusal(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    let undeclared = app.anonymous().send_bytes(Method::POST, REGISTER, &[], body.clone()).await;
    undeclared.expect_refusal(415, "UNSUPPORTED_MEDIA_TYPE");
    let declared = [("content-type", "Application/JSON; charset=UTF-8")];
    app.anonymous().send_bytes(Method::POST, REGISTER, &declared, body).await.expect_status(201);
}

#[tokio::test]
async fn security_20_markup_comes_back_as_it_was_and_is_never_spelled_out() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let name = "<script>alert('x')</script> & \"Co\" \u{2028}\u{2029}--> ]]>";
    let texts =
        json!({ "display_name": name, "bio": format!("</textarea>{name}\n<!--"), "home_city": "<b>Lisbon</b>" });
    let changed = ana.put("/api/v1/users/me", &texts).await;
    let seen = [
        changed,
        ana.get("/api/v1/users/me").await,
        ben.get(&format!("/api/v1/users/{}", ana.id)).await,
        ben.get("/api/v1/users/search?q=script").await,
    ];
    for answer in &seen {
        // That none of these characters stands in a body as it is, is held of every answer of every story.
        assert!(answer.expect_status(200).text.contains(r"\u003cscript\u003e"), "{answer:?}");
        let body = answer.json();
        let profile = body["data"].get(0).unwrap_or(&body);
        for field in ["display_name", "bio", "home_city"] {
            assert_eq!(profile[field], texts[field], "{field}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn security_20_what_a_refusal_repeats_is_inert_too() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let field = "<script>alert(1)</script>";
    ana.put("/api/v1/users/me", &json!({ field: 1 })).await.expect_fault(field);
    let twice = format!("{{\"{field}\":1,\"{field}\":2}}");
    assert!(post(&app.anonymous(), twice).await.expect_fault("").text.contains(r"\u003cscript"));
    ana.get("/api/v1/users/%3Cscript%3E").await.expect_refusal(404, "NOT_FOUND");
    ana.get("/%3Cscript%3Ealert(1)%3C/script%3E").await.expect_refusal(404, "NOT_FOUND");
    ana.get("/api/v1/auth/sessions?limit=%3Cscript%3E").await.expect_fault("limit");
    let answer = ana.with_header("x-request-id", "<script>").get("/api/v1/users/me").await;
    assert_ne!(answer.header("x-request-id"), "<script>");
    assert_eq!(answer.expect_status(200).json()["id"], Value::from(ana.id));
}
