//! Every status that the document promises has to come up in some test, and what its example says has to have been said.
//!
//! The suite notes its answers (`tests/support/coverage.rs`) when `STATUS_COVERAGE` names a file:
//!
//! ```text
//! STATUS_COVERAGE=$PWD/target/status-coverage.tsv cargo test -p tests && cargo xtask status-coverage
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// What the suite saw of one operation and status.
#[derive(Debug, Default)]
struct Seen {
    tests: BTreeSet<String>,
    messages: BTreeSet<String>,
}

/// What was seen, by operation and status.
type Notes = BTreeMap<(String, String), Seen>;

/// Writes the report, and fails if a documented status was produced by no test.
pub(crate) fn check(seen: &Path, report: &Path) -> Result<()> {
    let text = fs::read_to_string(seen)
        .with_context(|| format!("{0} can't be read: run the suite with STATUS_COVERAGE={0}", seen.display()))?;
    let (table, gaps) = compare(&handler::app::openapi(), &read(&text)?);
    fs::write(report, &table).with_context(|| format!("{} can't be written", report.display()))?;
    ensure!(gaps.is_empty(), "what the document promises and no test has seen:\n{}", gaps.join("\n"));
    println!("{} pairs of operation and status, each produced by a test: {}", table.lines().count(), report.display());
    Ok(())
}

fn read(written: &str) -> Result<Notes> {
    let mut notes = Notes::new();
    for line in written.lines() {
        let [operation, status, test, message] = line.split('\t').collect::<Vec<_>>()[..] else {
            anyhow::bail!("a line that is no note: {line}");
        };
        let seen = notes.entry((operation.to_owned(), status.to_owned())).or_default();
        seen.tests.insert(test.to_owned());
        seen.messages.insert(message.to_owned());
    }
    Ok(notes)
}

/// The report, and what is missing.
fn compare(document: &Value, notes: &Notes) -> (String, Vec<String>) {
    let (mut report, mut gaps) = (String::new(), Vec::new());
    let items = document["paths"].as_object().into_iter().flat_map(|paths| paths.values());
    for operation in items.filter_map(Value::as_object).flat_map(|item| item.values()) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        for (status, response) in operation["responses"].as_object().into_iter().flatten() {
            let Some(seen) = notes.get(&(id.to_owned(), status.clone())) else {
                gaps.push(format!("{id} {status}"));
                continue;
            };
            let tests = seen.tests.len();
            let first = seen.tests.first().map_or("", String::as_str);
            // To a String, this can't fail.
            let _ = writeln!(report, "{id:26} {status}  {tests:4}  {first}");
            let example = &response["content"]["application/json"]["example"]["error"]["message"];
            if let Some(message) = example.as_str().filter(|message| !seen.messages.contains(*message)) {
                gaps.push(format!("{id} {status} never said: {message}"));
            }
        }
    }
    (report, gaps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document() -> Value {
        let refusal =
            json!({ "content": { "application/json": { "example": { "error": { "message": "Go away" } } } } });
        json!({ "paths": { "/a": { "get": { "operationId": "a", "responses": { "200": {}, "403": refusal } } } } })
    }

    #[test]
    fn what_every_test_leaves_out_is_missed() {
        let notes = read("a\t200\tone\t\na\t200\ttwo\t\nb\t404\tone\tNo\n").unwrap();
        let (report, gaps) = compare(&document(), &notes);
        assert_eq!(gaps, ["a 403"]);
        assert_eq!(report.split_whitespace().collect::<Vec<_>>(), ["a", "200", "2", "one"]);
    }

    #[test]
    fn an_example_says_what_was_said() {
        let other = read("a\t200\tone\t\na\t403\ttwo\tCome in\n").unwrap();
        assert_eq!(compare(&document(), &other).1, ["a 403 never said: Go away"]);
        let same = read("a\t200\tone\t\na\t403\ttwo\tGo away\n").unwrap();
        assert!(compare(&document(), &same).1.is_empty());
    }

    #[test]
    fn what_is_no_note_is_not_passed_over() {
        assert!(read("a\t200\n").is_err());
    }
}
