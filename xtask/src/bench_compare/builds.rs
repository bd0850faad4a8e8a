//! The two handlers: one of a commit, built once and kept, and one of the working tree.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::{cargo, package};

/// The commit that `reference` names, as 40 digits.
pub(super) fn commit(root: &Path, reference: &str) -> Result<String> {
    let asked = format!("{reference}^{{commit}}");
    git(root, &["rev-parse", "--verify", "--quiet", "--end-of-options", &asked])
        .ok()
        .with_context(|| format!("{reference} names no commit of this repository: `git log --oneline` lists them"))
}

/// What the working tree is, in a few words. One in the middle of a merge builds no handler, or nobody knows which.
pub(super) fn working_tree(root: &Path) -> Result<String> {
    let unmerged = git(root, &["diff", "--name-only", "--diff-filter=U"])?;
    ensure!(unmerged.is_empty(), "a merge has conflicts, resolve them first:\n{unmerged}");
    let head = git(root, &["rev-parse", "--short", "HEAD"])?;
    let changed = git(root, &["status", "--porcelain"])?.lines().count();
    Ok(match changed {
        0 => format!("{head} without changes"),
        1 => format!("{head} and 1 file that is not committed"),
        _ => format!("{head} and {changed} files that are not committed"),
    })
}

/// Where handlers are built and kept, by one process at a time.
pub(super) struct Builds<'a> {
    root: &'a Path,
    folder: PathBuf,
    /// Locked as long as this lives.
    _lock: File,
}

impl<'a> Builds<'a> {
    /// `target/bench-compare`.
    pub(super) fn open(root: &'a Path) -> Result<Self> {
        let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        let folder = root.join(target).join("bench-compare");
        fs::create_dir_all(&folder)?;
        let lock = File::create(folder.join("lock"))?;
        lock.try_lock().with_context(|| format!("another bench-compare runs in {}: wait for it", folder.display()))?;
        Ok(Self { root, folder, _lock: lock })
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The release handler of a commit. It is kept: a commit does not change. What it depends on is compiled in a folder that
    /// all commits share and that is kept too.
    pub(super) fn of_commit(&self, commit: &str) -> Result<PathBuf> {
        let kept = self.folder.join(commit).join("handler");
        if kept.is_file() {
            println!("the old handler is there from an earlier time");
            return Ok(kept);
        }
        println!("building the old handler; this takes minutes, once");
        let checkout = Checkout::add(self.root, self.folder.join("checkout"), commit)?;
        let target = self.folder.join("target");
        let mut command = Command::new("cargo");
        command
            .args(["build", "--locked", "--release", "--package", "handler", "--bin", "handler", "--target-dir"])
            .arg(&target)
            .current_dir(&checkout.path);
        // It is built as it was: by the compiler that its own rust-toolchain.toml names, and not as a part of this program.
        cargo::forget_own_package(&mut command);
        command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").env_remove("CARGO_TARGET_DIR");
        let built = command.status().context("cargo can't be started")?;
        ensure!(built.success(), "the handler of {commit} does not build: see above");
        keep(&target.join("release/handler"), &kept)?;
        Ok(kept)
    }

    /// The release handler of the working tree: a copy, so that another build does not exchange it meanwhile.
    pub(super) fn of_working_tree(&self) -> Result<PathBuf> {
        println!("building the new handler");
        let kept = self.folder.join("working-tree/handler");
        keep(&package::build(self.root, true)?, &kept)?;
        Ok(kept)
    }
}

/// Copies a handler to its place, whole or not at all.
fn keep(built: &Path, kept: &Path) -> Result<()> {
    let folder = kept.parent().context("a file is in a folder")?;
    fs::create_dir_all(folder)?;
    let copy = folder.join("copying");
    fs::copy(built, &copy).with_context(|| format!("{} can't be copied", built.display()))?;
    Ok(fs::rename(&copy, kept)?)
}

/// A commit's files in a folder of their own, which goes with this.
struct Checkout<'a> {
    root: &'a Path,
    path: PathBuf,
}

impl<'a> Checkout<'a> {
    fn add(root: &'a Path, path: PathBuf, commit: &str) -> Result<Self> {
        let checkout = Self { root, path };
        // One of a process that was killed.
        checkout.remove();
        let path = checkout.path.to_str().context("the path of the checkout is no text")?;
        git(root, &["worktree", "add", "--quiet", "--detach", path, commit])?;
        Ok(checkout)
    }

    fn remove(&self) {
        if self.path.exists() {
            let _ = fs::remove_dir_all(&self.path);
        }
        // Git forgets those whose folder is gone.
        let _ = git(self.root, &["worktree", "prune"]);
    }
}

impl Drop for Checkout<'_> {
    fn drop(&mut self) {
        self.remove();
    }
}

/// What git says, without the line's end.
fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("git").args(arguments).current_dir(root).output().context("git can't be started")?;
    ensure!(output.status.success(), "git {}: {}", arguments[0], String::from_utf8_lossy(&output.stderr).trim_end());
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let identity = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c", "commit.gpgsign=false"];
        git(folder.path(), &["init", "--quiet", "--initial-branch=main"]).unwrap();
        fs::write(folder.path().join("note"), "one").unwrap();
        git(folder.path(), &["add", "note"]).unwrap();
        git(folder.path(), &[&identity[..], &["commit", "--quiet", "-m", "One"]].concat()).unwrap();
        folder
    }

    #[test]
    fn a_reference_is_a_commit_or_refused() {
        let folder = repository();
        assert_eq!(commit(folder.path(), "main").unwrap().len(), 40);
        for unknown in ["no-such-branch", "--all", ""] {
            let fault = commit(folder.path(), unknown).unwrap_err().to_string();
            assert!(fault.contains("names no commit"), "{fault}");
        }
    }

    #[test]
    fn the_working_tree_says_how_far_it_is_from_its_commit() {
        let folder = repository();
        assert!(working_tree(folder.path()).unwrap().ends_with("without changes"));
        fs::write(folder.path().join("note"), "two").unwrap();
        assert!(working_tree(folder.path()).unwrap().ends_with("1 file that is not committed"));
    }

    #[test]
    fn a_checkout_goes_when_it_is_not_needed_and_one_that_was_left_does_not_hinder() {
        let folder = repository();
        let path = folder.path().join("checkout");
        let left = Checkout::add(folder.path(), path.clone(), "main").unwrap();
        std::mem::forget(left);
        let checkout = Checkout::add(folder.path(), path.clone(), "main").unwrap();
        assert_eq!(fs::read_to_string(path.join("note")).unwrap(), "one");
        drop(checkout);
        assert!(!path.exists());
        assert_eq!(git(folder.path(), &["worktree", "list"]).unwrap().lines().count(), 1);
    }
}
