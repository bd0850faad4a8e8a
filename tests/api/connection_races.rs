//! Two deeds at the same instant: one comes first, and the other is judged by what it left.
//!
//! Each story is told many times, by other people each time and from two instances, and holds every time.

use axum::http::Method;
use futures_util::future::{join, join_all, join3};
use serde_json::{Value, json};
use tests::{Answer, Person, Setup, TestApp};

/// How often each story is told.
const ROUNDS: usize = 20;
/// How many deeds are done at once, so that each finds a free connection to the database: waiting for one, however long a
/// loaded machine makes it, is another story.
const DEEDS_AT_ONCE: usize = 8;

/// Ana and Ben, and each of them at another instance.
struct Pair {
    ana: Person,
    ben: Person,
    ana_far: Person,
    ben_far: Person,
}

/// What is between the two, as both see it.
#[derive(Debug, PartialEq, Eq)]
enum Between {
    Nothing,
    /// Whoever this is has asked.
    AskedBy(&'static str),
    Connected,
}

impl Pair {
    /// What there is between them; fails the test unless both see the same, in every place where it shows.
    async fn between(&self) -> Between {
        let (ana, ben) = (seen_by(&self.ana).await, seen_by(&self.ben).await);
        let [connections, received, sent] = &ana;
        assert_eq!([connections, sent, received], [&ben[0], &ben[1], &ben[2]], "both see the same, by id");
        let status = async |person: &Person, other: &Person| {
            let profile = person.get(&format!("/api/v1/users/{}", other.id)).await;
            profile.expect_status(200).json()["connection_status"].clone()
        };
        let statuses = (status(&self.ana, &self.ben).await, status(&self.ben, &self.ana).await);
        let (between, expected) = match (connections.len(), received.len(), sent.len()) {
            (0, 0, 0) => (Between::Nothing, ["none", "none"]),
            (1, 0, 0) => (Between::Connected, ["connected", "connected"]),
            (0, 1, 0) => (Between::AskedBy("ben"), ["pending_received", "pending_sent"]),
            (0, 0, 1) => (Between::AskedBy("ana"), ["pending_sent", "pending_received"]),
            _ => panic!("more than one thing at a time: {ana:?}"),
        };
        assert_eq!(statuses, (json!(expected[0]), json!(expected[1])));
        between
    }

