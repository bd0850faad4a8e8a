//! Secrets from a vault, read again while the handler runs, so that replacing one needs no restart.
//!
//! With `KEY_VAULT_URL` the secrets of the tokens (and the connection string, unless `DATABASE_URL` is set) are in Azure
//! Key Vault. [`load`] reads them before anything else starts, in bounded time; a [`refresh::Refresher`] reads them again
//! every hour and hands new ones to those who use them. [`vault`] is Key Vault by Microsoft's SDK, [`identity`] who we are
//! to it, [`https`] how the SDK reaches the network. Without `KEY_VAULT_URL` nothing of this is made.
//!
//! Why it is like this: `docs/adr/0016-secrets-from-key-vault.md`.

pub mod https;
pub mod identity;
pub mod refresh;
mod trouble;
pub mod vault;

use std::pin::Pin;
use std::sync::Arc;

use crate::config::{Config, Secrets, Variables, VaultSettings};

/// What a reading of secrets comes to.
pub type Reading<'a> = Pin<Box<dyn Future<Output = anyhow::Result<Secrets>> + Send + 'a>>;

/// Where secrets are read from.
pub trait SecretSource: Send + Sync + 'static {
    /// What there is now for these variables; one that there is nothing for is left out. Takes a bounded time. An error says
    /// on one line what to do, and no secret.
    fn read<'a>(&'a self, variables: &'a [&'static str]) -> Reading<'a>;
}

/// A configuration, and where its secrets came from.
pub struct Loaded {
    /// All settings, the secrets among them.
    pub config: Config,
    /// The source to read them from again; none if they are in the environment.
    pub origin: Option<Origin>,
}

/// Where secrets came from, and what they were.
pub struct Origin {
    pub(crate) source: Arc<dyn SecretSource>,
    pub(crate) settings: VaultSettings,
    pub(crate) vars: Variables,
    pub(crate) secrets: Secrets,
}

/// Reads the whole configuration: these variables, and the secrets of the vault that they name, which `open` opens. Fails if
/// the vault can't be read, or if something that is set is no good.
pub async fn load<O>(vars: Variables, open: O) -> anyhow::Result<Loaded>
where
    O: FnOnce(&VaultSettings, &Variables) -> anyhow::Result<Arc<dyn SecretSource>>,
{
    let Some(settings) = VaultSettings::from_vars(&vars)? else {
        return Ok(Loaded { config: Config::from_vars(&vars)?, origin: None });
    };
    let source = open(&settings, &vars)?;
    let secrets = source.read(&settings.holds).await?;
    let config = Config::read(&vars, Some(&secrets))?;
    Ok(Loaded { config, origin: Some(Origin { source, settings, vars, secrets }) })
}
