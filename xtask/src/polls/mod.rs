//! What single requests cost the release handler: [`cost`] compares those that see something new with those that don't, and
//! [`growth`] small databases with large ones.

pub(crate) mod cost;
pub(crate) mod growth;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use handler::clock::{Clock as _, SystemClock};
use http::HeaderValue;
use load::block::{Block, Poller};
use load::login::log_in;
use load::progress::Progress;
use load::wire::Ask;

use crate::server::{Bench, Running, bearer};
use crate::world::own::Own;
use crate::world::yardstick::{self, Yardstick};
use crate::world::{self, PASSWORD};

/// The seed of a world that is made for one run.
const WORLD_SEED: u64 = 1;
/// Requests before the first one that counts.
const WARM_UP: u64 = 100;
/// How often a request may be told to come back before that.
const COLD_TRIES: u32 = 20;
/// What is looked for by matches: two weeks in the city that is gone to most.
const STAY: Duration = Duration::from_hours(14 * 24);

/// A handler as on an instance with one core: without figures for developers, and with one thread for requests. With more of
/// them, what is measured is how often an idle one is woken up for nothing.
const ONE_CORE: [(&str, &str); 2] = [("METRICS", "false"), ("TOKIO_WORKER_THREADS", "1")];

/// Where a world comes from.
enum Origin<'a> {
    /// A copy of this database, or itself if it is on a server.
    Seeded(&'a str),
    /// A new one of so many people, on the SQL Server of this connection string if there is one.
    New(u32, Option<&'a str>),
}

/// The handler on a world of its own, and somebody who has logged in there and asks it.
struct Site {
    poller: Poller,
    authorization: HeaderValue,
    // The order matters: the handler stops before its database goes.
    _running: Running,
    _database: Own,
}

impl Site {
    /// Starts this handler for a yardstick in a world.
    fn open(handler: &Path, origin: &Origin<'_>, what: Yardstick, connections: usize) -> Result<Self> {
        let database = match origin {
            Origin::Seeded(database) => Own::copy_of(database)?,
            Origin::New(people, server) => {
                let database = Own::new(*server)?;
                world::seed(database.text(), *people, WORLD_SEED)?;
                database
            }
        };
        let email = yardstick::add(database.text(), what)?;
        // A token lives longer than all of it takes. One connection to SQL Server, so that the warm-up warms all there are.
        let settings = [("ACCESS_TOKEN_EXPIRE_MINUTES", "60"), ("DATABASE_POOL_SIZE", "1")].into_iter().chain(ONE_CORE);
        let settings = settings.map(|(name, value)| (name, value.to_owned())).collect();
        let bench = Bench::of(handler.to_path_buf(), database.text()).with(settings);
        let mut running = bench.start()?;
        running.until_200("/ready")?;
        let session = log_in(running.address(), &[email], PASSWORD, Progress::silent())?.pop().context("no session")?;
        Ok(Self {
            poller: Poller::new(running.address(), running.pid(), connections),
            authorization: HeaderValue::try_from(bearer(&session.access_token).trim_start_matches("Authorization: "))?,
            _running: running,
            _database: database,
        })
    }

    /// The question at this path, by the one who has logged in.
    fn question(&self, path: &str) -> Ask {
        Ask { authorization: Some(self.authorization.clone()), ..Ask::get(path) }
    }

    /// So many requests that don't count, after the first one that is not told to come back: a server that sees a statement
    /// for the first time may take longer for it than a request waits.
    async fn warm_up(&mut self, ask: &Ask) -> Result<()> {
        for _ in 0..COLD_TRIES {
            if self.poller.ask(ask).await?.status != 503 {
                break;
            }
        }
        for _ in 0..WARM_UP {
            let answer = self.poller.ask(ask).await?;
            ensure!(answer.status == 200, "{} for {}", answer.status, ask.path);
        }
        Ok(())
    }

    /// A block of them, each of which has to be answered with this status.
    async fn block(&mut self, ask: &Ask, status: u16, times: u64) -> Result<Block> {
        self.poller.block(ask, status, times).await
    }
}

/// The runtime that asks: one thread, so that a core is left to the handler.
fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// The question who is in the city that is gone to most, in the two weeks from today on.
fn matches() -> String {
    let today = SystemClock.today();
    format!("/api/v1/matches?city=London&country=UK&start_date={today}&end_date={}", today + STAY)
}

/// What a table shows of a path: without what all of them begin with, and without the query.
fn shown(path: &str) -> &str {
    let path = path.split('?').next().unwrap_or(path);
    path.strip_prefix("/api/v1").unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_shows_the_short_form_of_a_path() {
        assert_eq!(shown("/api/v1/matches?city=London&country=UK"), "/matches");
        assert_eq!(shown("/api/v1/notifications/unread-count"), "/notifications/unread-count");
        assert_eq!(shown("/health"), "/health");
    }
}
