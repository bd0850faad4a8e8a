//! An example of every request and every answer. All of them tell of the same people: John Doe, Jane Smith and Bob Johnson,
//! as the specification has them.

pub mod cast;
pub mod refusals;

use serde_json::{Map, Value};

use super::{entries, operations};

/// The id of the request in every example of a refusal.
pub const REQUEST_ID: &str = "6f1c1ac8-3c79-4b1e-9a5c-2f8f8d1c7b11";

/// Adds an example to every body.
pub fn add(document: &mut Value) {
    for mut operation in operations(document) {
        let id = operation.id.clone();
        if let Some(body) = operation.described.get_mut("requestBody").and_then(Value::as_object_mut) {
            show(body, cast::request(&id));
        }
        for (status, response) in operation.responses() {
            let answer = cast::answer(&id, status).or_else(|| refusals::answer(&id, status));
            show(response, answer);
        }
    }
}

/// Puts an example beside the schema of a body, if there is a body.
fn show(described: &mut Map<String, Value>, example: Option<Value>) {
    let Some(example) = example else { return };
    for (_, content) in entries(described.get_mut("content")) {
        content.insert("example".to_owned(), example.clone());
    }
}
