//! `GET /travels`, `GET /users/{id}/travels` and `GET /connections/travels`

use std::time::Duration;

use serde_json::{Value, json};
use tests::promises::keys;
use tests::{Answer, Person, TestApp, statements};

use crate::travel_sight::{CONNECTED, OTHERS, ana_and_everybody};
use crate::travels::{TRAVELS, path_of, planned, rome};

const OF_CONNECTIONS: &str = "/api/v1/connections/travels";

fn of(person: &Person) -> String {
    format!("/api/v1/users/{}/travels", person.id)
}

/// The descriptions in a list, by which these stories tell plans apart; the list has no more than them.
fn names(answer: &Answer) -> Vec<String> {
    let data = answer.expect_status(200).data();
    assert_eq!(answer.json()["pagination"]["total"], data.len(), "{answer:?}");
    data.iter().map(|plan| plan["description"].as_str().unwrap().to_owned()).collect()
}

async fn listed(person: &Person, path: &str) -> Vec<String> {
    names(&person.get(path).await)
}

/// Writes down a plan to Rome with this description.
async fn plan(person: &Person, name: &str, start: &str, end: &str) -> Value {
    let mut plan = rome(start, end);
    plan["description"] = name.into();
    planned(person, &plan).await
}

async fn plan_to(person: &Person, name: &str, city: &str, country: &str) -> Value {
    let plan = json!({
        "city": city, "country": country, "start_date": "2026-03-15", "end_date": "2026-03-20", "description": name,
    });
    planned(person, &plan).await
}

/// Plans around 2026-01-31, when every story begins. The two that are called alike tie.
async fn plans_around_today(person: &Person) {
    for (name, start, end) in [
        ("next year", "2027-01-01", "2027-01-05"),
        ("yesterday", "2026-01-20", "2026-01-30"),
        ("today only", "2026-01-31", "2026-01-31"),
        ("tomorrow", "2026-02-01", "2026-02-02"),
        ("long ago", "2001-05-01", "2001-05-03"),
        ("ends today", "2026-01-20", "2026-01-31"),
        ("for a year", "2025-01-31", "2026-01-31"),
        ("tomorrow too", "2026-02-01", "2026-02-01"),
        ("in between", "2026-01-30", "2026-03-01"),
        ("yesterday too", "2026-01-20", "2026-01-21"),
    ] {
        plan(person, name, start, end).await;
    }
}

const ALL: [&str; 10] = [
    "next year",
    "tomorrow too",
    "tomorrow",
    "today only",
    "in between",
    "yesterday too",
    "ends today",
    "yesterday",
    "for a year",
    "long ago",
];
const UPCOMING: [&str; 7] =
    ["for a year", "ends today", "in between", "today only", "tomorrow", "tomorrow too", "next year"];
const CURRENT: [&str; 4] = ["for a year", "ends today", "in between", "today only"];
const PAST: [&str; 3] = ["yesterday too", "yesterday", "long ago"];

/// Ana and Ben, who are connected; Ana has plans around today.
async fn friends() -> (TestApp, Person, Person) {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    statements::connect(&app.state.db, ana.id, ben.id, "accepted").await;
    plans_around_today(&ana).await;
    (app, ana, ben)
}

#[tokio::test]
async fn each_list_has_its_plans_in_its_order_and_ties_are_broken_by_id() {
    let (_app, ana, ben) = friends().await;
    for (person, path) in
        [(&ana, TRAVELS.to_owned()), (&ana, of(&ana)), (&ben, of(&ana)), (&ben, OF_CONNECTIONS.into())]
    {
        for (when, expected) in [("all", &ALL[..]), ("upcoming", &UPCOMING), ("current", &CURRENT), ("past", &PAST)] {
            assert_eq!(listed(person, &format!("{path}?when={when}")).await, expected, "{path} {when}");
        }
    }
    assert_eq!(listed(&ana, TRAVELS).await, ALL);
    assert_eq!(listed(&ben, &of(&ana)).await, ALL);
    assert_eq!(listed(&ben, OF_CONNECTIONS).await, UPCOMING, "where one's friends will be");
}

