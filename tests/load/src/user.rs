//! One person with the app in their hand.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::{HeaderValue, Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::deed::Deed;
use crate::scene::{Scene, Stay};
use crate::wire::{Answer, Ask};

/// An access token that ends within this time is refreshed before anything else, as the clients of ours do.
const REFRESH_AHEAD: Duration = Duration::from_mins(1);
/// How many answers a person keeps the `ETag` of; the ones asked for regularly are fewer.
const MOST_ETAGS: usize = 12;

/// Who is logged in, and by what.
#[derive(Clone)]
pub struct Session {
    /// The email address.
    pub email: String,
    /// The access token.
    pub access_token: String,
    /// The refresh token.
    pub refresh_token: String,
    /// How long the access token is good for.
    pub expires_in: Duration,
}

/// A person: their session, what they know, and what they have made.
pub struct User {
    email: String,
    authorization: Option<HeaderValue>,
    refresh_token: String,
    fresh_until: Instant,
    logged_in: bool,
    address: Option<HeaderValue>,
    etags: Vec<(String, HeaderValue)>,
    /// The plans that were there before; not known before they were asked for.
    seen: Option<Vec<i64>>,
    /// The plans that this one made.
    made: Vec<i64>,
    /// Where they look for others.
    interest: String,
}

/// A request that somebody wants to send, and what for.
pub struct Intent {
    /// What for.
    pub deed: Deed,
    /// The request.
    pub ask: Ask,
    plan: Option<i64>,
}

