//! Who the handler is to Azure: in Azure its managed identity, on a developer's machine whoever is signed in there.

use std::sync::Arc;

use anyhow::Context as _;
use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, ExponentialRetryOptions, HttpClient, RetryOptions, Transport};
use azure_core::time::Duration;
use azure_identity::{
    DeveloperToolsCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
};

use crate::config::Variables;

/// What App Service and Functions tell an app that has a managed identity: where its tokens are, and the word to ask with.
const MANAGED: [&str; 2] = ["IDENTITY_ENDPOINT", "IDENTITY_HEADER"];
/// The client id of the identity to use, if the app has several.
const CLIENT_ID: &str = "AZURE_CLIENT_ID";

/// The identity that this environment gives. `http` reaches the platform's endpoint; developers' tools are programs.
pub fn credential(vars: &Variables, http: &Arc<dyn HttpClient>) -> anyhow::Result<Arc<dyn TokenCredential>> {
    let given = |name: &str| vars.get(name).filter(|value| !value.trim().is_empty());
    if MANAGED.into_iter().any(|name| given(name).is_none()) {
        return Ok(DeveloperToolsCredential::new(None).context("developer credentials")?);
    }
    let options = ManagedIdentityCredentialOptions {
        user_assigned_id: given(CLIENT_ID).map(|id| UserAssignedId::ClientId(id.trim().to_owned())),
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
