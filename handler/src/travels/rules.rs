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

/// Which plans a list shows. `upcoming`: those that end today (in UTC) or later, soonest first; `current`: those of them
/// that have begun; `past`: the rest, latest first; `all`: all of them, latest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ToSchema)]
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TODAY: Date = date!(2026 - 01 - 31);

    fn days(start: Date, end: Date) -> DateRange {
        DateRange::new(start, end).unwrap()
    }

    fn is_listed(when: When, today: Date, dates: DateRange) -> bool {
        let Window { first_start, last_start, first_end, last_end } = when.window(today);
        (first_start..=last_start).contains(&dates.start()) && (first_end..=last_end).contains(&dates.end())
    }

    #[test]
    fn a_description_has_any_number_of_lines_and_a_blank_one_is_none() {
        assert_eq!(Description::parse(" one\r\n\ttwo ").unwrap().unwrap().as_str(), "one\n\ttwo");
        assert_eq!(Description::parse(" \n "), Ok(None));
        assert!(Description::parse(&"🌍".repeat(1_000)).is_ok());
        assert!(Description::parse(&"a".repeat(1_001)).unwrap_err().contains("at most 1000"));
        assert!(Description::parse("a\u{0}").unwrap_err().contains("control"));
    }

    #[test]
    fn a_change_of_one_day_is_judged_with_the_other_one_and_told_where_it_was_made() {
        let planned = days(date!(2026 - 03 - 15), date!(2026 - 03 - 20));
        let change = |start, end| moved(planned, start, end).map_err(|fault| (fault.field, fault.message));
        let refused = |start, end| change(start, end).unwrap_err();

        assert_eq!(change(None, None), Ok(planned));
        assert_eq!(change(Some(date!(2026 - 03 - 20)), None), Ok(days(date!(2026 - 03 - 20), date!(2026 - 03 - 20))));
        assert_eq!(change(None, Some(date!(2026 - 03 - 15))), Ok(days(date!(2026 - 03 - 15), date!(2026 - 03 - 15))));
        let (field, message) = refused(Some(date!(2026 - 03 - 21)), None);
        assert_eq!(
            (field.as_str(), message.as_str()),
            ("start_date", "start_date must not be after end_date, 2026-03-20: send both to move the plan")
        );
        let (field, message) = refused(None, Some(date!(2026 - 03 - 14)));
        assert_eq!((field.as_str(), message.contains("2026-03-15")), ("end_date", true));
        let (field, message) = refused(Some(date!(2025 - 03 - 19)), None);
        assert_eq!((field.as_str(), message.contains("367 days")), ("start_date", true));
        assert!(change(Some(date!(2025 - 03 - 20)), None).is_ok());
        let (field, message) = refused(None, Some(date!(2027 - 03 - 16)));
        assert_eq!((field.as_str(), message.contains("367 days")), ("end_date", true));
        assert_eq!(refused(Some(date!(2026 - 05 - 02)), Some(date!(2026 - 05 - 01))).0, "end_date");
    }

    #[test]
    fn days_that_no_longer_fit_together_are_left_alone_until_they_are_changed() {
        let long = DateRange::stored(date!(2020 - 01 - 01), date!(2022 - 01 - 01));
        assert_eq!(moved(long, None, None), Ok(long));
    }

    #[test]
    fn security_17_a_plan_that_is_hidden_is_one_that_does_not_exist() {
        let of = |result: Result<()>| result.map_err(|error| error.to_string());
        assert_eq!((of(Standing::Owner.may_read()), of(Standing::Owner.may_change())), (Ok(()), Ok(())));
        assert_eq!(of(Standing::Connection.may_read()), Ok(()));
        assert!(matches!(Standing::Connection.may_change(), Err(Error::Forbidden(_))));
        assert_eq!(of(Standing::Stranger.may_read()), Err(NO_SUCH_PLAN.to_string()));
        assert_eq!(of(Standing::Stranger.may_change()), Err(NO_SUCH_PLAN.to_string()));
    }

    #[test]
    fn all_plans_of_somebody_are_for_themselves_and_their_connections() {
        use ConnectionStatus::{Connected, None, Oneself, PendingReceived, PendingSent};
        for status in [Oneself, Connected] {
            assert!(may_list_plans(status).is_ok(), "{status:?}");
        }
        for status in [None, PendingSent, PendingReceived] {
            assert!(matches!(may_list_plans(status), Err(Error::Forbidden(_))), "{status:?}");
        }
    }

    #[test]
    fn a_list_has_one_of_four_names() {
        for (name, when) in
            [("all", When::All), ("upcoming", When::Upcoming), ("past", When::Past), ("current", When::Current)]
        {
            assert_eq!(When::parse(name), Ok(when));
        }
        for name in ["", "All", "upcoming ", "future", "0"] {
            assert!(When::parse(name).unwrap_err().contains("all, upcoming, past or current"), "{name}");
        }
    }

    #[test]
    fn a_plan_that_ends_today_is_upcoming_and_past_tomorrow() {
        let plan = days(date!(2026 - 01 - 20), TODAY);
        let listed =
            |today| [When::All, When::Upcoming, When::Past, When::Current].map(|when| is_listed(when, today, plan));
        assert_eq!(listed(date!(2026 - 01 - 19)), [true, true, false, false], "before it");
        assert_eq!(listed(TODAY), [true, true, false, true]);
        assert_eq!(listed(date!(2026 - 02 - 01)), [true, false, true, false]);
    }

    proptest! {
        #[test]
        fn each_list_shows_the_plans_that_its_name_says(
            start in 0_i64..40 * 366, length in 0..MAX_DAYS, today in 0_i64..36 * 366,
        ) {
            let start = date!(2000 - 01 - 01) + Duration::days(start);
            let dates = days(start, start + Duration::days(length));
            let today = date!(2000 - 01 - 01) + Duration::days(today);
            let upcoming = dates.end() >= today;
            prop_assert!(is_listed(When::All, today, dates));
            prop_assert_eq!(is_listed(When::Upcoming, today, dates), upcoming);
            prop_assert_eq!(is_listed(When::Past, today, dates), !upcoming);
            prop_assert_eq!(is_listed(When::Current, today, dates), upcoming && dates.start() <= today);
        }

        #[test]
        fn a_change_never_makes_a_plan_that_could_not_be_made_anew(
            planned in 0_i64..800, length in 0..MAX_DAYS, start: Option<u16>, end: Option<u16>,
        ) {
            let day = |number: i64| date!(2000 - 01 - 01) + Duration::days(number);
            let planned = days(day(planned), day(planned + length));
            let (start, end) = (start.map(|n| day((n % 1_600).into())), end.map(|n| day((n % 1_600).into())));
            let anew = DateRange::new(start.unwrap_or(planned.start()), end.unwrap_or(planned.end()));
            match moved(planned, start, end) {
                Ok(after) => prop_assert_eq!(anew, Ok(after)),
                Err(fault) => {
                    prop_assert!(anew.is_err());
                    let changed = if fault.field == "end_date" { end.is_some() } else { start.is_some() };
                    prop_assert!(changed, "{} was not changed", fault.field);
                }
            }
        }
    }
}
