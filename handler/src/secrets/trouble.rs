//! What Microsoft's SDK says when something goes wrong, in words that are fit for a log.

use std::error::Error as StdError;

use azure_core::error::{Error, ErrorKind, ErrorResponse};

/// How much of a foreign message is passed on, in characters.
const LONGEST_CAUSE: usize = 300;

/// Key Vault's own word for why it refuses (`ForbiddenByRbac`, `SecretDisabled`).
pub(super) fn reason(error: &Error) -> Option<String> {
    let ErrorKind::HttpResponse { raw_response: Some(answer), .. } = error.kind() else { return None };
    let told: ErrorResponse = serde_json::from_slice(answer.body()).ok()?;
    let detail = told.error?;
    detail.inner_error.and_then(|inner| inner.code).or(detail.code)
}

/// The root of an error: the status of an answer, or the words of whatever failed. Never words about what an answer holds,
/// which may be a secret or a token.
pub(super) fn cause(error: &Error) -> String {
    let mut deepest: &(dyn StdError + 'static) = error;
    loop {
        if let Some(known) = deepest.downcast_ref::<Error>() {
            match known.kind() {
                ErrorKind::HttpResponse { status, .. } => {
                    let reason = reason(known).map(|word| format!(" {word}")).unwrap_or_default();
                    return format!("answer {}{reason}", u16::from(*status));
                }
                ErrorKind::DataConversion => return "an answer of an unknown form".to_owned(),
                _ => {}
            }
        }
        match deepest.source() {
            Some(source) => deepest = source,
            None => break,
        }
    }
    let words: Vec<String> = deepest.to_string().split_whitespace().map(str::to_owned).collect();
    words.join(" ").chars().take(LONGEST_CAUSE).collect()
}
