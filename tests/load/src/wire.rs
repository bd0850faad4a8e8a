//! HTTP/1.1 over connections that are kept open.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, HOST, IF_NONE_MATCH, RETRY_AFTER};
use http::{HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A request.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The method.
    pub method: Method,
    /// The path, with the query.
    pub path: String,
    /// The `Authorization`, of those who have one.
    pub authorization: Option<HeaderValue>,
    /// The address that the front end would have seen.
    pub address: Option<HeaderValue>,
    /// The answer that is known already: `If-None-Match`.
    pub known: Option<HeaderValue>,
    /// A JSON body; none if it is empty.
    pub body: Bytes,
    /// Whether the body of the answer is wanted. It is read to its end in any case.
    pub wants_body: bool,
}

impl Ask {
    /// A `GET` by nobody.
    #[must_use]
    pub fn get(path: &str) -> Self {
        Self {
            method: Method::GET,
            path: path.to_owned(),
            authorization: None,
            address: None,
            known: None,
            body: Bytes::new(),
            wants_body: true,
        }
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Its `ETag`.
    pub etag: Option<HeaderValue>,
    /// Whether it says when to come again.
    pub retry_after: bool,
    /// The body, if it was wanted.
    pub body: Bytes,
}

/// A connection that is made when it is needed, and again when it was closed.
pub struct Wire {
    target: SocketAddr,
    host: HeaderValue,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Wire {
    /// A wire to this address; nothing is connected yet.
    #[must_use]
    pub fn to(target: SocketAddr) -> Self {
        let host = HeaderValue::try_from(target.to_string()).unwrap_or(HeaderValue::from_static("localhost"));
        Self { target, host, sender: None }
    }

    /// Sends a request and reads the whole answer. The error says in a few words why there is none; it is the same for
    /// the same fault. A connection that failed is not used again.
    pub async fn exchange(&mut self, ask: &Ask, patience: Duration) -> Result<Answer> {
        let answered = timeout(patience, self.answer(ask)).await;
        let answer = answered.unwrap_or_else(|_| Err(anyhow::anyhow!("no answer within {patience:?}")));
        if answer.is_err() {
            self.sender = None;
        }
        answer
    }

    async fn answer(&mut self, ask: &Ask) -> Result<Answer> {
        let request = self.request(ask)?;
        // A server may close a connection that nobody used for a while.
        if let Some(sender) = &mut self.sender
            && sender.ready().await.is_err()
        {
            self.sender = None;
        }
        let sender = match &mut self.sender {
            Some(sender) => sender,
            None => self.sender.insert(connect(self.target).await?),
        };
        let answer = sender.send_request(request).await.ok().context("the connection broke")?;
        let (status, etag) = (answer.status().as_u16(), answer.headers().get(ETAG).cloned());
        let retry_after = answer.headers().contains_key(RETRY_AFTER);
        let body = read(answer.into_body(), ask.wants_body).await?;
        Ok(Answer { status, etag, retry_after, body })
    }

    fn request(&self, ask: &Ask) -> Result<Request<Full<Bytes>>> {
        let mut request = Request::builder().method(&ask.method).uri(&ask.path).header(HOST, &self.host);
        if let Some(authorization) = &ask.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        if let Some(address) = &ask.address {
            request = request.header("x-forwarded-for", address);
        }
        if let Some(known) = &ask.known {
            request = request.header(IF_NONE_MATCH, known);
        }
        if !ask.body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request.body(Full::new(ask.body.clone())).context("a request that can't be sent")
    }
}

async fn connect(target: SocketAddr) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(target).await.ok().context("no connection")?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await.ok().context("no connection")?;
    // Its faults are told to whoever waits for an answer.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

async fn read(mut body: Incoming, keep: bool) -> Result<Bytes> {
    let mut kept = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.ok().context("the answer broke off")?;
        if keep && let Some(data) = frame.data_ref() {
            kept.extend_from_slice(data);
        }
    }
    Ok(kept.freeze())
}

/// The address in `text`, `http://127.0.0.1:8080`, which has to be one of this machine.
pub fn parse_target(text: &str) -> Result<SocketAddr> {
    let rest = text.strip_prefix("http://").context("a target begins with http://")?.trim_end_matches('/');
    let rest = rest.replacen("localhost", "127.0.0.1", 1);
    let address: SocketAddr =
        rest.parse().with_context(|| format!("{text} is no address with a port, such as http://127.0.0.1:8080"))?;
    ensure!(
        address.ip().is_loopback(),
        "{text} is another machine: load goes to this one alone, so that nobody is overrun by mistake"
    );
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_goes_to_this_machine_alone() {
        for text in ["http://127.0.0.1:8080", "http://localhost:8080/", "http://[::1]:8080", "http://127.9.9.9:1"] {
            assert!(parse_target(text).is_ok(), "{text}");
        }
        for text in ["http://192.168.0.7:8080", "http://0.0.0.0:80", "http://[2001:db8::1]:80"] {
            let told = parse_target(text).unwrap_err().to_string();
            assert!(told.contains("another machine"), "{told}");
        }
        for text in ["https://127.0.0.1:1", "127.0.0.1:8080", "http://travelmeetup.com", "http://localhost.evil.org:80"]
        {
            assert!(parse_target(text).is_err(), "{text}");
        }
    }
}
