//! The pure parts of the handler, called often enough to count the instructions of one call: `cargo xtask counts` does that.
//!
//! Whatever a part is given is fixed: texts, times, keys, ids. What is filled once and stays, as the table of countries, is
//! filled before the calls that count.

mod answers;
mod requests;
mod texts;

use anyhow::{Context as _, Result, bail};

/// A call of a part, what it is given included.
type Call = Box<dyn FnMut()>;

/// A pure part of the handler.
struct Part {
    /// As it stands in `tests/counts/figures.json`.
    name: &'static str,
    /// Makes what it is given, and sees to it that it answers as it should: a refusal costs less than an answer.
    prepare: fn() -> Result<Call>,
}

/// All parts.
fn parts() -> impl Iterator<Item = &'static Part> {
    texts::PARTS.iter().chain(requests::PARTS).chain(answers::PARTS)
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--list"] => parts().for_each(|part| println!("{}", part.name)),
        [name, calls] => {
            let part = parts().find(|part| part.name == *name).with_context(|| format!("there is no part {name}"))?;
            let mut call = (part.prepare)()?;
            call();
            measured(&mut *call, calls.parse().context("how many calls?")?);
        }
        _ => bail!("name a part and how many calls of it, or --list: cargo xtask counts does so"),
    }
    Ok(())
}

/// What happens in here is counted, and nothing else: `cargo xtask counts` knows this function by its name.
#[inline(never)]
fn measured(call: &mut dyn FnMut(), calls: u32) {
    for _ in 0..calls {
        call();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_part_can_be_called_and_has_a_name_of_its_own() {
        let mut names = BTreeSet::new();
        for part in parts() {
            let mut call = (part.prepare)().unwrap_or_else(|fault| panic!("{}: {fault:#}", part.name));
            measured(&mut *call, 2);
            assert!(names.insert(part.name), "{} is there twice", part.name);
        }
        assert!(names.len() > 10);
    }
}
