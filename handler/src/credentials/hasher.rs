//! Hashing passwords with Argon2id, away from the async threads and never too many at once.
//!
//! One hash takes 19 MiB and tens of milliseconds: a thousand logins at once must take neither 19 GiB nor all threads.
//! So a fixed number runs, a fixed number waits for a bounded time, and the rest is told to come back.

use super::hashing_threads::HashingThreads;
use super::password_policy::Password;
use crate::error::{Error, Result};
use crate::random::SharedRandomness;
use anyhow::Context as _;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of a salt, as RFC 9106, section 3.1, recommends.
const SALT_BYTES: usize = 16;
/// Bytes of a hash.
const OUTPUT_BYTES: usize = 32;
/// How long a client that found the queue full should wait.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// What one Argon2id hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashCost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes that could be filled in parallel.
    pub lanes: u32,
}

impl HashCost {
    /// 19 MiB, two passes, one lane: the OWASP Password Storage Cheat Sheet's least for Argon2id.
    pub const OWASP: Self = Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 };

    fn params(self) -> anyhow::Result<Params> {
        Params::new(self.memory_kib, self.passes, self.lanes, Some(OUTPUT_BYTES))
            .map_err(|error| anyhow::anyhow!("the cost of a password hash: {error}"))
    }
}

/// How much hashing may go on at once.
#[derive(Debug, Clone, Copy)]
pub struct HashLimits {
    /// How many hashes are computed at the same time.
    pub concurrency: usize,
    /// How many requests may wait for their turn.
    pub max_waiting: usize,
    /// How long one of them waits at the most.
    pub max_wait: Duration,
}

impl Default for HashLimits {
    /// As many as there are processors; 64 wait, for 5 seconds at the most.
    fn default() -> Self {
        let concurrency = std::thread::available_parallelism().map_or(1, usize::from);
        Self { concurrency, max_waiting: 64, max_wait: Duration::from_secs(5) }
    }
}

/// Whether a password is the one that was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Match {
        /// The stored hash was made at another cost: store a new one.
        needs_rehash: bool,
    },
    /// It is not, or there is no hash to compare it with.
    NoMatch,
}

/// Hashes and verifies passwords. Shared by reference or in an `Arc`.
pub struct PasswordHasher {
    params: Params,
    nobody: PasswordHash,
    randomness: SharedRandomness,
    running: Arc<Semaphore>,
    waiting: Semaphore,
    max_wait: Duration,
    gauge: Arc<Gauge>,
    threads: HashingThreads,
}

/// Counts evaluations of Argon2 where they happen.
#[derive(Default)]
struct Gauge {
    evaluations: AtomicU64,
    running: AtomicUsize,
    peak: AtomicUsize,
}

impl Gauge {
    fn measure<T>(&self, evaluate: impl FnOnce() -> T) -> T {
        self.evaluations.fetch_add(1, Ordering::SeqCst);
        self.peak.fetch_max(self.running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let result = evaluate();
        self.running.fetch_sub(1, Ordering::SeqCst);
        result
    }
}

impl PasswordHasher {
    /// A hasher of this cost and within these limits, with salts from `randomness`. Fails for a cost that Argon2 does not
    /// know, or if nothing could ever run.
    pub fn new(cost: HashCost, limits: HashLimits, randomness: SharedRandomness) -> anyhow::Result<Self> {
        anyhow::ensure!(limits.concurrency > 0, "at least one password has to be hashed at a time");
        let params = cost.params()?;
        Ok(Self {
            nobody: hash_of_nobody(&params)?,
            params,
            randomness,
            running: Arc::new(Semaphore::new(limits.concurrency.min(Semaphore::MAX_PERMITS))),
            waiting: Semaphore::new(limits.max_waiting.min(Semaphore::MAX_PERMITS)),
            max_wait: limits.max_wait,
            gauge: Arc::default(),
            threads: HashingThreads::start(limits.concurrency)?,
        })
    }

    /// A hash to store, as a PHC string with a salt of its own. [`Error::Unavailable`] when too many are waiting.
    pub async fn hash(&self, password: &Password) -> Result<String> {
        let turn = self.turn().await?;
        let mut salt = [0; SALT_BYTES];
        self.randomness.fill(&mut salt);
        let (argon2, password) = (Argon2::from(&self.params), password.clone());
        let hash = self.run(turn, move || argon2.hash_password_with_salt(password.expose(), &salt)).await?;
        Ok(hash.map_err(|error| anyhow::anyhow!("hashing a password: {error}"))?.to_string())
    }

