//! Azure Key Vault, by Microsoft's SDK.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use azure_core::credentials::TokenCredential;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::{HttpClient, StatusCode};
use azure_security_keyvault_secrets::{SecretClient, SecretClientOptions};
use secrecy::SecretString;
use tokio::time::timeout;

use super::identity::{client_options, credential};
use super::trouble::{cause, reason};
use super::{Reading, SecretSource, https};
use crate::config::{Secrets, Variables, VaultSettings, name_in_vault};

/// For all secrets together, the SDK's own tries again included. The Functions host waits 30 s for a handler to start.
const READ_TIMEOUT: Duration = Duration::from_secs(8);

/// The vault at one address, as one identity sees it.
pub struct KeyVault {
    client: SecretClient,
}

/// The vault that the settings name, reached over the network by the identity that the environment gives.
pub fn open(settings: &VaultSettings, vars: &Variables) -> anyhow::Result<Arc<dyn SecretSource>> {
    let http = https::to_anywhere()?;
    Ok(Arc::new(KeyVault::new(settings, credential(vars, &http)?, &http)?))
}

impl KeyVault {
    /// The vault that the settings name, reached by `http` with `credential`.
    pub fn new(
        settings: &VaultSettings,
        credential: Arc<dyn TokenCredential>,
        http: &Arc<dyn HttpClient>,
    ) -> anyhow::Result<Self> {
        let options = SecretClientOptions { client_options: client_options(http), ..SecretClientOptions::default() };
        let client = SecretClient::new(settings.url.as_str(), credential, Some(options)).context("KEY_VAULT_URL")?;
        Ok(Self { client })
    }

    async fn read_all(&self, variables: &[&'static str]) -> anyhow::Result<Secrets> {
        let mut secrets = Secrets::new();
        // One after the other, over one connection: the first one brings the token for all.
        for variable in variables {
            if let Some(secret) = self.find(&name_in_vault(variable)).await.map_err(|error| told(&error))? {
                secrets.insert(variable, secret);
            }
        }
        Ok(secrets)
    }

    /// The latest version of a secret, unless there is none, or it is disabled.
    async fn find(&self, name: &str) -> Result<Option<SecretString>, Error> {
        let answer = match self.client.get_secret(name, None).await {
            Ok(answer) => answer,
            Err(error) if error.http_status() == Some(StatusCode::NotFound) => return Ok(None),
            Err(error) if reason(&error).as_deref() == Some("SecretDisabled") => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(answer.into_model()?.value.map(SecretString::from))
    }
}

impl SecretSource for KeyVault {
    fn read<'a>(&'a self, variables: &'a [&'static str]) -> Reading<'a> {
        Box::pin(async move {
            match timeout(READ_TIMEOUT, self.read_all(variables)).await {
                Ok(read) => read,
                Err(_) => anyhow::bail!(
                    "the vault that KEY_VAULT_URL names, or the identity to read it with, did not answer within {} s",
                    READ_TIMEOUT.as_secs()
                ),
            }
        })
    }
}

/// What went wrong, and what to do about it, on one line.
fn told(error: &Error) -> anyhow::Error {
    let cause = cause(error);
    match error.kind() {
        ErrorKind::Credential => anyhow::anyhow!(
            "no identity to read the vault that KEY_VAULT_URL names ({cause}): give the app a managed identity, or on a \
             developer's machine sign in with `az login`"
        ),
        ErrorKind::HttpResponse { status: StatusCode::Unauthorized | StatusCode::Forbidden, .. } => anyhow::anyhow!(
            "the vault that KEY_VAULT_URL names refuses this identity ({cause}): give it the role Key Vault Secrets User"
        ),
        _ => anyhow::anyhow!(
            "the vault that KEY_VAULT_URL names can't be read ({cause}): is its address right, is it up?"
        ),
    }
}
