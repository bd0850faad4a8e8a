//! What the stories of the statements share: each is told on every engine, by people who need no password.

use std::time::Duration;

use handler::auth;
use handler::auth::store::NewSession;
use handler::causes::{self, AT_ONCE, Cause};
use handler::db::{Database, Query, Tx, patience};
use handler::http::page::Page;
use handler::users;
use handler::users::email::Email;
use handler::users::rules::{DisplayName, SearchTerm};
use handler::users::store::Profile;
use handler::{params, query};
use tests::OwnDatabase;
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::runtime::{Builder, Runtime};

const NOTE_CAUSES: Query = query!("note_causes", sqlite);

/// When the stories begin: to the microsecond, which is what both engines keep.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-01-31 10:30:00.123_456 UTC);
/// When no cause of matches can be noted in stories that say so.
pub(crate) const LATE: OffsetDateTime = datetime!(2027-01-01 00:00 UTC);
/// The least time that both engines tell apart.
pub(crate) const INSTANT: Duration = Duration::from_micros(1);
/// A page that holds all there is in these stories.
pub(crate) const EVERYTHING: Page = Page { limit: 100, offset: 0 };
/// Whom a search finds that finds nobody.
pub(crate) const NOBODY: [i32; 0] = [];
/// The longest that a request may take in any story: the patience with the database, and some of this machine's own.
pub(crate) const AT_MOST: Duration = Duration::from_secs(3);
/// The longest that anything may take here.
const BOUND: Duration = Duration::from_secs(10);

/// Tells `story` on every engine that there is, each time on a migrated database of its own.
#[expect(clippy::needless_pass_by_value, reason = "a story is told where it is called, without a name or a sign")]
pub(crate) fn on_every_engine(story: impl AsyncFn(&Database)) {
    for own in runtime().block_on(OwnDatabase::on_every_engine()) {
        on(own, async |own| {
            let db = own.open();
            // Shown only if the story fails.
            println!("on {}", db.engine_name());
            story(&db).await;
            every_connection_is_back(&db).await;
        });
    }
}

/// Tells `story` on an empty database, on the engine that the environment names.
pub(crate) fn on_an_empty_database(story: impl AsyncFnOnce(&OwnDatabase)) {
    on(runtime().block_on(OwnDatabase::empty()), story);
}

/// Tells `story` on this database.
fn on(own: OwnDatabase, story: impl AsyncFnOnce(&OwnDatabase)) {
    // Goes before the database does, with all connections, also those that are still being opened and those of a story
    // that failed.
    let runtime = runtime();
    runtime.block_on(story(&own));
    drop(runtime);
    drop(own);
}

/// Tells a story that needs no database of ours.
pub(crate) fn on_a_runtime(story: impl Future<Output = ()>) {
    runtime().block_on(story);
}

/// What a request asks, with the patience that a request has.
pub(crate) async fn as_a_request<T>(work: impl Future<Output = T>) -> T {
    let answer = tokio::time::timeout(AT_MOST, patience::with(patience::DEFAULT_PATIENCE, work)).await;
    answer.unwrap()
}

/// Waits until this is so, and no longer than `bound`.
pub(crate) async fn until(bound: Duration, mut is_so: impl AsyncFnMut() -> bool) {
    let awaited = async { while !is_so().await {} };
    assert!(tokio::time::timeout(bound, awaited).await.is_ok(), "it was not so within {bound:?}");
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Waits until no connection is lent: a transaction that was let go is rolled back in the background.
pub(crate) async fn every_connection_is_back(db: &Database) {
    lent(db, 0).await;
}

/// Waits until this many connections are lent.
pub(crate) async fn lent(db: &Database, number: usize) {
    let awaited = async {
        while db.pool_use().in_use != number {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(BOUND, awaited).await.is_ok(), "not {number} lent, but {:?}", db.pool_use());
}

/// Somebody new: `ana` is called `Ana`, lives at `ana@example.org` and has [`hash_of`] for a hash.
pub(crate) async fn add(db: &Database, name: &str) -> i32 {
    let display_name = name[..1].to_uppercase() + &name[1..];
    add_called(db, name, &display_name).await
}

/// Somebody new of another name than that in their address.
pub(crate) async fn add_called(db: &Database, name: &str, display_name: &str) -> i32 {
    let (hash, profile) = (hash_of(name), called(display_name));
    users::store::insert(db, &address_of(name), &hash, &profile, NOW).await.unwrap().unwrap()
}

/// Begins a session, by a login with the hash that the user has.
pub(crate) async fn begin_session(db: &Database, session: &NewSession<'_>) {
    let hash = auth::store::find_password(db, session.user_id).await.unwrap().unwrap().password_hash;
    let hashes = (hash.as_str(), hash.as_str());
    assert!(auth::store::open_session(db, session, hashes, [0; 32], "192.0.2.255").await.unwrap());
}

/// Notes causes of matches, in a transaction.
pub(crate) async fn note(tx: &mut Tx, causes: &[Cause], at: OffsetDateTime) {
    tx.execute(NOTE_CAUSES, params![causes::list(causes), at, AT_ONCE]).await.unwrap();
}

/// The address of somebody who was [`add`]ed.
pub(crate) fn address_of(name: &str) -> Email {
    Email::parse(&format!("{name}@example.org")).unwrap()
}

/// How often the plans of somebody who is active have changed.
pub(crate) async fn version_of_plans(db: &Database, user: i32) -> i32 {
    users::store::find_versions(db, user).await.unwrap().unwrap().plans
}

/// What stands for the hash of a password of somebody who was [`add`]ed.
pub(crate) fn hash_of(name: &str) -> String {
    format!("$argon2id$the hash of {name}")
}

/// The profile of somebody who says nothing but a name.
pub(crate) fn called(name: &str) -> Profile {
    Profile {
        display_name: DisplayName::parse(name).unwrap(),
        bio: None,
        profile_pic_url: None,
        home_city: None,
        home_country: None,
    }
}

/// The ids of all whom `viewer` finds by `term`, in order.
pub(crate) async fn search(db: &Database, viewer: i32, term: &str) -> Vec<i32> {
    let term = SearchTerm::parse(term).unwrap();
    let (people, total) = users::store::search(db, viewer, &term, EVERYTHING).await.unwrap();
    assert_eq!(usize::try_from(total).unwrap(), people.len());
    people.iter().map(|person| person.id).collect()
}
