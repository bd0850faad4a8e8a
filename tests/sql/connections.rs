//! Connections: found by their two people alone, and listed with where the other is.

use handler::connections;
use handler::connections::friends::{Friend, Stay, Whereabouts, WhereaboutsKind};
use handler::connections::rules::{Connection, RequestStatus};
use handler::connections::store::Between;
use handler::db::Database;
use handler::http::page::Page;
use handler::notifications::rules::{NOT_YET_KNOWN, Notice};
use handler::place::{City, Country};
use handler::travels;
use handler::travels::dates::DateRange;
use handler::travels::rules::{Travel, city, country};
use handler::users;
use handler::users::summary::UserSummary;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tests::statements;
use time::macros::date;
use time::{Date, OffsetDateTime};

use crate::common::{EVERYTHING, INSTANT, NOW, add, add_called, address_of, called, on_every_engine};

const TODAY: Date = date!(2026 - 01 - 31);

/// Adds a request and leaves it in this state.
pub(crate) async fn insert(
    db: &Database,
    requester: i32,
    receiver: i32,
    status: RequestStatus,
    at: OffsetDateTime,
) -> i32 {
    let notice = Notice::connection_request(receiver, "Somebody", NOT_YET_KNOWN);
    let id = connections::store::insert(db, requester, receiver, &notice, at).await.unwrap().unwrap();
    if status != RequestStatus::Pending {
        let request = found(db, id, receiver).await.unwrap();
        let changed = Connection { status, ..request.clone() };
        assert!(connections::store::change(db, &request, &changed).await.unwrap());
    }
    id
}

pub(crate) async fn found(db: &Database, id: i32, member: i32) -> Option<Connection> {
    connections::store::find(db, id, member).await.unwrap()
}

/// What one finds who asks another, both of whom are active.
pub(crate) async fn found_between(db: &Database, one: i32, other: i32) -> Option<Connection> {
    let between = connections::store::find_between(db, one, other).await.unwrap().unwrap();
    assert_eq!((between.requester.id, between.receiver.id), (one, other));
    between.present
}

/// Somebody who was added as `ana` in a few words.
pub(crate) fn summary(id: i32, display_name: &str) -> UserSummary {
    UserSummary {
        id,
        display_name: display_name.to_owned(),
        profile_pic_url: None,
        home_city: None,
        home_country: None,
    }
}

async fn plan(db: &Database, owner: i32, to: &str, start: Date, end: Date) {
    let (city, country) = (city(to).unwrap(), country("Portugal").unwrap());
    let travel = Travel { city, country, dates: DateRange::stored(start, end), description: None };
    travels::store::insert(db, owner, &travel, NOW).await.unwrap();
}

async fn friends(db: &Database, user: i32) -> Vec<Friend> {
    let (friends, total) = connections::store::list(db, user, TODAY, EVERYTHING).await.unwrap();
    assert_eq!(usize::try_from(total).unwrap(), friends.len());
    friends
}

/// The ids that wait for `user`, and those that `user` waits for.
async fn waiting(db: &Database, user: i32) -> (Vec<i32>, Vec<i32>) {
    let (received, all_received) = connections::store::list_received(db, user, EVERYTHING).await.unwrap();
    let (sent, all_sent) = connections::store::list_sent(db, user, EVERYTHING).await.unwrap();
    assert_eq!([all_received, all_sent].map(|all| usize::try_from(all).unwrap()), [received.len(), sent.len()]);
    (received.iter().map(|request| request.id).collect(), sent.iter().map(|request| request.id).collect())
}

#[test]
fn a_request_is_found_by_its_two_people_alone() {
    on_every_engine(async |db| {
        let (ana, ben, cleo) = (add(db, "ana").await, add(db, "ben").await, add(db, "cleo").await);
        let id = insert(db, ben, ana, RequestStatus::Pending, NOW).await;
        let expected = Connection {
            id,
            status: RequestStatus::Pending,
            requester: summary(ben, "Ben"),
            receiver: summary(ana, "Ana"),
            created_at: NOW,
            updated_at: NOW,
        };
        for (one, other) in [(ana, ben), (ben, ana)] {
            assert_eq!(found(db, id, one).await.as_ref(), Some(&expected));
            assert_eq!(found_between(db, one, other).await.as_ref(), Some(&expected));
        }
        assert_eq!(found(db, id, cleo).await, None);
        assert_eq!(found(db, id + 1, ana).await, None);
        assert_eq!((found_between(db, ana, cleo).await, found_between(db, ben, cleo).await), (None, None));
    });
}

