//! `POST /travels`, and `GET`, `PUT` and `DELETE /travels/{id}`

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use tests::promises::keys;
use tests::{Person, TestApp};

pub(crate) const TRAVELS: &str = "/api/v1/travels";

/// The plan of the specification's example.
pub(crate) fn new_york() -> Value {
    json!({
        "city": "New York", "country": "USA", "start_date": "2026-03-15", "end_date": "2026-03-20",
        "description": "Business conference and sightseeing",
    })
}

/// The same plan with one field changed.
fn with(field: &str, value: impl Into<Value>) -> Value {
    let mut plan = new_york();
    plan[field] = value.into();
    plan
}

/// A plan to Rome on these days.
pub(crate) fn rome(start: &str, end: &str) -> Value {
    json!({ "city": "Rome", "country": "Italy", "start_date": start, "end_date": end })
}

/// Writes down a plan; answers how it is shown.
pub(crate) async fn planned(person: &Person, plan: &Value) -> Value {
    person.post(TRAVELS, plan).await.expect_status(201).json()
}

pub(crate) fn path_of(plan: &Value) -> String {
    format!("{TRAVELS}/{}", plan["id"])
}

/// Ana, and her plan of ten minutes ago.
async fn ana_with_a_plan() -> (TestApp, Person, Value) {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let plan = planned(&ana, &new_york()).await;
    app.clock.advance(Duration::from_mins(10));
    (app, ana, plan)
}

#[tokio::test]
async fn a_plan_is_answered_as_the_specification_shows_it_and_stays() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    let answer = ana.post(TRAVELS, &new_york()).await;
    let plan = answer.expect_status(201).json();
    assert_eq!(
        plan,
        json!({
            "id": plan["id"], "user_id": ana.id, "city": "New York", "country": "USA",
            "start_date": "2026-03-15", "end_date": "2026-03-20",
            "description": "Business conference and sightseeing",
            "created_at": "2026-01-31T10:30:00Z", "updated_at": "2026-01-31T10:30:00Z",
        })
    );
    assert!(plan["id"].as_i64().is_some_and(|id| id > 0), "{plan}");
    assert_eq!(answer.header("location"), path_of(&plan));
    assert_eq!(ana.get(answer.header("location")).await.expect_status(200).json(), plan);
}

#[tokio::test]
async fn a_description_is_optional_and_a_blank_one_is_none() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    let mut without = new_york();
    without.as_object_mut().unwrap().remove("description");
    for plan in [without, with("description", Value::Null), with("description", ""), with("description", " \r\n\t ")] {
        let shown = planned(&ana, &plan).await;
        assert_eq!(shown["description"], Value::Null, "{plan}");
        assert_eq!(keys(&shown).len(), 9, "it is there all the same");
        assert_eq!(ana.get(&path_of(&shown)).await.json(), shown);
    }
}

#[tokio::test]
async fn texts_stay_as_they_were_written_but_for_blanks_around_and_line_ends() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    let plan = json!({
        "city": "  <b>Sa\u{303}o Paulo</b>\t", "country": " Nárnia 'n' \"more\"; DROP TABLE travel_plans; -- ",
        "start_date": "2026-03-15", "end_date": "2026-03-15", "description": "\r\none\r\ntwo\rthree\n\t<script>\u{2028}🌍 ",
    });
    let shown = planned(&ana, &plan).await;
    assert_eq!(shown["city"], "<b>S\u{e3}o Paulo</b>");
    assert_eq!(shown["country"], "Nárnia 'n' \"more\"; DROP TABLE travel_plans; --");
    assert_eq!(shown["description"], "one\ntwo\nthree\n\t<script>\u{2028}🌍");
    assert_eq!(ana.get(&path_of(&shown)).await.json(), shown);
}

