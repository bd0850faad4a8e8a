//! What a request brings along: a token, a body, the tags of copies.

use std::hint::black_box;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use axum::extract::FromRequestParts as _;
use futures_util::FutureExt as _;
use handler::credentials::keys::KeyRing;
use handler::credentials::tokens::Tokens;
use handler::http::caller::CurrentUser;
use handler::http::conditional::{Copies, Tag};
use handler::http::{body_reader, strict_json};
use handler::travels::api::CreateTravel;
use handler::users::api::UpdateProfile;
use handler::versions::Versions;
use http::header::IF_NONE_MATCH;
use secrecy::SecretString;
use time::macros::{date, datetime};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{Call, Part};

/// The parts of this module.
pub(crate) const PARTS: &[Part] = &[
    Part { name: "token: verify an access token", prepare: verify },
    Part { name: "token: refuse a forged signature", prepare: refuse },
    Part { name: "token: issue an access token", prepare: issue },
    Part { name: "body: read a travel plan", prepare: read_travel },
    Part { name: "body: refuse a profile with three faults", prepare: refuse_profile },
    Part { name: "tags: the client has it, among two others", prepare: has_copy },
    Part { name: "tags: the client has nothing", prepare: has_none },
];

const NOW: OffsetDateTime = datetime!(2026-01-31 10:30 UTC);
const TODAY: Date = date!(2026 - 01 - 31);
const SESSION: Uuid = Uuid::from_u128(0x0190_a0f1_5c52_7bb1_9d1c_8a4f_1b2c_3d4e);
const JTI: Uuid = Uuid::from_u128(0x1f0e_2d3c_4b5a_4697_8877_6655_4433_2211);

/// Somebody who is signed in.
pub(crate) const CALLER: CurrentUser =
    CurrentUser { id: 42, session: SESSION, versions: Versions { profile: 3, plans: 7, notifications: 19 } };

fn tokens() -> Result<Tokens> {
    let ring = |secret: &str| KeyRing::new(&SecretString::from(secret), None);
    let access = ring("the secret of the access tokens, for counting alone")?;
    Ok(Tokens::new(access, ring("the secret of the others, for counting alone")?, Duration::from_mins(15)))
}

fn verify() -> Result<Call> {
    let tokens = tokens()?;
    let token = tokens.issue_access(42, SESSION, JTI, NOW).map_err(|_| anyhow::anyhow!("no token"))?;
    ensure!(tokens.verify_access(&token, NOW)?.user_id == 42);
    Ok(Box::new(move || drop(black_box(tokens.verify_access(black_box(&token), black_box(NOW))))))
}

fn refuse() -> Result<Call> {
    let tokens = tokens()?;
    let token = tokens.issue_access(42, SESSION, JTI, NOW).map_err(|_| anyhow::anyhow!("no token"))?;
    let (signed, _) = token.rsplit_once('.').context("a token has parts")?;
    let forged = format!("{signed}.{}", "A".repeat(43));
    ensure!(tokens.verify_access(&forged, NOW).is_err());
    Ok(Box::new(move || drop(black_box(tokens.verify_access(black_box(&forged), black_box(NOW))))))
}

fn issue() -> Result<Call> {
    let tokens = tokens()?;
    ensure!(tokens.issue_access(42, SESSION, JTI, NOW).is_ok());
    Ok(Box::new(move || drop(black_box(tokens.issue_access(black_box(42), SESSION, JTI, black_box(NOW))))))
}

fn read_travel() -> Result<Call> {
    let text = r#"{"city":"São Paulo","country":"Brasil","start_date":"2026-03-15","end_date":"2026-03-20","description":"Business conference\nand sightseeing"}"#;
    let read = |text: &str| {
        let object = strict_json::object(text.as_bytes()).ok()?;
        body_reader::read::<CreateTravel>(&object, TODAY).ok()
    };
    ensure!(read(text).is_some(), "it is refused");
    Ok(Box::new(move || drop(black_box(read(black_box(text))))))
}

fn refuse_profile() -> Result<Call> {
    let text = r#"{"display_name":"","bio":"Hello\u0000","is_active":true}"#;
    let read = |text: &str| {
        let object = strict_json::object(text.as_bytes()).ok()?;
        body_reader::read::<UpdateProfile>(&object, TODAY).err()
    };
    ensure!(read(text).is_some_and(|faults| faults.len() == 3), "there are other faults");
    Ok(Box::new(move || drop(black_box(read(black_box(text))))))
}

fn has_copy() -> Result<Call> {
    let tag = Tag::of(&CALLER, &"the one");
    let others = [Tag::of(&CALLER, &"another"), Tag::of(&CALLER, &"a third")];
    asks_with(&format!("{}, {}, {}", others[0].as_str(), others[1].as_str(), tag.as_str()), tag, true)
}

fn has_none() -> Result<Call> {
    asks_with("", Tag::of(&CALLER, &"the one"), false)
}

/// A request with this `If-None-Match`, or none if it is empty, of a client that has the answer of the tag or not.
fn asks_with(header: &str, tag: Tag, expected: bool) -> Result<Call> {
    let mut request = http::Request::builder().uri("/api/v1/notifications").header("accept", "application/json");
    if !header.is_empty() {
        request = request.header(IF_NONE_MATCH, header);
    }
    let (mut parts, ()) = request.body(())?.into_parts();
    let mut has = move |tag: &Tag| {
        let copies = Copies::from_request_parts(&mut parts, &()).now_or_never()?.ok()?;
        Some(copies.have(tag))
    };
    ensure!(has(&tag) == Some(expected), "the client has what it has not, or the other way round");
    Ok(Box::new(move || {
        black_box(has(black_box(&tag)));
    }))
}
