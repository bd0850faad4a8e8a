//! Polls of what a client has already: a 304 while it is so, and the new answer as soon as it is not.

use handler::limits::rules::RateLimits;
use serde_json::json;
use tests::{Answer, Client, Person, Setup, TestApp};

const NOTIFICATIONS: &str = "/api/v1/notifications";
const UNREAD: &str = "/api/v1/notifications/unread-count";
const CONNECTIONS: &str = "/api/v1/connections";
const RECEIVED: &str = "/api/v1/connections/requests/received";
const SENT: &str = "/api/v1/connections/requests/sent";
const PLANS: &str = "/api/v1/travels";
const FRIENDS_PLANS: &str = "/api/v1/connections/travels";
const MATCHES: &str = "/api/v1/matches?city=Rome&start_date=2026-03-01&end_date=2026-03-31";
const ME: &str = "/api/v1/users/me";

/// Everything that phones ask for again and again.
const POLLED: [&str; 9] = [NOTIFICATIONS, UNREAD, CONNECTIONS, RECEIVED, SENT, PLANS, FRIENDS_PLANS, MATCHES, ME];
/// What needs no look at more than the session.
const KNOWN_BY_VERSION: [&str; 4] = [NOTIFICATIONS, UNREAD, PLANS, ME];

async fn tag(client: &Client, path: &str) -> String {
    client.get(path).await.expect_status(200).header("etag").to_owned()
}

async fn poll(client: &Client, path: &str, tag: &str) -> Answer {
    client.with_header("if-none-match", tag).get(path).await
}

/// What somebody has of everything that is polled.
struct Copies<'a> {
    client: &'a Client,
    tags: Vec<(&'static str, String)>,
}

impl<'a> Copies<'a> {
    async fn of(client: &'a Client) -> Self {
        let mut copies = Self { client, tags: Vec::new() };
        for path in POLLED {
            copies.tags.push((path, tag(client, path).await));
        }
        copies
    }

    /// The paths of which there is something new; their copies are made anew.
    async fn outdated(&mut self) -> Vec<&'static str> {
        let mut outdated = Vec::new();
        for (path, tag) in &mut self.tags {
            let answer = poll(self.client, path, tag).await;
            if answer.status == 304 {
                assert_eq!(answer.header("etag"), tag);
                continue;
            }
            let fresh = answer.expect_status(200).header("etag").to_owned();
            assert_ne!(&fresh, tag, "{path} was sent again");
            *tag = fresh;
            outdated.push(*path);
        }
        outdated
    }
}

fn rome() -> serde_json::Value {
    json!({ "city": "Rome", "country": "Italy", "start_date": "2026-03-15", "end_date": "2026-03-20" })
}

async fn plans(person: &Person) -> i64 {
    person.post(PLANS, &rome()).await.expect_status(201).json()["id"].as_i64().unwrap()
}

#[tokio::test]
async fn what_a_client_has_comes_without_a_body_until_it_is_not_so_any_more() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let mut copies = Copies::of(&ana).await;
    assert_eq!(copies.outdated().await, [""; 0]);

    ana.put(ME, &json!({ "bio": "Here." })).await.expect_status(200);
    assert_eq!(copies.outdated().await, [ME]);
    ana.put(ME, &json!({ "bio": "Here." })).await.expect_status(200);
    assert_eq!(copies.outdated().await, [""; 0], "nothing was changed");

    let request = ben.asks(&ana).await.expect_status(201).json()["id"].as_i64().unwrap();
    assert_eq!(copies.outdated().await, [NOTIFICATIONS, UNREAD, RECEIVED]);
    ana.put(&format!("/api/v1/connections/{request}/accept"), &json!({})).await.expect_status(200);
    assert_eq!(copies.outdated().await, [CONNECTIONS, RECEIVED]);

    let plan = plans(&ana).await;
    assert_eq!(copies.outdated().await, [PLANS]);
    ana.put(&format!("{PLANS}/{plan}"), &json!({ "description": "By train" })).await.expect_status(200);
    assert_eq!(copies.outdated().await, [PLANS]);
    let his = plans(&ben).await;
    assert_eq!(copies.outdated().await, [FRIENDS_PLANS, MATCHES]);
    ben.delete(&format!("{PLANS}/{his}")).await.expect_status(204);
    assert_eq!(copies.outdated().await, [FRIENDS_PLANS, MATCHES]);
    ana.delete(&format!("{PLANS}/{plan}")).await.expect_status(204);
    assert_eq!(copies.outdated().await, [PLANS]);

    ben.put(ME, &json!({ "display_name": "Benjamin" })).await.expect_status(200);
    assert_eq!(copies.outdated().await, [CONNECTIONS]);

    let first = ana.get(NOTIFICATIONS).await.data()[0]["id"].clone();
    for changed in [&[NOTIFICATIONS, UNREAD][..], &[]] {
        ana.put(&format!("{NOTIFICATIONS}/{first}/read"), &json!({})).await.expect_status(200);
        assert_eq!(copies.outdated().await, changed);
    }
    ana.put(&format!("{NOTIFICATIONS}/read-all"), &json!({})).await.expect_status(200);
    assert_eq!(copies.outdated().await, [""; 0], "all were read already");
}

