//! Plans that several requests want something of at the same time.

use futures_util::future::{join, join_all};
use handler::http::page::LARGEST_LIMIT;
use handler::travels;
use handler::travels::dates::DateRange;
use handler::travels::rules::{Travel, city, country};
use serde_json::{Value, json};
use tests::{Person, TestApp};
use time::macros::date;
use time::{Date, Duration};

use crate::travels::{TRAVELS, path_of, planned, rome};

const ROUNDS: usize = 30;

async fn ana() -> (TestApp, Person) {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    (app, ana)
}

#[tokio::test]
async fn a_change_stands_before_the_deletion_or_comes_too_late() {
    let (_app, ana) = ana().await;
    for round in 0..ROUNDS {
        let path = path_of(&planned(&ana, &rome("2026-03-15", "2026-03-20")).await);
        let change = json!({ "city": "Milan" });
        let (change, deletion) = (ana.put(&path, &change), ana.delete(&path));
        let (changed, deleted) = if round % 2 == 0 {
            join(change, deletion).await
        } else {
            let (deleted, changed) = join(deletion, change).await;
            (changed, deleted)
        };
        deleted.expect_status(204);
        if changed.status == 200 {
            assert_eq!(changed.json()["city"], "Milan");
        } else {
            changed.expect_refusal(404, "NOT_FOUND");
        }
        ana.get(&path).await.expect_refusal(404, "NOT_FOUND");
    }
    assert_eq!(ana.get(TRAVELS).await.data(), Vec::<Value>::new());
}

#[tokio::test]
async fn a_plan_is_deleted_once() {
    let (_app, ana) = ana().await;
    for _ in 0..ROUNDS / 3 {
        let path = path_of(&planned(&ana, &rome("2026-03-15", "2026-03-20")).await);
        let mut statuses: Vec<u16> =
            join_all((0..4).map(|_| ana.delete(&path))).await.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 404, 404, 404]);
    }
}

#[tokio::test]
async fn changes_at_the_same_time_each_keep_their_own_field() {
    let (_app, ana) = ana().await;
    let path = path_of(&planned(&ana, &rome("2026-03-15", "2026-03-20")).await);
    for round in 0..ROUNDS {
        let day = format!("2026-04-{:02}", round % 28 + 1);
        let changes = [
            json!({ "city": format!("City {round}") }),
            json!({ "country": format!("Country {round}") }),
            json!({ "end_date": day }),
            json!({ "description": format!("Round {round}") }),
        ];
        for answer in join_all(changes.iter().map(|change| ana.put(&path, change))).await {
            answer.expect_status(200);
        }
        let plan = ana.get(&path).await.expect_status(200).json();
        for (field, value) in changes.iter().filter_map(Value::as_object).flatten() {
            assert_eq!(&plan[field], value, "{field} in round {round}");
        }
    }
}

#[tokio::test]
async fn two_changes_that_only_fit_by_themselves_do_not_turn_a_plan_around() {
    let (_app, ana) = ana().await;
    for _ in 0..ROUNDS {
        let path = path_of(&planned(&ana, &rome("2026-03-10", "2026-03-20")).await);
        let (later, sooner) = (json!({ "start_date": "2026-03-18" }), json!({ "end_date": "2026-03-12" }));
        let (later, sooner) = join(ana.put(&path, &later), ana.put(&path, &sooner)).await;
        let plan = ana.get(&path).await.json();
        if later.status == 200 {
            sooner.expect_fault("end_date");
            assert_eq!(
                (plan["start_date"].as_str(), plan["end_date"].as_str()),
                (Some("2026-03-18"), Some("2026-03-20"))
            );
        } else {
            later.expect_fault("start_date");
            sooner.expect_status(200);
            assert_eq!(
                (plan["start_date"].as_str(), plan["end_date"].as_str()),
                (Some("2026-03-10"), Some("2026-03-12"))
            );
        }
    }
}

/// Many plans of Ana's, on few days, so that most of them tie.
async fn a_thousand_plans(app: &TestApp, ana: &Person) -> Vec<(i64, Date)> {
    let owner = i32::try_from(ana.id).unwrap();
    let mut plans = Vec::new();
    for number in 0..1_000 {
        let start = date!(2026 - 01 - 01) + Duration::days(number * 7 % 60);
        let travel = Travel {
            city: city("Rome").unwrap(),
            country: country("Italy").unwrap(),
            dates: DateRange::new(start, start + Duration::days(number % 5)).unwrap(),
            description: None,
        };
        let now = handler::clock::Clock::now(&app.clock);
        plans.push((travels::store::insert(&app.state.db, owner, &travel, now).await.unwrap().into(), start));
    }
    plans
}

#[tokio::test]
async fn going_through_a_thousand_plans_meets_each_once_while_others_write_and_delete_theirs() {
    let (app, [ana, ben, cleo]) = TestApp::with_users(["ana", "ben", "cleo"]).await;
    let mut plans = a_thousand_plans(&app, &ana).await;
    plans.sort_by_key(|&(id, start)| (std::cmp::Reverse(start), std::cmp::Reverse(id)));
    let expected: Vec<i64> = plans.into_iter().map(|(id, _)| id).collect();

    let reading = async {
        let mut seen: Vec<i64> = Vec::new();
        loop {
            let answer = ana.get(&format!("{TRAVELS}?limit={LARGEST_LIMIT}&offset={}", seen.len())).await;
            seen.extend(answer.expect_status(200).data().iter().map(|plan| plan["id"].as_i64().unwrap()));
            let pagination = answer.json()["pagination"].clone();
            assert_eq!(pagination["total"], 1_000);
            if pagination["has_more"] == false {
                break seen;
            }
        }
    };
    let writing = async |person: &Person| {
        for day in 1..=20 {
            let day = format!("2026-02-{day:02}");
            let (one, another) = join(planned(person, &rome(&day, &day)), planned(person, &rome(&day, &day))).await;
            person.delete(&path_of(&one)).await.expect_status(204);
            person.get(&path_of(&another)).await.expect_status(200);
        }
    };
    let (seen, _) = join(reading, join(writing(&ben), writing(&cleo))).await;
    assert_eq!(seen, expected);
    for person in [&ben, &cleo] {
        assert_eq!(person.get(TRAVELS).await.json()["pagination"]["total"], 20);
    }
}
