use std::net::TcpListener;

use super::super::{DatabaseUrl, patience};
use super::*;

/// A pool for a server that takes connections and says nothing.
fn silent() -> (SqlServer, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let text = format!("server=tcp:127.0.0.1,{port};user id=sa;password=none;database=nowhere");
    let DatabaseUrl::SqlServer(server) = DatabaseUrl::parse(&text, false).unwrap() else {
        panic!("{text} is a server")
    };
    (SqlServer::open((*server).clone(), 1, None), listener)
}

#[tokio::test]
async fn a_request_that_waits_for_a_connection_keeps_time_for_its_statement() {
    const PATIENCE: Duration = Duration::from_secs(1);
    let (server, _listener) = silent();
    let lent = patience::with(PATIENCE, async { timeout(PATIENCE, server.lend(waits_until())).await }).await;
    let refused = lent.expect("the wait ends before the patience does").err().expect("nobody lends a connection");
    assert!(refused.left_nothing() && refused.to_string().contains("no connection"), "{refused}");
}

#[tokio::test]
async fn a_request_that_waited_in_vain_does_not_try_again() {
    let (server, _listener) = silent();
    let now = Instant::now();
    assert!(!server.may_lend(Some(now)), "its time to wait is over");
    assert!(server.may_lend(Some(now + Duration::from_hours(1))));
    assert!(server.may_lend(None), "it is no request");
}

#[tokio::test]
async fn what_is_no_request_waits_as_long_as_the_pool_says() {
    let (server, _listener) = silent();
    assert_eq!(waits_until(), None);
    assert!(timeout(Duration::from_millis(100), server.lend(waits_until())).await.is_err(), "it waits on");
}

#[test]
fn a_statement_goes_without_the_comment_that_begins_it() {
    assert_eq!(bare("-- @P1 int\n-- Why.\nSELECT 1; -- here\n-- there\n"), "SELECT 1; -- here\n-- there\n");
    assert_eq!(bare("SELECT 1;"), "SELECT 1;");
    assert_eq!(bare("-- nothing"), "");
}
