//! The tables of docs/SECURITY.md and docs/ASVS.md, held together with the tests that they name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// The promises.
const PROMISES: RangeInclusive<u32> = 1..=30;
/// How the name of a test that holds one begins.
const PREFIX: &str = "security_";
/// Where tests are.
const SOURCES: [&str; 5] = ["handler/src", "handler/tests", "devhost", "tests", "xtask"];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn document(name: &str) -> String {
    fs::read_to_string(repository().join("docs").join(name)).unwrap()
}

/// All Rust files in a folder.
fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Every test as `module::name`, where the module is the file's name, or its folder's if that says more.
fn tests_of(file: &Path, text: &str) -> Vec<String> {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let folder = file.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
    let module = if ["tests", "mod", "main"].contains(&stem) { folder } else { stem };
    let mut tests = Vec::new();
    let mut marked = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            marked = true;
        } else if let Some((_, rest)) = line.split_once("fn ").filter(|_| marked) {
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            tests.push(format!("{module}::{name}"));
            marked = false;
        }
    }
    tests
}

fn all_tests() -> BTreeSet<String> {
    let mut files = Vec::new();
    for folder in SOURCES {
        rust_files(&repository().join(folder), &mut files);
    }
    files.iter().flat_map(|file| tests_of(file, &fs::read_to_string(file).unwrap())).collect()
}

/// The numbers of the promises that a test holds: `security_23_24_scans_…` holds two. One about the audit log has a word.
fn numbers_of(test: &str) -> Vec<u32> {
    let Some(rest) = test.rsplit("::").next().and_then(|name| name.strip_prefix(PREFIX)) else { return Vec::new() };
    rest.split('_').map_while(|part| part.parse().ok()).collect()
}

/// The cells of each row of each table, without the headings and the lines under them.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let lines = text.lines().filter(|line| line.starts_with('|'));
    let cells = lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    cells.filter(|cells| cells[0].starts_with(|c: char| c.is_ascii_digit())).collect()
}

/// What stands in backticks in a text.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The tests that a text names, `module::name`.
fn named(text: &str) -> impl Iterator<Item = &str> {
    quoted(text).filter(|name| name.contains("::") && !name.contains(['(', ' ', '/']))
}

/// The files and programs that a text names by their path from the repository.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    quoted(text).filter(|name| {
        ["tests/", "handler/tests/", "docs/", ".github/", ".ci/"].iter().any(|top| name.starts_with(top))
    })
}

/// What is wrong with a table of promises, given the tests that there are: a line each.
fn faults_of_promises(text: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut held: BTreeMap<u32, usize> = BTreeMap::new();
    for cells in rows(text) {
        let (number, proofs) = (cells[0].parse::<u32>().unwrap_or_default(), cells.last().copied().unwrap_or_default());
        for test in named(proofs).filter(|test| numbers_of(test).is_empty()) {
            faults.push(format!("{number}: {test} does not carry a number"));
        }
        *held.entry(number).or_default() += named(proofs).count() + paths(proofs).count();
    }
    faults.extend(
        PROMISES
            .filter(|number| held.get(number).is_none_or(|tests| *tests == 0))
            .map(|number| format!("{number} has no test")),
    );
    for test in tests {
        for number in
            numbers_of(test).into_iter().filter(|number| !PROMISES.contains(number) || !held.contains_key(number))
        {
            faults.push(format!("{test} holds {number}, which is promised nowhere"));
        }
    }
    faults
}

/// What is wrong with the names in a document: tests and files that are not there.
fn faults_of_names(text: &str, tests: &BTreeSet<String>, is_there: impl Fn(&str) -> bool) -> Vec<String> {
    let lost = named(text).filter(|name| !tests.contains(*name)).map(|name| format!("there is no test {name}"));
    lost.chain(paths(text).filter(|path| !is_there(path)).map(|path| format!("there is no file {path}"))).collect()
}