#[tokio::test]
async fn what_ends_today_is_upcoming_and_current_and_past_from_midnight_utc_on() {
    let (app, ana, ben) = friends().await;
    // 2026-01-31, 23:59:59.25
    app.clock.advance(Duration::from_secs(13 * 3_600 + 29 * 60 + 59));
    let (ana, ben) = (ana.on_another_device().await, ben.on_another_device().await);
    let lists = [(&ana, TRAVELS.to_owned()), (&ben, of(&ana)), (&ben, OF_CONNECTIONS.to_owned())];
    for (person, path) in &lists {
        assert_eq!(listed(person, &format!("{path}?when=current")).await, CURRENT);
        assert_eq!(listed(person, &format!("{path}?when=past")).await, PAST);
    }
    app.clock.advance(Duration::from_secs(1));
    for (person, path) in &lists {
        assert_eq!(
            listed(person, &format!("{path}?when=upcoming")).await,
            ["in between", "tomorrow", "tomorrow too", "next year"]
        );
        assert_eq!(listed(person, &format!("{path}?when=current")).await, ["in between", "tomorrow", "tomorrow too"]);
        assert_eq!(
            listed(person, &format!("{path}?when=past")).await,
            ["today only", "yesterday too", "ends today", "yesterday", "for a year", "long ago"]
        );
        assert_eq!(listed(person, &format!("{path}?when=all")).await, ALL);
    }
}

#[tokio::test]
async fn a_list_follows_every_change() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    let (first, second) =
        (plan(&ana, "first", "2026-03-01", "2026-03-02").await, plan(&ana, "second", "2026-03-03", "2026-03-03").await);
    assert_eq!(listed(&ana, TRAVELS).await, ["second", "first"]);
    ana.put(&path_of(&first), &json!({ "start_date": "2026-01-01", "end_date": "2026-01-02" }))
        .await
        .expect_status(200);
    assert_eq!(listed(&ana, "/api/v1/travels?when=upcoming").await, ["second"]);
    assert_eq!(listed(&ana, "/api/v1/travels?when=past").await, ["first"]);
    ana.delete(&path_of(&second)).await.expect_status(204);
    assert_eq!(listed(&ana, TRAVELS).await, ["first"]);
}

#[tokio::test]
async fn entries_are_whole_plans_and_those_of_connections_have_their_owner() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    statements::connect(&app.state.db, ben.id, ana.id, "accepted").await;
    let about = json!({ "bio": "Surfs.", "profile_pic_url": "https://example.org/ana.jpg", "home_city": "Lisbon" });
    ana.put("/api/v1/users/me", &about).await.expect_status(200);
    let mut plan = plan(&ana, "Surfing", "2026-03-15", "2026-03-20").await;
    assert_eq!(ana.get(TRAVELS).await.data(), [plan.clone()]);
    assert_eq!(ben.get(&of(&ana)).await.data(), [plan.clone()]);
    plan["user"] = json!({
        "id": ana.id, "display_name": "Ana", "profile_pic_url": "https://example.org/ana.jpg", "home_city": "Lisbon",
        "home_country": null,
    });
    let entries = ben.get(OF_CONNECTIONS).await.expect_status(200).data();
    assert_eq!(entries, [plan]);
    assert_eq!(keys(&entries[0]).len(), 10);
}

#[tokio::test]
async fn unknown_values_are_refused_and_all_faults_told_at_once() {
    let (_app, ana, ben) = friends().await;
    for (person, path) in [(&ana, TRAVELS.to_owned()), (&ben, of(&ana)), (&ben, OF_CONNECTIONS.into())] {
        for when in ["", "All", "future", "upcoming,past", "%00", "all%20"] {
            let answer = person.get(&format!("{path}?when={when}")).await;
            assert_eq!(answer.expect_fault("when").fault("when"), "when must be all, upcoming, past or current");
        }
        person.get(&format!("{path}?when=all&when=all")).await.expect_fault("when");
        let answer = person.get(&format!("{path}?when=x&limit=101&offset=-1")).await;
        assert_eq!(answer.expect_status(400).fields_at_fault(), ["when", "limit", "offset"]);
        person.get(&format!("{path}?utm_source=x")).await.expect_status(200);
    }
    let long = "x".repeat(101);
    for (query, fields) in [
        ("city=&country=", &["city", "country"][..]),
        ("when=x&city=%21&country=%F0%9F%8C%8D&limit=0", &["when", "city", "country", "limit"]),
        ("city=a%0Ab&country=a%00b", &["city", "country"]),
        ("city=%ff", &["city"]),
        ("city=a&city=a", &["city"]),
        (&format!("country={long}"), &["country"]),
    ] {
        let answer = ben.get(&format!("{OF_CONNECTIONS}?{query}")).await;
        assert_eq!(answer.expect_refusal(400, "VALIDATION_ERROR").fields_at_fault(), fields, "{query}");
    }
}

