//! A handful of people to try the API with, added through the API itself.

use std::fmt;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// The password of all of them. Good for a developer's machine only: the command refuses to run in production.
const PASSWORD: &str = "SecurePass123!";

/// Name, home city, home country, bio.
const PEOPLE: &[[&str; 4]] = &[
    ["Ana Silva", "Lisbon", "Portugal", "Surfs before work."],
    ["Ben Okafor", "London", "United Kingdom", "Knows every night bus."],
    ["Chiara Rossi", "Rome", "Italy", "Will show you the good gelato."],
    ["David Kim", "New York", "USA", "Two subway stops from everything."],
    ["Emma Schmidt", "Berlin", "Germany", "Bicycle, rain or shine."],
    ["Farid Haddad", "Paris", "France", "Cooks for twelve or not at all."],
    ["Grace Tan", "Singapore", "Singapore", "Hawker centre guide."],
    ["Hiro Tanaka", "Tokyo", "Japan", "Trains, mostly."],
];

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

/// Registers everyone who is not there yet.
pub async fn add_people(router: Router) -> anyhow::Result<Vec<Person>> {
    let mut people = Vec::with_capacity(PEOPLE.len());
    for &[name, city, country, bio] in PEOPLE {
        let email = format!("{}@example.com", name.to_ascii_lowercase().replace(' ', "."));
        let body = json!({
            "email": email, "password": PASSWORD, "display_name": name, "bio": bio,
            "home_city": city, "home_country": country,
        });
        let added = match post(&router, "/api/v1/auth/register", &body).await? {
            StatusCode::CREATED => true,
            StatusCode::CONFLICT => false,
            other => anyhow::bail!("{name} could not be registered: status {other}"),
        };
        people.push(Person { name, email, added });
    }
    Ok(people)
}

async fn post(router: &Router, path: &str, body: &Value) -> anyhow::Result<StatusCode> {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .context("a request that can't be built")?;
    Ok(router.clone().oneshot(request).await?.status())
}
