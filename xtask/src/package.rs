//! What is deployed: a script root for the Functions host, as `func start --script-root dist` and `devhost --script-root dist`
//! take it, and the same as a zip.
//!
//! The same commit gives the same bytes wherever it is checked out, with the toolchain of `rust-toolchain.toml` and the same
//! C compiler: the zip has sorted entries with fixed times and modes, and the binary knows neither the time nor
//! the path of the checkout or of cargo's home. docs/adr/0018-the-package.md says why it is built as it is.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

const MIB: u64 = 1 << 20;
/// How big a release handler may be, in bytes: a cold start reads all of it.
const MOST_HANDLER: u64 = 20 * MIB;
/// How big its zip may be, in bytes: each new instance fetches it.
const MOST_ZIP: u64 = 10 * MIB;
/// What the Core Tools want in a script root for themselves; they publish it as little as we put it in the zip.
const LOCAL_SETTINGS: &str = "local.settings.json";
/// Parts the flags of `CARGO_ENCODED_RUSTFLAGS`, which may so have spaces in them.
const UNIT_SEPARATOR: &str = "\u{1f}";

/// How the handler is built for a package.
pub(crate) enum Build {
    /// As `cargo dev` builds it.
    Debug,
    /// As it is deployed.
    Release {
        /// The triple to build for; this machine's own unless set.
        target: Option<String>,
    },
}

/// Builds the handler, lays everything out in `out`, and packs the same into `out.zip` beside it. With `verify` it is all
/// done again in a copy of the checkout, and an error unless the bytes are the same.
pub(crate) fn package(root: &Path, out: &Path, build: &Build, verify: bool) -> Result<()> {
    let zip = make(root, out, build, &target_folder(root))?;
    let (handler, packed) = (fs::metadata(out.join("handler"))?.len(), fs::metadata(&zip)?.len());
    println!("{}: host.json, handler ({}) and the functions", out.display(), kib(handler));
    println!("{}: the same, {}", zip.display(), kib(packed));
    if matches!(build, Build::Release { .. }) {
        ensure!(handler <= MOST_HANDLER, "the handler is bigger than {}", kib(MOST_HANDLER));
        ensure!(packed <= MOST_ZIP, "the zip is bigger than {}", kib(MOST_ZIP));
    }
    if verify {
        let folder = tempfile::tempdir()?;
        let copy = folder.path().join("checkout");
        copy_checkout(root, &copy)?;
        let again = make(&copy, &copy.join("dist"), build, &folder.path().join("target"))?;
        ensure!(fs::read(&zip)? == fs::read(again)?, "another build of this checkout gives other bytes");
        println!("a build elsewhere gives the same bytes");
    }
    Ok(())
}

/// Builds the handler with cargo's progress on the terminal; answers the binary's path.
pub(crate) fn build(root: &Path, release: bool) -> Result<PathBuf> {
    tokio::runtime::Runtime::new()?.block_on(devhost::dev::build_handler(root, release))
}

/// The handler that is given, or a new release build; answers the binary's path.
pub(crate) fn given(root: &Path, handler: Option<&Path>) -> Result<PathBuf> {
    handler.map_or_else(|| build(root, true), |handler| Ok(handler.to_path_buf()))
}

fn make(root: &Path, out: &Path, how: &Build, target_folder: &Path) -> Result<PathBuf> {
    refuse_strangers(out)?;
    let binary = match how {
        Build::Debug => build(root, false)?,
        Build::Release { target } => build_to_deploy(root, target.as_deref(), target_folder)?,
    };
    devhost::stage(root, &binary, out)?;
    pack(out)
}

/// Builds the handler so that nothing of this machine is in it; answers the binary's path.
fn build_to_deploy(root: &Path, target: Option<&str>, target_folder: &Path) -> Result<PathBuf> {
    if target.is_some_and(|target| target.ends_with("-musl")) {
        let found = Command::new("musl-gcc").arg("--version").stdout(Stdio::null()).status();
        ensure!(found.is_ok(), "SQLite and ring are compiled by musl-gcc: `apt-get install musl-tools`");
    }
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
        .context("cargo's home is not known: set CARGO_HOME")?;
    // Of several that fit, rustc takes the last: the target folder may lie in the checkout.
    let homes = [(cargo_home.as_path(), "/cargo"), (root, "/travelmeetup"), (target_folder, "/target")];
    let remap = homes.map(|(path, name)| format!("--remap-path-prefix={}={name}", path.display()));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command
        .args(["build", "--locked", "--release", "--package", "handler", "--bin", "handler", "--target-dir"])
        .arg(target_folder)
        .env("CARGO_ENCODED_RUSTFLAGS", remap.join(UNIT_SEPARATOR))
        // What C compilers take for `__DATE__` and `__TIME__`, which mimalloc tells in its statistics.
        .env("SOURCE_DATE_EPOCH", "0")
        .current_dir(root)
        .stdin(Stdio::null());
    // What cargo told this process of its own package would have some build scripts run again.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    let mut folder = target_folder.to_path_buf();
    if let Some(target) = target {
        command.args(["--target", target]);
        folder.push(target);
    }
    ensure!(command.status().context("cargo can't be started")?.success(), "the handler does not build: see above");
    let binary = folder.join("release/handler");
    let bytes = fs::read(&binary)?;
    for (path, _) in homes {
        ensure!(!holds(&bytes, path), "{} has {} in it, which differs elsewhere", binary.display(), path.display());
    }
    Ok(binary)
}

