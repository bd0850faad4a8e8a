//! No answer from a database whose schema is not the one this build was made for.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::migrate::{self, SchemaState};
use super::{Database, DbResult};
use crate::error::{Error, Result};

/// How long a good schema is believed in; a newer build may migrate it while this one runs.
const TRUSTED: Duration = Duration::from_mins(1);
/// How long requests are refused without asking again.
const REFUSED: Duration = Duration::from_secs(1);

/// What was seen of the schema last, and when.
#[derive(Debug, Default)]
pub struct SchemaGate {
    seen: Mutex<Option<(Instant, SchemaState)>>,
}

impl SchemaGate {
    /// Lets a request through, or refuses it with [`Error::Unavailable`]. Looks at the database now and then only.
    pub async fn pass(&self, db: &Database) -> Result<()> {
        let mut seen = self.seen.lock().await;
        let fresh = seen
            .as_ref()
            .is_some_and(|(at, state)| at.elapsed() < if *state == SchemaState::Current { TRUSTED } else { REFUSED });
        if !fresh {
            *seen = Some((Instant::now(), migrate::state(db).await?));
        }
        match seen.as_ref() {
            Some((_, SchemaState::Current)) => Ok(()),
            Some((_, other)) => {
                Err(Error::Unavailable { reason: other.to_string(), retry_after: Duration::from_secs(5) })
            }
            None => Err(Error::unavailable("the schema was not looked at")),
        }
    }

    /// Looks at the database now, and remembers what it saw.
    pub async fn look(&self, db: &Database) -> DbResult<SchemaState> {
        let state = migrate::state(db).await?;
        *self.seen.lock().await = Some((Instant::now(), state.clone()));
        Ok(state)
    }
}
