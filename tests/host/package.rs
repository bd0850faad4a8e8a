//! What is deployed is what is tested: the package of `cargo xtask package`, unzipped elsewhere and run by the host.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use http::Method;
use serde_json::json;
use tests::OwnDatabase;
use tokio::process::Command;
use zip::ZipArchive;

use crate::support::{Hosted, eventually, repository, settings};

/// Every file of a package with its mode.
type Contents = BTreeMap<String, u32>;

/// Packages into `out`, as an operator does but without optimisation; answers the zip.
async fn package(out: &Path) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["run", "--quiet", "--package", "xtask", "--", "package", "--debug", "--out"]).arg(out);
    // What cargo told these tests of their own package would have some build scripts run again.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command.current_dir(repository()).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let zip = out.with_extension("zip");
    let told = String::from_utf8(output.stdout).unwrap();
    let kib = fs::metadata(&zip).unwrap().len().div_ceil(1024);
    assert!(told.contains(&format!("{}: the same, {kib} KiB", zip.display())), "{told}");
    zip
}

/// What the host wants of this repository: its functions at the top, and nothing else beside them.
fn expected() -> Contents {
    let mut contents = Contents::from([("handler".to_owned(), 0o755), ("host.json".to_owned(), 0o644)]);
    for entry in fs::read_dir(repository().join("functions")).unwrap() {
        contents.insert(format!("{}/function.json", entry.unwrap().file_name().display()), 0o644);
    }
    assert!(contents.len() > 30, "all functions, not {}", contents.len());
    contents
}

/// The names and modes that the zip itself declares, directories too.
fn declared(zip: &Path) -> Contents {
    let mut archive = ZipArchive::new(File::open(zip).unwrap()).unwrap();
    let mut entries = Vec::new();
    for index in 0..archive.len() {
        let file = archive.by_index(index).unwrap();
        entries.push((file.name().unwrap().into_owned(), file.unix_mode().unwrap() & 0o7777));
    }
    assert!(entries.is_sorted(), "{entries:?}");
    entries.into_iter().collect()
}

/// The files under a folder with their modes.
fn files(folder: &Path) -> Contents {
    let mut found = Contents::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                let name = entry.path().strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, entry.metadata().unwrap().permissions().mode() & 0o7777);
            }
        }
    }
    found
}

#[tokio::test]
async fn a_package_unzipped_elsewhere_serves_a_whole_journey() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("dist");
    let zip = package(&out).await;
    assert_eq!(files(&out), expected());
    assert_eq!(declared(&zip), expected());
    let again = package(&folder.path().join("again")).await;
    assert!(fs::read(&zip).unwrap() == fs::read(again).unwrap(), "packaging once more gives the same bytes");

    let unzipped = folder.path().join("unzipped");
    ZipArchive::new(File::open(&zip).unwrap()).unwrap().extract(&unzipped).unwrap();
    fs::remove_dir_all(out).unwrap();
    assert_eq!(files(&unzipped), expected());

    let database = OwnDatabase::empty().await;
    let mut quiet = settings(&database);
    quiet.insert("LOG_LEVEL".to_owned(), "warn".to_owned());
    devhost::dev::run_handler(&unzipped.join("handler"), "migrate", &quiet).await.unwrap();
    let mut settings = settings(&database);
    settings.insert("MATCH_SCAN_SCHEDULE".to_owned(), "* * * * * *".to_owned());
    let hosted = Hosted::start_altered(settings, |options| options.script_root.clone_from(&unzipped)).await;

    // They register, log in, connect and plan; then the timer comes round by itself.
    let people = hosted.client().two_in_rome().await;
    for (person, other) in people.iter().zip(["Ben", "Ana"]) {
        let told = eventually("a notification of the match", async || person.told().await.pop()).await;
        assert!(told.contains(other) && told.contains("Rome"), "{told}");
        let plans = person.get("/api/v1/travels").await.expect(200).json();
        let matches = format!("/api/v1/travels/{}/matches", plans["data"][0]["id"]);
        let matches = person.get(&matches).await.expect(200).json();
        assert_eq!(matches["matches"][0]["display_name"], other, "{matches}");
    }
    let [ana, _] = people;
    ana.call(Method::POST, "/api/v1/auth/logout", &json!({})).await.expect(204);
    ana.get("/api/v1/users/me").await.expect(401);
    hosted.shutdown().await;
}
