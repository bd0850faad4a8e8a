//! A database with another schema than this build's: nothing is served from it, and `/ready` says which migration is at fault.

use std::time::Duration;

use handler::db::migrate::MIGRATIONS;
use serde_json::{Value, json};
use tests::statements::{Applied, applied_migrations, believe_in, expand_users};
use tests::{OwnDatabase, Person, Setup, TestApp};

use super::openapi::operations;

const ME: &str = "/api/v1/users/me";
/// How long a bad schema may be believed in after it is mended, generously.
const SOON: Duration = Duration::from_secs(20);

/// The app says `reason` and serves nothing but what needs no database, to `ana` or, without one, to anybody.
async fn refuses(app: &TestApp, ana: Option<&Person>, reason: &str) {
    let anybody = app.anonymous();
    let report = anybody.get("/ready").await.expect_status(503).json();
    assert_eq!(report, json!({ "status": "unavailable", "reason": reason }));
    let report = anybody.get("/health/detailed").await.expect_status(503).json();
    assert_eq!(report["migrations"], json!({ "status": "unavailable", "message": reason }));
    assert_eq!((&report["status"], &report["database"]["status"]), (&json!("unavailable"), &json!("ok")));

    let client = ana.map_or(anybody, |ana| (*ana.at(app)).clone());
    let mark = app.log.mark();
    let mut refused = 0;
    for operation in operations().into_iter().filter(|operation| operation.path.starts_with("/api/")) {
        let answer = client.send(operation.method, &operation.path, Some(&json!({}))).await;
        answer.expect_refusal(503, "SERVICE_UNAVAILABLE");
        assert!(!answer.text.contains("igration"), "what is wrong with us is for our operators: {answer:?}");
        refused += 1;
    }
    assert!(refused >= 10, "all operations, not {refused}");
    let strange = app.log.statements_since(mark).into_iter().find(|name| !name.starts_with("handler::db::migrate/"));
    assert_eq!(strange, None, "nothing but the schema is looked at");

    for path in ["/", "/health", "/live", "/openapi.json"] {
        client.get(path).await.expect_status(200);
    }
    // What does not exist does not exist, with whatever schema.
    client.get("/api/v1/nowhere").await.expect_status(404);
    client.delete(ME).await.expect_status(405);
}

/// A step that only a newer build knows.
fn of_tomorrow(version: i32, oldest_build: Option<i32>) -> Applied {
    Applied { version, name: "of_tomorrow".into(), checksum: "0".repeat(64), oldest_build }
}

async fn serves(app: &TestApp, ana: &Person) {
    let report = app.anonymous().get("/ready").await.expect_status(200).json();
    assert_eq!(report, json!({ "status": "ok", "reason": Value::Null }));
    ana.at(app).get(ME).await.expect_status(200);
}

#[tokio::test]
async fn security_29_an_empty_database_is_not_served_from_until_it_is_migrated() {
    let app = TestApp::start(Setup::default(), OwnDatabase::empty().await);
    refuses(&app, None, "migration 0001 is not applied: run `handler migrate`").await;
    app.database().migrate().await;
    app.anonymous().get("/ready").await.expect_status(200);
    app.joined_by("ana").await.get(ME).await.expect_status(200);
}

#[tokio::test]
async fn security_29_an_instance_notices_a_migration_by_itself() {
    let app = TestApp::start(Setup::default(), OwnDatabase::empty().await);
    let body = json!({ "email": "ana@example.org", "password": tests::PASSWORD });
    let log_in = async || app.anonymous().post("/api/v1/auth/login", &body).await;
    log_in().await.expect_status(503);
    app.database().migrate().await;
    let noticed = async {
        loop {
            let answer = log_in().await;
            if answer.status != 503 {
                return answer;
            }
        }
    };
    tokio::time::timeout(SOON, noticed).await.unwrap().expect_status(401);
}

#[tokio::test]
async fn security_29_a_schema_of_an_older_newer_or_other_build_is_not_served_from() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let db = &app.state.db;
    let right = applied_migrations(db).await;
    let latest = i32::try_from(MIGRATIONS.len()).unwrap();
    assert_eq!(right.last().map(|last| last.version), Some(latest));

    let older = right[..right.len() - 1].to_vec();
    let mut newer = right.clone();
    newer.push(of_tomorrow(latest + 1, None));
    let mut contracted = right.clone();
    contracted.extend([of_tomorrow(latest + 1, Some(latest)), of_tomorrow(latest + 2, Some(latest + 1))]);
    let mut other = right.clone();
    other[1].checksum = "0".repeat(64);
    for (believed, reason) in [
        (older, format!("migration {latest:04} is not applied: run `handler migrate`")),
        (newer, format!("the schema is at {:04}, newer than this build: deploy the newer build", latest + 1)),
        (contracted, format!("the schema is at {:04}, newer than this build: deploy the newer build", latest + 2)),
        (other, "migration 0002 was applied with another text: never edit an applied one".to_owned()),
    ] {
        serves(&app, &ana).await;
        believe_in(db, &believed).await;
        // One that served until now notices when it is asked, and one that starts now with its first request.
        refuses(&app, Some(&ana), &reason).await;
        let fresh = app.beside(Setup::default());
        ana.at(&fresh).get(ME).await.expect_refusal(503, "SERVICE_UNAVAILABLE");
        refuses(&fresh, Some(&ana), &reason).await;
        believe_in(db, &right).await;
        serves(&fresh, &ana).await;
    }
    serves(&app, &ana).await;
}

#[tokio::test]
async fn security_29_the_build_before_goes_on_while_the_next_one_takes_over() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let db = &app.state.db;
    let latest = i32::try_from(MIGRATIONS.len()).unwrap();
    let mut expanded = applied_migrations(db).await;
    expanded.push(of_tomorrow(latest + 1, Some(latest)));
    expand_users(db).await;
    believe_in(db, &expanded).await;

    // The one that served until now, and one that the host starts beside it before the new package is up.
    let fresh = app.beside(Setup::default());
    for app in [&app, &fresh] {
        let message =
            format!("the schema is at {:04}, newer than this build, which may still serve from it", latest + 1);
        let report = app.anonymous().get("/ready").await.expect_status(200).json();
        assert_eq!(report, json!({ "status": "ok", "reason": message }));
        let report = app.anonymous().get("/health/detailed").await.expect_status(200).json();
        assert_eq!(report["migrations"], json!({ "status": "ok", "message": message }));
        assert!(report["match_scan"].is_object(), "the scan goes on too: {report}");
        ana.at(app).get(ME).await.expect_status(200);
    }
    app.joined_by("ben").await.get(ME).await.expect_status(200);
}
