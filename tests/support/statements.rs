//! What only a test does to a database: things that no endpoint can do, or looking behind the endpoints.

use std::collections::{BTreeMap, BTreeSet};

use handler::clock::Clock as _;
use handler::db::{Database, Query};
use handler::users::rules::sort_key;
use handler::{params, query, text};

use crate::clock::TestClock;

const DEACTIVATE: Query = query!("deactivate");
const COUNT_USERS: Query = query!("count_users");
const COUNT_FAILURES: Query = query!("count_failures");
const COUNT_LIVE_SESSIONS: Query = query!("count_live_sessions");
const ALL_USERS: Query = query!("all_users");
const ALL_SESSIONS: Query = query!("all_sessions");
const ALL_FAILURES: Query = query!("all_failures");
const REFUSE_CAUSES: Query = query!("refuse_causes", sqlite);
const POISON_PLAN: Query = query!("poison_plan", sqlite);
const CONNECT: Query = query!("connect");
const DISCONNECT: Query = query!("disconnect");
const ALL_WORDS: Query = query!("all_words");
const COUNT_HALF_SESSIONS: Query = query!("count_half_sessions");
const COUNT_DOUBLED_ADDRESSES: Query = query!("count_doubled_addresses");
const ALL_MIGRATIONS: Query = query!("all_migrations");
const DELETE_MIGRATIONS: Query = query!("delete_migrations");
const INSERT_MIGRATION: Query = query!("insert_migration");
const EXPAND_USERS: Query = query!("expand_users");
const COUNT_RATE_WINDOWS: Query = query!("count_rate_windows");
const DROP_RATE_WINDOWS: Query = query!("drop_rate_windows");
const DROP_SESSIONS: Query = query!("drop_sessions");
const DROP_USER_WORDS: Query = query!("drop_user_words");
const PASSWORD_HASH: Query = query!("password_hash");
const MATCH_CAUSE_ATTEMPTS: Query = query!("match_cause_attempts");

/// Makes a user inactive, which no endpoint does yet.
pub async fn deactivate(database: &Database, user_id: i64) {
    let id = i32::try_from(user_id).unwrap();
    assert_eq!(database.execute(DEACTIVATE, params![id]).await.unwrap(), 1);
}

/// All users.
pub async fn count_users(database: &Database) -> i64 {
    count(database, COUNT_USERS).await
}

/// Sessions that were not ended, expired or not.
pub async fn count_live_sessions(database: &Database) -> i64 {
    count(database, COUNT_LIVE_SESSIONS).await
}

/// Failed logins that are remembered.
pub async fn count_failures(database: &Database) -> i64 {
    count(database, COUNT_FAILURES).await
}

/// Windows of the rate limits, ended or not.
pub async fn count_rate_windows(database: &Database) -> i64 {
    count(database, COUNT_RATE_WINDOWS).await
}

/// Takes away the table in which the rate limits count: all else goes on, and they can't.
pub async fn drop_rate_windows(database: &Database) {
    database.execute(DROP_RATE_WINDOWS, Vec::new()).await.unwrap();
}

/// Takes away tables without which no operation can do its work.
pub async fn lose_tables(database: &Database) {
    for query in [DROP_SESSIONS, DROP_USER_WORDS] {
        database.execute(query, Vec::new()).await.unwrap();
    }
}

/// The hash of the password of the user with this address.
pub async fn password_hash(database: &Database, email: &str) -> String {
    let row = database.fetch_optional(PASSWORD_HASH, params![email]).await.unwrap();
    row.expect("a user with this address").get("password_hash").unwrap()
}

/// Fails the test unless the tables of accounts hold together: one user an address, every user with the search words of
/// its name, no session without a user or half ended or half refreshed.
pub async fn assert_accounts_are_whole(database: &Database) {
    assert_eq!(count(database, COUNT_DOUBLED_ADDRESSES).await, 0, "addresses that more than one user has");
    assert_eq!(count(database, COUNT_HALF_SESSIONS).await, 0, "sessions that are half something");
    let mut words: BTreeMap<i32, BTreeSet<(String, String)>> = BTreeMap::new();
    for row in database.fetch_all(ALL_WORDS, Vec::new()).await.unwrap() {
        let word = (row.get("word").unwrap(), row.get("name_key").unwrap());
        words.entry(row.get("user_id").unwrap()).or_default().insert(word);
    }
    for user in database.fetch_all(ALL_USERS, Vec::new()).await.unwrap() {
        let name: String = user.get("display_name").unwrap();
        let found_by = words.remove(&user.get("id").unwrap()).unwrap_or_default();
        let expected = text::words(&name).into_iter().map(|word| (word, sort_key(&name))).collect();
        assert_eq!(found_by, expected, "the search words of {name:?}, and its place in the order");
    }
    assert!(words.is_empty(), "search words of nobody: {words:?}");
}