#[tokio::test]
async fn a_list_is_shown_a_page_at_a_time() {
    let (_app, ana, ben) = friends().await;
    for (person, path) in [(&ana, TRAVELS.to_owned()), (&ben, of(&ana)), (&ben, OF_CONNECTIONS.into())] {
        for (when, expected) in [("all", &ALL[..]), ("upcoming", &UPCOMING)] {
            for offset in 0..=expected.len() + 1 {
                let answer = person.get(&format!("{path}?when={when}&limit=3&offset={offset}")).await;
                let rest = expected.iter().skip(offset);
                let shown: Vec<String> = answer
                    .expect_status(200)
                    .data()
                    .iter()
                    .map(|plan| plan["description"].as_str().unwrap().into())
                    .collect();
                assert_eq!(shown, rest.clone().take(3).copied().collect::<Vec<_>>());
                assert_eq!(
                    answer.json()["pagination"],
                    json!({ "limit": 3, "offset": offset, "total": expected.len(), "has_more": rest.len() > 3 })
                );
            }
        }
        let far = person.get(&format!("{path}?when=all&offset=2147483647")).await.json();
        assert_eq!((&far["data"], &far["pagination"]["total"]), (&json!([]), &json!(10)));
    }
    let nothing = json!({ "data": [], "pagination": { "limit": 20, "offset": 0, "total": 0, "has_more": false } });
    assert_eq!(ben.get(TRAVELS).await.json(), nothing);
    assert_eq!(ana.get(OF_CONNECTIONS).await.json(), nothing);
}

#[tokio::test]
async fn security_14_the_plans_of_somebody_are_for_themselves_and_their_connections() {
    let (app, ana, everybody) = ana_and_everybody().await;
    plan(&ana, "of Ana", "2026-03-15", "2026-03-20").await;
    for (standing, person) in &everybody {
        plan(person, standing, "2026-03-15", "2026-03-20").await;
        let answer = person.get(&of(&ana)).await;
        if CONNECTED.contains(standing) {
            assert_eq!(names(&answer), ["of Ana"], "{standing}");
            assert_eq!(listed(person, OF_CONNECTIONS).await, ["of Ana"], "{standing}");
        } else {
            answer.expect_refusal(403, "FORBIDDEN");
            assert!(answer.text.contains("connect"), "{answer:?}");
            person.get(&format!("/api/v1/users/{}", ana.id)).await.expect_status(200);
            assert_eq!(listed(person, OF_CONNECTIONS).await, Vec::<String>::new(), "{standing}");
        }
        assert_eq!(listed(person, TRAVELS).await, [*standing], "nobody else's");
    }
    assert_eq!(listed(&ana, &of(&ana)).await, ["of Ana"]);
    assert_eq!(listed(&ana, OF_CONNECTIONS).await, CONNECTED, "never one's own");
    for path in [TRAVELS, OF_CONNECTIONS, &of(&ana)] {
        ana.without_token().get(path).await.expect_refusal(401, "UNAUTHORIZED");
    }
    // A query that can't be read is refused before a person that may not be seen, and that after an id that is none.
    let (_, stranger) = everybody.iter().find(|(standing, _)| *standing == OTHERS[5]).unwrap();
    stranger.get(&format!("{}?when=x", of(&ana))).await.expect_fault("when");
    stranger.get("/api/v1/users/me/travels?when=x").await.expect_refusal(404, "NOT_FOUND");

    let [(_, former), (_, friend), ..] = &everybody[..] else { unreachable!("two connections") };
    statements::deactivate(&app.state.db, former.id).await;
    for path in [TRAVELS, OF_CONNECTIONS, &of(&ana)] {
        former.get(path).await.expect_refusal(401, "UNAUTHORIZED");
    }
    assert_eq!(listed(&ana, OF_CONNECTIONS).await, CONNECTED[1..], "inactive users are not there");
    let gone = ana.get(&of(former)).await.expect_refusal(404, "NOT_FOUND").refusal_as_such();
    assert_eq!(gone, ana.get("/api/v1/users/2147483647/travels").await.expect_status(404).refusal_as_such());
    statements::deactivate(&app.state.db, ana.id).await;
    friend.get(&of(&ana)).await.expect_refusal(404, "NOT_FOUND");
    stranger.get(&of(&ana)).await.expect_refusal(404, "NOT_FOUND");
    assert_eq!(listed(friend, OF_CONNECTIONS).await, Vec::<String>::new());
}

