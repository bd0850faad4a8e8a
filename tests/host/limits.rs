//! Two handlers, each a process of its own, on one database: they share no memory, and the limits are those of both together.

use std::net::Ipv4Addr;

use futures_util::future::join_all;
use http::Method;
use serde_json::json;
use tests::OwnDatabase;

use crate::support::{Answer, ApiClient, Hosted, settings};

/// How often it is tried anew if a minute is over in the middle of a story.
const TRIES: u8 = 3;

/// Two hosts, each with a handler, on this database.
async fn two_on(database: &OwnDatabase) -> [Hosted; 2] {
    let one = Hosted::start(database).await;
    [one, Hosted::start_with(settings(database)).await]
}

/// A login with an email of its own, so that no wait after failures comes in, and these forwarded addresses that the client
/// claims.
async fn attempt(client: &ApiClient, number: usize, claims: &[&str]) -> Answer {
    let body = json!({ "email": format!("guess{number}@example.com"), "password": "Not-The-One-1" });
    let request = client.request(Method::POST, "/api/v1/auth/login").header("content-type", "application/json");
    let request = claims.iter().fold(request, |request, claim| request.header("x-forwarded-for", *claim));
    client.send(request.body(body.to_string().into()).unwrap()).await
}

/// The answers that a client at a new address gets in one minute: its first request begins the minute, and if that ends
/// before the last answer, on a machine that was held up, another one at another address begins again.
async fn in_one_minute(hosts: &[Hosted; 2], ask: impl AsyncFn([ApiClient; 2]) -> Vec<Answer>) -> (u8, Vec<Answer>) {
    for last in 101..101 + TRIES {
        let address = Ipv4Addr::new(127, 0, 0, last);
        let answers = ask([hosts[0].client_at(address), hosts[1].client_at(address)]).await;
        let ends = |answer: &Answer| answer.header("x-ratelimit-reset").map(str::to_owned);
        if ends(&answers[0]).is_some() && answers.iter().all(|answer| ends(answer) == ends(&answers[0])) {
            return (last, answers);
        }
    }
    panic!("{TRIES} times the minute was over too early");
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status.as_u16()).collect()
}

/// A 429 that says what it is and how long to wait: until the minute ends.
fn assert_refused(answer: &Answer) {
    assert_eq!(answer.status, 429, "{answer:?}");
    assert_eq!(answer.json()["error"]["code"], "RATE_LIMIT_EXCEEDED");
    assert_eq!((answer.header("x-ratelimit-limit"), answer.header("x-ratelimit-remaining")), (Some("10"), Some("0")));
    let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
}

#[tokio::test]
async fn security_22_the_eleventh_attempt_is_refused_by_whichever_process_and_whatever_the_client_claims() {
    let database = OwnDatabase::empty().await;
    let hosts = two_on(&database).await;
    let (address, answers) = in_one_minute(&hosts, async |clients| {
        let mut answers = Vec::new();
        for number in 0..10 {
            let claim = format!("198.51.100.{number}");
            answers.push(attempt(&clients[number % 2], number, &[&claim]).await);
        }
        for claims in [&[][..], &["203.0.113.9"], &["203.0.113.9:4711", "[2001:db8::1]:443"], &["127.0.0.1, 10.0.0.1"]]
        {
            for client in &clients {
                answers.push(attempt(client, answers.len(), claims).await);
            }
        }
        answers
    })
    .await;
    let (attempts, refused) = answers.split_at(10);
    assert_eq!(statuses(attempts), [401; 10]);
    let left: Vec<&str> = attempts.iter().map(|answer| answer.header("x-ratelimit-remaining").unwrap()).collect();
    assert_eq!(left, ["9", "8", "7", "6", "5", "4", "3", "2", "1", "0"], "each process counts the other's");
    assert_eq!(refused.len(), 8);
    refused.iter().for_each(assert_refused);

    // Whoever is refused can't lay it on others by claiming to be them.
    for host in &hosts {
        let neighbour = host.client_at(Ipv4Addr::new(127, 0, 1, address));
        let answer = attempt(&neighbour, 100, &[&format!("127.0.0.{address}")]).await;
        assert_eq!(answer.status, 401, "{answer:?}");
    }
    for host in hosts {
        host.shutdown().await;
    }
}

#[tokio::test]
async fn security_22_of_a_hundred_attempts_at_once_at_two_processes_exactly_ten_are_let_through() {
    let database = OwnDatabase::empty().await;
    let hosts = two_on(&database).await;
    let (_, answers) = in_one_minute(&hosts, async |clients| {
        let attempts = (0..100).map(|number| {
            let (client, claim) = (&clients[number % 2], format!("198.51.100.{number}"));
            async move { attempt(client, number, &[&claim]).await }
        });
        join_all(attempts).await
    })
    .await;
    let (refused, let_through): (Vec<Answer>, Vec<Answer>) =
        answers.into_iter().partition(|answer| answer.status == 429);
    assert_eq!(statuses(&let_through), [401; 10]);
    assert_eq!(refused.len(), 90);
    refused.iter().for_each(assert_refused);
    for host in hosts {
        host.shutdown().await;
    }
}
