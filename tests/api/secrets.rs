//! Secrets from Key Vault, by Microsoft's SDK: at the start, and while the handler runs. Each story has Azure on this machine
//! and a process of its own.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use handler::db::Database;
use handler::secrets::refresh::{Refresher, Rhythm};
use handler::secrets::{self, Loaded};
use secrecy::ExposeSecret as _;
use serde_json::json;
use tests::azure::{Azure, IDENTITY_HEADER, Mood, TOKEN, VAULT, tell, tell_at_a_desk};
use tests::forge::{claims_of, header_of, sign, with};
use tests::{ACCESS_SECRET, Person, REFRESH_SECRET, Setup, TestApp};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;

const ME: &str = "/api/v1/users/me";
const ACCESS: &str = "JWT-SECRET-KEY";
const REFRESH: &str = "JWT-REFRESH-SECRET-KEY";
const PREVIOUS: &str = "JWT-SECRET-KEY-PREVIOUS";
const DATABASE: &str = "DATABASE-CONNECTION-STRING";
const NEXT: &str = "the next access secret of the stories";
const SERVER: &str = "Server=tcp:127.0.0.1,1;Database=t;User ID=u;Password=hunter2;TrustServerCertificate=true";

async fn load(azure: &Azure, others: &[(&str, &str)]) -> anyhow::Result<Loaded> {
    let mut vars = azure.vars();
    for (name, value) in [("ENVIRONMENT", "development"), ("KEY_VAULT_URL", VAULT)].iter().chain(others) {
        vars.insert((*name).to_owned(), (*value).to_owned());
    }
    secrets::load(vars, |settings, vars| azure.open(settings, vars)).await
}

/// Why the handler does not start.
async fn refused(azure: &Azure) -> String {
    match load(azure, &[("DATABASE_URL", "sqlite::memory:")]).await {
        Ok(_) => panic!("it starts"),
        Err(error) => format!("{error:#}"),
    }
}

/// Puts the secrets of the stories into the vault.
fn fill(azure: &Azure) {
    azure.put(ACCESS, ACCESS_SECRET);
    azure.put(REFRESH, REFRESH_SECRET);
}

/// An instance with the secrets of the vault, what keeps it at them, and Ana.
async fn running(azure: &Azure, rhythm: Rhythm) -> (TestApp, Refresher, Person) {
    fill(azure);
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let refresher = beside(azure, &app, rhythm).await;
    (app, refresher, ana)
}

/// What keeps an instance at the secrets of the vault.
async fn beside(azure: &Azure, app: &TestApp, rhythm: Rhythm) -> Refresher {
    let loaded = load(azure, &[("DATABASE_URL", app.database().setting())]).await.unwrap();
    Refresher::new(loaded.origin.unwrap(), Arc::clone(&app.state.tokens), app.state.db.clone(), rhythm)
}

/// Ends what keeps an instance at its secrets. Until it has ended, it holds the database.
async fn ended(keeping: JoinHandle<()>) {
    keeping.abort();
    assert!(keeping.await.is_err_and(|end| end.is_cancelled()), "it goes on until it is told to end");
}

async fn again(ana: &Person) -> Person {
    ana.without_token().log_in(&ana.email, &ana.password).await
}

#[test]
fn security_30_the_start_reads_its_secrets_from_the_vault() {
    tell(async |azure| {
        fill(&azure);
        azure.put(PREVIOUS, "the access secret before");
        azure.put(DATABASE, SERVER);
        let config = load(&azure, &[]).await.unwrap().config;
        assert_eq!(config.access_secrets.current.expose_secret(), ACCESS_SECRET);
        assert_eq!(config.access_secrets.previous.unwrap().expose_secret(), "the access secret before");
        assert_eq!(config.refresh_secrets.current.expose_secret(), REFRESH_SECRET);
        assert!(config.refresh_secrets.previous.is_none());
        assert_eq!(config.database_url.describe(), "SQL Server at 127.0.0.1:1");

        let asked = azure.asked();
        assert!(asked[0].contains("/secrets/") && asked[0].ends_with(" unauthorized"), "the challenge: {asked:?}");
        let tokens = asked.iter().filter(|line| line.starts_with("identity.azure.test")).collect::<Vec<_>>();
        let resource = "identity.azure.test/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fvault.azure.net";
        assert_eq!(tokens, [&format!("{resource} authorized")], "one token for all of them");
    });
}

