//! The configuration, from the environment (specification 5.2) and, if `KEY_VAULT_URL` names one, from a vault. Every fault
//! is reported at once, by the name of its variable and never with its value.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use crate::db::DatabaseUrl;
use crate::limits::rules::RateLimits;
use crate::telemetry::settings::{self, DEFAULT_ROLE, DEFAULT_SAMPLING_PERCENT, TelemetrySettings};

/// The port of `handler serve` when the Functions host names none.
pub const DEFAULT_PORT: u16 = 8080;
/// RFC 7518, 3.2: a key for HS256 has at least the size of its hash, 32 bytes.
const MIN_SECRET_BYTES: usize = 32;
/// How many connections to SQL Server there are at most unless the configuration says otherwise. Specification 5.5.1:
/// `pool_size` 5 and `max_overflow` 10.
pub const DEFAULT_POOL_SIZE: u32 = 15;
/// A limit above this many requests a minute is none.
const MOST_PER_MINUTE: u32 = 10_000;
/// What stands in the specification, in our examples, and in too many copies of both.
const EXAMPLE_MARKS: &[&str] =
    &["your-", "change-in-production", "changeme", "change-me", "example", "local-dev", "replace-this"];

/// The variables that a vault holds in place of the environment. That is either of the two, never both.
const TOKEN_SECRETS: [&str; 4] =
    ["JWT_SECRET_KEY", "JWT_REFRESH_SECRET_KEY", "JWT_SECRET_KEY_PREVIOUS", "JWT_REFRESH_SECRET_KEY_PREVIOUS"];
/// The variable that a vault holds unless the environment does: a connection string without a password is no secret.
pub const DATABASE: &str = "DATABASE_URL";

/// The variables of a process by their names.
pub type Variables = BTreeMap<String, String>;

/// What a vault holds, by the names of the variables that it stands for.
pub type Secrets = BTreeMap<&'static str, SecretString>;

/// Where secrets are read from, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultSettings {
    /// `KEY_VAULT_URL`: `https://<name>.vault.azure.net/`
    pub url: url::Url,
    /// The variables that the vault stands for.
    pub holds: Vec<&'static str>,
}

impl VaultSettings {
    /// The vault that `KEY_VAULT_URL` names, if it names one.
    pub fn from_vars(vars: &Variables) -> Result<Option<Self>, ConfigFaults> {
        let mut reader = Reader { vars, secrets: None, faults: Vec::new() };
        let Some(text) = reader.value("KEY_VAULT_URL") else { return Ok(None) };
        let Some(url) = vault_url(text) else {
            reader.fault("KEY_VAULT_URL", "must be the address of a vault: https://<name>.vault.azure.net/");
            return Err(ConfigFaults(reader.faults));
        };
        for name in TOKEN_SECRETS {
            if reader.value(name).is_some() {
                reader.fault(name, "is set twice, here and in the vault that KEY_VAULT_URL names: remove one of them");
            }
        }
        if !reader.faults.is_empty() {
            return Err(ConfigFaults(reader.faults));
        }
        let database = reader.value(DATABASE).is_none().then_some(DATABASE);
        Ok(Some(Self { url, holds: TOKEN_SECRETS.into_iter().chain(database).collect() }))
    }

    /// The same vault, asked for nothing but where the database is; `None` if the environment says that.
    #[must_use]
    pub fn for_the_database_alone(self) -> Option<Self> {
        self.holds.contains(&DATABASE).then(|| Self { holds: vec![DATABASE], ..self })
    }
}

