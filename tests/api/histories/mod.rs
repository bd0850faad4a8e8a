//! Random histories of accounts, connections, plans and scans: the application answers as a model in memory does, which
//! knows the contract and has no database.
//!
//! `HISTORIES` says how many there are (24 unless set; 3 on a server, where each takes long), `STEPS` how many deeds each has
//! at most (40). A history that goes wrong is made as short as it can be, and told with what was asked and answered.

mod model;
mod ops;
mod story;
mod telling;
mod views;

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use story::Story;

/// How many histories there are, and on a server.
const HISTORIES: [u32; 2] = [24, 3];
/// The longest that is spent on making a history shorter, in milliseconds.
const SHORTENING: u32 = 120_000;

fn setting(name: &str, default: u32) -> u32 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn security_28_every_history_is_answered_as_the_model_says() {
    let on_server = std::env::var("TEST_DATABASE_URL").is_ok_and(|url| !url.trim().is_empty());
    let cases = setting("HISTORIES", HISTORIES[usize::from(on_server)]);
    let config = Config {
        cases,
        max_shrink_time: SHORTENING,
        max_shrink_iters: u32::MAX,
        failure_persistence: None,
        ..Config::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let histories = ops::history(setting("STEPS", 40) as usize);
    let tally = RefCell::new(BTreeMap::<String, usize>::new());
    let lived = TestRunner::new(config).run(&histories, |history| {
        let lived = runtime.block_on(async { Story::begin().await.live(&history).await });
        let seen = lived.map_err(TestCaseError::fail)?;
        for (what, times) in seen {
            *tally.borrow_mut().entry(what).or_default() += times;
        }
        Ok(())
    });
    match lived {
        Ok(()) => {
            let tally = tally.into_inner();
            println!("{tally:?}");
            let tried = ["travel_match", "connection_accepted", "401", "403", "404", "409"];
            let all = tried.iter().all(|what| tally.contains_key(*what));
            assert!(all || cases < HISTORIES[0], "these histories try nothing: {tally:?}");
        }
        Err(TestError::Fail(reason, history)) => panic!("after {} steps: {reason}", history.len()),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}
