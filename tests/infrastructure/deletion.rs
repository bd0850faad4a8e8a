//! `infrastructure/sql/delete_user.sql` leaves nothing of a person, and everything of the others.

use handler::db::{Param, Query};
use handler::params;
use handler::scan::run::ScanSettings;
use serde_json::{Value, json};
use tests::{Person, TestApp, told};

const SCRIPT: &str = include_str!("../../infrastructure/sql/delete_user.sql");

/// The statements of the script, as an operator runs them: all in one transaction.
async fn delete(app: &TestApp, id: i64) {
    let id = i32::try_from(id).unwrap();
    let mut tx = app.database().open().begin().await.unwrap();
    let code = SCRIPT.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join("\n");
    for statement in code.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
        let text: &'static str = statement.to_owned().leak();
        let id: Vec<Param> = params![id];
        tx.execute(Query { name: "delete_user", sqlserver: text, sqlite: text }, id).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn travels(person: &Person, city: &str, country: &str, first: &str, last: &str) {
    let plan = json!({ "city": city, "country": country, "start_date": first, "end_date": last });
    person.post("/api/v1/travels", &plan).await.expect_status(201);
}

async fn lives_in(person: &Person, city: &str, country: &str) {
    let home = json!({ "home_city": city, "home_country": country });
    person.put("/api/v1/users/me", &home).await.expect_status(200);
}

async fn everything_of(person: &Person) -> String {
    let mut all = String::new();
    let requests = ["connections/requests/received?limit=100", "connections/requests/sent?limit=100"];
    for path in requests.into_iter().chain(["users/me", "connections?limit=100", "travels", "notifications?limit=100"])
    {
        let answer: Value = person.get(&format!("/api/v1/{path}")).await.expect_status(200).json();
        all.push_str(&answer.to_string());
    }
    all
}

#[tokio::test]
async fn a_deleted_person_is_gone_from_everybodys_sight_and_the_others_keep_what_is_theirs() {
    let (app, [ana, ben, cleo]) = TestApp::with_users(["ana", "ben", "cleo"]).await;
    ana.connects_with(&ben).await;
    ben.connects_with(&cleo).await;
    // Asked, and not answered: from either side.
    cleo.asks(&ana).await.expect_status(201);
    lives_in(&ana, "Lisbon", "Portugal").await;
    for person in [&ana, &ben, &cleo] {
        travels(person, "New York", "USA", "2026-12-05", "2026-12-10").await;
    }
    travels(&ben, "Lisbon", "Portugal", "2026-12-20", "2026-12-22").await;
    app.scanner(ScanSettings::default()).run(|_| ()).await.unwrap();
    // Not yet scanned: what she does last.
    travels(&ana, "Rome", "Italy", "2027-01-05", "2027-01-10").await;
    assert!(everything_of(&ben).await.contains("Ana"), "there is something to forget");
    delete(&app, ana.id).await;

    ana.get("/api/v1/users/me").await.expect_status(401);
    let (of_ben, of_cleo) = (everything_of(&ben).await, everything_of(&cleo).await);
    for seen in [&of_ben, &of_cleo] {
        assert!(!seen.contains("Ana") && !seen.contains("ana@"), "{seen}");
    }
    assert!(of_ben.contains("Cleo will be in New York"), "{of_ben}");
    assert!(of_cleo.contains("Ben will be in New York"), "{of_cleo}");
    let db = app.database().open();
    let ana = i32::try_from(ana.id).unwrap();
    assert!(told::causes(&db).await.iter().all(|cause| cause.user_id != ana));
    let remembered = told::matches(&db).await;
    assert!(!remembered.is_empty(), "of Ben and Cleo");
    assert!(remembered.iter().all(|(user, key)| *user != ana && key.home_user_id != ana), "{remembered:?}");
}