/// The name in a vault, which takes letters, digits and dashes only, of what stands for a variable.
#[must_use]
pub fn name_in_vault(variable: &str) -> String {
    match variable {
        DATABASE => "DATABASE-CONNECTION-STRING".to_owned(),
        _ => variable.replace('_', "-"),
    }
}

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
    /// `POLL_INTERVAL_SECONDS`, 10 to 3,600; 60 unless set: how often clients are told to ask for news.
    pub poll_seconds: u32,
    /// `REFRESH_TOKEN_EXPIRE_DAYS`, 1 to 30; 7 unless set.
    pub refresh_ttl: Duration,
    /// `RATE_LIMIT_AUTH_PER_MINUTE`, `RATE_LIMIT_GENERAL_PER_MINUTE`, `RATE_LIMIT_SEARCH_PER_MINUTE`: up to 10,000; 10, 100
    /// and 30 unless set. 0 is none, and not for production.
    pub rate_limits: RateLimits,
    /// `CORS_ORIGINS`: exact origins, parted by commas.
    pub cors_origins: Vec<String>,
    /// `FUNCTIONS_CUSTOMHANDLER_PORT`, set by the Functions host.
    pub port: u16,
    /// `APPLICATIONINSIGHTS_CONNECTION_STRING`, `APPLICATIONINSIGHTS_AUTHENTICATION_STRING`, `TELEMETRY_SAMPLING_PERCENT`: none
    /// unless the first is set.
    pub telemetry: Option<TelemetrySettings>,
    /// `METRICS`: whether `/metrics` is there, `on` or `off`; on unless set, but in production off.
    pub metrics: bool,
}

/// All that is wrong with a configuration, on one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("configuration: {}", .0.join("; "))]
pub struct ConfigFaults(pub Vec<String>);

impl Config {
    /// Reads the given variables alone.
    pub fn from_vars(vars: &Variables) -> Result<Self, ConfigFaults> {
        Self::read(vars, None)
    }

    /// Reads the given variables, and what a vault holds in place of some.
    pub fn read(vars: &Variables, secrets: Option<&Secrets>) -> Result<Self, ConfigFaults> {
        let mut reader = Reader { vars, secrets, faults: Vec::new() };
        let environment = reader.environment();
        let production = environment == Environment::Production;
        let database_url = reader.database_url(production);
        let access_secrets = reader.secrets("JWT_SECRET_KEY", "JWT_SECRET_KEY_PREVIOUS", production);
        let refresh_secrets = reader.secrets("JWT_REFRESH_SECRET_KEY", "JWT_REFRESH_SECRET_KEY_PREVIOUS", production);
        if let (Some(access), Some(refresh)) = (&access_secrets, &refresh_secrets)
            && access.current.expose_secret() == refresh.current.expose_secret()
        {
            reader.fault("JWT_REFRESH_SECRET_KEY", "must differ from that of access tokens, JWT_SECRET_KEY");
        }
        if reader.value("JWT_ALGORITHM").is_some_and(|name| name != "HS256") {
            reader.fault("JWT_ALGORITHM", "must be HS256 (or be left out)");
        }
        let minutes = reader.number("ACCESS_TOKEN_EXPIRE_MINUTES", 15, 1, 60);
        let days = reader.number("REFRESH_TOKEN_EXPIRE_DAYS", 7, 1, 30);
        let scan_seconds = reader.number("MATCH_SCAN_BUDGET_SECONDS", 240, 1, 3_600);
        let poll_seconds = reader.number("POLL_INTERVAL_SECONDS", 60, 10, 3_600);
        let pool_size = reader.number("DATABASE_POOL_SIZE", DEFAULT_POOL_SIZE, 1, 100);
        let port = reader.number("FUNCTIONS_CUSTOMHANDLER_PORT", DEFAULT_PORT.into(), 1, u16::MAX.into());
        let cors_origins = reader.origins(production);
        let rate_limits = reader.rate_limits(production);
        let telemetry = reader.telemetry();
        let metrics = reader.switch("METRICS", !production);
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
                poll_seconds,
                cors_origins,
                rate_limits,
                port: u16::try_from(port).unwrap_or(DEFAULT_PORT),
                telemetry,
                metrics,
            }),
            _ => Err(ConfigFaults(reader.faults)),
        }
    }
}

/// What `handler migrate` needs: the database and its pool's size alone, so that a deployment's identity can do without
/// the other secrets.
pub fn read_database(vars: &Variables, secrets: Option<&Secrets>) -> Result<(DatabaseUrl, u32), ConfigFaults> {
    let mut reader = Reader { vars, secrets, faults: Vec::new() };
    let production = reader.environment() == Environment::Production;
    let url = reader.database_url(production);
    let pool_size = reader.number("DATABASE_POOL_SIZE", DEFAULT_POOL_SIZE, 1, 100);
    url.filter(|_| reader.faults.is_empty()).map(|url| (url, pool_size)).ok_or(ConfigFaults(reader.faults))
}

