//! Requests whose client goes away: whatever they were doing, nothing is left half done and nobody has to wait for it.

use std::collections::BTreeMap;

use axum::http::Method;
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use tests::{Client, OwnDatabase, PASSWORD, Person, Setup, TestApp, statements};

const ME: &str = "/api/v1/users/me";
const LOGIN: &str = "/api/v1/auth/login";
const REGISTER: &str = "/api/v1/auth/register";

/// On SQLite, where nothing has to be set up anew afterwards.
const CANCELLATIONS: usize = 1000;
/// On a server each of them costs a connection, and its replacement a tenth of a second of the server's time.
const CANCELLATIONS_ON_A_SERVER: usize = 120;
/// Requests that go on at the same time.
const AT_ONCE: usize = 10;
/// How many times that many, until it is looked whether everyone can go on.
const RUSHES_BETWEEN_LOOKS: usize = 4;
/// Far fewer connections than that: one that is lost or spoilt is soon missed.
const POOL: u32 = 3;
/// Where a request is left: often at its beginning, where all pass, at times in its commit.
const LATEST_STEPS: [usize; 3] = [8, 24, 60];
/// How often a login is left at every step: what is waited for may have come before the wait, and then there is no step.
const WALKS: usize = 50;
/// The two that everybody's password changes between.
const PASSWORDS: [&str; 2] = [PASSWORD, "EvenBetter456?"];
/// How often it is looked whether the last work that was given up has come to its end; each look is a request.
const LOOKS: usize = 2000;

async fn an_app() -> TestApp {
    TestApp::start(Setup { pool_size: POOL, ..Setup::default() }, OwnDatabase::migrated().await)
}

/// Waits until no connection is lent any more.
async fn all_is_quiet(app: &TestApp) {
    for _ in 0..LOOKS {
        let report = app.anonymous().get("/health/detailed").await.expect_status(200).json();
        if report["pool"]["in_use"] == 0 {
            return;
        }
    }
    panic!("a connection was never given back");
}

/// One request of somebody.
struct Request {
    client: Client,
    method: Method,
    path: &'static str,
    body: Option<Value>,
}

/// People who are always in a hurry.
struct Crowd {
    app: TestApp,
    random: StdRng,
    people: Vec<Person>,
    /// Who asked to be logged out since the last look.
    leaving: Vec<usize>,
    addresses: Vec<String>,
}

impl Crowd {
    async fn gather(app: &TestApp) -> Self {
        let mut people = Vec::new();
        for name in ["ana", "ben", "cleo", "dan"] {
            people.push(app.joined_by(name).await);
        }
        let random = StdRng::seed_from_u64(27);
        Self { app: app.clone(), random, people, leaving: Vec::new(), addresses: Vec::new() }
    }

    /// Any request, of anybody.
    fn request(&mut self) -> Request {
        let who = self.random.random_range(0..self.people.len());
        let person = &self.people[who];
        let number = self.random.random_range(0..1_000_000);
        let [current_password, new_password] = if number % 2 == 0 { PASSWORDS } else { [PASSWORDS[1], PASSWORDS[0]] };
        let body = |body: Value| Some(body);
        let (client, method, path, body) = match self.random.random_range(0..8) {
            0 => {
                // Now and then an address that somebody has, or is about to have, in another case.
                let (name, host) = (self.addresses.len() / 2, ["example.org", "Example.ORG"][number % 2]);
                let email = format!("new{name}@{host}");
                self.addresses.push(email.clone());
                let account =
                    json!({ "email": email, "password": PASSWORD, "display_name": format!("New Name {name}") });
                (self.app.anonymous(), Method::POST, REGISTER, body(account))
            }
            1 => {
                let login = json!({ "email": person.email, "password": current_password });
                (self.app.anonymous(), Method::POST, LOGIN, body(login))
            }
            2 => {
                let token = json!({ "refresh_token": person.refresh_token });
                (person.without_token(), Method::POST, "/api/v1/auth/refresh", body(token))
            }
            3 => {
                let profile = json!({ "display_name": format!("Person {number}"), "bio": format!("Number {number}.") });
                ((**person).clone(), Method::PUT, ME, body(profile))
            }
            4 => {
                let change = json!({ "current_password": current_password, "new_password": new_password });
                ((**person).clone(), Method::PUT, "/api/v1/users/me/password", body(change))
            }
            5 => {
                self.leaving.push(who);
                ((**person).clone(), Method::POST, "/api/v1/auth/logout", None)
            }
            6 => ((**person).clone(), Method::GET, "/api/v1/users/search?q=person", None),
            _ => ((**person).clone(), Method::GET, ME, None),
        };
        Request { client, method, path, body }
    }

    /// Sends some requests at once and leaves each of them somewhere; how many were not answered before.
    async fn rush(&mut self) -> usize {
        let requests: Vec<(Request, usize)> = (0..AT_ONCE)
            .map(|_| {
                let latest = *LATEST_STEPS.choose(&mut self.random).unwrap();
                (self.request(), self.random.random_range(0..latest))
            })
            .collect();
        let answers = requests.into_iter().map(|(Request { client, method, path, body }, steps)| async move {
            let status = client.send_and_leave(steps, method.clone(), path, body.as_ref()).await;
            // Who comes while all connections are being replaced may be told to come back.
            assert!(status.is_none_or(|status| status < 500 || status == 503), "{method} {path}: {status:?}");
            status
        });
        join_all(answers).await.iter().filter(|status| status.is_none()).count()
    }

