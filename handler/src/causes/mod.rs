//! What may make new matches: noted in the transaction that does it, for the match scan to look at later. The statement that
//! does it is of the feature whose deed it is; what it notes comes from here.
//!
//! A cause says where to look, not what is there: the scan looks for all matches around it that hold when it looks. So a
//! cause too many does no harm, and two of the same are as good as one.

use time::OffsetDateTime;
use time::macros::datetime;

use crate::db::Param;

/// Since when a new cause is due: always, so that no clock can hold it up.
pub const AT_ONCE: OffsetDateTime = datetime!(0001-01-01 00:00 UTC);

/// The kind of a [`Cause::Plan`], for the statement that only then gets to know the plan's id.
pub const PLAN: &str = "plan";

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A plan is new, or its place or days are.
    Plan {
        /// Whose plan it is.
        owner: i32,
        /// The plan.
        plan: i32,
    },
    /// Somebody lives elsewhere, or may be at home at other times, because a plan has changed or gone.
    Home {
        /// Who.
        user: i32,
    },
    /// Two people are connected.
    Pair {
        /// One of them.
        one: i32,
        /// The other one.
        other: i32,
    },
}

impl Cause {
    /// The name of its kind, the user and the plan or other user, as they are stored.
    #[must_use]
    pub const fn stored(self) -> (&'static str, i32, i32) {
        match self {
            Self::Plan { owner, plan } => (PLAN, owner, plan),
            Self::Home { user } => ("home", user, 0),
            Self::Pair { one, other } => ("pair", one, other),
        }
    }
}

/// Causes as one parameter of a statement: a JSON array of objects with `kind`, `user_id` and `other_id`.
#[must_use]
pub fn list(causes: &[Cause]) -> Param {
    Param::list(causes.iter().map(|cause| {
        let (kind, user, other) = cause.stored();
        serde_json::json!({ "kind": kind, "user_id": user, "other_id": other })
    }))
}
