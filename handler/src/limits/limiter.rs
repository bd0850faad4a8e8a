//! Counts requests: in the database, and as far as that does here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use time::OffsetDateTime;

use super::local::{Decision, Local, is_recent};
use super::rules::{Bucket, Caller, Counted, Kind, RateLimits, Standing, Verdict};
use super::store;
use crate::clock::SharedClock;
use crate::credentials::tokens::Tokens;
use crate::db::patience::at_most;
use crate::db::{Database, DbError};
use crate::error::{Error, Result};
use crate::http::caller::{Looked, Signed, bearer};
use crate::http::client_address::ClientAddress;

/// How long a request waits to be counted where it is served all the same if it can't be.
pub const WORTH_WAITING: Duration = Duration::from_millis(500);

/// The limits of this process and what it knows of the counts.
pub struct Limiter {
    limits: RateLimits,
    db: Database,
    clock: SharedClock,
    tokens: Arc<Tokens>,
    worth_waiting: Duration,
    local: Local,
    /// When the database last failed to count.
    failed_at: Mutex<Option<OffsetDateTime>>,
}

impl Limiter {
    /// One that has seen no request yet, and lets one wait so long to be counted that is served in any case.
    #[must_use]
    pub fn new(
        limits: RateLimits,
        db: Database,
        clock: SharedClock,
        tokens: Arc<Tokens>,
        worth_waiting: Duration,
    ) -> Self {
        Self { limits, db, clock, tokens, worth_waiting, local: Local::default(), failed_at: Mutex::default() }
    }

    /// Who sends these headers, without asking the database: the user of a token with a good signature, whether or not its
    /// session still lives. An ended session can be counted as its user's for as long as its last token would have been
    /// good.
    #[must_use]
    pub fn caller(&self, headers: &HeaderMap) -> Caller {
        let token = bearer(headers).filter(|_| self.limits != RateLimits::OFF);
        let claims = token.and_then(|token| self.tokens.verify_access(token, self.clock.now()).ok());
        let signed = claims.map(|claims| Signed { user_id: claims.user_id, session: claims.session });
        Caller { address: ClientAddress::of(headers), signed }
    }

    /// Where this caller stands with the general limit, as far as this process knows; nothing without a limit.
    #[must_use]
    pub fn look(&self, caller: Caller) -> Option<Standing> {
        let limit = self.limits.of(Kind::General)?;
        Some(self.local.look(Bucket::of(Kind::General, caller), limit, self.clock.now()))
    }

    /// Counts a request and says whether it is served; nothing without a limit. If the database was asked about a signed-in
    /// caller, it was asked about its session in the same breath. An attempt to register, log in or refresh that can't be
    /// counted is [`Error::Unavailable`].
    pub async fn judge(&self, kind: Kind, caller: Caller) -> Result<Option<(Verdict, Option<Looked>)>> {
        let Some(limit) = self.limits.of(kind) else { return Ok(None) };
        let (bucket, now) = (Bucket::of(kind, caller), self.clock.now());
        Ok(Some(match kind {
            Kind::Auth => (self.count_each(bucket, limit, now).await?, None),
            Kind::General | Kind::Search => self.count_some(bucket, limit, now, caller.signed).await,
        }))
    }

    /// How long the window of this standing lasts.
    #[must_use]
    pub fn wait(&self, standing: &Standing) -> Duration {
        standing.wait(self.clock.now())
    }

    /// Asks the database, unless the client is known to have reached the limit: a flood of attempts is none for the database.
    async fn count_each(&self, bucket: Bucket, limit: u32, now: OffsetDateTime) -> Result<Verdict> {
        if let Some(refusal) = self.local.refusal(bucket, limit, now) {
            return Ok(refusal);
        }
        let taken = store::take(&self.db, &bucket.to_string(), limit, now).await;
        let verdict = taken.map_err(|error| Error::unavailable(format!("an attempt can't be counted: {error}")))?;
        if verdict.standing.remaining == 0 {
            self.local.learn(bucket, Counted { hits: limit, ends_at: verdict.standing.ends_at }, now);
        }
        Ok(verdict)
    }

    /// Asks the database now and then.
    async fn count_some(
        &self,
        bucket: Bucket,
        limit: u32,
        now: OffsetDateTime,
        signed: Option<Signed>,
    ) -> (Verdict, Option<Looked>) {
        let ask = match self.local.decide(bucket, limit, now, self.has_failed(now)) {
            Decision::Made(verdict) => return (verdict, None),
            Decision::Ask(ask) => ask,
        };
        let (bucket, hits) = (bucket.to_string(), ask.hits());
        let counting = async {
            let Some(at) = signed else {
                return Ok((store::count(&self.db, &bucket, hits, now).await?, None));
            };
            let (counted, live) = store::count_and_look(&self.db, &bucket, hits, now, (at.session, at.user_id)).await?;
            Ok((counted, Some(Looked { at, live })))
        };
        match at_most(self.worth_waiting, counting).await {
            Ok((counted, looked)) => (ask.answered(counted), looked),
            Err(error) => {
                self.note_failure(&error, now);
                (ask.unanswered(), None)
            }
        }
    }

    /// Whether the database failed less than a second ago: it is not asked again so soon.
    fn has_failed(&self, now: OffsetDateTime) -> bool {
        let failed_at = *self.failed_at.lock().unwrap_or_else(PoisonError::into_inner);
        failed_at.is_some_and(|at| is_recent(at, now))
    }

    fn note_failure(&self, error: &DbError, now: OffsetDateTime) {
        let mut failed_at = self.failed_at.lock().unwrap_or_else(PoisonError::into_inner);
        if !failed_at.is_some_and(|at| is_recent(at, now)) {
            *failed_at = Some(now);
            tracing::warn!(event = "rate_limits_alone", cause = %error, "requests can't be counted together");
        }
    }
}
