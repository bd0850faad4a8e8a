//! Good and bad configurations.

use super::*;
use crate::telemetry::settings::EntraLogin;

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
        ("JWT_SECRET_KEY", "q7Zr1xVb9Lw3Ks5Td8Yf2Hg6Nj4Mp0C"),
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
fn security_30_the_examples_secrets_are_not_for_production() {
    let example = include_str!("../../../local.settings.json.example");
    let example: serde_json::Value = serde_json::from_str(example).unwrap();
    let values = example["Values"].as_object().unwrap();
    for name in ["JWT_SECRET_KEY", "JWT_REFRESH_SECRET_KEY"] {
        let told = faults(&[(name, values[name].as_str().unwrap())]);
        assert!(told.contains(name) && told.contains("an example's secret"), "{told}");
    }
}

#[test]
fn security_30_all_faults_are_told_on_one_line_without_values() {
    let told = faults(&[("JWT_SECRET_KEY", "hunter2"), ("DATABASE_URL", "hunter3"), ("DATABASE_POOL_SIZE", "many")]);
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

const VAULT: (&str, &str) = ("KEY_VAULT_URL", "https://travelmeetup.vault.azure.net/");

/// The variables of an app whose secrets are in a vault.
fn vars_beside_a_vault(changes: &[(&str, &str)]) -> Variables {
    let mut vars = vars(&[VAULT]);
    vars.retain(|name, _| !name.starts_with("JWT_") && name != "DATABASE_URL");
    vars.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    vars
}

fn secrets(changes: &[(&'static str, &str)]) -> Secrets {
    let mut secrets: Secrets = [
        ("DATABASE_URL", SERVER),
        ("JWT_SECRET_KEY", "q7Zr1xVb9Lw3Ks5Td8Yf2Hg6Nj4Mp0Cc"),
        ("JWT_REFRESH_SECRET_KEY", "A9sD8fG7hJ6kL5zX4cV3bN2mQ1wE0rTy"),
    ]
    .map(|(name, value)| (name, value.into()))
    .into();
    secrets.extend(changes.iter().map(|(name, value)| (*name, (*value).into())));
    secrets
}

#[test]
fn what_a_vault_holds_is_taken_like_a_variable() {
    let vars = vars_beside_a_vault(&[]);
    let vault = VaultSettings::from_vars(&vars).unwrap().unwrap();
    assert_eq!(vault.holds.len(), 5, "{vault:?}");
    let config = Config::read(&vars, Some(&secrets(&[]))).unwrap();
    assert_eq!(config.access_secrets.current.expose_secret(), "q7Zr1xVb9Lw3Ks5Td8Yf2Hg6Nj4Mp0Cc");
    assert_eq!(config.database_url.describe(), "SQL Server at db.database.windows.net:1433");
    assert_eq!(VaultSettings::from_vars(&self::vars(&[])), Ok(None));
}

#[test]
fn a_database_that_the_environment_names_is_not_asked_for() {
    let vault = VaultSettings::from_vars(&vars_beside_a_vault(&[("DATABASE_URL", SERVER)])).unwrap().unwrap();
    assert!(!vault.holds.contains(&"DATABASE_URL") && vault.holds.len() == 4);
    assert_eq!(vault.for_the_database_alone(), None);
    let vault = VaultSettings::from_vars(&vars_beside_a_vault(&[])).unwrap().unwrap();
    assert_eq!(vault.for_the_database_alone().unwrap().holds, ["DATABASE_URL"]);
}

#[test]
fn the_names_in_a_vault_have_dashes() {
    assert_eq!(name_in_vault("JWT_REFRESH_SECRET_KEY_PREVIOUS"), "JWT-REFRESH-SECRET-KEY-PREVIOUS");
    assert_eq!(name_in_vault("DATABASE_URL"), "DATABASE-CONNECTION-STRING", "as the specification calls it");
}

#[test]
fn security_30_a_secret_has_one_place() {
    for name in TOKEN_SECRETS {
        let told = VaultSettings::from_vars(&vars_beside_a_vault(&[(name, "hunter2")])).unwrap_err().to_string();
        assert!(told.contains(name) && told.contains("KEY_VAULT_URL") && !told.contains("hunter2"), "{told}");
    }
}

#[test]
fn security_30_only_the_https_address_of_a_vault_is_taken() {
    for text in [
        "http://travelmeetup.vault.azure.net/",
        "travelmeetup.vault.azure.net",
        "https://travelmeetup/",
        "https://hunter2@travelmeetup.vault.azure.net/",
        "https://travelmeetup.vault.azure.net/secrets/hunter2",
        "https://travelmeetup.vault.azure.net/?hunter2",
        "hunter2",
    ] {
        let told = VaultSettings::from_vars(&vars_beside_a_vault(&[("KEY_VAULT_URL", text)])).unwrap_err().to_string();
        assert!(told.contains("KEY_VAULT_URL must be") && !told.contains("hunter2"), "{text}: {told}");
    }
}

#[test]
fn security_30_a_vaults_secrets_are_held_to_the_same_rules_and_named_as_there() {
    for (name, value, place) in [
        ("JWT_SECRET_KEY", "hunter2", "JWT-SECRET-KEY in the vault"),
        ("JWT_SECRET_KEY", " ", "JWT-SECRET-KEY in the vault"),
        ("JWT_SECRET_KEY_PREVIOUS", "hunter2", "JWT-SECRET-KEY-PREVIOUS in the vault"),
        ("JWT_REFRESH_SECRET_KEY", "q7Zr1xVb9Lw3Ks5Td8Yf2Hg6Nj4Mp0Cc", "JWT-REFRESH-SECRET-KEY in the vault"),
        ("DATABASE_URL", "hunter2", "DATABASE-CONNECTION-STRING in the vault"),
        ("DATABASE_URL", "sqlite:hunter2", "DATABASE-CONNECTION-STRING in the vault"),
    ] {
        let secrets = secrets(&[(name, value)]);
        let told = Config::read(&vars_beside_a_vault(&[]), Some(&secrets)).unwrap_err().to_string();
        assert!(told.contains(place) && !told.contains("hunter2") && !told.contains("q7Zr"), "{told}");
    }
}

const INGESTION: &str =
    "InstrumentationKey=0f6c1d7e-58b4-4a59-9c02-3a7b6f1d2e43;IngestionEndpoint=https://in.example.com/";

#[test]
fn telemetry_is_off_unless_it_is_asked_for() {
    let config = Config::from_vars(&vars(&[])).unwrap();
    assert_eq!((config.telemetry, config.metrics), (None, false));
    let name = "APPLICATIONINSIGHTS_CONNECTION_STRING";
    assert_eq!(read_telemetry(&vars(&[(name, " ")])), None);
    let asked = vars(&[(name, INGESTION), ("TELEMETRY_SAMPLING_PERCENT", "5"), ("METRICS", "on")]);
    let config = Config::from_vars(&asked).unwrap();
    let telemetry = config.telemetry.unwrap();
    assert_eq!((telemetry.percent, telemetry.role.as_str(), config.metrics), (5, "travelmeetup", true));
    assert_eq!(read_telemetry(&asked), Some(telemetry), "the log knows before everything else");
    let named = Config::from_vars(&vars(&[(name, INGESTION), ("WEBSITE_SITE_NAME", "tm-prod")])).unwrap();
    let telemetry = named.telemetry.unwrap();
    assert_eq!((telemetry.percent, telemetry.role.as_str(), telemetry.login), (20, "tm-prod", None));
    let login = ("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "Authorization=AAD");
    let asked = Config::from_vars(&vars(&[(name, INGESTION), login])).unwrap();
    assert_eq!(asked.telemetry.unwrap().login, Some(EntraLogin { client_id: None }));
    assert_eq!(read_telemetry(&vars(&[login])), None, "that alone is for nobody");
}

#[test]
fn security_30_faulty_telemetry_stops_the_start_and_is_not_repeated() {
    for (name, value) in [
        ("APPLICATIONINSIGHTS_CONNECTION_STRING", "hunter2"),
        ("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "hunter2"),
        ("TELEMETRY_SAMPLING_PERCENT", "hunter2"),
        ("TELEMETRY_SAMPLING_PERCENT", "101"),
        ("METRICS", "hunter2"),
    ] {
        let told = faults(&[(name, value)]);
        assert!(told.contains(&format!("{name} must")) && !told.contains("hunter2"), "{told}");
    }
}
