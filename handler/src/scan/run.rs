//! One run of the match scan: batch after batch, until nothing is due or the time is up.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::rules::Meeting;
use super::store::{self, Claimed};
use crate::causes::AT_ONCE;
use crate::clock::SharedClock;
use crate::db::{Database, DbError, DbResult, Tx};
use crate::limits;
use crate::notifications;
use crate::notifications::rules::Notice;
use crate::random::SharedRandomness;
use crate::state::AppState;

/// A cause is set aside after so many attempts.
pub const MAX_ATTEMPTS: i32 = 8;
/// How long a batch is a scan's own unless set. Far longer than one takes: only a scan that died lets it pass.
const LEASE: Duration = Duration::from_mins(2);
/// How long a cause rests after its first failure; twice as long after each further one.
const FIRST_REST: Duration = Duration::from_secs(5);
/// The longest that a cause rests.
const LONGEST_REST: Duration = Duration::from_mins(5);
/// The most characters that are kept of what went wrong.
const MAX_ERROR_CHARS: usize = 500;

/// How a run goes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanSettings {
    /// How many causes are looked at together.
    pub batch: i32,
    /// After this long no further batch is begun.
    pub budget: Duration,
    /// How long a batch is the scan's own: at most five minutes, the longest that a cause rests.
    pub lease: Duration,
}

impl Default for ScanSettings {
    /// 200 causes together, under a lease of 2 minutes, for 4 minutes.
    fn default() -> Self {
        Self { batch: 200, budget: Duration::from_mins(4), lease: LEASE }
    }
}

/// What a run has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Causes that are done with.
    pub causes: u64,
    /// Matches of which somebody was told.
    pub matches: u64,
    /// Notifications that were written.
    pub notifications: u64,
    /// Causes that failed and will be tried again.
    pub failed: u64,
    /// Causes that failed for the last time.
    pub set_aside: u64,
    /// The time was up before the work was done.
    pub out_of_time: bool,
    /// How long it took.
    pub elapsed: Duration,
}

impl Summary {
    /// Writes the line of a run into the log.
    pub fn log(&self) {
        let Self { causes, matches, notifications, set_aside, .. } = *self;
        tracing::info!(event = "match_scan", causes, matches, notifications, set_aside, "{self}");
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { causes, matches, notifications, failed, set_aside, .. } = self;
        write!(
            formatter,
            "scanned {causes} causes, {matches} matches, {notifications} notifications, {set_aside} set aside, {:.1} s",
            self.elapsed.as_secs_f64()
        )?;
        if *failed > 0 {
            write!(formatter, ", {failed} to be tried again")?;
        }
        if self.out_of_time {
            write!(formatter, ", the time was up: the next run goes on")?;
        }
        Ok(())
    }
}

/// Looks for matches. Any number of these may run at once, in any number of processes.
#[derive(Clone)]
pub struct Scanner {
    /// The database.
    pub db: Database,
    /// The time.
    pub clock: SharedClock,
    /// Where leases come from.
    pub random: SharedRandomness,
    /// How to go about it.
    pub settings: ScanSettings,
}

/// What became of one batch.
struct Told {
    matches: u64,
    notifications: u64,
}

impl Scanner {
    /// The scanner of this application.
    #[must_use]
    pub fn of(app: &AppState) -> Self {
        let settings = ScanSettings { budget: app.scan_budget, ..ScanSettings::default() };
        Self { db: app.db.clone(), clock: app.clock.clone(), random: app.random.clone(), settings }
    }

