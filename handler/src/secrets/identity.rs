//! Who the handler is to Azure: in Azure its managed identity, on a developer's machine whoever is signed in there. That
//! opens the vault, the database where the connection string says `Authentication=Active Directory …`, and the ingestion endpoint
//! of telemetry where `APPLICATIONINSIGHTS_AUTHENTICATION_STRING` says `Authorization=AAD`.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context as _;
use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, ExponentialRetryOptions, HttpClient, RetryOptions, Transport};
use azure_core::time::Duration;
use azure_identity::{
    DeveloperToolsCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
};
use secrecy::SecretString;
use tokio::sync::{Mutex, OnceCell};
use tokio::task::spawn_blocking;

use super::trouble::cause;
use crate::config::Variables;
use crate::db::{LoginTokens, Token};
use crate::telemetry::wire;

/// What App Service and Functions tell an app that has a managed identity: where its tokens are, and the word to ask with.
const MANAGED: [&str; 2] = ["IDENTITY_ENDPOINT", "IDENTITY_HEADER"];
/// The client id of the identity to use, if the app has several.
const CLIENT_ID: &str = "AZURE_CLIENT_ID";
/// What a token for Azure SQL Database is asked for.
/// <https://learn.microsoft.com/azure/azure-sql/database/authentication-aad-overview>
const DATABASE_SCOPE: &str = "https://database.windows.net/.default";
/// What one for the ingestion endpoint of Application Insights is asked for: its audience is `https://monitor.azure.com/`, with
/// the slash, as Microsoft's own exporters have it.
/// <https://learn.microsoft.com/azure/azure-monitor/app/azure-ad-authentication>
const INGESTION_SCOPE: &str = "https://monitor.azure.com//.default";

/// The identity that this environment gives. `http` reaches the platform's endpoint; developers' tools are programs.
pub fn credential(vars: &Variables, http: &Arc<dyn HttpClient>) -> anyhow::Result<Arc<dyn TokenCredential>> {
    identity(vars, None, http)
}

fn identity(
    vars: &Variables,
    client_id: Option<&str>,
    http: &Arc<dyn HttpClient>,
) -> anyhow::Result<Arc<dyn TokenCredential>> {
    let given = |name: &str| vars.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
    if MANAGED.into_iter().any(|name| given(name).is_none()) {
        return Ok(DeveloperToolsCredential::new(None).context("developer credentials")?);
    }
    let options = ManagedIdentityCredentialOptions {
        user_assigned_id: client_id.or_else(|| given(CLIENT_ID)).map(|id| UserAssignedId::ClientId(id.to_owned())),
        client_options: client_options(http),
    };
    Ok(ManagedIdentityCredential::new(Some(options)).context("the app's managed identity")?)
}

/// How the SDK goes to the network: over `http`, and no more than twice again. Whoever waits for it has a bound of their own.
pub(super) fn client_options(http: &Arc<dyn HttpClient>) -> ClientOptions {
    let retry = ExponentialRetryOptions {
        initial_delay: Duration::milliseconds(200),
        max_retries: 2,
        max_total_elapsed: Duration::seconds(5),
        ..ExponentialRetryOptions::default()
    };
    ClientOptions {
        retry: RetryOptions::exponential(retry),
        transport: Some(Transport::new(Arc::clone(http))),
        ..ClientOptions::default()
    }
}

/// Tokens for the database, of the identity that an environment gives. Nothing is made before the first one is asked for.
pub struct DatabaseTokens<C> {
    vars: Variables,
    connect: C,
    /// By client id; the SDK keeps their tokens while they are good.
    credentials: Mutex<HashMap<Option<String>, Arc<dyn TokenCredential>>>,
}

impl<C> DatabaseTokens<C>
where
    C: Fn() -> anyhow::Result<Arc<dyn HttpClient>> + Send + Sync + 'static,
{
    /// Tokens of the identity that these variables give, asked for over the network that `connect` opens.
    pub fn new(vars: Variables, connect: C) -> Self {
        Self { vars, connect, credentials: Mutex::default() }
    }

    async fn credential(&self, client_id: Option<&str>) -> anyhow::Result<Arc<dyn TokenCredential>> {
        let mut credentials = self.credentials.lock().await;
        let key = client_id.map(str::to_owned);
        if let Some(known) = credentials.get(&key) {
            return Ok(Arc::clone(known));
        }
        let made = identity(&self.vars, client_id, &(self.connect)()?)?;
        credentials.insert(key, Arc::clone(&made));
        Ok(made)
    }
}

impl<C> LoginTokens for DatabaseTokens<C>
where
    C: Fn() -> anyhow::Result<Arc<dyn HttpClient>> + Send + Sync + 'static,
{
    fn token<'a>(&'a self, client_id: Option<&'a str>) -> Token<'a> {
        Box::pin(async move {
            match self.credential(client_id).await?.get_token(&[DATABASE_SCOPE], None).await {
                Ok(token) => Ok(SecretString::from(token.token.secret())),
                Err(error) => anyhow::bail!(
                    "no identity to log in to the database with ({}): give the app a managed identity, or on a developer's \
                     machine sign in with `az login`",
                    cause(&error)
                ),
            }
        })
    }
}

/// Tokens for the ingestion endpoint, of the identity that an environment gives, or of the one with this client id.
pub struct IngestionTokens<C> {
    vars: Variables,
    client_id: Option<String>,
    connect: Arc<C>,
    network: OnceCell<Arc<dyn HttpClient>>,
}

impl<C> IngestionTokens<C>
where
    C: Fn() -> anyhow::Result<Arc<dyn HttpClient>> + Send + Sync + 'static,
{
    /// Tokens of the identity that these variables give, asked for over the network that `connect` opens.
    pub fn new(vars: Variables, client_id: Option<String>, connect: C) -> Self {
        Self { vars, client_id, connect: Arc::new(connect), network: OnceCell::new() }
    }

    /// Opened once, and apart from what serves requests: certificates are read.
    async fn network(&self) -> anyhow::Result<&Arc<dyn HttpClient>> {
        let connect = Arc::clone(&self.connect);
        self.network.get_or_try_init(async || spawn_blocking(move || connect()).await?).await
    }
}

impl<C> wire::IngestionTokens for IngestionTokens<C>
where
    C: Fn() -> anyhow::Result<Arc<dyn HttpClient>> + Send + Sync + 'static,
{
    fn issue(&self) -> wire::Token<'_> {
        Box::pin(async move {
            // A new credential each time: the SDK's own store of tokens can't be told that one was refused.
            let credential = identity(&self.vars, self.client_id.as_deref(), self.network().await?)?;
            credential.get_token(&[INGESTION_SCOPE], None).await.map_err(|error| {
                anyhow::anyhow!(
                    "no identity to log in to Application Insights with ({}): give the app a managed identity, or on a \
                     developer's machine sign in with `az login`",
                    cause(&error)
                )
            })
        })
    }
}
