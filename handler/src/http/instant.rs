//! Instants in answers: `#[serde(with = "crate::http::instant")]`.

use serde::Serializer;
use time::OffsetDateTime;

use super::envelope::timestamp;

/// Writes an instant as the contract has it: UTC, whole seconds, `2026-01-31T10:30:00Z`.
pub fn serialize<S: Serializer>(instant: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&timestamp(*instant))
}

/// The same for an instant that may be absent: `#[serde(with = "crate::http::instant::optional")]`.
pub mod optional {
    use serde::Serializer;
    use time::OffsetDateTime;

    /// Writes an instant as its parent module does, or `null`.
    pub fn serialize<S: Serializer>(instant: &Option<OffsetDateTime>, serializer: S) -> Result<S::Ok, S::Error> {
        match instant {
            Some(instant) => super::serialize(instant, serializer),
            None => serializer.serialize_none(),
        }
    }
}