/// Where a release for deployment is built: apart from others, for its flags are its own.
fn target_folder(root: &Path) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| OsString::from("target"));
    root.join(target).join("package")
}

fn holds(bytes: &[u8], path: &Path) -> bool {
    let path = path.as_os_str().as_encoded_bytes();
    bytes.windows(path.len()).any(|part| part == path)
}

/// An error if `out` is there and holds anything but a package: nothing of it is deployed unseen, and nothing lost.
fn refuse_strangers(out: &Path) -> Result<()> {
    let Ok(entries) = fs::read_dir(out) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        let is_ours = path.join("function.json").is_file()
            || ["host.json", "handler", LOCAL_SETTINGS].iter().any(|name| path.ends_with(name));
        ensure!(is_ours, "{} is no part of a package: remove it, or name another folder by --out", path.display());
    }
    Ok(())
}

/// Packs a script root into a zip beside it, and answers the zip's path.
fn pack(script_root: &Path) -> Result<PathBuf> {
    let mut names = vec!["handler".to_owned(), "host.json".to_owned()];
    for entry in fs::read_dir(script_root)? {
        let entry = entry?;
        if entry.path().join("function.json").is_file() {
            names.push(format!("{}/function.json", entry.file_name().display()));
        }
    }
    names.sort();
    let zip = beside(script_root)?;
    let mut writer = ZipWriter::new(File::create(&zip).with_context(|| format!("{} can't be made", zip.display()))?);
    for name in names {
        let mode = if name == "handler" { 0o755 } else { 0o644 };
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(mode);
        writer.start_file(&name, options)?;
        io::copy(&mut File::open(script_root.join(&name))?, &mut writer)?;
    }
    writer.finish()?.flush()?;
    Ok(zip)
}

/// `dist.zip` for `dist`.
fn beside(folder: &Path) -> Result<PathBuf> {
    let Some(name) = folder.file_name() else { bail!("{} is no name for a package", folder.display()) };
    let mut name = name.to_owned();
    name.push(".zip");
    Ok(folder.with_file_name(name))
}

/// Copies what git knows of the checkout, as it stands.
fn copy_checkout(root: &Path, copy: &Path) -> Result<()> {
    let listed =
        Command::new("git").args(["ls-files", "-z"]).current_dir(root).output().context("git can't be started")?;
    ensure!(listed.status.success(), "git does not list the files: {}", String::from_utf8_lossy(&listed.stderr));
    for name in std::str::from_utf8(&listed.stdout)?.split_terminator('\0') {
        let to = copy.join(name);
        fs::create_dir_all(to.parent().unwrap_or(copy))?;
        fs::copy(root.join(name), to).with_context(|| format!("{name} can't be copied"))?;
    }
    Ok(())
}

fn kib(bytes: u64) -> String {
    format!("{} KiB", bytes.div_ceil(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_holds_nothing_that_does_not_belong_there() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("dist");
        refuse_strangers(&out).unwrap();
        fs::create_dir_all(out.join("Health")).unwrap();
        for name in ["host.json", "handler", "Health/function.json", LOCAL_SETTINGS] {
            fs::write(out.join(name), "").unwrap();
        }
        refuse_strangers(&out).unwrap();
        fs::write(out.join("notes.txt"), "").unwrap();
        assert!(refuse_strangers(&out).unwrap_err().to_string().contains("notes.txt"));
    }

    #[test]
    fn a_zip_holds_the_package_alone_and_no_trace_of_when_or_by_whom_it_was_made() {
        let folder = tempfile::tempdir().unwrap();
        let pack_in = |name: &str, order: [&str; 4]| {
            let out = folder.path().join(name);
            fs::create_dir_all(out.join("Health")).unwrap();
            for file in order {
                fs::write(out.join(file), file).unwrap();
            }
            fs::read(pack(&out).unwrap()).unwrap()
        };
        let one = pack_in("one", ["handler", "host.json", "Health/function.json", LOCAL_SETTINGS]);
        let other = pack_in("other", ["Health/function.json", LOCAL_SETTINGS, "host.json", "handler"]);
        assert_eq!(one, other);
        let mut zip = zip::ZipArchive::new(io::Cursor::new(one)).unwrap();
        let entries: Vec<_> = (0..zip.len())
            .map(|index| {
                let file = zip.by_index(index).unwrap();
                (file.name().unwrap().into_owned(), file.unix_mode().unwrap() & 0o777)
            })
            .collect();
        let expected = [("Health/function.json", 0o644), ("handler", 0o755), ("host.json", 0o644)];
        assert_eq!(entries, expected.map(|(name, mode)| (name.to_owned(), mode)));
    }

    #[test]
    fn a_path_in_a_binary_is_found() {
        assert!(holds(b"\0/home/ana/src\0", Path::new("/home/ana")));
        assert!(!holds(b"\0/travelmeetup/src\0", Path::new("/home/ana")));
    }
}
