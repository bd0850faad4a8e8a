//! Users: added once, read back as they were written, and changed one after the other.

use handler::causes::{AT_ONCE, Cause};
use handler::db::Database;
use handler::users;
use handler::users::email::Email;
use handler::users::rules::{Bio, DisplayName, PictureUrl, home_city, home_country};
use handler::users::store::{Profile, UserRow};
use tests::{statements, told};

use crate::common::{
    INSTANT, LATE, NOBODY, NOW, add, add_called, called, every_connection_is_back, on_every_engine, search,
};

async fn insert(db: &Database, email: &str, profile: &Profile) -> Option<i32> {
    users::store::insert(db, &Email::parse(email).unwrap(), "a hash", profile, NOW).await.unwrap()
}

async fn found(db: &Database, id: i32) -> UserRow {
    users::store::find_private(db, id).await.unwrap().unwrap()
}

/// How often the profile of somebody who is active has changed.
async fn version(db: &Database, id: i32) -> i32 {
    users::store::find_versions(db, id).await.unwrap().unwrap().profile
}

/// Writes a profile back as one who has just read it.
async fn update(db: &Database, after: &UserRow, causes: &[Cause]) {
    let (seen, before) = (version(db, after.id).await, found(db, after.id).await);
    assert!(users::store::update(db, &before, after, seen, causes).await.unwrap());
}

/// As long as a profile can be, mostly of characters that take two of NVARCHAR's units.
fn longest() -> Profile {
    Profile {
        display_name: DisplayName::parse(&"𐐀".repeat(100)).unwrap(),
        bio: Bio::parse(&"𠮷\n🌍'🧳".repeat(100)).unwrap(),
        profile_pic_url: Some(PictureUrl::parse(&format!("https://example.org/{}", "🌍".repeat(480))).unwrap()),
        home_city: Some(home_city(&"𝔅".repeat(100)).unwrap()),
        home_country: Some(home_country(&"🌍𠮷".repeat(50)).unwrap()),
    }
}

/// What `profile` is read back as.
fn row_of(id: i32, email: &str, profile: Profile) -> UserRow {
    UserRow {
        id,
        email: email.to_owned(),
        display_name: profile.display_name.into(),
        bio: profile.bio.map(Into::into),
        profile_pic_url: profile.profile_pic_url.map(Into::into),
        home_city: profile.home_city.map(Into::into),
        home_country: profile.home_country.map(Into::into),
        created_at: NOW,
        updated_at: NOW,
    }
}

#[test]
fn whoever_was_added_is_read_back_to_the_last_character() {
    on_every_engine(async |db| {
        let local = "l".repeat(64);
        let email = format!("{local}@{}.{}.{}.Org", "d".repeat(63), "e".repeat(63), "f".repeat(57));
        assert_eq!(email.len(), 254, "the longest address");
        let wordy = insert(db, &email, &longest()).await.unwrap();
        let plain = insert(db, "Ana.B+c@Example.org", &called("'; DROP TABLE users; --")).await.unwrap();
        assert_ne!(wordy, plain);
        assert_eq!(found(db, wordy).await, row_of(wordy, &email, longest()));
        assert_eq!(found(db, plain).await, row_of(plain, "Ana.B+c@Example.org", called("'; DROP TABLE users; --")));
    });
}

#[test]
fn an_address_is_given_once_however_it_is_written() {
    on_every_engine(async |db| {
        let ana = insert(db, "ana@example.org", &called("Ana")).await.unwrap();
        assert_eq!(insert(db, "ana@example.org", &called("Anna")).await, None);
        assert_eq!(insert(db, "ANA@Example.ORG", &called("Anna")).await, None);
        assert_eq!(statements::count_users(db).await, 1);
        assert_eq!(found(db, ana).await.display_name, "Ana");
        assert!(insert(db, "ana@example.com", &called("Ana")).await.is_some(), "a name is nobody's own");
    });
}

#[test]
fn whoever_is_unknown_or_inactive_is_not_found() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        assert_eq!(users::store::find_private(db, ana + 1).await.unwrap(), None);
        statements::deactivate(db, ana.into()).await;
        assert_eq!(users::store::find_private(db, ana).await.unwrap(), None);
    });
}

#[test]
fn an_update_changes_this_profile_and_what_it_is_found_by() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        let before = found(db, ben).await;
        let known = found(db, ana).await;
        let changed = UserRow { updated_at: NOW + INSTANT, ..row_of(ana, &known.email, longest()) };
        update(db, &changed, &[]).await;
        assert_eq!(found(db, ana).await, changed);
        assert_eq!(found(db, ben).await, before);

        assert_eq!(search(db, ben, "Ana").await, NOBODY, "the word of the former name");
        assert_eq!(search(db, ben, "𐐀𐐨").await, [ana], "the one word of the new name, in either case");
        assert_eq!(search(db, ana, "Ben").await, [ben], "whose words are as they were");
    });
}

#[test]
fn a_name_that_stays_is_found_as_before() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        let moved = UserRow { home_city: Some("Graz".to_owned()), ..found(db, ana).await };
        update(db, &moved, &[]).await;
        assert_eq!((found(db, ana).await, search(db, ben, "Ana").await), (moved.clone(), vec![ana]));
        let wordless = UserRow { display_name: "🌍".to_owned(), ..moved };
        update(db, &wordless, &[]).await;
        update(db, &UserRow { display_name: "Ana Maria".to_owned(), ..wordless }, &[]).await;
        assert_eq!(search(db, ben, "maria").await, [ana]);
        statements::assert_accounts_are_whole(db).await;
    });
}

