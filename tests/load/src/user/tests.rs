//! What a person asks for, and what they keep of the answers.

use super::*;
use rand::SeedableRng as _;
use time::macros::date;

fn scene() -> Scene {
    Scene {
        today: date!(2026 - 01 - 31),
        cities: vec![("São Paulo".into(), "Brazil".into())],
        names: vec!["Zoë".into()],
        people: 50,
        password: "secret".into(),
    }
}

fn somebody(now: Instant) -> User {
    let session = Session {
        email: "ana@example.org".into(),
        access_token: "access".into(),
        refresh_token: "refresh".into(),
        expires_in: Duration::from_mins(15),
    };
    User::new(4, session, &scene(), &mut StdRng::seed_from_u64(1), now).unwrap()
}

fn intend(user: &User, deed: Deed, now: Instant) -> Intent {
    user.intend(deed, &scene(), true, &mut StdRng::seed_from_u64(2), now)
}

fn answer(status: u16, body: &Value) -> Answer {
    Answer {
        status,
        etag: Some(HeaderValue::from_static("W/\"7\"")),
        retry_after: false,
        body: body.to_string().into(),
    }
}

#[test]
fn whoever_has_an_answer_says_so_at_the_next_poll() {
    let now = Instant::now();
    let mut ana = somebody(now);
    let first = intend(&ana, Deed::UnreadCount, now);
    assert_eq!(first.ask.known, None);
    assert_eq!(first.ask.address.as_ref().unwrap(), "10.0.0.5");
    ana.learn(&first, &answer(200, &Value::Null), now);
    assert_eq!(intend(&ana, Deed::UnreadCount, now).ask.known.unwrap(), "W/\"7\"");
    assert_eq!(intend(&ana, Deed::Notifications, now).ask.known, None, "another answer");
    let without = ana.intend(Deed::UnreadCount, &scene(), false, &mut StdRng::seed_from_u64(2), now);
    assert_eq!(without.ask.known, None);
}

#[test]
fn plans_that_one_made_are_changed_and_deleted_and_others_are_not() {
    let now = Instant::now();
    let mut ana = somebody(now);
    assert_eq!(intend(&ana, Deed::DeletePlan, now).deed, Deed::CreatePlan, "there is none yet");
    let list = intend(&ana, Deed::MyPlans, now);
    ana.learn(&list, &answer(200, &json!({ "data": [{ "id": 5 }] })), now);
    assert!(!intend(&ana, Deed::MyPlans, now).ask.wants_body);
    assert_eq!(intend(&ana, Deed::PlanMatches, now).ask.path, "/api/v1/travels/5/matches");
    let create = intend(&ana, Deed::CreatePlan, now);
    ana.learn(&create, &answer(201, &json!({ "id": 9 })), now);
    let delete = intend(&ana, Deed::DeletePlan, now);
    assert_eq!((delete.ask.path.as_str(), delete.ask.body.len()), ("/api/v1/travels/9", 0));
    ana.learn(&delete, &answer(204, &Value::Null), now);
    assert_eq!(intend(&ana, Deed::ChangePlan, now).deed, Deed::CreatePlan, "it is gone");
}

#[test]
fn a_token_that_ends_is_refreshed_and_a_session_that_ended_is_opened_anew() {
    let now = Instant::now();
    let mut ana = somebody(now);
    let later = now + Duration::from_secs(14 * 60 + 1);
    let refresh = intend(&ana, Deed::Search, later);
    assert!(refresh.deed == Deed::Refresh && refresh.ask.authorization.is_none());
    assert_eq!(refresh.ask.body, json!({ "refresh_token": "refresh" }).to_string());
    let pair = json!({ "access_token": "next", "refresh_token": "newer", "expires_in": 900 });
    ana.learn(&refresh, &answer(200, &pair), later);
    let search = intend(&ana, Deed::Search, later);
    assert_eq!(search.ask.authorization.as_ref().unwrap(), "Bearer next");
    assert_eq!(search.ask.path, "/api/v1/users/search?q=Zo%C3%AB");
    ana.learn(&search, &answer(401, &Value::Null), later);
    let refresh = intend(&ana, Deed::Search, later);
    assert_eq!(refresh.ask.body, json!({ "refresh_token": "newer" }).to_string());
    ana.learn(&refresh, &answer(401, &Value::Null), later);
    assert_eq!(intend(&ana, Deed::Search, later).deed, Deed::Login);
}

#[test]
fn plans_and_places_are_written_as_the_api_wants_them() {
    let now = Instant::now();
    let ana = somebody(now);
    let plan: Value = serde_json::from_slice(&intend(&ana, Deed::ConferencePlan, now).ask.body).unwrap();
    let expected =
        json!({ "city": "São Paulo", "country": "Brazil", "start_date": "2026-03-02", "end_date": "2026-03-08" });
    assert_eq!(plan, expected);
    let matches = intend(&ana, Deed::ConferenceMatches, now).ask.path;
    assert_eq!(
        matches,
        "/api/v1/matches?city=S%C3%A3o%20Paulo&country=Brazil&start_date=2026-03-02&end_date=2026-03-08"
    );
}
