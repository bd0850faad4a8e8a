//! Ids that the host makes up.

use uuid::Uuid;

/// A new invocation or worker id.
pub(crate) fn new_id() -> Uuid {
    uuid::Builder::from_random_bytes(rand::random()).into_uuid()
}