impl User {
    /// Somebody with a session, at an address that nobody else has. Fails if the token is none.
    pub fn new(number: u32, session: Session, scene: &Scene, rng: &mut StdRng, now: Instant) -> Result<Self> {
        let address = Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 1).to_bits() + number).to_string();
        Ok(Self {
            authorization: Some(bearer(&session.access_token)?),
            email: session.email,
            refresh_token: session.refresh_token,
            fresh_until: now + session.expires_in.saturating_sub(REFRESH_AHEAD),
            logged_in: true,
            address: HeaderValue::try_from(address).ok(),
            etags: Vec::new(),
            seen: None,
            made: Vec::new(),
            interest: matches_of(&scene.stay(rng, 0..60)),
        })
    }

    /// What this one has to do when that is wanted: somebody whose token ends refreshes it first, somebody without a
    /// session logs in, and for what they don't have there is something alike.
    fn possible(&self, wanted: Deed, now: Instant) -> Deed {
        match wanted {
            Deed::Login => Deed::Login,
            _ if !self.logged_in => Deed::Login,
            _ if now >= self.fresh_until => Deed::Refresh,
            Deed::PlanMatches if self.seen.as_ref().is_none_or(Vec::is_empty) => Deed::CityMatches,
            Deed::ChangePlan | Deed::DeletePlan if self.made.is_empty() => Deed::CreatePlan,
            other => other,
        }
    }

    /// The request for a deed.
    pub fn intend(&self, wanted: Deed, scene: &Scene, etags: bool, rng: &mut StdRng, now: Instant) -> Intent {
        let deed = self.possible(wanted, now);
        let mut plan = None;
        let mut some = |plans: &[i64], rng: &mut StdRng| {
            plan = plans.get(rng.random_range(0..plans.len().max(1))).copied();
            plan.unwrap_or_default()
        };
        let (method, path, body) = match deed {
            Deed::UnreadCount => get("/api/v1/notifications/unread-count"),
            Deed::Notifications => get("/api/v1/notifications?limit=20"),
            Deed::PlanMatches => {
                let id = some(self.seen.as_deref().unwrap_or_default(), rng);
                get(&format!("/api/v1/travels/{id}/matches"))
            }
            Deed::CityMatches => get(&self.interest),
            Deed::ConferenceMatches => get(&matches_of(&scene.conference())),
            Deed::MyPlans => get("/api/v1/travels?when=upcoming"),
            Deed::FriendsPlans => get("/api/v1/connections/travels"),
            Deed::Connections => get("/api/v1/connections"),
            Deed::Requests => get("/api/v1/connections/requests/received"),
            Deed::CreatePlan => (Method::POST, "/api/v1/travels".to_owned(), plan_of(&scene.stay(rng, 20..300))),
            Deed::ConferencePlan => (Method::POST, "/api/v1/travels".to_owned(), plan_of(&scene.conference())),
            Deed::ChangePlan => {
                let (id, stay) = (some(&self.made, rng), scene.stay(rng, 20..300));
                let days = json!({ "start_date": stay.start.to_string(), "end_date": stay.end.to_string() });
                (Method::PUT, format!("/api/v1/travels/{id}"), days)
            }
            Deed::DeletePlan => (Method::DELETE, format!("/api/v1/travels/{}", some(&self.made, rng)), Value::Null),
            Deed::Search => {
                let words = scene.words(rng);
                get(&format!("/api/v1/users/search?q={}", utf8_percent_encode(&words, NON_ALPHANUMERIC)))
            }
            Deed::Refresh => {
                (Method::POST, "/api/v1/auth/refresh".to_owned(), json!({ "refresh_token": self.refresh_token }))
            }
            Deed::Login => (Method::POST, "/api/v1/auth/login".to_owned(), login_of(&self.email, &scene.password)),
            Deed::Profile => match rng.random_range(0..3) {
                0 => get("/api/v1/users/me"),
                1 => get("/api/v1/auth/sessions"),
                _ => get(&format!("/api/v1/users/{}", scene.somebody(rng))),
            },
        };
        let known = etags && method == Method::GET;
        let ask = Ask {
            known: if known { self.etag(&path) } else { None },
            wants_body: matches!(deed, Deed::Refresh | Deed::Login | Deed::CreatePlan)
                || deed == Deed::MyPlans && self.seen.is_none(),
            authorization: self.authorization.clone().filter(|_| !matches!(deed, Deed::Refresh | Deed::Login)),
            address: self.address.clone(),
            body: if body.is_null() { Bytes::new() } else { body.to_string().into() },
            method,
            path,
        };
        Intent { deed, ask, plan }
    }

    /// Takes from an answer what the app would keep.
    pub fn learn(&mut self, intent: &Intent, answer: &Answer, now: Instant) {
        if answer.status == 401 {
            // An access token that is refused is refreshed; a refresh token that is refused means another login.
            match intent.deed {
                Deed::Refresh | Deed::Login => self.logged_in = false,
                _ => self.fresh_until = now,
            }
        }
        if !matches!(answer.status, 200..=299) {
            return;
        }
        if intent.ask.method == Method::GET
            && let Some(etag) = &answer.etag
        {
            self.keep(&intent.ask.path, etag.clone());
        }
        let plan = intent.plan;
        let read = || serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
        match intent.deed {
            Deed::Refresh | Deed::Login => self.log_in_by(&read(), now),
            Deed::CreatePlan => self.made.extend(read()["id"].as_i64()),
            Deed::DeletePlan => self.made.retain(|made| Some(*made) != plan),
            Deed::MyPlans if intent.ask.wants_body => {
                let ids = read()["data"]
                    .as_array()
                    .map(|plans| plans.iter().filter_map(|plan| plan["id"].as_i64()).collect());
                let ids: Vec<i64> = ids.unwrap_or_default();
                self.seen = Some(ids.into_iter().filter(|id| !self.made.contains(id)).collect());
            }
            _ => {}
        }
    }

    fn log_in_by(&mut self, pair: &Value, now: Instant) {
        let (Some(access), Some(refresh)) = (pair["access_token"].as_str(), pair["refresh_token"].as_str()) else {
            return;
        };
        self.authorization = bearer(access).ok();
        refresh.clone_into(&mut self.refresh_token);
        let lives = Duration::from_secs(pair["expires_in"].as_u64().unwrap_or_default());
        self.fresh_until = now + lives.saturating_sub(REFRESH_AHEAD);
        self.logged_in = true;
    }

    fn etag(&self, path: &str) -> Option<HeaderValue> {
        self.etags.iter().find(|(known, _)| known == path).map(|(_, etag)| etag.clone())
    }

    fn keep(&mut self, path: &str, etag: HeaderValue) {
        if let Some((_, old)) = self.etags.iter_mut().find(|(known, _)| known == path) {
            *old = etag;
            return;
        }
        if self.etags.len() == MOST_ETAGS {
            self.etags.remove(0);
        }
        self.etags.push((path.to_owned(), etag));
    }
}

/// The body of a login.
#[must_use]
pub fn login_of(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password })
}

fn bearer(token: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).context("no access token")?;
    value.set_sensitive(true);
    Ok(value)
}

fn get(path: &str) -> (Method, String, Value) {
    (Method::GET, path.to_owned(), Value::Null)
}

fn matches_of(stay: &Stay) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let (city, country) = (encoded(&stay.city), encoded(&stay.country));
    format!("/api/v1/matches?city={city}&country={country}&start_date={}&end_date={}", stay.start, stay.end)
}

fn plan_of(stay: &Stay) -> Value {
    json!({
        "city": stay.city, "country": stay.country, "start_date": stay.start.to_string(), "end_date": stay.end.to_string(),
    })
}

#[cfg(test)]
mod tests;
