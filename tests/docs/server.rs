//! The real handler behind the local Functions host, as somebody who reads the reference has it.

use std::path::Path;
use std::time::Duration;

use devhost::{Host, HostOptions, RunningHost};
use tempfile::TempDir;
use tests::OwnDatabase;

/// The longest that anything may take here.
pub(crate) const BOUND: Duration = Duration::from_mins(2);

/// The repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A running server.
pub(crate) struct Server {
    host: RunningHost,
    _root: TempDir,
}

impl Server {
    /// Starts one on this database. It looks for matches every second, and lets examples be run faster than people do.
    pub(crate) async fn start(database: &OwnDatabase) -> Self {
        let release = std::env::var_os("TEST_RELEASE").is_some();
        let handler = devhost::dev::build_handler(repository(), release).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        devhost::stage(repository(), &handler, &root).unwrap();
        let mut options = HostOptions::new(root);
        options.inherit_environment = false;
        options.settings = [
            ("ENVIRONMENT", "development"),
            ("DATABASE_URL", database.setting()),
            ("JWT_SECRET_KEY", "an access secret for these tests"),
            ("JWT_REFRESH_SECRET_KEY", "a refresh secret for these tests"),
            ("MATCH_SCAN_SCHEDULE", "* * * * * *"),
            ("RATE_LIMIT_AUTH_PER_MINUTE", "0"),
            ("RATE_LIMIT_GENERAL_PER_MINUTE", "0"),
            ("RATE_LIMIT_SEARCH_PER_MINUTE", "0"),
            ("LOG_LEVEL", "warn"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        devhost::dev::run_handler(&handler, "migrate", &options.settings).await.unwrap();
        let host = Host::start(options).await.unwrap();
        tokio::time::timeout(BOUND, host.ready()).await.unwrap().unwrap();
        Self { host, _root: folder }
    }

    /// Where it listens: `http://127.0.0.1:12345`.
    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.host.address())
    }

    pub(crate) async fn shutdown(self) {
        tokio::time::timeout(BOUND, self.host.shutdown()).await.unwrap().unwrap();
    }
}
