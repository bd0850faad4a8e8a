//! The real thing: the built handler behind the local Functions host, with the repository's own host.json and functions,
//! and a client that speaks HTTP to it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use devhost::{Clock as _, Host, HostOptions, RunningHost, SystemClock};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::OwnDatabase;
use tokio::sync::OnceCell;

/// The longest that anything may take here.
pub(crate) const BOUND: Duration = Duration::from_mins(1);

/// The password that everyone has.
pub(crate) const PASSWORD: &str = "Harbour-Lights-42";

/// What [`ApiClient::two_in_rome`] leaves to be scanned: a new connection and two plans.
pub(crate) const CAUSES: i64 = 3;

/// The longest that anybody waits for something to be seen.
const PATIENCE: Duration = Duration::from_secs(15);

/// Looks again and again until there is something to see; fails after 15 s, naming `what`.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("within 15 s there was not: {what}"))
}

/// The handler under test, built once.
static HANDLER: OnceCell<PathBuf> = OnceCell::const_new();

/// The repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The handler, built as `cargo dev` builds it.
pub(crate) async fn handler() -> &'static Path {
    HANDLER
        .get_or_init(|| async {
            devhost::dev::build_handler(repository(), std::env::var_os("TEST_RELEASE").is_some()).await.unwrap()
        })
        .await
}

/// A running host with a database of its own.
pub(crate) struct Hosted {
    pub(crate) host: RunningHost,
    /// What the host and the handler have logged so far.
    pub(crate) log: Arc<Mutex<Vec<String>>>,
    _root: TempDir,
}

