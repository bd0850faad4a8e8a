//! Azure for a story: the identity endpoint of App Service and a Key Vault, on this machine, over HTTPS.
//!
//! Microsoft's SDK talks to them as to the real ones, by their real names. Where names lead and which certificate is good
//! is handed to it with its way to the network. Which identity there is, it finds in the environment of its process, so
//! [`tell`] and [`tell_at_a_desk`] give each story a process of its own.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fs, io};

use azure_core::http::HttpClient;
use bytes::Bytes;
use handler::config::{Variables, VaultSettings};
use handler::secrets::vault::KeyVault;
use handler::secrets::{SecretSource, https, identity};
use http::header::{AUTHORIZATION, HOST, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioIo;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::log::Log;
use crate::server;

/// The address of the vault: `KEY_VAULT_URL`.
pub const VAULT: &str = "https://stories.vault.azure.net/";
/// The word that the platform gives an app to ask for tokens with.
pub const IDENTITY_HEADER: &str = "the word for the identity endpoint";
/// What the identity endpoint gives out for the vault.
pub const TOKEN: &str = "eyJ0eXAiOiJKV1QifQ.the-token-for-the-vault.signature";
/// What it gives out for the database.
pub const DATABASE_TOKEN: &str = "eyJ0eXAiOiJKV1QifQ.the-token-for-the-database.signature";
/// What it gives out for the ingestion endpoint of Application Insights.
pub const INGESTION_TOKEN: &str = "eyJ0eXAiOiJKV1QifQ.the-token-for-telemetry.signature";
/// The client id of an identity that was assigned to the app, beside its own.
pub const CLIENT_ID: &str = "5e29463d-71da-4fe0-8e69-999b57db23b0";
const IDENTITY: &str = "https://identity.azure.test/msi/token";
const VAULT_HOST: &str = "stories.vault.azure.net";
const IDENTITY_HOST: &str = "identity.azure.test";
/// The end of the year 2099, in seconds since 1970.
const FAR_AWAY: i64 = 4_102_444_799;

/// What says to a process that it is one of a story.
const TOLD: &str = "TOLD_IN_AZURE";
/// The Azure CLI of a developer who is signed in, and of one who is not.
const SIGNED_IN: &str = concat!(
    "#!/bin/sh\n",
    "test \"$*\" = 'account get-access-token -o json --scope https://vault.azure.net/.default' || exit 2\n",
    "echo '{ \"accessToken\": \"eyJ0eXAiOiJKV1QifQ.the-token-for-the-vault.signature\", \"expires_on\": 4102444799, ",
    "\"tokenType\": \"Bearer\" }'\n"
);
const SIGNED_OUT: &str = "#!/bin/sh\necho \"ERROR: Please run 'az login' to setup account.\" >&2\nexit 1\n";

/// How one of the two endpoints behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mood {
    /// As it should.
    #[default]
    Well,
    /// It cuts every request off.
    Away,
    /// It refuses this app: the identity is not the app's, or has no role.
    Refuses,
    /// Its answers are not of their form.
    Babbles,
}

/// Both endpoints, what they hold and what they were asked.
pub struct Azure {
    /// What the process logs outside of requests.
    pub log: &'static Log,
    world: Arc<Mutex<World>>,
    address: SocketAddr,
    certificate: CertificateDer<'static>,
}

struct World {
    secrets: BTreeMap<String, Held>,
    /// How often tokens were replaced by others, and when those of now end.
    renewals: u32,
    expires_on: i64,
    vault: Mood,
    identity: Mood,
    asked: Vec<String>,
}

struct Held {
    value: String,
    enabled: bool,
}

/// The token that is given out instead of this one after so many renewals.
#[must_use]
pub fn renewed(token: &str, renewals: u32) -> String {
    if renewals == 0 {
        token.to_owned()
    } else {
        token.replace("the-token", &format!("renewal-{renewals}-of-the-token"))
    }
}

/// Tells a story in a process of its own, in whose environment an App Service has an identity. For that it runs the test
/// that calls it once more.
pub fn tell(story: impl AsyncFnOnce(Azure)) {
    let identity = [("IDENTITY_ENDPOINT", IDENTITY), ("IDENTITY_HEADER", IDENTITY_HEADER)];
    tell_among(&identity.map(|(name, value)| (name, value.to_owned())), story);
}

/// As [`tell`], on the machine of a developer with an Azure CLI.
pub fn tell_at_a_desk(signed_in: bool, story: impl AsyncFnOnce(Azure)) {
    let tools = tempfile::tempdir().unwrap();
    let az = tools.path().join("az");
    fs::write(&az, if signed_in { SIGNED_IN } else { SIGNED_OUT }).unwrap();
    fs::set_permissions(&az, fs::Permissions::from_mode(0o700)).unwrap();
    tell_among(&[("PATH", format!("{}:/usr/bin:/bin", tools.path().display()))], story);
}

