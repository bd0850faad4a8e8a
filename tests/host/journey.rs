//! Whole stories, from the socket to the database and back.

use std::net::Ipv4Addr;

use http::Method;
use serde_json::json;

use tests::OwnDatabase;

use crate::support::{Hosted, settings};

#[tokio::test]
async fn register_login_me_update_search_refresh_logout_refused() {
    let database = OwnDatabase::empty().await;
    let hosted = Hosted::start(&database).await;
    let app = hosted.client();

    let registered = app.register("Ana@Example.com", "Ana Silva").await.expect(201);
    let id = registered.json()["id"].as_i64().unwrap();
    assert_eq!(registered.header("location"), Some(format!("/api/v1/users/{id}").as_str()));
    app.register("ben@example.com", "Ben Okafor").await.expect(201);

    let tokens = app.login("ana@example.COM").await.expect(200).json();
    assert_eq!((tokens["token_type"].as_str(), tokens["expires_in"].as_i64()), (Some("bearer"), Some(900)));
    let ana = app.with_token(&tokens["access_token"]);

    let me = ana.get("/api/v1/users/me").await.expect(200).json();
    assert_eq!((me["id"].as_i64(), me["email"].as_str()), (Some(id), Some("Ana@Example.com")));

    let change = json!({"home_city": "Lisbon", "home_country": "Portugal", "bio": "Surfs before work."});
    ana.call(Method::PUT, "/api/v1/users/me", &change).await.expect(200);
    assert_eq!(ana.get("/api/v1/users/me").await.json()["home_city"], "Lisbon");

    let found = ana.get("/api/v1/users/search?q=oka").await.expect(200).json();
    assert_eq!(found["data"][0]["display_name"], "Ben Okafor");
    assert_eq!(found["pagination"], json!({"limit": 20, "offset": 0, "total": 1, "has_more": false}));

    let spent = json!({"refresh_token": tokens["refresh_token"]});
    let next = app.post("/api/v1/auth/refresh", &spent).await.expect(200).json();
    let ana = app.with_token(&next["access_token"]);
    ana.get("/api/v1/users/me").await.expect(200);

    ana.call(Method::POST, "/api/v1/auth/logout", &json!({})).await.expect(204);
    ana.get("/api/v1/users/me").await.expect(401);
    app.post("/api/v1/auth/refresh", &json!({"refresh_token": next["refresh_token"]})).await.expect(401);
    hosted.shutdown().await;
}

#[tokio::test]
async fn security_11_nothing_secret_reaches_the_log() {
    let database = OwnDatabase::empty().await;
    let hosted = Hosted::start(&database).await;
    let app = hosted.client();
    app.register("ana@example.com", "Ana Silva").await.expect(201);
    let tokens = app.login("ana@example.com").await.expect(200).json();
    let ana = app.with_token(&tokens["access_token"]);
    ana.get("/api/v1/users/search?q=ana@example.com").await.expect(200);
    app.post("/api/v1/auth/login", &json!({"email": "ana@example.com", "password": "Wrong-One-9"})).await.expect(401);
    let log = std::sync::Arc::clone(&hosted.log);
    hosted.shutdown().await;

    let log = log.lock().unwrap().join("\n");
    assert!(log.contains(r#""route":"/api/v1/users/search""#) && log.contains(r#""user_id":1"#), "{log}");
    assert!(log.contains(r#""invocation_id":""#), "{log}");
    let secrets = [
        crate::support::PASSWORD,
        "Wrong-One-9",
        "ana@example.com",
        tokens["access_token"].as_str().unwrap(),
        tokens["refresh_token"].as_str().unwrap(),
    ];
    for secret in secrets {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
}

#[tokio::test]
async fn security_05_failed_logins_slow_their_own_address_alone() {
    let database = OwnDatabase::empty().await;
    let hosted = Hosted::start(&database).await;
    let (thief, owner) = (hosted.client_at(Ipv4Addr::new(127, 0, 0, 7)), hosted.client_at(Ipv4Addr::new(127, 0, 0, 8)));
    owner.register("ana@example.com", "Ana Silva").await.expect(201);
    let guess = json!({"email": "Ana@example.com", "password": "Not-The-One-1"});
    for _ in 0..5 {
        thief.post("/api/v1/auth/login", &guess).await.expect(401);
    }
    let slowed = thief.login("ana@example.com").await.expect(429);
    assert!((1..=30).contains(&slowed.header("retry-after").unwrap().parse::<u32>().unwrap()));
    // A header of the thief's own does not move it to another address.
    let moved = thief
        .request(Method::POST, "/api/v1/auth/login")
        .header("content-type", "application/json")
        .header("x-forwarded-for", "127.0.0.8")
        .body(guess.to_string().into())
        .unwrap();
    thief.send(moved).await.expect(429);
    owner.login("ana@example.com").await.expect(200);
    hosted.shutdown().await;
}

#[tokio::test]
async fn a_session_survives_a_restart() {
    let database = OwnDatabase::empty().await;
    let hosted = Hosted::start(&database).await;
    hosted.client().register("ana@example.com", "Ana Silva").await.expect(201);
    let tokens = hosted.client().login("ana@example.com").await.expect(200).json();
    hosted.shutdown().await;

    let hosted = Hosted::start_with(settings(&database)).await;
    let ana = hosted.client().with_token(&tokens["access_token"]);
    ana.get("/api/v1/users/me").await.expect(200);
    hosted.shutdown().await;
}

#[tokio::test]
async fn security_12_a_logout_holds_on_every_instance() {
    let database = OwnDatabase::empty().await;
    let one = Hosted::start(&database).await;
    let other = Hosted::start_with(settings(&database)).await;
    one.client().register("ana@example.com", "Ana Silva").await.expect(201);
    let tokens = one.client().login("ana@example.com").await.expect(200).json();
    let (here, there) =
        (one.client().with_token(&tokens["access_token"]), other.client().with_token(&tokens["access_token"]));
    there.get("/api/v1/users/me").await.expect(200);
    here.call(Method::POST, "/api/v1/auth/logout", &json!({})).await.expect(204);
    there.get("/api/v1/users/me").await.expect(401);
    other.shutdown().await;
    one.shutdown().await;
}

#[tokio::test]
async fn a_killed_handler_comes_back_and_has_lost_nothing() {
    let database = OwnDatabase::empty().await;
    let hosted = Hosted::start(&database).await;
    let app = hosted.client();
    app.register("ana@example.com", "Ana Silva").await.expect(201);
    let before = hosted.host.handler_pid().unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(before).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let again = async {
        loop {
            if hosted.host.handler_pid().is_some_and(|now| now != before) && hosted.host.ready().await.is_ok() {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::support::BOUND, again).await.unwrap();
    app.login("ana@example.com").await.expect(200);
    hosted.shutdown().await;
}