/// What is wrong with the rows of the ASVS table: a requirement has a test, or says why there is none.
fn faults_of_requirements(text: &str) -> Vec<String> {
    let bare = |cell: &str| cell.trim_matches(['-', '–', ' ']).is_empty();
    let has_proof = |cell: &str| named(cell).next().is_some() || paths(cell).next().is_some();
    rows(text)
        .into_iter()
        .filter(|cells| {
            let proof = cells.last().copied().unwrap_or_default();
            // A reason is a sentence.
            cells.len() < 3 || bare(proof) || (!has_proof(proof) && proof.split_whitespace().count() < 3)
        })
        .map(|cells| format!("{} has neither a test nor a reason", cells[0]))
        .collect()
}

#[test]
fn every_promise_names_tests_that_there_are() {
    let (tests, text) = (all_tests(), document("SECURITY.md"));
    assert!(tests.len() > 500 && rows(&text).len() == 30, "{} tests, {} rows", tests.len(), rows(&text).len());
    assert_eq!(faults_of_promises(&text, &tests), Vec::<String>::new());
    assert_eq!(faults_of_names(&text, &tests, |path| repository().join(path).exists()), Vec::<String>::new());
}

#[test]
fn every_requirement_has_a_test_or_a_reason() {
    let (tests, text) = (all_tests(), document("ASVS.md"));
    assert!(rows(&text).len() > 100, "{} rows", rows(&text).len());
    assert_eq!(faults_of_requirements(&text), Vec::<String>::new());
    assert_eq!(faults_of_names(&text, &tests, |path| repository().join(path).exists()), Vec::<String>::new());
}

#[test]
fn a_table_that_has_come_apart_is_noticed() {
    // Written so that these are not found where they stand.
    let source = "
        #[test]
        fn @_01_one() {}
        #[tokio::test(flavor = \"multi_thread\")]
        async fn @_02_03_two<T>() {}
        fn @_04_is_no_test() {}
        #[test]
        fn @_31_beyond() {}
        #[test]
        fn @_log_has_no_number() {}
    "
    .replace("@_", PREFIX);
    let tests: BTreeSet<String> = tests_of(Path::new("src/logins/tests.rs"), &source).into_iter().collect();
    let expected = ["security_01_one", "security_02_03_two", "security_31_beyond", "security_log_has_no_number"];
    assert_eq!(tests, expected.map(|name| format!("logins::{name}")).into());
    assert_eq!(tests_of(Path::new("src/logins.rs"), &source)[0], "logins::security_01_one");

    let row = |number: u32, proof: &str| format!("| {number} | holds | `done/here.rs` | {proof} |\n");
    let good = "`logins::security_01_one`";
    let table: String = PROMISES.map(|number| row(number, good)).collect();
    let but = |number: u32, proof: &str| {
        table.replace(&row(number, good), &if proof.is_empty() { String::new() } else { row(number, proof) })
    };
    let beyond = "logins::security_31_beyond holds 31, which is promised nowhere";
    assert_eq!(faults_of_promises(&table, &tests), [beyond]);
    assert_eq!(faults_of_promises(&but(7, "some day"), &tests), ["7 has no test", beyond]);
    assert_eq!(faults_of_promises(&but(7, "`tests/fuzz/run`"), &tests), [beyond]);
    let unnumbered = "7: logins::security_log_has_no_number does not carry a number";
    assert_eq!(faults_of_promises(&but(7, "`logins::security_log_has_no_number`"), &tests), [unnumbered, beyond]);
    let gone = "logins::security_02_03_two holds 3, which is promised nowhere";
    assert_eq!(faults_of_promises(&but(3, ""), &tests), ["3 has no test", gone, beyond]);

    let text = "`logins::security_01_one` `other::security_01_one` `tests/here` `tests/gone` `a::call()` `GET /x`";
    assert_eq!(
        faults_of_names(text, &tests, |path| path == "tests/here"),
        ["there is no test other::security_01_one", "there is no file tests/gone"]
    );

    let requirements = "
| | asks | done in | test or reason |
|---|---|---|---|
| 1.1.1 | this | `a.rs` | `logins::security_01_one` |
| 1.1.2 | that | | There are no files. |
| 1.1.3 | and that | `a.rs` | – |
| 1.1.4 | and that | `a.rs` | later |
| 1.1.5 | |
";
    assert_eq!(
        faults_of_requirements(requirements),
        ["1.1.3", "1.1.4", "1.1.5"].map(|number| format!("{number} has neither a test nor a reason"))
    );
}
