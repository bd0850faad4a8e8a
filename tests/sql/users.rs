//! Users: added once, read back as they were written, and changed one after the other.

use handler::db::Database;
use handler::users;
use handler::users::email::Email;
use handler::users::rules::{Bio, DisplayName, PictureUrl, home_city, home_country};
use handler::users::store::{Profile, UserRow};
use tests::statements;

use crate::common::{INSTANT, NOBODY, NOW, add, address_of, called, on_every_engine, search};

async fn insert(db: &Database, email: &str, profile: &Profile) -> Option<i32> {
    let mut tx = db.begin().await.unwrap();
    let email = Email::parse(email).unwrap();
    let id = users::store::insert(&mut tx, &email, "a hash", profile, NOW).await.unwrap()?;
    tx.commit().await.unwrap();
    Some(id)
}

async fn found(db: &Database, id: i32) -> UserRow {
    users::store::find_private(db, id).await.unwrap().unwrap()
}

/// Writes `user` back, the way that an endpoint does.
async fn update(db: &Database, user: &UserRow) {
    let mut tx = db.begin().await.unwrap();
    users::store::update(&mut tx, user).await.unwrap();
    tx.commit().await.unwrap();
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

        let mut tx = db.begin().await.unwrap();
        assert_eq!(users::store::find_for_update(&mut tx, ana).await.unwrap(), None);
        assert_eq!(users::store::find_for_update(&mut tx, ana + 1).await.unwrap(), None);
        tx.commit().await.unwrap();
    });
}

#[test]
fn an_update_changes_this_profile_and_what_it_is_found_by() {
    on_every_engine(async |db| {
        let (ana, ben) = (add(db, "ana").await, add(db, "ben").await);
        let before = found(db, ben).await;
        let mut tx = db.begin().await.unwrap();
        let known = users::store::find_for_update(&mut tx, ana).await.unwrap().unwrap();
        assert_eq!(known, row_of(ana, address_of("ana").as_written(), called("Ana")));
        let changed = UserRow { updated_at: NOW + INSTANT, ..row_of(ana, &known.email, longest()) };
        users::store::update(&mut tx, &changed).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(found(db, ana).await, changed);
        assert_eq!(found(db, ben).await, before);

        assert_eq!(search(db, ben, "Ana").await, NOBODY, "the word of the former name");
        assert_eq!(search(db, ben, "𐐀𐐨").await, [ana], "the one word of the new name, in either case");
        assert_eq!(search(db, ana, "Ben").await, [ben], "whose words are as they were");
    });
}

#[test]
fn what_is_taken_out_of_a_profile_is_gone() {
    on_every_engine(async |db| {
        let id = insert(db, "ana@example.org", &longest()).await.unwrap();
        let bare = row_of(id, "ana@example.org", called("Ana"));
        update(db, &bare).await;
        assert_eq!(found(db, id).await, bare);
    });
}

#[test]
fn nobody_who_became_inactive_is_updated() {
    on_every_engine(async |db| {
        let id = add(db, "ana").await;
        let user = found(db, id).await;
        statements::deactivate(db, id.into()).await;
        update(db, &UserRow { bio: Some("written too late".to_owned()), ..user }).await;
        assert!(!statements::everything_stored(db).await.contains("written too late"));
    });
}

#[test]
fn changes_of_one_profile_wait_for_each_other() {
    const WRITERS: usize = 6;
    on_every_engine(async |db| {
        let id = add(db, "ana").await;
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move {
                    let mut tx = db.begin().await.unwrap();
                    let mut user = users::store::find_for_update(&mut tx, id).await.unwrap().unwrap();
                    user.bio = Some(user.bio.unwrap_or_default() + "x");
                    users::store::update(&mut tx, &user).await.unwrap();
                    tx.commit().await.unwrap();
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        assert_eq!(found(db, id).await.bio, Some("x".repeat(WRITERS)), "no change was lost");
    });
}
