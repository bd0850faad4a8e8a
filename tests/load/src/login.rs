//! Sessions by password, for servers whose database is somebody else's.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use http::{HeaderValue, Method};
use serde_json::Value;

use crate::progress::Progress;
use crate::user::{Session, login_of};
use crate::wire::{Ask, Wire};

/// A login may wait for others before it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Logs everybody in, one after the other: each login costs the server a password's hash.
pub fn log_in(target: SocketAddr, emails: &[String], password: &str, progress: Progress) -> Result<Vec<Session>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut wire = Wire::to(target);
        let mut sessions = Vec::with_capacity(emails.len());
        for (number, email) in (0_u32..).zip(emails) {
            let address = format!("10.{}.{}.{}", 1 + number / 65_536 % 250, number / 256 % 256, number % 256);
            let ask = Ask {
                method: Method::POST,
                address: HeaderValue::try_from(address).ok(),
                body: login_of(email, password).to_string().into(),
                ..Ask::get("/api/v1/auth/login")
            };
            let answer = wire.exchange(&ask, PATIENCE).await?;
            ensure!(
                answer.status == 200,
                "{email} can't log in ({}): was the world made by seed-world?",
                answer.status
            );
            let pair: Value = serde_json::from_slice(&answer.body)?;
            let text = |name: &str| pair[name].as_str().map(str::to_owned).with_context(|| format!("no {name}"));
            sessions.push(Session {
                email: email.clone(),
                access_token: text("access_token")?,
                refresh_token: text("refresh_token")?,
                expires_in: Duration::from_secs(pair["expires_in"].as_u64().context("no expires_in")?),
            });
            progress.count("logged in", sessions.len(), emails.len());
        }
        progress.end();
        Ok(sessions)
    })
}