fn tell_among(vars: &[(&str, String)], story: impl AsyncFnOnce(Azure)) {
    if std::env::var_os(TOLD).is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        return runtime.block_on(async { story(Azure::start().await).await });
    }
    let thread = std::thread::current();
    let name = thread.name().expect("a test's thread has its name");
    let told = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(TOLD, "1")
        .envs(vars.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&told.stdout);
    // Without a test of this name, none would fail.
    assert!(text.contains("1 passed"), "{text}\n{}", String::from_utf8_lossy(&told.stderr));
}

impl Azure {
    async fn start() -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed([VAULT_HOST.to_owned(), IDENTITY_HOST.to_owned()]).unwrap();
        let certificate = cert.der().clone();
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key.into())
            .unwrap();
        let world = World {
            secrets: BTreeMap::new(),
            renewals: 0,
            expires_on: FAR_AWAY,
            vault: Mood::Well,
            identity: Mood::Well,
            asked: Vec::new(),
        };
        let world = Arc::new(Mutex::new(world));
        let shared = Arc::clone(&world);
        let address = server::run(async move {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(listen(listener, TlsAcceptor::from(Arc::new(tls)), shared));
            address
        })
        .await;
        Self { log: Log::of_the_rest(), world, address, certificate }
    }

    /// Puts a secret into the vault, or a new version of it.
    pub fn put(&self, name: &str, value: &str) {
        self.world().secrets.insert(name.to_owned(), Held { value: value.to_owned(), enabled: true });
    }

    /// Disables a secret.
    pub fn disable(&self, name: &str) {
        self.world().secrets.get_mut(name).expect("it is there").enabled = false;
    }

    /// Takes a secret out of the vault.
    pub fn remove(&self, name: &str) {
        self.world().secrets.remove(name);
    }

    /// From now on the vault behaves like this.
    pub fn vault_is(&self, mood: Mood) {
        self.world().vault = mood;
    }

    /// From now on the identity endpoint behaves like this.
    pub fn identity_is(&self, mood: Mood) {
        self.world().identity = mood;
    }

    /// From now on the identity endpoint gives out other tokens than before, those of [`renewed`], and the vault takes no
    /// older ones.
    pub fn renew_tokens(&self) {
        self.world().renewals += 1;
    }

    /// From now on its tokens end at this time, in seconds since 1970. Only the machine's own clock tells Microsoft's SDK
    /// what time it is; 0 is over whatever that says.
    pub fn tokens_end_at(&self, expires_on: i64) {
        self.world().expires_on = expires_on;
    }

    /// From now on its tokens are good for longer than any story takes.
    pub fn tokens_last(&self) {
        self.tokens_end_at(FAR_AWAY);
    }

    /// How often a token for this was asked for: `vault.azure.net`, say.
    #[must_use]
    pub fn tokens_for(&self, resource: &str) -> usize {
        let line = format!("resource=https%3A%2F%2F{resource}");
        self.asked().iter().filter(|asked| asked.contains(&line) && asked.ends_with(" authorized")).count()
    }

    /// What both were asked so far: host and path with query of each request, and whether it had the right to ask.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.world().asked.clone()
    }

    /// How often the vault was asked for this secret with the right to.
    #[must_use]
    pub fn readings_of(&self, name: &str) -> usize {
        let line = format!("{VAULT_HOST}/secrets/{name}/?");
        self.asked().iter().filter(|asked| asked.starts_with(&line) && asked.ends_with(" authorized")).count()
    }

    /// The vault as the handler opens it, by Microsoft's SDK, over this way to the network.
    pub fn open(&self, settings: &VaultSettings, vars: &Variables) -> anyhow::Result<Arc<dyn SecretSource>> {
        let http = self.network()?;
        Ok(Arc::new(KeyVault::new(settings, identity::credential(vars, &http)?, &http)?))
    }

    /// The handler's own way to the network, except that all names lead here, and that the certificate of these endpoints is
    /// good and no other.
    pub fn network(&self) -> anyhow::Result<Arc<dyn HttpClient>> {
        let address = self.address;
        let resolver = tower::service_fn(move |_: Name| async move { Ok::<_, Infallible>(std::iter::once(address)) });
        let mut http = HttpConnector::new_with_resolver(resolver);
        http.enforce_http(false);
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone())?;
        Ok(https::over(https::trusting(roots, http)?))
    }

    /// The variables that tell the app of its identity, if it has one.
    #[must_use]
    pub fn vars(&self) -> Variables {
        let names = ["IDENTITY_ENDPOINT", "IDENTITY_HEADER"];
        names.into_iter().filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?))).collect()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn listen(listener: TcpListener, tls: TlsAcceptor, world: Arc<Mutex<World>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, world) = (tls.clone(), Arc::clone(&world));
        tokio::spawn(async move {
            let Ok(stream) = tls.accept(stream).await else { return };
            let serve = service_fn(move |request| {
                let answered = answer(&mut world.lock().unwrap_or_else(PoisonError::into_inner), &request);
                async move { answered.ok_or_else(|| io::Error::other("away")) }
            });
            // Who is away ends the connection without an answer; that is no failure of the story.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), serve).await;
        });
    }
}

