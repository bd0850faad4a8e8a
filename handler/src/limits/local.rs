//! What one process knows of the counts, so that it need not ask the database about every request.
//!
//! After each answer of the database a process may serve a tenth of what is then left without asking again, for a second at
//! most. So what has been served and not counted yet is never more than a tenth of the limit (rounded down) in any instance,
//! and `N` instances together serve at most `N × (limit / 10)` requests of a client too many in a window. The instance that
//! counts the last request has nothing left to tell, so that is `(N - 1) × (limit / 10)`, and none for one instance, unless
//! one question to the database overtakes another. No request is refused before the limit is reached.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;

use super::rules::{Bucket, Counted, LONGEST, Standing, Verdict, WINDOW};

/// How long the database's answer is believed in.
pub const TRUSTED: Duration = Duration::from_secs(1);
/// This part of what is left may be served without asking.
pub const CREDIT: u32 = 10;
/// How many windows are kept. Requests of a client beyond are counted in the database alone, each by itself.
pub const MOST_WINDOWS: usize = 100_000;

/// The windows that this process has seen requests in.
#[derive(Debug)]
pub struct Local {
    windows: Mutex<Windows>,
    most: usize,
}

#[derive(Debug, Default)]
struct Windows {
    of: HashMap<Bucket, Window>,
    begun: u64,
    swept_at: Option<OffsetDateTime>,
}

/// One window of a client.
#[derive(Debug)]
struct Window {
    /// Tells it from the one before it.
    id: u64,
    ends_at: OffsetDateTime,
    /// What the database has said last, if it has said anything.
    total: Option<u32>,
    /// Requests that were served since, of which the database does not know.
    untold: u32,
    /// Requests that the database is being told of.
    telling: u32,
    asked_at: OffsetDateTime,
}

impl Window {
    fn lasts(&self, now: OffsetDateTime) -> bool {
        self.ends_at > now && self.ends_at <= now + LONGEST
    }

    fn hits(&self) -> u32 {
        self.total.unwrap_or_default().saturating_add(self.telling).saturating_add(self.untold)
    }

    /// How many requests may be served on the strength of the last answer.
    fn credit(&self, limit: u32, now: OffsetDateTime) -> u32 {
        let left = self.total.map_or(0, |total| limit.saturating_sub(total));
        if is_recent(self.asked_at, now) { left / CREDIT } else { 0 }
    }

    /// The limit was reached, and nothing but the end of the window changes that.
    fn is_full(&self, limit: u32) -> bool {
        self.total.is_some_and(|total| total >= limit)
    }

    fn standing(&self, limit: u32) -> Standing {
        Standing::after(self.hits(), limit, self.ends_at)
    }

    /// Takes over what the database says, unless it said more since.
    fn learn(&mut self, counted: Counted) {
        match self.total {
            Some(total) if counted.ends_at == self.ends_at => self.total = Some(total.max(counted.hits)),
            Some(_) if counted.ends_at < self.ends_at => {}
            _ => (self.total, self.ends_at) = (Some(counted.hits), counted.ends_at),
        }
    }
}

/// Whether `then` is less than [`TRUSTED`] before `now`, and not after it.
pub(super) fn is_recent(then: OffsetDateTime, now: OffsetDateTime) -> bool {
    Duration::try_from(now - then).is_ok_and(|passed| passed < TRUSTED)
}

impl Windows {
    /// The present window of this bucket, a new one if need be; none if there is no room for it.
    fn at(&mut self, bucket: Bucket, now: OffsetDateTime, most: usize) -> Option<&mut Window> {
        self.sweep(now, most);
        let lasts = self.of.get(&bucket).map(|window| window.lasts(now));
        if lasts.is_none() && self.of.len() >= most {
            return None;
        }
        if lasts != Some(true) {
            self.begun += 1;
            let (id, ends_at) = (self.begun, now + WINDOW);
            self.of.insert(bucket, Window { id, ends_at, total: None, untold: 0, telling: 0, asked_at: now });
        }
        self.of.get_mut(&bucket)
    }

    /// Forgets the windows that have ended: once a minute, and once a second while there is no room.
    fn sweep(&mut self, now: OffsetDateTime, most: usize) {
        let pause = if self.of.len() < most { WINDOW } else { TRUSTED };
        let is_due = |at: OffsetDateTime| Duration::try_from(now - at).is_ok_and(|passed| passed >= pause) || at > now;
        if self.swept_at.is_none_or(is_due) {
            self.of.retain(|_, window| window.lasts(now));
            self.swept_at = Some(now);
        }
    }

    fn same(&mut self, bucket: Bucket, id: u64) -> Option<&mut Window> {
        self.of.get_mut(&bucket).filter(|window| window.id == id)
    }
}

