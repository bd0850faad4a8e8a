//! `handler scan-matches`: the match scan by hand, for operators.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use super::run::{Scanner, Summary};
use crate::output::say;

/// How long to wait for new causes where the scan goes on and on, unless told otherwise.
pub const PAUSE: Duration = Duration::from_secs(10);

/// How a scan by hand came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Nothing was due any more.
    Done,
    /// It was told to stop. What it had begun with is taken over by the next scan, after the lease.
    Stopped,
}

/// When a command has done its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// As soon as nothing is due.
    NothingIsDue,
    /// Never: it looks again after this pause.
    Stopped(Duration),
}

/// Scans until nothing is due and prints what was done; then that is all, or it goes on until `stop` is ready. It heeds that
/// in the middle of a run too.
pub async fn scan(scanner: &Scanner, until: Until, stop: impl Future<Output = ()>) -> anyhow::Result<Ended> {
    let once = until == Until::NothingIsDue;
    let mut stop = std::pin::pin!(stop);
    loop {
        let mut so_far = Summary::default();
        let progress = |summary: &Summary| {
            so_far = *summary;
            show(summary);
        };
        let finished = tokio::select! {
            // Asked first: a signal is caught from then on, and what is begun is begun with an ear for it.
            biased;
            () = &mut stop => None,
            summary = scanner.run(progress) => Some(summary?),
        };
        clear_line();
        let summary = finished.unwrap_or(so_far);
        if once || summary.causes + summary.failed + summary.set_aside > 0 {
            say(summary)?;
            summary.log();
        }
        if finished.is_none() {
            return Ok(Ended::Stopped);
        }
        if summary.out_of_time {
            continue;
        }
        let Until::Stopped(pause) = until else { return Ok(Ended::Done) };
        tokio::select! {
            () = &mut stop => return Ok(Ended::Stopped),
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Prints what a scan would tell people, and changes nothing.
pub async fn rehearse(scanner: &Scanner) -> anyhow::Result<()> {
    let messages = scanner.rehearse().await?;
    for (receiver, message) in &messages {
        say(format_args!("to user {receiver}: {message}"))?;
    }
    Ok(say(format_args!("{} notifications would be written; nothing was", messages.len()))?)
}

/// Progress is for people: a terminal shows it in one line.
fn show(summary: &Summary) {
    if std::io::stderr().is_terminal() {
        eprint!("\r{summary} … ");
        // A terminal that can't be written to has nobody before it.
        let _ = std::io::stderr().flush();
    }
}

fn clear_line() {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[2K");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::SystemClock;
    use crate::db::{Database, DatabaseUrl};
    use crate::random::OsRandomness;
    use crate::scan::run::ScanSettings;

    #[tokio::test]
    async fn an_order_to_stop_that_is_there_already_is_heeded_before_anything_is_begun() {
        // A database without tables: a run would fail.
        let db = Database::open(&DatabaseUrl::parse("sqlite::memory:", false).unwrap(), 1).unwrap();
        let settings = ScanSettings::default();
        let scanner = Scanner { db, clock: Arc::new(SystemClock), random: Arc::new(OsRandomness), settings };
        for until in [Until::NothingIsDue, Until::Stopped(PAUSE)] {
            assert_eq!(scan(&scanner, until, std::future::ready(())).await.unwrap(), Ended::Stopped);
            assert!(scan(&scanner, until, std::future::pending()).await.is_err());
        }
    }
}
