//! `POST /auth/register`

use futures_util::future::join_all;
use handler::credentials::hasher::HashCost;
use serde_json::{Value, json};
use tests::{Answer, OwnDatabase, PASSWORD, Setup, TestApp, statements};

async fn register(app: &TestApp, body: &Value) -> Answer {
    app.anonymous().post("/api/v1/auth/register", body).await
}

/// A registration in good order but for these fields.
fn ana_but(changes: &Value) -> Value {
    let mut body = json!({ "email": "ana@example.org", "password": PASSWORD, "display_name": "Ana" });
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn the_answer_is_the_private_profile_and_says_where_it_is() {
    let app = TestApp::new().await;
    let body = ana_but(&json!({
        "bio": "Surfs before work.", "profile_pic_url": "https://example.org/ana.jpg",
        "home_city": "Lisbon", "home_country": "Portugal",
    }));
    let answer = register(&app, &body).await;
    let profile = answer.expect_status(201).json();
    for field in ["email", "display_name", "bio", "profile_pic_url", "home_city", "home_country"] {
        assert_eq!(profile[field], body[field], "{field}");
    }
    assert_eq!(profile["created_at"], "2026-01-31T10:30:00Z");

    let ana = app.anonymous().log_in("ana@example.org", PASSWORD).await;
    assert_eq!(ana.get("/api/v1/users/me").await.expect_status(200).json(), profile);
    ana.get(answer.header("location")).await.expect_status(200);
}

#[tokio::test]
async fn optional_fields_may_be_absent_or_null() {
    let app = TestApp::new().await;
    let nulls = json!({ "bio": null, "profile_pic_url": null, "home_city": null, "home_country": null });
    let profile = register(&app, &ana_but(&nulls)).await.expect_status(201).json();
    assert!(["bio", "profile_pic_url", "home_city", "home_country"].iter().all(|field| profile[field].is_null()));
    register(&app, &ana_but(&json!({ "email": "ben@example.org" }))).await.expect_status(201);
}

#[tokio::test]
async fn all_faults_are_told_at_once_and_unknown_fields_with_them() {
    let app = TestApp::new().await;
    let answer = register(
        &app,
        &json!({
            "nickname": "x", "email": "ana@", "password": "short", "display_name": " ", "bio": "x".repeat(501),
            "profile_pic_url": "http://example.org/ana.jpg", "home_city": "a\nb", "home_country": 7,
        }),
    )
    .await;
    answer.expect_refusal(400, "VALIDATION_ERROR");
    let mut fields = answer.fields_at_fault();
    fields.dedup();
    let expected =
        ["email", "display_name", "bio", "profile_pic_url", "home_city", "home_country", "password", "nickname"];
    assert_eq!(fields, expected);
    assert!(answer.fault("password").matches(';').count() >= 3, "every rule that it breaks: {answer:?}");
    assert_eq!(statements::count_users(&app.state.db).await, 0);

    let nothing = register(&app, &json!({})).await;
    nothing.expect_refusal(400, "VALIDATION_ERROR");
    assert_eq!(nothing.faults().len(), 3);
    for field in ["email", "password", "display_name"] {
        assert_eq!(nothing.fault(field), format!("{field} is required"));
    }
}

#[tokio::test]
async fn an_address_that_is_taken_is_a_409_in_any_case_and_with_blanks_around_it() {
    let (app, [_ana]) = TestApp::with_users(["ana"]).await;
    for email in ["ana@example.org", "ANA@Example.ORG", " ana@example.org "] {
        let answer = register(&app, &ana_but(&json!({ "email": email, "display_name": "Another" }))).await;
        assert_eq!(answer.expect_refusal(409, "CONFLICT").fields_at_fault(), ["email"], "{email}");
    }
    assert_eq!(statements::count_users(&app.state.db).await, 1);
}

#[tokio::test]
async fn security_07_twenty_at_once_make_one_account() {
    let app = TestApp::new().await;
    let other = app.beside(Setup::default());
    let registrations = (0..20).map(|number| {
        let instance = if number % 2 == 0 { &app } else { &other };
        let email = if number % 4 < 2 { "A@x.org" } else { "a@X.org" };
        async move { register(instance, &ana_but(&json!({ "email": email }))).await }
    });
    let mut statuses: Vec<u16> = join_all(registrations).await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (201, &[409; 19][..]));
    assert_eq!(statements::count_users(&app.state.db).await, 1);
    app.anonymous().log_in("a@x.org", PASSWORD).await;
}

