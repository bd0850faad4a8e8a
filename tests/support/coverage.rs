//! Which operation answered with which status in which story, for `cargo xtask status-coverage`.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::{env, thread};

use serde_json::Value;

use crate::answer::Answer;

/// The variable that names the file to write to. Without it nothing is written.
const FILE: &str = "STATUS_COVERAGE";

static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Notes an answer: a line with the operation, the status, the story, and what a refusal said, with tabs in between.
pub(crate) fn note(operation: &str, answer: &Answer) {
    let Some(file) = env::var_os(FILE) else { return };
    let thread = thread::current();
    let story = thread.name().unwrap_or("a story");
    let body = serde_json::from_str(&answer.text).unwrap_or(Value::Null);
    let message = body["error"]["message"].as_str().unwrap_or_default();
    let line = format!("{operation}\t{}\t{story}\t{message}\n", answer.status);
    if SEEN.lock().unwrap_or_else(PoisonError::into_inner).insert(line.clone()) {
        // Several test binaries may write at once: each line goes out in one piece, to the end.
        let file = OpenOptions::new().create(true).append(true).open(&file);
        file.and_then(|mut file| file.write_all(line.as_bytes())).expect("a file to note the answers in");
    }
}
