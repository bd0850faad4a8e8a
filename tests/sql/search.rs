//! Finding one another: by words and by address, a page at a time, and how the two stand to each other.

use handler::db::Database;
use handler::http::page::Page;
use handler::users;
use handler::users::rules::{Bio, ConnectionStatus, PictureUrl, SearchTerm, home_city, home_country};
use tests::statements;

use crate::common::{EVERYTHING, NOBODY, NOW, add, add_called, address_of, called, on_every_engine, search};

/// `count` people who are all called the same.
async fn namesakes(db: &Database, name: &str, count: usize) -> Vec<i32> {
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(add_called(db, &format!("namesake{number}"), name).await);
    }
    ids
}

#[test]
fn every_word_of_a_search_starts_a_word_of_the_name() {
    on_every_engine(async |db| {
        let viewer = add(db, "viewer").await;
        let zoe = add_called(db, "zoe", "Zoë O'Neill-Łuk").await;
        let zora = add_called(db, "zora", "ZORA Neale 2nd").await;
        let yoshi = add_called(db, "yoshi", "𠮷野家 🌍 Straße").await;
        for (term, hits) in [
            ("zo", vec![zoe, zora]),
            ("zoe", vec![zoe]),
            ("ZOË", vec![zoe]),
            ("nei zo", vec![zoe]),
            ("ne zo", vec![zoe, zora]),
            ("zo zora", vec![zora]),
            ("2n", vec![zora]),
            ("𠮷野", vec![yoshi]),
            ("strasse 𠮷", vec![yoshi]),
            ("oe", vec![]),
            ("zoes", vec![]),
            ("zo yoshi", vec![]),
            // What a pattern or a statement could take amiss parts the words and is no part of any.
            ("z%", vec![zoe, zora]),
            ("z%nd", vec![]),
            ("[z]_o", vec![zoe]),
            ("' OR 1=1 --", vec![]),
        ] {
            assert_eq!(search(db, viewer, term).await, hits, "{term}");
        }
    });
}

#[test]
fn a_whole_address_finds_its_owner_once() {
    on_every_engine(async |db| {
        let (viewer, ana) = (add(db, "viewer").await, add(db, "ana").await);
        assert_eq!(search(db, viewer, "ANA@Example.Org").await, [ana]);
        assert_eq!(search(db, viewer, "na@example.org").await, NOBODY);
        assert_eq!(search(db, viewer, "ana@example").await, NOBODY);
        // Its words start those of this name as well, and those of the address's owner: one hit each.
        let namesake = add_called(db, "other", "Ana Example Organisation").await;
        let both = add_called(db, "ann", "Ann Example Org").await;
        assert_eq!(search(db, viewer, "ana@example.org").await, [ana, namesake]);
        assert_eq!(search(db, viewer, "ann@example.org").await, [both], "found twice over and shown once");
    });
}

#[test]
fn neither_the_viewer_nor_the_inactive_are_found() {
    on_every_engine(async |db| {
        let (ana, gone) = (add(db, "ana").await, add_called(db, "gone", "Ana").await);
        statements::deactivate(db, gone.into()).await;
        assert_eq!(search(db, ana, "ana").await, NOBODY);
        assert_eq!(search(db, ana, "ana@example.org").await, NOBODY);
        assert_eq!(search(db, ana, "gone@example.org").await, NOBODY);
        assert_eq!(search(db, gone, "ana").await, [ana], "so the statement itself does find by these words");
    });
}

