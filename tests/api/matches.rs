//! `GET /matches` and `GET /travels/{travel_id}/matches`. That they find everybody and nobody else is held against an
//! oracle in `tests/sql/matching.rs`; here is what a client sees of it.

use serde_json::{Value, json};
use tests::{Answer, Person, TestApp, promises, statements};

async fn connected(app: &TestApp, one: &Person, other: &Person) {
    statements::connect(&app.state.db, one.id, other.id, "accepted").await;
}

/// The id of a new plan.
async fn plans(person: &Person, city: &str, country: &str, [start, end]: [&str; 2]) -> i64 {
    let plan = json!({ "city": city, "country": country, "start_date": start, "end_date": end });
    person.post("/api/v1/travels", &plan).await.expect_status(201).json()["id"].as_i64().unwrap()
}

async fn lives_in(person: &Person, city: &str, country: Option<&str>) {
    let home = json!({ "home_city": city, "home_country": country });
    person.put("/api/v1/users/me", &home).await.expect_status(200);
}

async fn matches_of(person: &Person, plan: i64) -> Answer {
    person.get(&format!("/api/v1/travels/{plan}/matches")).await
}

/// Names and kinds, in the order of the answer.
fn seen(answer: &Answer) -> Vec<(String, String)> {
    let body = answer.expect_status(200).json();
    let matches = body["matches"].as_array().unwrap();
    assert_eq!(body["total_matches"], matches.len());
    let text = |entry: &Value, field: &str| entry[field].as_str().unwrap().to_owned();
    matches.iter().map(|entry| (text(entry, "display_name"), text(entry, "match_type"))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned())).collect()
}

/// Ana goes to New York; Jane does at about the same time, and Bob lives there.
async fn new_york() -> (TestApp, [Person; 3], i64) {
    let (app, [ana, jane, bob]) = TestApp::with_users(["ana", "jane", "bob"]).await;
    connected(&app, &ana, &jane).await;
    connected(&app, &bob, &ana).await;
    let picture = json!({ "profile_pic_url": "https://example.org/bob.jpg" });
    bob.put("/api/v1/users/me", &picture).await.expect_status(200);
    lives_in(&bob, "New York", Some("USA")).await;
    let plan = plans(&ana, "New York", "USA", ["2026-03-15", "2026-03-20"]).await;
    plans(&jane, "new york", "United States", ["2026-03-14", "2026-03-18"]).await;
    (app, [ana, jane, bob], plan)
}

#[tokio::test]
async fn a_plan_is_answered_with_those_who_travel_there_and_those_who_live_there() {
    let (_app, [ana, jane, bob], plan) = new_york().await;
    let answer = matches_of(&ana, plan).await.expect_status(200).json();
    assert_eq!(promises::keys(&answer), ["travel_plan", "matches", "total_matches"]);
    assert_eq!(
        answer["travel_plan"],
        json!({ "id": plan, "city": "New York", "country": "USA", "start_date": "2026-03-15", "end_date": "2026-03-20" })
    );
    assert_eq!(
        answer["matches"],
        json!([
            {
                "match_type": "home_city", "user_id": bob.id, "display_name": "Bob",
                "profile_pic_url": "https://example.org/bob.jpg", "home_city": "New York", "home_country": "USA",
                "overlap": { "start_date": "2026-03-15", "end_date": "2026-03-20", "days": 6 },
            },
            {
                "match_type": "traveling", "user_id": jane.id, "display_name": "Jane", "profile_pic_url": null,
                "travel_plan": {
                    "id": answer["matches"][1]["travel_plan"]["id"], "start_date": "2026-03-14",
                    "end_date": "2026-03-18", "description": null,
                },
                "overlap": { "start_date": "2026-03-15", "end_date": "2026-03-18", "days": 4 },
            },
        ])
    );
    assert_eq!(answer["total_matches"], 2);
}

