//! Looks for new notifications all the time, so that it is known of each when it can have been written.

use std::collections::BTreeMap;

use handler::db::{Database, Query};
use handler::{params, query};
use tokio::sync::Mutex;

use crate::history::Ticks;

const TRAVEL_MATCHES_AFTER: Query = query!("travel_matches_after");

/// On SQL Server a lower id may be seen later than a higher one, but not by more than all scans together write at once.
const LATE: i32 = 2_000;

/// A notification of a match.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) receiver: i32,
    pub(crate) message: String,
    pub(crate) related: i32,
    /// A tick at which it was not there, before which it can't have been written, and one at which it was.
    pub(crate) window: (u64, u64),
}

/// Who looks, and what was seen.
pub(crate) struct Watch {
    db: Database,
    seen: Mutex<(u64, BTreeMap<i32, Seen>)>,
}

impl Watch {
    pub(crate) fn new(db: Database) -> Self {
        Self { db, seen: Mutex::default() }
    }

    /// Looks; answers how many there are.
    pub(crate) async fn look(&self, ticks: &Ticks) -> usize {
        let mut seen = self.seen.lock().await;
        let (before, all) = &mut *seen;
        let begun = ticks.next();
        let after = all.last_key_value().map_or(0, |(id, _)| id - LATE);
        let rows = self.db.fetch_all(TRAVEL_MATCHES_AFTER, params![after]).await.unwrap();
        let window = (*before, ticks.next());
        for row in rows {
            all.entry(row.get("id").unwrap()).or_insert_with(|| Seen {
                receiver: row.get("user_id").unwrap(),
                message: row.get("message").unwrap(),
                related: row.get("related_entity_id").unwrap(),
                window,
            });
        }
        *before = begun;
        all.len()
    }

    /// All that was seen.
    pub(crate) async fn all(&self) -> Vec<Seen> {
        self.seen.lock().await.1.values().cloned().collect()
    }
}
