//! The way to the ingestion endpoint for the SDK's exporters: the network of this process, and who we are there.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use azure_core::credentials::AccessToken;
use azure_core::http::{self as azure, Method};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use opentelemetry_http::{HttpClient, HttpError};
use time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OnceCell};
use url::Url;

use crate::clock::SharedClock;

/// How long before its end a token is replaced: what is on its way is not to arrive after it.
const EARLY: Duration = Duration::minutes(5);

/// What makes the way to the network, once there is something to send. That takes a while: certificates are read.
pub type Connect = fn() -> anyhow::Result<Arc<dyn azure::HttpClient>>;

/// What asking for a token comes to.
pub type Token<'a> = Pin<Box<dyn Future<Output = anyhow::Result<AccessToken>> + Send + 'a>>;

/// Where tokens for the ingestion endpoint come from.
pub trait IngestionTokens: Send + Sync + 'static {
    /// A new one each time, and when it ends. An error says on one line what to do.
    fn issue(&self) -> Token<'_>;
}

/// How to reach the endpoint.
pub struct Way {
    /// Makes the network.
    pub connect: Connect,
    /// Gives the tokens to log in by, if the endpoint wants any.
    pub tokens: Option<Arc<dyn IngestionTokens>>,
    /// The runtime that the network lives on: exporters run on threads of their own.
    pub runtime: Handle,
}

/// The exporters' HTTP client. They share it.
#[derive(Clone)]
pub(super) struct Wire(Arc<Ends>);

struct Ends {
    track: Url,
    way: Way,
    clock: SharedClock,
    client: OnceCell<Arc<dyn azure::HttpClient>>,
    held: Mutex<Option<AccessToken>>,
}

impl Wire {
    /// A way to post to `track`.
    pub(super) fn new(track: Url, way: Way, clock: SharedClock) -> Self {
        Self(Arc::new(Ends { track, way, clock, client: OnceCell::new(), held: Mutex::default() }))
    }
}

#[async_trait]
impl HttpClient for Wire {
    /// Posts what the exporter has packed. Where to is a matter of our settings: a login by token needs version 2.1 of the
    /// protocol, and the exporter knows 2.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let ends = Arc::clone(&self.0);
        Ok(self.0.way.runtime.spawn(async move { ends.post(request).await }).await??)
    }
}

impl Ends {
    async fn post(&self, request: Request<Bytes>) -> anyhow::Result<Response<Bytes>> {
        let (head, body) = request.into_parts();
        let Some(tokens) = &self.way.tokens else { return self.exchange(&head.headers, body, None).await };
        let token = self.token(tokens.as_ref()).await?;
        let answer = self.exchange(&head.headers, body.clone(), Some(&token)).await?;
        if !matches!(answer.status().as_u16(), 401 | 403) {
            return Ok(answer);
        }
        // A role that was given a moment ago is not yet in an old token.
        *self.held.lock().await = None;
        let token = self.token(tokens.as_ref()).await?;
        self.exchange(&head.headers, body, Some(&token)).await
    }

    async fn token(&self, tokens: &dyn IngestionTokens) -> anyhow::Result<AccessToken> {
        let mut held = self.held.lock().await;
        if let Some(token) = held.as_ref().filter(|token| token.expires_on > self.clock.now() + EARLY) {
            return Ok(token.clone());
        }
        Ok(held.insert(tokens.issue().await?).clone())
    }

    async fn exchange(
        &self,
        headers: &HeaderMap,
        body: Bytes,
        token: Option<&AccessToken>,
    ) -> anyhow::Result<Response<Bytes>> {
        let mut request = azure::Request::new(self.track.clone(), Method::Post);
        for (name, value) in headers {
            request.insert_header(name.as_str().to_owned(), value.to_str()?.to_owned());
        }
        if let Some(token) = token {
            request.insert_header("authorization", format!("Bearer {}", token.token.secret()));
        }
        request.set_body(body);
        let answer = self.client().await?.execute_request(&request).await?.try_into_raw_response().await?;
        let status = u16::from(answer.status());
        let body = Bytes::copy_from_slice(answer.body());
        Response::builder().status(status).body(body).context("an answer without a form")
    }

    async fn client(&self) -> anyhow::Result<&Arc<dyn azure::HttpClient>> {
        self.client.get_or_try_init(async || tokio::task::spawn_blocking(self.way.connect).await?).await
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Wire")
    }
}
