//! A SQL Server that lets everybody in, does nothing and says that it has: enough to see, wherever these tests run, what
//! the application sends, how often, and what it makes of the wire's faults.

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use handler::db::DatabaseUrl;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

use crate::server;
use crate::tds::Message;

/// A server on a port of its own.
pub struct LittleServer {
    pub(crate) address: String,
    heard: Arc<Heard>,
    listening: AbortHandle,
}

/// What clients have sent, in the order in which it came.
#[derive(Default)]
struct Heard(Mutex<Vec<Message>>);

impl LittleServer {
    /// Starts one.
    pub async fn start() -> Self {
        let heard = Arc::new(Heard::default());
        let shared = Arc::clone(&heard);
        let (address, listening) = server::run(async move {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let address = listener.local_addr().unwrap().to_string();
            (address, tokio::spawn(listen(listener, shared)).abort_handle())
        })
        .await;
        Self { address, heard, listening }
    }

    /// A connection string to it, with this way to log in. The wire of this machine is in the clear: who listens has to be
    /// able to read it.
    #[must_use]
    pub fn url(&self, login: &str) -> DatabaseUrl {
        let address = self.address.replace(':', ",");
        DatabaseUrl::parse(&format!("server=tcp:{address};Encrypt=DANGER_PLAINTEXT;{login}"), false).unwrap()
    }

    /// How many statements came so far whose text holds this.
    #[must_use]
    pub fn heard(&self, text: &str) -> usize {
        self.heard.lock().iter().filter(|sent| sent.is_statement() && sent.holds(text)).count()
    }

    /// How many of these are calls of `sp_executesql`.
    #[must_use]
    pub fn heard_in_sp_executesql(&self, text: &str) -> usize {
        self.heard.lock().iter().filter(|sent| sent.is_for_sp_executesql() && sent.holds(text)).count()
    }

    /// How many logged in so far with this: a user's name, or a token.
    #[must_use]
    pub fn logged_in(&self, by: &str) -> usize {
        self.heard.lock().iter().filter(|sent| sent.is_login() && sent.holds(by)).count()
    }

    /// Forgets what it has heard.
    pub fn forget(&self) {
        self.heard.lock().clear();
    }
}

impl Drop for LittleServer {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Heard {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Message>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn listen(listener: TcpListener, heard: Arc<Heard>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let heard = Arc::clone(&heard);
        connections.spawn(async move {
            // A client that goes away has nothing more to say.
            let _ = serve(client, &heard).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(mut client: TcpStream, heard: &Heard) -> io::Result<()> {
    client.set_nodelay(true)?;
    loop {
        let request = Message::read(&mut client).await?;
        let answer = match &request {
            prelogin if prelogin.is_prelogin() => prelogin.greeted(),
            login if login.is_login() => login.let_in(),
            statement => statement.obeyed(),
        };
        heard.lock().push(request);
        client.write_all(&answer).await?;
    }
}
