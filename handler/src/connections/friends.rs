//! A friend in the list of connections, and where that friend is today.

use serde::{Serialize, Serializer};
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use crate::http::day;
use crate::users::summary::UserSummary;

/// Somebody with whom the caller is connected.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, ToSchema)]
pub struct Friend {
    /// The connection's id.
    #[schema(example = 12)]
    pub id: i32,
    /// The other one of the two.
    pub user: UserSummary,
    /// Since when both have approved.
    #[serde(with = "crate::http::instant")]
    pub connected_since: OffsetDateTime,
    /// Where the friend is today.
    pub whereabouts: Whereabouts,
}

/// How it is known where somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhereaboutsKind {
    /// By a travel plan for today.
    Traveling,
    /// By having none: whoever doesn't travel is at home.
    Home,
    /// Not at all: no plan for today, and no home city.
    Unknown,
}

/// Where somebody is today (UTC), as far as their plans and their home tell.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, ToSchema)]
pub struct Whereabouts {
    /// How it is known.
    pub kind: WhereaboutsKind,
    /// The city, unless it is unknown.
    #[schema(example = "Lisbon")]
    pub city: Option<String>,
    /// The country, if it is known.
    #[schema(example = "Portugal")]
    pub country: Option<String>,
    /// The last day there: the plan's last one, or at home the day before the next plan; null if nothing tells.
    #[serde(serialize_with = "day_or_null")]
    #[schema(value_type = Option<String>, format = Date, example = "2026-03-20")]
    pub until: Option<Date>,
}

/// The travel plan that counts today: of two, the one that started later, then the one with the higher id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// Where it leads.
    pub city: String,
    /// The country of that city.
    pub country: String,
    /// Its last day.
    pub until: Date,
}

impl Whereabouts {
    /// Where `user` is whose plan for today is `stay`, and whose next plan starts on `next_start`, a day after today.
    #[must_use]
    pub fn of(user: &UserSummary, stay: Option<Stay>, next_start: Option<Date>) -> Self {
        match (stay, &user.home_city) {
            (Some(Stay { city, country, until }), _) => {
                Self { kind: WhereaboutsKind::Traveling, city: Some(city), country: Some(country), until: Some(until) }
            }
            (None, Some(city)) => Self {
                kind: WhereaboutsKind::Home,
                city: Some(city.clone()),
                country: user.home_country.clone(),
                until: next_start.and_then(Date::previous_day),
            },
            (None, None) => Self { kind: WhereaboutsKind::Unknown, city: None, country: None, until: None },
        }
    }
}

#[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference to the field")]
fn day_or_null<S: Serializer>(day: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
    match day {
        Some(day) => day::serialize(day, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use time::macros::date;

    fn living_in(city: Option<&str>, country: Option<&str>) -> UserSummary {
        UserSummary {
            id: 1,
            display_name: "Ana".to_owned(),
            profile_pic_url: None,
            home_city: city.map(str::to_owned),
            home_country: country.map(str::to_owned),
        }
    }

    fn told(user: &UserSummary, stay: Option<Stay>, next_start: Option<Date>) -> serde_json::Value {
        serde_json::to_value(Whereabouts::of(user, stay, next_start)).unwrap()
    }

    #[test]
    fn a_plan_for_today_goes_before_the_home() {
        let stay = Stay { city: "Lisbon".into(), country: "Portugal".into(), until: date!(2026 - 02 - 03) };
        let expected = json!({ "kind": "traveling", "city": "Lisbon", "country": "Portugal", "until": "2026-02-03" });
        for user in [living_in(Some("Berlin"), Some("Germany")), living_in(None, None)] {
            for next_start in [None, Some(date!(2026 - 02 - 01))] {
                assert_eq!(told(&user, Some(stay.clone()), next_start), expected);
            }
        }
    }

    #[test]
    fn at_home_until_the_day_before_the_next_plan() {
        let user = living_in(Some("Berlin"), Some("Germany"));
        let next = told(&user, None, Some(date!(2026 - 03 - 01)));
        assert_eq!(next, json!({ "kind": "home", "city": "Berlin", "country": "Germany", "until": "2026-02-28" }));
        let none = told(&living_in(Some("Berlin"), None), None, None);
        assert_eq!(none, json!({ "kind": "home", "city": "Berlin", "country": null, "until": null }));
    }

    #[test]
    fn without_a_home_city_nobody_knows() {
        let unknown = json!({ "kind": "unknown", "city": null, "country": null, "until": null });
        assert_eq!(told(&living_in(None, None), None, Some(date!(2026 - 03 - 01))), unknown);
        assert_eq!(told(&living_in(None, Some("Germany")), None, None), unknown);
    }
}
