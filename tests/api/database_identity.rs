//! Logging in to the database by the handler's own identity: which token is asked for, and that it is what is sent.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use handler::db::{Database, DatabaseUrl, DbError};
use handler::secrets::identity::DatabaseTokens;
use tests::azure::{Azure, CLIENT_ID, DATABASE_TOKEN, Mood, tell};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// The length of a packet's header, and types of packets ([MS-TDS] 2.2.3.1).
const HEADER: usize = 8;
const RESPONSE: u8 = 4;
const LOGIN: u8 = 16;
const PRELOGIN: u8 = 18;
/// What a server without encryption says to a client that asks to log in by a token ([MS-TDS] 2.2.6.5): where version,
/// encryption and `FEDAUTHREQUIRED` stand, then what they are.
const WILLING: [u8; 24] = [0, 0, 16, 0, 6, 1, 0, 22, 0, 1, 6, 0, 23, 0, 1, 0xff, 16, 0, 0, 0, 0, 0, 2, 1];

/// A server that hears who wants to log in, and hangs up.
struct Doorkeeper {
    listener: TcpListener,
}

impl Doorkeeper {
    async fn new() -> Self {
        Self { listener: TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap() }
    }

    /// A connection string to it, with this way to log in. On the wire of this machine it is in the clear: who listens here
    /// has to be able to read it.
    fn url(&self, login: &str) -> DatabaseUrl {
        let port = self.listener.local_addr().unwrap().port();
        DatabaseUrl::parse(&format!("server=tcp:127.0.0.1,{port};Encrypt=DANGER_PLAINTEXT;{login}"), false).unwrap()
    }

    /// The login that arrives while `db` is asked for something.
    async fn hears(&self, db: &Database) -> Vec<u8> {
        let listening = async {
            let (mut stream, _) = self.listener.accept().await.unwrap();
            assert_eq!(packet(&mut stream).await.0, PRELOGIN);
            let length = u16::try_from(HEADER + WILLING.len()).unwrap().to_be_bytes();
            stream.write_all(&[&[RESPONSE, 1, length[0], length[1], 0, 0, 1, 0], &WILLING[..]].concat()).await.unwrap();
            let (kind, login) = packet(&mut stream).await;
            assert_eq!(kind, LOGIN);
            login
        };
        let (login, pinged) = tokio::join!(timeout(Duration::from_secs(5), listening), db.ping());
        assert!(pinged.is_err(), "it hung up");
        login.unwrap()
    }
}

/// The type of the next packet, and what is in it.
async fn packet(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut header = [0; HEADER];
    stream.read_exact(&mut header).await.unwrap();
    let mut content = vec![0; usize::from(u16::from_be_bytes([header[2], header[3]])) - HEADER];
    stream.read_exact(&mut content).await.unwrap();
    (header[0], content)
}

/// Whether a login holds this text, as a login holds text.
fn holds(login: &[u8], text: &str) -> bool {
    let written: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    login.windows(written.len()).any(|window| window == written)
}

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
        let (azure, door) = (Arc::new(azure), Doorkeeper::new().await);
        let db = open(&azure, &door.url("Authentication=Active Directory Managed Identity"));
        for _ in 0..2 {
            assert!(holds(&door.hears(&db).await, DATABASE_TOKEN));
        }
        let asked = tokens_asked_for(&azure);
        assert_eq!(asked.len(), 1, "it is asked for once while it is good: {asked:?}");
        assert!(asked[0].contains("resource=https%3A%2F%2Fdatabase.windows.net authorized"), "{asked:?}");
    });
}

#[test]
fn the_user_of_the_connection_string_chooses_among_identities() {
    tell(async |azure| {
        let (azure, door) = (Arc::new(azure), Doorkeeper::new().await);
        let url = door.url(&format!("Authentication=\"Active Directory Default\";User Id={CLIENT_ID}"));
        assert!(holds(&door.hears(&open(&azure, &url)).await, DATABASE_TOKEN));
        assert!(tokens_asked_for(&azure)[0].contains(&format!("client_id={CLIENT_ID}")));
    });
}

#[test]
fn a_password_asks_nobody_for_a_token_and_may_give_way_to_one() {
    tell(async |azure| {
        let (azure, door) = (Arc::new(azure), Doorkeeper::new().await);
        let db = open(&azure, &door.url("User Id=ana;Password=p"));
        assert!(holds(&door.hears(&db).await, "ana"));
        assert!(azure.asked().is_empty());
        db.reconfigure(&door.url("Authentication=Active Directory Default")).unwrap();
        assert!(holds(&door.hears(&db).await, DATABASE_TOKEN));
    });
}

#[test]
fn security_11_an_identity_without_a_token_is_a_database_that_is_away() {
    tell(async |azure| {
        let (azure, door) = (Arc::new(azure), Doorkeeper::new().await);
        let db = open(&azure, &door.url("Authentication=Active Directory Default"));
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
