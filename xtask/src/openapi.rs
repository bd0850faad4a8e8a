//! The OpenAPI document as a file: `docs/openapi.json`, for those who read it, generate clients from it or lint it without
//! a running server.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// The document as the file holds it.
pub(crate) fn text() -> Result<String> {
    Ok(serde_json::to_string_pretty(&handler::app::openapi())? + "\n")
}

/// Writes the document to `file`.
pub(crate) fn write(file: &Path) -> Result<()> {
    let text = text()?;
    fs::write(file, &text).with_context(|| format!("{} can't be written", file.display()))?;
    println!("wrote {}: {} bytes", file.display(), text.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_document_is_the_one_that_is_served() {
        let committed = fs::read_to_string(crate::repository().join("docs/openapi.json")).unwrap();
        assert!(committed == text().unwrap(), "run `cargo xtask openapi`");
    }
}