#[tokio::test]
async fn any_city_and_days_may_be_asked_for_and_stand_in_the_answer() {
    let (_app, [ana, ..], _) = new_york().await;
    let query = "start_date=2026-03-18&end_date=2026-03-18";
    let answer = ana.get(&format!("/api/v1/matches?city=NEW%20YORK&country=us&{query}")).await;
    assert_eq!(seen(&answer), pairs(&[("Bob", "home_city"), ("Jane", "traveling")]));
    let body = answer.json();
    assert_eq!(promises::keys(&body), ["query", "matches", "total_matches"]);
    let mut asked = json!({
        "city": "NEW YORK", "country": "us", "start_date": "2026-03-18", "end_date": "2026-03-18"
    });
    assert_eq!(body["query"], asked);

    let anywhere = ana.get(&format!("/api/v1/matches?city=new+york&{query}")).await;
    assert_eq!(seen(&anywhere), seen(&answer));
    asked["city"] = json!("new york");
    asked["country"] = Value::Null;
    assert_eq!(anywhere.json()["query"], asked);
    let elsewhere = ana.get(&format!("/api/v1/matches?city=New%20York&country=Canada&{query}")).await;
    assert_eq!(seen(&elsewhere), []);
}

#[tokio::test]
async fn one_day_in_common_is_enough_and_none_is_not() {
    let (_app, [ana, jane, _], _) = new_york().await;
    for (days, met) in [
        (["2026-03-18", "2026-03-25"], true),
        (["2026-03-10", "2026-03-14"], true),
        (["2026-03-19", "2026-03-25"], false),
        (["2026-03-10", "2026-03-13"], false),
    ] {
        let plan = plans(&ana, "New York", "USA", days).await;
        let met_jane = seen(&matches_of(&ana, plan).await).contains(&("Jane".to_owned(), "traveling".to_owned()));
        assert_eq!(met_jane, met, "{days:?}");
        let back = jane.get("/api/v1/matches?city=New%20York&start_date=2026-03-14&end_date=2026-03-18").await;
        assert!(seen(&back).iter().any(|(name, _)| name == "Ana"), "Jane meets Ana on her first plan at least");
    }
}

#[tokio::test]
async fn who_lives_there_counts_only_without_a_plan_anywhere_and_never_twice() {
    let (_app, [ana, _, bob], plan) = new_york().await;
    let away = plans(&bob, "Oslo", "Norway", ["2026-03-20", "2026-03-21"]).await;
    assert_eq!(seen(&matches_of(&ana, plan).await), pairs(&[("Jane", "traveling")]));
    bob.delete(&format!("/api/v1/travels/{away}")).await.expect_status(204);
    assert_eq!(seen(&matches_of(&ana, plan).await), pairs(&[("Bob", "home_city"), ("Jane", "traveling")]));
    plans(&bob, "New York", "USA", ["2026-03-16", "2026-03-16"]).await;
    assert_eq!(seen(&matches_of(&ana, plan).await), pairs(&[("Jane", "traveling"), ("Bob", "traveling")]));
}

#[tokio::test]
async fn a_home_without_a_country_is_in_any() {
    let (_app, [ana, _, bob], plan) = new_york().await;
    for (country, met) in [(None, true), (Some("U.S."), true), (Some("Canada"), false)] {
        lives_in(&bob, "new-york", country).await;
        assert_eq!(seen(&matches_of(&ana, plan).await).len(), if met { 2 } else { 1 }, "{country:?}");
    }
}

#[tokio::test]
async fn matches_are_ordered_by_the_first_common_day_then_by_name_then_by_id() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let plan = plans(&ana, "Rome", "Italy", ["2026-05-10", "2026-05-20"]).await;
    let mut expected = Vec::new();
    for (number, (name, days)) in [
        ("zoe", ["2026-05-01", "2026-05-12"]),
        ("Bea", ["2026-05-12", "2026-05-13"]),
        ("bea", ["2026-05-12", "2026-05-30"]),
        ("Álvaro", ["2026-05-12", "2026-05-12"]),
        ("Adam", ["2026-05-20", "2026-05-21"]),
    ]
    .into_iter()
    .enumerate()
    {
        let friend = app.joined_as(&format!("friend{number}@example.org"), name).await;
        connected(&app, &friend, &ana).await;
        plans(&friend, "ROMA", "it", days).await;
        plans(&friend, "Rome", "it", days).await;
        expected.push(friend.id);
    }
    let body = matches_of(&ana, plan).await.expect_status(200).json();
    let ids: Vec<_> =
        body["matches"].as_array().unwrap().iter().map(|entry| entry["user_id"].as_i64().unwrap()).collect();
    assert_eq!(ids, [0, 3, 1, 2, 4].map(|number| expected[number]));
}