#[test]
fn both_people_of_a_request_have_to_be_active() {
    on_every_engine(async |db| {
        let (ana, ben, cleo) = (add(db, "ana").await, add(db, "ben").await, add(db, "cleo").await);
        let people = async |one: i32, other: i32| connections::store::find_between(db, one, other).await.unwrap();
        let strangers = Between { requester: summary(ana, "Ana"), receiver: summary(ben, "Ben"), present: None };
        assert_eq!(people(ana, ben).await, Some(strangers));
        assert_eq!(people(ana, cleo + 1).await, None);
        assert_eq!((people(ana, 0).await, people(ana, -1).await), (None, None));
        let asked = insert(db, ana, ben, RequestStatus::Pending, NOW).await;
        let connected = insert(db, cleo, ben, RequestStatus::Accepted, NOW).await;
        statements::deactivate(db, ben.into()).await;
        assert_eq!((people(ana, ben).await, people(ben, ana).await), (None, None));
        assert_eq!(found(db, asked, ana).await, None);
        assert_eq!(found(db, connected, cleo).await, None);
        assert_eq!(waiting(db, ana).await, (vec![], vec![]));
        assert_eq!(friends(db, cleo).await, []);
    });
}

#[test]
fn each_list_has_its_own_state_and_side() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let mut ids = Vec::new();
        for (number, status) in
            [RequestStatus::Pending, RequestStatus::Accepted, RequestStatus::Rejected].into_iter().enumerate()
        {
            let (to, from) = (add(db, &format!("to{number}")).await, add(db, &format!("from{number}")).await);
            ids.push((insert(db, ana, to, status, NOW).await, insert(db, from, ana, status, NOW).await));
        }
        assert_eq!(waiting(db, ana).await, (vec![ids[0].1], vec![ids[0].0]));
        let mut connected: Vec<i32> = friends(db, ana).await.iter().map(|friend| friend.id).collect();
        connected.sort_unstable();
        assert_eq!(connected, [ids[1].0, ids[1].1]);
    });
}

#[test]
fn friends_are_in_the_order_of_their_folded_names_then_of_the_connection() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let mut expected = Vec::new();
        for (number, name) in ["zoë", "Émile", "emile", "B o", "Bo", "𐐀ra", "9"].into_iter().enumerate() {
            let friend = add_called(db, &format!("friend{number}"), name).await;
            let id = insert(db, ana, friend, RequestStatus::Accepted, NOW).await;
            expected.push((users::rules::sort_key(name), id));
        }
        expected.sort();
        let listed = friends(db, ana).await;
        let order: Vec<(String, i32)> =
            listed.iter().map(|friend| (users::rules::sort_key(&friend.user.display_name), friend.id)).collect();
        assert_eq!(order, expected);

        let (mut seen, number) = (Vec::new(), i64::try_from(listed.len()).unwrap());
        for offset in 0..7 {
            let page = Page { limit: 1, offset };
            let (friends, total) = connections::store::list(db, ana, TODAY, page).await.unwrap();
            assert_eq!(total, number);
            seen.extend(friends);
        }
        assert_eq!(seen, listed);
        let beyond = Page { limit: 100, offset: i32::MAX };
        assert_eq!(connections::store::list(db, ana, TODAY, beyond).await.unwrap(), (vec![], number));
    });
}

