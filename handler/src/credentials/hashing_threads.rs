//! Threads that hash passwords and do nothing else, each in memory of its own that it uses again and again.
//!
//! Taken from the allocator for each hash, 19 MiB at a time with small things in between, it was seen to grow to 300 MiB.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Context as _;
use tokio::sync::oneshot;

/// What one hash is computed in; as long as the costliest of this process needs.
pub(super) type Memory = Vec<argon2::Block>;

type Work = Box<dyn FnOnce(&mut Memory) + Send>;

/// A fixed number of threads, which end when this goes.
pub(super) struct HashingThreads(Sender<Work>);

impl HashingThreads {
    /// Starts so many.
    pub(super) fn start(number: usize) -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..number {
            let receiver = Arc::clone(&receiver);
            thread::Builder::new().name("hashing".to_owned()).spawn(move || work_off(&receiver))?;
        }
        Ok(Self(sender))
    }

    /// Does `work` on the next free thread. Once handed over it is done, whether or not somebody waits for it.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> anyhow::Result<T> {
        let (answer, answered) = oneshot::channel();
        let work = Box::new(move |memory: &mut Memory| {
            // Nobody listens if the request was given up.
            let _ = answer.send(work(memory));
        });
        self.0.send(work).ok().context("the hashing threads are gone")?;
        answered.await.context("a password hash did not come to its end")
    }
}

fn work_off(receiver: &Mutex<Receiver<Work>>) {
    let mut memory = Memory::new();
    loop {
        let work = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = work else { return };
        // A panic is the one request's: it hears of it by the channel that the panic drops.
        let _ = catch_unwind(AssertUnwindSafe(|| work(&mut memory)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn security_04_hashes_run_on_so_many_threads_and_no_others() {
        let threads = HashingThreads::start(2).unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..20 {
            let name = threads.run(|_| format!("{:?}", thread::current().id())).await.unwrap();
            seen.insert(name);
        }
        assert!((1..=2).contains(&seen.len()), "{seen:?}");
    }

    #[tokio::test]
    async fn a_panic_is_told_and_leaves_the_thread_at_work() {
        let threads = HashingThreads::start(1).unwrap();
        assert!(threads.run(|_| panic!("on purpose")).await.is_err());
        assert_eq!(threads.run(|_| 7).await.unwrap(), 7);
    }
}
