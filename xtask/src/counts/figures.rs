//! The committed figures: what a call of each part took when somebody last agreed to it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// How far a count may be from the committed one, in percent of it, either way: what has become cheaper is committed too, or
/// it could become as dear again unseen.
pub(super) const TOLERANCE_PERCENT: u64 = 5;

/// By the names of the parts.
pub(super) type Figures = BTreeMap<String, Figure>;

/// What one call takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Figure {
    /// Instructions.
    pub(super) instructions: u64,
    /// Requests for memory.
    pub(super) allocations: u64,
}

/// How the counts stand to the figures.
pub(super) struct Report {
    /// A line for each part.
    pub(super) table: String,
    /// How many are too far away, or have no counterpart.
    pub(super) outside: usize,
}

/// Reads the committed figures.
pub(super) fn read(file: &Path) -> Result<Figures> {
    let advice = || format!("{} can't be read: `cargo xtask counts --renew` writes it", file.display());
    let parts: BTreeMap<String, Value> =
        serde_json::from_str(&fs::read_to_string(file).with_context(advice)?).with_context(advice)?;
    let figure = |(name, part): (String, Value)| {
        let number =
            |field: &str| part[field].as_u64().with_context(|| format!("no {field} of {name}")).with_context(advice);
        let figure = Figure { instructions: number("instructions")?, allocations: number("allocations")? };
        Ok((name, figure))
    };
    parts.into_iter().map(figure).collect()
}

/// Writes these figures, a line for each part.
pub(super) fn write(file: &Path, figures: &Figures) -> Result<()> {
    let lines: Vec<String> = figures
        .iter()
        .map(|(name, Figure { instructions, allocations })| {
            let name = Value::from(name.as_str());
            format!("  {name}: {{ \"instructions\": {instructions}, \"allocations\": {allocations} }}")
        })
        .collect();
    fs::write(file, format!("{{\n{}\n}}\n", lines.join(",\n")))
        .with_context(|| format!("{} can't be written", file.display()))
}

/// Holds what was counted `now` against the `committed` figures.
pub(super) fn compare(committed: &Figures, now: &Figures) -> Report {
    let mut outside = 0;
    let mut lines = vec![format!("{:>11} {:>9} {:>6} {:>11}  part", "committed", "now", "ratio", "allocations")];
    for (name, count) in now {
        let Some(figure) = committed.get(name) else {
            outside += 1;
            lines.push(format!(
                "{:>11} {:>9} {:>6} {:>11}  {name}  <-- has no figure",
                "", count.instructions, "", count.allocations
            ));
            continue;
        };
        let is_outside =
            is_far(figure.instructions, count.instructions) || is_far(figure.allocations, count.allocations);
        outside += usize::from(is_outside);
        let allocations = if figure.allocations == count.allocations {
            count.allocations.to_string()
        } else {
            format!("{} > {}", figure.allocations, count.allocations)
        };
        lines.push(format!(
            "{:>11} {:>9} {:>6.3} {allocations:>11}  {name}{}",
            figure.instructions,
            count.instructions,
            ratio(figure.instructions, count.instructions),
            if is_outside { "  <--" } else { "" }
        ));
    }
    for (name, figure) in committed.iter().filter(|(name, _)| !now.contains_key(*name)) {
        outside += 1;
        lines.push(format!(
            "{:>11} {:>9} {:>6} {:>11}  {name}  <-- is no part any more",
            figure.instructions, "", "", figure.allocations
        ));
    }
    Report { table: lines.join("\n"), outside }
}

/// Whether a count is over the tolerance away from its figure.
const fn is_far(figure: u64, count: u64) -> bool {
    figure.abs_diff(count) * 100 > figure * TOLERANCE_PERCENT
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn ratio(figure: u64, count: u64) -> f64 {
    count as f64 / figure as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(parts: &[(&str, u64, u64)]) -> Figures {
        let figure = |&(name, instructions, allocations): &(&str, u64, u64)| {
            (name.to_owned(), Figure { instructions, allocations })
        };
        parts.iter().map(figure).collect()
    }

    fn outside(now: &[(&str, u64, u64)]) -> usize {
        compare(&figures(&[("fold", 1_000, 3), ("tag", 200, 40)]), &figures(now)).outside
    }

    #[test]
    fn five_percent_are_within_the_tolerance_and_more_is_not_either_way() {
        assert_eq!(outside(&[("fold", 1_050, 3), ("tag", 190, 42)]), 0);
        assert_eq!(outside(&[("fold", 1_051, 3), ("tag", 200, 40)]), 1);
        assert_eq!(outside(&[("fold", 1_000, 3), ("tag", 189, 40)]), 1);
        assert_eq!(outside(&[("fold", 1_000, 4), ("tag", 200, 37)]), 2);
    }

    #[test]
    fn a_part_without_a_figure_and_a_figure_without_a_part_are_outside() {
        assert_eq!(outside(&[("fold", 1_000, 3)]), 1);
        assert_eq!(outside(&[("fold", 1_000, 3), ("tag", 200, 40), ("new", 1, 1)]), 1);
    }

    #[test]
    fn what_is_written_is_read_again_and_has_a_line_for_each_part() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("figures.json");
        let written = figures(&[("fold \"twice\"", 1_000, 3), ("tag", 200, 40)]);
        write(&file, &written).unwrap();
        assert_eq!(read(&file).unwrap(), written);
        assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 4);
    }

    #[test]
    fn a_file_that_is_none_is_refused_with_the_way_to_make_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("figures.json");
        assert!(format!("{:#}", read(&file).unwrap_err()).contains("--renew"));
        fs::write(&file, r#"{ "fold": { "instructions": 1000 } }"#).unwrap();
        let fault = format!("{:#}", read(&file).unwrap_err());
        assert!(fault.contains("--renew") && fault.contains("allocations of fold"), "{fault}");
    }
}
