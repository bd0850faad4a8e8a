//! One call of the handler: wait until it is ready, send, and kill it if it takes longer than `functionTimeout`.

use crate::supervisor::{HandlerClient, Incarnation, Supervisor};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use std::time::Duration;
use uuid::Uuid;

/// The version that the host claims to be, in `X-Azure-Functions-HostVersion` and in the user agent.
pub(crate) const HOST_VERSION: &str = "4.1044.0.0";
const HOST_VERSION_HEADER: HeaderName = HeaderName::from_static("x-azure-functions-hostversion");
const INVOCATION_ID_HEADER: HeaderName = HeaderName::from_static("x-azure-functions-invocationid");

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is no handler.
    NoHandler,
    /// It went away, or said something that is not HTTP.
    Broken(String),
    /// It took too long and is being killed.
    TimedOut(Duration),
    /// It answered, and the answer says that the run failed (timers alone).
    Refused(String),
}

/// What is needed to call the handler.
#[derive(Clone)]
pub(crate) struct Invoker {
    pub(crate) client: HandlerClient,
    pub(crate) supervisor: Supervisor,
    pub(crate) function_timeout: Option<Duration>,
}

/// Adds the headers that the host gives every call; an invocation id and a user agent of the client's stay in front.
pub(crate) fn add_host_headers(headers: &mut HeaderMap, invocation_id: Uuid) {
    headers.append(HOST_VERSION_HEADER, HeaderValue::from_static(HOST_VERSION));
    if let Ok(id) = HeaderValue::try_from(invocation_id.to_string()) {
        headers.append(INVOCATION_ID_HEADER, id);
    }
    let mut agent = headers.get(header::USER_AGENT).map(|agent| agent.as_bytes().to_vec()).unwrap_or_default();
    if !agent.is_empty() {
        agent.push(b' ');
    }
    agent.extend_from_slice(format!("Azure-Functions-Host/{HOST_VERSION}").as_bytes());
    if let Ok(agent) = HeaderValue::from_bytes(&agent) {
        headers.insert(header::USER_AGENT, agent);
    }
}

impl Invoker {
    /// Runs `work` against a ready handler, within the function timeout.
    pub(crate) async fn invoke<T, F>(&self, work: impl FnOnce(Incarnation) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let incarnation = self.supervisor.ready().await.ok_or(Failure::NoHandler)?;
        let Some(limit) = self.function_timeout else { return work(incarnation).await };
        tokio::time::timeout(limit, work(incarnation)).await.unwrap_or_else(|_| {
            self.supervisor.kill(incarnation);
            Err(Failure::TimedOut(limit))
        })
    }

    /// Sends a request and reads the whole answer. Redirects are not followed.
    pub(crate) async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, Failure> {
        let response = self.client.request(request).await.map_err(|error| Failure::Broken(describe(&error)))?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| Failure::Broken(describe(&error)))?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoHandler => f.write_str("there is no handler"),
            Self::Broken(why) => write!(f, "the handler did not answer: {why}"),
            Self::TimedOut(limit) => write!(f, "functionTimeout: no end after {} s", limit.as_secs_f32()),
            Self::Refused(why) => f.write_str(why),
        }
    }
}

/// An error with its causes.
fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