#[tokio::test]
async fn lengths_are_counted_in_characters() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    let (name, description) = ("🌍".repeat(99) + "a", "🏄".repeat(1_000));
    let mut plan = new_york();
    plan["city"] = name.as_str().into();
    plan["country"] = name.as_str().into();
    plan["description"] = description.as_str().into();
    let shown = planned(&ana, &plan).await;
    for field in ["city", "country", "description"] {
        assert_eq!(shown[field], plan[field], "{field}");
        let longer = format!("{}a", plan[field].as_str().unwrap());
        ana.post(TRAVELS, &with(field, longer.as_str())).await.expect_fault(field);
        ana.put(&path_of(&shown), &json!({ field: longer })).await.expect_fault(field);
    }
    assert_eq!(ana.get(&path_of(&shown)).await.json(), shown);
}

#[tokio::test]
async fn all_faults_of_a_new_plan_are_told_at_once() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    let fields = async |body: Value| ana.post(TRAVELS, &body).await.expect_status(400).fields_at_fault();
    assert_eq!(fields(json!({})).await, ["city", "country", "start_date", "end_date"]);
    let nothing = json!({ "city": null, "country": null, "start_date": null, "end_date": null, "description": null });
    assert_eq!(fields(nothing).await, ["city", "country", "start_date", "end_date"]);
    let kinds = json!({ "city": 1, "country": [], "start_date": 20_260_315, "end_date": {}, "description": true });
    assert_eq!(fields(kinds).await, ["city", "country", "start_date", "end_date", "description"]);
    let bad = json!({
        "id": 1, "city": " ", "country": "!?", "start_date": "15.03.2026", "end_date": "2026-02-29",
        "description": "a\u{0}b",
    });
    assert_eq!(fields(bad).await, ["city", "country", "start_date", "end_date", "description", "id"]);
    // The days are good by themselves, and don't fit together.
    let turned = json!({
        "city": "", "country": "\n", "start_date": "2026-03-15", "end_date": "2026-03-14",
        "description": "x".repeat(1_001), "notes": "",
    });
    assert_eq!(fields(turned).await, ["city", "country", "end_date", "description", "notes"]);
    assert_eq!(ana.get(TRAVELS).await.json()["pagination"]["total"], 0);
}

#[tokio::test]
async fn the_days_of_a_plan_have_bounds_and_the_user_is_told_them() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    for (start, end) in [
        ("2026-03-15", "2026-03-15"),
        ("2026-01-01", "2027-01-01"),
        ("2028-01-01", "2028-12-31"),
        ("2000-01-01", "2000-01-01"),
        ("2031-01-31", "2031-01-31"),
        ("2030-02-01", "2031-01-31"),
        ("2024-02-29", "2024-03-01"),
        ("2019-07-01", "2019-07-14"),
    ] {
        let plan = planned(&ana, &rome(start, end)).await;
        assert_eq!((plan["start_date"].as_str(), plan["end_date"].as_str()), (Some(start), Some(end)));
    }
    let refused = async |start: &str, end: &str| ana.post(TRAVELS, &rome(start, end)).await.expect_status(400).faults();
    let fault = |field: &str, message: &str| (field.to_owned(), message.to_owned());
    assert_eq!(
        refused("2026-03-15", "2026-03-14").await,
        [fault("end_date", "end_date must not be before start_date, 2026-03-15")]
    );
    assert_eq!(
        refused("2026-01-01", "2027-01-02").await,
        [fault("end_date", "The dates span 367 days: choose at most 366, both ends counted")]
    );
    let bounds = "Choose a date from 2000-01-01 to 2031-01-31";
    assert_eq!(refused("1999-12-31", "2000-01-01").await, [fault("start_date", bounds)]);
    assert_eq!(refused("2031-01-31", "2031-02-01").await, [fault("end_date", bounds)]);
    assert_eq!(refused("0001-01-01", "9999-12-31").await, [fault("start_date", bounds), fault("end_date", bounds)]);
    let form = "Send a date that exists as YYYY-MM-DD, for example 2026-03-15";
    for text in ["", "2026-3-15", "2026-03-15T00:00:00Z", "2026-02-30", "tomorrow", " 2026-03-15"] {
        assert_eq!(refused(text, "2026-03-20").await, [fault("start_date", form)], "{text}");
    }
}

