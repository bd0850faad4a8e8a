//! `DATABASE_URL`: which engine, and where.

use connection_string::AdoNetString;

use super::login::{Login, login_by};
use super::sqlite::{Location, path_of};

/// A `DATABASE_URL` that was understood. Its `Debug` shows no secret.
#[derive(Clone)]
pub enum DatabaseUrl {
    /// `sqlite:<path>` or `sqlite::memory:`
    Sqlite(Location),
    /// An ADO.NET connection string.
    SqlServer(Box<Server>),
}

/// A server, and how to log in there.
#[derive(Clone)]
pub struct Server {
    pub(super) config: tiberius::Config,
    pub(super) login: Login,
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.describe())
    }
}

/// Why a `DATABASE_URL` is no good, told without its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlFault {
    /// Neither of the forms.
    #[error("must be sqlite:<path>, sqlite::memory: or an ADO.NET connection string (server=tcp:host,1433;database=…)")]
    Form,
    /// A reference to Key Vault that the platform did not resolve.
    #[error("is a Key Vault reference that was not resolved: check the app's identity and its role on the vault")]
    Unresolved,
    /// A connection string without encryption, in production.
    #[error("must not have Encrypt=false in production")]
    Unencrypted,
    /// A connection string that trusts any certificate, in production.
    #[error("must not have TrustServerCertificate=true in production")]
    AnyCertificate,
    /// Another `Authentication=` than those we know.
    #[error(
        "has an Authentication= that is not known here: it must be Active Directory Managed Identity, Active Directory \
         Default, or be left out"
    )]
    Authentication,
    /// A password beside an identity that has none.
    #[error("must not have a password beside Authentication=Active Directory …")]
    NeedlessPassword,
    /// A connection string that trusts any certificate, and one in particular.
    #[error("must not have both TrustServerCertificate=true and TrustServerCertificateCA")]
    TwoTrusts,
    /// SQLite, in production.
    #[error("must be a SQL Server connection string in production")]
    SqliteInProduction,
}

impl DatabaseUrl {
    /// Reads a `DATABASE_URL`. `production` refuses what is only good for a developer's machine.
    pub fn parse(text: &str, production: bool) -> Result<Self, UrlFault> {
        let text = text.trim();
        if text.starts_with("@Microsoft.KeyVault") {
            return Err(UrlFault::Unresolved);
        }
        if let Some(path) = text.strip_prefix("sqlite:") {
            return match (production, path.trim_start_matches("//")) {
                (true, _) => Err(UrlFault::SqliteInProduction),
                (false, "") => Err(UrlFault::Form),
                (false, ":memory:") => Ok(Self::Sqlite(Location::Memory)),
                (false, _) => Ok(Self::Sqlite(Location::File(path_of(path.strip_prefix("//").unwrap_or(path))))),
            };
        }
        // Read as the driver reads it, quotes, braces and repeated names included: so what is checked is what it does.
        let settings: AdoNetString = text.parse().map_err(|_| UrlFault::Form)?;
        let setting = |name: &str| settings.get(name).map(|value| value.trim().to_ascii_lowercase());
        // The driver knows no other names for it, and takes this machine where it finds none.
        let server = setting("server").or_else(|| setting("data source")).ok_or(UrlFault::Form)?;
        if server.trim_start_matches("tcp:").trim().is_empty() {
            return Err(UrlFault::Form);
        }
        let yes = |value: &str| matches!(value, "true" | "yes");
        let trusts_any = setting("trustservercertificate").is_some_and(|value| yes(&value));
        if production {
            if setting("encrypt").is_some_and(|value| !yes(&value) && value != "strict" && value != "mandatory") {
                return Err(UrlFault::Unencrypted);
            }
            if trusts_any {
                return Err(UrlFault::AnyCertificate);
            }
        }
        if trusts_any && setting("trustservercertificateca").is_some() {
            return Err(UrlFault::TwoTrusts);
        }
        let any_of = |names: &[&str]| names.iter().find_map(|name| setting(name));
        let user = any_of(&["user id", "uid", "user", "username", "user name"]);
        let authentication = setting("authentication").unwrap_or_default();
        let login = login_by(&authentication, user.as_deref()).ok_or(UrlFault::Authentication)?;
        if login != Login::Password && any_of(&["password", "pwd"]).is_some() {
            return Err(UrlFault::NeedlessPassword);
        }
        let mut config = tiberius::Config::from_ado_string(text).map_err(|_| UrlFault::Form)?;
        config.application_name("travelmeetup");
        if setting("encrypt").is_none() {
            // Microsoft.Data.SqlClient 4.0 and later encrypt by default; so do we.
            config.encryption(tiberius::EncryptionLevel::Required);
        }
        Ok(Self::SqlServer(Box::new(Server { config, login })))
    }

