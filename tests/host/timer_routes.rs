//! No request from outside reaches the timer function, however its path is spelled.

use devhost::Host;
use http::Method;
use tests::OwnDatabase;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{BOUND, CAUSES, Hosted, migrate, settings};

/// Paths that something on the way might take for the timer's.
const TARGETS: [&str; 37] = [
    "/MatchScan",
    "/matchscan",
    "/MATCHSCAN",
    "/MatchScan?x=1",
    "/MatchScan#x",
    "/MatchScan/",
    "/MatchScan//",
    "/MatchScan/x",
    "/MatchScan/.",
    "/MatchScan%2F",
    "/MatchScan%3F",
    "/MatchScan%00",
    "/MatchScan%20",
    "/MatchScan;x=1",
    "/MatchScan.json",
    "//MatchScan",
    "/./MatchScan",
    "/x/../MatchScan",
    "/;/MatchScan",
    "/..;/MatchScan",
    "/\\MatchScan",
    "/%4DatchScan",
    "/%254DatchScan",
    "/%2FMatchScan",
    "/%2e/MatchScan",
    "/x/%2e%2e/MatchScan",
    "/%C0%AFMatchScan",
    "/api/MatchScan",
    "/api//MatchScan",
    "/api/../MatchScan",
    "/api/..%2FMatchScan",
    "/api/..%5CMatchScan",
    "/api/x/..%2F..%2FMatchScan",
    "/api/v1/travels/../../../MatchScan",
    "/health/MatchScan",
    "/runtime/webhooks/MatchScan",
    "http://127.0.0.1/MatchScan",
];
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "FIRE"];
/// Headers by which some servers are told another path or method than the request's own.
const DISGUISES: [&str; 5] = [
    "X-Original-URL: /MatchScan",
    "X-Rewrite-URL: /MatchScan",
    "X-Forwarded-Prefix: /MatchScan",
    "X-Forwarded-Path: /MatchScan",
    "X-HTTP-Method-Override: POST\r\nX-Original-URL: /MatchScan",
];
/// What the host itself sends when it fires the timer.
const INVOCATION: &str = r#"{"Data":{"timer":{"Schedule":{"AdjustForDST":true},"IsPastDue":false}},"Metadata":{}}"#;

/// Sends a request with exactly this target; the answer as it comes over the wire, and its status.
async fn send(hosted: &Hosted, method: &str, target: &str, header: &str) -> (u16, String) {
    let exchange = async {
        let mut stream = TcpStream::connect(hosted.host.address()).await.unwrap();
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{header}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{INVOCATION}",
            INVOCATION.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    };
    let answer = tokio::time::timeout(BOUND, exchange).await.unwrap();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("{method} {target} is answered {answer:?}")), answer)
}

/// Sends everything that might fire the timer; what looks as if it had.
async fn intrusions(hosted: &Hosted) -> Vec<String> {
    let plain = TARGETS.iter().flat_map(|target| METHODS.map(|method| (method, *target, "X-Plain: 1")));
    let disguised = DISGUISES.iter().flat_map(|header| {
        ["/api/v1/nowhere", "/api/", "/health", "/"]
            .into_iter()
            .flat_map(|target| ["GET", "POST"].map(|method| (method, target, *header)))
    });
    let mut found = Vec::new();
    for (method, target, header) in plain.chain(disguised) {
        let (status, answer) = send(hosted, method, target, header).await;
        // A disguised request may well be answered, as the one that it is; and so may one that asks what is allowed.
        let harmless = header != "X-Plain: 1" || (method == "OPTIONS" && answer.contains("\r\ncontent-length: 0\r\n"));
        let refused = (400..500).contains(&status);
        if !(refused || harmless) || answer.contains("scanned") || answer.contains("Logs") {
            found.push(format!("{method} {target} ({header}): {answer}"));
        }
    }
    found
}

#[tokio::test]
async fn no_http_route_reaches_the_timer_function() {
    let database = OwnDatabase::empty().await;
    let hosted = Hosted::start(&database).await;
    let app = hosted.client();
    let [ana, ben] = app.two_in_rome().await;
    assert_eq!(intrusions(&hosted).await, Vec::<String>::new());
    assert_eq!(app.waiting().await, CAUSES, "what there was to scan is still there");
    assert_eq!((ana.told().await.len(), ben.told().await.len()), (0, 0));
    assert_eq!(hosted.lines_with("match_scan"), Vec::<String>::new(), "the handler logs every scan");
    hosted.shutdown().await;
}

#[tokio::test]
async fn where_a_route_does_reach_it_that_would_be_seen() {
    let database = OwnDatabase::empty().await;
    let settings = settings(&database);
    migrate(&settings).await;
    // The host loads no route onto a timer. So here there is none: an HTTP function has its name.
    let hosted = Hosted::start_altered(settings, |options| {
        let function = options.script_root.join("TravelsCreate/function.json");
        let route = std::fs::read_to_string(function).unwrap().replace("api/v1/travels", "MatchScan");
        std::fs::write(options.script_root.join("MatchScan/function.json"), route).unwrap();
    })
    .await;
    let found = intrusions(&hosted).await;
    assert!(found.iter().any(|answer| answer.starts_with("POST /MatchScan ")), "{found:?}");
    assert!(!hosted.lines_with(r#""event":"match_scan""#).is_empty());
    hosted.shutdown().await;
}

#[tokio::test]
async fn a_route_onto_the_timer_is_not_even_loaded() {
    let database = OwnDatabase::empty().await;
    for route in ["MatchScan", "matchscan", "{name}", "{*path}"] {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        devhost::stage(crate::support::repository(), crate::support::handler().await, &root).unwrap();
        let function = std::fs::read_to_string(root.join("TravelsCreate/function.json")).unwrap();
        std::fs::create_dir(root.join("Rogue")).unwrap();
        std::fs::write(root.join("Rogue/function.json"), function.replace("api/v1/travels", route)).unwrap();
        let mut options = devhost::HostOptions::new(root);
        options.inherit_environment = false;
        options.settings = settings(&database);
        let Err(refused) = Host::start(options).await else { panic!("{route} is loaded") };
        assert!(refused.to_string().contains("anyone could fire that timer"), "{route}: {refused}");
    }
}

#[tokio::test]
async fn the_operators_way_to_fire_it_takes_nothing_but_a_post() {
    let database = OwnDatabase::empty().await;
    let hosted = Hosted::start(&database).await;
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let answer = hosted.client().call(method, "/admin/functions/MatchScan", &serde_json::json!({})).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (404, 0));
    }
    assert_eq!(hosted.lines_with("fired by hand"), Vec::<String>::new());
    hosted.shutdown().await;
}
