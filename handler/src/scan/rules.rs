//! A match that holds, and what its two people are told of it.

use time::{Date, Month};

use crate::notifications::rules::{Kind, Notice};
use crate::travels::dates::DateRange;

/// A match as it is found: a plan, and what it meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    /// What makes it this match and no other.
    pub key: MeetingKey,
    /// The plan; of two, the one with the lower id.
    pub stay: Stay,
    /// Whether its owner was told already.
    pub was_told: bool,
    /// What it meets.
    pub with: With,
    /// Whether the other one was told already.
    pub other_was_told: bool,
}

/// What a match is known by for ever: two plans, or a plan and somebody at home, and the place where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MeetingKey {
    /// The plan; of two, the one with the lower id.
    pub plan_id: i32,
    /// The other plan, or 0.
    pub other_plan_id: i32,
    /// Who is at home, or 0.
    pub home_user_id: i32,
    /// The plan's city.
    pub city_key: String,
    /// The plan's country.
    pub country_key: String,
}

/// Somebody's stay in the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// Whose it is.
    pub user_id: i32,
    /// Their name.
    pub name: String,
    /// The city as they write it.
    pub city: String,
    /// The days.
    pub days: DateRange,
}

/// What a plan meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum With {
    /// Another plan.
    Plan(Stay),
    /// Somebody at home.
    Home {
        /// Who.
        user_id: i32,
        /// Their name.
        name: String,
        /// The city as they write it.
        city: String,
    },
}

impl With {
    /// Whose plan or home it is.
    #[must_use]
    pub const fn user_id(&self) -> i32 {
        match self {
            Self::Plan(stay) => stay.user_id,
            Self::Home { user_id, .. } => *user_id,
        }
    }
}

impl Meeting {
    /// What is to be told, to those of the two who were not told yet. `today` decides which dates need their year.
    #[must_use]
    pub fn notices(&self, today: Date) -> Vec<Notice> {
        let mut notices = Vec::new();
        if !self.was_told {
            notices.push(self.to_traveler(today));
        }
        if !self.other_was_told {
            notices.push(self.to_other(today));
        }
        notices
    }

    fn to_traveler(&self, today: Date) -> Notice {
        let message = match &self.with {
            With::Plan(other) => crossing(other, &self.stay, today),
            With::Home { name, .. } => {
                format!("{name} lives in {} and is home during your trip", self.stay.city)
            }
        };
        Notice::new(self.stay.user_id, Kind::TravelMatch, &message, self.key.plan_id)
    }

    fn to_other(&self, today: Date) -> Notice {
        match &self.with {
            With::Plan(other) => {
                let message = crossing(&self.stay, other, today);
                Notice::new(other.user_id, Kind::TravelMatch, &message, self.key.other_plan_id)
            }
            With::Home { user_id, city, .. } => {
                let days = in_words(self.stay.days, today);
                let message = format!("{} is coming to your city ({city}), {days}", self.stay.name);
                Notice::new(*user_id, Kind::TravelMatch, &message, self.key.plan_id)
            }
        }
    }
}

/// What the one with the stay `own` is told of the `other` one.
fn crossing(other: &Stay, own: &Stay, today: Date) -> String {
    let days = own.days.overlap(other.days).map_or(0, |overlap| overlap.days);
    let unit = if days == 1 { "day" } else { "days" };
    format!(
        "{} will be in {} {}, overlapping your trip by {days} {unit}",
        other.name,
        own.city,
        in_words(other.days, today)
    )
}

/// The days as a person would write them: `14–18 Mar`, `30 Mar–2 Apr`, `14 Mar`; with the year where it is not this one.
fn in_words(days: DateRange, today: Date) -> String {
    let (start, end) = (days.start(), days.end());
    let year = if end.year() == today.year() { String::new() } else { format!(" {}", end.year()) };
    let last = format!("{} {}{year}", end.day(), month(end));
    if start == end {
        last
    } else if start.year() != end.year() {
        format!("{} {} {}–{} {} {}", start.day(), month(start), start.year(), end.day(), month(end), end.year())
    } else if start.month() == end.month() {
        format!("{}–{last}", start.day())
    } else {
        format!("{} {}–{last}", start.day(), month(start))
    }
}

