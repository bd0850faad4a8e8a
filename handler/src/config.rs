//! The configuration, from the environment (specification 5.2). Every fault is reported at once, by the name of its
//! variable and never with its value.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use crate::db::DatabaseUrl;
use crate::limits::rules::RateLimits;

/// The port of `handler serve` when the Functions host names none.
pub const DEFAULT_PORT: u16 = 8080;
/// RFC 7518, 3.2: a key for HS256 has at least the size of its hash, 32 bytes.
const MIN_SECRET_BYTES: usize = 32;
/// Specification 5.5.1: `pool_size` 5 and `max_overflow` 10.
const DEFAULT_POOL_SIZE: u32 = 15;
/// A limit above this many requests a minute is none.
const MOST_PER_MINUTE: u32 = 10_000;
/// What stands in the specification, in our examples, and in too many copies of both.
const EXAMPLE_MARKS: &[&str] = &["your-", "change-in-production", "changeme", "change-me", "example", "local-dev"];

/// Which rules hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// A developer's machine: SQLite, http origins and short secrets are fine.
    Development,
    /// Staging and production: nothing of that.
    Production,
}

/// The secrets of one kind of token.
#[derive(Debug, Clone)]
pub struct TokenSecrets {
    /// Signs and verifies.
    pub current: SecretString,
    /// Verifies what was signed before the last rotation.
    pub previous: Option<SecretString>,
}

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Config {
    /// `ENVIRONMENT`: `development` (`dev`, `test`) or `production` (`prod`, `staging`), which is what its absence means.
    pub environment: Environment,
    /// `DATABASE_URL`
    pub database_url: DatabaseUrl,
    /// `DATABASE_POOL_SIZE`: connections to SQL Server, 1 to 100.
    pub pool_size: u32,
    /// `JWT_SECRET_KEY`, `JWT_SECRET_KEY_PREVIOUS`
    pub access_secrets: TokenSecrets,
    /// `JWT_REFRESH_SECRET_KEY`, `JWT_REFRESH_SECRET_KEY_PREVIOUS`
    pub refresh_secrets: TokenSecrets,
    /// `ACCESS_TOKEN_EXPIRE_MINUTES`, 1 to 60; 15 unless set.
    pub access_ttl: Duration,
    /// `MATCH_SCAN_BUDGET_SECONDS`, 1 to 3,600; 240 unless set: less than the host's `functionTimeout`.
    pub scan_budget: Duration,
    /// `REFRESH_TOKEN_EXPIRE_DAYS`, 1 to 30; 7 unless set.
    pub refresh_ttl: Duration,
    /// `RATE_LIMIT_AUTH_PER_MINUTE`, `RATE_LIMIT_GENERAL_PER_MINUTE`, `RATE_LIMIT_SEARCH_PER_MINUTE`: up to 10,000; 10, 100
    /// and 30 unless set. 0 is none, and not for production.
    pub rate_limits: RateLimits,
    /// `CORS_ORIGINS`: exact origins, parted by commas.
    pub cors_origins: Vec<String>,
    /// `FUNCTIONS_CUSTOMHANDLER_PORT`, set by the Functions host.
    pub port: u16,
}

/// All that is wrong with a configuration, on one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("configuration: {}", .0.join("; "))]
pub struct ConfigFaults(pub Vec<String>);

impl Config {
    /// Reads the environment of this process.
    pub fn from_env() -> Result<Self, ConfigFaults> {
        Self::from_vars(&environment())
    }

