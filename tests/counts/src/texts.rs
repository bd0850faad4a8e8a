//! What people write, folded, and what follows from two of them being in one place.

use std::hint::black_box;

use anyhow::{Context as _, Result, ensure};
use handler::matching::rules::Meeting;
use handler::place::{Place, country_key};
use handler::scan::rules as scan;
use handler::text;
use handler::travels::dates::DateRange;
use time::macros::date;
use time::{Date, Duration};

use crate::{Call, Part};

/// The parts of this module.
pub(crate) const PARTS: &[Part] = &[
    Part { name: "text: fold a name in ASCII", prepare: fold_ascii },
    Part { name: "text: fold a name with marks", prepare: fold_marks },
    Part { name: "text: words of a name", prepare: words },
    Part { name: "place: a city in a country", prepare: place },
    Part { name: "place: key of a country by its code", prepare: || country("usa", "US") },
    Part { name: "place: key of a country by a spelling", prepare: || country("Côte d'Ivoire", "CI") },
    Part { name: "place: key of a country that nobody knows", prepare: || country("Nárnia", "narnia") },
    Part { name: "matching: 100 stays against the days of a plan", prepare: meetings },
    Part { name: "matching: what two travellers are told", prepare: notices },
];

fn fold_ascii() -> Result<Call> {
    folded("Katarzyna Kowalski", "katarzyna kowalski")
}

fn fold_marks() -> Result<Call> {
    folded("Łukasz Żółć-Ångström", "lukasz zolc-angstrom")
}

fn folded(text: &'static str, expected: &str) -> Result<Call> {
    ensure!(text::fold(text) == expected, "{text} is folded to {}", text::fold(text));
    Ok(Box::new(move || drop(black_box(text::fold(black_box(text))))))
}

fn words() -> Result<Call> {
    let name = "Ana-María de la Cruz Fernández";
    ensure!(text::words(name) == ["ana", "maria", "de", "la", "cruz", "fernandez"]);
    Ok(Box::new(move || drop(black_box(text::words(black_box(name))))))
}

fn place() -> Result<Call> {
    let (city, country) = ("São Paulo", "Brasil");
    let place = Place::new(city, Some(country));
    ensure!((place.city_key(), place.country_key()) == ("sao paulo", Some("BR")));
    Ok(Box::new(move || drop(black_box(Place::new(black_box(city), black_box(Some(country)))))))
}

fn country(name: &'static str, key: &str) -> Result<Call> {
    ensure!(country_key(name) == key, "the key of {name} is {}", country_key(name));
    Ok(Box::new(move || drop(black_box(country_key(black_box(name))))))
}

fn meetings() -> Result<Call> {
    let start = date!(2026 - 03 - 15);
    let days = range(start, 5)?;
    let stays: Vec<DateRange> =
        (0..100).map(|n| range(start + Duration::days(n - 50), n % 20)).collect::<Result<_>>()?;
    let meet = move |days: DateRange, stays: &[DateRange]| {
        stays
            .iter()
            .filter_map(|stay| Meeting::on_travels(days, 1, *stay, None))
            .map(|met| met.overlap().days)
            .sum::<i64>()
    };
    ensure!(meet(days, &stays) > 20, "too few of them meet");
    Ok(Box::new(move || {
        black_box(meet(black_box(days), black_box(&stays)));
    }))
}

fn notices() -> Result<Call> {
    let today = date!(2026 - 01 - 31);
    let stay = |user_id, name: &str, start| -> Result<scan::Stay> {
        Ok(scan::Stay { user_id, name: name.to_owned(), city: "New York".to_owned(), days: range(start, 4)? })
    };
    let meeting = scan::Meeting {
        key: scan::MeetingKey {
            plan_id: 7,
            other_plan_id: 8,
            home_user_id: 0,
            city_key: "new york".to_owned(),
            country_key: "US".to_owned(),
        },
        stay: stay(1, "Ana Silva", date!(2026 - 03 - 15))?,
        was_told: false,
        with: scan::With::Plan(stay(2, "Jane Smith", date!(2026 - 03 - 14))?),
        other_was_told: false,
    };
    ensure!(meeting.notices(today).len() == 2, "both are told");
    Ok(Box::new(move || drop(black_box(black_box(&meeting).notices(black_box(today))))))
}

fn range(start: Date, more: i64) -> Result<DateRange> {
    DateRange::new(start, start + Duration::days(more)).ok().context("no days in a row")
}
