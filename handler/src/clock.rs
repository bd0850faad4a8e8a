//! Time comes from outside, so that a test owns it.

use std::sync::Arc;
use time::{Date, OffsetDateTime, UtcOffset};

/// Where the time of day comes from.
pub trait Clock: Send + Sync + 'static {
    /// The present instant in UTC.
    fn now(&self) -> OffsetDateTime;

    /// Today's date in UTC, which is the product's idea of "today".
    fn today(&self) -> Date {
        self.now().to_offset(UtcOffset::UTC).date()
    }
}

/// A clock shared by everything that lives in one process.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}