/// What is to be done with a request.
#[derive(Debug)]
pub enum Decision<'a> {
    /// This.
    Made(Verdict),
    /// The database has to say.
    Ask(Ask<'a>),
}

impl Default for Local {
    /// Nothing was seen yet.
    fn default() -> Self {
        Self::with_room_for(MOST_WINDOWS)
    }
}

impl Local {
    /// One that keeps this many windows.
    #[must_use]
    pub fn with_room_for(most: usize) -> Self {
        Self { windows: Mutex::default(), most }
    }

    fn lock(&self) -> MutexGuard<'_, Windows> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides about a request, as far as can be. `alone`: the database can't be asked, and this process goes by what it
    /// knows and sees itself.
    pub fn decide(&self, bucket: Bucket, limit: u32, now: OffsetDateTime, alone: bool) -> Decision<'_> {
        let mut windows = self.lock();
        let Some(window) = windows.at(bucket, now, self.most) else {
            let verdict = Verdict::on(1, limit, now + WINDOW);
            let ask = Ask { local: self, bucket, limit, window: None, hits: 1, ends_at: now + WINDOW };
            return if alone { Decision::Made(verdict) } else { Decision::Ask(ask) };
        };
        if window.is_full(limit) || (alone && window.hits() >= limit) {
            return Decision::Made(Verdict { admitted: false, standing: window.standing(limit) });
        }
        if alone || window.telling.saturating_add(window.untold) < window.credit(limit, now) {
            window.untold = window.untold.saturating_add(1);
            return Decision::Made(Verdict { admitted: true, standing: window.standing(limit) });
        }
        let hits = std::mem::take(&mut window.untold).saturating_add(1);
        window.telling = window.telling.saturating_add(hits);
        window.asked_at = now;
        let (id, ends_at) = (window.id, window.ends_at);
        Decision::Ask(Ask { local: self, bucket, limit, window: Some(id), hits, ends_at })
    }

    /// The refusal of a request whose client is known to have reached the limit.
    #[must_use]
    pub fn refusal(&self, bucket: Bucket, limit: u32, now: OffsetDateTime) -> Option<Verdict> {
        let windows = self.lock();
        let window = windows.of.get(&bucket).filter(|window| window.lasts(now) && window.is_full(limit))?;
        Some(Verdict { admitted: false, standing: window.standing(limit) })
    }

    /// Remembers what the database has said.
    pub fn learn(&self, bucket: Bucket, counted: Counted, now: OffsetDateTime) {
        if let Some(window) = self.lock().at(bucket, now, self.most) {
            window.learn(counted);
        }
    }

    /// Where the client stands, as far as this process knows. Counts nothing.
    #[must_use]
    pub fn look(&self, bucket: Bucket, limit: u32, now: OffsetDateTime) -> Standing {
        let windows = self.lock();
        let window = windows.of.get(&bucket).filter(|window| window.lasts(now));
        window.map_or(Standing::after(0, limit, now + WINDOW), |window| window.standing(limit))
    }
}

/// A request about which the database has to be asked, with what it is told by the way. Dropped without an answer, it is told
/// the next time.
#[derive(Debug)]
pub struct Ask<'a> {
    local: &'a Local,
    bucket: Bucket,
    limit: u32,
    /// The window it belongs to, as long as it is not settled.
    window: Option<u64>,
    hits: u32,
    ends_at: OffsetDateTime,
}

impl Ask<'_> {
    /// What the database is to be told: how many requests there were, this one among them.
    #[must_use]
    pub const fn hits(&self) -> u32 {
        self.hits
    }

    /// Takes the answer.
    #[must_use]
    pub fn answered(mut self, counted: Counted) -> Verdict {
        let verdict = Verdict::on(counted.hits, self.limit, counted.ends_at);
        let Some(id) = self.window.take() else { return verdict };
        let mut windows = self.local.lock();
        let Some(window) = windows.same(self.bucket, id) else { return verdict };
        window.telling = window.telling.saturating_sub(self.hits);
        window.learn(counted);
        Verdict { standing: window.standing(self.limit), ..verdict }
    }

    /// Goes by what this process knows, because the database has not answered.
    #[must_use]
    pub fn unanswered(mut self) -> Verdict {
        let alone = Verdict::on(1, self.limit, self.ends_at);
        let Some(hits) = self.give_back() else { return alone };
        Verdict::on(hits, self.limit, self.ends_at)
    }

    /// Leaves what should have been told for the next time; answers how many requests this process knows of then.
    fn give_back(&mut self) -> Option<u32> {
        let id = self.window.take()?;
        let mut windows = self.local.lock();
        let window = windows.same(self.bucket, id)?;
        window.telling = window.telling.saturating_sub(self.hits);
        window.untold = window.untold.saturating_add(self.hits);
        Some(window.hits())
    }
}

impl Drop for Ask<'_> {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests;