#[test]
fn what_is_found_is_ordered_by_name_and_shown_a_page_at_a_time() {
    on_every_engine(async |db| {
        let viewer = add(db, "viewer").await;
        let last = add_called(db, "last", "Ána Zett").await;
        let same = namesakes(db, "ana b", 3).await;
        let first = add_called(db, "first", "ANA A").await;
        let expected = [vec![first], same, vec![last]].concat();
        assert_eq!(search(db, viewer, "ana").await, expected);

        let term = SearchTerm::parse("ana").unwrap();
        for (offset, shown) in
            [(0, &expected[..2]), (2, &expected[2..4]), (4, &expected[4..]), (5, &[]), (i32::MAX, &[])]
        {
            let page = Page { limit: 2, offset };
            let (people, total) = users::store::search(db, viewer, &term, page).await.unwrap();
            assert_eq!(people.iter().map(|person| person.id).collect::<Vec<_>>(), shown, "from {offset}");
            assert_eq!(total, 5, "from {offset}");
        }
        let nobody = SearchTerm::parse("nobody").unwrap();
        let (people, total) = users::store::search(db, viewer, &nobody, Page { limit: 2, offset: 0 }).await.unwrap();
        assert!(people.is_empty() && total == 0);
    });
}

#[test]
fn a_profile_and_a_search_tell_how_the_two_stand_to_each_other() {
    on_every_engine(async |db| {
        let viewer = add(db, "viewer").await;
        for (name, asked_by_viewer, status, expected) in [
            ("adam", true, "pending", ConnectionStatus::PendingSent),
            ("bert", false, "pending", ConnectionStatus::PendingReceived),
            ("carl", true, "accepted", ConnectionStatus::Connected),
            ("dora", false, "accepted", ConnectionStatus::Connected),
            ("emil", true, "rejected", ConnectionStatus::None),
            ("fred", false, "rejected", ConnectionStatus::None),
        ] {
            let other = add(db, name).await;
            let (requester, receiver) = if asked_by_viewer { (viewer, other) } else { (other, viewer) };
            statements::connect(db, requester.into(), receiver.into(), status).await;
            let profile = users::store::find_public(db, other, viewer).await.unwrap().unwrap();
            assert_eq!(profile.connection_status, expected, "{name}");
            let term = SearchTerm::parse(name).unwrap();
            let (hits, _) = users::store::search(db, viewer, &term, EVERYTHING).await.unwrap();
            assert_eq!(hits[0].connection_status, expected, "{name}");
        }
        let (stranger, bystander) = (add(db, "stranger").await, add(db, "bystander").await);
        statements::connect(db, stranger.into(), bystander.into(), "accepted").await;
        let profile = users::store::find_public(db, stranger, viewer).await.unwrap().unwrap();
        assert_eq!(profile.connection_status, ConnectionStatus::None, "connected to somebody else");
        let own = users::store::find_public(db, viewer, viewer).await.unwrap().unwrap();
        assert_eq!(own.connection_status, ConnectionStatus::Oneself);
    });
}

#[test]
fn a_profile_is_shown_of_whoever_is_active() {
    on_every_engine(async |db| {
        let viewer = add(db, "viewer").await;
        let mut profile = called("Ana");
        profile.bio = Bio::parse("I travel.").unwrap();
        profile.profile_pic_url = PictureUrl::parse("https://example.org/a.jpg").ok();
        profile.home_city = home_city("Graz").ok();
        profile.home_country = home_country("Austria").ok();
        let address = address_of("ana");
        let ana = users::store::insert(db, &address, "a hash", &profile, NOW).await.unwrap().unwrap();

        let shown = users::store::find_public(db, ana, viewer).await.unwrap().unwrap();
        assert_eq!((shown.id, shown.display_name.as_str(), shown.bio.as_deref()), (ana, "Ana", Some("I travel.")));
        assert_eq!(shown.profile_pic_url.as_deref(), Some("https://example.org/a.jpg"));
        assert_eq!((shown.home_city.as_deref(), shown.home_country.as_deref()), (Some("Graz"), Some("Austria")));
        assert_eq!(shown.created_at, NOW);
        let bare = users::store::find_public(db, viewer, ana).await.unwrap().unwrap();
        assert_eq!((bare.bio, bare.profile_pic_url, bare.home_city, bare.home_country), (None, None, None, None));

        assert!(users::store::find_public(db, ana + 1, viewer).await.unwrap().is_none());
        statements::deactivate(db, ana.into()).await;
        assert!(users::store::find_public(db, ana, viewer).await.unwrap().is_none());
    });
}
