//! Hashing passwords with Argon2id, away from the async threads and never too many at once.
//!
//! One hash takes 19 MiB and tens of milliseconds: a thousand logins at once must take neither 19 GiB nor all threads.
//! So a fixed number runs, a fixed number waits for a bounded time, and the rest is told to come back.

use super::hashing_threads::{HashingThreads, Memory};
use super::password_policy::Password;
use crate::error::{Error, Result};
use crate::random::SharedRandomness;
use anyhow::Context as _;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use subtle::ConstantTimeEq as _;
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
    limits: (usize, usize),
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
            limits: (limits.concurrency, limits.max_waiting),
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
        let (params, password) = (self.params.clone(), password.clone());
        let output = self.run(turn, move |memory| {
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            evaluate(&argon2, password.expose(), &salt, OUTPUT_BYTES, memory)
        });
        let output = output.await?.context("hashing a password")?;
        Ok(stored_form(&self.params, &salt, &output).context("a password hash")?.to_string())
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
        let (password, is_of_present_cost) = (password.clone(), self.params == params_of(&hash)?);
        let outcome = self.run(turn, move |memory| {
            // What another cost needs is not kept.
            let memory = if is_of_present_cost { memory } else { &mut Memory::new() };
            is_password_of(&hash, password.expose(), memory)
        });
        let is_the_one = outcome.await?.context("verifying a stored password hash")?;
        Ok(if is_the_one && stored.is_some() { Verdict::Match { needs_rehash } } else { Verdict::NoMatch })
    }

    /// How often Argon2 has run since the start: a failed login costs one run, whoever is or is not known.
    #[must_use]
    pub fn evaluations(&self) -> u64 {
        self.gauge.evaluations.load(Ordering::SeqCst)
    }

    /// How many hashes are being computed now, and how many requests wait for their turn.
    #[must_use]
    pub fn in_use(&self) -> (usize, usize) {
        let (concurrency, max_waiting) = self.limits;
        let taken = |of: usize, turns: &Semaphore| of.saturating_sub(turns.available_permits());
        (taken(concurrency, &self.running), taken(max_waiting, &self.waiting))
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
        evaluate: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T> {
        let gauge = Arc::clone(&self.gauge);
        let work = move |memory: &mut Memory| {
            let result = gauge.measure(|| evaluate(memory));
            drop(turn);
            result
        };
        Ok(self.threads.run(work).await?)
    }
}

fn busy(reason: &str) -> Error {
    Error::Unavailable { reason: reason.to_owned(), retry_after: RETRY_AFTER }
}

/// Runs Argon2 in this memory, which grows if it is too little.
fn evaluate(
    argon2: &Argon2<'_>,
    password: &[u8],
    salt: &[u8],
    bytes: usize,
    memory: &mut Memory,
) -> anyhow::Result<Vec<u8>> {
    let blocks = argon2.params().block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::default());
    }
    let mut output = vec![0; bytes];
    let done = argon2.hash_password_into_with_memory(password, salt, &mut output, memory);
    done.map_err(|error| anyhow::anyhow!("Argon2: {error}"))?;
    Ok(output)
}

/// Whether this is the password of this hash; compared in a time that tells nothing.
fn is_password_of(hash: &PasswordHash, password: &[u8], memory: &mut Memory) -> anyhow::Result<bool> {
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).map_err(|_| anyhow::anyhow!("not of Argon2"))?;
    let version = hash.version.map_or(Ok(Version::default()), Version::try_from);
    let version = version.map_err(|error| anyhow::anyhow!("its version: {error}"))?;
    let (Some(salt), Some(stored)) = (&hash.salt, &hash.hash) else { anyhow::bail!("it has no salt or no hash") };
    let argon2 = Argon2::new(algorithm, version, params_of(hash)?);
    let output = evaluate(&argon2, password, salt, stored.len(), memory)?;
    Ok(output.ct_eq(stored.as_ref()).into())
}

fn params_of(hash: &PasswordHash) -> anyhow::Result<Params> {
    Params::try_from(hash).map_err(|error| anyhow::anyhow!("the cost of a stored password hash: {error}"))
}

/// What is stored of a hash of this cost: a PHC string.
fn stored_form(params: &Params, salt: &[u8], output: &[u8]) -> anyhow::Result<PasswordHash> {
    let faulty = |error| anyhow::anyhow!("a password hash of another form: {error}");
    Ok(PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params)
            .map_err(|error| anyhow::anyhow!("the cost of a password hash: {error}"))?,
        salt: Some(Salt::new(salt).map_err(faulty)?),
        hash: Some(Output::new(output).map_err(faulty)?),
    })
}

/// A hash that no password is known for, of the same form and cost as a real one. Nobody's secret: the salt and the output
/// are constants.
fn hash_of_nobody(params: &Params) -> anyhow::Result<PasswordHash> {
    stored_form(params, &[0x5a; SALT_BYTES], &[0xa5; OUTPUT_BYTES]).context("the hash that stands for nobody")
}

#[cfg(test)]
mod tests;
