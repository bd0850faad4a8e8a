//! A handful of people to try the API with, their connections and their plans, added through the API itself.

mod cast;

use std::fmt;

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use time::{Date, Duration};
use tower::ServiceExt as _;

use self::cast::{CONNECTIONS, PEOPLE, PLANS, REQUESTS, Trip};

/// The password of all of them. Good for a developer's machine only: the command refuses to run in production.
const PASSWORD: &str = "SecurePass123!";

/// Someone who was added, or was there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name shown to others.
    pub name: &'static str,
    /// The address to log in with.
    pub email: String,
    /// Whether this run added them.
    pub added: bool,
}

impl fmt::Display for Person {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let note = if self.added { "" } else { "  (was there already)" };
        write!(formatter, "{:<14} {:<28} {PASSWORD}{note}", self.name, self.email)
    }
}

/// Registers everyone who is not there yet. Unless somebody was, they connect and make plans for the days after `today`.
pub async fn add_people(router: Router, today: Date) -> Result<Vec<Person>> {
    let api = Api { router };
    let mut people = Vec::with_capacity(PEOPLE.len());
    for &[name, city, country, bio] in PEOPLE {
        let email = format!("{}@example.com", name.to_ascii_lowercase().replace(' ', "."));
        let body = json!({
            "email": email, "password": PASSWORD, "display_name": name, "bio": bio,
            "home_city": city, "home_country": country,
        });
        let added = match api.send(Method::POST, "/api/v1/auth/register", "", &body).await?.0 {
            StatusCode::CREATED => true,
            StatusCode::CONFLICT => false,
            other => anyhow::bail!("{name} could not be registered: status {other}"),
        };
        people.push(Person { name, email, added });
    }
    if people.iter().all(|person| person.added) {
        let mut users = Vec::with_capacity(people.len());
        for person in &people {
            users.push(api.log_in(&person.email).await?);
        }
        api.connect(&users).await?;
        api.plan(&users, today).await?;
    }
    Ok(people)
}

/// Somebody who is logged in.
struct User {
    id: i64,
    token: String,
}

struct Api {
    router: Router,
}

impl Api {
    async fn log_in(&self, email: &str) -> Result<User> {
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = self.done(Method::POST, "/api/v1/auth/login", "", &body).await?;
        let token = answer["access_token"].as_str().context("a login without a token")?.to_owned();
        Ok(User { id: answer["user"]["id"].as_i64().context("a login without a user")?, token })
    }

    /// Those who are connected, and requests that nobody has answered yet.
    async fn connect(&self, users: &[User]) -> Result<()> {
        for &(asks, asked) in CONNECTIONS {
            let connection = self.ask(&users[asks], &users[asked]).await?;
            let path = format!("/api/v1/connections/{connection}/accept");
            self.done(Method::PUT, &path, &users[asked].token, &Value::Null).await?;
        }
        for &(asks, asked) in REQUESTS {
            self.ask(&users[asks], &users[asked]).await?;
        }
        Ok(())
    }

    async fn ask(&self, asks: &User, asked: &User) -> Result<i64> {
        let body = json!({ "receiver_user_id": asked.id });
        let answer = self.done(Method::POST, "/api/v1/connections/request", &asks.token, &body).await?;
        answer["id"].as_i64().context("a connection without an id")
    }

    async fn plan(&self, users: &[User], today: Date) -> Result<()> {
        for &Trip { person, city, country, from, days, description } in PLANS {
            let start = today + Duration::days(from);
            let body = json!({
                "city": city, "country": country, "start_date": start.to_string(),
                "end_date": (start + Duration::days(days - 1)).to_string(), "description": description,
            });
            self.done(Method::POST, "/api/v1/travels", &users[person].token, &body).await?;
        }
        Ok(())
    }

    /// The body of an answer; an error unless it is a success.
    async fn done(&self, method: Method, path: &str, token: &str, body: &Value) -> Result<Value> {
        let (status, answer) = self.send(method, path, token, body).await?;
        ensure!(status.is_success(), "{path} answered {status}: {answer}");
        Ok(answer)
    }

    async fn send(&self, method: Method, path: &str, token: &str, body: &Value) -> Result<(StatusCode, Value)> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::from(body.to_string()))
            .context("a request that can't be built")?;
        let response = self.router.clone().oneshot(request).await?;
        let status = response.status();
        let bytes = response.into_body().collect().await?.to_bytes();
        Ok((status, serde_json::from_slice(&bytes)?))
    }
}
