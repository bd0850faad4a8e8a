//! The infrastructure fits what it is made for: the handler's settings, the functions, the log lines, the workflows.

use std::collections::{BTreeMap, BTreeSet};

use handler::config::{Config, Environment, Secrets, VaultSettings};
use secrecy::SecretString;

use crate::bicep::Template;
use crate::{read, repository};

/// Settings that the Functions host or the platform reads, and not the handler.
/// <https://learn.microsoft.com/azure/azure-functions/functions-app-settings>
const OF_THE_HOST: &[&str] = &[
    "AzureWebJobsStorage__accountName",
    "AzureWebJobsStorage__credential",
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_WORKER_RUNTIME",
    "WEBSITE_RUN_FROM_PACKAGE",
    "WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID",
];

/// What a template's variable of that name lists: names of settings and the expressions of their values.
fn settings(variable: &str) -> BTreeMap<String, String> {
    let text = read("infrastructure/modules/functionApp.bicep");
    let (_, rest) = text.split_once(&format!("\nvar {variable} = [\n")).unwrap();
    let (list, _) = rest.split_once("\n]\n").unwrap();
    let lines: Vec<&str> = list.lines().map(str::trim).collect();
    let pairs =
        lines.windows(2).filter_map(|pair| Some((pair[0].strip_prefix("name: ")?, pair[1].strip_prefix("value: ")?)));
    pairs.map(|(name, value)| (name.trim_matches('\'').to_owned(), value.to_owned())).collect()
}

/// The variables that the README's table of the configuration names.
fn variables_of_the_handler() -> BTreeSet<String> {
    let readme = read("README.md");
    let (_, section) = readme.split_once("\n## Configuration\n").unwrap();
    let cells = section.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('|').nth(1));
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

/// The string that stands after `start` in a file, up to the next quote, with `${…}` replaced.
fn string_after(text: &str, start: &str, instead: &str) -> String {
    let (_, rest) = text.split_once(start).unwrap();
    let (string, _) = rest.split_once('\'').unwrap();
    let mut parts = string.split("${");
    let mut filled = parts.next().unwrap().to_owned();
    for part in parts {
        filled.push_str(instead);
        filled.push_str(part.split_once('}').unwrap().1);
    }
    filled
}

#[test]
fn every_app_setting_is_read_by_the_handler_or_the_host() {
    let known = variables_of_the_handler();
    for name in settings("settings").keys().chain(settings("consumptionSettings").keys()) {
        assert!(known.contains(name) || OF_THE_HOST.contains(&name.as_str()), "nobody reads {name}");
    }
    assert!(!known.contains("WEBSITE_RUN_FROM_PACKAGE"), "the README's table is read as it stands");
}

#[test]
fn flex_consumption_gets_none_of_the_settings_that_it_refuses() {
    let refused = ["FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION", "WEBSITE_RUN_FROM_PACKAGE"];
    let (flex, consumption) = (settings("settings"), settings("consumptionSettings"));
    assert!(refused.iter().all(|name| !flex.contains_key(*name) && consumption.contains_key(*name)));
}

/// With these the deployment fails, even where they are null: "The following site configuration property (…) for Flex Consumption
/// sites is invalid", error 51021. <https://github.com/microsoft/azure-pipelines-tasks/issues/21032>
#[test]
fn flex_consumption_gets_none_of_the_properties_that_it_refuses() {
    let app = read("infrastructure/modules/functionApp.bicep");
    for property in [
        "alwaysOn",
        "ftpsState",
        "functionAppScaleLimit",
        "functionsRuntimeScaleMonitoringEnabled",
        "linuxFxVersion",
        "netFrameworkVersion",
        "preWarmedInstanceCount",
        "use32BitWorkerProcess",
        "windowsFxVersion",
    ] {
        assert!(!app.contains(&format!("{property}:")), "{property}");
    }
    assert!(app.contains("minTlsVersion:"), "properties are written like this");
}

#[test]
fn the_handler_takes_these_settings_and_the_vaults_secrets_in_production() {
    let main = read("infrastructure/main.bicep");
    let written = |value: &str| value.trim_matches('\'').to_owned();
    let vars: BTreeMap<String, String> = settings("settings")
        .into_iter()
        .map(|(name, value)| {
            let value = match name.as_str() {
                "ENVIRONMENT" => string_after(&main, "environmentName: environment == 'prod' ? '", ""),
                "DATABASE_URL" => string_after(&main, "databaseUrl: '", "t.database.windows.net"),
                "APPLICATIONINSIGHTS_CONNECTION_STRING" => "InstrumentationKey=5a3d1c7e-0000-4000-8000-000000000001;\
                     IngestionEndpoint=https://eastus-8.in.applicationinsights.azure.com/"
                    .to_owned(),
                "DATABASE_POOL_SIZE" => "5".to_owned(),
                "KEY_VAULT_URL" => "https://travelmeetup-kv-prod.vault.azure.net/".to_owned(),
                "CORS_ORIGINS" => "https://travelmeetup.com,https://www.travelmeetup.com".to_owned(),
                _ => written(&value),
            };
            (name, value)
        })
        .collect();

    let vault = VaultSettings::from_vars(&vars).unwrap().unwrap();
    assert!(!vault.holds.contains(&"DATABASE_URL"), "the connection string is a setting: there is no password in it");

    let secret = |text: &str| SecretString::from(text.repeat(3));
    let secrets = Secrets::from([
        ("JWT_SECRET_KEY", secret("Tq7#wLz9!mXc2")),
        ("JWT_REFRESH_SECRET_KEY", secret("bV4$kHs8?nRj6")),
    ]);
    let config = Config::read(&vars, Some(&secrets)).unwrap();
    assert_eq!(config.environment, Environment::Production);
    assert_eq!(config.pool_size, 5);
    assert_eq!(config.cors_origins.len(), 2);
    assert!(config.telemetry.unwrap().login.is_some(), "telemetry logs in by the app's identity");
}

