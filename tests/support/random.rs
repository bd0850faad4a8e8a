//! Randomness that is the same at every run, and never the same twice within a story.

use std::sync::Mutex;

use handler::random::Randomness;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

/// A generator with a fixed seed, shared by all instances of a story.
pub(crate) struct SeededRandomness(Mutex<StdRng>);

impl Default for SeededRandomness {
    fn default() -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(20_260_131)))
    }
}

impl Randomness for SeededRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap().fill_bytes(bytes);
    }
}