#[tokio::test]
async fn the_bounds_of_the_days_move_on_at_midnight_utc() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let plan = planned(&ana, &rome("2026-03-15", "2026-03-20")).await;
    let last = rome("2031-02-01", "2031-02-01");
    // 2026-01-31, 23:59:59.25
    app.clock.advance(Duration::from_secs(13 * 3_600 + 29 * 60 + 59));
    let ana = ana.on_another_device().await;
    ana.post(TRAVELS, &last).await.expect_fault("start_date");
    ana.put(&path_of(&plan), &last).await.expect_fault("end_date");
    app.clock.advance(Duration::from_secs(1));
    planned(&ana, &last).await;
    ana.put(&path_of(&plan), &last).await.expect_status(200);
}

#[tokio::test]
async fn any_country_that_has_a_name_is_taken() {
    let (_app, [ana]) = TestApp::with_users(["ana"]).await;
    for country in ["USA", "us", "United States", "日本", "Nárnia", "7"] {
        assert_eq!(planned(&ana, &with("country", country)).await["country"], country);
    }
    for country in ["-", "🌍", "'. '", "U\nSA"] {
        ana.post(TRAVELS, &with("country", country)).await.expect_fault("country");
    }
}

#[tokio::test]
async fn security_15_what_is_not_the_users_to_set_is_refused_and_not_ignored() {
    let (_app, ana, plan) = ana_with_a_plan().await;
    for (field, value) in [
        ("id", json!(7)),
        ("user_id", json!(ana.id)),
        ("created_at", json!("2020-01-01T00:00:00Z")),
        ("updated_at", json!("2020-01-01T00:00:00Z")),
        ("city_key", json!("rome")),
        ("country_key", json!("IT")),
        ("is_active", json!(false)),
        ("City", json!("Rome")),
        ("__proto__", json!({})),
    ] {
        let created = ana.post(TRAVELS, &with(field, value.clone())).await;
        let changed = ana.put(&path_of(&plan), &json!({ "city": "Rome", field: value })).await;
        for answer in [created, changed] {
            assert!(answer.expect_status(400).fault(field).contains("unknown field"), "{answer:?}");
            assert_eq!(answer.fields_at_fault(), [field]);
        }
    }
    assert_eq!(ana.get(TRAVELS).await.data(), [plan]);
}

#[tokio::test]
async fn a_change_takes_any_subset_of_the_fields() {
    let (_app, ana, mut plan) = ana_with_a_plan().await;
    plan["updated_at"] = "2026-01-31T10:40:00Z".into();
    for change in [
        json!({ "city": "Boston" }),
        json!({ "country": "United States" }),
        json!({ "start_date": "2026-03-14" }),
        json!({ "end_date": "2026-03-22" }),
        json!({ "description": "To see\nthe sea" }),
        json!({ "start_date": "2026-05-01", "end_date": "2026-05-02" }),
        json!({ "city": " Oslo ", "country": "Norway" }),
        rome("2027-01-01", "2027-01-01"),
        new_york(),
        json!({ "description": null }),
    ] {
        for (field, value) in change.as_object().unwrap() {
            plan[field] = value.as_str().map_or(Value::Null, |text| text.trim().into());
        }
        assert_eq!(ana.put(&path_of(&plan), &change).await.expect_status(200).json(), plan, "{change}");
        assert_eq!(ana.get(&path_of(&plan)).await.json(), plan, "{change}");
    }
}

