//! What opens connections. The pool's manager and its owner share it, so that it can be exchanged under way.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bb8_tiberius::ConnectionManager;
use secrecy::ExposeSecret as _;
use tiberius::AuthMethod;
use tokio::time::timeout;

use crate::db::error::DbError;
use crate::db::login::{Login, SharedLoginTokens};
use crate::db::url::Server;

/// For a token, if it has to be asked for; usually it is at hand.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens connections to one server, and then perhaps to another.
pub(super) struct Connector {
    server: RwLock<Arc<Server>>,
    tokens: Option<SharedLoginTokens>,
}

impl Connector {
    pub(super) fn new(server: Server, tokens: Option<SharedLoginTokens>) -> Arc<Self> {
        Arc::new(Self { server: RwLock::new(Arc::new(server)), tokens })
    }

    /// Further connections are opened like this.
    pub(super) fn replace(&self, server: Server) {
        *self.server.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(server);
    }

    /// What opens the next connection, with a token of its own where one is needed.
    pub(super) async fn next(&self) -> Result<ConnectionManager, DbError> {
        let server = Arc::clone(&self.server.read().unwrap_or_else(PoisonError::into_inner));
        let mut config = server.config.clone();
        if let Login::Token(client_id) = &server.login {
            config.authentication(self.token(client_id.as_deref()).await?);
        }
        Ok(ConnectionManager::new(config))
    }

    async fn token(&self, client_id: Option<&str>) -> Result<AuthMethod, DbError> {
        let Some(tokens) = &self.tokens else {
            return Err(DbError::unavailable("DATABASE_URL asks for an identity, and this program has none"));
        };
        match timeout(TOKEN_TIMEOUT, tokens.token(client_id)).await {
            Ok(Ok(token)) => Ok(AuthMethod::aad_token(token.expose_secret())),
            Ok(Err(error)) => Err(DbError::unavailable(format!("{error:#}"))),
            Err(_) => Err(DbError::unavailable("no token for the database in time")),
        }
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Connector")
    }
}
