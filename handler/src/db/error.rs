//! What a database can answer instead of rows.

use crate::error::Error;

/// A result of the database.
pub type DbResult<T> = Result<T, DbError>;

/// A unique key, by the names the two engines use when it is violated.
#[derive(Debug, Clone, Copy)]
pub struct UniqueKey {
    /// The constraint's or index's name, which SQL Server tells.
    pub constraint: &'static str,
    /// The columns (`users.email_key`), which SQLite tells.
    pub sqlite_columns: &'static str,
}

/// Why a statement failed.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A unique key stands against it; carries the engine's message, which names the key.
    #[error("unique key violated: {0}")]
    Unique(String),
    /// The database can't answer just now: no connection, a timeout, a passing fault. Whether the statement took effect is
    /// told by `outcome_unknown`.
    #[error("database unavailable: {message}")]
    Unavailable {
        /// What happened, for the log.
        message: String,
        /// True if the statement may have taken effect all the same.
        outcome_unknown: bool,
    },
    /// Anything else: a defect of ours, or of the database.
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

impl DbError {
    /// True if this is the violation of `key`.
    #[must_use]
    pub fn violates(&self, key: &UniqueKey) -> bool {
        matches!(self, Self::Unique(message)
            if message.contains(key.constraint) || message.ends_with(key.sqlite_columns))
    }

    /// True if trying again may help.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// True if trying again may help, and nothing was done.
    #[must_use]
    pub const fn left_nothing(&self) -> bool {
        matches!(self, Self::Unavailable { outcome_unknown: false, .. })
    }

    /// The same of a statement in a transaction that was not committed yet: nothing of it will last.
    pub(super) fn before_commit(self) -> Self {
        match self {
            Self::Unavailable { message, .. } => Self::unavailable(message),
            other => other,
        }
    }

    pub(super) fn unavailable(message: impl Into<String>) -> Self {
        Self::Unavailable { message: message.into(), outcome_unknown: false }
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable { message, outcome_unknown } => Self::Database { reason: message, outcome_unknown },
            DbError::Other(inner) => Self::Internal(inner),
            other @ DbError::Unique(_) => Self::Internal(anyhow::Error::new(other)),
        }
    }
}