    /// The database for people, without user or password: `SQLite .data/travelmeetup.db`, `SQL Server`.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Sqlite(Location::Memory) => "SQLite in memory".into(),
            Self::Sqlite(Location::File(path)) => format!("SQLite {}", path.display()),
            Self::SqlServer(server) => format!("SQL Server at {}", server.config.get_addr()),
        }
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "Server=tcp:example.database.windows.net,1433;Database=travelmeetup;User ID=app;Password=s3cret";

    #[test]
    fn knows_both_engines() {
        assert_eq!(DatabaseUrl::parse("sqlite::memory:", false).unwrap().describe(), "SQLite in memory");
        assert_eq!(DatabaseUrl::parse("sqlite:.data/a.db", false).unwrap().describe(), "SQLite .data/a.db");
        assert_eq!(
            DatabaseUrl::parse(GOOD, true).unwrap().describe(),
            "SQL Server at example.database.windows.net:1433"
        );
    }

    #[test]
    fn any_certificate_and_a_certain_one_are_not_both_trusted() {
        let both = format!("{GOOD};TrustServerCertificate=true;TrustServerCertificateCA=/etc/ca.pem");
        assert_eq!(DatabaseUrl::parse(&both, false).unwrap_err(), UrlFault::TwoTrusts);
        assert!(DatabaseUrl::parse(&format!("{GOOD};TrustServerCertificateCA=/etc/ca.pem"), true).is_ok());
    }

    #[test]
    fn shows_no_secret() {
        assert!(!format!("{:?}", DatabaseUrl::parse(GOOD, true)).contains("s3cret"));
    }

    #[test]
    fn an_identity_takes_the_place_of_a_password() {
        let login = |authentication: &str| {
            let text = format!("Server=tcp:example.database.windows.net;Database=t;Encrypt=True;{authentication}");
            match DatabaseUrl::parse(&text, true) {
                Ok(DatabaseUrl::SqlServer(server)) => Ok(server.login),
                Ok(DatabaseUrl::Sqlite(_)) => unreachable!("it names a server"),
                Err(fault) => Err(fault),
            }
        };
        for kind in ["Managed Identity", "MSI", "Default"] {
            let spellings = [
                format!("Authentication=Active Directory {kind}"),
                format!("authentication = \"Active Directory {kind}\";"),
                format!("Authentication=ActiveDirectory{kind}").replace("d I", "dI"),
            ];
            for text in spellings {
                assert_eq!(login(&text), Ok(Login::Token(None)), "{text}");
            }
        }
        let of_its_own =
            "Authentication=Active Directory Managed Identity;User Id=5E29463D-71da-4fe0-8e69-999b57db23b0";
        assert_eq!(login(of_its_own), Ok(Login::Token(Some("5e29463d-71da-4fe0-8e69-999b57db23b0".into()))));
        assert_eq!(login("User ID=u;Password=p;Authentication=Sql Password"), Ok(Login::Password));
        assert_eq!(login("User ID=u;Password=p"), Ok(Login::Password));
        assert_eq!(login("Authentication=Active Directory Interactive"), Err(UrlFault::Authentication));
        assert_eq!(login("Authentication=Active Directory Default;Pwd=s3cret"), Err(UrlFault::NeedlessPassword));
    }

    #[test]
    fn security_30_production_refuses_what_is_only_good_at_home() {
        for (text, fault) in [
            ("sqlite:a.db", UrlFault::SqliteInProduction),
            ("sqlite::memory:", UrlFault::SqliteInProduction),
            (&format!("{GOOD};Encrypt=false"), UrlFault::Unencrypted),
            (&format!("{GOOD};ENCRYPT = no"), UrlFault::Unencrypted),
            (&format!("{GOOD};Encrypt=DANGER_PLAINTEXT"), UrlFault::Unencrypted),
            (&format!("{GOOD};TrustServerCertificate=True"), UrlFault::AnyCertificate),
            ("@Microsoft.KeyVault(SecretUri=https://v/secrets/x/)", UrlFault::Unresolved),
            (&format!("{GOOD};Encrypt=true;Encrypt=false"), UrlFault::Unencrypted),
            (&format!("{GOOD};TrustServerCertificate=\"true\""), UrlFault::AnyCertificate),
            (&format!("{GOOD};Trust{{Server}}Certificate=yes"), UrlFault::AnyCertificate),
            ("postgres://x", UrlFault::Form),
            ("Addr=db.example.org;Database=t", UrlFault::Form),
            ("Server=tcp:;Database=t", UrlFault::Form),
            ("", UrlFault::Form),
        ] {
            assert_eq!(DatabaseUrl::parse(text, true).unwrap_err(), fault, "{text}");
        }
        assert!(DatabaseUrl::parse(&format!("{GOOD};Encrypt=true"), true).is_ok());
    }
}
