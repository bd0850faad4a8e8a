//! The threads on which the application runs, apart from those of the tests.
//!
//! So requests run truly at the same time, as they do in production, and connections are closed and transactions rolled
//! back even while a test's own thread is busy or gone.

use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};

static SERVER: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime for the application")
});

/// Runs `work` on the application's threads.
pub(crate) async fn run<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    match SERVER.spawn(work).await {
        Ok(value) => value,
        Err(failure) => std::panic::resume_unwind(failure.into_panic()),
    }
}

/// Runs `work` on the application's threads while this thread waits, wherever that is.
pub(crate) fn run_blocking(work: impl Future<Output = ()> + Send) {
    let outcome = std::thread::scope(|scope| scope.spawn(|| SERVER.block_on(work)).join());
    if let Err(panic) = outcome
        && !std::thread::panicking()
    {
        std::panic::resume_unwind(panic);
    }
}
