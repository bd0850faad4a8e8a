//! The network for Microsoft's SDK, by what is here already: hyper, and rustls with ring.
//!
//! The client that the SDK would bring (reqwest) comes with a second cryptography library in C.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use azure_core::error::{Error, ErrorKind, Result};
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;

/// For the connection alone: who does not answer to that is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// For one request, from its first byte to the last one of its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that is not used for this long is closed: the secrets are read in one go, once an hour.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// The longest answer that is read, in bytes. Key Vault's secrets have at most 25 kB.
const LONGEST_ANSWER: usize = 256 * 1024;

/// A way to the network over connections made by `C`.
struct Https<C> {
    client: Client<C, Full<Bytes>>,
}

/// To any host, if a certificate authority that this machine trusts vouches for it. Plain HTTP is for the platform's own
/// identity endpoint, which is on this machine; the SDK refuses to send a token over it.
pub fn to_anywhere() -> anyhow::Result<Arc<dyn HttpClient>> {
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    anyhow::ensure!(usable > 0, "this machine trusts no certificate authority: SSL_CERT_FILE can name a file of them");
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_connect_timeout(Some(CONNECT_TIMEOUT));
    Ok(over(trusting(roots, http)?))
}

/// A connector for HTTPS that trusts these authorities alone, over the connections of `http`.
pub fn trusting<H>(roots: RootCertStore, http: H) -> anyhow::Result<HttpsConnector<H>> {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("rustls with ring")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(http))
}

/// The SDK's way to the network over these connections.
pub fn over<C: Connect + Clone + Send + Sync + 'static>(connector: C) -> Arc<dyn HttpClient> {
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(1)
        .build(connector);
    Arc::new(Https { client })
}

#[async_trait]
impl<C: Connect + Clone + Send + Sync + 'static> HttpClient for Https<C> {
    async fn execute_request(&self, request: &Request) -> Result<AsyncRawResponse> {
        let request = translated(request)?;
        let exchange = async {
            let (head, body) = self.client.request(request).await.map_err(unreached)?.into_parts();
            let body = Limited::new(body, LONGEST_ANSWER).collect().await;
            let body = body.map_err(|error| Error::with_error(ErrorKind::Io, error, "the answer broke off"))?;
            Ok::<_, Error>((head, body.to_bytes()))
        };
        let (head, body) = timeout(REQUEST_TIMEOUT, exchange)
            .await
            .map_err(|_| Error::with_message(ErrorKind::Io, "no answer in time"))??;
        let mut headers = Headers::new();
        for (name, value) in &head.headers {
            // What is no text is nothing that the SDK looks for.
            if let Ok(value) = value.to_str() {
                headers.insert(name.as_str().to_owned(), value.to_owned());
            }
        }
        Ok(AsyncRawResponse::from_bytes(head.status.as_u16().into(), headers, body))
    }
}

impl<C> fmt::Debug for Https<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Https")
    }
}

fn translated(request: &Request) -> Result<http::Request<Full<Bytes>>> {
    let Body::Bytes(body) = request.body() else {
        return Err(Error::with_message(ErrorKind::Other, "a request that reads no secret"));
    };
    let mut translated = http::Request::builder().method(request.method().as_ref()).uri(request.url().as_str());
    for (name, value) in request.headers().iter() {
        translated = translated.header(name.as_str(), value.as_str());
    }
    translated.body(Full::new(body.clone())).map_err(|error| Error::new(ErrorKind::Other, error))
}

/// The SDK tries again what was not sent, and what broke off.
fn unreached(error: hyper_util::client::legacy::Error) -> Error {
    let kind = if error.is_connect() { ErrorKind::Connection } else { ErrorKind::Io };
    Error::with_error(kind, error, "no connection")
}