#[tokio::test]
async fn a_change_of_nothing_changes_nothing() {
    let (_app, ana, plan) = ana_with_a_plan().await;
    for nothing in [json!({}), json!({ "city": " New York " }), json!({ "end_date": "2026-03-20" }), new_york()] {
        assert_eq!(ana.put(&path_of(&plan), &nothing).await.expect_status(200).json(), plan, "{nothing}");
    }
    assert_eq!(ana.get(&path_of(&plan)).await.json(), plan, "updated_at too");
}

#[tokio::test]
async fn null_clears_the_description_and_is_a_fault_everywhere_else() {
    let (_app, ana, plan) = ana_with_a_plan().await;
    let nulls = json!({ "city": null, "country": null, "start_date": null, "end_date": null, "description": null });
    let answer = ana.put(&path_of(&plan), &nulls).await;
    assert_eq!(answer.expect_status(400).fields_at_fault(), ["city", "country", "start_date", "end_date"]);
    assert!(answer.faults().iter().all(|(_, message)| message.contains("can't be cleared")), "{answer:?}");
    assert_eq!(ana.get(&path_of(&plan)).await.json(), plan, "a faulty change changes nothing at all");
    for cleared in [Value::Null, "".into(), " \n ".into()] {
        ana.put(&path_of(&plan), &json!({ "description": "Again" })).await.expect_status(200);
        let changed = ana.put(&path_of(&plan), &json!({ "description": cleared })).await.expect_status(200).json();
        assert_eq!(changed["description"], Value::Null);
    }
}

#[tokio::test]
async fn the_days_after_a_change_have_to_fit_together() {
    let (_app, ana, plan) = ana_with_a_plan().await;
    let faults = async |change: Value| ana.put(&path_of(&plan), &change).await.expect_status(400).faults();
    let fault = |field: &str, message: &str| vec![(field.to_owned(), message.to_owned())];
    assert_eq!(
        faults(json!({ "start_date": "2026-03-21" })).await,
        fault("start_date", "start_date must not be after end_date, 2026-03-20: send both to move the plan")
    );
    assert_eq!(
        faults(json!({ "end_date": "2026-03-14", "city": "Rome" })).await,
        fault("end_date", "end_date must not be before start_date, 2026-03-15")
    );
    let long = "The dates span 367 days: choose at most 366, both ends counted";
    assert_eq!(faults(json!({ "start_date": "2025-03-19" })).await, fault("start_date", long));
    assert_eq!(faults(json!({ "end_date": "2027-03-16" })).await, fault("end_date", long));
    assert_eq!(faults(json!({ "start_date": "2026-03-21", "end_date": "2027-03-22" })).await, fault("end_date", long));
    // With both days in the body, all its faults are told at once.
    let turned = json!({ "start_date": "2026-04-02", "end_date": "2026-04-01", "city": "", "id": 1, "country": null });
    let answer = ana.put(&path_of(&plan), &turned).await;
    assert_eq!(answer.expect_status(400).fields_at_fault(), ["city", "country", "end_date", "id"]);
    assert_eq!(ana.get(&path_of(&plan)).await.json(), plan);

    let edges = json!({ "start_date": "2025-03-20" });
    assert_eq!(ana.put(&path_of(&plan), &edges).await.expect_status(200).json()["start_date"], "2025-03-20");
    let edges = json!({ "start_date": "2026-03-20" });
    assert_eq!(ana.put(&path_of(&plan), &edges).await.expect_status(200).json()["start_date"], "2026-03-20");
}

#[tokio::test]
async fn what_is_deleted_is_gone_and_its_id_does_not_come_again() {
    let (_app, ana, plan) = ana_with_a_plan().await;
    ana.delete(&path_of(&plan)).await.expect_status(204);
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        ana.send(method, &path_of(&plan), Some(&json!({}))).await.expect_refusal(404, "NOT_FOUND");
    }
    assert_eq!(ana.get(TRAVELS).await.data(), Vec::<Value>::new());
    assert!(planned(&ana, &new_york()).await["id"].as_i64() > plan["id"].as_i64());
}