/// By the key in the connection string anybody could write who has seen it.
#[test]
fn telemetry_is_written_by_identity_alone() {
    let login = settings("settings")["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"].clone();
    assert_eq!(login, "'Authorization=AAD'");
    assert!(read("infrastructure/modules/appInsights.bicep").contains("    DisableLocalAuth: true\n"));
    let roles = read("infrastructure/modules/roleAssignments.bicep");
    let (_, role) = roles.split_once("resource appSendsTelemetry ").unwrap();
    let (role, _) = role.split_once("\n}\n").unwrap();
    for line in ["scope: appInsights\n", "principalId: functionAppPrincipalId\n", "', monitoringMetricsPublisher)"] {
        assert!(role.contains(line), "{line:?} in {role}");
    }
}

/// The handler tells of each request; what the host is left to tell is that a handler gave no answer. Successes are at the level
/// Information in this category, failures at Error.
#[test]
fn the_host_tells_of_no_request_that_the_handler_tells_of() {
    let host: serde_json::Value = serde_json::from_str(&read("host.json")).unwrap();
    assert_eq!(host["logging"]["logLevel"]["Host.Results"], "Error");
    // It is the host that takes the lines of the log over, as information.
    assert_eq!(host["logging"]["logLevel"]["default"], "Information");
}

/// Variables that the example of a developer's settings leaves out: what a vault or the host is for, and what has one value.
const NOT_FOR_DEVELOPERS: &[&str] = &[
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "FUNCTIONS_CUSTOMHANDLER_PORT",
    "JWT_ALGORITHM",
    "JWT_REFRESH_SECRET_KEY_PREVIOUS",
    "JWT_SECRET_KEY_PREVIOUS",
    "KEY_VAULT_URL",
    "TELEMETRY_SAMPLING_PERCENT",
];

#[test]
fn the_example_of_local_settings_has_every_variable_and_the_handler_takes_it() {
    let example: serde_json::Value = serde_json::from_str(&read("local.settings.json.example")).unwrap();
    let values = example["Values"].as_object().unwrap();
    for variable in variables_of_the_handler() {
        let left_out = NOT_FOR_DEVELOPERS.contains(&variable.as_str());
        assert_ne!(values.contains_key(&variable), left_out, "{variable}: in the example, or left out for a reason");
    }
    let value = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let vars = values.iter().map(|(name, text)| (name.clone(), value(text))).collect();
    let config = Config::from_vars(&vars).unwrap();
    assert_eq!(config.environment, Environment::Development);
}

#[test]
fn questions_to_the_logs_name_functions_that_exist_and_words_that_are_logged() {
    let mut logged = String::new();
    collect_rust(&repository().join("handler/src"), &mut logged);
    let documents = ["infrastructure/modules/alerts.bicep", "docs/OPERATIONS.md"]
        .map(|path| (path, read(path).replace("\\'", "'")));
    let mut questions = 0;
    for (path, text) in &documents {
        for before in ["name == \"", "name != \"", "name in (\"", "name !in (\""] {
            for name in quoted_after(text, before) {
                // As the host names it, or as the handler does.
                let name = name.strip_prefix("POST /").unwrap_or(name);
                let function = repository().join("functions").join(name).join("function.json");
                assert!(function.is_file(), "{path}: there is no function {name}");
                questions += 1;
            }
        }
        for before in ["message has \"", "event == \""] {
            // What the reader fills in begins with `<`.
            for words in quoted_after(text, before).into_iter().filter(|words| !words.starts_with('<')) {
                assert!(logged.contains(words), "{path}: nothing logs {words:?}");
                questions += 1;
            }
        }
    }
    assert!(questions > 10, "only {questions} were found");
}

#[test]
fn workflows_ask_for_outputs_that_main_has() {
    let main = Template::read(&read("infrastructure/main.bicep"));
    let mut asked = 0;
    for workflow in ["app-deploy.yml", "infrastructure-deploy.yml"] {
        let text = read(&format!(".github/workflows/{workflow}"));
        for part in text.split("steps.infrastructure.outputs.").skip(1) {
            let name: String = part.chars().take_while(char::is_ascii_alphanumeric).collect();
            assert!(main.outputs.contains(&name), "{workflow}: main.bicep has no output {name}");
            asked += 1;
        }
    }
    assert!(asked > 3, "only {asked} were found");
}

fn quoted_after<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.split_once('"')).map(|(quoted, _)| quoted).collect()
}

fn collect_rust(folder: &std::path::Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_rust(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}
