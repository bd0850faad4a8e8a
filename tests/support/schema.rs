//! Holds answers against the OpenAPI document: the status is documented, and the body is what its schema says.
//!
//! Of JSON Schema this knows the words that our document uses; a word that it doesn't know fails the test.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::{coverage, promises};

static DOCUMENT: LazyLock<Value> = LazyLock::new(handler::app::openapi);

/// Keywords that say nothing about which values are allowed, or that are checked by [`check_value`].
const KNOWN_WORDS: [&str; 23] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "const",
    "default",
    "description",
    "enum",
    "example",
    "examples",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "title",
    "type",
];

/// Fails the test if the answer is not one that the document describes for its operation. Answers to what is no operation
/// are none of its business.
pub(crate) fn check(answer: &Answer) {
    let path = answer.sent.path.split('?').next().unwrap_or_default();
    let Some(operation) = operation(path, &answer.sent.method.as_str().to_ascii_lowercase()) else { return };
    let response = &operation["responses"][answer.status.to_string()];
    assert!(response.is_object(), "the status is not documented: {answer:?}");
    for name in ["location", "retry-after", "www-authenticate"] {
        let documented = promises::keys(&response["headers"]).iter().any(|known| known.eq_ignore_ascii_case(name));
        assert_eq!(answer.headers.contains_key(name), documented, "{name}: {answer:?}");
    }
    coverage::note(operation["operationId"].as_str().unwrap_or_default(), answer);
    let content = &response["content"]["application/json"]["schema"];
    if content.is_object() {
        if let Err(fault) = check_value(content, &answer.json(), "$") {
            panic!("not as documented, {fault}: {answer:?}");
        }
    } else {
        assert!(answer.text.is_empty(), "a body that is not documented: {answer:?}");
    }
}

/// The operation of the document that takes this request. A path without parameters goes before one with them.
fn operation(path: &str, method: &str) -> Option<&'static Value> {
    let paths = DOCUMENT["paths"].as_object()?;
    let fits = |template: &str| {
        let (mut asked, mut known) = (path.split('/'), template.split('/'));
        loop {
            match (asked.next(), known.next()) {
                (None, None) => return true,
                (Some(part), Some(name)) if part == name || (name.starts_with('{') && !part.is_empty()) => {}
                _ => return false,
            }
        }
    };
    let item = paths.get(path).or_else(|| paths.iter().find(|(template, _)| fits(template)).map(|(_, item)| item))?;
    item.get(method)
}

/// Whether a value is what a schema of the document says; if it is not, why.
pub fn check_value(schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let schema = &whole(schema)?;
    if let Some(choices) = schema["oneOf"].as_array() {
        let fitting = choices.iter().filter(|choice| check_value(choice, value, at).is_ok()).count();
        return if fitting == 1 { Ok(()) } else { Err(format!("{at} fits {fitting} of its forms")) };
    }
    check_type(&schema["type"], value, at)?;
    if schema.get("const").is_some_and(|only| only != value) {
        return Err(format!("{at} is not the one value that it can have"));
    }
    if schema["enum"].as_array().is_some_and(|allowed| !allowed.contains(value)) {
        return Err(format!("{at} is none of its values"));
    }
    match value {
        Value::Object(_) => check_object(schema, value, at),
        Value::Array(entries) => {
            if schema["maxItems"].as_u64().is_some_and(|most| entries.len() as u64 > most) {
                return Err(format!("{at} has {} entries", entries.len()));
            }
            entries.iter().try_for_each(|entry| check_value(&schema["items"], entry, &format!("{at}[]")))
        }
        Value::String(text) => check_text(schema, text, at),
        Value::Number(number) => {
            let (least, most) = (schema["minimum"].as_f64(), schema["maximum"].as_f64());
            let number = number.as_f64().unwrap_or(f64::NAN);
            let fits = least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most);
            if fits { Ok(()) } else { Err(format!("{at} is out of bounds")) }
        }
        Value::Null | Value::Bool(_) => Ok(()),
    }
}

/// The schema itself, where it is told by a reference or in parts.
fn whole(schema: &Value) -> Result<Value, String> {
    if let Some(unknown) = promises::keys(schema).into_iter().find(|word| !KNOWN_WORDS.contains(word)) {
        return Err(format!("a schema says {unknown:?}, which these tests don't know"));
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return whole(&DOCUMENT["components"]["schemas"][name]);
    }
    let Some(parts) = schema["allOf"].as_array() else { return Ok(schema.clone()) };
    let mut sum = json!({ "type": "object", "properties": {}, "required": [] });
    for part in parts {
        let part = whole(part)?;
        for (name, property) in part["properties"].as_object().into_iter().flatten() {
            sum["properties"][name] = property.clone();
        }
        for name in part["required"].as_array().into_iter().flatten() {
            sum["required"].as_array_mut().into_iter().for_each(|required| required.push(name.clone()));
        }
    }
    Ok(sum)
}

fn check_object(schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        value.get(name).ok_or_else(|| format!("{at}.{name} is missing"))?;
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        let known = schema["properties"].get(name).ok_or_else(|| format!("{at}.{name} is unknown"))?;
        check_value(known, inner, &format!("{at}.{name}"))?;
    }
    Ok(())
}

fn check_type(types: &Value, value: &Value, at: &str) -> Result<(), String> {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    };
    let fits = match types {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        _ => true,
    };
    if fits { Ok(()) } else { Err(format!("{at} is not of type {types}")) }
}

fn check_text(schema: &Value, text: &str, at: &str) -> Result<(), String> {
    let length = text.chars().count() as u64;
    let long_enough = schema["minLength"].as_u64().is_none_or(|least| length >= least);
    let short_enough = schema["maxLength"].as_u64().is_none_or(|most| length <= most);
    let well_formed = match schema["format"].as_str() {
        Some("date-time") => promises::is_instant(&Value::from(text)),
        Some("date") => handler::http::day::parse(text).is_ok(),
        Some("uuid") => text.parse::<uuid::Uuid>().is_ok(),
        _ => true,
    };
    if long_enough && short_enough && well_formed { Ok(()) } else { Err(format!("{at} is {text:?}")) }
}
