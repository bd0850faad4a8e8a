//! What opens connections. The pool's manager and its owner share it, so that it can be exchanged under way.

use std::sync::{Arc, PoisonError, RwLock};

use bb8_tiberius::ConnectionManager;

/// Opens connections by one connection string, and then perhaps by another.
pub(super) struct Connector(RwLock<Arc<ConnectionManager>>);

impl Connector {
    pub(super) fn new(config: tiberius::Config) -> Arc<Self> {
        Arc::new(Self(RwLock::new(Arc::new(ConnectionManager::new(config)))))
    }

    /// Further connections are opened like this.
    pub(super) fn replace(&self, config: tiberius::Config) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ConnectionManager::new(config));
    }

    /// What opens the next connection.
    pub(super) fn present(&self) -> Arc<ConnectionManager> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Connector")
    }
}
