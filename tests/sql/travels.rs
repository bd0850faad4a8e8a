//! Travel plans: written down once, read back as they were written, and listed by whom they are for.

use handler::db::Database;
use handler::http::page::Page;
use handler::place::{Place, country_key};
use handler::travels;
use handler::travels::dates::DateRange;
use handler::travels::rules::{Description, Order, Standing, Travel, When, Window, city, country};
use handler::travels::store::{Destination, TravelRow};
use handler::users::rules::ConnectionStatus;
use tests::statements;
use time::macros::date;
use time::{Date, Duration};

use crate::common::{EVERYTHING, NOW, add, on_every_engine};

/// The day of these stories.
pub(crate) const TODAY: Date = date!(2026 - 01 - 31);

pub(crate) fn days(start: Date, end: Date) -> DateRange {
    DateRange::new(start, end).unwrap()
}

/// A trip to a city of a country on these days.
pub(crate) fn trip(to: (&str, &str), dates: DateRange) -> Travel {
    Travel { city: city(to.0).unwrap(), country: country(to.1).unwrap(), dates, description: None }
}

pub(crate) fn rome(start: Date, end: Date) -> Travel {
    trip(("Rome", "Italy"), days(start, end))
}

/// As long as a plan can be, mostly of characters that take two of NVARCHAR's units.
pub(crate) fn longest() -> Travel {
    Travel {
        city: city(&"𝔅".repeat(100)).unwrap(),
        country: country(&"🌍𠮷".repeat(50)).unwrap(),
        dates: days(date!(2000 - 01 - 01), date!(2000 - 12 - 31)),
        description: Description::parse(&"𠮷\n🌍'🧳".repeat(200)).unwrap(),
    }
}

pub(crate) async fn insert(db: &Database, owner: i32, travel: &Travel) -> i32 {
    travels::store::insert(db, owner, travel, NOW).await.unwrap()
}

/// What `travel` is read back as.
pub(crate) fn row_of(id: i32, user_id: i32, travel: Travel) -> TravelRow {
    TravelRow {
        id,
        user_id,
        city: travel.city.into(),
        country: travel.country.into(),
        dates: travel.dates,
        description: travel.description.map(String::from),
        created_at: NOW,
        updated_at: NOW,
    }
}

/// The ids of all plans of `owner` in a list, in order.
pub(crate) async fn listed(db: &Database, owner: i32, when: When) -> Vec<i32> {
    let (plans, total) = travels::store::list(db, owner, when.window(TODAY), when.order(), EVERYTHING).await.unwrap();
    assert_eq!(usize::try_from(total).unwrap(), plans.len());
    plans.iter().map(|plan| plan.id).collect()
}

/// The ids of all plans of `viewer`'s connections in a list, in order.
pub(crate) async fn of_connections(db: &Database, viewer: i32, to: Destination<'_>, when: When) -> Vec<i32> {
    let (plans, total) =
        travels::store::list_of_connections(db, viewer, to, when.window(TODAY), when.order(), EVERYTHING)
            .await
            .unwrap();
    assert_eq!(usize::try_from(total).unwrap(), plans.len());
    plans.iter().map(|(plan, _)| plan.id).collect()
}

/// Every way of asking for the plans of connections when all of them lead to Rome.
pub(crate) fn roads_to_rome() -> [Destination<'static>; 4] {
    let (city_key, country_key) = (Some("rome"), Some("IT"));
    [
        Destination::default(),
        Destination { city_key, country_key: None },
        Destination { city_key: None, country_key },
        Destination { city_key, country_key },
    ]
}

#[test]
fn a_plan_is_read_back_to_the_last_character() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let wordy = insert(db, ana, &longest()).await;
        let plain = insert(db, ana, &trip(("'; DROP TABLE travel_plans; --", "@P1"), days(TODAY, TODAY))).await;
        assert_ne!(wordy, plain);
        let found = travels::store::find(db, wordy, ana).await.unwrap();
        assert_eq!(found, Some((row_of(wordy, ana, longest()), Standing::Owner)));
        let (found, _) = travels::store::find(db, plain, ana).await.unwrap().unwrap();
        assert_eq!((found.city.as_str(), found.country.as_str()), ("'; DROP TABLE travel_plans; --", "@P1"));
        assert_eq!(found.description, None);
        let (page, _) =
            travels::store::list(db, ana, When::All.window(TODAY), Order::SoonestFirst, EVERYTHING).await.unwrap();
        assert_eq!(page[0], row_of(wordy, ana, longest()), "in a list too");
    });
}