/// What the endpoint answers that the request is for; nothing if it is away.
fn answer(world: &mut World, request: &Request<Incoming>) -> Option<Response<Full<Bytes>>> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let host = header(HOST.as_str()).to_owned();
    let (mood, authorized) = match host.as_str() {
        IDENTITY_HOST => (world.identity, header("x-identity-header") == IDENTITY_HEADER),
        _ => (world.vault, header(AUTHORIZATION.as_str()) == format!("Bearer {}", renewed(TOKEN, world.renewals))),
    };
    let right = if authorized { "authorized" } else { "unauthorized" };
    world.asked.push(format!("{host}{} {right}", request.uri()));
    let (status, body) = match (host.as_str(), mood) {
        (_, Mood::Away) => return None,
        (_, Mood::Babbles) => (200, json!({ "access_token": { "is": TOKEN }, "value": { "is": "hunter2" } })),
        (IDENTITY_HOST, mood) => token(world, mood, authorized, request.uri()),
        (_, _) if !authorized => return Some(challenge()),
        (_, Mood::Refuses) => {
            (403, refusal("Forbidden", "ForbiddenByRbac", "Caller is not authorized to perform action"))
        }
        (_, Mood::Well) => secret(&world.secrets, request.uri()),
    };
    Some(response(status, &body))
}

/// <https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference>
fn token(world: &World, mood: Mood, authorized: bool, uri: &Uri) -> (u16, Value) {
    let asked = uri.query().unwrap_or_default();
    let (asked, client_id) = asked.split_once("&client_id=").unwrap_or((asked, CLIENT_ID));
    let (resource, token) = match asked {
        "api-version=2019-08-01&resource=https%3A%2F%2Fvault.azure.net" => ("https://vault.azure.net", TOKEN),
        "api-version=2019-08-01&resource=https%3A%2F%2Fdatabase.windows.net" => {
            ("https://database.windows.net", DATABASE_TOKEN)
        }
        "api-version=2019-08-01&resource=https%3A%2F%2Fmonitor.azure.com%2F" => {
            ("https://monitor.azure.com/", INGESTION_TOKEN)
        }
        _ => ("", ""),
    };
    if !authorized || mood == Mood::Refuses || token.is_empty() || client_id != CLIENT_ID {
        return (400, json!({ "statusCode": 400, "message": "No User Assigned or Delegated Managed Identity found" }));
    }
    let token = renewed(token, world.renewals);
    let answer = json!({ "access_token": token, "expires_on": world.expires_on.to_string(), "resource": resource,
        "token_type": "Bearer", "client_id": CLIENT_ID });
    (200, answer)
}

/// <https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret>
fn secret(secrets: &BTreeMap<String, Held>, uri: &Uri) -> (u16, Value) {
    let name = uri.path().trim_start_matches("/secrets/").trim_end_matches('/');
    if !uri.query().is_some_and(|query| query.starts_with("api-version=")) {
        return (400, refusal("BadParameter", "", "api-version must be specified"));
    }
    match secrets.get(name) {
        None => (
            404,
            json!({ "error": { "code": "SecretNotFound",
                "message": format!("A secret with (name/id) {name} was not found in this key vault.") } }),
        ),
        Some(Held { enabled: false, .. }) => {
            (403, refusal("Forbidden", "SecretDisabled", "Operation get is not allowed on a disabled secret."))
        }
        Some(Held { value, .. }) => {
            let attributes = json!({ "enabled": true, "created": 1_769_855_400, "updated": 1_769_855_400,
                "recoveryLevel": "Recoverable+Purgeable", "recoverableDays": 90 });
            let id = format!("{VAULT}secrets/{name}/0a1b2c3d4e5f60718293a4b5c6d7e8f9");
            (200, json!({ "value": value, "id": id, "attributes": attributes }))
        }
    }
}

fn refusal(code: &str, inner: &str, message: &str) -> Value {
    json!({ "error": { "code": code, "message": message, "innererror": { "code": inner } } })
}

/// Who asks without a token is told where to get one, and for what.
fn challenge() -> Response<Full<Bytes>> {
    let words = "Bearer authorization=\"https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47\", \
                 resource=\"https://vault.azure.net\"";
    let told = refusal("Unauthorized", "", "AKV10000: Request is missing a Bearer or PoP token.");
    let mut response = response(StatusCode::UNAUTHORIZED.as_u16(), &told);
    response.headers_mut().insert(WWW_AUTHENTICATE, words.parse().unwrap());
    response
}

fn response(status: u16, body: &Value) -> Response<Full<Bytes>> {
    let builder = Response::builder().status(status).header("content-type", "application/json; charset=utf-8");
    builder.body(Full::new(Bytes::from(body.to_string()))).unwrap()
}