    /// Reads the given variables.
    pub fn from_vars(vars: &BTreeMap<String, String>) -> Result<Self, ConfigFaults> {
        let mut reader = Reader { vars, faults: Vec::new() };
        let environment = reader.environment();
        let production = environment == Environment::Production;
        let database_url = reader.database_url(production);
        let access_secrets = reader.secrets("JWT_SECRET_KEY", "JWT_SECRET_KEY_PREVIOUS", production);
        let refresh_secrets = reader.secrets("JWT_REFRESH_SECRET_KEY", "JWT_REFRESH_SECRET_KEY_PREVIOUS", production);
        if let (Some(access), Some(refresh)) = (&access_secrets, &refresh_secrets)
            && access.current.expose_secret() == refresh.current.expose_secret()
        {
            reader.fault("JWT_REFRESH_SECRET_KEY", "must differ from JWT_SECRET_KEY");
        }
        if reader.value("JWT_ALGORITHM").is_some_and(|name| name != "HS256") {
            reader.fault("JWT_ALGORITHM", "must be HS256 (or be left out)");
        }
        let minutes = reader.number("ACCESS_TOKEN_EXPIRE_MINUTES", 15, 1, 60);
        let days = reader.number("REFRESH_TOKEN_EXPIRE_DAYS", 7, 1, 30);
        let scan_seconds = reader.number("MATCH_SCAN_BUDGET_SECONDS", 240, 1, 3_600);
        let pool_size = reader.number("DATABASE_POOL_SIZE", DEFAULT_POOL_SIZE, 1, 100);
        let port = reader.number("FUNCTIONS_CUSTOMHANDLER_PORT", DEFAULT_PORT.into(), 1, u16::MAX.into());
        let cors_origins = reader.origins(production);
        let rate_limits = reader.rate_limits(production);
        match (database_url, access_secrets, refresh_secrets) {
            (Some(database_url), Some(access_secrets), Some(refresh_secrets)) if reader.faults.is_empty() => Ok(Self {
                environment,
                database_url,
                pool_size,
                access_secrets,
                refresh_secrets,
                access_ttl: Duration::from_secs(u64::from(minutes) * 60),
                refresh_ttl: Duration::from_secs(u64::from(days) * 86_400),
                scan_budget: Duration::from_secs(scan_seconds.into()),
                cors_origins,
                rate_limits,
                port: u16::try_from(port).unwrap_or(DEFAULT_PORT),
            }),
            _ => Err(ConfigFaults(reader.faults)),
        }
    }
}

/// What `handler migrate` needs: the database alone, so that a deployment's identity can do without the secrets.
pub fn database_from_env() -> Result<(DatabaseUrl, u32), ConfigFaults> {
    let vars = environment();
    let mut reader = Reader { vars: &vars, faults: Vec::new() };
    let production = reader.environment() == Environment::Production;
    let url = reader.database_url(production);
    let pool_size = reader.number("DATABASE_POOL_SIZE", DEFAULT_POOL_SIZE, 1, 100);
    url.filter(|_| reader.faults.is_empty()).map(|url| (url, pool_size)).ok_or(ConfigFaults(reader.faults))
}

fn environment() -> BTreeMap<String, String> {
    // A variable that is no Unicode can be none of ours.
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

struct Reader<'a> {
    vars: &'a BTreeMap<String, String>,
    faults: Vec<String>,
}

