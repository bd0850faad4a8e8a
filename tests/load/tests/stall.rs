//! A server that stalls is seen to stall.
#![expect(clippy::unwrap_used, reason = "a story that can't go on fails its test")]

use std::net::SocketAddr;
use std::time::Duration;

use load::crowd::Crowd;
use load::deed::Deed;
use load::generator::{Loop, Outcome, Settings, run};
use load::mix::Mix;
use load::probe::Probe;
use load::progress::Progress;
use load::scene::Scene;
use load::timeline::{Phase, Spacing, Timeline};
use load::user::Session;
use time::macros::date;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// The server answers everything at once, but the one request of this number only after so long.
const SLOW: usize = 10;
const STALL: Duration = Duration::from_millis(600);
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

/// Listens on a free port for one connection at a time.
fn server(runtime: &tokio::runtime::Runtime) -> SocketAddr {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move {
        loop {
            answer(listener.accept().await.unwrap().0).await;
        }
    });
    address
}

async fn answer(mut client: TcpStream) {
    let (mut asked, mut served) = (Vec::new(), 0);
    while client.read_buf(&mut asked).await.is_ok_and(|read| read > 0) {
        while let Some(end) = asked.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            asked.drain(..end + 4);
            served += 1;
            if served == SLOW {
                sleep(STALL).await;
            }
            client.write_all(ANSWER).await.unwrap();
        }
    }
}

fn crowd(people: usize) -> Crowd {
    let scene = Scene {
        today: date!(2026 - 01 - 31),
        cities: vec![("Paris".into(), "France".into())],
        names: vec!["Ana".into()],
        people: 1,
        password: "none".into(),
    };
    let session = Session {
        email: "ana@example.org".into(),
        access_token: "access".into(),
        refresh_token: "refresh".into(),
        expires_in: Duration::from_hours(1),
    };
    Crowd::new(vec![session; people], scene, true, 1).unwrap()
}

fn load(target: SocketAddr, kind: Loop) -> Outcome {
    let settings = Settings {
        target,
        kind,
        connections: 1,
        patience: Duration::from_secs(10),
        drain: Duration::from_secs(10),
        refusals: false,
        probe: Probe { pid: None, metrics: None },
        progress: Progress::silent(),
        seed: 1,
    };
    let mix = Mix::new(&[(Deed::Connections, 1_000)]).unwrap();
    let phase = Phase { name: "load", length: Duration::from_secs(1), rate: 100.0, mix, counted: true };
    run(settings, Timeline(vec![phase]), crowd(1)).unwrap().0
}

#[test]
fn everybody_who_came_during_a_stall_has_waited_for_its_end() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let outcome = load(server(&runtime), Loop::Open(Spacing::Even));
    let total = outcome.total().unwrap();
    assert_eq!((total.requests(), total.failed()), (99, 0), "{:?}", total.errors);
    // Sixty came meanwhile, the first of whom waited for all of it and the last for next to nothing.
    let told = total.latencies.percentiles();
    assert!(told.max >= 600.0 && told.p99 >= 550.0, "{told:?}");
    assert!(total.latencies.at(0.8) >= 300.0, "{told:?}");
}

#[test]
fn somebody_who_waits_for_the_answer_meets_a_stall_once() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let outcome = load(server(&runtime), Loop::Closed(Duration::from_millis(4)));
    let total = outcome.total().unwrap();
    assert!(total.requests() > SLOW as u64 && total.failed() == 0, "{:?}", total.errors);
    let told = total.latencies.percentiles();
    assert!(told.max >= 600.0 && total.latencies.at(0.8) < 300.0, "{told:?}");
}

#[test]
fn what_a_server_never_answers_is_an_error_for_all_who_came() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let nobody = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap().local_addr().unwrap();
    let total = load(nobody, Loop::Open(Spacing::Even)).total().unwrap();
    assert_eq!((total.requests(), total.failed()), (99, 99));
    assert_eq!(total.errors.keys().collect::<Vec<_>>(), ["no connection"]);
}
