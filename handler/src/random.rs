//! Randomness comes from outside, so that a test owns it.

use std::sync::Arc;
use uuid::Uuid;

/// Where salts, session ids and refresh secrets come from.
pub trait Randomness: Send + Sync + 'static {
    /// Fills `bytes` with values that nobody can foretell.
    fn fill(&self, bytes: &mut [u8]);

    /// A new random id: a version 4 UUID (RFC 9562, section 5.4).
    fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}

/// A source of randomness shared by everything that lives in one process.
pub type SharedRandomness = Arc<dyn Randomness>;

/// The process's cryptographic generator, seeded and reseeded by the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandomness;

impl Randomness for OsRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        rand::fill(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_random_version_4_uuids() {
        let (one, other) = (OsRandomness.uuid(), OsRandomness.uuid());
        assert_eq!((one.get_version_num(), other.get_version_num()), (4, 4));
        assert_ne!(one, other);
    }

    #[test]
    fn every_byte_is_filled() {
        // A byte stays zero in all of 64 draws with a probability of 256^-64.
        let mut seen = [0_u8; 32];
        for _ in 0..64 {
            let mut drawn = [0; 32];
            OsRandomness.fill(&mut drawn);
            seen.iter_mut().zip(drawn).for_each(|(seen, drawn)| *seen |= drawn);
        }
        assert!(seen.iter().all(|byte| *byte != 0));
    }
}