#[test]
fn a_developer_who_is_signed_in_needs_no_managed_identity() {
    tell_at_a_desk(true, async |azure| {
        fill(&azure);
        let config = load(&azure, &[("DATABASE_URL", "sqlite::memory:")]).await.unwrap().config;
        assert_eq!(config.access_secrets.current.expose_secret(), ACCESS_SECRET);
        assert!(!azure.asked().iter().any(|line| line.contains("/msi/token")), "{:?}", azure.asked());
    });
}

#[test]
fn security_30_a_developer_who_is_not_signed_in_is_told_to() {
    tell_at_a_desk(false, async |azure| {
        fill(&azure);
        let told = refused(&azure).await;
        assert!(told.contains("Please run 'az login'") && told.contains("KEY_VAULT_URL"), "{told}");
        assert!(!told.contains('\n'), "{told}");
    });
}

#[test]
fn security_30_a_database_that_the_environment_names_is_no_business_of_the_vault() {
    tell(async |azure| {
        fill(&azure);
        azure.put(DATABASE, SERVER);
        let config = load(&azure, &[("DATABASE_URL", "sqlite::memory:")]).await.unwrap().config;
        assert_eq!(config.database_url.describe(), "SQLite in memory");
        assert_eq!(azure.readings_of(DATABASE), 0);
    });
}

#[test]
fn security_30_a_secret_that_the_vault_lacks_is_named() {
    tell(async |azure| {
        azure.put(ACCESS, ACCESS_SECRET);
        let told = refused(&azure).await;
        assert!(told.contains("JWT-REFRESH-SECRET-KEY in the vault") && told.contains("missing"), "{told}");
        fill(&azure);
        azure.disable(ACCESS);
        let told = refused(&azure).await;
        assert!(told.contains("JWT-SECRET-KEY in the vault") && told.contains("disabled"), "{told}");
        fill(&azure);
        azure.put(PREVIOUS, "the access secret before");
        azure.disable(PREVIOUS);
        let config = load(&azure, &[("DATABASE_URL", "sqlite::memory:")]).await.unwrap().config;
        assert!(config.access_secrets.previous.is_none(), "that one may be disabled");
    });
}

#[test]
fn security_30_who_is_refused_is_told_what_to_do() {
    tell(async |azure| {
        fill(&azure);
        for (identity, vault, word) in [
            (Mood::Refuses, Mood::Well, "give the app a managed identity"),
            (Mood::Away, Mood::Well, "give the app a managed identity"),
            (Mood::Babbles, Mood::Well, "an answer of an unknown form"),
            (Mood::Well, Mood::Refuses, "403 ForbiddenByRbac): give it the role Key Vault Secrets User"),
            (Mood::Well, Mood::Away, "is its address right"),
            (Mood::Well, Mood::Babbles, "an answer of an unknown form"),
        ] {
            azure.identity_is(identity);
            azure.vault_is(vault);
            let told = timeout(Duration::from_secs(10), refused(&azure)).await.expect("it ends in time");
            assert!(told.contains(word) && told.contains("KEY_VAULT_URL"), "{identity:?} {vault:?}: {told}");
            let secret = [TOKEN, IDENTITY_HEADER, ACCESS_SECRET, REFRESH_SECRET, "hunter2"];
            assert!(!told.contains('\n') && !secret.iter().any(|secret| told.contains(secret)), "{told}");
        }
    });
}

#[test]
fn security_09_a_rotation_in_the_vault_needs_no_restart() {
    tell(async |azure| {
        let (_app, mut refresher, ana) = running(&azure, Rhythm::default()).await;
        azure.put(PREVIOUS, ACCESS_SECRET);
        azure.put(ACCESS, NEXT);
        assert!(refresher.read_again().await);
        ana.get(ME).await.expect_status(200);
        let after = again(&ana).await;
        assert_ne!(header_of(after.token())["kid"], header_of(ana.token())["kid"]);
        let signed = sign(&header_of(after.token()), &claims_of(after.token()), NEXT);
        assert_eq!(signed, after.token(), "signed by the new one");

        azure.remove(PREVIOUS);
        assert!(refresher.read_again().await);
        ana.get(ME).await.expect_refusal(401, "UNAUTHORIZED");
        after.get(ME).await.expect_status(200);
    });
}

