//! A wire to SQL Server that fails where a story wants it to.
//!
//! A [`FaultyWire`] listens on a port of its own and passes everything on to the server of `TEST_DATABASE_URL` and back.
//! Of TDS it knows the frame ([MS-TDS] 2.2.3.1): a message is one or more packets, each with a header of eight bytes (type,
//! status, length), and the last one has the lowest bit of its status set. Client and server take turns: a request, its
//! answer. That is enough to find a request by its number or its text, and to lose or refuse it. It has to be able to read
//! it, so the connection string must say `Encrypt=DANGER_PLAINTEXT`.

use std::collections::VecDeque;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use handler::app;
use handler::db::{Database, DatabaseUrl};
use handler::http::HttpSettings;
use handler::state::AppState;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

use crate::app::TestApp;
use crate::database::OwnDatabase;
use crate::server;

/// The bytes of a packet's header.
const HEADER: usize = 8;
/// Types of packets ([MS-TDS] 2.2.3.1.1).
const SQL_BATCH: u8 = 1;
const RPC: u8 = 3;
const RESPONSE: u8 = 4;
const LOGIN: u8 = 16;
/// The bit of a packet's status that marks the last one of a message.
const END_OF_MESSAGE: u8 = 1;
/// From this class on, an error of the server ends the connection.
const FATAL: u8 = 20;

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

/// A wire between the application and the server.
pub struct FaultyWire {
    url: DatabaseUrl,
    plan: Arc<Plan>,
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
        let plan = Arc::new(Plan::default());
        let shared = Arc::clone(&plan);
        let (port, listening) = server::run(async move {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let port = listener.local_addr().unwrap().port();
            (port, tokio::spawn(listen(listener, server, shared)).abort_handle())
        })
        .await;
        let text = format!("server=tcp:127.0.0.1,{port};{others}");
        Some(Self { url: DatabaseUrl::parse(&text, false).unwrap(), plan, listening })
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
        let state = AppState { db: wire.open(self.setup.pool_size), gate: Arc::default(), ..self.state.clone() };
        let router = app::build(state.clone(), &HttpSettings::default()).unwrap();
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
            At::Login => request.kind() == LOGIN,
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
async fn listen(listener: TcpListener, server: String, plan: Arc<Plan>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let (server, plan) = (server.clone(), Arc::clone(&plan));
        connections.spawn(async move {
            // However it ends, both ends see their connection closed; that is all that there is to say of it.
            let _ = serve(client, &server, &plan).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Passes requests and answers on, until one side goes or a fault strikes that cuts them off.
async fn serve(mut client: TcpStream, server: &str, plan: &Plan) -> io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    loop {
        let request = Message::read(&mut client).await?;
        let fault = plan.judge(&request);
        let bytes = match fault {
            Some(Fault::CutBefore) => &[][..],
            Some(Fault::CutWithin) => request.half(),
            Some(Fault::Refused { number, class }) => {
                client.write_all(&refusal(request.kind(), number, class)).await?;
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
        match fault {
            Some(Fault::CutAnswered) => return Ok(()),
            Some(Fault::CutWithinAnswer) => return client.write_all(answer.half()).await,
            _ => client.write_all(&answer.bytes).await?,
        }
    }
}

/// A whole message, as it comes over the wire.
struct Message {
    bytes: Vec<u8>,
    /// The same without the headers of its packets.
    payload: Vec<u8>,
}

impl Message {
    async fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let (mut bytes, mut payload) = (Vec::new(), Vec::new());
        loop {
            let mut header = [0; HEADER];
            stream.read_exact(&mut header).await?;
            let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
            let rest =
                length.checked_sub(HEADER).ok_or_else(|| io::Error::other("a packet shorter than its header"))?;
            let start = payload.len();
            payload.resize(start + rest, 0);
            stream.read_exact(&mut payload[start..]).await?;
            bytes.extend_from_slice(&header);
            bytes.extend_from_slice(&payload[start..]);
            if header[1] & END_OF_MESSAGE != 0 {
                return Ok(Self { bytes, payload });
            }
        }
    }

    fn kind(&self) -> u8 {
        self.bytes[0]
    }

    fn is_statement(&self) -> bool {
        matches!(self.kind(), SQL_BATCH | RPC)
    }

    /// Whether this is in its text, which is UTF-16 in little endian.
    fn holds(&self, text: &str) -> bool {
        let text: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        self.payload.windows(text.len()).any(|window| window == text)
    }

    fn half(&self) -> &[u8] {
        &self.bytes[..self.bytes.len() / 2]
    }
}

/// The answer of a server to a request of this kind that it refuses: an ERROR token and a DONE ([MS-TDS] 2.2.7.10, 2.2.7.6).
fn refusal(kind: u8, number: u32, class: u8) -> Vec<u8> {
    const ERROR: u8 = 0xAA;
    const DONE: u8 = 0xFD;
    const DONE_PROC: u8 = 0xFE;
    const STATUS_ERROR: u16 = 2;
    let message: Vec<u16> = format!("refused with error {number} on the way").encode_utf16().collect();
    let mut error = number.to_le_bytes().to_vec();
    // The state, and the class.
    error.extend([1, class]);
    error.extend(u16::try_from(message.len()).unwrap().to_le_bytes());
    error.extend(message.iter().flat_map(|unit| unit.to_le_bytes()));
    // No name of a server and none of a procedure; line 1.
    error.extend([0, 0]);
    error.extend(1_u32.to_le_bytes());

    let mut tokens = vec![ERROR];
    tokens.extend(u16::try_from(error.len()).unwrap().to_le_bytes());
    tokens.extend(error);
    tokens.push(if kind == RPC { DONE_PROC } else { DONE });
    tokens.extend(STATUS_ERROR.to_le_bytes());
    // No command, no rows.
    tokens.extend([0; 10]);

    let length = u16::try_from(HEADER + tokens.len()).unwrap().to_be_bytes();
    let mut packet = vec![RESPONSE, END_OF_MESSAGE, length[0], length[1], 0, 0, 1, 0];
    packet.extend(tokens);
    packet
}
