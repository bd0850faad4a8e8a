//! How often what is a user's own has changed: counted with each change, in its transaction, and read along with the session
//! at every request. What has the same number has not changed, so that a poll of it can be answered without reading it.

use crate::db::{DbResult, Row};

/// The numbers of one user, as of when its session was looked at. What is read later is as new or newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Versions {
    /// Of the profile.
    pub profile: i32,
    /// Of all its travel plans together.
    pub plans: i32,
    /// Of all its notifications together, and of which were read.
    pub notifications: i32,
}

impl Versions {
    /// The numbers in the columns that are called so; nothing where there are NULLs.
    pub fn read(row: &Row) -> DbResult<Option<Self>> {
        if row.is_null("profile_version")? {
            return Ok(None);
        }
        Ok(Some(Self {
            profile: row.get("profile_version")?,
            plans: row.get("plans_version")?,
            notifications: row.get("notifications_version")?,
        }))
    }
}
