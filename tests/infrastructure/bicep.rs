//! As much of Bicep as the templates use, read without its compiler: what a file declares, what it calls and what it names.

use std::collections::{BTreeMap, BTreeSet};

/// What may stand in an expression without being declared: functions, types and words of the language.
const OF_THE_LANGUAGE: &[&str] = &[
    "array",
    "bool",
    "concat",
    "existing",
    "false",
    "for",
    "guid",
    "if",
    "in",
    "int",
    "join",
    "json",
    "module",
    "null",
    "object",
    "output",
    "param",
    "replace",
    "resource",
    "resourceGroup",
    "startsWith",
    "string",
    "subscription",
    "subscriptionResourceId",
    "take",
    "targetScope",
    "toLower",
    "true",
    "uniqueString",
    "var",
];

/// One file.
#[derive(Debug, Default)]
pub(crate) struct Template {
    /// Parameters, and whether each has a default.
    pub(crate) params: BTreeMap<String, bool>,
    /// Modules by their symbols.
    pub(crate) modules: BTreeMap<String, Call>,
    /// Variables and resources.
    pub(crate) others: BTreeSet<String>,
    /// What the file gives back.
    pub(crate) outputs: BTreeSet<String>,
    /// Every name that an expression begins with, and how often.
    pub(crate) names: BTreeMap<String, usize>,
    /// `symbol.outputs.name`, wherever it stands.
    pub(crate) outputs_of: BTreeSet<(String, String)>,
}

/// A module as it is called.
#[derive(Debug)]
pub(crate) struct Call {
    /// The file, as it is written.
    pub(crate) path: String,
    /// The parameters that are given.
    pub(crate) params: BTreeSet<String>,
}

impl Template {
    /// Reads a file that is formatted as `bicep format` does it, two spaces a level.
    pub(crate) fn read(text: &str) -> Self {
        let mut template = Self::default();
        let mut module: Option<String> = None;
        let mut in_params = false;
        for line in text.lines().filter(|line| !line.trim_start().starts_with('@')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["param", name, ..] if !line.starts_with(' ') => {
                    template.params.insert(name.to_owned(), line.contains(" = "));
                }
                ["module", name, path, ..] if !line.starts_with(' ') => {
                    let call = Call { path: path.trim_matches('\'').to_owned(), params: BTreeSet::new() };
                    template.modules.insert(name.to_owned(), call);
                    module = Some(name.to_owned());
                }
                ["var" | "resource", name, ..] if !line.starts_with(' ') => {
                    template.others.insert(name.to_owned());
                }
                ["output", name, ..] if !line.starts_with(' ') => {
                    template.outputs.insert(name.to_owned());
                }
                _ => {}
            }
            in_params = match line {
                "  params: {" => true,
                "  }" => false,
                _ => in_params,
            };
            if line == "}" {
                module = None;
            }
            if let (true, Some(call)) = (in_params, module.as_ref().and_then(|name| template.modules.get_mut(name)))
                && let Some((key, _)) = line.strip_prefix("    ").and_then(|line| line.split_once(':'))
                && is_name(key)
            {
                call.params.insert(key.to_owned());
            }
            template.note_names(&expressions(line));
        }
        template
    }

    fn note_names(&mut self, code: &str) {
        let loop_variable = code.split_once("for ").and_then(|(_, rest)| rest.split_once(" in "));
        if let Some((variable, _)) = loop_variable {
            self.others.insert(variable.trim().to_owned());
        }
        let characters: Vec<char> = code.chars().collect();
        let mut at = 0;
        while at < characters.len() {
            let start = at;
            while at < characters.len() && (characters[at].is_ascii_alphanumeric() || characters[at] == '_') {
                at += 1;
            }
            if start == at {
                at += 1;
                continue;
            }
            let word: String = characters[start..at].iter().collect();
            let after_dot = start > 0 && characters[start - 1] == '.';
            // A key; but `for x in list: {` has a list before its colon.
            let is_key = characters.get(at) == Some(&':') && loop_variable.is_none();
            if after_dot || is_key || word.starts_with(|first: char| first.is_ascii_digit()) {
                continue;
            }
            let rest: String = characters[at..].iter().collect();
            if let Some(rest) = rest.strip_prefix(".outputs.") {
                let output = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
                self.outputs_of.insert((word.clone(), output));
            }
            *self.names.entry(word).or_default() += 1;
        }
    }

    /// Names that nothing declares, and parameters and variables that nothing uses.
    pub(crate) fn loose_ends(&self) -> Vec<String> {
        let declared = |name: &String| {
            self.params.contains_key(name)
                || self.modules.contains_key(name)
                || self.others.contains(name)
                || self.outputs.contains(name)
                || OF_THE_LANGUAGE.contains(&name.as_str())
        };
        let unknown = self.names.keys().filter(|name| !declared(name)).map(|name| format!("{name} is not declared"));
        // Its own declaration is one.
        let unused = self.params.keys().filter(|name| self.names.get(*name).is_none_or(|times| *times < 2));
        unknown.chain(unused.map(|name| format!("the parameter {name} is not used"))).collect()
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

/// A line without its comment and its strings, but with what is put into strings by `${…}`.
fn expressions(line: &str) -> String {
    let (mut code, mut in_string, mut depth) = (String::new(), false, 0_usize);
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match (in_string, character) {
            (true, '\\') => {
                characters.next();
            }
            (true, '$') if characters.peek() == Some(&'{') => {
                characters.next();
                depth += 1;
                in_string = false;
                code.push(' ');
            }
            (_, '\'') => {
                in_string = !in_string;
                code.push(' ');
            }
            (true, _) => {}
            (false, '}') if depth > 0 => {
                depth -= 1;
                in_string = true;
                code.push(' ');
            }
            (false, '/') if characters.peek() == Some(&'/') => break,
            (false, other) => code.push(other),
        }
    }
    code
}