/// What `handler serve` needs before everything else, since the log has to know whether somebody reads along. What is wrong
/// with it is told with all the rest, by [`Config::read`].
#[must_use]
pub fn read_telemetry(vars: &Variables) -> Option<TelemetrySettings> {
    Reader { vars, secrets: None, faults: Vec::new() }.telemetry()
}

/// Whether figures are counted to be shown.
#[must_use]
pub fn shows_metrics(vars: &Variables) -> bool {
    let mut reader = Reader { vars, secrets: None, faults: Vec::new() };
    let production = reader.environment() == Environment::Production;
    reader.switch("METRICS", !production)
}

/// The variables of this process.
#[must_use]
pub fn environment() -> Variables {
    // A variable that is no Unicode can be none of ours.
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// What is no part of a vault's address is refused: it would be left out in silence, or sent along in every request.
fn vault_url(text: &str) -> Option<url::Url> {
    url::Url::parse(text).ok().filter(|url| {
        url.scheme() == "https"
            && url.host_str().is_some_and(|host| host.contains('.'))
            && (url.username(), url.password(), url.path(), url.query(), url.fragment()) == ("", None, "/", None, None)
    })
}

struct Reader<'a> {
    vars: &'a Variables,
    secrets: Option<&'a Secrets>,
    faults: Vec<String>,
}

impl Reader<'_> {
    fn variable(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    fn value(&self, name: &str) -> Option<&str> {
        let secret = || self.secrets?.get(name).map(|secret| secret.expose_secret().trim());
        self.variable(name).or_else(|| secret().filter(|value| !value.is_empty()))
    }

    /// Notes what is wrong with a setting, by the name that it has where it is set.
    fn fault(&mut self, name: &str, message: &str) {
        let vault_has_it = TOKEN_SECRETS.contains(&name) || (name == DATABASE && self.variable(DATABASE).is_none());
        let place = match self.secrets {
            Some(_) if vault_has_it => format!("{} in the vault that KEY_VAULT_URL names", name_in_vault(name)),
            _ => name.to_owned(),
        };
        self.faults.push(format!("{place} {message}"));
    }

    fn missing(&mut self, name: &str) {
        self.fault(name, if self.secrets.is_some() { "is missing or disabled" } else { "is missing" });
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
        let Some(text) = self.value(DATABASE) else {
            self.missing(DATABASE);
            return None;
        };
        match DatabaseUrl::parse(text, production) {
            Ok(url) => Some(url),
            Err(fault) => {
                self.fault(DATABASE, &fault.to_string());
                None
            }
        }
    }

    fn secrets(&mut self, current: &str, previous: &str, production: bool) -> Option<TokenSecrets> {
        if self.value(current).is_none() {
            self.missing(current);
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

    fn switch(&mut self, name: &str, default: bool) -> bool {
        match self.value(name).map(str::to_ascii_lowercase).as_deref() {
            None => default,
            Some("on" | "true" | "1") => true,
            Some("off" | "false" | "0") => false,
            Some(_) => {
                self.fault(name, "must be on or off");
                default
            }
        }
    }

    fn telemetry(&mut self) -> Option<TelemetrySettings> {
        const NAME: &str = "APPLICATIONINSIGHTS_CONNECTION_STRING";
        const LOGIN: &str = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";
        let percent = self.number("TELEMETRY_SAMPLING_PERCENT", DEFAULT_SAMPLING_PERCENT, 0, 100);
        let login = self.variable(LOGIN).map(settings::parse_login).transpose();
        let login = login.map_err(|fault| self.fault(LOGIN, fault)).ok();
        let parsed = settings::parse(self.variable(NAME)?);
        let ((key, track), login) = (parsed.map_err(|fault| self.fault(NAME, fault)).ok()?, login?);
        let named = |names: &[&str]| names.iter().find_map(|name| self.variable(name)).map(str::to_owned);
        let role = named(&["WEBSITE_SITE_NAME"]).unwrap_or_else(|| DEFAULT_ROLE.to_owned());
        let instance = named(&["WEBSITE_INSTANCE_ID", "CONTAINER_NAME", "HOSTNAME"]).unwrap_or_default();
        Some(TelemetrySettings { key, track, percent, login, role, instance })
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
mod tests;
