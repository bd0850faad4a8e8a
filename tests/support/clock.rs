//! A clock that moves only when it is told to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use handler::clock::Clock;
use time::OffsetDateTime;
use time::macros::datetime;

/// When every story begins. Answers show whole seconds, `2026-01-31T10:30:00Z`; the database keeps the rest.
const BEGINNING: OffsetDateTime = datetime!(2026-01-31 10:30:00.25 UTC);

/// The time of one story, shared by everything in it.
#[derive(Debug, Clone)]
pub struct TestClock(Arc<Mutex<OffsetDateTime>>);

impl Default for TestClock {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(BEGINNING)))
    }
}

impl TestClock {
    /// Sets the clock to this instant.
    pub fn set(&self, instant: OffsetDateTime) {
        *self.0.lock().unwrap() = instant;
    }

    /// Turns the clock back by this much, as somebody may who sets it.
    pub fn turn_back(&self, by: Duration) {
        *self.0.lock().unwrap() -= by;
    }

    /// Lets this much time pass.
    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap()
    }
}