#[tokio::test]
async fn security_16_only_connections_are_ever_found() {
    let (app, [ana, jane, bob], plan) = new_york().await;
    let [asked, asking, refused, stranger, gone] = {
        let mut others = Vec::new();
        for name in ["asked", "asking", "refused", "stranger", "gone"] {
            let other = app.joined_by(name).await;
            plans(&other, "New York", "USA", ["2026-03-15", "2026-03-20"]).await;
            others.push(other);
        }
        <[Person; 5]>::try_from(others).ok().unwrap()
    };
    statements::connect(&app.state.db, ana.id, asked.id, "pending").await;
    statements::connect(&app.state.db, asking.id, ana.id, "pending").await;
    statements::connect(&app.state.db, refused.id, ana.id, "rejected").await;
    connected(&app, &gone, &ana).await;
    statements::deactivate(&app.state.db, gone.id).await;
    assert_eq!(seen(&matches_of(&ana, plan).await), pairs(&[("Bob", "home_city"), ("Jane", "traveling")]));
    let query = "/api/v1/matches?city=New%20York&start_date=2026-03-15&end_date=2026-03-20";
    for other in [&asked, &asking, &refused, &stranger] {
        assert_eq!(seen(&other.get(query).await), []);
    }
    assert_eq!(seen(&jane.get(query).await), pairs(&[("Ana", "traveling")]), "her own plan is no match");
    assert_eq!(seen(&bob.get(query).await), pairs(&[("Ana", "traveling")]));
}

#[tokio::test]
async fn security_14_the_matches_of_a_plan_are_its_owners() {
    let (app, [ana, jane, _], plan) = new_york().await;
    let stranger = app.joined_by("stranger").await;
    matches_of(&ana, plan).await.expect_status(200);
    matches_of(&jane, plan).await.expect_refusal(403, "FORBIDDEN");
    let hidden = matches_of(&stranger, plan).await;
    let missing = matches_of(&stranger, 2_147_483_647).await;
    assert_eq!(hidden.expect_refusal(404, "NOT_FOUND").refusal_as_such(), missing.refusal_as_such());
    stranger.get("/api/v1/travels/x/matches").await.expect_refusal(404, "NOT_FOUND");
    ana.delete(&format!("/api/v1/travels/{plan}")).await.expect_status(204);
    matches_of(&ana, plan).await.expect_refusal(404, "NOT_FOUND");
}

#[tokio::test]
async fn all_faults_of_a_question_are_told_at_once() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    for (query, fields) in [
        ("", &["city", "start_date", "end_date"][..]),
        ("city=&country=-&start_date=x&end_date=1999-12-31", &["city", "country", "start_date", "end_date"]),
        ("city=Rome&start_date=2026-03-15&end_date=2026-03-14", &["end_date"]),
        ("city=Rome&start_date=2026-03-15&end_date=2027-03-16", &["end_date"]),
        ("city=Rome&start_date=2031-02-01&end_date=2031-02-01", &["start_date", "end_date"]),
        ("city=Rome&city=Oslo&start_date=2026-03-15&end_date=2026-03-15", &["city"]),
        ("city=Rome&country=&start_date=2026-03-15&end_date=2026-03-15", &["country"]),
    ] {
        let answer = ana.get(&format!("/api/v1/matches?{query}")).await;
        assert_eq!(answer.expect_refusal(400, "VALIDATION_ERROR").fields_at_fault(), fields, "{query}");
    }
    for days in ["start_date=2026-03-15&end_date=2027-03-15", "start_date=2000-01-01&end_date=2000-01-01"] {
        ana.get(&format!("/api/v1/matches?city=Rome&{days}")).await.expect_status(200);
    }
}
