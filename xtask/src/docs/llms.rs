//! `llms.txt`: what the documents are, and every endpoint in a line.

use std::fmt::Write as _;

use anyhow::Result;

use super::document::Document;
use super::journey;
use super::reference::anchor;

/// The file's text.
pub(super) fn text(document: &Document) -> Result<String> {
    let mut text = include_str!("parts/llms.md").to_owned();
    let operations = document.operations()?;
    for section in journey::chapters().iter().flat_map(|chapter| &chapter.sections) {
        let operation = section.main.request(document, &operations)?.operation;
        let (summary, id) = (operation.summary(), &operation.id);
        let link = format!("API_REFERENCE.md#{}", anchor(summary));
        writeln!(text, "- [{} {}]({link}): {summary} (`{id}`)", operation.method, operation.path)?;
    }
    Ok(text.replacen("## Endpoints\n", "## Endpoints\n\n", 1))
}
