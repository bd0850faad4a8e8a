//! `handler scan-matches`: the match scan by hand, for operators.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use super::run::{Scanner, Summary};
use crate::db::DbResult;

/// How long to wait for new causes where the scan goes on and on, unless told otherwise.
pub const PAUSE: Duration = Duration::from_secs(10);

/// When a command has done its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// As soon as nothing is due.
    NothingIsDue,
    /// Never: it looks again after this pause.
    Stopped(Duration),
}

/// Scans until nothing is due and prints what was done; then that is all, or it goes on until `stop` is ready.
pub async fn scan(scanner: &Scanner, until: Until, stop: impl Future<Output = ()>) -> DbResult<()> {
    let once = until == Until::NothingIsDue;
    let mut stop = std::pin::pin!(stop);
    loop {
        let summary = scanner.run(show).await?;
        clear_line();
        if once || summary.causes + summary.failed + summary.set_aside > 0 {
            println!("{summary}");
        }
        if summary.out_of_time {
            continue;
        }
        let Until::Stopped(pause) = until else { return Ok(()) };
        tokio::select! {
            () = &mut stop => return Ok(()),
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Prints what a scan would tell people, and changes nothing.
pub async fn rehearse(scanner: &Scanner) -> DbResult<()> {
    let messages = scanner.rehearse().await?;
    for (receiver, message) in &messages {
        println!("to user {receiver}: {message}");
    }
    println!("{} notifications would be written; nothing was", messages.len());
    Ok(())
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
