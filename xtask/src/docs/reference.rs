//! `API_REFERENCE.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use serde_json::Value;

use super::document::{Document, Field, Kind, Operation, Shape};
use super::journey::{self, Chapter, Request, Section, Step};
use super::{curl, snippets};

/// Statuses that the chapter on errors tells of once for all endpoints.
const COMMON: [u16; 6] = [401, 413, 415, 429, 500, 503];

/// The whole reference.
pub(super) fn text(document: &Document) -> Result<String> {
    let operations = document.operations()?;
    let usual = usual_words(document, &operations);
    let chapters = journey::chapters();
    let mut endpoints = String::new();
    for chapter in &chapters {
        writeln!(endpoints, "\n### {}\n\n{}", chapter.title, chapter.about)?;
        for section in &chapter.sections {
            endpoints += &Writer { document, operations: &operations, usual: &usual }.section(section)?;
        }
    }
    let start = include_str!("parts/1-start.md").replace("{{version}}", document.version());
    let rest = format!("{}{endpoints}\n{}", include_str!("parts/2-clients.md"), include_str!("parts/3-changes.md"));
    let contents = contents(&format!("{start}{rest}"), &chapters, document, &operations)?;
    Ok(format!("{}\n{rest}", start.replace("{{contents}}", contents.trim_end())))
}

/// Links to the chapters and to every endpoint.
fn contents(text: &str, chapters: &[Chapter], document: &Document, operations: &[Operation]) -> Result<String> {
    let mut links = String::new();
    for title in text.lines().filter_map(|line| line.strip_prefix("## ")) {
        writeln!(links, "- [{title}](#{})", anchor(title))?;
        if title == "Endpoints" {
            for chapter in chapters {
                let sections = chapter.sections.iter().map(|section| {
                    let request = section.main.request(document, operations)?;
                    let summary = request.operation.summary();
                    Ok(format!("[{summary}](#{})", anchor(summary)))
                });
                let sections: Vec<String> = sections.collect::<Result<_>>()?;
                writeln!(links, "  - [{}](#{}): {}", chapter.title, anchor(chapter.title), sections.join(" · "))?;
            }
        }
    }
    Ok(links)
}

/// The anchor that a heading gets: small letters, digits and hyphens.
pub(super) fn anchor(title: &str) -> String {
    let kept = title.to_lowercase().replace(' ', "-");
    kept.chars().filter(|letter| letter.is_alphanumeric() || *letter == '-' || *letter == '_').collect()
}

/// The description that most operations give to a status.
fn usual_words(document: &Document, operations: &[Operation]) -> BTreeMap<u16, String> {
    let mut counts: BTreeMap<u16, BTreeMap<&str, usize>> = BTreeMap::new();
    for (status, words) in operations.iter().flat_map(|operation| operation.answers(document)) {
        *counts.entry(status).or_default().entry(words).or_default() += 1;
    }
    let mut usual = BTreeMap::new();
    for (status, words) in counts {
        if let Some((most, _)) = words.into_iter().max_by_key(|(_, count)| *count) {
            usual.insert(status, most.to_owned());
        }
    }
    usual
}

struct Writer<'a> {
    document: &'a Document,
    operations: &'a [Operation],
    usual: &'a BTreeMap<u16, String>,
}

