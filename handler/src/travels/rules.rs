//! What a plan may hold, who may do what with it, and which plans a list shows. Every `parse` refuses with a sentence for
//! the user.

use time::macros::date;
use time::{Date, Duration};
use utoipa::ToSchema;

use super::dates::{DateRange, MAX_DAYS};
use crate::error::{Error, FieldError, Result};
use crate::place::{City, Country};
use crate::text;
use crate::users::rules::ConnectionStatus;

/// The most characters of a description (specification 3.2.3).
pub const MAX_DESCRIPTION_CHARS: usize = 1_000;
/// A day before all plans, on both engines.
const BEGINNING: Date = date!(0001 - 01 - 01);
/// A day after all plans, on both engines.
const END: Date = date!(9999 - 12 - 31);

/// What a plan says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Travel {
    /// Where to.
    pub city: City,
    /// In which country that is.
    pub country: Country,
    /// The days there.
    pub dates: DateRange,
    /// What else there is to say.
    pub description: Option<Description>,
}

/// What a plan is about: up to 1,000 characters, on any number of lines, never blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description(String);

impl Description {
    /// Reads a description; a blank one is none.
    pub fn parse(raw: &str) -> Result<Option<Self>, String> {
        let cleaned = text::clean(raw, 0, MAX_DESCRIPTION_CHARS, "Description")?;
        Ok((!cleaned.is_empty()).then_some(Self(cleaned)))
    }

    /// The text as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Description> for String {
    fn from(description: Description) -> Self {
        description.0
    }
}

/// Reads the city of a plan.
pub fn city(raw: &str) -> Result<City, String> {
    City::parse(raw, "City")
}

/// Reads the country of a plan.
pub fn country(raw: &str) -> Result<Country, String> {
    Country::parse(raw, "Country")
}

/// The days of a plan of `planned` days after a change of its start, of its end, or of both; or the fault, at a field that
/// was changed.
pub fn moved(planned: DateRange, start: Option<Date>, end: Option<Date>) -> Result<DateRange, FieldError> {
    match (start, end) {
        (None, None) => Ok(planned),
        (Some(start), Some(end)) => DateRange::new(start, end),
        (None, Some(end)) => DateRange::new(planned.start(), end),
        (Some(start), None) if start > planned.end() => {
            let message =
                format!("start_date must not be after end_date, {}: send both to move the plan", planned.end());
            Err(FieldError::new("start_date", message))
        }
        (Some(start), None) => {
            DateRange::new(start, planned.end()).map_err(|fault| FieldError::new("start_date", fault.message))
        }
    }
}

/// How somebody stands to a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is theirs.
    Owner,
    /// It is a connection's.
    Connection,
    /// It is somebody else's, and they may not know of it.
    Stranger,
}

impl Standing {
    /// Lets those pass who may see the plan: its owner and the owner's connections. To others it doesn't exist.
    pub const fn may_read(self) -> Result<()> {
        match self {
            Self::Owner | Self::Connection => Ok(()),
            Self::Stranger => Err(NO_SUCH_PLAN),
        }
    }

    /// Lets the owner pass. A connection, which sees the plan, is told so; to others it doesn't exist.
    pub const fn may_change(self) -> Result<()> {
        match self {
            Self::Owner => Ok(()),
            Self::Connection => Err(Error::Forbidden("This plan is somebody else's: only its owner can change it")),
            Self::Stranger => Err(NO_SUCH_PLAN),
        }
    }
}

/// What a plan is that is not there, or not for the caller to see: nobody can tell one from the other.
pub const NO_SUCH_PLAN: Error = Error::NotFound("travel plan");

/// Lets those pass who may see all plans of a user, by how they stand to that user: the user and its connections.
pub const fn may_list_plans(status: ConnectionStatus) -> Result<()> {
    match status {
        ConnectionStatus::Oneself | ConnectionStatus::Connected => Ok(()),
        ConnectionStatus::None | ConnectionStatus::PendingSent | ConnectionStatus::PendingReceived => {
            Err(Error::Forbidden("Only connections see each other's travel plans: connect with this user first"))
        }
    }
}

/// Which plans a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum When {
    /// All of them, latest first.
    All,
    /// Those that end today or later, soonest first.
    Upcoming,
    /// Those that ended before today, latest first.
    Past,
    /// Those that have begun and end today or later, soonest first.
    Current,
}

/// In which order a list shows its plans: by their start, then by their id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The one that starts first comes first.
    SoonestFirst,
    /// The one that starts last comes first.
    LatestFirst,
}

/// The days between which the plans of a list start and end; all four are days of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// No plan starts before this day,
    pub first_start: Date,
    /// none starts after this one,
    pub last_start: Date,
    /// none ends before this one,
    pub first_end: Date,
    /// and none ends after this one.
    pub last_end: Date,
}

impl When {
    /// Reads the `when` of a list.
    pub fn parse(raw: &str) -> Result<Self, String> {
        match raw {
            "all" => Ok(Self::All),
            "upcoming" => Ok(Self::Upcoming),
            "past" => Ok(Self::Past),
            "current" => Ok(Self::Current),
            _ => Err("when must be all, upcoming, past or current".to_owned()),
        }
    }

    /// The order of this list.
    #[must_use]
    pub const fn order(self) -> Order {
        match self {
            Self::All | Self::Past => Order::LatestFirst,
            Self::Upcoming | Self::Current => Order::SoonestFirst,
        }
    }

    /// The plans of this list, if it is `today`.
    ///
    /// The end alone would tell upcoming from past. The bounds of the start follow from it, for no plan is longer than
    /// [`MAX_DAYS`], and they spare an index by user and start the search through everything that is long over.
    #[must_use]
    pub fn window(self, today: Date) -> Window {
        let longest_still_there = today.saturating_sub(Duration::days(MAX_DAYS - 1));
        let yesterday = today.saturating_sub(Duration::DAY);
        let all = Window { first_start: BEGINNING, last_start: END, first_end: BEGINNING, last_end: END };
        match self {
            Self::All => all,
            Self::Upcoming => Window { first_start: longest_still_there, first_end: today, ..all },
            Self::Past => Window { last_start: yesterday, last_end: yesterday, ..all },
            Self::Current => Window { first_start: longest_still_there, last_start: today, first_end: today, ..all },
        }
    }
}
