//! What becomes of a request on its way to the handler, and of the answer on its way back.

use crate::support::{TestApp, raw, send};
use std::net::Ipv4Addr;

#[tokio::test]
async fn method_path_headers_and_body_arrive() {
    let hosted = TestApp::with_everything().ready().await;
    let headers = ["Content-Type: application/json", "Cookie: a=b", "x-functions-key: k", "X-Two: 1", "X-Two: 2"];
    let reply = hosted.call("PUT", "/api/v1/Users%2F7", &headers, b"{\"x\":1}").await;
    let seen = reply.json();
    assert_eq!((seen["method"].as_str(), seen["target"].as_str()), (Some("PUT"), Some("/api/v1/Users%2F7")));
    assert_eq!(seen["body"], "{\"x\":1}");
    assert_eq!(reply.seen("host"), [hosted.host.address().to_string()]);
    assert_eq!((reply.seen("cookie"), reply.seen("x-functions-key")), (vec!["a=b".into()], vec!["k".into()]));
    assert_eq!(reply.seen("x-two"), ["1", "2"]);
    hosted.shutdown().await;
}

#[tokio::test]
async fn the_query_is_rebuilt() {
    let hosted = TestApp::with_everything().ready().await;
    let reply = hosted.get("/search?a=1&a=2&Limit=3&limit=4&q=S%C3%A3o+Paulo&flag").await;
    assert_eq!(reply.json()["target"], "/search?a=1,2&Limit=3,4&q=S%C3%A3o%20Paulo&flag=");
    hosted.shutdown().await;
}

#[tokio::test]
async fn a_chunked_body_is_dropped() {
    let hosted = TestApp::with_everything().ready().await;
    let request = b"POST /chunked HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nlost\r\n0\r\n\r\n";
    let reply = raw(hosted.host.address(), Ipv4Addr::LOCALHOST, request).await;
    assert_eq!((reply.status, reply.json()["body"].as_str()), (200, Some("")));
    assert!(reply.seen("transfer-encoding").is_empty());
    hosted.shutdown().await;
}

#[tokio::test]
async fn a_body_over_100_mib_is_a_413() {
    let hosted = TestApp::with_everything().ready().await;
    for (length, status) in [("104857601", 413), ("99999999999999999999", 400)] {
        let request = format!("POST /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
        let reply = raw(hosted.host.address(), Ipv4Addr::LOCALHOST, request.as_bytes()).await;
        assert_eq!(reply.status, status, "{length}");
    }
    hosted.shutdown().await;
}

#[tokio::test]
async fn the_host_adds_its_headers() {
    let hosted = TestApp::with_everything().ready().await;
    let reply = hosted.call("GET", "/x", &["X-Azure-Functions-InvocationId: mine", "User-Agent: curl/8"], b"").await;
    let ids = reply.seen("x-azure-functions-invocationid");
    assert_eq!((ids.len(), ids[0].as_str()), (2, "mine"));
    assert_eq!(ids[1].len(), 36);
    let versions = reply.seen("x-azure-functions-hostversion");
    assert!(versions[0].starts_with("4."), "{versions:?}");
    assert_eq!(reply.seen("user-agent"), [format!("curl/8 Azure-Functions-Host/{}", versions[0])]);
    let other = hosted.get("/x").await.seen("x-azure-functions-invocationid");
    assert_eq!(other.len(), 1);
    assert_ne!(other[0], ids[1]);
    hosted.shutdown().await;
}

#[tokio::test]
async fn the_front_end_tells_who_really_called() {
    let hosted = TestApp::with_everything().ready().await;
    let lies = [
        "X-Forwarded-For: 1.1.1.1",
        "X-Forwarded-For: 2.2.2.2",
        "CLIENT-IP: 3.3.3.3",
        "X-Client-IP: 4.4.4.4",
        "X-Forwarded-Proto: gopher",
    ];
    let reply = send(hosted.host.address(), Ipv4Addr::new(127, 0, 0, 7), "GET", "/x", &lies, b"").await;
    let forwarded = reply.seen("x-forwarded-for");
    assert_eq!(forwarded.len(), 1);
    assert!(forwarded[0].starts_with("1.1.1.1, 2.2.2.2, 127.0.0.7:"), "{forwarded:?}");
    let peer = forwarded[0].rsplit(' ').next().unwrap();
    assert_eq!(reply.seen("client-ip"), [peer]);
    assert_eq!(reply.seen("x-client-ip"), ["127.0.0.7"]);
    assert_eq!(reply.seen("x-forwarded-proto"), ["http"]);
    hosted.shutdown().await;
}

#[tokio::test]
async fn answers_are_buffered_and_redirects_are_the_clients() {
    let hosted = TestApp::with_everything().ready().await;
    let streamed = hosted.get("/stream").await;
    assert_eq!((streamed.body.as_str(), streamed.header("content-length")), ("streamed", Some("8")));
    assert_eq!(streamed.header("transfer-encoding"), None);
    let redirect = hosted.get("/redirect").await;
    assert_eq!((redirect.status, redirect.header("location")), (302, Some("/elsewhere")));
    assert_eq!(redirect.header("set-cookie"), Some("a=1"));
    let head = hosted.call("HEAD", "/x", &[], b"").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_ne!(head.header("content-length"), Some("0"));
    hosted.shutdown().await;
}

#[tokio::test]
async fn a_handler_that_dies_meanwhile_is_an_empty_500() {
    let hosted = TestApp::with_everything().ready().await;
    let reply = hosted.get("/exit/3").await;
    assert_eq!((reply.status, reply.body.as_str()), (500, ""));
    hosted.shutdown().await;
}
