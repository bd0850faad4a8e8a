//! Blocks of one request, against the real application.

use http::HeaderValue;
use load::block::Poller;
use load::wire::Ask;
use tests::TestApp;
use tokio::net::TcpListener;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_counts_every_request_and_the_time_of_the_process() {
    let app = TestApp::new().await;
    let ana = app.joined_as("ana@example.org", "Ana").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, app.router()).into_future());

    // The server is this very process.
    let mut poller = Poller::new(target, std::process::id(), 2);
    let authorization = HeaderValue::try_from(format!("Bearer {}", ana.token())).ok();
    let plain = Ask { authorization, ..Ask::get("/api/v1/travels") };
    let tag = poller.ask(&plain).await.unwrap().etag;
    assert!(tag.is_some(), "a list has a tag");

    let block = poller.block(&plain, 200, 50).await.unwrap();
    let requests = block.latencies.count();
    assert!(requests >= 100 && requests.is_multiple_of(100), "50 on each of two connections, or more: {requests}");
    assert!(block.cpu_seconds >= 1.0 && block.cpu_micros_each() > 1.0, "{block:?}");

    let again = Ask { known: tag, ..plain.clone() };
    assert_eq!(poller.block(&again, 304, 500).await.unwrap().latencies.count() % 1_000, 0);
    assert_eq!(poller.ask(&again).await.unwrap().status, 304, "its connections are still there");

    let told = poller.block(&plain, 304, 1).await.unwrap_err().to_string();
    assert_eq!(told, "200 and not 304 for /api/v1/travels");
}
