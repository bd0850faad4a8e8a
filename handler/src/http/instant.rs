//! Instants in answers: `#[serde(with = "crate::http::instant")]`.

use serde::Serializer;
use time::OffsetDateTime;

use super::envelope::timestamp;

/// Writes an instant as the contract has it: UTC, whole seconds, `2026-01-31T10:30:00Z`.
pub fn serialize<S: Serializer>(instant: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&timestamp(*instant))
}