const fn month(day: Date) -> &'static str {
    match day.month() {
        Month::January => "Jan",
        Month::February => "Feb",
        Month::March => "Mar",
        Month::April => "Apr",
        Month::May => "May",
        Month::June => "Jun",
        Month::July => "Jul",
        Month::August => "Aug",
        Month::September => "Sep",
        Month::October => "Oct",
        Month::November => "Nov",
        Month::December => "Dec",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    const TODAY: Date = date!(2026 - 01 - 31);

    fn stay(user_id: i32, name: &str, city: &str, start: Date, end: Date) -> Stay {
        Stay { user_id, name: name.to_owned(), city: city.to_owned(), days: DateRange::new(start, end).unwrap() }
    }

    fn meeting(with: With) -> Meeting {
        let home_user_id = if matches!(with, With::Home { .. }) { with.user_id() } else { 0 };
        let other_plan_id = if home_user_id == 0 { 8 } else { 0 };
        let (city_key, country_key) = ("new york".into(), "US".into());
        Meeting {
            key: MeetingKey { plan_id: 7, other_plan_id, home_user_id, city_key, country_key },
            stay: stay(1, "Ana", "New York", date!(2026 - 03 - 15), date!(2026 - 03 - 20)),
            was_told: false,
            with,
            other_was_told: false,
        }
    }

    fn told(meeting: &Meeting) -> Vec<(i32, String, i32)> {
        let notices = meeting.notices(TODAY);
        assert!(notices.iter().all(|notice| notice.kind() == Kind::TravelMatch));
        let told = |notice: &Notice| (notice.receiver(), notice.message().to_owned(), notice.related_entity_id());
        notices.iter().map(told).collect()
    }

    #[test]
    fn both_travelers_are_told_of_the_other_and_of_their_own_plan() {
        let jane = stay(2, "Jane Smith", "NEW YORK", date!(2026 - 03 - 14), date!(2026 - 03 - 18));
        let mut meeting = meeting(With::Plan(jane));
        let to_ana = "Jane Smith will be in New York 14–18 Mar, overlapping your trip by 4 days".to_owned();
        let to_jane = "Ana will be in NEW YORK 15–20 Mar, overlapping your trip by 4 days".to_owned();
        assert_eq!(told(&meeting), [(1, to_ana, 7), (2, to_jane.clone(), 8)]);
        meeting.was_told = true;
        assert_eq!(told(&meeting), [(2, to_jane, 8)]);
        meeting.other_was_told = true;
        assert_eq!(told(&meeting), []);
    }

    #[test]
    fn the_traveler_and_the_one_at_home_are_told_different_things_about_the_travelers_plan() {
        let meeting = meeting(With::Home { user_id: 3, name: "Bob".into(), city: "New York City".into() });
        let to_ana = "Bob lives in New York and is home during your trip".to_owned();
        let to_bob = "Ana is coming to your city (New York City), 15–20 Mar".to_owned();
        assert_eq!(told(&meeting), [(1, to_ana, 7), (3, to_bob, 7)]);
    }

    #[test]
    fn one_common_day_is_one_day() {
        let jane = stay(2, "Jane", "New York", date!(2026 - 03 - 20), date!(2026 - 04 - 02));
        let to_ana = "Jane will be in New York 20 Mar–2 Apr, overlapping your trip by 1 day";
        assert_eq!(told(&meeting(With::Plan(jane)))[0].1, to_ana);
    }

    #[test]
    fn days_are_written_as_a_person_would() {
        for (start, end, words) in [
            (date!(2026 - 03 - 14), date!(2026 - 03 - 14), "14 Mar"),
            (date!(2026 - 05 - 03), date!(2026 - 05 - 06), "3–6 May"),
            (date!(2026 - 03 - 30), date!(2026 - 04 - 02), "30 Mar–2 Apr"),
            (date!(2026 - 12 - 30), date!(2027 - 01 - 02), "30 Dec 2026–2 Jan 2027"),
            (date!(2027 - 03 - 14), date!(2027 - 03 - 18), "14–18 Mar 2027"),
            (date!(2028 - 02 - 29), date!(2028 - 02 - 29), "29 Feb 2028"),
            (date!(2027 - 03 - 30), date!(2027 - 04 - 02), "30 Mar–2 Apr 2027"),
            (date!(2025 - 12 - 30), date!(2026 - 02 - 02), "30 Dec 2025–2 Feb 2026"),
        ] {
            assert_eq!(in_words(DateRange::new(start, end).unwrap(), TODAY), words);
        }
    }

    #[test]
    fn the_longest_names_fit() {
        let name = "🌍".repeat(100);
        let jane = stay(2, &name, &name, date!(2026 - 12 - 30), date!(2027 - 11 - 30));
        for (_, message, _) in told(&meeting(With::Plan(jane))) {
            assert!(message.chars().count() <= 500 && !message.ends_with('…'));
        }
    }
}