#[tokio::test]
async fn security_16_a_removed_connection_loses_sight_of_all_plans_at_once() {
    let (_app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    let connection = ana.connects_with(&ben).await;
    plans_around_today(&ana).await;
    assert_eq!(listed(&ben, &of(&ana)).await, ALL);
    assert_eq!(listed(&ben, OF_CONNECTIONS).await, UPCOMING);
    ana.delete(&format!("/api/v1/connections/{connection}")).await.expect_status(204);
    ben.get(&of(&ana)).await.expect_refusal(403, "FORBIDDEN");
    for query in ["", "?when=all", "?city=Rome", "?country=Italy"] {
        assert_eq!(listed(&ben, &format!("{OF_CONNECTIONS}{query}")).await, Vec::<String>::new());
    }
    assert_eq!(listed(&ana, TRAVELS).await, ALL);
}

#[tokio::test]
async fn the_plans_of_several_connections_make_one_list() {
    let (app, [ana, ben, cleo, dora]) = TestApp::with_users(["ana", "ben", "cleo", "dora"]).await;
    statements::connect(&app.state.db, ana.id, ben.id, "accepted").await;
    statements::connect(&app.state.db, cleo.id, ana.id, "accepted").await;
    statements::connect(&app.state.db, ben.id, dora.id, "accepted").await;
    for (person, name, start) in [
        (&ben, "ben 1", "2026-03-02"),
        (&cleo, "cleo 1", "2026-03-01"),
        (&cleo, "cleo 2", "2026-03-02"),
        (&ana, "ana", "2026-03-02"),
        (&dora, "dora", "2026-03-02"),
        (&ben, "ben 2", "2026-03-03"),
        (&ben, "ben 3", "2026-03-02"),
        (&cleo, "cleo 3", "2025-03-02"),
    ] {
        plan(person, name, start, start).await;
    }
    let soonest = ["cleo 1", "ben 1", "cleo 2", "ben 3", "ben 2"];
    assert_eq!(listed(&ana, OF_CONNECTIONS).await, soonest);
    let latest = ["ben 2", "ben 3", "cleo 2", "ben 1", "cleo 1", "cleo 3"];
    assert_eq!(listed(&ana, &format!("{OF_CONNECTIONS}?when=all")).await, latest);
    assert_eq!(listed(&ana, &format!("{OF_CONNECTIONS}?when=all&city=rome")).await, latest);
    assert_eq!(listed(&ana, &format!("{OF_CONNECTIONS}?when=all&country=IT")).await, latest);
    assert_eq!(listed(&ana, &format!("{OF_CONNECTIONS}?when=upcoming&city=rome&country=italia")).await, soonest);
    assert_eq!(listed(&ana, &format!("{OF_CONNECTIONS}?when=upcoming&country=italy")).await, soonest);
    assert_eq!(listed(&ben, OF_CONNECTIONS).await, ["ana", "dora"]);
    assert_eq!(listed(&dora, OF_CONNECTIONS).await, ["ben 1", "ben 3", "ben 2"]);
}

#[tokio::test]
async fn the_plans_of_connections_are_found_by_city_and_by_country() {
    let (app, [ana, ben]) = TestApp::with_users(["ana", "ben"]).await;
    statements::connect(&app.state.db, ana.id, ben.id, "accepted").await;
    for (name, city, country) in [
        ("winston", "Winston-Salem", "USA"),
        ("st john's", "St. John's", "Canada"),
        ("st johns", "St Johns", "Antigua and Barbuda"),
        ("paris", "Paris", "France"),
        ("paris, texas", "PARIS", "United States"),
        ("são", "São Paulo", "Brasil"),
        ("narnia", "Cair Paravel", "Nárnia"),
    ] {
        plan_to(&ben, name, city, country).await;
    }
    let none: [&str; 0] = [];
    for (query, expected) in [
        ("city=winston%20salem", &["winston"][..]),
        ("city=WINSTON+SALEM&country=us", &["winston"]),
        ("city=winston", &none),
        ("city=St.%20Johns", &["st john's", "st johns"]),
        ("city=st%20john%E2%80%99s&country=CAN", &["st john's"]),
        ("city=paris", &["paris", "paris, texas"]),
        ("city=Paris&country=United%20States%20of%20America", &["paris, texas"]),
        ("city=paris&country=Germany", &none),
        ("city=sao+paulo&country=Brazil", &["são"]),
        ("country=U.S.A.", &["winston", "paris, texas"]),
        ("country=brazil", &["são"]),
        ("country=NARNIA", &["narnia"]),
        ("country=Atlantis", &none),
        ("city=rome", &none),
    ] {
        let answer = ana.get(&format!("{OF_CONNECTIONS}?{query}")).await;
        assert_eq!(names(&answer), expected, "{query}");
    }
    assert_eq!(listed(&ana, &format!("{OF_CONNECTIONS}?when=past&city=paris")).await, none);
    assert_eq!(listed(&ana, &format!("{OF_CONNECTIONS}?when=past&country=fr")).await, none);
    assert_eq!(listed(&ana, &format!("{OF_CONNECTIONS}?when=current&country=fr&city=paris")).await, none);
}
