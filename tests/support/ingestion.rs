//! The ingestion endpoint of Application Insights, on this machine: keeps what arrives, and can be as it likes.

use std::convert::Infallible;
use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use flate2::read::GzDecoder;
use handler::telemetry::settings::{self, TelemetrySettings};
use http::header::AUTHORIZATION;
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::server;

/// The resource that the stories' telemetry is for.
pub const KEY: &str = "0f6c1d7e-58b4-4a59-9c02-3a7b6f1d2e43";
/// The longest that anybody waits for something to arrive.
const PATIENCE: Duration = Duration::from_secs(15);

/// The endpoint, on a port of its own.
pub struct Ingestion {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    listening: AbortHandle,
}

#[derive(Default)]
struct Seen {
    /// What was posted, unpacked: a JSON array a line.
    text: String,
    requests: usize,
    authorizations: Vec<Option<String>>,
    wanted: Option<String>,
    status: Option<u16>,
    is_silent: bool,
}

impl Ingestion {
    /// Starts one that takes everything.
    pub async fn start() -> Self {
        let seen = Arc::<Mutex<Seen>>::default();
        let shared = Arc::clone(&seen);
        let (address, listening) = server::run(async move {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let address = listener.local_addr().unwrap();
            (address, tokio::spawn(listen(listener, shared)).abort_handle())
        })
        .await;
        Self { address, seen, listening }
    }

    /// `APPLICATIONINSIGHTS_CONNECTION_STRING`
    #[must_use]
    pub fn connection_string(&self) -> String {
        format!("InstrumentationKey={KEY};IngestionEndpoint=http://{}/;ApplicationId=stories", self.address)
    }

    /// Settings of which `percent` of a hundred successful requests arrive here.
    #[must_use]
    pub fn settings(&self, percent: u32) -> TelemetrySettings {
        let (key, track) = settings::parse(&self.connection_string()).unwrap();
        TelemetrySettings { key, track, percent, login: None, role: "stories".to_owned(), instance: "one".to_owned() }
    }

    /// From now on it takes nothing but what comes with this token.
    pub fn want_token(&self, token: &str) {
        self.lock().wanted = Some(format!("Bearer {token}"));
    }

    /// What each request so far had as `Authorization`.
    #[must_use]
    pub fn authorizations(&self) -> Vec<Option<String>> {
        self.lock().authorizations.clone()
    }

    /// From now on it answers this, and keeps nothing.
    pub fn refuse_with(&self, status: u16) {
        self.lock().status = Some(status);
    }

    /// From now on it does not answer at all.
    pub fn fall_silent(&self) {
        self.lock().is_silent = true;
    }

    /// From now on it takes everything again.
    pub fn recover(&self) {
        let mut seen = self.lock();
        (seen.status, seen.is_silent) = (None, false);
    }

    /// How many requests came.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.lock().requests
    }

    /// All that arrived, unpacked.
    #[must_use]
    pub fn text(&self) -> String {
        self.lock().text.clone()
    }

    /// All that arrived. Each is held to the form of an envelope.
    #[must_use]
    pub fn items(&self) -> Vec<Value> {
        let text = self.text();
        let posts = text.lines().map(|line| serde_json::from_str::<Vec<Value>>(line).unwrap());
        let items: Vec<Value> = posts.flatten().collect();
        items.iter().for_each(check);
        items
    }

    /// What arrived of this kind: `Request`, say.
    #[must_use]
    pub fn of_kind(&self, kind: &str) -> Vec<Value> {
        let name = format!("Microsoft.ApplicationInsights.{kind}");
        self.items().into_iter().filter(|item| item["name"] == name.as_str()).collect()
    }

    /// Waits, 15 s at most, until something of this kind has arrived that `is_it`.
    pub async fn arrival(&self, kind: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let looking = async {
            loop {
                if let Some(item) = self.of_kind(kind).into_iter().find(&is_it) {
                    return item;
                }
                tokio::task::yield_now().await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, looking).await;
        found.unwrap_or_else(|_| panic!("no such {kind} within 15 s: {:#?}", self.items()))
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ingestion {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// What the real endpoint wants of every envelope.
fn check(item: &Value) {
    assert_eq!(item["iKey"], KEY, "{item}");
    let time = item["time"].as_str().unwrap_or_default();
    assert!(time.len() >= 20 && time.ends_with('Z'), "{item}");
    let kind = item["name"].as_str().and_then(|name| name.strip_prefix("Microsoft.ApplicationInsights."));
    assert_eq!(item["data"]["baseType"], format!("{}Data", kind.unwrap_or_default()), "{item}");
    assert_eq!(item["data"]["baseData"]["ver"], 2, "{item}");
    assert!(item["tags"].as_object().is_some_and(|tags| tags.values().all(Value::is_string)), "{item}");
    assert!(item["sampleRate"].is_null() || item["sampleRate"].as_f64().is_some_and(|rate| rate > 0.0), "{item}");
    let properties = item["data"]["baseData"]["properties"].as_object();
    assert!(properties.is_none_or(|properties| properties.values().all(Value::is_string)), "{item}");
}

async fn listen(listener: TcpListener, seen: Arc<Mutex<Seen>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let seen = Arc::clone(&seen);
        tokio::spawn(async move {
            let service = service_fn(|request| take(request, Arc::clone(&seen)));
            // A client that goes away has nothing more to say.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn take(request: Request<Incoming>, seen: Arc<Mutex<Seen>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let is_track = request.method() == Method::POST && request.uri().path() == "/v2.1/track";
    let is_packed = header("content-type").as_deref() == Some("application/json")
        && header("content-encoding").as_deref() == Some("gzip");
    let authorization = header(AUTHORIZATION.as_str());
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let mut text = String::new();
    let is_gzip = GzDecoder::new(&body[..]).read_to_string(&mut text).is_ok();
    let (status, is_silent) = {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.requests += 1;
        let is_welcome = seen.wanted.as_ref() == authorization.as_ref();
        seen.authorizations.push(authorization);
        let status = match seen.status {
            _ if !is_track || !is_packed || !is_gzip => 400,
            Some(status) => status,
            None => {
                if is_welcome {
                    200
                } else {
                    401
                }
            }
        };
        if status == 200 && !seen.is_silent {
            seen.text.push_str(&text);
            seen.text.push('\n');
        }
        (status, seen.is_silent)
    };
    if is_silent {
        std::future::pending::<()>().await;
    }
    Ok(Response::builder().status(status).body(Full::default()).unwrap())
}