    /// Whether the password is the one of this stored PHC string.
    ///
    /// `None` stands for a user that does not exist: the same work is done, at the same cost, and the answer is
    /// [`Verdict::NoMatch`]. [`Error::Unavailable`] when too many are waiting; [`Error::Internal`] for a stored text that
    /// is no Argon2 hash.
    pub async fn verify(&self, password: &Password, stored: Option<&str>) -> Result<Verdict> {
        let hash = match stored {
            Some(stored) => {
                PasswordHash::new(stored).map_err(|error| anyhow::anyhow!("a stored password hash: {error}"))?
            }
            None => self.nobody.clone(),
        };
        let needs_rehash = !self.is_of_present_cost(&hash);
        let turn = self.turn().await?;
        let (argon2, password) = (Argon2::from(&self.params), password.clone());
        let outcome = self.run(turn, move || argon2.verify_password(password.expose(), &hash)).await?;
        match outcome {
            Ok(()) if stored.is_some() => Ok(Verdict::Match { needs_rehash }),
            Ok(()) | Err(argon2::password_hash::Error::PasswordInvalid) => Ok(Verdict::NoMatch),
            Err(error) => Err(anyhow::anyhow!("verifying a stored password hash: {error}").into()),
        }
    }

    /// How often Argon2 has run since the start: a failed login costs one run, whoever is or is not known.
    #[must_use]
    pub fn evaluations(&self) -> u64 {
        self.gauge.evaluations.load(Ordering::SeqCst)
    }

    /// The most runs of Argon2 that ever went on at the same time.
    #[must_use]
    pub fn peak(&self) -> usize {
        self.gauge.peak.load(Ordering::SeqCst)
    }

    fn is_of_present_cost(&self, hash: &PasswordHash) -> bool {
        Algorithm::try_from(hash.algorithm.as_str()) == Ok(Algorithm::Argon2id)
            && hash.version == Some(Version::V0x13.into())
            && Params::try_from(hash).is_ok_and(|params| params == self.params)
            && hash.salt.as_ref().is_some_and(|salt| salt.len() == SALT_BYTES)
    }

    /// Waits for leave to run: in the queue, if that has a place, and for a bounded time.
    async fn turn(&self) -> Result<OwnedSemaphorePermit> {
        if let Ok(turn) = Arc::clone(&self.running).try_acquire_owned() {
            return Ok(turn);
        }
        let _place = self.waiting.try_acquire().map_err(|_| busy("the queue for password hashing is full"))?;
        match tokio::time::timeout(self.max_wait, Arc::clone(&self.running).acquire_owned()).await {
            Ok(turn) => Ok(turn.context("the queue for password hashing is closed")?),
            Err(_) => Err(busy("waited too long for password hashing")),
        }
    }

    /// Runs one evaluation on a thread for it. The turn goes along: if the request is given up, the evaluation runs to
    /// its end all the same, and only then does the next one start.
    async fn run<T: Send + 'static>(
        &self,
        turn: OwnedSemaphorePermit,
        evaluate: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let gauge = Arc::clone(&self.gauge);
        let work = move || {
            let result = gauge.measure(evaluate);
            drop(turn);
            result
        };
        Ok(self.threads.run(work).await?)
    }
}

fn busy(reason: &str) -> Error {
    Error::Unavailable { reason: reason.to_owned(), retry_after: RETRY_AFTER }
}

/// A hash that no password is known for, of the same form and cost as a real one. Nobody's secret: the salt and the output
/// are constants.
fn hash_of_nobody(params: &Params) -> anyhow::Result<PasswordHash> {
    let faulty = |error| anyhow::anyhow!("the hash that stands for nobody: {error}");
    Ok(PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params)
            .map_err(|error| anyhow::anyhow!("the cost of a password hash: {error}"))?,
        salt: Some(Salt::new(&[0x5a; SALT_BYTES]).map_err(faulty)?),
        hash: Some(Output::new(&[0xa5; OUTPUT_BYTES]).map_err(faulty)?),
    })
}

#[cfg(test)]
mod tests;
