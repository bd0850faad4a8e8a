//! Deeds that are decided by what was read before, without holding it, and written in one go only if nothing has come
//! between. What was overtaken is decided anew by what is there then.

use crate::error::{Error, Result};

/// How often a deed is tried. Whoever overtakes it has succeeded, so this many may do something about the same thing at the
/// same instant, and none of them is sent away.
pub const TRIES: u32 = 20;

/// What `attempt` comes to when nothing comes between: it reads, decides and writes, and answers `None` if it was overtaken.
/// It is told how often it was before. [`Error::Unavailable`] after [`TRIES`].
pub async fn unless<T, F: Future<Output = Result<Option<T>>>>(attempt: impl Fn(u32) -> F) -> Result<T> {
    for number in 0..TRIES {
        if let Some(done) = attempt(number).await? {
            return Ok(done);
        }
    }
    Err(Error::unavailable("something that changes faster than it can be read"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn what_is_overtaken_is_tried_again_until_it_is_not() {
        for overtaken in [0, 1, TRIES - 1] {
            let done = unless(|number| async move { Ok((number == overtaken).then_some(number)) });
            assert_eq!(done.await.unwrap(), overtaken);
        }
    }

    #[tokio::test]
    async fn what_is_always_overtaken_is_given_up() {
        let tried = AtomicU32::new(0);
        let done = unless(|_| async {
            tried.fetch_add(1, Ordering::Relaxed);
            Ok(None::<()>)
        });
        assert!(matches!(done.await, Err(Error::Unavailable { .. })));
        assert_eq!(tried.into_inner(), TRIES);
    }

    #[tokio::test]
    async fn what_is_refused_is_not_tried_again() {
        let refused = unless(|number| async move {
            assert_eq!(number, 0);
            Err::<Option<()>, _>(Error::NotFound("plan"))
        });
        assert!(matches!(refused.await, Err(Error::NotFound("plan"))));
    }
}
