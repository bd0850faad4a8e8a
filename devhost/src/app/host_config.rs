//! host.json.

use crate::app::retry::{RetryPolicy, RetrySection};
use crate::app::timespan;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What host.json settles.
#[derive(Debug, Clone)]
pub struct HostConfig {
    /// The handler's executable, an absolute path.
    pub executable: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The directory it is started in.
    pub working_directory: PathBuf,
    /// What every HTTP route starts with; empty for nothing.
    pub route_prefix: String,
    /// After this time an invocation costs the handler its life; `None` for never (`-1`).
    pub function_timeout: Option<Duration>,
    /// The policy for functions that have none of their own.
    pub retry: Option<RetryPolicy>,
}

/// The default of the Flex Consumption plan.
const DEFAULT_FUNCTION_TIMEOUT: Duration = Duration::from_mins(30);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HostFile {
    version: Option<String>,
    custom_handler: Option<CustomHandler>,
    #[serde(default)]
    extensions: Extensions,
    function_timeout: Option<String>,
    retry: Option<RetrySection>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CustomHandler {
    description: Description,
    #[serde(default)]
    enable_forwarding_http_request: bool,
    http: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Description {
    default_executable_path: String,
    #[serde(default)]
    arguments: Vec<String>,
    #[serde(default)]
    working_directory: PathBuf,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Extensions {
    http: HttpExtension,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct HttpExtension {
    route_prefix: String,
}

impl Default for HttpExtension {
    fn default() -> Self {
        Self { route_prefix: "api".to_owned() }
    }
}

impl HostConfig {
    /// Reads `<script_root>/host.json`; the error names the file and what to write in it.
    pub fn load(script_root: &Path) -> Result<Self> {
        let file = script_root.join("host.json");
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("{} can't be read: name the folder that holds host.json", file.display()))?;
        Self::parse(&text, script_root).with_context(|| format!("{} is wrong", file.display()))
    }

    fn parse(text: &str, script_root: &Path) -> Result<Self> {
        let file: HostFile = serde_json::from_str(text)?;
        ensure!(file.version.as_deref() == Some("2.0"), "\"version\" must be \"2.0\"");
        let handler =
            file.custom_handler.context("\"customHandler\" is missing: this host runs custom handlers alone")?;
        ensure!(
            handler.enable_forwarding_http_request,
            "\"customHandler.enableForwardingHttpRequest\" must be true: this host hands on HTTP requests as they are"
        );
        ensure!(
            handler.http.is_none(),
            "\"customHandler.http\" can't stand beside function.json files: Azure's host refuses to start with both"
        );
        let function_timeout = match file.function_timeout.as_deref() {
            None => Some(DEFAULT_FUNCTION_TIMEOUT),
            Some("-1") => None,
            Some(text) => Some(timespan::parse(text).context("\"functionTimeout\"")?),
        };
        Ok(Self {
            executable: find_executable(script_root, &handler.description.default_executable_path)?,
            arguments: handler.description.arguments,
            working_directory: script_root.join(handler.description.working_directory),
            route_prefix: file.extensions.http.route_prefix.trim_matches('/').to_owned(),
            function_timeout,
            retry: file.retry.map(RetryPolicy::try_from).transpose()?,
        })
    }
}

fn find_executable(script_root: &Path, name: &str) -> Result<PathBuf> {
    ensure!(
        !name.is_empty(),
        "\"customHandler.description.defaultExecutablePath\" is empty: name the handler's executable"
    );
    let executable = script_root.join(name);
    ensure!(
        executable.is_file(),
        "the handler {} does not exist: build it and stage it first (\"defaultExecutablePath\")",
        executable.display()
    );
    Ok(executable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(handler: &str, rest: &str) -> Result<HostConfig> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("handler"), "")?;
        HostConfig::parse(&format!(r#"{{"version": "2.0", "customHandler": {handler} {rest}}}"#), folder.path())
    }

    const HANDLER: &str =
        r#"{"description": {"defaultExecutablePath": "handler"}, "enableForwardingHttpRequest": true}"#;

    #[test]
    fn the_defaults_are_azures() {
        let config = parse(HANDLER, "").unwrap();
        assert_eq!(config.route_prefix, "api");
        assert_eq!(config.function_timeout, Some(Duration::from_mins(30)));
        assert!(config.retry.is_none() && config.arguments.is_empty());
    }

    #[test]
    fn what_is_written_counts() {
        let config =
            parse(HANDLER, r#", "extensions": {"http": {"routePrefix": ""}}, "functionTimeout": "00:05:00""#).unwrap();
        assert_eq!(config.route_prefix, "");
        assert_eq!(config.function_timeout, Some(Duration::from_mins(5)));
        assert_eq!(parse(HANDLER, r#", "functionTimeout": "-1""#).unwrap().function_timeout, None);
    }

    #[test]
    fn each_fault_is_named() {
        let no_forwarding = r#"{"description": {"defaultExecutablePath": "handler"}}"#;
        let no_handler = r#"{"description": {"defaultExecutablePath": "other"}, "enableForwardingHttpRequest": true}"#;
        let routes = r#"{"description": {"defaultExecutablePath": "handler"}, "enableForwardingHttpRequest": true, "http": {"routes": []}}"#;
        for (handler, rest, word) in [
            ("null", "", "customHandler"),
            (no_forwarding, "", "enableForwardingHttpRequest"),
            (no_handler, "", "defaultExecutablePath"),
            (routes, "", "customHandler.http"),
            (HANDLER, r#", "functionTimeout": "5m""#, "functionTimeout"),
        ] {
            let error = format!("{:#}", parse(handler, rest).unwrap_err());
            assert!(error.contains(word), "{error}");
        }
    }

    proptest! {
        #[test]
        fn a_prefix_and_a_time_are_read_as_they_are_written(
            prefix in "[a-z]{0,5}(/[a-z]{1,5})?",
            seconds in 1_u64..86_400,
        ) {
            let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
            let time = format!("{hours:02}:{minutes:02}:{:02}", seconds % 60);
            let rest = format!(
                r#", "extensions": {{"http": {{"routePrefix": "/{prefix}/"}}}}, "functionTimeout": "{time}""#
            );
            let config = parse(HANDLER, &rest).unwrap();
            prop_assert_eq!(config.route_prefix, prefix.trim_matches('/'));
            prop_assert_eq!(config.function_timeout, Some(Duration::from_secs(seconds)));
        }

        #[test]
        fn anything_in_any_place_is_read_or_refused_in_words(
            field in "version|customHandler|extensions|functionTimeout|retry|logging",
            value in prop_oneof![
                r#"null|true|-?[1-9][0-9]{0,2}|"[a-z0-9:.]{0,8}"|\[\]|\{\}"#,
                r#"\{"http": (null|\{"routePrefix": (null|7|"v1")\})\}"#,
            ],
        ) {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("handler"), "").unwrap();
            let mut file: serde_json::Value =
                serde_json::from_str(&format!(r#"{{"version": "2.0", "customHandler": {HANDLER}}}"#)).unwrap();
            file[&field] = serde_json::from_str(&value).unwrap();
            match HostConfig::parse(&file.to_string(), folder.path()) {
                Ok(config) => prop_assert_eq!(config.executable, folder.path().join("handler")),
                Err(error) => prop_assert!(field != "logging" && !error.to_string().is_empty()),
            }
        }
    }
}