    /// How many requests and acceptances Ana was told of, and Ben.
    async fn told(&self) -> [(usize, usize); 2] {
        [told(&self.ana).await, told(&self.ben).await]
    }
}

/// The ids in the three lists of somebody.
async fn seen_by(person: &Person) -> [Vec<Value>; 3] {
    let ids = async |list: &str| {
        let entries = person.get(&format!("/api/v1/connections{list}")).await.expect_status(200).data();
        entries.iter().map(|entry| entry["id"].clone()).collect()
    };
    [ids("").await, ids("/requests/received").await, ids("/requests/sent").await]
}

async fn told(person: &Person) -> (usize, usize) {
    let all = person.get("/api/v1/notifications").await.expect_status(200).data();
    let of = |kind: &str| all.iter().filter(|entry| entry["type"] == kind).count();
    assert_eq!(of("connection_request") + of("connection_accepted"), all.len());
    (of("connection_request"), of("connection_accepted"))
}

async fn answers(person: &Person, id: i64, answer: &str) -> Answer {
    person.send(Method::PUT, &format!("/api/v1/connections/{id}/{answer}"), None).await
}

async fn removes(person: &Person, id: i64) -> Answer {
    person.delete(&format!("/api/v1/connections/{id}")).await
}

async fn asked(person: &Person, other: &Person) -> i64 {
    person.asks(other).await.expect_status(201).json()["id"].as_i64().unwrap()
}

/// How a story has to end: what is between the two, and how many requests and acceptances Ana was told of, and Ben.
type End = (Between, [(usize, usize); 2]);

/// Tells `story`, of so many deeds, many times, each time of another pair and as many at once as may be; answers what each
/// came to.
async fn many_times<T>(deeds: usize, story: impl AsyncFn(&Pair) -> T) -> Vec<(Pair, T)> {
    let app = TestApp::new().await;
    let other = app.beside(Setup::default());
    let mut pairs = Vec::new();
    for round in 0..ROUNDS {
        let (ana, ben) = (app.joined_by(&format!("ana{round}")).await, app.joined_by(&format!("ben{round}")).await);
        pairs.push(Pair { ana_far: ana.at(&other), ben_far: ben.at(&other), ana, ben });
    }
    let mut ends = Vec::new();
    for some in pairs.chunks(DEEDS_AT_ONCE / deeds) {
        ends.extend(join_all(some.iter().map(|pair| story(pair))).await);
    }
    pairs.into_iter().zip(ends).collect()
}

/// Tells `story`, of two deeds, many times, and fails the test unless each time ends as it says.
async fn ends_well(story: impl AsyncFn(&Pair) -> End) {
    for (pair, end) in many_times(2, story).await {
        assert_eq!((pair.between().await, pair.told().await), end);
    }
}

#[tokio::test]
async fn two_who_ask_each_other_at_once_are_connected() {
    ends_well(async |pair| {
        let (one, other) = join(pair.ana.asks(&pair.ben), pair.ben_far.asks(&pair.ana)).await;
        let told = match (one.status, other.status) {
            (201, 200) => [(0, 1), (1, 0)],
            (200, 201) => [(1, 0), (0, 1)],
            _ => panic!("{one:?}\n{other:?}"),
        };
        assert_eq!(one.json()["id"], other.json()["id"], "one row");
        (Between::Connected, told)
    })
    .await;
}

#[tokio::test]
async fn a_request_sent_twice_at_once_is_one_request() {
    ends_well(async |pair| {
        let (one, other) = join(pair.ana.asks(&pair.ben), pair.ana_far.asks(&pair.ben)).await;
        assert!(matches!((one.status, other.status), (201, 409) | (409, 201)), "{one:?}\n{other:?}");
        (Between::AskedBy("ana"), [(0, 0), (1, 0)])
    })
    .await;
}

#[tokio::test]
async fn an_acceptance_and_a_withdrawal_at_once_leave_nothing_and_tell_only_what_happened() {
    ends_well(async |pair| {
        let id = asked(&pair.ana, &pair.ben).await;
        let (accepted, withdrawn) = join(answers(&pair.ben_far, id, "accept"), removes(&pair.ana, id)).await;
        let told = match (accepted.status, withdrawn.status) {
            // Accepted first: then a connection was removed.
            (200, 204) => [(0, 1), (1, 0)],
            (404, 204) => [(0, 0), (1, 0)],
            _ => panic!("{accepted:?}\n{withdrawn:?}"),
        };
        (Between::Nothing, told)
    })
    .await;
}

#[tokio::test]
async fn a_request_accepted_twice_at_once_is_accepted_once() {
    ends_well(async |pair| {
        let id = asked(&pair.ana, &pair.ben).await;
        let (one, other) = join(answers(&pair.ben, id, "accept"), answers(&pair.ben_far, id, "accept")).await;
        assert!(matches!((one.status, other.status), (200, 409) | (409, 200)), "{one:?}\n{other:?}");
        (Between::Connected, [(0, 1), (1, 0)])
    })
    .await;
}

#[tokio::test]
async fn of_an_acceptance_and_a_rejection_at_once_one_counts() {
    ends_well(async |pair| {
        let id = asked(&pair.ana, &pair.ben).await;
        let (accepted, rejected) = join(answers(&pair.ben, id, "accept"), answers(&pair.ben_far, id, "reject")).await;
        match (accepted.status, rejected.status) {
            (200, 409) => (Between::Connected, [(0, 1), (1, 0)]),
            (409, 200) => (Between::Nothing, [(0, 0), (1, 0)]),
            _ => panic!("{accepted:?}\n{rejected:?}"),
        }
    })
    .await;
}

#[tokio::test]
async fn a_removal_by_the_one_who_accepts_at_once_is_refused_or_removes_the_connection() {
    ends_well(async |pair| {
        let id = asked(&pair.ana, &pair.ben).await;
        let (accepted, removed) = join(answers(&pair.ben, id, "accept"), removes(&pair.ben_far, id)).await;
        let between = match (accepted.status, removed.status) {
            (200, 204) => Between::Nothing,
            // A request is not the receiver's to remove.
            (200, 403) => Between::Connected,
            _ => panic!("{accepted:?}\n{removed:?}"),
        };
        (between, [(0, 1), (1, 0)])
    })
    .await;
}

#[tokio::test]
async fn a_connection_removed_by_both_at_once_is_removed_once() {
    ends_well(async |pair| {
        let id = pair.ana.connects_with(&pair.ben).await;
        let (one, other) = join(removes(&pair.ana, id), removes(&pair.ben_far, id)).await;
        assert!(matches!((one.status, other.status), (204, 404) | (404, 204)), "{one:?}\n{other:?}");
        (Between::Nothing, [(0, 1), (1, 0)])
    })
    .await;
}

#[tokio::test]
async fn asking_back_while_the_request_is_withdrawn_is_an_approval_or_a_request_of_ones_own() {
    ends_well(async |pair| {
        let id = asked(&pair.ana, &pair.ben).await;
        let (withdrawn, back) = join(removes(&pair.ana, id), pair.ben_far.asks(&pair.ana)).await;
        match (withdrawn.status, back.status) {
            // Approved first: then a connection was removed.
            (204, 200) => (Between::Nothing, [(0, 1), (1, 0)]),
            (204, 201) => (Between::AskedBy("ben"), [(1, 0), (1, 0)]),
            _ => panic!("{withdrawn:?}\n{back:?}"),
        }
    })
    .await;
}

#[tokio::test]
async fn asking_back_while_rejecting_is_an_approval_or_turns_the_request_round() {
    ends_well(async |pair| {
        let id = asked(&pair.ana, &pair.ben).await;
        let (rejected, back) = join(answers(&pair.ben, id, "reject"), pair.ben_far.asks(&pair.ana)).await;
        let expected = match (rejected.status, back.status) {
            (409, 200) => (Between::Connected, [(0, 1), (1, 0)]),
            (200, 201) => (Between::AskedBy("ben"), [(1, 0), (1, 0)]),
            _ => panic!("{rejected:?}\n{back:?}"),
        };
        assert_eq!(back.json()["id"], id, "the one row");
        expected
    })
    .await;
}

/// Everything at once: whatever comes first, every deed is answered with one of its own answers, and of every request and
/// acceptance that succeeded one of the two was told, of nothing else.
#[tokio::test]
async fn a_crowd_of_deeds_leaves_one_state_that_both_see() {
    let rounds = many_times(8, async |pair| {
        let id = asked(&pair.ana, &pair.ben).await;
        let (ana, ben, ana_far, ben_far) = (&pair.ana, &pair.ben, &pair.ana_far, &pair.ben_far);
        let asking = join_all([ana.asks(ben), ben_far.asks(ana), ana_far.asks(ben), ben.asks(ana)]);
        let answering = join_all([answers(ben_far, id, "accept"), answers(ben, id, "reject")]);
        let removing = join_all([removes(ana, id), removes(ben_far, id)]);
        join3(asking, answering, removing).await
    })
    .await;
    for (pair, (requests, answered, removed)) in rounds {
        for (answers, allowed) in
            [(&requests, [200, 201, 409, 409]), (&answered, [200, 403, 404, 409]), (&removed, [204, 403, 404, 409])]
        {
            let stray = answers.iter().find(|answer| !allowed.contains(&answer.status));
            assert!(stray.is_none(), "{stray:?}");
        }
        let asked = 1 + requests.iter().filter(|answer| answer.status == 201).count();
        let crossed = requests.iter().filter(|answer| answer.status == 200).count();
        let accepted = crossed + usize::from(answered[0].status == 200);
        let [ana, ben] = pair.told().await;
        assert_eq!((ana.0 + ben.0, ana.1 + ben.1), (asked, accepted), "{requests:?} {answered:?} {removed:?}");
        pair.between().await;
    }
}
