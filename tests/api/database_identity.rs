//! Logging in to the database by the handler's own identity: which token is asked for, and that it is what is sent.

use std::sync::Arc;

use handler::db::{Database, DatabaseUrl, DbError};
use handler::secrets::identity::DatabaseTokens;
use tests::azure::{Azure, CLIENT_ID, DATABASE_TOKEN, Mood, renewed, tell};
use tests::little_server::LittleServer;

fn open(azure: &Arc<Azure>, url: &DatabaseUrl) -> Database {
    let network = Arc::clone(azure);
    let tokens = DatabaseTokens::new(azure.vars(), move || network.network());
    Database::open_as(url, 2, Arc::new(tokens)).unwrap()
}

fn tokens_asked_for(azure: &Azure) -> Vec<String> {
    azure.asked().into_iter().filter(|line| line.contains("database.windows.net")).collect()
}

#[test]
fn each_new_connection_logs_in_by_the_token_of_the_identity() {
    tell(async |azure| {
        let (azure, server) = (Arc::new(azure), LittleServer::start().await);
        let db = open(&azure, &server.url("Authentication=Active Directory Managed Identity"));
        let _two = (db.begin().await.unwrap(), db.begin().await.unwrap());
        assert_eq!(server.logged_in(DATABASE_TOKEN), 2);
        let asked = tokens_asked_for(&azure);
        assert_eq!(asked.len(), 1, "it is asked for once while it is good: {asked:?}");
        assert!(asked[0].contains("resource=https%3A%2F%2Fdatabase.windows.net authorized"), "{asked:?}");
    });
}

#[test]
fn a_token_that_is_over_is_replaced_for_the_next_connection() {
    tell(async |azure| {
        let (azure, server) = (Arc::new(azure), LittleServer::start().await);
        azure.tokens_end_at(0);
        let url = server.url("Authentication=Active Directory Managed Identity");
        let db = open(&azure, &url);
        let first = db.begin().await.unwrap();
        assert_eq!(server.logged_in(DATABASE_TOKEN), 1);
        azure.renew_tokens();
        azure.tokens_last();
        let _second = db.begin().await.unwrap();
        let next = renewed(DATABASE_TOKEN, 1);
        assert_eq!((server.logged_in(DATABASE_TOKEN), server.logged_in(&next)), (1, 1));
        assert_eq!(azure.tokens_for("database.windows.net"), 2);
        drop(first);
        db.reconfigure(&url).unwrap();
        let _third = db.begin().await.unwrap();
        assert_eq!(azure.tokens_for("database.windows.net"), 2, "the new one is good for a while");
    });
}

#[test]
fn the_user_of_the_connection_string_chooses_among_identities() {
    tell(async |azure| {
        let (azure, server) = (Arc::new(azure), LittleServer::start().await);
        let url = server.url(&format!("Authentication=\"Active Directory Default\";User Id={CLIENT_ID}"));
        open(&azure, &url).ping().await.unwrap();
        assert_eq!(server.logged_in(DATABASE_TOKEN), 1);
        assert!(tokens_asked_for(&azure)[0].contains(&format!("client_id={CLIENT_ID}")));
    });
}

#[test]
fn a_password_asks_nobody_for_a_token_and_may_give_way_to_one() {
    tell(async |azure| {
        let (azure, server) = (Arc::new(azure), LittleServer::start().await);
        let db = open(&azure, &server.url("User Id=ana;Password=p"));
        let _one = db.begin().await.unwrap();
        assert_eq!((server.logged_in("ana"), azure.asked().len()), (1, 0));
        db.reconfigure(&server.url("Authentication=Active Directory Default")).unwrap();
        let _other = db.begin().await.unwrap();
        assert_eq!((server.logged_in("ana"), server.logged_in(DATABASE_TOKEN)), (1, 1));
    });
}

#[test]
fn security_11_an_identity_without_a_token_is_a_database_that_is_away() {
    tell(async |azure| {
        let (azure, server) = (Arc::new(azure), LittleServer::start().await);
        let db = open(&azure, &server.url("Authentication=Active Directory Default"));
        for mood in [Mood::Refuses, Mood::Away, Mood::Babbles] {
            azure.identity_is(mood);
            let Err(DbError::Unavailable { message, outcome_unknown: false }) = db.ping().await else {
                panic!("{mood:?}: the database is there")
            };
            assert!(message.contains("give the app a managed identity"), "{mood:?}: {message}");
            assert!(!message.contains(DATABASE_TOKEN) && !message.contains("hunter2"), "{message}");
        }
    });
}
