//! Whoever uses the application: with a token or without, from one address.

use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Method, Request};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::answer::{Answer, Received};
use crate::app::TestApp;
use crate::log::Log;
use crate::{forge, promises, server};

/// Everybody's password.
pub const PASSWORD: &str = "SecurePass123!";

/// Someone who sends requests to one instance.
#[derive(Clone)]
pub struct Client {
    app: TestApp,
    address: String,
    token: Option<String>,
    headers: Vec<(&'static str, String)>,
}

impl Client {
    pub(crate) const fn new(app: TestApp, address: String) -> Self {
        Self { app, address, token: None, headers: Vec::new() }
    }

    /// The same one at another instance.
    #[must_use]
    pub fn at(&self, app: &TestApp) -> Self {
        Self { app: app.clone(), ..self.clone() }
    }

    /// The same one at another address.
    #[must_use]
    pub fn from_address(&self, address: &str) -> Self {
        Self { address: address.to_owned(), ..self.clone() }
    }

    /// The same one with this access token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same one without a token.
    #[must_use]
    pub fn without_token(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// The same one, sending this header too.
    #[must_use]
    pub fn with_header(&self, name: &'static str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.push((name, value.to_owned()));
        other
    }

    /// The access token, if there is one.
    #[must_use]
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// Sends a GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// Sends a POST with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Sends a PUT with a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    /// Sends a DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Sends a request, with a JSON body if there is one.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let (headers, bytes) = match body {
            Some(body) => (&[("content-type", "application/json")][..], body.to_string().into_bytes()),
            None => (&[][..], Vec::new()),
        };
        self.send_bytes(method, path, headers, bytes).await
    }

    /// Sends a request with exactly these bytes and no other `Content-Type` than the one given.
    pub async fn send_bytes(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        bytes: impl Into<Vec<u8>>,
    ) -> Answer {
        let bytes = bytes.into();
        self.app.shared.secrets.learn_from(&bytes);
        self.app.shared.secrets.learn(self.token());
        let request = headers
            .iter()
            .fold(self.request(method.clone(), path), |request, (name, value)| request.header(*name, *value))
            .body(Body::from(bytes))
            .expect("a request that can be built");
        let sent = Sent { method, path: path.to_owned(), id: request.headers().get("x-request-id").cloned() };
        let mark = self.app.log.mark();
        let received = server::run(answer(self.app.router.clone(), self.app.log.clone(), request)).await;
        let answer = Answer::new(received, sent, self.app.log.clone(), mark);
        self.app.shared.secrets.learn_from(answer.text.as_bytes());
        promises::check(&self.app, &answer);
        answer
    }

    /// Sends a request and goes away after `steps`: each time it is worked on is a step, and each wait in between. So an
    /// odd number leaves in the middle of a wait, an even one when what was waited for has come, and 0 before anything is
    /// done. The status, if the answer was faster.
    pub async fn send_and_leave(&self, steps: usize, method: Method, path: &str, body: Option<&Value>) -> Option<u16> {
        let bytes = body.map(Value::to_string).unwrap_or_default();
        self.app.shared.secrets.learn_from(bytes.as_bytes());
        let request = self.request(method, path).header(CONTENT_TYPE, "application/json");
        let request = request.body(Body::from(bytes)).unwrap();
        let answer = Box::pin(answer(self.app.router.clone(), self.app.log.clone(), request));
        let answer = self.app.log.of(Impatient { work: Some(answer), steps });
        server::run(answer).await.map(|answer| answer.status)
    }

    /// Logs in from here; panics unless that works.
    pub async fn log_in(&self, email: &str, password: &str) -> Person {
        let answer = self.post("/api/v1/auth/login", &json!({ "email": email, "password": password })).await;
        Person::of(self, &answer.expect_status(200).json(), password)
    }

    fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let request = Request::builder().method(method).uri(path).header("x-forwarded-for", &self.address);
        let request = self.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        match &self.token {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }
}

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) id: Option<axum::http::HeaderValue>,
}

async fn answer(router: Router, log: Log, request: Request<Body>) -> Received {
    log.of(async {
        let response = router.oneshot(request).await.expect("a router that always answers");
        Received::read(response).await
    })
    .await
}

/// A future that is given up after some steps, wherever it stands then.
struct Impatient<F> {
    work: Option<Pin<Box<F>>>,
    steps: usize,
}

impl<F: Future> Future for Impatient<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let steps = self.steps;
        let Some(work) = self.work.as_mut().filter(|_| steps > 0) else {
            self.work = None;
            return Poll::Ready(None);
        };
        if let Poll::Ready(answer) = work.as_mut().poll(context) {
            return Poll::Ready(Some(answer));
        }
        if steps == 1 {
            self.work = None;
            return Poll::Ready(None);
        }
        self.steps = steps - 2;
        Poll::Pending
    }
}

/// Somebody who is registered and logged in. Sends requests with its access token.
#[derive(Clone)]
pub struct Person {
    client: Client,
    /// The user's id.
    pub id: i64,
    /// The address it registered with.
    pub email: String,
    /// Its password.
    pub password: String,
    /// The latest refresh token.
    pub refresh_token: String,
    /// The id of its session.
    pub session: String,
}

impl Person {
    fn of(client: &Client, login: &Value, password: &str) -> Self {
        let token = login["access_token"].as_str().unwrap();
        Self {
            client: client.with_token(token),
            id: login["user"]["id"].as_i64().unwrap(),
            email: login["user"]["email"].as_str().unwrap().to_owned(),
            password: password.to_owned(),
            refresh_token: login["refresh_token"].as_str().unwrap().to_owned(),
            session: forge::claims_of(token)["sid"].as_str().unwrap().to_owned(),
        }
    }

    /// The same person at another instance.
    #[must_use]
    pub fn at(&self, app: &TestApp) -> Self {
        Self { client: self.client.at(app), ..self.clone() }
    }

    /// Asks this person to connect; the answer, whatever it is.
    pub async fn asks(&self, other: &Self) -> Answer {
        self.post("/api/v1/connections/request", &json!({ "receiver_user_id": other.id })).await
    }

    /// Asks this person to connect, who accepts; the connection's id.
    pub async fn connects_with(&self, other: &Self) -> i64 {
        let id = self.asks(other).await.expect_status(201).json()["id"].as_i64().unwrap();
        let accepted = other.send(Method::PUT, &format!("/api/v1/connections/{id}/accept"), None).await;
        accepted.expect_status(200);
        id
    }

    /// The same person in a session of its own.
    pub async fn on_another_device(&self) -> Self {
        self.client.without_token().log_in(&self.email, &self.password).await
    }

    /// Sends the refresh token; the answer, whatever it is.
    pub async fn refresh(&self) -> Answer {
        self.without_token().post("/api/v1/auth/refresh", &json!({ "refresh_token": self.refresh_token })).await
    }

    /// The same person with the pair of tokens in the answer to a refresh.
    #[must_use]
    pub fn refreshed_by(&self, answer: &Answer) -> Self {
        let pair = answer.expect_status(200).json();
        Self {
            client: self.client.with_token(pair["access_token"].as_str().unwrap()),
            refresh_token: pair["refresh_token"].as_str().unwrap().to_owned(),
            ..self.clone()
        }
    }
}

impl Deref for Person {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}
