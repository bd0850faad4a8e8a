//! `handler scan-matches`: the match scan by hand, for operators.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use super::run::{Scanner, Summary};
use crate::db::DbResult;

/// How long to wait for new causes where the scan goes on and on.
const PAUSE: Duration = Duration::from_secs(10);

/// Scans until nothing is due, then prints what was done; with `once` that is all, else it goes on until `stop` is ready.
pub async fn scan(scanner: &Scanner, once: bool, stop: impl Future<Output = ()>) -> DbResult<()> {
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
        if once {
            return Ok(());
        }
        tokio::select! {
            () = &mut stop => return Ok(()),
            () = tokio::time::sleep(PAUSE) => {}
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