impl Writer<'_> {
    fn section(&self, section: &Section) -> Result<String> {
        let request = section.main.request(self.document, self.operations)?;
        let operation = request.operation;
        let needs = if operation.secured() { "needs an access token" } else { "needs no token" };
        let mut text = format!(
            "\n#### {}\n\n`{} {}` · operation `{}` · {needs}\n",
            operation.summary(),
            operation.method,
            operation.path,
            operation.id,
        );
        if !operation.description().is_empty() {
            writeln!(text, "\n{}", operation.description())?;
        }
        text += &self.parameters(operation)?;
        if let Some((shape, example)) = operation.body(self.document) {
            text += &fields_table("Request body", &shape)?;
            writeln!(text, "\n**Request**\n\n```json\n{example:#}\n```")?;
        }
        for (title, step) in &section.before {
            text += &self.aside(title, step)?;
        }
        write!(text, "\n**curl**\n\n```sh\n{}```\n", curl::command(&request))?;
        text += &self.answer(&request)?;
        text += &self.refusals(operation, section.main.status)?;
        text += "\n<details><summary>TypeScript, Swift, Kotlin</summary>\n";
        write!(text, "\n**TypeScript**\n\n```ts\n{}```\n", snippets::typescript(&request, self.document))?;
        write!(text, "\n**Swift**\n\n```swift\n{}```\n", snippets::swift(&request, self.document))?;
        write!(text, "\n**Kotlin**\n\n```kotlin\n{}```\n", snippets::kotlin(&request, self.document))?;
        text += "\n</details>\n";
        for (title, step) in &section.after {
            text += &self.aside(title, step)?;
        }
        Ok(text)
    }

    /// A request beside the one that a section is about.
    fn aside(&self, title: &str, step: &Step) -> Result<String> {
        let request = step.request(self.document, self.operations)?;
        Ok(format!("\n{title}:\n\n```sh\n{}```\n", curl::command(&request)))
    }

    fn parameters(&self, operation: &Operation) -> Result<String> {
        let parameters = operation.parameters(self.document);
        if parameters.is_empty() {
            return Ok(String::new());
        }
        let mut text = "\n| parameter | in | type | | |\n|---|---|---|---|---|\n".to_owned();
        for one in parameters {
            let need = if one.required { "required" } else { "optional" };
            let default = match &one.shape.schema["default"] {
                Value::Null => String::new(),
                default => format!(", `{}` unless given", default.to_string().trim_matches('"')),
            };
            let (words, told) = (snippets::bounded_type_words(&one.shape), cell(&one.description));
            writeln!(text, "| `{}` | {} | {words}{default} | {need} | {told} |", one.name, one.place)?;
        }
        Ok(text)
    }

    /// What the request of a section is answered with.
    fn answer(&self, request: &Request<'_>) -> Result<String> {
        let (operation, status) = (request.operation, request.step.status);
        let (described, content) = operation.answer(self.document, status)?;
        let mut text = format!("\n**Answer {status}**\n\n{described}\n");
        for (name, told) in operation.headers(self.document, status) {
            writeln!(text, "\nHeader `{name}`: {told}")?;
        }
        if let Some((shape, example)) = content {
            writeln!(text, "\n```json\n{example:#}\n```")?;
            text += &fields_table("Answer", &shape)?;
        }
        Ok(text)
    }

    /// The statuses besides that of the example: the common ones only where they mean something of their own.
    fn refusals(&self, operation: &Operation, shown: u16) -> Result<String> {
        let mut rows = String::new();
        for (status, told) in operation.answers(self.document) {
            let common = COMMON.contains(&status) && self.usual.get(&status).is_some_and(|usual| usual == told);
            if status != shown && !common {
                writeln!(rows, "| {status} | {} |", cell(told))?;
            }
        }
        Ok(if rows.is_empty() { rows } else { format!("\n| or | when |\n|---|---|\n{rows}") })
    }
}

/// The fields of a body, those of inner objects by their path.
fn fields_table(title: &str, shape: &Shape) -> Result<String> {
    let mut rows = String::new();
    add_rows(&mut rows, "", shape)?;
    Ok(format!("\n| {title} | type | | |\n|---|---|---|---|\n{rows}"))
}

fn add_rows(rows: &mut String, prefix: &str, shape: &Shape) -> Result<()> {
    let request = shape.schema["additionalProperties"] == false;
    for Field { name, required, description, shape, only_of } in shape.clone().into_fields() {
        let path = format!("{prefix}{name}");
        let need = match (request, required) {
            (true, true) => "required".to_owned(),
            (true, false) => "optional".to_owned(),
            _ if !only_of.is_empty() => format!("of `{}` only", only_of.join("`, `")),
            (false, false) if !shape.nullable => "not always there".to_owned(),
            _ => String::new(),
        };
        let words = if request { snippets::bounded_type_words(&shape) } else { snippets::type_words(&shape) };
        writeln!(rows, "| `{path}` | {words} | {need} | {} |", cell(&description))?;
        match &shape.kind {
            Kind::Object(_) | Kind::Choice(_) => add_rows(rows, &format!("{path}."), &shape)?,
            Kind::List(item) => add_rows(rows, &format!("{path}[]."), item)?,
            Kind::Leaf => {}
        }
    }
    Ok(())
}

/// Text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}
