//! local.settings.json: the app settings of a developer's machine.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SettingsFile {
    #[serde(default)]
    is_encrypted: bool,
    #[serde(default)]
    values: BTreeMap<String, Value>,
}

/// Reads the `Values` of a local.settings.json; a file that does not exist has none.
///
/// Fails if it is encrypted, or a value is an object or a list; the error names the file and the setting, never a value.
pub fn read(file: &Path) -> Result<BTreeMap<String, String>> {
    let text = match std::fs::read_to_string(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        text => text.with_context(|| format!("{} can't be read", file.display()))?,
    };
    parse(&text).with_context(|| format!("{} is wrong", file.display()))
}

fn parse(text: &str) -> Result<BTreeMap<String, String>> {
    let file: SettingsFile = serde_json::from_str(text)?;
    if file.is_encrypted {
        bail!("\"IsEncrypted\" is true: run `func settings decrypt` first");
    }
    let as_text = |(name, value): (String, Value)| match value {
        Value::String(text) => Ok((name, text)),
        Value::Bool(_) | Value::Number(_) => Ok((name, value.to_string())),
        _ => bail!("the value of \"{name}\" must be a string"),
    };
    file.values.into_iter().map(as_text).collect()
}

/// Leaves out the settings that this process's environment already holds: as with `func`, the environment goes first.
#[must_use]
pub fn behind_environment(settings: BTreeMap<String, String>) -> BTreeMap<String, String> {
    settings.into_iter().filter(|(name, _)| std::env::var_os(name).is_none()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_text() {
        let values = parse(r#"{"IsEncrypted": false, "Values": {"A": "x", "B": true, "C": 5}, "Host": {}}"#).unwrap();
        assert_eq!(
            values.into_iter().collect::<Vec<_>>(),
            [("A", "x"), ("B", "true"), ("C", "5")].map(|(n, v)| (n.into(), v.into()))
        );
    }

    #[test]
    fn faults_name_the_setting_and_hide_the_value() {
        let error = parse(r#"{"Values": {"SECRET": ["hidden"]}}"#).unwrap_err().to_string();
        assert!(error.contains("SECRET") && !error.contains("hidden"), "{error}");
        assert!(parse(r#"{"IsEncrypted": true}"#).unwrap_err().to_string().contains("func settings decrypt"));
    }

    #[test]
    fn no_file_has_no_values() {
        assert!(read(Path::new("/nowhere/local.settings.json")).unwrap().is_empty());
    }

    #[test]
    fn the_environment_goes_first() {
        let settings = [("PATH", "from file"), ("DEVHOST_ONLY_IN_THE_FILE", "from file")]
            .map(|(n, v)| (n.to_owned(), v.to_owned()));
        let left = behind_environment(settings.into());
        assert_eq!(left.into_keys().collect::<Vec<_>>(), ["DEVHOST_ONLY_IN_THE_FILE"]);
    }
}