#[test]
fn a_plan_tells_how_the_viewer_stands_to_it() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let plan = insert(db, ana, &rome(TODAY, TODAY)).await;
        let standing = async |viewer: i32| travels::store::find(db, plan, viewer).await.unwrap().unwrap().1;
        assert_eq!(standing(ana).await, Standing::Owner);
        for (name, asked_by_ana, status, expected) in [
            ("adam", true, "pending", Standing::Stranger),
            ("bert", false, "pending", Standing::Stranger),
            ("carl", true, "accepted", Standing::Connection),
            ("dora", false, "accepted", Standing::Connection),
            ("emil", true, "rejected", Standing::Stranger),
            ("fred", false, "rejected", Standing::Stranger),
        ] {
            let other = add(db, name).await;
            let (requester, receiver) = if asked_by_ana { (ana, other) } else { (other, ana) };
            statements::connect(db, requester.into(), receiver.into(), status).await;
            assert_eq!(standing(other).await, expected, "{name}");
            if expected == Standing::Connection {
                statements::disconnect(db, ana.into(), other.into()).await;
                assert_eq!(standing(other).await, Standing::Stranger, "{name} once they have parted");
            }
        }
        let (stranger, friend) = (add(db, "stranger").await, add(db, "friend").await);
        statements::connect(db, stranger.into(), friend.into(), "accepted").await;
        assert_eq!(standing(stranger).await, Standing::Stranger, "connected to somebody else");
    });
}

#[test]
fn a_plan_that_is_unknown_or_of_somebody_inactive_is_not_found() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        statements::connect(db, ana.into(), ben.into(), "accepted").await;
        let plan = insert(db, ana, &rome(TODAY, TODAY)).await;
        let found = async |id: i32, viewer: i32| travels::store::find(db, id, viewer).await.unwrap().is_some();
        assert!(found(plan, ben).await && !found(plan + 1, ben).await);
        statements::deactivate(db, ana.into()).await;
        assert!(!found(plan, ben).await && !found(plan, ana).await);
        for to in roads_to_rome() {
            assert!(of_connections(db, ben, to, When::All).await.is_empty(), "{to:?}, latest first");
            assert!(of_connections(db, ben, to, When::Upcoming).await.is_empty(), "{to:?}, soonest first");
        }
    });
}

#[test]
fn a_window_has_its_four_edges_and_each_order_its_ties() {
    on_every_engine(async |db| {
        let (ana, ben, cleo) = (add(db, "ana").await, add(db, "ben").await, add(db, "cleo").await);
        statements::connect(db, ana.into(), ben.into(), "accepted").await;
        statements::connect(db, cleo.into(), ben.into(), "accepted").await;
        let day = |number: i64| TODAY + Duration::days(number);
        let mut ids = Vec::new();
        for (start, end) in [(1, 5), (0, 5), (2, 2), (2, 9), (3, 3), (1, 5), (2, 5), (3, 6), (1, 1)] {
            ids.push(insert(db, ana, &rome(day(start), day(end))).await);
        }
        let window = Window { first_start: day(1), last_start: day(2), first_end: day(2), last_end: day(5) };
        // Whose start and end are both within: the others miss by a day, at one of the edges.
        let soonest = [ids[0], ids[5], ids[2], ids[6]];
        let latest: Vec<i32> = soonest.iter().rev().copied().collect();
        for (order, expected) in [(Order::SoonestFirst, &soonest[..]), (Order::LatestFirst, &latest)] {
            for limit in [1, 3, 100] {
                for offset in [0, 1, 3, 4, i32::MAX] {
                    let page = Page { limit, offset };
                    let rest = expected.iter().skip(usize::try_from(offset).unwrap());
                    let shown: Vec<i32> = rest.take(usize::try_from(limit).unwrap()).copied().collect();
                    let (own, total) = travels::store::list(db, ana, window, order, page).await.unwrap();
                    assert_eq!(
                        (own.iter().map(|plan| plan.id).collect(), total),
                        (shown.clone(), 4),
                        "{order:?} {page:?}"
                    );
                    let seen = travels::store::list_of_user(db, (ana, ben), window, order, page).await.unwrap();
                    assert_eq!(seen, Some((ConnectionStatus::Connected, own, total)), "the same to a friend");
                    for to in roads_to_rome() {
                        let (plans, total) =
                            travels::store::list_of_connections(db, ben, to, window, order, page).await.unwrap();
                        let plans: Vec<i32> = plans.iter().map(|(plan, _)| plan.id).collect();
                        assert_eq!((plans, total), (shown.clone(), 4), "{to:?} {order:?} {page:?}");
                    }
                }
            }
        }
        assert_eq!(listed(db, ben, When::All).await, Vec::<i32>::new(), "nobody else's");
        let of = async |owner, viewer| {
            travels::store::list_of_user(db, (owner, viewer), window, Order::LatestFirst, EVERYTHING).await.unwrap()
        };
        assert_eq!(of(ben, ana).await, Some((ConnectionStatus::Connected, Vec::new(), 0)));
        assert_eq!(of(ana, ana).await.unwrap().0, ConnectionStatus::Oneself);
        assert_eq!(of(i32::MAX, ana).await, None, "there is no such user");
        statements::deactivate(db, ben.into()).await;
        assert_eq!(of(ben, ana).await, None, "not any more");
        assert_eq!(of_connections(db, ana, Destination::default(), When::All).await, Vec::<i32>::new());
    });
}

