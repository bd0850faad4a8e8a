//! Commands, run one block after the other by one shell, as a reader pastes them.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

use crate::server::BOUND;

/// A request that a block of commands has sent.
pub(crate) struct Call {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
}

/// curl as it is, but that every answer is written down: `BLOCK.NUMBER.status` and `BLOCK.NUMBER.body`.
const NOTING_CURL: &str = r#"
set -eu -o pipefail
curl() {
    local number
    number=$(find "$NOTES" -name "$BLOCK.*.body" | wc -l)
    : >"$NOTES/$BLOCK.$number.body"
    command curl --max-time 30 --output "$NOTES/$BLOCK.$number.body" --write-out '%{http_code}' "$@" >"$NOTES/$BLOCK.$number.status"
    cat "$NOTES/$BLOCK.$number.body"
}
"#;

/// Whether this machine has what the reference asks of a reader. Where `TOOLS_REQUIRED` is set, as in the gate, it has to;
/// elsewhere `cargo test` needs nothing but Rust, and a line says that the commands were left out.
pub(crate) async fn has_its_tools() -> bool {
    let look = "command -v jq && curl --help all | grep -e --json";
    let found = Command::new("bash").args(["-c", look]).stdin(Stdio::null()).output().await;
    let has = found.is_ok_and(|found| found.status.success());
    assert!(has || std::env::var_os("TOOLS_REQUIRED").is_none(), "the reference needs bash, jq and curl 7.82 or newer");
    if !has {
        println!("left out: the commands of the reference need bash, jq and curl 7.82 or newer");
    }
    has
}

/// Runs the blocks against the server at `address`, and tells what each of them has sent.
pub(crate) async fn run(blocks: &[&str], address: &str) -> Vec<Vec<Call>> {
    let notes = tempfile::tempdir().unwrap();
    let mut script = NOTING_CURL.to_owned();
    for (number, block) in blocks.iter().enumerate() {
        writeln!(script, "BLOCK={number}\n{}", block.replace("http://127.0.0.1:7071", address)).unwrap();
    }
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-c", &script])
        .env("NOTES", notes.path())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let done = tokio::time::timeout(BOUND, bash.output()).await.expect("the commands come to an end").unwrap();
    let calls: Vec<Vec<Call>> = (0..blocks.len()).map(|number| calls(notes.path(), number)).collect();
    let begun = calls.iter().rposition(|calls| !calls.is_empty()).unwrap_or(0);
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{told}\nThe last that was sent came from\n{}", blocks[begun]);
    calls
}

fn calls(notes: &Path, block: usize) -> Vec<Call> {
    let read = |number: usize| {
        let status = std::fs::read_to_string(notes.join(format!("{block}.{number}.status"))).ok()?;
        let body = std::fs::read(notes.join(format!("{block}.{number}.body"))).unwrap_or_default();
        Some(Call { status: status.parse().unwrap(), body: serde_json::from_slice(&body).ok() })
    };
    (0..).map_while(read).collect()
}