/// The settings of a development environment on this database.
pub(crate) fn settings(database: &OwnDatabase) -> BTreeMap<String, String> {
    [
        ("ENVIRONMENT", "development".to_owned()),
        ("DATABASE_URL", database.setting().to_owned()),
        ("JWT_SECRET_KEY", "an access secret for these tests".to_owned()),
        ("JWT_REFRESH_SECRET_KEY", "a refresh secret for these tests".to_owned()),
        ("CORS_ORIGINS", "https://app.example.com".to_owned()),
        ("MATCH_SCAN_SCHEDULE", "0 0 0 1 1 *".to_owned()),
        // A story asks again and again until something has happened.
        ("RATE_LIMIT_GENERAL_PER_MINUTE", "0".to_owned()),
        ("RATE_LIMIT_SEARCH_PER_MINUTE", "0".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Migrates the database of these settings.
pub(crate) async fn migrate(settings: &BTreeMap<String, String>) {
    let mut quiet = settings.clone();
    quiet.insert("LOG_LEVEL".to_owned(), "warn".to_owned());
    devhost::dev::run_handler(handler().await, "migrate", &quiet).await.unwrap();
}

impl Hosted {
    /// Migrates the database and stages and starts everything, as `cargo dev` does.
    pub(crate) async fn start(database: &OwnDatabase) -> Self {
        let settings = settings(database);
        migrate(&settings).await;
        Self::start_with(settings).await
    }

    /// Stages and starts everything on a database that is migrated already.
    pub(crate) async fn start_with(settings: BTreeMap<String, String>) -> Self {
        Self::start_altered(settings, |_| ()).await
    }

    /// The same with other options than usual; what is staged may be altered too.
    pub(crate) async fn start_altered(
        settings: BTreeMap<String, String>,
        alter: impl FnOnce(&mut HostOptions),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        devhost::stage(repository(), handler().await, &root).unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let mut options = HostOptions::new(root);
        options.inherit_environment = false;
        options.settings = settings;
        let lines = Arc::clone(&log);
        options.log = Arc::new(move |entry| lines.lock().unwrap().push(entry.to_string()));
        alter(&mut options);
        let host = Host::start(options).await.unwrap();
        tokio::time::timeout(BOUND, host.ready()).await.unwrap().unwrap();
        Self { host, log, _root: folder }
    }

    /// A client at 127.0.0.1.
    pub(crate) fn client(&self) -> ApiClient {
        self.client_at(Ipv4Addr::LOCALHOST)
    }

    /// A client that connects from this address.
    pub(crate) fn client_at(&self, address: Ipv4Addr) -> ApiClient {
        let mut connector = HttpConnector::new();
        connector.set_local_address(Some(IpAddr::V4(address)));
        let http = Client::builder(TokioExecutor::new()).build(connector);
        ApiClient { http, base: format!("http://{}", self.host.address()), token: None }
    }

    /// The lines so far that hold this text.
    pub(crate) fn lines_with(&self, text: &str) -> Vec<String> {
        self.log.lock().unwrap().iter().filter(|line| line.contains(text)).cloned().collect()
    }

    /// Fires the timer by hand, as an operator does.
    pub(crate) async fn fire(&self) {
        self.client().post("/admin/functions/MatchScan", &json!({})).await.expect(202);
    }

    pub(crate) async fn shutdown(self) {
        tokio::time::timeout(BOUND, self.host.shutdown()).await.unwrap().unwrap();
    }
}

/// An app on somebody's phone.
#[derive(Clone)]
pub(crate) struct ApiClient {
    http: Client<HttpConnector, Full<Bytes>>,
    base: String,
    token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    /// The one value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Fails unless it has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{:?}", self.body);
        self
    }
}

impl ApiClient {
    /// The same app with this access token.
    pub(crate) fn with_token(&self, token: &Value) -> Self {
        Self { token: Some(token.as_str().unwrap().to_owned()), ..self.clone() }
    }

    /// The same app with its token at another host.
    pub(crate) fn at(&self, other: &Self) -> Self {
        Self { base: other.base.clone(), ..self.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).body(Full::default()).unwrap()).await
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = self.request(method, path).header("content-type", "application/json");
        self.send(request.body(Full::from(body.to_string())).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, body).await
    }

    /// A request with the app's token on it, to be finished by the caller.
    pub(crate) fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        let exchange = async {
            let (parts, body) = self.http.request(request).await.unwrap().into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            Answer { status: parts.status, headers: parts.headers, body }
        };
        tokio::time::timeout(BOUND, exchange).await.unwrap()
    }

    /// Somebody new, logged in; their id goes along.
    pub(crate) async fn join(&self, name: &str) -> (Self, i64) {
        let id = self.register(&format!("{name}@example.com"), name).await.expect(201).json()["id"].as_i64().unwrap();
        let tokens = self.login(&format!("{name}@example.com")).await.expect(200).json();
        (self.with_token(&tokens["access_token"]), id)
    }

    /// Ana and Ben, who are friends and will be in Rome at the same time, of which nobody has told them yet: that leaves
    /// [`CAUSES`] for the match scan.
    pub(crate) async fn two_in_rome(&self) -> [Self; 2] {
        let ((ana, _), (ben, ben_id)) = (self.join("Ana").await, self.join("Ben").await);
        let asked = ana.post("/api/v1/connections/request", &json!({ "receiver_user_id": ben_id })).await.expect(201);
        let accept = format!("/api/v1/connections/{}/accept", asked.json()["id"]);
        ben.call(Method::PUT, &accept, &json!({})).await.expect(200);
        for person in [&ana, &ben] {
            person.goes_to("Rome").await;
        }
        [ana, ben]
    }

    /// Plans a stay of two days in Italy, a month from now by the clock of this machine, which is the handler's.
    pub(crate) async fn goes_to(&self, city: &str) {
        let start = SystemClock.now().date() + time::Duration::days(30);
        let (start, end) = (start.to_string(), (start + time::Duration::DAY).to_string());
        let plan = json!({ "city": city, "country": "Italy", "start_date": start, "end_date": end });
        self.post("/api/v1/travels", &plan).await.expect(201);
    }

    /// The messages about matches.
    pub(crate) async fn told(&self) -> Vec<String> {
        let list = self.get("/api/v1/notifications?type=travel_match&limit=100").await.expect(200).json();
        list["data"].as_array().unwrap().iter().map(|entry| entry["message"].as_str().unwrap().to_owned()).collect()
    }

    /// How many causes the match scan has before it.
    pub(crate) async fn waiting(&self) -> i64 {
        self.get("/health/detailed").await.expect(200).json()["match_scan"]["waiting"].as_i64().unwrap()
    }

    /// Registers someone with the password that everyone has.
    pub(crate) async fn register(&self, email: &str, name: &str) -> Answer {
        self.post("/api/v1/auth/register", &json!({"email": email, "password": PASSWORD, "display_name": name})).await
    }

    /// Logs in with the password that everyone has.
    pub(crate) async fn login(&self, email: &str) -> Answer {
        self.post("/api/v1/auth/login", &json!({"email": email, "password": PASSWORD})).await
    }
}
