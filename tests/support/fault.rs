//! A wire to SQL Server that fails where a story wants it to.
//!
//! A [`FaultyWire`] listens on a port of its own and passes everything on to a server and back: that of `TEST_DATABASE_URL`,
//! or a [`LittleServer`]. It finds a request by its number or its text, and loses or refuses it. It has to be able to read
//! it, so the connection string must say `Encrypt=DANGER_PLAINTEXT`. And it can fail as a whole: see [`Line`].

use std::collections::VecDeque;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use handler::app;
use handler::db::{Database, DatabaseUrl};
use handler::http::HttpSettings;
use handler::state::{AppState, Shared};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use crate::app::TestApp;
use crate::database::OwnDatabase;
use crate::little_server::LittleServer;
use crate::server;
use crate::tds::Message;

/// From this class on, an error of the server ends the connection.
const FATAL: u8 = 20;
/// The longest that it may take until all connections have noticed that they are cut.
const LONGEST_CUT: Duration = Duration::from_secs(10);

/// Which request a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// The n-th statement from now or from the fault before this one, over whatever connection; 1 is the very next.
    Statement(usize),
    /// The next statement whose text holds this: `COMMIT`.
    Text(&'static str),
    /// The next login.
    Login,
}

/// What happens to the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is passed on as ever: a landmark for the fault that comes next.
    Nothing,
    /// The connection is cut, and the server has seen nothing of the request.
    CutBefore,
    /// The connection is cut in the middle of the request.
    CutWithin,
    /// The server gets the whole request, and at once the connection is cut.
    CutAfter,
    /// The server does as it was told, and the connection is cut in the middle of its answer.
    CutWithinAnswer,
    /// The server does as it was told, and nothing of its answer arrives.
    CutAnswered,
    /// The server sees nothing of the request; an error is answered instead.
    Refused {
        /// The error's number, 1205 for a deadlock.
        number: u32,
        /// Its class: of 20 and above the server closes the connection.
        class: u8,
    },
}

/// How the wire is as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// As it should be, but for single faults.
    Open,
    /// Every connection is cut, and nobody gets a new one.
    Cut,
    /// Connections are there and can be made, and nothing gets through.
    Silent,
}

/// A wire between the application and the server.
pub struct FaultyWire {
    url: DatabaseUrl,
    text: String,
    plan: Arc<Plan>,
    line: watch::Sender<Line>,
    listening: AbortHandle,
}

/// What is to happen, and what has.
#[derive(Default)]
struct Plan(Mutex<Progress>);

#[derive(Default)]
struct Progress {
    to_come: VecDeque<(At, Fault)>,
    struck: Vec<Fault>,
}

impl FaultyWire {
    /// A wire to this database that has no faults yet. `None`, and a line that says so, where there is no server or no
    /// reading along.
    pub async fn to(database: &OwnDatabase) -> Option<Self> {
        let Some((server, others)) = plain_server(database.setting()) else {
            println!("left out: there is no wire to fail without a TEST_DATABASE_URL with Encrypt=DANGER_PLAINTEXT");
            return None;
        };
        Some(Self::between(server, &others).await)
    }

    /// A wire to this server that has no faults yet.
    pub async fn to_little(server: &LittleServer) -> Self {
        let others = "User Id=story;Password=none;Encrypt=DANGER_PLAINTEXT;TrustServerCertificate=true;database=story";
        Self::between(server.address.clone(), others).await
    }

    async fn between(server: String, others: &str) -> Self {
        let (plan, line) = (Arc::new(Plan::default()), watch::Sender::new(Line::Open));
        let (shared, watched) = (Arc::clone(&plan), line.subscribe());
        let (port, listening) = server::run(async move {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let port = listener.local_addr().unwrap().port();
            (port, tokio::spawn(listen(listener, server, shared, watched)).abort_handle())
        })
        .await;
        let text = format!("server=tcp:127.0.0.1,{port};{others}");
        Self { url: DatabaseUrl::parse(&text, false).unwrap(), text, plan, line, listening }
    }

    /// The connection string of this end.
    #[must_use]
    pub fn setting(&self) -> &str {
        &self.text
    }

    /// Changes how the wire is as a whole.
    pub fn turn(&self, line: Line) {
        self.line.send_replace(line);
    }

    /// Cuts every connection that there is, and is as it should be again: what a failover looks like from here.
    pub async fn cut_all(&self) {
        self.turn(Line::Cut);
        // Who listens for new ones looks at the line, and each connection that still is.
        let all_cut = async {
            while self.line.receiver_count() > 1 {
                tokio::task::yield_now().await;
            }
        };
        timeout(LONGEST_CUT, all_cut).await.unwrap();
        self.turn(Line::Open);
    }

    /// Opens the database at the other end.
    #[must_use]
    pub fn open(&self, pool_size: u32) -> Database {
        Database::open(&self.url, pool_size).unwrap()
    }

