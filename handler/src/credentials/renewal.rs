//! A key that nobody here knows may be one that another instance has read already: then the secrets are read again, early.
//!
//! Whoever has a vault to read from serves these wishes. A stranger can name any key, so there is at most one early reading
//! in each rest, and everyone who comes while it lasts waits for that one.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};

/// How long a request waits for an early reading before it is answered by what is known.
const PATIENCE: Duration = Duration::from_secs(2);

/// The wish for new secrets, and its fulfilment.
#[derive(Debug, Default)]
pub struct Renewal {
    turn: Mutex<Turn>,
    wanted: Notify,
    readings: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Turn {
    /// How long no further wish is heard after one; `None` while nobody serves them.
    rest: Option<Duration>,
    asked_at: Option<Instant>,
    running: bool,
}

impl Renewal {
    /// From now on wishes are heard, at most one in each `rest`.
    pub fn serve(&self, rest: Duration) {
        self.turn().rest = Some(rest);
    }

    /// Waits for a wish.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// Tells everyone who waits that the secrets were read, or can't be.
    pub fn finished(&self) {
        self.turn().running = false;
        self.readings.send_modify(|count| *count += 1);
    }

    /// Asks for a reading and waits for it, for [`PATIENCE`] at most. False, and at once, if there is none to be had.
    pub(super) async fn ask(&self) -> bool {
        let mut readings = self.readings.subscribe();
        {
            let mut turn = self.turn();
            let Some(rest) = turn.rest else { return false };
            if !turn.running {
                if turn.asked_at.is_some_and(|at| at.elapsed() < rest) {
                    return false;
                }
                turn.asked_at = Some(Instant::now());
                turn.running = true;
                self.wanted.notify_one();
            }
        }
        timeout(PATIENCE, readings.changed()).await.is_ok()
    }

    fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn without_a_vault_nobody_waits() {
        assert!(!Renewal::default().ask().await);
    }

    #[tokio::test]
    async fn security_09_many_strange_keys_cause_one_reading() {
        let renewal = Arc::new(Renewal::default());
        renewal.serve(Duration::from_hours(1));
        let readings = Arc::new(AtomicU32::new(0));
        let reader = tokio::spawn({
            let (renewal, readings) = (Arc::clone(&renewal), Arc::clone(&readings));
            async move {
                loop {
                    renewal.wanted().await;
                    readings.fetch_add(1, Ordering::Relaxed);
                    renewal.finished();
                }
            }
        });
        let asking = (0..100).map(|_| renewal.ask());
        let answers = futures_util::future::join_all(asking).await;
        assert_eq!(answers.iter().filter(|told| **told).count(), 100, "who came in time waited for the one");
        assert!(!renewal.ask().await, "and who comes after it is not heard for an hour");
        assert_eq!(readings.load(Ordering::Relaxed), 1);
        reader.abort();
    }
}