#[test]
fn security_09_a_running_handler_reads_again_by_itself_whatever_happened_before() {
    tell(async |azure| {
        let moment = Duration::from_millis(20);
        let hasty = Rhythm { every: moment, again: moment, ..Rhythm::default() };
        let (_app, refresher, ana) = running(&azure, hasty).await;
        azure.vault_is(Mood::Away);
        azure.put(ACCESS, NEXT);
        let mark = azure.log.mark();
        let keeping = tokio::spawn(refresher.run());
        let is_told = async |word: &str| {
            while !azure.log.text_since(mark).contains(word) {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(20), is_told("can't be renewed")).await.unwrap();
        azure.vault_is(Mood::Well);
        timeout(Duration::from_secs(20), is_told("secrets were replaced")).await.unwrap();
        assert_ne!(header_of(again(&ana).await.token())["kid"], header_of(ana.token())["kid"]);
        ended(keeping).await;
    });
}

#[test]
fn security_09_sessions_go_on_while_the_refresh_secret_is_rotated() {
    tell(async |azure| {
        let (_app, mut refresher, ana) = running(&azure, Rhythm::default()).await;
        azure.put("JWT-REFRESH-SECRET-KEY-PREVIOUS", REFRESH_SECRET);
        azure.put(REFRESH, "the next refresh secret of the stories");
        assert!(refresher.read_again().await);
        let after = ana.refreshed_by(&ana.refresh().await);
        assert_ne!(header_of(&after.refresh_token)["kid"], header_of(&ana.refresh_token)["kid"]);
        after.refresh().await.expect_status(200);
    });
}

#[test]
fn security_09_a_secret_that_was_only_replaced_stays_good_for_a_while() {
    tell(async |azure| {
        let (_app, mut refresher, ana) = running(&azure, Rhythm::default()).await;
        azure.put(ACCESS, NEXT);
        azure.put(REFRESH, "the next refresh secret of the stories");
        for _ in 0..2 {
            assert!(refresher.read_again().await);
            ana.get(ME).await.expect_status(200);
        }
        ana.refreshed_by(&ana.refresh().await).get(ME).await.expect_status(200);
        // The word of the vault goes before: it ends a secret at once that has become known to others.
        azure.put(PREVIOUS, "a secret that nobody has signed with");
        assert!(refresher.read_again().await);
        ana.get(ME).await.expect_refusal(401, "UNAUTHORIZED");
    });
}

#[test]
fn security_09_and_no_longer_than_that_while() {
    tell(async |azure| {
        let rhythm = Rhythm { grace: Duration::ZERO, ..Rhythm::default() };
        let (_app, mut refresher, ana) = running(&azure, rhythm).await;
        azure.put(ACCESS, NEXT);
        assert!(refresher.read_again().await);
        ana.get(ME).await.expect_refusal(401, "UNAUTHORIZED");
        again(&ana).await.get(ME).await.expect_status(200);
    });
}

#[test]
fn security_09_what_another_instance_has_signed_by_a_new_secret_is_good_at_once() {
    tell(async |azure| {
        let (app, mut first, ana) = running(&azure, Rhythm::default()).await;
        let other = app.beside(Setup::default());
        let second = tokio::spawn(beside(&azure, &other, Rhythm::default()).await.run());
        azure.put(ACCESS, NEXT);
        azure.put(REFRESH, "the next refresh secret of the stories");
        assert!(first.read_again().await);
        let after = again(&ana).await;
        after.at(&other).get(ME).await.expect_status(200);
        after.at(&other).refresh().await.expect_status(200);
        ana.at(&other).get(ME).await.expect_status(200);
        ended(second).await;
    });
}

#[test]
fn security_09_many_strange_kids_are_one_reading_of_the_vault() {
    tell(async |azure| {
        let (app, refresher, ana) = running(&azure, Rhythm::default()).await;
        let keeping = tokio::spawn(refresher.run());
        let before = azure.readings_of(ACCESS);
        let (header, claims) = (header_of(ana.token()), claims_of(ana.token()));
        let strange = |number: u64| sign(&with(&header, "kid", format!("{number:016x}")), &claims, ACCESS_SECRET);
        let stranger = app.anonymous();
        let tokens = (0..50).map(strange).collect::<Vec<_>>();
        let asking = tokens.iter().map(|token| {
            let stranger = stranger.with_token(token);
            async move { stranger.get(ME).await.expect_refusal(401, "UNAUTHORIZED").status }
        });
        assert_eq!(futures_util::future::join_all(asking).await.len(), 50);
        for token in &tokens {
            stranger.with_token(token).get(ME).await.expect_refusal(401, "UNAUTHORIZED");
            let body = json!({ "refresh_token": token });
            stranger.post("/api/v1/auth/refresh", &body).await.expect_refusal(401, "UNAUTHORIZED");
        }
        assert_eq!(azure.readings_of(ACCESS), before + 1);
        ana.get(ME).await.expect_status(200);
        ended(keeping).await;
    });
}

#[test]
fn security_09_a_vault_that_goes_away_leaves_the_last_good_secrets() {
    tell(async |azure| {
        let (_app, mut refresher, ana) = running(&azure, Rhythm::default()).await;
        azure.vault_is(Mood::Away);
        azure.put(ACCESS, NEXT);
        let mark = azure.log.mark();
        for _ in 0..2 {
            assert!(!refresher.read_again().await);
            again(&ana).await.get(ME).await.expect_status(200);
        }
        let told = azure.log.lines_since(mark);
        let errors = told.iter().filter(|line| line["level"] == "ERROR").collect::<Vec<_>>();
        assert_eq!(errors.len(), 1, "it is told once: {told:?}");
        assert!(errors[0]["cause"].as_str().unwrap().contains("KEY_VAULT_URL"), "{told:?}");

        azure.vault_is(Mood::Well);
        assert!(refresher.read_again().await);
        assert!(azure.log.text_since(mark).contains("the secrets could be read again"));
        let kid = header_of(again(&ana).await.token())["kid"].clone();
        assert_ne!(kid, header_of(ana.token())["kid"], "what was put there meanwhile");
    });
}

#[test]
fn security_30_a_new_secret_that_is_no_good_is_kept_out() {
    tell(async |azure| {
        let (_app, mut refresher, ana) = running(&azure, Rhythm::default()).await;
        azure.put(ACCESS, NEXT);
        // In development only this is refused of a secret: that it is the other one, too.
        azure.put(REFRESH, NEXT);
        let mark = azure.log.mark();
        assert!(!refresher.read_again().await);
        let told = azure.log.text_since(mark);
        assert!(told.contains("JWT-REFRESH-SECRET-KEY in the vault") && !told.contains(NEXT), "{told}");
        let after = again(&ana).await;
        assert_eq!(header_of(after.token())["kid"], header_of(ana.token())["kid"], "none of them counts");
        azure.remove(REFRESH);
        assert!(!refresher.read_again().await, "nor is a secret done away with");
        ana.refresh().await.expect_status(200);
    });
}

#[test]
fn security_11_no_log_tells_a_secret_or_the_token_of_the_vault() {
    tell(async |azure| {
        azure.put(DATABASE, SERVER);
        let mark = azure.log.mark();
        let (_app, mut refresher, _ana) = running(&azure, Rhythm::default()).await;
        for mood in [Mood::Well, Mood::Refuses, Mood::Babbles, Mood::Away] {
            azure.put(ACCESS, NEXT);
            azure.vault_is(mood);
            refresher.read_again().await;
        }
        let text = azure.log.text_since(mark);
        assert!(text.contains("secrets were replaced") && text.contains("can't be renewed"), "{text}");
        for secret in [ACCESS_SECRET, REFRESH_SECRET, NEXT, TOKEN, IDENTITY_HEADER, "hunter2"] {
            let line = text.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret:?} was logged");
        }
    });
}

