//! How many instructions the pure parts of the handler take, against the committed figures. Times jitter; counts do not.

mod callgrind;
mod figures;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::cargo;
use figures::{Figure, Figures};

/// Where the committed figures are.
const FIGURES: &str = "tests/counts/figures.json";
/// The calls of a part that are counted; the figure is that of one.
const CALLS: u32 = 100;

/// Counts all parts and holds them against the committed figures; with `renew` it commits to these instead.
pub(crate) fn check(root: &Path, renew: bool) -> Result<()> {
    if let Some(why) = why_not()? {
        println!("left out: {why}");
        return Ok(());
    }
    let now = count(&build(root)?)?;
    let file = root.join(FIGURES);
    if renew {
        figures::write(&file, &now)?;
        println!("{FIGURES}: {} parts; say in the commit why they changed", now.len());
        return Ok(());
    }
    let report = figures::compare(&figures::read(&file)?, &now);
    println!("instructions of one call, without the C library; how often a call allocates\n\n{}\n", report.table);
    ensure!(
        report.outside == 0,
        "{} of {} parts are further than {} % from {FIGURES}, marked with <--. If that is what the change is for, \
         `cargo xtask counts --renew` and commit the file with it; if not, something has become dearer unseen. On a tree \
         without changes it is the machine: docs/PERFORMANCE.md, \"Guarding it\"",
        report.outside,
        now.len(),
        figures::TOLERANCE_PERCENT
    );
    println!("all within {} % of {FIGURES}", figures::TOLERANCE_PERCENT);
    Ok(())
}

/// Why nothing can be counted here, if so; an error where it has to be.
fn why_not() -> Result<Option<&'static str>> {
    const NO_VALGRIND: &str = "valgrind is not here: apt-get install valgrind";
    if cfg!(not(all(target_arch = "x86_64", target_os = "linux"))) {
        return Ok(Some("the figures are for Linux on x86-64"));
    }
    if callgrind::is_here() {
        return Ok(None);
    }
    ensure!(std::env::var_os("TOOLS_REQUIRED").is_none(), NO_VALGRIND);
    Ok(Some(NO_VALGRIND))
}

/// Builds the program with the parts, in its own profile; answers its path.
fn build(root: &Path) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--locked", "--profile", "counts", "--package", "counts"]).current_dir(root);
    // Instructions of this processor alone would make figures for this processor alone.
    command.env_remove("RUSTFLAGS").stdin(Stdio::null());
    cargo::forget_own_package(&mut command);
    ensure!(command.status().context("cargo can't be started")?.success(), "the parts don't build: see above");
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    Ok(root.join(target).join("counts/counts"))
}

/// The figures of all parts, in their order.
fn count(program: &Path) -> Result<Figures> {
    let listed = Command::new(program).arg("--list").output().context("the parts can't be listed")?;
    ensure!(listed.status.success(), "the parts can't be listed");
    let names = String::from_utf8(listed.stdout)?;
    let mut figures = BTreeMap::new();
    for name in names.lines() {
        let counted = callgrind::count(program, name, CALLS).with_context(|| format!("counting {name}"))?;
        let each = |total: u64| (total + u64::from(CALLS / 2)) / u64::from(CALLS);
        let figure = Figure { instructions: each(counted.instructions), allocations: each(counted.allocations) };
        figures.insert(name.to_owned(), figure);
    }
    Ok(figures)
}
