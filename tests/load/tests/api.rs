//! The scenarios against the real application.
#![expect(clippy::unwrap_used, reason = "a story that can't go on fails its test")]

use std::net::SocketAddr;
use std::time::Duration;

use handler::clock::Clock as _;
use load::crowd::Crowd;
use load::generator::{Loop, Outcome, Settings, run};
use load::login::log_in;
use load::probe::Probe;
use load::progress::Progress;
use load::report::{Report, json, table};
use load::scenario::{Extent, Scenario};
use load::scene::Scene;
use load::timeline::Spacing;
use tests::{PASSWORD, TestApp};
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;

const PEOPLE: u32 = 50;

/// The application with people in it, listening; and what they speak of.
async fn served() -> (TestApp, SocketAddr, Scene) {
    let app = TestApp::new().await;
    for number in 1..=PEOPLE {
        app.joined_as(&format!("person{number}@example.org"), &format!("Ana {number}")).await;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, app.router()).into_future());
    let scene = Scene {
        today: app.clock.today(),
        cities: [("London", "United Kingdom"), ("Zürich", "Switzerland")].map(|(a, b)| (a.into(), b.into())).into(),
        names: vec!["Ana".into()],
        people: PEOPLE,
        password: PASSWORD.into(),
    };
    (app, target, scene)
}

async fn load(target: SocketAddr, scene: Scene, scenario: Scenario, rate: f64, seconds: u64) -> Outcome {
    let kind =
        if scenario.is_closed() { Loop::Closed(Duration::from_millis(500)) } else { Loop::Open(Spacing::Poisson) };
    let settings = Settings {
        target,
        kind,
        connections: 16,
        patience: Duration::from_secs(10),
        drain: Duration::from_secs(10),
        refusals: scenario.expects_refusals(),
        probe: Probe { pid: None, metrics: None },
        progress: Progress::silent(),
        seed: 1,
    };
    let length = Duration::from_secs(seconds);
    let timeline = scenario.timeline(&Extent { rate, users: PEOPLE, length, warm_up: Duration::ZERO }).unwrap();
    let loading = move || {
        let emails: Vec<_> = (1..=PEOPLE).map(|number| format!("person{number}@example.org")).collect();
        let sessions = log_in(target, &emails, PASSWORD, Progress::silent()).unwrap();
        run(settings, timeline, Crowd::new(sessions, scene, true, 1).unwrap()).unwrap().0
    };
    spawn_blocking(loading).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_who_open_the_app_find_everything_as_expected() {
    let (_app, target, scene) = served().await;
    let outcome = load(target, scene, Scenario::AppOpen, 50.0, 2).await;
    let total = outcome.total().unwrap();
    assert_eq!(total.failed(), 0, "{:?}", total.errors);
    // A Poisson count of 100 strays by its root.
    assert!(total.requests().abs_diff(100) < 40, "{}", total.requests());
    assert_eq!(total.statuses.values().sum::<u64>(), total.requests());
    assert_eq!(total.groups.iter().map(load::record::Latencies::count).sum::<u64>(), total.requests());
    assert_eq!(outcome.seconds.iter().map(|second| second.latencies.count()).sum::<u64>(), total.requests());
    assert!(total.statuses.contains_key(&201), "somebody made a plan: {:?}", total.statuses);

    let report = Report {
        scenario: Scenario::AppOpen.name(),
        shape: "open loop".to_owned(),
        users: PEOPLE as usize,
        connections: 16,
        seed: 1,
        runs: vec![outcome],
        limit: None,
    };
    let told = json::render(&report).unwrap();
    assert_eq!(told["runs"][0]["total"]["requests"], total.requests());
    assert_eq!(told["runs"][0]["phases"][0]["statuses"]["201"], total.statuses[&201]);
    let shown = table::render(&report).unwrap();
    for expected in [format!("all {:>28}", total.requests()), "errors                 0 (0.000 %): none".to_owned()] {
        assert!(shown.lines().any(|line| line.starts_with(&expected)), "{expected}:\n{shown}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_logins_is_served_or_told_to_come_back() {
    let (_app, target, scene) = served().await;
    let total = load(target, scene, Scenario::AuthStorm, 50.0, 1).await.total().unwrap();
    assert_eq!(total.failed(), 0, "{:?}", total.errors);
    assert!(total.statuses[&200] + total.refused == total.requests());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_who_wait_and_think_send_as_much_as_that_makes() {
    let (_app, target, scene) = served().await;
    let total = load(target, scene, Scenario::Normal, 0.0, 1).await.total().unwrap();
    assert_eq!(total.failed(), 0, "{:?}", total.errors);
    // Fifty people, twice a second, for a second; a slow machine makes it less.
    assert!((10..200).contains(&total.requests()), "{}", total.requests());
}
