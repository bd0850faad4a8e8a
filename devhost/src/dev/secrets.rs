//! Secrets for a developer's machine alone: made once and kept, so that sessions outlive a restart.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The settings that get a random value.
const NAMES: [&str; 2] = ["JWT_SECRET_KEY", "JWT_REFRESH_SECRET_KEY"];
/// Twice what HS256 needs at least (RFC 7518, section 3.2), in bytes.
const LENGTH: usize = 64;

/// Reads the kept secrets, or makes them with `randomise` and keeps them in `file`, readable for its owner alone.
pub fn load_or_create(file: &Path, mut randomise: impl FnMut(&mut [u8])) -> Result<BTreeMap<String, String>> {
    let mut secrets: BTreeMap<String, String> = match fs::read(file) {
        Ok(text) => serde_json::from_slice(&text)
            .with_context(|| format!("{} is damaged: delete it to get new secrets", file.display()))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(error).with_context(|| format!("{} can't be read", file.display())),
    };
    let missing: Vec<&str> = NAMES.into_iter().filter(|name| !secrets.contains_key(*name)).collect();
    if missing.is_empty() {
        return Ok(secrets);
    }
    for name in missing {
        let mut bytes = [0; LENGTH];
        randomise(&mut bytes);
        secrets.insert(name.to_owned(), bytes.map(|byte| format!("{byte:02x}")).concat());
    }
    write(file, &secrets).with_context(|| format!("{} can't be written", file.display()))?;
    Ok(secrets)
}

/// Whole or not at all, and never readable for others in between.
fn write(file: &Path, secrets: &BTreeMap<String, String>) -> Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let fresh = file.with_extension("new");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let mut opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    opened.write_all(&serde_json::to_vec_pretty(secrets)?)?;
    fs::rename(&fresh, file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn are_made_once_and_for_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".data/dev-secrets.json");
        let mut next = 0;
        let mut random = |bytes: &mut [u8]| {
            next += 1;
            bytes.fill(next);
        };
        let made = load_or_create(&file, &mut random).unwrap();
        assert_eq!(made["JWT_SECRET_KEY"], "01".repeat(LENGTH));
        assert_eq!(made["JWT_REFRESH_SECRET_KEY"], "02".repeat(LENGTH));
        assert_eq!(load_or_create(&file, &mut random).unwrap(), made);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dev-secrets.json");
        fs::write(&file, "{").unwrap();
        assert!(load_or_create(&file, |_| ()).unwrap_err().to_string().contains("delete it"));
    }
}
