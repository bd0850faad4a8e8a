//! Who is served first when more want a connection than there are.

use std::cell::RefCell;

use futures_util::future::join_all;
use futures_util::poll;
use handler::db::{Database, DatabaseUrl};
use tests::little_server::LittleServer;
use tokio::sync::Notify;

use crate::common::{as_a_request, on_a_runtime};

/// Tells `story` on each engine, with one connection.
fn with_one_connection(story: &impl AsyncFn(&Database)) {
    on_a_runtime(async {
        story(&Database::open(&DatabaseUrl::parse("sqlite::memory:", false).unwrap(), 1).unwrap()).await;
        let server = LittleServer::start().await;
        story(&Database::open(&server.url("user id=sa;password=none"), 1).unwrap()).await;
    });
}

#[test]
fn who_was_served_before_does_not_wait_for_all_who_begin() {
    with_one_connection(&async |db: &Database| {
        let (served, goes_on, order) = (Notify::new(), Notify::new(), RefCell::new(Vec::new()));
        let mut old = Box::pin(as_a_request(async {
            db.ping().await.unwrap();
            served.notify_one();
            goes_on.notified().await;
            db.ping().await.unwrap();
            order.borrow_mut().push("old");
        }));
        tokio::select! {
            () = &mut old => panic!("it goes on when it may"),
            () = served.notified() => {}
        }
        let held = db.begin().await.unwrap();
        let begin = async || {
            db.ping().await.unwrap();
            order.borrow_mut().push("new");
        };
        let mut new: Vec<_> = (0..5).map(|_| Box::pin(as_a_request(begin()))).collect();
        for one in &mut new {
            assert!(poll!(one).is_pending(), "there is one connection");
        }
        goes_on.notify_one();
        assert!(poll!(&mut old).is_pending(), "there is one connection");
        drop(held);
        tokio::join!(join_all(new), old);
        let behind = order.borrow().iter().position(|who| *who == "old").unwrap();
        assert!(behind <= 1, "on {}: behind {behind} that begin", db.engine_name());
    });
}

#[test]
fn who_is_no_request_waits_for_nobody_that_has_not_begun() {
    with_one_connection(&async |db: &Database| {
        let order = RefCell::new(Vec::new());
        let ask = async |who| {
            db.ping().await.unwrap();
            order.borrow_mut().push(who);
        };
        let held = db.begin().await.unwrap();
        let mut new: Vec<_> = (0..5).map(|_| Box::pin(as_a_request(ask("request")))).collect();
        for one in &mut new {
            assert!(poll!(one).is_pending(), "there is one connection");
        }
        let mut job = Box::pin(ask("job"));
        assert!(poll!(&mut job).is_pending(), "there is one connection");
        drop(held);
        tokio::join!(join_all(new), job);
        let behind = order.borrow().iter().position(|who| *who == "job").unwrap();
        assert!(behind <= 1, "on {}: behind {behind} requests", db.engine_name());
    });
}
