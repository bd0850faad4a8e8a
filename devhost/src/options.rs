//! What a host is started with.

use crate::clock::{SharedClock, SystemClock};
use crate::log::{self, LogSink};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What a [`Host`](crate::Host) is started with. [`HostOptions::new`] has Azure's numbers.
#[derive(Clone)]
pub struct HostOptions {
    /// The folder with host.json, the handler and one folder a function.
    pub script_root: PathBuf,
    /// Where to listen; port 0 for any free one.
    pub listen: SocketAddr,
    /// The app settings: environment variables of the handler, and what `%NAME%` in a schedule refers to.
    pub settings: BTreeMap<String, String>,
    /// Whether the handler also gets this process's own environment, with `settings` going before it.
    pub inherit_environment: bool,
    /// Where the last and next run of the timers are kept, so that a run missed while the host was down is made up for;
    /// `None` to forget.
    pub state_dir: Option<PathBuf>,
    /// How long the handler may take until it accepts connections: 30 s, as on Azure.
    pub start_limit: Duration,
    /// The handler's error that stops the host: the third, as on Azure.
    pub max_handler_errors: u32,
    /// How long the handler may drain after SIGTERM before it gets SIGKILL: 5 s.
    pub shutdown_grace: Duration,
    /// The time of day, for the timers.
    pub clock: SharedClock,
    /// Takes the host's and the handler's log lines.
    pub log: LogSink,
}

impl HostOptions {
    /// Options with Azure's numbers, any free port of 127.0.0.1, no settings and the log on stdout.
    #[must_use]
    pub fn new(script_root: impl Into<PathBuf>) -> Self {
        Self {
            script_root: script_root.into(),
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            settings: BTreeMap::new(),
            inherit_environment: true,
            state_dir: None,
            start_limit: Duration::from_secs(30),
            max_handler_errors: 3,
            shutdown_grace: Duration::from_secs(5),
            clock: Arc::new(SystemClock),
            log: log::to_stdout(),
        }
    }

    /// The whole environment of the handler, but for the variables that the host adds itself.
    pub(crate) fn environment(&self) -> BTreeMap<String, String> {
        let own = self.inherit_environment.then(std::env::vars_os).into_iter().flatten();
        let own = own.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        own.chain(self.settings.clone()).collect()
    }
}