impl Reader<'_> {
    fn value(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    fn fault(&mut self, name: &str, message: &str) {
        self.faults.push(format!("{name} {message}"));
    }

    fn environment(&mut self) -> Environment {
        match self.value("ENVIRONMENT").map(str::to_ascii_lowercase).as_deref() {
            Some("development" | "dev" | "test" | "local") => Environment::Development,
            None | Some("production" | "prod" | "staging") => Environment::Production,
            Some(_) => {
                self.fault("ENVIRONMENT", "must be development, staging or production");
                Environment::Production
            }
        }
    }

    fn database_url(&mut self, production: bool) -> Option<DatabaseUrl> {
        let Some(text) = self.value("DATABASE_URL") else {
            self.fault("DATABASE_URL", "is missing");
            return None;
        };
        match DatabaseUrl::parse(text, production) {
            Ok(url) => Some(url),
            Err(fault) => {
                self.fault("DATABASE_URL", &fault.to_string());
                None
            }
        }
    }

    fn secrets(&mut self, current: &str, previous: &str, production: bool) -> Option<TokenSecrets> {
        if self.value(current).is_none() {
            self.fault(current, "is missing");
        }
        let found = self.secret(current, production);
        let before = self.secret(previous, production);
        found.map(|current| TokenSecrets { current, previous: before })
    }

    fn secret(&mut self, name: &str, production: bool) -> Option<SecretString> {
        let value = self.value(name)?.to_owned();
        let lower = value.to_ascii_lowercase();
        if value.starts_with("@Microsoft.KeyVault") {
            self.fault(name, "is a Key Vault reference that was not resolved: check the app's identity and its role");
        } else if production && value.len() < MIN_SECRET_BYTES {
            self.fault(name, "must have at least 32 bytes in production");
        } else if production && EXAMPLE_MARKS.iter().any(|mark| lower.contains(mark)) {
            self.fault(name, "is an example's secret: make one of your own (openssl rand -base64 48)");
        } else if production && distinct_bytes(&value) < 8 {
            self.fault(name, "is too regular for a secret: make one with openssl rand -base64 48");
        } else {
            return Some(SecretString::from(value));
        }
        None
    }

    fn number(&mut self, name: &str, default: u32, least: u32, most: u32) -> u32 {
        let Some(text) = self.value(name) else { return default };
        if let Some(number) = text.parse().ok().filter(|number| (least..=most).contains(number)) {
            return number;
        }
        self.fault(name, &format!("must be a whole number from {least} to {most}"));
        default
    }

    fn rate_limits(&mut self, production: bool) -> RateLimits {
        let (least, usual) = (u32::from(production), RateLimits::default());
        let mut limit = |name, usual| self.number(name, usual, least, MOST_PER_MINUTE);
        RateLimits {
            auth: limit("RATE_LIMIT_AUTH_PER_MINUTE", usual.auth),
            general: limit("RATE_LIMIT_GENERAL_PER_MINUTE", usual.general),
            search: limit("RATE_LIMIT_SEARCH_PER_MINUTE", usual.search),
        }
    }

    fn origins(&mut self, production: bool) -> Vec<String> {
        let origins: Vec<String> = self
            .value("CORS_ORIGINS")
            .map(|list| list.split(',').map(str::trim).filter(|origin| !origin.is_empty()).map(str::to_owned).collect())
            .unwrap_or_default();
        if !origins.iter().all(|origin| is_origin(origin)) {
            self.fault(
                "CORS_ORIGINS",
                "must be exact origins such as https://app.example.com, without path, slash or *",
            );
        } else if production && !origins.iter().all(|origin| origin.starts_with("https://")) {
            self.fault("CORS_ORIGINS", "must be https origins in production");
        }
        origins
    }
}

/// An origin as a browser sends it (RFC 6454, 6.2): scheme, host and a port that is not the scheme's own.
fn is_origin(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && !text.contains('*')
            && url.origin().ascii_serialization() == text
    })
}

