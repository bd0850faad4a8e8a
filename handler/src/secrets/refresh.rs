//! Reads the secrets again while the handler runs, and hands new ones to those who use them.
//!
//! Every hour; and early, when a token comes whose key nobody here knows: then another instance has read newer secrets. What
//! can't be read, or is no good, changes nothing: the last good secrets stay.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, sleep};

use super::Origin;
use crate::config::{Config, DATABASE, Secrets, TokenSecrets};
use crate::credentials::keys::KeyRing;
use crate::credentials::tokens::Tokens;
use crate::db::Database;

/// How often what is done.
#[derive(Debug, Clone, Copy)]
pub struct Rhythm {
    /// From one reading to the next.
    pub every: Duration,
    /// From a reading that failed to the next.
    pub again: Duration,
    /// The least from one early reading to the next: strangers can bring about one in each.
    pub early: Duration,
    /// How long a replaced secret still verifies tokens if the vault says nothing of it.
    pub grace: Duration,
}

impl Default for Rhythm {
    /// Every hour, which is as long as the longest access token lives; five minutes after a failure; early once a minute.
    fn default() -> Self {
        Self {
            every: Duration::from_hours(1),
            again: Duration::from_mins(5),
            early: Duration::from_mins(1),
            grace: Duration::from_hours(1),
        }
    }
}

/// Keeps tokens and database at the secrets of a source.
pub struct Refresher {
    origin: Origin,
    tokens: Arc<Tokens>,
    db: Database,
    rhythm: Rhythm,
    access: Replaced,
    refresh: Replaced,
    /// What was wrong the last time, if something was.
    trouble: Option<String>,
}

/// The secret that was replaced last, while it still verifies.
#[derive(Default)]
struct Replaced(Option<(SecretString, Instant)>);

impl Refresher {
    /// Reads from `origin` for these tokens and this database.
    #[must_use]
    pub fn new(origin: Origin, tokens: Arc<Tokens>, db: Database, rhythm: Rhythm) -> Self {
        let (access, refresh) = (Replaced::default(), Replaced::default());
        Self { origin, tokens, db, rhythm, access, refresh, trouble: None }
    }

    /// Reads again for ever.
    pub async fn run(mut self) {
        let tokens = Arc::clone(&self.tokens);
        tokens.renewal().serve(self.rhythm.early);
        let mut pause = self.rhythm.every;
        loop {
            tokio::select! {
                () = sleep(pause) => {}
                () = tokens.renewal().wanted() => {}
            }
            pause = if self.read_again().await { self.rhythm.every } else { self.rhythm.again };
            tokens.renewal().finished();
        }
    }

    /// Reads once. False if that failed, which is logged when it begins.
    pub async fn read_again(&mut self) -> bool {
        let read = self.origin.source.read(&self.origin.settings.holds).await;
        match read.and_then(|secrets| self.adopt(secrets)) {
            Ok(()) => {
                if self.trouble.take().is_some() {
                    tracing::info!("the secrets could be read again");
                }
                true
            }
            Err(error) => {
                let trouble = format!("{error:#}");
                if self.trouble.as_ref() != Some(&trouble) {
                    tracing::error!(cause = trouble, "the secrets can't be renewed: the last good ones stay");
                    self.trouble = Some(trouble);
                }
                false
            }
        }
    }

    /// Makes these secrets the ones that count, all or none.
    fn adopt(&mut self, secrets: Secrets) -> anyhow::Result<()> {
        let before = Config::read(&self.origin.vars, Some(&self.origin.secrets))?;
        let now_good = Config::read(&self.origin.vars, Some(&secrets))?;
        let (now, grace) = (Instant::now(), self.rhythm.grace);
        let access_changed = self.access.note(&before.access_secrets, &now_good.access_secrets, now + grace);
        let refresh_changed = self.refresh.note(&before.refresh_secrets, &now_good.refresh_secrets, now + grace);
        let database_changed = text(&self.origin.secrets, DATABASE) != text(&secrets, DATABASE);
        let access = self.access.ring(&now_good.access_secrets, now)?;
        let refresh = self.refresh.ring(&now_good.refresh_secrets, now)?;
        if database_changed {
            self.db.reconfigure(&now_good.database_url)?;
        }
        if access_changed || refresh_changed || database_changed {
            tracing::info!(
                access_kid = access.current().kid(),
                refresh_kid = refresh.current().kid(),
                access_changed,
                refresh_changed,
                database_changed,
                "secrets were replaced"
            );
        }
        self.tokens.replace(access, refresh);
        self.origin.secrets = secrets;
        Ok(())
    }
}

impl Replaced {
    /// Remembers a secret that is no longer the current one, unless the vault says itself which one was before. True if the
    /// current one was replaced.
    fn note(&mut self, before: &TokenSecrets, after: &TokenSecrets, until: Instant) -> bool {
        let replaced = before.current.expose_secret() != after.current.expose_secret();
        if after.previous.is_some() {
            self.0 = None;
        } else if replaced {
            self.0 = Some((before.current.clone(), until));
        }
        replaced
    }

    /// The keys that count: the previous one is the one that the vault names, or for a while the one that was replaced.
    fn ring(&self, secrets: &TokenSecrets, now: Instant) -> anyhow::Result<KeyRing> {
        let replaced = self.0.as_ref().filter(|(_, until)| now < *until).map(|(secret, _)| secret);
        KeyRing::new(&secrets.current, secrets.previous.as_ref().or(replaced))
    }
}

fn text<'a>(secrets: &'a Secrets, variable: &str) -> Option<&'a str> {
    secrets.get(variable).map(SecretString::expose_secret)
}