#[test]
fn the_plans_of_connections_are_those_of_both_sides_of_accepted_ones_each_with_its_owner() {
    on_every_engine(async |db| {
        let viewer = add(db, "viewer").await;
        insert(db, viewer, &rome(TODAY, TODAY)).await;
        let mut expected = Vec::new();
        for (name, asked_by_viewer, status) in [
            ("adam", true, "pending"),
            ("bert", false, "pending"),
            ("carl", true, "accepted"),
            ("dora", false, "accepted"),
            ("emil", true, "rejected"),
            ("fred", false, "rejected"),
        ] {
            let other = add(db, name).await;
            let (requester, receiver) = if asked_by_viewer { (viewer, other) } else { (other, viewer) };
            statements::connect(db, requester.into(), receiver.into(), status).await;
            let plan = insert(db, other, &rome(TODAY, TODAY)).await;
            if status == "accepted" {
                expected.push((plan, other, name));
            }
        }
        for to in roads_to_rome() {
            for (order, reversed) in [(Order::SoonestFirst, false), (Order::LatestFirst, true)] {
                let window = When::All.window(TODAY);
                let (mut plans, total) =
                    travels::store::list_of_connections(db, viewer, to, window, order, EVERYTHING).await.unwrap();
                if reversed {
                    plans.reverse();
                }
                assert_eq!(total, 2);
                for ((plan, user), (id, owner, name)) in plans.iter().zip(&expected) {
                    assert_eq!(*plan, row_of(*id, *owner, rome(TODAY, TODAY)));
                    assert_eq!((user.id, user.display_name.to_lowercase().as_str()), (*owner, *name));
                    assert_eq!((&user.profile_pic_url, &user.home_city, &user.home_country), (&None, &None, &None));
                }
                assert_eq!(plans.len(), 2, "{to:?} {order:?}");
            }
        }
    });
}

#[test]
fn a_destination_is_compared_by_its_keys() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        statements::connect(db, ana.into(), ben.into(), "accepted").await;
        let (mut paris, mut texas, mut narnia) = (0, 0, 0);
        for (id, to) in [
            (&mut paris, ("Paris", "France")),
            (&mut texas, ("PARIS.", "USA")),
            (&mut narnia, ("Cair Paravel", "Nárnia")),
        ] {
            *id = insert(db, ana, &trip(to, days(TODAY, TODAY))).await;
        }
        let found = async |city: Option<&str>, country: Option<&str>| {
            let (place, country) = (city.map(|city| Place::new(city, None)), country.map(country_key));
            let to = Destination { city_key: place.as_ref().map(Place::city_key), country_key: country.as_deref() };
            let soonest = of_connections(db, ben, to, When::Upcoming).await;
            let mut latest = of_connections(db, ben, to, When::All).await;
            latest.reverse();
            assert_eq!(soonest, latest, "all are on one day");
            soonest
        };
        assert_eq!(found(None, None).await, [paris, texas, narnia]);
        assert_eq!(found(Some("paris"), None).await, [paris, texas]);
        assert_eq!(found(Some("Pâris"), Some("United States")).await, [texas]);
        assert_eq!(found(Some("paris"), Some("Narnia")).await, Vec::<i32>::new());
        assert_eq!(found(Some("pari"), None).await, Vec::<i32>::new());
        assert_eq!(found(None, Some("fr")).await, [paris]);
        assert_eq!(found(None, Some("NÁRNIA")).await, [narnia]);
        assert_eq!(found(None, Some("Atlantis")).await, Vec::<i32>::new());
    });
}
