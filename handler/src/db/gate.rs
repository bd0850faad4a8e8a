//! No answer from a database whose schema is not one that this build can serve from.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::schema::SchemaState;
use super::{Database, DbError, DbResult, migrate, patience};
use crate::error::{Error, Result};

/// How long a good schema is believed in; a newer build may migrate it while this one runs.
const TRUSTED: Duration = Duration::from_mins(1);
/// How long requests are refused without asking again.
const REFUSED: Duration = Duration::from_secs(1);

/// What was seen of the schema last, and when.
#[derive(Debug, Default)]
pub struct SchemaGate {
    seen: Mutex<Option<(Instant, Sight)>>,
}

/// What a look at the database showed.
#[derive(Debug)]
enum Sight {
    Schema(SchemaState),
    /// No answer, for this reason.
    Nothing(String),
}

impl SchemaGate {
    /// Lets a request through, or refuses it with [`Error::Unavailable`]. Looks at the database now and then only, and one
    /// request at a time: the others wait for what it sees, also if that is nothing.
    pub async fn pass(&self, db: &Database) -> Result<()> {
        let mut seen = patience::spend(async { Ok(self.seen.lock().await) }).await?;
        let outdated = seen.as_ref().is_none_or(|(at, sight)| at.elapsed() >= sight.holds());
        if outdated {
            let sight = match migrate::state(db).await {
                Ok(state) => Sight::Schema(state),
                Err(DbError::Unavailable { message, .. }) => Sight::Nothing(message),
                Err(other) => return Err(other.into()),
            };
            *seen = Some((Instant::now(), sight));
        }
        match seen.as_ref() {
            Some((_, Sight::Schema(state))) if state.is_served() => Ok(()),
            Some((_, Sight::Schema(other))) => {
                Err(Error::Unavailable { reason: other.to_string(), retry_after: Duration::from_secs(5) })
            }
            Some((_, Sight::Nothing(reason))) => Err(Error::unavailable(reason.clone())),
            None => Err(Error::unavailable("the schema was not looked at")),
        }
    }

    /// Looks at the database now, and remembers what it saw.
    pub async fn look(&self, db: &Database) -> DbResult<SchemaState> {
        let state = migrate::state(db).await?;
        *self.seen.lock().await = Some((Instant::now(), Sight::Schema(state)));
        Ok(state)
    }
}

impl Sight {
    /// How long it is believed in.
    const fn holds(&self) -> Duration {
        match self {
            Self::Schema(state) if state.is_served() => TRUSTED,
            Self::Schema(_) | Self::Nothing(_) => REFUSED,
        }
    }
}