#[test]
fn a_connection_string_replaced_in_the_vault_is_that_of_every_further_connection() {
    tell(async |azure| {
        fill(&azure);
        let (before, after) = (listener().await, listener().await);
        azure.put(DATABASE, &setting(&before));
        let loaded = load(&azure, &[]).await.unwrap();
        let db = Database::open(&loaded.config.database_url, 1).unwrap();
        let tokens = Arc::clone(&TestApp::new().await.state.tokens);
        let mut refresher = Refresher::new(loaded.origin.unwrap(), tokens, db.clone(), Rhythm::default());
        // Whoever calls is hung up on; attempts that began before a change may still go to the server before it.
        let is_asked = async |listener: &TcpListener| {
            let call = async {
                while db.ping().await.is_err() {
                    tokio::task::yield_now().await;
                }
            };
            let accepted = async { timeout(Duration::from_secs(20), listener.accept()).await.is_ok() };
            tokio::select! { accepted = accepted => accepted, () = call => false }
        };
        assert!(is_asked(&before).await);
        azure.put(DATABASE, &setting(&after));
        assert!(refresher.read_again().await);
        assert!(is_asked(&after).await);
        azure.put(DATABASE, "sqlite::memory:");
        assert!(!refresher.read_again().await, "another engine is no other connection");
        assert!(is_asked(&after).await);
    });
}

/// A connection string to a server here.
fn setting(listener: &TcpListener) -> String {
    format!("server=tcp:127.0.0.1,{};User Id=u;Password=hunter2", listener.local_addr().unwrap().port())
}

async fn listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap()
}
