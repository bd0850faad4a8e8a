//! Lays out a script root: what Azure's host expects, made from the repository's `host.json`, `functions/` and a handler.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Makes `out` a script root: `host.json`, the binary as `handler` (mode 0755) and `<Function>/function.json` for every
/// folder in `repo_root/functions` that holds one.
///
/// Function folders that are in `out` and no longer in `functions/` are removed; other files there stay.
pub fn stage(repo_root: &Path, handler_binary: &Path, out: &Path) -> Result<()> {
    fs::create_dir_all(out).with_context(|| format!("{} can't be made", out.display()))?;
    replace(&repo_root.join("host.json"), &out.join("host.json"), 0o644)?;
    replace(handler_binary, &out.join("handler"), 0o755)?;
    let functions = repo_root.join("functions");
    let wanted = function_folders(&functions)?;
    for stale in function_folders(out)?.difference(&wanted) {
        let folder = out.join(stale);
        fs::remove_dir_all(&folder).with_context(|| format!("{} can't be removed", folder.display()))?;
    }
    for name in &wanted {
        let folder = out.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
        replace(&functions.join(name).join("function.json"), &folder.join("function.json"), 0o644)?;
    }
    Ok(())
}

/// Names of the immediate children that hold a function.json.
fn function_folders(folder: &Path) -> Result<BTreeSet<OsString>> {
    let unreadable = || format!("{} can't be listed", folder.display());
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let entry = entry.with_context(unreadable)?;
        if entry.path().join("function.json").is_file() {
            names.insert(entry.file_name());
        }
    }
    Ok(names)
}

/// Copies beside the target first: a handler that still runs keeps its file, and nobody sees half a one.
fn replace(from: &Path, to: &Path, mode: u32) -> Result<()> {
    ensure!(from.is_file(), "{} does not exist", from.display());
    let fresh = to.with_extension("staging");
    fs::copy(from, &fresh)
        .and_then(|_| fs::set_permissions(&fresh, Permissions::from_mode(mode)))
        .and_then(|()| fs::rename(&fresh, to))
        .with_context(|| format!("{} can't be copied to {}", from.display(), to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lays_out_a_script_root_and_forgets_what_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let (repo, out) = (folder.path().join("repo"), folder.path().join("out"));
        for name in ["First", "Second", "notes"] {
            fs::create_dir_all(repo.join("functions").join(name)).unwrap();
        }
        for (file, text) in
            [("host.json", "{}"), ("binary", "v1"), ("functions/First/function.json", "1"), ("functions/notes/x", "")]
        {
            fs::write(repo.join(file), text).unwrap();
        }
        fs::write(repo.join("functions/Second/function.json"), "2").unwrap();
        stage(&repo, &repo.join("binary"), &out).unwrap();
        fs::write(out.join("local.settings.json"), "kept").unwrap();
        assert_eq!(fs::metadata(out.join("handler")).unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(fs::read_to_string(out.join("Second/function.json")).unwrap(), "2");
        assert!(!out.join("notes").exists());

        fs::remove_dir_all(repo.join("functions/Second")).unwrap();
        fs::write(repo.join("binary"), "v2").unwrap();
        stage(&repo, &repo.join("binary"), &out).unwrap();
        let mut left: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["First", "handler", "host.json", "local.settings.json"]);
        assert_eq!(fs::read_to_string(out.join("handler")).unwrap(), "v2");
    }

    #[test]
    fn a_missing_binary_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("host.json"), "{}").unwrap();
        let error = stage(folder.path(), &folder.path().join("nowhere"), &folder.path().join("out")).unwrap_err();
        assert!(error.to_string().contains("nowhere"), "{error}");
    }
}
