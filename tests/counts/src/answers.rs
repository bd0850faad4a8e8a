//! What an answer costs to write and to tag.

use std::hint::black_box;

use anyhow::{Result, ensure};
use handler::connections::friends::{Friend, Stay, Whereabouts};
use handler::http::conditional::Tag;
use handler::http::json::safe_json;
use handler::http::page::{Page, Paged};
use handler::notifications::api::{Listing, Notification};
use handler::notifications::rules::Kind;
use handler::users::summary::UserSummary;
use serde::Serialize;
use time::macros::{date, datetime};

use crate::requests::CALLER;
use crate::{Call, Part};

/// The parts of this module.
pub(crate) const PARTS: &[Part] = &[
    Part { name: "answer: write 20 notifications", prepare: || written(notifications()) },
    Part { name: "answer: write 20 connections", prepare: || written(connections()) },
    Part { name: "answer: tag of 20 connections", prepare: tag_of_content },
    Part { name: "answer: tag of a list by its version", prepare: tag_of_version },
];

const PAGE: Page = Page { limit: 20, offset: 0 };

fn notifications() -> Paged<Notification> {
    let notification = |id: i32| Notification {
        id,
        kind: if id % 3 == 0 { Kind::ConnectionRequest } else { Kind::TravelMatch },
        message: format!("Jane Smith & Zoë O'Neill will be in São Paulo 14–18 Mar, overlapping your trip by {id} days"),
        related_entity_id: (id % 4 != 0).then_some(1_000 + id),
        is_read: id % 2 == 0,
        created_at: datetime!(2026-01-31 10:30:05.123_456 UTC),
    };
    Paged::new((1..=20).map(notification).collect(), PAGE, 2_000)
}

fn connections() -> Paged<Friend> {
    let friend = |id: i32| {
        let user = UserSummary {
            id,
            display_name: format!("Katarzyna Kowalski {id}"),
            profile_pic_url: (id % 2 == 0).then(|| format!("https://example.com/profiles/{id}.jpg")),
            home_city: (id % 5 != 0).then(|| "Łódź".to_owned()),
            home_country: (id % 5 != 0).then(|| "Poland".to_owned()),
        };
        let stay = Stay { city: "Lisbon".to_owned(), country: "Portugal".to_owned(), until: date!(2026 - 02 - 03) };
        let whereabouts = Whereabouts::of(&user, (id % 3 == 0).then_some(stay), Some(date!(2026 - 03 - 01)));
        Friend { id: 500 + id, user, connected_since: datetime!(2025-11-02 08:15:30 UTC), whereabouts }
    };
    Paged::new((1..=20).map(friend).collect(), PAGE, 5_000)
}

fn written(page: impl Serialize + 'static) -> Result<Call> {
    ensure!(safe_json(&page)?.len() > 1_000, "that is no page");
    Ok(Box::new(move || drop(black_box(safe_json(black_box(&page))))))
}

fn tag_of_content() -> Result<Call> {
    let page = connections();
    ensure!(Tag::of(&CALLER, &page) != Tag::of(&CALLER, &""));
    Ok(Box::new(move || drop(black_box(Tag::of(black_box(&CALLER), black_box(&page))))))
}

fn tag_of_version() -> Result<Call> {
    let listing = Listing { is_read: Some(false), kind: None, page: PAGE };
    ensure!(Tag::of(&CALLER, &(19, &listing)) != Tag::of(&CALLER, &(20, &listing)));
    Ok(Box::new(move || drop(black_box(Tag::of(black_box(&CALLER), black_box(&(19, &listing)))))))
}
