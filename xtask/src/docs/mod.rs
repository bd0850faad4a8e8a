//! The documents for those who call the API: made from the OpenAPI document, the story of `journey.rs`, and the parts in
//! `parts/` that people wrote.

mod curl;
mod document;
mod ios;
mod journey;
mod llms;
mod postman;
mod reference;
mod snippets;
mod swift;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use document::Document;

/// The path of every document within the repository, and its text.
pub(crate) fn all() -> Result<BTreeMap<&'static str, String>> {
    let document = Document::load()?;
    Ok([
        ("docs/API_REFERENCE.md", reference::text(&document)?),
        ("docs/GETTING_STARTED_IOS.md", ios::text()?),
        ("docs/llms.txt", llms::text(&document)?),
        ("docs/clients/swift/Models.swift", swift::file(&document)),
        ("docs/TravelMeetup.postman_collection.json", postman::collection(&document)?),
        ("docs/TravelMeetup.postman_environment.json", postman::environment()?),
    ]
    .into())
}

/// Writes all of them.
pub(crate) fn write(root: &Path) -> Result<()> {
    for (path, text) in all()? {
        if fs::read_to_string(root.join(path)).ok().as_ref() != Some(&text) {
            fs::write(root.join(path), text).with_context(|| format!("{path} can't be written"))?;
            println!("wrote {path}");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_committed_documents_are_those_that_are_made() {
        for (path, wanted) in all().unwrap() {
            let committed = fs::read_to_string(crate::repository().join(path)).unwrap_or_default();
            assert!(committed == wanted, "{path} is not as it is made: run `cargo xtask docs`");
        }
    }

    #[test]
    fn every_operation_is_shown_once() {
        let operations = Document::load().unwrap().operations().unwrap();
        let wanted: Vec<String> = operations.into_iter().map(|operation| operation.id).collect();
        let chapters = journey::chapters();
        let shown: Vec<&str> =
            chapters.iter().flat_map(|chapter| &chapter.sections).map(|one| one.main.operation).collect();
        assert_eq!(shown.len(), wanted.len());
        assert_eq!(BTreeSet::from_iter(shown), wanted.iter().map(String::as_str).collect::<BTreeSet<_>>());
    }

    #[test]
    fn every_request_has_the_parameters_that_its_operation_needs() {
        let document = Document::load().unwrap();
        let operations = document.operations().unwrap();
        for section in journey::chapters().iter().flat_map(|chapter| &chapter.sections) {
            for step in section.steps() {
                let request = step.request(&document, &operations).unwrap();
                let parameters = request.operation.parameters(&document);
                let in_path = parameters.iter().filter(|parameter| parameter.place == "path").count();
                assert_eq!((step.path.len(), request.path.len()), (in_path, in_path), "{}", step.operation);
                let asked = |name: &str| step.query.iter().any(|(asked, _)| *asked == name);
                let missing =
                    |needed: &&document::Parameter| needed.place == "query" && needed.required && !asked(&needed.name);
                assert_eq!(parameters.iter().filter(missing).count(), 0, "{}", step.operation);
                let known = |name: &str| parameters.iter().any(|parameter| parameter.name == name);
                assert!(step.query.iter().all(|(name, _)| known(name)), "{}", step.operation);
                assert!(
                    request.operation.answers(&document).any(|(status, _)| status == step.status),
                    "{}",
                    step.operation
                );
            }
        }
    }
}