#[tokio::test]
async fn another_day_is_another_answer_where_days_count() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let path = format!("{PLANS}?when=upcoming");
    let tag = tag(&ana, &path).await;
    poll(&ana, &path, &tag).await.expect_status(304);
    app.clock.advance(std::time::Duration::from_hours(24));
    let ana = app.anonymous().log_in(&ana.email, &ana.password).await;
    poll(&ana, &path, &tag).await.expect_status(200);
}

#[tokio::test]
async fn a_refresh_or_another_device_leaves_copies_good() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    let copies = Copies::of(&ana).await;
    let refreshed = ana.refreshed_by(ana.refresh().await.expect_status(200));
    for client in [&refreshed, &ana.on_another_device().await] {
        for (path, tag) in &copies.tags {
            // A login is no news.
            poll(client, path, tag).await.expect_status(304);
        }
    }
}

#[tokio::test]
async fn security_14_a_copy_of_somebody_elses_is_none_of_ones_own() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    for (path, tag) in &Copies::of(&ana).await.tags {
        assert_ne!(poll(&ben, path, tag).await.expect_status(200).header("etag"), tag);
        poll(&ana.without_token(), path, tag).await.expect_status(401);
    }
    ana.post("/api/v1/auth/logout", &json!({ "refresh_token": ana.refresh_token })).await;
    for path in POLLED {
        poll(&ana, path, "*").await.expect_status(401);
    }
}

#[tokio::test]
async fn parameters_make_other_answers_and_faults_are_told_all_the_same() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    for path in [NOTIFICATIONS, PLANS] {
        let tag = tag(&ana, path).await;
        poll(&ana, &format!("{path}?limit=20&offset=0"), &tag).await.expect_status(304);
        poll(&ana, &format!("{path}?limit=19"), &tag).await.expect_status(200);
        poll(&ana, &format!("{path}?limit=0"), "*").await.expect_refusal(400, "VALIDATION_ERROR");
    }
}

#[tokio::test]
async fn a_poll_that_sees_nothing_new_looks_at_the_session_and_no_further() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let limited = app.beside(Setup { rate_limits: RateLimits::default(), ..Setup::default() });
    for (client, look) in
        [(&*ana, "handler::auth::store/live_session"), (&*ana.at(&limited), "handler::limits::store/count_and_look")]
    {
        for path in KNOWN_BY_VERSION {
            let tag = tag(client, path).await;
            app.clock.advance(std::time::Duration::from_secs(61));
            let mark = app.log.mark();
            poll(client, path, &tag).await.expect_status(304);
            assert_eq!(app.log.statements_since(mark), [look], "{path}");
        }
    }
}

#[tokio::test]
async fn clients_are_told_how_often_to_ask_for_news() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    for path in [NOTIFICATIONS, UNREAD] {
        let first = ana.get(path).await;
        assert_eq!(first.expect_status(200).header("x-poll-interval"), "60");
        let again = poll(&ana, path, first.header("etag")).await;
        assert_eq!(again.expect_status(304).header("x-poll-interval"), "60");
    }
    assert_eq!(ana.get(ME).await.header("x-poll-interval"), "");
}
