//! `handler scan-matches`, as an operator runs it.

use std::collections::BTreeMap;
use std::process::{Output, Stdio};

use tests::OwnDatabase;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::support::{BOUND, CAUSES, Hosted, eventually, handler, settings};

/// The command with nothing but these settings in its environment.
async fn command(settings: &BTreeMap<String, String>, arguments: &[&str]) -> Command {
    let mut command = Command::new(handler().await);
    command.arg("scan-matches").args(arguments).env_clear().envs(settings);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn run(settings: &BTreeMap<String, String>, arguments: &[&str]) -> Output {
    let mut command = command(settings, arguments).await;
    tokio::time::timeout(BOUND, command.output()).await.unwrap().unwrap()
}

/// What it wrote to stdout; it must have ended well, and have nothing to complain of.
#[track_caller]
fn lines(output: &Output) -> Vec<String> {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "no progress for a file");
    String::from_utf8(output.stdout.clone()).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_rehearsal_prints_what_a_scan_would_tell_and_changes_nothing() {
    let database = OwnDatabase::empty().await;
    let hosted = Hosted::start(&database).await;
    let [ana, ben] = hosted.client().two_in_rome().await;
    for _ in 0..2 {
        let told = lines(&run(&settings(&database), &["--dry-run"]).await);
        assert!(told[0].starts_with("to user 1: Ben will be in Rome "), "{told:?}");
        assert!(told[1].starts_with("to user 2: Ana will be in Rome "), "{told:?}");
        assert_eq!(told[2..], ["2 notifications would be written; nothing was"]);
    }
    assert_eq!((ana.told().await.len(), ben.told().await.len()), (0, 0));
    assert_eq!(hosted.client().waiting().await, CAUSES);
    hosted.fire().await;
    eventually("a notification", async || ana.told().await.pop()).await;
    hosted.shutdown().await;
}

#[tokio::test]
async fn once_it_tells_everybody_says_so_in_a_line_and_ends() {
    let database = OwnDatabase::empty().await;
    let hosted = Hosted::start(&database).await;
    let [ana, ben] = hosted.client().two_in_rome().await;
    let told = lines(&run(&settings(&database), &["--once"]).await);
    let [line] = told.as_slice() else { panic!("{told:?}") };
    assert!(line.starts_with("scanned 3 causes, 1 matches, 2 notifications, 0 set aside, "), "{line}");
    assert_eq!((ana.told().await.len(), ben.told().await.len()), (1, 1));
    let again = lines(&run(&settings(&database), &["--once"]).await);
    assert!(again[0].starts_with("scanned 0 causes, 0 matches, 0 notifications, 0 set aside, "), "{again:?}");
    assert_eq!(
        lines(&run(&settings(&database), &["--dry-run"]).await),
        ["0 notifications would be written; nothing was"]
    );
    assert_eq!((ana.told().await.len(), hosted.client().waiting().await), (1, 0));
    hosted.shutdown().await;
}

#[tokio::test]
async fn without_once_it_goes_on_until_it_is_told_to_stop() {
    let database = OwnDatabase::empty().await;
    let hosted = Hosted::start(&database).await;
    let [ana, ben] = hosted.client().two_in_rome().await;
    let mut child = command(&settings(&database), &[]).await.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = tokio::time::timeout(BOUND, lines.next_line()).await.unwrap().unwrap().unwrap();
    assert!(first.starts_with("scanned 3 causes, 1 matches, 2 notifications, "), "{first}");
    assert_eq!((ana.told().await.len(), ben.told().await.len()), (1, 1));
    // From its first moment it hears a signal: here it may still be at work, or rest.
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let ended = tokio::time::timeout(BOUND, child.wait()).await.unwrap().unwrap();
    assert_eq!((ended.code(), lines.next_line().await.unwrap()), (Some(0), None));
    hosted.shutdown().await;
}

#[tokio::test]
async fn security_29_a_database_that_is_not_migrated_is_refused_with_a_sentence() {
    let database = OwnDatabase::empty().await;
    for arguments in [&["--once"][..], &["--dry-run"], &[]] {
        let refused = run(&settings(&database), arguments).await;
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        let line: serde_json::Value = serde_json::from_slice(&refused.stdout).unwrap();
        assert!(line["cause"].as_str().unwrap().contains("handler migrate"), "{line}");
    }
}

#[tokio::test]
async fn security_30_a_missing_setting_is_named() {
    let refused = run(&BTreeMap::new(), &["--once"]).await;
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stdout).contains("DATABASE_URL"), "{refused:?}");
}
