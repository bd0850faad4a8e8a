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
}

/// Gives everything that `work` asks of the database so much time altogether.
pub async fn with<F: Future>(patience: Duration, work: F) -> F::Output {
    LEFT.scope(Cell::new(patience), work).await
}

/// Awaits one answer that is not worth more than `limit`, as far as the request has patience.
pub async fn at_most<T>(limit: Duration, work: impl Future<Output = DbResult<T>>) -> DbResult<T> {
    timeout(limit, work).await.unwrap_or_else(|_| Err(out_of_time()))
}

/// Awaits an answer for as long as the request has patience, and takes the time from it.
pub(super) async fn spend<T>(work: impl Future<Output = DbResult<T>>) -> DbResult<T> {
    let Ok(left) = LEFT.try_with(Cell::get) else { return work.await };
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
        if self.pause >= left || self.since.elapsed() + self.pause >= DEFAULT_PATIENCE {
            return false;
        }
        sleep(self.pause).await;
        take(self.pause);
        self.pause *= 2;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::DbResult;

    async fn answer_after(wait: Duration) -> DbResult<()> {
        sleep(wait).await;
        Ok(())
    }

    fn seconds(number: f64) -> Duration {
        Duration::from_secs_f64(number)
    }

    #[tokio::test(start_paused = true)]
    async fn security_26_a_request_waits_for_its_statements_together_and_not_for_each() {
        let started = Instant::now();
        with(seconds(2.0), async {
            spend(answer_after(seconds(1.5))).await.unwrap();
            // What is not the database's takes nothing of it.
            sleep(seconds(5.0)).await;
            let error = spend(answer_after(seconds(1.0))).await.unwrap_err();
            assert!(matches!(error, DbError::Unavailable { outcome_unknown: true, .. }), "{error:?}");
            assert!(spend(answer_after(seconds(1.0))).await.is_err());
        })
        .await;
        assert_eq!(started.elapsed().as_secs_f64().round(), 7.0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_no_requests_is_waited_for() {
        spend(answer_after(seconds(60.0))).await.unwrap();
        assert!(at_most(seconds(1.0), answer_after(seconds(2.0))).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn security_25_work_is_tried_again_for_two_seconds_and_no_longer() {
        let started = Instant::now();
        let mut tries = Tries::begin();
        let mut number = 1;
        while tries.pause().await {
            number += 1;
        }
        assert_eq!(number, 6);
        assert!(started.elapsed() < DEFAULT_PATIENCE, "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn security_25_a_request_that_has_no_patience_left_does_not_try_again() {
        with(seconds(1.0), async {
            let mut tries = Tries::begin();
            assert!(tries.pause().await);
            spend(answer_after(seconds(0.9))).await.unwrap();
            assert!(!tries.pause().await);
        })
        .await;
    }
}