    /// Runs until no cause is due or the time is up; `progress` is called after each batch. An error is one of the database
    /// as a whole: what goes wrong with a cause is in the summary.
    pub async fn run(&self, mut progress: impl FnMut(&Summary)) -> DbResult<Summary> {
        let started = Instant::now();
        let mut summary = Summary::default();
        loop {
            if started.elapsed() >= self.settings.budget {
                summary.out_of_time = store::backlog(&self.db).await?.waiting > 0;
                break;
            }
            let new = self.claim_new().await?;
            let again = self.claim_again().await?;
            if new.is_none() && again.is_none() {
                break;
            }
            for (lease, causes) in new.into_iter().chain(again) {
                self.finish(lease, &causes, &mut summary).await?;
            }
            summary.elapsed = started.elapsed();
            progress(&summary);
        }
        self.sweep().await;
        summary.elapsed = started.elapsed();
        Ok(summary)
    }

    /// Clears away the rate limits' old counts: here, so that no request has to. What fails is left to the next run.
    async fn sweep(&self) {
        let before = self.clock.now() - limits::store::KEPT;
        loop {
            match limits::store::delete_ended(&self.db, before).await {
                Ok(limits::store::SWEPT_AT_ONCE..) => {}
                Ok(_) => break,
                Err(failure) => {
                    tracing::warn!(cause = %failure, "old counts of the rate limits are left behind");
                    break;
                }
            }
        }
    }

