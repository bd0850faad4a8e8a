//! What stands in the reference: commands, answers and requests, in their order.

use serde_json::Value;

/// Something in the reference that can be held against a server.
pub(crate) enum Example {
    /// Commands for a shell, and the line where they begin.
    Commands { line: usize, text: String },
    /// What the last command before it is answered with.
    Answer { line: usize, status: u16, body: Option<Value> },
    /// A body for an operation (`POST /api/v1/travels`).
    Request { line: usize, operation: String, body: Value },
}

/// Everything in it that can be tried out. Fails if there is JSON of which nobody knows what it is.
pub(crate) fn examples(markdown: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let (mut label, mut operation) = (String::new(), String::new());
    let mut lines = markdown.lines().zip(1..);
    while let Some((text, line)) = lines.next() {
        if let Some(language) = text.strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().map(|(text, _)| text).take_while(|text| *text != "```").collect();
            let block = block.join("\n");
            match language {
                "sh" => examples.push(Example::Commands { line, text: block }),
                "json" => {
                    let json = serde_json::from_str(&block).unwrap_or_else(|error| panic!("line {line}: {error}"));
                    match (label.as_str(), examples.last_mut()) {
                        ("**Request**", _) => {
                            examples.push(Example::Request { line, operation: operation.clone(), body: json });
                        }
                        (told, Some(Example::Answer { body, .. })) if told.starts_with("**Answer ") => {
                            assert!(body.replace(json).is_none(), "line {line}: two bodies of one answer");
                        }
                        _ => panic!("line {line}: JSON that is neither a request nor an answer"),
                    }
                }
                _ => {}
            }
            label.clear();
        } else if text.starts_with("**") {
            text.clone_into(&mut label);
            if let Some(status) = text.strip_prefix("**Answer ").and_then(|rest| rest.strip_suffix("**")) {
                examples.push(Example::Answer { line, status: status.parse().unwrap(), body: None });
            }
        } else if let Some((first, _)) = text.strip_prefix('`').and_then(|rest| rest.split_once("` · operation `")) {
            first.clone_into(&mut operation);
        }
    }
    examples
}
