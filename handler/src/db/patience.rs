//! How long a request waits for the database, all its statements together, and what is tried again meanwhile.
//!
//! Work that is no request's, such as a match scan, has no such limit: its statements have those of the engine.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::error::{DbError, DbResult};

/// How long a request waits for the database unless the configuration says otherwise, and how long a passing fault is
/// tried again: security 25 and `docs/adr/0017-when-the-database-fails.md`.
pub const DEFAULT_PATIENCE: Duration = Duration::from_secs(2);
/// Before the second try; each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

tokio::task_local! {
    /// What is left of the present request's patience.
    static LEFT: Cell<Duration>;
    /// Whether it was lent a connection before.
    static SERVED: Cell<bool>;
}

/// Gives everything that `work` asks of the database so much time altogether.
pub async fn with<F: Future>(patience: Duration, work: F) -> F::Output {
    LEFT.scope(Cell::new(patience), SERVED.scope(Cell::new(false), work)).await
}

/// Whether this is a request that was lent no connection yet.
pub(super) fn is_unserved() -> bool {
    SERVED.try_with(|served| !served.get()).unwrap_or(false)
}

/// Remembers that the request, if this is one, was lent a connection.
pub(super) fn note_served() {
    let _ = SERVED.try_with(|served| served.set(true));
}

/// Awaits one answer that is not worth more than `limit`, as far as the request has patience.
pub async fn at_most<T>(limit: Duration, work: impl Future<Output = DbResult<T>>) -> DbResult<T> {
    timeout(limit, work).await.unwrap_or_else(|_| Err(out_of_time()))
}

/// Until when a request that begins something now waits for a connection: three quarters of its patience, so that there is
/// time left for the statement. One that is cut off in the middle costs its connection, and under load all would be. `None`
/// for what is no request's.
pub(super) fn waits_until() -> Option<Instant> {
    LEFT.try_with(Cell::get).ok().map(|left| Instant::now() + left * 3 / 4)
}

/// Awaits an answer for as long as the request has patience, and takes the time from it. What is large comes in a box: an
/// async function keeps two of what it is given.
pub(super) async fn spend<T>(work: impl Future<Output = DbResult<T>>) -> DbResult<T> {
    let left = LEFT.try_with(Cell::get).unwrap_or(Duration::MAX);
    let started = Instant::now();
    let answer = timeout(left, work).await;
    take(started.elapsed());
    answer.unwrap_or_else(|_| Err(out_of_time()))
}

fn take(spent: Duration) {
    // Without a request there is nothing to take it from.
    let _ = LEFT.try_with(|left| left.set(left.get().saturating_sub(spent)));
}

fn out_of_time() -> DbError {
    DbError::Unavailable { message: "no answer of the database in time".into(), outcome_unknown: true }
}

/// The tries of one piece of work, with pauses between them.
#[derive(Debug)]
pub(super) struct Tries {
    since: Instant,
    pause: Duration,
}

impl Tries {
    /// The first one begins now.
    pub(super) fn begin() -> Self {
        Self { since: Instant::now(), pause: FIRST_PAUSE }
    }

    /// Waits before the next try. False if there is no time left for one.
    pub(super) async fn pause(&mut self) -> bool {
        let left = LEFT.try_with(Cell::get).unwrap_or(DEFAULT_PATIENCE);
        let Some(pause) = self.next_pause(self.since.elapsed(), left) else { return false };
        tracing::debug!(tried_again = true, "a fault of the database that passes");
        sleep(pause).await;
        take(pause);
        true
    }

    /// The next pause, `elapsed` after the first try began and with `left` of the request's patience.
    fn next_pause(&mut self, elapsed: Duration, left: Duration) -> Option<Duration> {
        let pause = self.pause;
        self.pause *= 2;
        (pause < left && elapsed + pause < DEFAULT_PATIENCE).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(100);

    /// An answer that comes when another one, which never does, is given up.
    async fn answer_after(wait: Duration) -> DbResult<()> {
        assert!(at_most(wait, std::future::pending::<DbResult<()>>()).await.is_err());
        Ok(())
    }

    #[tokio::test]
    async fn security_26_a_request_waits_for_its_statements_together_and_not_for_each() {
        with(PATIENCE, async {
            spend(answer_after(PATIENCE / 10)).await.unwrap();
            let left = LEFT.with(Cell::get);
            assert!(left <= PATIENCE * 9 / 10, "{left:?}");
            // What is not the database's takes nothing of it.
            answer_after(PATIENCE).await.unwrap();
            assert_eq!(LEFT.with(Cell::get), left);
            let error = spend(answer_after(PATIENCE * 100)).await.unwrap_err();
            assert!(matches!(error, DbError::Unavailable { outcome_unknown: true, .. }), "{error:?}");
            assert_eq!(LEFT.with(Cell::get), Duration::ZERO);
            assert!(spend(std::future::pending::<DbResult<()>>()).await.is_err());
        })
        .await;
    }

    #[tokio::test]
    async fn what_is_no_requests_is_waited_for_unless_it_is_not_worth_it() {
        spend(answer_after(PATIENCE)).await.unwrap();
        assert!(at_most(PATIENCE, std::future::pending::<DbResult<()>>()).await.is_err());
    }

    #[test]
    fn security_25_work_is_tried_again_for_two_seconds_and_no_longer() {
        let (mut tries, mut elapsed, mut pauses) = (Tries::begin(), Duration::ZERO, Vec::new());
        while let Some(pause) = tries.next_pause(elapsed, DEFAULT_PATIENCE) {
            elapsed += pause;
            pauses.push(pause.as_millis());
        }
        assert_eq!(pauses, [50, 100, 200, 400, 800]);
    }

    #[test]
    fn security_25_a_request_that_has_no_patience_left_does_not_try_again() {
        assert_eq!(Tries::begin().next_pause(Duration::ZERO, FIRST_PAUSE), None);
        assert_eq!(Tries::begin().next_pause(DEFAULT_PATIENCE, DEFAULT_PATIENCE), None);
    }
}