#[test]
fn whoever_is_renamed_moves_to_the_new_name_s_place_in_the_order() {
    on_every_engine(async |db| {
        let viewer = add(db, "viewer").await;
        let (ana, zoe) = (add_called(db, "ana", "Kim Ana").await, add_called(db, "zoe", "Kim Zoe").await);
        assert_eq!(search(db, viewer, "kim").await, [ana, zoe]);
        let known = found(db, ana).await;
        // The last one has the same words as the one before it: only its place is another.
        for (name, order) in [("Zz Kim", [zoe, ana]), ("Kim Ana", [ana, zoe]), ("Kim, Ana", [zoe, ana])] {
            update(db, &UserRow { display_name: name.to_owned(), ..known.clone() }, &[]).await;
            assert_eq!(search(db, viewer, "kim").await, order, "{name}");
        }
        statements::assert_accounts_are_whole(db).await;
    });
}

#[test]
fn what_is_taken_out_of_a_profile_is_gone() {
    on_every_engine(async |db| {
        let id = insert(db, "ana@example.org", &longest()).await.unwrap();
        let bare = row_of(id, "ana@example.org", called("Ana"));
        update(db, &bare, &[]).await;
        assert_eq!(found(db, id).await, bare);
    });
}

#[test]
fn an_update_notes_the_causes_that_it_is_given() {
    on_every_engine(async |db| {
        let ana = add(db, "ana").await;
        let after = UserRow { updated_at: NOW + INSTANT, ..row_of(ana, "ana@example.org", longest()) };
        update(db, &after, &[]).await;
        assert_eq!(told::causes(db).await, []);
        update(db, &after, &[Cause::Home { user: ana }]).await;
        let causes = told::causes(db).await;
        assert_eq!((causes.len(), causes[0].kind.as_str(), causes[0].user_id), (1, "home", ana));
        assert_eq!((causes[0].created_at, causes[0].due_at), (NOW + INSTANT, Some(AT_ONCE)));
    });
}

#[test]
fn nobody_who_became_inactive_is_updated() {
    on_every_engine(async |db| {
        let id = add(db, "ana").await;
        let user = found(db, id).await;
        statements::deactivate(db, id.into()).await;
        let late = UserRow { bio: Some("written too late".to_owned()), ..user.clone() };
        assert!(!users::store::update(db, &user, &late, 0, &[]).await.unwrap());
        assert!(!statements::everything_stored(db).await.contains("written too late"));
    });
}

#[test]
fn an_update_that_was_overtaken_or_fails_writes_nothing() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        let before = found(db, ana).await;
        let first = UserRow { bio: Some("First.".to_owned()), ..before.clone() };
        update(db, &first, &[]).await;
        statements::refuse_causes_of_2027(db).await;
        let after = row_of(ana, &before.email, longest());
        let causes = [Cause::Home { user: ana }];
        for seen in [0, 2] {
            assert!(!users::store::update(db, &before, &after, seen, &causes).await.unwrap());
        }
        let late = UserRow { updated_at: LATE, ..after };
        users::store::update(db, &first, &late, 1, &causes).await.unwrap_err();
        assert_eq!((found(db, ana).await, version(db, ana).await), (first, 1));
        assert_eq!((search(db, ben, "Ana").await, told::causes(db).await), (vec![ana], vec![]));
    });
}

#[test]
fn a_user_whose_words_can_not_be_written_is_none() {
    on_every_engine(async |db| {
        statements::lose_tables(db).await;
        let ana = Email::parse("ana@example.org").unwrap();
        users::store::insert(db, &ana, "a hash", &called("Ana"), NOW).await.unwrap_err();
        every_connection_is_back(db).await;
        assert_eq!(statements::count_users(db).await, 0);
    });
}

#[test]
fn an_address_that_many_want_at_once_is_given_to_one() {
    on_every_engine(async |db| {
        let crowd: Vec<_> = (0..6)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move { insert(&db, "ana@example.org", &called("Ana")).await })
            })
            .collect();
        let mut given = Vec::new();
        for one in crowd {
            given.extend(one.await.unwrap());
        }
        assert_eq!((given.len(), statements::count_users(db).await), (1, 1));
        statements::assert_accounts_are_whole(db).await;
    });
}

#[test]
fn changes_that_are_decided_anew_when_they_are_overtaken_lose_nothing() {
    const WRITERS: usize = 6;
    on_every_engine(async |db| {
        let id = add(db, "ana").await;
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move {
                    loop {
                        let (seen, before) = (version(&db, id).await, found(&db, id).await);
                        let mut after = before.clone();
                        after.bio = Some(after.bio.unwrap_or_default() + "x");
                        if users::store::update(&db, &before, &after, seen, &[]).await.unwrap() {
                            break;
                        }
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        assert_eq!(found(db, id).await.bio, Some("x".repeat(WRITERS)));
        assert_eq!(version(db, id).await, i32::try_from(WRITERS).unwrap());
    });
}