async fn count(database: &Database, query: Query) -> i64 {
    let row = database.fetch_optional(query, Vec::new()).await.unwrap();
    row.expect("a count").get("number").unwrap()
}

/// Every value in the tables of accounts, as text: to look for what must not be there.
pub async fn everything_stored(database: &Database) -> String {
    let mut rows = database.fetch_all(ALL_USERS, Vec::new()).await.unwrap();
    rows.extend(database.fetch_all(ALL_SESSIONS, Vec::new()).await.unwrap());
    rows.extend(database.fetch_all(ALL_FAILURES, Vec::new()).await.unwrap());
    format!("{rows:#?}")
}

/// Makes it fail from now on to tell anybody of the oldest plan that there is, which is `plan`.
pub async fn poison_oldest_plan(database: &Database, plan: i64) {
    database.execute(POISON_PLAN, params![i32::try_from(plan).unwrap()]).await.unwrap();
}

/// Makes it fail from now on to note a cause of matches in 2027 or later: in the middle of what makes it one.
pub async fn refuse_causes_of_2027(database: &Database) {
    database.execute(REFUSE_CAUSES, Vec::new()).await.unwrap();
}

/// Puts a connection between two users, as long as no endpoint does.
pub async fn connect(database: &Database, requester: i64, receiver: i64, status: &str) {
    let (requester, receiver) = (i32::try_from(requester).unwrap(), i32::try_from(receiver).unwrap());
    let now = TestClock::default().now();
    database.execute(CONNECT, params![requester, receiver, status, now]).await.unwrap();
}

/// A migration as the database remembers it.
#[derive(Debug, Clone)]
pub struct Applied {
    /// Its number.
    pub version: i32,
    /// What its file is called after the number.
    pub name: String,
    /// SHA-256 of its text, in hex.
    pub checksum: String,
    /// The newest migration of the oldest build that may serve with it.
    pub oldest_build: Option<i32>,
}

/// What was applied to the database, in order.
pub async fn applied_migrations(database: &Database) -> Vec<Applied> {
    let rows = database.fetch_all(ALL_MIGRATIONS, Vec::new()).await.unwrap();
    let applied = rows.iter().map(|row| Applied {
        version: row.get("version").unwrap(),
        name: row.get("name").unwrap(),
        checksum: row.get("checksum").unwrap(),
        oldest_build: row.get("oldest_build").unwrap(),
    });
    applied.collect()
}

/// Makes the database believe that these were applied, as if another build had done it.
pub async fn believe_in(database: &Database, migrations: &[Applied]) {
    let now = TestClock::default().now();
    let mut tx = database.begin().await.unwrap();
    tx.execute(DELETE_MIGRATIONS, Vec::new()).await.unwrap();
    for Applied { version, name, checksum, oldest_build } in migrations {
        let params = params![*version, name.as_str(), checksum.as_str(), now, *oldest_build];
        tx.execute(INSERT_MIGRATION, params).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// Adds to a table that every story uses a column of which this build knows nothing.
pub async fn expand_users(database: &Database) {
    database.execute(EXPAND_USERS, Vec::new()).await.unwrap();
}

/// Takes away what is between two users, whoever asked.
pub async fn disconnect(database: &Database, one: i64, other: i64) {
    let (one, other) = (i32::try_from(one).unwrap(), i32::try_from(other).unwrap());
    assert_eq!(database.execute(DISCONNECT, params![one, other]).await.unwrap(), 1);
}

/// How often a scan has begun in earnest with each cause that is still there, and what went wrong the last time.
pub async fn match_cause_attempts(database: &Database) -> Vec<(i32, Option<String>)> {
    let rows = database.fetch_all(MATCH_CAUSE_ATTEMPTS, Vec::new()).await.unwrap();
    rows.iter().map(|row| (row.get("attempts").unwrap(), row.get("last_error").unwrap())).collect()
}
