//! What a match is: somebody one is connected to, in the same place on the same days.
//!
//! Who is one is decided by the database, in `sql/find.sql`; here is what follows from it.

use serde::Serialize;
use time::Date;
use utoipa::ToSchema;

use crate::error::{Error, Result};
use crate::http::day;
use crate::travels::dates::{DateRange, Overlap};
use crate::travels::rules::{NO_SUCH_PLAN, Standing};

/// Lets the owner of a plan ask for its matches. A connection, which sees the plan, is told to ask for itself; to others the
/// plan doesn't exist.
pub const fn may_ask_for_matches(standing: Standing) -> Result<()> {
    match standing {
        Standing::Owner => Ok(()),
        Standing::Connection => Err(Error::Forbidden(
            "This plan is somebody else's: to see whom you would meet there yourself, ask GET /matches",
        )),
        Standing::Stranger => Err(NO_SUCH_PLAN),
    }
}

/// Whom one meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The user's id.
    pub user_id: i32,
    /// The name shown to others.
    pub display_name: String,
    /// A picture's address.
    pub profile_pic_url: Option<String>,
}

/// Whom one meets, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Whom.
    pub person: Person,
    /// How.
    pub meeting: Meeting,
}

/// How one meets somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meeting {
    /// They travel to the same place.
    Traveling {
        /// Their plan.
        plan: MatchedPlan,
        /// The days that both are there.
        overlap: Overlap,
    },
    /// They live there, and have no plan to be away.
    HomeCity {
        /// The city as they write it.
        home_city: String,
        /// The country as they write it, if they tell it.
        home_country: Option<String>,
        /// All of the days: they don't leave.
        overlap: Overlap,
    },
}

/// A plan of the caller's, without its description.
#[derive(Debug, Hash, Serialize, ToSchema)]
pub struct PlanInShort {
    /// The plan's id.
    #[schema(example = 456)]
    pub id: i32,
    /// Where to.
    #[schema(example = "New York")]
    pub city: String,
    /// In which country that is.
    #[schema(example = "USA")]
    pub country: String,
    /// The first day.
    #[serde(serialize_with = "day::serialize")]
    #[schema(value_type = String, format = Date, example = "2026-03-15")]
    pub start_date: Date,
    /// The last day.
    #[serde(serialize_with = "day::serialize")]
    #[schema(value_type = String, format = Date, example = "2026-03-20")]
    pub end_date: Date,
}

/// The plan of somebody one meets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, ToSchema)]
pub struct MatchedPlan {
    /// The plan's id.
    #[schema(example = 321)]
    pub id: i32,
    /// The first day.
    #[serde(serialize_with = "day::serialize")]
    #[schema(value_type = String, format = Date, example = "2026-03-14")]
    pub start_date: Date,
    /// The last day.
    #[serde(serialize_with = "day::serialize")]
    #[schema(value_type = String, format = Date, example = "2026-03-18")]
    pub end_date: Date,
    /// What its owner says about it.
    #[schema(example = "Family vacation")]
    pub description: Option<String>,
}

impl Meeting {
    /// Somebody is there on these `days` because of a plan; `None` if the plan is for other days.
    #[must_use]
    pub fn on_travels(days: DateRange, plan_id: i32, stay: DateRange, description: Option<String>) -> Option<Self> {
        let overlap = days.overlap(stay)?;
        let plan = MatchedPlan { id: plan_id, start_date: stay.start(), end_date: stay.end(), description };
        Some(Self::Traveling { plan, overlap })
    }

    /// Somebody lives there and is at home on all of these `days`.
    #[must_use]
    pub fn at_home(days: DateRange, home_city: String, home_country: Option<String>) -> Self {
        let overlap = Overlap { start_date: days.start(), end_date: days.end(), days: days.days() };
        Self::HomeCity { home_city, home_country, overlap }
    }

    /// The days that both are there.
    #[must_use]
    pub const fn overlap(&self) -> Overlap {
        match self {
            Self::Traveling { overlap, .. } | Self::HomeCity { overlap, .. } => *overlap,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::Duration;
    use time::macros::date;

    prop_compose! {
        fn any_days()(start in 0_i64..60, length in 0_i64..40) -> DateRange {
            let start = date!(2026 - 03 - 01) + Duration::days(start);
            DateRange::new(start, start + Duration::days(length)).unwrap()
        }
    }

    proptest! {
        #[test]
        fn a_meeting_on_travels_lies_within_both_stays_or_is_none(days in any_days(), stay in any_days()) {
            match Meeting::on_travels(days, 1, stay, None) {
                None => prop_assert!(stay.end() < days.start() || days.end() < stay.start()),
                Some(meeting) => {
                    let overlap = meeting.overlap();
                    prop_assert!(overlap.start_date >= days.start() && overlap.start_date >= stay.start());
                    prop_assert!(overlap.end_date <= days.end() && overlap.end_date <= stay.end());
                    prop_assert!(overlap.days >= 1 && overlap.days <= days.days().min(stay.days()));
                }
            }
        }

        #[test]
        fn somebody_at_home_is_there_on_all_days(days in any_days()) {
            let overlap = Meeting::at_home(days, "Rome".into(), None).overlap();
            prop_assert_eq!(Some(overlap), days.overlap(days));
        }
    }
}