    /// Adds a fault; it is waited for when those before it have struck.
    pub fn add(&self, at: At, fault: Fault) {
        self.plan.lock().to_come.push_back((at, fault));
    }

    /// Forgets the faults that have not struck yet.
    pub fn mend(&self) {
        self.plan.lock().to_come.clear();
    }

    /// The faults that have struck so far.
    #[must_use]
    pub fn struck(&self) -> Vec<Fault> {
        self.plan.lock().struck.clone()
    }
}

impl Drop for FaultyWire {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl TestApp {
    /// Another instance beside this one, which reaches the database over this wire.
    #[must_use]
    pub fn over(&self, wire: &FaultyWire) -> Self {
        let own = Shared { db: wire.open(self.setup.pool_size), gate: Arc::default(), ..Shared::clone(&self.state) };
        let state = AppState::from(own);
        let settings = HttpSettings { database_patience: self.setup.database_patience, ..HttpSettings::default() };
        let router = app::build(state.clone(), &settings).unwrap();
        Self { router, state, ..self.clone() }
    }
}

impl Plan {
    fn lock(&self) -> std::sync::MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to happen to this request.
    fn judge(&self, request: &Message) -> Option<Fault> {
        let mut progress = self.lock();
        let (at, fault) = progress.to_come.front_mut()?;
        let strikes = match at {
            At::Login => request.is_login(),
            At::Text(text) => request.is_statement() && request.holds(text),
            At::Statement(number) if request.is_statement() => {
                *number = number.saturating_sub(1);
                *number == 0
            }
            At::Statement(_) => false,
        };
        let fault = *fault;
        strikes.then(|| {
            progress.to_come.pop_front();
            progress.struck.push(fault);
            fault
        })
    }
}

/// The server's address and the rest of the connection string, if it is one whose traffic can be read.
fn plain_server(text: &str) -> Option<(String, String)> {
    let pairs =
        || text.split(';').filter_map(|pair| pair.split_once('=').map(|(name, value)| (pair, name.trim(), value)));
    let is_server = |name: &str| name.eq_ignore_ascii_case("server") || name.eq_ignore_ascii_case("data source");
    let is_plain = |(_, name, value): (&str, &str, &str)| {
        name.eq_ignore_ascii_case("encrypt") && value.trim().eq_ignore_ascii_case("DANGER_PLAINTEXT")
    };
    let (_, _, server) = pairs().find(|(_, name, _)| is_server(name)).filter(|_| pairs().any(is_plain))?;
    let server = server.trim().trim_start_matches("tcp:");
    let (host, port) = server.split_once(',').unwrap_or((server, "1433"));
    let others: Vec<&str> = pairs().filter(|(_, name, _)| !is_server(name)).map(|(pair, _, _)| pair).collect();
    Some((format!("{}:{}", host.trim(), port.trim()), others.join(";")))
}

/// Serves every connection that comes; all of them are cut when this is.
async fn listen(listener: TcpListener, server: String, plan: Arc<Plan>, line: watch::Receiver<Line>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let (server, plan, mut line, passing) = (server.clone(), Arc::clone(&plan), line.clone(), line.clone());
        connections.spawn(async move {
            // However it ends, both ends see their connection closed; that is all that there is to say of it.
            tokio::select! {
                _ = line.wait_for(|line| *line == Line::Cut) => {}
                _ = serve(client, &server, &plan, passing) => {}
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Passes requests and answers on, until one side goes or a fault strikes that cuts them off.
async fn serve(mut client: TcpStream, server: &str, plan: &Plan, mut line: watch::Receiver<Line>) -> io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    loop {
        let request = Message::read(&mut client).await?;
        let _ = line.wait_for(|line| *line == Line::Open).await;
        let fault = plan.judge(&request);
        let bytes = match fault {
            Some(Fault::CutBefore) => &[][..],
            Some(Fault::CutWithin) => request.half(),
            Some(Fault::Refused { number, class }) => {
                client.write_all(&request.refused(number, class)).await?;
                if class >= FATAL {
                    return Ok(());
                }
                continue;
            }
            Some(Fault::Nothing | Fault::CutAfter | Fault::CutWithinAnswer | Fault::CutAnswered) | None => {
                &request.bytes
            }
        };
        server.write_all(bytes).await?;
        if matches!(fault, Some(Fault::CutBefore | Fault::CutWithin | Fault::CutAfter)) {
            return Ok(());
        }
        let answer = Message::read(&mut server).await?;
        let _ = line.wait_for(|line| *line == Line::Open).await;
        match fault {
            Some(Fault::CutAnswered) => return Ok(()),
            Some(Fault::CutWithinAnswer) => return client.write_all(answer.half()).await,
            _ => client.write_all(&answer.bytes).await?,
        }
    }
}
