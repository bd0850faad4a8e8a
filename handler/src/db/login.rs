//! Logging in to SQL Server without a password: by a token of the handler's own identity.

use std::pin::Pin;
use std::sync::Arc;

use secrecy::SecretString;

/// What asking for a token comes to.
pub type Token<'a> = Pin<Box<dyn Future<Output = anyhow::Result<SecretString>> + Send + 'a>>;

/// Where tokens for the database come from.
pub trait LoginTokens: Send + Sync + 'static {
    /// A token that is good now, of the managed identity with this client id if one is named. An error says on one line what
    /// to do.
    fn token<'a>(&'a self, client_id: Option<&'a str>) -> Token<'a>;
}

/// A source of tokens shared by everything in one process.
pub type SharedLoginTokens = Arc<dyn LoginTokens>;

/// How to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Login {
    /// By the user and password in the connection string.
    Password,
    /// By a token, of the identity with this client id if there is one.
    Token(Option<String>),
}

/// What `Authentication=` asks for; `None` if that is nothing we know. `user` is the connection string's.
/// <https://learn.microsoft.com/sql/connect/ado-net/sql/azure-active-directory-authentication>
pub(super) fn login_by(authentication: &str, user: Option<&str>) -> Option<Login> {
    let bare: String = authentication.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect();
    match bare.as_str() {
        "" | "sqlpassword" => Some(Login::Password),
        "activedirectorymanagedidentity" | "activedirectorymsi" | "activedirectorydefault" => {
            Some(Login::Token(user.filter(|id| !id.is_empty()).map(str::to_owned)))
        }
        _ => None,
    }
}
