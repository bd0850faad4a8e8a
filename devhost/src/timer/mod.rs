//! Timer functions: one loop each, so that a timer's runs follow each other and never overlap.

mod payload;
mod status;

use crate::app::TimerTrigger;
use crate::clock::SharedClock;
use crate::id::new_id;
use crate::invocation::{Failure, Invoker, add_host_headers};
use crate::log::Log;
use crate::supervisor::{State, stopped};
use http::{Request, header};
use http_body_util::Full;
use payload::{RetryContext, RetryException, Run, Verdict, judge};
use status::{ScheduleStatus, StatusFile};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::sync::watch;

/// How often the clock is looked at while a timer waits.
const CLOCK_INTERVAL: Duration = Duration::from_millis(50);

/// A timer function at work.
pub(crate) struct Timer {
    function: String,
    trigger: TimerTrigger,
    status: Mutex<ScheduleStatus>,
    monitored: bool,
    file: Option<StatusFile>,
    clock: SharedClock,
    invoker: Invoker,
    log: Log,
}

impl Timer {
    /// Takes up the status kept in `state_dir`, if this timer keeps one.
    pub(crate) fn new(
        function: &str,
        trigger: TimerTrigger,
        state_dir: Option<&Path>,
        clock: SharedClock,
        invoker: Invoker,
        log: Log,
    ) -> Self {
        let now = clock.now();
        let monitored = trigger.use_monitor && !trigger.schedule.is_under_a_minute(now);
        let file = state_dir.filter(|_| monitored).map(|folder| StatusFile::new(folder, function));
        let kept = file.as_ref().and_then(StatusFile::load);
        let status = match kept {
            // The schedule may have changed since: what counts is when the present one was due.
            Some(kept) if kept.last.is_some() => {
                ScheduleStatus { next: kept.last.and_then(|last| trigger.schedule.next_after(last)), ..kept }
            }
            Some(kept) => kept,
            None => ScheduleStatus::fresh(&trigger.schedule, now),
        };
        Self {
            function: function.to_owned(),
            trigger,
            status: Mutex::new(status),
            monitored,
            file,
            clock,
            invoker,
            log,
        }
    }

    /// The function's name.
    pub(crate) fn function(&self) -> &str {
        &self.function
    }

    /// Fires on schedule until the host stops.
    pub(crate) async fn run(&self, mut stop: watch::Receiver<bool>) {
        let status = self.status();
        self.keep(status.clone());
        let is_past_due = self.monitored && status.next.is_some_and(|next| next < self.clock.now());
        if is_past_due {
            self.log.info(&self.function, "a run was missed: it is made up for now");
        }
        if is_past_due || self.trigger.run_on_startup {
            self.fire_and_plan(is_past_due).await;
        }
        while !*stop.borrow() {
            // A time that has passed during the run before is due at once, and only once.
            let Some(next) = self.status().next else { return };
            tokio::select! {
                () = self.until(next) => self.fire_and_plan(false).await,
                () = stopped(&mut stop) => return,
            }
        }
    }

    /// One run by hand. Like Azure's it asks no schedule's leave, so it may overlap a scheduled one.
    pub(crate) async fn fire(&self, past_due: bool) {
        let mut retry: Option<RetryContext> = None;
        loop {
            let Err(failure) = self.call(past_due, retry.as_ref()).await else { return };
            self.log.error(&self.function, format!("the run failed: {failure}"));
            if failure == Failure::NoHandler {
                return;
            }
            let Some(policy) = &self.trigger.retry else { return };
            let count = retry.map_or(0, |context| context.retry_count) + 1;
            if policy.max_retry_count.is_some_and(|most| count > most) {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(policy.delay(count)) => {}
                _ = self.invoker.supervisor.settled(State::is_final) => return,
            }
            self.log.info(&self.function, format!("retry {count}"));
            retry = Some(RetryContext {
                retry_count: count,
                max_retry_count: policy.max_retry_count.map_or(-1, i64::from),
                exception: RetryException { source: "", stack_trace: "", message: failure.to_string() },
            });
        }
    }

    async fn fire_and_plan(&self, past_due: bool) {
        let began = self.clock.now();
        self.fire(past_due).await;
        self.keep(ScheduleStatus::after_run(&self.trigger.schedule, began));
    }

    async fn call(&self, past_due: bool, retry: Option<&RetryContext>) -> Result<(), Failure> {
        let id = new_id();
        let status = self.status();
        let run = Run {
            function: &self.function,
            schedule: &self.trigger.schedule,
            status: self.monitored.then_some(&status),
            past_due,
            retry,
            now: self.clock.now(),
            id,
        };
        let body = run.to_json().to_string();
        let logs = self.invoker.invoke(async |handler| {
            let mut request = Request::post(format!("http://127.0.0.1:{}/{}", handler.port, self.function))
                .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
                .body(Full::from(body))
                .map_err(|error| Failure::Broken(error.to_string()))?;
            add_host_headers(request.headers_mut(), id);
            match judge(&self.invoker.exchange(request).await?) {
                Verdict::Done(logs) => Ok(logs),
                Verdict::Failed(why) => Err(Failure::Refused(why)),
                Verdict::NeverEnds => {
                    self.log.warning(&self.function, "the handler's answer has no body: this run never ends");
                    self.invoker.supervisor.settled(State::is_final).await;
                    Err(Failure::NoHandler)
                }
            }
        });
        for line in logs.await? {
            self.log.info(&self.function, line);
        }
        self.log.info(&self.function, "the run succeeded");
        Ok(())
    }

    /// Waits until the clock says so, however it gets there.
    async fn until(&self, due: OffsetDateTime) {
        loop {
            let rest = due - self.clock.now();
            let Ok(rest) = Duration::try_from(rest) else { return };
            if rest.is_zero() {
                return;
            }
            tokio::time::sleep(rest.min(CLOCK_INTERVAL)).await;
        }
    }

    fn status(&self) -> ScheduleStatus {
        self.status.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn keep(&self, status: ScheduleStatus) {
        if let Some(Err(error)) = self.file.as_ref().map(|file| file.save(&status)) {
            self.log.warning(&self.function, format!("{error:#}"));
        }
        *self.status.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = status;
    }
}
