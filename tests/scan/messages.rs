//! Reads what people are told, word by word: of whom, where, and when.

use std::collections::BTreeMap;

use time::Date;

use crate::history::{History, NAMES, WRITTEN};

/// What a notification says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    /// Somebody's plan overlaps the receiver's.
    Crossing {
        /// Who.
        other: usize,
        /// The city, as a place.
        place: usize,
        /// What the receiver writes for it.
        city: String,
        /// The other's plan and its days.
        plan: i32,
        days: (Date, Date),
        /// How many days they overlap.
        overlap: i64,
    },
    /// Somebody is at home while the receiver travels there.
    AtHome { other: usize, place: usize, city: String },
    /// Somebody comes to where the receiver lives.
    Visit { other: usize, place: usize, city: String, days: (Date, Date) },
}

/// All days that anybody ever planned, as they are told: whose, in which words → which plan, from when to when.
pub(crate) struct Days(BTreeMap<(usize, String), (i32, (Date, Date))>);

impl Days {
    /// In the words of `today`, and in those of tomorrow: it may be midnight.
    pub(crate) fn of(history: &History, today: Date) -> Self {
        let mut days = BTreeMap::new();
        for (id, (owner, plan)) in &history.plans {
            for stay in plan.ever().flatten() {
                for year in [today.year(), today.next_day().unwrap().year()] {
                    let words = in_words(stay.first, stay.last, year);
                    let before = days.insert((*owner, words), (*id, (stay.first, stay.last)));
                    assert!(before.is_none_or(|(other, _)| other == *id), "the days of two plans are told alike");
                }
            }
        }
        Self(days)
    }

    /// What a message says; nothing if it is none of ours.
    pub(crate) fn read(&self, message: &str) -> Option<Message> {
        let (name, rest) = message.split_once(' ')?;
        let other = NAMES.iter().position(|known| *known == name)?;
        if let Some(city) =
            rest.strip_prefix("lives in ").and_then(|rest| rest.strip_suffix(" and is home during your trip"))
        {
            return Some(Message::AtHome { other, place: place(city)?, city: city.to_owned() });
        }
        if let Some(rest) = rest.strip_prefix("is coming to your city (") {
            let (city, days) = rest.split_once("), ")?;
            let (_, days) = *self.0.get(&(other, days.to_owned()))?;
            return Some(Message::Visit { other, place: place(city)?, city: city.to_owned(), days });
        }
        let (rest, overlap) = rest.strip_prefix("will be in ")?.split_once(", overlapping your trip by ")?;
        let city = WRITTEN.iter().map(|(city, ..)| *city).find(|city| rest.starts_with(&format!("{city} ")))?;
        let (plan, days) = *self.0.get(&(other, rest[city.len() + 1..].to_owned()))?;
        let (number, unit) = overlap.split_once(' ')?;
        let overlap = number.parse().ok()?;
        let well_put = unit == if overlap == 1 { "day" } else { "days" };
        well_put.then(|| Message::Crossing {
            other,
            place: place(city).unwrap(),
            city: city.to_owned(),
            plan,
            days,
            overlap,
        })
    }
}

fn place(city: &str) -> Option<usize> {
    WRITTEN.iter().find(|(written, ..)| *written == city).map(|(.., place)| *place)
}

/// `14–18 Mar`, `30 Mar–2 Apr`, `14 Mar`; the year of the last day if it is not this one, and both if they differ.
fn in_words(first: Date, last: Date, this_year: i32) -> String {
    let month = |day: Date| day.month().to_string()[..3].to_owned();
    let end = format!("{} {}", last.day(), month(last));
    let year = if last.year() == this_year { String::new() } else { format!(" {}", last.year()) };
    if first == last {
        format!("{end}{year}")
    } else if first.year() != last.year() {
        format!("{} {} {}–{end} {}", first.day(), month(first), first.year(), last.year())
    } else if first.month() != last.month() {
        format!("{} {}–{end}{year}", first.day(), month(first))
    } else {
        format!("{}–{end}{year}", first.day())
    }
}
