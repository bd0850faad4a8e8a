//! The same request over and over, and what it costs the server.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::task::JoinSet;

use crate::figures::{number, ratio};
use crate::probe::Probe;
use crate::record::Latencies;
use crate::wire::{Answer, Ask, Wire};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The processor time that a block takes at least, in seconds. The kernel tells it in ticks of 10 ms, user and system apart
/// and each rounded down, so that this is known to 2 %.
const LEAST_CPU: f64 = 1.0;

/// Somebody who asks one server, over connections that stay open.
pub struct Poller {
    wires: Vec<Wire>,
    probe: Probe,
}

/// What a block of requests took.
#[derive(Debug, Clone)]
pub struct Block {
    /// How long each took, from sending it to the end of its answer.
    pub latencies: Latencies,
    /// The server's processor time, in seconds.
    pub cpu_seconds: f64,
}

impl Block {
    /// The server's processor time for each request, in microseconds.
    #[must_use]
    pub fn cpu_micros_each(&self) -> f64 {
        ratio(self.cpu_seconds * 1e6, number(self.latencies.count()))
    }
}

impl Poller {
    /// One who asks the process of this id at this address, over so many connections; nothing is connected yet.
    #[must_use]
    pub fn new(target: SocketAddr, pid: u32, connections: usize) -> Self {
        let wires = (0..connections.max(1)).map(|_| Wire::to(target)).collect();
        Self { wires, probe: Probe { pid: Some(pid), metrics: None } }
    }

    /// One answer.
    pub async fn ask(&mut self, ask: &Ask) -> Result<Answer> {
        self.wires.first_mut().context("a connection of this one was lost")?.exchange(ask, PATIENCE).await
    }

    /// The same request at least so often on each connection, one after the other there, until the server has worked on them
    /// for a second. Each answer has to have this status.
    pub async fn block(&mut self, ask: &Ask, status: u16, times: u64) -> Result<Block> {
        let mut block = Block { latencies: Latencies::new(3)?, cpu_seconds: 0.0 };
        let before = self.cpu_seconds().await?;
        while block.cpu_seconds < LEAST_CPU {
            self.all(ask, status, times.max(1), &mut block.latencies).await?;
            block.cpu_seconds = self.cpu_seconds().await? - before;
        }
        Ok(block)
    }

    async fn all(&mut self, ask: &Ask, status: u16, times: u64, latencies: &mut Latencies) -> Result<()> {
        let mut asking = JoinSet::new();
        for wire in self.wires.drain(..) {
            asking.spawn(in_a_row(wire, ask.clone(), status, times));
        }
        while let Some(done) = asking.join_next().await {
            let (wire, took) = done??;
            self.wires.push(wire);
            latencies.merge(&took)?;
        }
        Ok(())
    }

    async fn cpu_seconds(&self) -> Result<f64> {
        self.probe.snapshot().await.cpu_seconds.context("the server's processor time is not to be had: has it ended?")
    }
}

async fn in_a_row(mut wire: Wire, ask: Ask, status: u16, times: u64) -> Result<(Wire, Latencies)> {
    let ask = Ask { wants_body: false, ..ask };
    let mut took = Latencies::new(3)?;
    for _ in 0..times {
        let started = Instant::now();
        let answer = wire.exchange(&ask, PATIENCE).await?;
        took.add(started.elapsed());
        ensure!(answer.status == status, "{} and not {status} for {}", answer.status, ask.path);
    }
    Ok((wire, took))
}