#[test]
fn requests_are_newest_first_to_the_instant_then_by_id() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let mut ids = Vec::new();
        for (number, later) in [1, 0, 2, 1].into_iter().enumerate() {
            let other = add(db, &format!("other{number}")).await;
            let at = NOW + later * INSTANT;
            ids.push((insert(db, ana, other, RequestStatus::Pending, at).await, other));
        }
        let order = [2, 3, 0, 1].map(|number: usize| ids[number].0);
        assert_eq!(waiting(db, ana).await, (vec![], order.to_vec()));
        let (sent, _) = connections::store::list_sent(db, ana, EVERYTHING).await.unwrap();
        assert_eq!((&sent[0].user, sent[0].created_at), (&summary(ids[2].1, "Other2"), NOW + 2 * INSTANT));
        for offset in 0..5 {
            let (page, total) = connections::store::list_sent(db, ana, Page { limit: 1, offset }).await.unwrap();
            let expected = order.get(usize::try_from(offset).unwrap());
            assert_eq!((page.first().map(|request| &request.id), total), (expected, 4));
        }
        for (id, other) in ids {
            let page = Page { limit: 1, offset: 0 };
            let (received, total) = connections::store::list_received(db, other, page).await.unwrap();
            assert_eq!((received[0].id, &received[0].user, total), (id, &summary(ana, "Ana"), 1));
            let beyond = connections::store::list_received(db, other, Page { limit: 1, offset: 1 }).await.unwrap();
            assert_eq!(beyond, (vec![], 1));
        }
    });
}

#[test]
fn a_friend_is_told_with_all_that_is_known() {
    on_every_engine(async |db| {
        let (ana, mut profile) = (add(db, "ana").await, called("Ben"));
        profile.home_city = Some(City::parse(&"𝔅".repeat(100), "Home city").unwrap());
        profile.home_country = Some(Country::parse("Germany", "Home country").unwrap());
        let ben = users::store::insert(db, &address_of("ben"), "a hash", &profile, NOW).await.unwrap().unwrap();
        let id = insert(db, ben, ana, RequestStatus::Accepted, NOW).await;
        plan(db, ben, "Lisbon", date!(2026 - 02 - 02), date!(2026 - 02 - 03)).await;
        plan(db, ana, "Lisbon", TODAY, TODAY).await;
        let (home_city, home_country) = (Some("𝔅".repeat(100)), Some("Germany".to_owned()));
        let user =
            UserSummary { home_city: home_city.clone(), home_country: home_country.clone(), ..summary(ben, "Ben") };
        let whereabouts = Whereabouts {
            kind: WhereaboutsKind::Home,
            city: home_city,
            country: home_country,
            until: Some(date!(2026 - 02 - 01)),
        };
        assert_eq!(friends(db, ana).await, [Friend { id, user, connected_since: NOW, whereabouts }]);
    });
}

/// Many friends with any plans around today: where each is, against the rule read word for word.
#[test]
fn where_friends_are_is_what_the_rule_says() {
    const FRIENDS: usize = 40;
    on_every_engine(async |db| {
        let mut random = StdRng::seed_from_u64(20_260_131);
        let ana = add(db, "ana").await;
        let mut expected = Vec::new();
        for number in 0..FRIENDS {
            let name = format!("friend{number:02}");
            let friend = add(db, &name).await;
            insert(db, friend, ana, RequestStatus::Accepted, NOW).await;
            let mut plans: Vec<(Date, usize, Date)> = Vec::new();
            for age in 0..random.random_range(0..5) {
                let start = TODAY + time::Duration::days(random.random_range(-4..5));
                let end = start + time::Duration::days(random.random_range(0..5));
                plan(db, friend, &format!("City {age}"), start, end).await;
                plans.push((start, age, end));
            }
            let today = plans.iter().filter(|(start, _, end)| (*start..=*end).contains(&TODAY)).max();
            let stay = today.map(|(_, age, end)| Stay {
                city: format!("City {age}"),
                country: "Portugal".to_owned(),
                until: *end,
            });
            let next = plans.iter().map(|(start, ..)| *start).filter(|start| *start > TODAY).min();
            expected.push(Whereabouts::of(&summary(friend, &name), stay, next));
        }
        let told: Vec<Whereabouts> = friends(db, ana).await.into_iter().map(|friend| friend.whereabouts).collect();
        assert_eq!(told, expected);
        assert!(told.iter().any(|whereabouts| whereabouts.kind == WhereaboutsKind::Traveling));
        assert!(told.iter().any(|whereabouts| whereabouts.kind == WhereaboutsKind::Unknown));
    });
}