fn distinct_bytes(text: &str) -> usize {
    text.bytes().collect::<std::collections::BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: &str = "Server=tcp:db.database.windows.net;Database=t;User ID=u;Password=p;Encrypt=true";

    fn vars(changes: &[(&str, &str)]) -> BTreeMap<String, String> {
        let mut vars: BTreeMap<String, String> = [
            ("ENVIRONMENT", "production"),
            ("DATABASE_URL", SERVER),
            ("JWT_SECRET_KEY", "q7Zr1xVb9Lw3Ks5Td8Yf2Hg6Nj4Mp0Cc"),
            ("JWT_REFRESH_SECRET_KEY", "A9sD8fG7hJ6kL5zX4cV3bN2mQ1wE0rTy"),
            ("CORS_ORIGINS", "https://travelmeetup.com, https://www.travelmeetup.com"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        for (name, value) in changes {
            vars.insert((*name).to_owned(), (*value).to_owned());
        }
        vars
    }

    fn faults(changes: &[(&str, &str)]) -> String {
        Config::from_vars(&vars(changes)).unwrap_err().to_string()
    }

    #[test]
    fn a_good_production_configuration_is_taken() {
        let config = Config::from_vars(&vars(&[])).unwrap();
        assert_eq!(config.environment, Environment::Production);
        assert_eq!((config.access_ttl.as_secs(), config.refresh_ttl.as_secs()), (900, 604_800));
        assert_eq!((config.port, config.pool_size), (8080, 15));
        assert_eq!(config.rate_limits, RateLimits { auth: 10, general: 100, search: 30 });
        assert_eq!(config.cors_origins, ["https://travelmeetup.com", "https://www.travelmeetup.com"]);
    }

    #[test]
    fn security_30_an_unnamed_environment_is_production() {
        assert!(faults(&[("ENVIRONMENT", ""), ("DATABASE_URL", "sqlite:a.db")]).contains("DATABASE_URL"));
    }

    #[test]
    fn security_30_production_refuses_weak_settings() {
        for (name, value) in [
            ("JWT_SECRET_KEY", "short"),
            ("JWT_SECRET_KEY", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
            ("JWT_SECRET_KEY", "your-local-dev-secret-key-change-in-production"),
            ("JWT_REFRESH_SECRET_KEY", "your-jwt-refresh-secret-key-for-prod-at-least-32-chars"),
            ("JWT_SECRET_KEY_PREVIOUS", "short"),
            ("JWT_REFRESH_SECRET_KEY", "q7Zr1xVb9Lw3Ks5Td8Yf2Hg6Nj4Mp0Cc"),
            ("JWT_ALGORITHM", "none"),
            ("CORS_ORIGINS", "*"),
            ("CORS_ORIGINS", "https://*.example.com"),
            ("CORS_ORIGINS", "http://travelmeetup.com"),
            ("CORS_ORIGINS", "https://travelmeetup.com/"),
            ("CORS_ORIGINS", "null"),
            ("DATABASE_URL", "sqlite::memory:"),
            ("DATABASE_URL", "Server=tcp:db;Database=t;Encrypt=false"),
            ("ACCESS_TOKEN_EXPIRE_MINUTES", "0"),
            ("REFRESH_TOKEN_EXPIRE_DAYS", "31"),
            ("RATE_LIMIT_AUTH_PER_MINUTE", "0"),
            ("RATE_LIMIT_GENERAL_PER_MINUTE", "0"),
            ("RATE_LIMIT_SEARCH_PER_MINUTE", "10001"),
            ("ENVIRONMENT", "prodution"),
        ] {
            let told = faults(&[(name, value)]);
            assert!(told.contains(name), "{name}={value}: {told}");
            assert!(!told.contains(value) || value == "null" || value == "*" || value == "0", "{told}");
        }
    }

    #[test]
    fn security_30_all_faults_are_told_on_one_line_without_values() {
        let told =
            faults(&[("JWT_SECRET_KEY", "hunter2"), ("DATABASE_URL", "hunter3"), ("DATABASE_POOL_SIZE", "many")]);
        assert!(["JWT_SECRET_KEY", "DATABASE_URL", "DATABASE_POOL_SIZE"].iter().all(|name| told.contains(name)));
        assert!(!told.contains("hunter") && !told.contains("many") && !told.contains('\n'), "{told}");
        let nothing = Config::from_vars(&BTreeMap::new()).unwrap_err().0;
        assert_eq!(nothing.len(), 3, "the database and two secrets: {nothing:?}");
    }

    #[test]
    fn development_takes_what_a_developer_has() {
        let config = Config::from_vars(&vars(&[
            ("ENVIRONMENT", "development"),
            ("DATABASE_URL", "sqlite:.data/travelmeetup.db"),
            ("JWT_SECRET_KEY", "short"),
            ("CORS_ORIGINS", "http://localhost:3000"),
            ("RATE_LIMIT_AUTH_PER_MINUTE", "0"),
        ]));
        let config = config.unwrap();
        assert_eq!(config.environment, Environment::Development);
        assert_eq!(config.rate_limits, RateLimits { auth: 0, ..RateLimits::default() });
    }
}
