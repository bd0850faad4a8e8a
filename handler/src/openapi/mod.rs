//! The OpenAPI document: what it says of the API as a whole, and what is the same for many operations.
//!
//! Every endpoint describes itself where it is written. What all of them have in common is added here, so that it is told
//! once and a new endpoint can't forget it: [`general`] says what the API is, [`schemas`] puts bounds to every value,
//! [`responses`] names the headers, and [`examples`] shows every request and every answer.
//!
//! The document is worked on as JSON: what is added runs through all of it, whatever the types of its parts are called.

pub mod examples;
pub mod general;
pub mod responses;
pub mod schemas;

use serde_json::{Map, Value};

/// The whole document, made from what the endpoints say of themselves.
#[must_use]
pub fn complete(operations: utoipa::openapi::OpenApi) -> Value {
    // Its types hold texts and numbers alone, so it can always be written; an empty one would fail every test of it.
    let mut document = serde_json::to_value(general::described(operations)).unwrap_or_default();
    join_lines(&mut document);
    general::introduce(&mut document);
    schemas::refer_to_entries(&mut document);
    schemas::close_requests_and_complete_answers(&mut document);
    schemas::bound(&mut document);
    responses::add_headers(&mut document);
    examples::add(&mut document);
    document
}

/// Makes one line of each paragraph of a description: where the lines of a comment end means nothing to a reader, and some
/// viewers would end them there too.
fn join_lines(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "description" => {
                        *text =
                            text.split("\n\n").map(|lines| lines.replace('\n', " ")).collect::<Vec<_>>().join("\n\n");
                    }
                    inner => join_lines(inner),
                }
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(join_lines),
        _ => {}
    }
}

/// An operation while the document is made.
pub(crate) struct Operation<'a> {
    pub(crate) path: &'a str,
    pub(crate) id: String,
    pub(crate) described: &'a mut Map<String, Value>,
}

impl Operation<'_> {
    /// Whether it belongs to the API, and not to the questions about health.
    pub(crate) fn is_of_api(&self) -> bool {
        self.path.starts_with("/api/v1/")
    }

    /// Its answers by their status.
    pub(crate) fn responses(&mut self) -> impl Iterator<Item = (&str, &mut Map<String, Value>)> {
        entries(self.described.get_mut("responses"))
    }
}

/// Every operation of the document.
pub(crate) fn operations(document: &mut Value) -> impl Iterator<Item = Operation<'_>> {
    entries(document.get_mut("paths")).flat_map(|(path, item)| {
        item.values_mut().filter_map(Value::as_object_mut).map(move |described| {
            let id = described.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned();
            Operation { path, id, described }
        })
    })
}

/// The members of an object that are objects themselves, by their names.
pub(crate) fn entries(object: Option<&mut Value>) -> impl Iterator<Item = (&str, &mut Map<String, Value>)> {
    let members = object.and_then(Value::as_object_mut).into_iter().flatten();
    members.filter_map(|(name, member)| Some((name.as_str(), member.as_object_mut()?)))
}
