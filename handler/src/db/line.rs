//! The line for connections, and the wait before it: who was served before goes ahead of requests that have not begun.
//!
//! Most requests ask the database twice or more. If all stood in one line, under more load than it bears, each would wait
//! almost until its patience ends, have its first statement answered, wait again, and be told to come back: most of what
//! the database does would be for nothing. So no more of those that begin stand in the line than there are connections, and
//! who was served before waits for about as many statements, not for everybody.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::patience;

/// A line for some connections, in which nobody is overtaken.
#[derive(Debug)]
pub(super) struct Line {
    /// Turns of requests that have not begun to stand in it.
    turns: Semaphore,
    /// One for each connection.
    places: Arc<Semaphore>,
}

/// A connection is there, or may be opened, for whoever has this. It is the next one's when this is dropped.
pub(super) type Place = OwnedSemaphorePermit;

impl Line {
    /// For so many connections.
    pub(super) fn new(connections: usize) -> Self {
        Self { turns: Semaphore::new(connections), places: Arc::new(Semaphore::new(connections)) }
    }

    /// Awaits a place. Only a request that has not begun waits for its turn first, and that is over when it has its place.
    pub(super) async fn place(&self) -> anyhow::Result<Place> {
        let _turn = if patience::is_unserved() { Some(self.turns.acquire().await?) } else { None };
        let place = Arc::clone(&self.places).acquire_owned().await?;
        patience::note_served();
        Ok(place)
    }

    /// How many places nobody has.
    pub(super) fn free(&self) -> usize {
        self.places.available_permits()
    }
}