    /// Everyone but those who asked to leave can go on with the tokens that they have.
    async fn goes_on(&mut self) {
        for who in 0..self.people.len() {
            let person = &self.people[who];
            self.people[who] = if self.leaving.contains(&who) {
                self.logged_in_anew(person).await
            } else {
                person.get(ME).await.expect_status(200);
                person.refreshed_by(&person.refresh().await)
            };
        }
        self.leaving.clear();
    }

    /// One of the two passwords opens, and the other does not.
    async fn logged_in_anew(&self, person: &Person) -> Person {
        let mut statuses = Vec::new();
        for password in PASSWORDS {
            let body = json!({ "email": person.email, "password": password });
            statuses.push(self.app.anonymous().post(LOGIN, &body).await.status);
        }
        match statuses[..] {
            [200, 401] => self.app.anonymous().log_in(&person.email, PASSWORDS[0]).await,
            [401, 200] => self.app.anonymous().log_in(&person.email, PASSWORDS[1]).await,
            _ => panic!("the passwords of {} answer {statuses:?}", person.email),
        }
    }
}

#[tokio::test]
async fn security_27_a_thousand_cancelled_requests_leave_everything_whole_and_nobody_waiting() {
    let app = an_app().await;
    let (other, zoe) = (app.beside(Setup::default()), app.joined_by("zoe").await);
    let mut crowd = Crowd::gather(&app).await;
    let on_a_server = app.state.db.engine_name() != "SQLite";
    let wanted = if on_a_server { CANCELLATIONS_ON_A_SERVER } else { CANCELLATIONS };
    let mut cancelled = 0;
    while cancelled < wanted {
        for _ in 0..RUSHES_BETWEEN_LOOKS {
            cancelled += crowd.rush().await;
        }
        // Nothing holds a lock: an instance with connections of its own writes what all have to wait for.
        zoe.at(&other).put(ME, &json!({ "bio": format!("{cancelled} so far.") })).await.expect_status(200);
        all_is_quiet(&app).await;
        crowd.goes_on().await;
    }

    // Each connection of the pool works: as many at once use them all.
    let moved = json!({ "home_city": "Lisbon" });
    for answer in join_all((0..8 * POOL).map(|_| zoe.put(ME, &moved))).await {
        answer.expect_status(200);
    }
    for answer in join_all((0..8 * POOL).map(|_| zoe.get(ME))).await {
        assert_eq!(answer.expect_status(200).json()["home_city"], "Lisbon");
    }
    statements::assert_accounts_are_whole(&app.state.db).await;
    for person in &crowd.people {
        crowd.logged_in_anew(person).await.get(ME).await.expect_status(200);
    }
    // Each registration has made an account or has not; there is nothing in between.
    let mut made: BTreeMap<String, u16> = BTreeMap::new();
    for email in crowd.addresses.iter().map(|email| email.to_lowercase()) {
        if !made.contains_key(&email) {
            let body = json!({ "email": email, "password": PASSWORD, "display_name": "New Name" });
            made.insert(email.clone(), app.anonymous().post(REGISTER, &body).await.status);
            app.anonymous().log_in(&email, PASSWORD).await;
        }
    }
    let count = |status| made.values().filter(|made| **made == status).count();
    assert_eq!(count(201) + count(409), made.len(), "{made:?}");
    assert!(count(201) > 0 && count(409) > 0, "some were left before their commit, and some after it: {made:?}");
    statements::assert_accounts_are_whole(&app.state.db).await;
}

#[tokio::test]
async fn security_27_a_login_cancelled_anywhere_is_whole_or_none_and_holds_nobody_up() {
    let app = an_app().await;
    let (other, ana) = (app.beside(Setup::default()), app.joined_by("ana").await);
    let login = |password: &str| json!({ "email": ana.email, "password": password });
    let (right, wrong) = (login(PASSWORD), login(PASSWORDS[1]));
    // From one address: a login forgets the failures from there.
    let nobody = app.anonymous();
    let mut whole = 0;
    for _ in 0..WALKS {
        for steps in 0.. {
            nobody.post(LOGIN, &wrong).await.expect_status(401);
            let before = statements::count_live_sessions(&app.state.db).await;
            if nobody.send_and_leave(steps, Method::POST, LOGIN, Some(&right)).await.is_some() {
                break;
            }
            // Nobody has to wait for the row of the user.
            ana.at(&other).put(ME, &json!({ "bio": format!("{steps} steps") })).await.expect_status(200);
            all_is_quiet(&app).await;
            let opened = statements::count_live_sessions(&app.state.db).await - before;
            let failures = statements::count_failures(&app.state.db).await;
            assert!(matches!((opened, failures), (0, 1) | (1, 0)), "{opened} and {failures} after {steps} steps");
            whole += opened;
            statements::assert_accounts_are_whole(&app.state.db).await;
            nobody.log_in(&ana.email, PASSWORD).await.get(ME).await.expect_status(200);
        }
        if whole > 0 {
            return;
        }
    }
    panic!("it was never left while it was being done");
}