#[tokio::test]
async fn texts_are_kept_as_written_but_trimmed_composed_and_with_one_kind_of_line_end() {
    let app = TestApp::new().await;
    let texts = json!({ "display_name": " Zoe\u{308} <O'Neill> & Co ", "bio": "one\r\ntwo\rthree\n\tfour\n" });
    let profile = register(&app, &ana_but(&texts)).await.expect_status(201).json();
    assert_eq!(profile["display_name"], "Zoë <O'Neill> & Co");
    assert_eq!(profile["bio"], "one\ntwo\nthree\n\tfour");
    for control in ["\u{0}", "\u{7}", "\u{1b}", "\u{7f}", "\u{85}", "\u{9f}"] {
        let answer = register(&app, &ana_but(&json!({ "bio": format!("a{control}b") }))).await;
        answer.expect_fault("bio");
    }
}

#[tokio::test]
async fn an_email_is_shown_as_it_was_written() {
    let app = TestApp::new().await;
    register(&app, &ana_but(&json!({ "email": " Ana.Silva+tag@Example.ORG " }))).await.expect_status(201);
    let ana = app.anonymous().log_in("ana.silva+TAG@example.org", PASSWORD).await;
    assert_eq!(ana.email, "Ana.Silva+tag@Example.ORG");
    assert_eq!(ana.get("/api/v1/users/me").await.json()["email"], "Ana.Silva+tag@Example.ORG");
}

#[tokio::test]
async fn only_plain_mailboxes_are_addresses() {
    let app = TestApp::new().await;
    let long_local = format!("{}@example.org", "a".repeat(65));
    let long = format!("a@{}.org", ["b".repeat(63), "c".repeat(63), "d".repeat(63), "e".repeat(63)].join("."));
    for email in
        ["ana", "ana@localhost", "\"ana\"@example.org", "ana@[127.0.0.1]", "a b@example.org", &long_local, &long]
    {
        register(&app, &ana_but(&json!({ "email": email }))).await.expect_fault("email");
    }
    let longest_local = format!("{}@example.org", "a".repeat(64));
    register(&app, &ana_but(&json!({ "email": longest_local }))).await.expect_status(201);
}

#[tokio::test]
async fn a_picture_has_an_https_address() {
    let app = TestApp::new().await;
    for url in
        ["http://example.org/a.jpg", "javascript:alert(1)", "data:image/png;base64,x", "//example.org/a.jpg", "a.jpg"]
    {
        let answer = register(&app, &ana_but(&json!({ "profile_pic_url": url }))).await;
        answer.expect_fault("profile_pic_url");
    }
}

#[tokio::test]
async fn security_01_weak_and_personal_passwords_are_refused() {
    let app = TestApp::new().await;
    for (password, rule) in [
        ("Xk7#mQp", "at least 8"),
        (&*format!("Aa1!{}", "x7K?z".repeat(25)), "at most 128"),
        ("xk7#mqp2", "uppercase"),
        ("XK7#MQP2", "lowercase"),
        ("Xk?#mQpz", "number"),
        ("Xk7emQp2", "special"),
        ("Xk7~mQp2", "special"),
        ("Password1!", "too easy to guess"),
        ("Silva.2026", "name part of your email"),
        ("Carvalho!7", "display name"),
    ] {
        let body = json!({ "email": "silva@example.org", "password": password, "display_name": "Carvalho" });
        let fault = register(&app, &body).await.expect_status(400).fault("password");
        assert!(fault.contains(rule), "{password}: {fault}");
    }
}

#[tokio::test]
async fn security_01_a_password_counts_to_its_last_character_and_in_its_case() {
    let app = TestApp::new().await;
    let password = format!("Aa1!{}", "x7K?".repeat(31));
    assert_eq!(password.len(), 128);
    register(&app, &ana_but(&json!({ "password": password }))).await.expect_status(201);
    let log_in = async |password: &str| {
        let body = json!({ "email": "ana@example.org", "password": password });
        app.anonymous().post("/api/v1/auth/login", &body).await.status
    };
    assert_eq!(log_in(&password).await, 200);
    assert_eq!(log_in(&password[..127]).await, 401, "the last character counts");
    assert_eq!(log_in(&password[..72]).await, 401);
    assert_eq!(log_in(&password.to_lowercase()).await, 401);
    assert_eq!(log_in(&format!("{password} ")).await, 401, "and nothing is trimmed");
}

#[tokio::test]
async fn security_02_a_password_is_kept_as_argon2id_of_the_recommended_cost() {
    let setup = Setup { hash_cost: HashCost::OWASP, ..Setup::default() };
    let app = TestApp::start(setup, OwnDatabase::migrated().await);
    register(&app, &ana_but(&json!({}))).await.expect_status(201);
    let hash = statements::password_hash(&app.state.db, "ana@example.org").await;
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    app.anonymous().log_in("ana@example.org", PASSWORD).await;
}
