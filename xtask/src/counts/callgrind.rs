//! Valgrind's callgrind, and what it writes: <https://valgrind.org/docs/manual/cl-format.html>.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context as _, Result, anyhow, ensure};

/// The function of the program within which it is counted.
const MEASURED: &str = "counts::measured";
/// The functions of the C library that Rust asks for memory.
const ALLOCATORS: [&str; 5] = ["malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc"];

/// What was counted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Counted {
    /// Instructions of the program itself. Those of the C library are left out: each machine has its own, which picks its
    /// ways by the processor.
    pub(super) instructions: u64,
    /// How often the program asked the C library for memory.
    pub(super) allocations: u64,
}

/// Whether valgrind can be started.
pub(super) fn is_here() -> bool {
    let found = Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    found.is_ok_and(|status| status.success())
}

/// Counts `calls` calls of a part of the program.
pub(super) fn count(program: &Path, part: &str, calls: u32) -> Result<Counted> {
    // Of a function that was called while it counted, callgrind tells all calls since the program started. Those before are
    // the same with one call, so the difference is that of the calls alone.
    let (one, more) = thread::scope(|scope| {
        let one = scope.spawn(|| profile(program, part, 1));
        let more = profile(program, part, 1 + calls);
        (one.join(), more)
    });
    let (one, more) = (one.map_err(|_| anyhow!("a thread ended early"))??, more?);
    let instructions = more.instructions.saturating_sub(one.instructions);
    ensure!(instructions > 0, "nothing was counted: is {MEASURED} still the name of what is measured?");
    Ok(Counted { instructions, allocations: more.allocations.saturating_sub(one.allocations) })
}

fn profile(program: &Path, part: &str, calls: u32) -> Result<Counted> {
    let folder = tempfile::tempdir()?;
    let profile = folder.path().join("callgrind.out");
    let output = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind", "--compress-strings=no", "--compress-pos=no"])
        .arg(format!("--toggle-collect={MEASURED}"))
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(program)
        .args([part, &calls.to_string()])
        // What a developer has in the environment lies on the program's stack.
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::null())
        .output()
        .context("valgrind can't be started")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    read(&std::fs::read_to_string(&profile).context("valgrind wrote no profile")?, program)
}

/// Reads a profile without compressed names; `program` is the object whose own instructions count.
fn read(profile: &str, program: &Path) -> Result<Counted> {
    let mut counted = Counted { instructions: 0, allocations: 0 };
    let (mut is_ours, mut called, mut is_of_the_called) = (false, "", false);
    for line in profile.lines() {
        if let Some(object) = line.strip_prefix("ob=") {
            is_ours = Path::new(object) == program;
        } else if let Some(function) = line.strip_prefix("cfn=") {
            called = function;
        } else if let Some(calls) = line.strip_prefix("calls=") {
            if is_ours && ALLOCATORS.contains(&called) {
                counted.allocations += number(calls.split(' ').next(), line)?;
            }
            // The next line is what the called function cost, which stands under its own name too.
            is_of_the_called = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit()) {
            if is_ours && !is_of_the_called {
                counted.instructions += number(line.split(' ').nth(1), line)?;
            }
            is_of_the_called = false;
        }
    }
    Ok(counted)
}

fn number(text: Option<&str>, line: &str) -> Result<u64> {
    text.and_then(|text| text.parse().ok()).with_context(|| format!("no number in callgrind's line {line:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "\
version: 1
events: Ir

ob=/target/counts
fl=???
fn=counts::measured
0 30
cfn=handler::text::fold
calls=10 0
0 900

fn=handler::text::fold
0 600
cob=/lib/libc.so.6
cfi=???
cfn=malloc
calls=20 0
0 300
cob=/lib/libc.so.6
cfn=memcpy
calls=7 0
0 0

ob=/lib/libc.so.6
fl=???
fn=malloc
0 200
cfn=realloc
calls=20 0
0 100

totals: 930
";

    #[test]
    fn the_programs_own_instructions_count_once_and_what_it_asks_for_memory() {
        let counted = read(PROFILE, Path::new("/target/counts")).unwrap();
        assert_eq!(counted, Counted { instructions: 630, allocations: 20 });
    }

    #[test]
    fn what_other_programs_did_does_not_count_and_what_is_no_profile_is_an_error() {
        let counted = read(PROFILE, Path::new("/target/other")).unwrap();
        assert_eq!(counted, Counted { instructions: 0, allocations: 0 });
        assert!(read("ob=/target/counts\n0 many\n", Path::new("/target/counts")).is_err());
    }
}