    /// What a run would tell people of the causes that wait (the oldest 1,000 of those that no scan has begun with), without
    /// a trace: message by message, each with its receiver's id.
    pub async fn rehearse(&self) -> DbResult<Vec<(i32, String)>> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let lease = self.random.uuid();
        store::claim_new(&mut tx, 1_000, lease, now + self.settings.lease, now).await?;
        let meetings = store::find_meetings(&mut tx, lease, self.clock.today()).await?;
        let notices = meetings.iter().flat_map(|meeting| meeting.notices(self.clock.today()));
        Ok(notices.map(|notice| (notice.receiver(), notice.message().to_owned())).collect())
    }

    async fn claim_new(&self) -> DbResult<Option<(Uuid, Vec<Claimed>)>> {
        let (lease, now) = (self.random.uuid(), self.clock.now());
        let mut tx = self.db.begin().await?;
        let causes = store::claim_new(&mut tx, self.settings.batch, lease, now + self.settings.lease, now).await?;
        tx.commit().await?;
        Ok((!causes.is_empty()).then_some((lease, causes)))
    }

    /// One by one: a cause that failed in a batch must not fail others with it.
    async fn claim_again(&self) -> DbResult<Option<(Uuid, Vec<Claimed>)>> {
        let (lease, now) = (self.random.uuid(), self.clock.now());
        let mut tx = self.db.begin().await?;
        let cause = store::claim_again(&mut tx, lease, now + self.settings.lease, now, now + LONGEST_REST).await?;
        tx.commit().await?;
        Ok(cause.map(|cause| (lease, vec![cause])))
    }

    /// Deals with a batch, and notes what came of it.
    async fn finish(&self, lease: Uuid, causes: &[Claimed], summary: &mut Summary) -> DbResult<()> {
        let number = u64::try_from(causes.len()).unwrap_or(u64::MAX);
        let failure = match self.tell(lease, causes).await {
            Ok(told) => {
                summary.causes += number;
                summary.matches += told.matches;
                summary.notifications += told.notifications;
                return Ok(());
            }
            Err(failure) => failure,
        };
        let ids: Vec<i64> = causes.iter().map(|cause| cause.id).collect();
        let attempts = causes.iter().map(|cause| cause.attempts).max().unwrap_or_default();
        let away = matches!(failure, DbError::Unavailable { .. });
        let error: String = failure.to_string().chars().take(MAX_ERROR_CHARS).collect();
        let now = self.clock.now();
        if away {
            // The database's fault, not theirs: it does not count, and there is no use in going on.
            tracing::warn!(causes = ?ids, cause = %failure, "a batch of the match scan was cut off");
            store::release(&self.db, lease, 1, Some(AT_ONCE), &error).await?;
            return Err(failure);
        }
        if causes.len() > 1 {
            tracing::warn!(causes = ?ids, cause = %failure, "a batch of the match scan failed: each will be tried alone");
            store::release(&self.db, lease, 0, Some(AT_ONCE), &error).await?;
        } else if attempts < MAX_ATTEMPTS {
            tracing::warn!(causes = ?ids, attempts, cause = %failure, "a cause of matches failed");
            store::release(&self.db, lease, 0, Some(now + rest(attempts)), &error).await?;
            summary.failed += number;
        } else {
            tracing::error!(causes = ?ids, attempts, cause = %failure, "a cause of matches is set aside");
            store::release(&self.db, lease, 0, None, &error).await?;
            summary.set_aside += number;
        }
        Ok(())
    }

    /// Tells everybody concerned, and removes the causes: all of it, or nothing.
    async fn tell(&self, lease: Uuid, causes: &[Claimed]) -> DbResult<Told> {
        let (now, today) = (self.clock.now(), self.clock.today());
        let mut tx = self.db.begin().await?;
        let meetings = self.held_meetings(&mut tx, lease).await?;
        let notices: Vec<(&Meeting, Notice)> = meetings
            .iter()
            .flat_map(|meeting| meeting.notices(today).into_iter().map(move |notice| (meeting, notice)))
            .collect();
        if !notices.is_empty() {
            let told: Vec<_> = notices.iter().map(|(meeting, notice)| (notice.receiver(), &meeting.key)).collect();
            store::insert_told(&mut tx, &told, now).await?;
            let notices = notices.iter().map(|(_, notice)| notice);
            notifications::store::insert_all(&mut tx, notices, now).await?;
        }
        let finished = store::finish(&mut tx, lease).await?;
        if usize::try_from(finished) != Ok(causes.len()) {
            return Err(anyhow::anyhow!("the lease ran out, and another scan took over").into());
        }
        tx.commit().await?;
        let told_of: BTreeSet<_> = notices.iter().map(|(meeting, _)| &meeting.key).collect();
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Ok(Told { matches: count(told_of.len()), notifications: count(notices.len()) })
    }

    /// The matches to be told, which nobody can undo before the transaction ends: who wants to part, move or plan otherwise
    /// has done so before, and is seen, or waits.
    async fn held_meetings(&self, tx: &mut Tx, lease: Uuid) -> DbResult<Vec<Meeting>> {
        let today = self.clock.today();
        let mut meetings = store::find_meetings(tx, lease, today).await?;
        meetings.retain(|meeting| !(meeting.was_told && meeting.other_was_told));
        if meetings.is_empty() {
            return Ok(meetings);
        }
        let pairs: Vec<(i32, i32)> =
            meetings.iter().map(|meeting| (meeting.stay.user_id, meeting.with.user_id())).collect();
        let held = store::lock(tx, &pairs).await?;
        let mut still = store::find_meetings(tx, lease, today).await?;
        // What came up meanwhile is not held, and has a cause of its own.
        still.retain(|meeting| {
            let (one, other) = (meeting.stay.user_id, meeting.with.user_id());
            held.contains(&(one.min(other), one.max(other)))
        });
        Ok(still)
    }
}

/// How long a cause rests after so many attempts.
fn rest(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts - 1).unwrap_or_default().min(16);
    FIRST_REST.saturating_mul(1 << doublings).min(LONGEST_REST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_rests_longer_after_each_failure_up_to_five_minutes() {
        let seconds: Vec<u64> = (1..=8).map(|attempts| rest(attempts).as_secs()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 80, 160, 300, 300]);
    }

    #[test]
    fn a_summary_reads_as_the_log_of_the_timer() {
        let mut summary = Summary {
            causes: 120,
            matches: 37,
            notifications: 52,
            elapsed: Duration::from_millis(1_234),
            ..Summary::default()
        };
        assert_eq!(summary.to_string(), "scanned 120 causes, 37 matches, 52 notifications, 0 set aside, 1.2 s");
        summary.failed = 2;
        summary.out_of_time = true;
        assert!(summary.to_string().ends_with("1.2 s, 2 to be tried again, the time was up: the next run goes on"));
    }
}
