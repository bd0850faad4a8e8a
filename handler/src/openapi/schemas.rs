//! Bounds for every value: a number without a largest one, or a text without a length, tells a client too little about
//! what it has to have room for.

use serde_json::{Map, Value, json};

use super::{Operation, entries, operations};
use crate::credentials::tokens::MAX_TOKEN_BYTES;
use crate::notifications::rules::MAX_MESSAGE_CHARS;
use crate::place::MAX_PLACE_CHARS;
use crate::travels::rules::MAX_DESCRIPTION_CHARS;
use crate::users::email::MAX_EMAIL_CHARS;
use crate::users::rules::{MAX_BIO_CHARS, MAX_NAME_CHARS, MAX_URL_CHARS};

/// The largest whole number that JSON carries to every client unharmed: 2^53 - 1 (RFC 8259, section 6).
const LARGEST_EXACT: i64 = 9_007_199_254_740_991;
/// What a text of our own can be at most: a field's name or a sentence.
const SENTENCE_CHARS: usize = 500;
/// The most entries of a page, and more than all faults of one request.
const MOST_ENTRIES: usize = 200;

/// The longest texts, by the names of their fields.
const LENGTHS: [(&str, usize); 18] = [
    ("access_token", MAX_TOKEN_BYTES),
    ("bio", MAX_BIO_CHARS),
    ("city", MAX_PLACE_CHARS),
    ("country", MAX_PLACE_CHARS),
    ("description", MAX_DESCRIPTION_CHARS),
    ("display_name", MAX_NAME_CHARS),
    ("email", MAX_EMAIL_CHARS),
    ("engine", MAX_NAME_CHARS),
    ("field", SENTENCE_CHARS),
    ("home_city", MAX_PLACE_CHARS),
    ("home_country", MAX_PLACE_CHARS),
    ("message", MAX_MESSAGE_CHARS),
    ("profile_pic_url", MAX_URL_CHARS),
    ("reason", SENTENCE_CHARS),
    ("refresh_token", MAX_TOKEN_BYTES),
    ("token_type", "bearer".len()),
    ("user_agent", 512), // as wide as the column
    ("version", MAX_NAME_CHARS),
];

/// Texts of one length, by their formats.
const FORMS: [(&str, usize); 3] = [
    ("date-time", "2026-01-31T10:30:00Z".len()),
    ("date", "2026-03-15".len()),
    ("uuid", uuid::fmt::Hyphenated::LENGTH),
];

/// Lets a page refer to its kind of entries: the generator writes them out once more.
pub fn refer_to_entries(document: &mut Value) {
    let known: Vec<String> =
        entries(document.pointer_mut("/components/schemas")).map(|(name, _)| name.into()).collect();
    for (name, page) in entries(document.pointer_mut("/components/schemas")) {
        let Some(entry) = name.strip_prefix("Paged_").filter(|entry| known.iter().any(|name| name == entry)) else {
            continue;
        };
        if let Some((_, data)) = entries(page.get_mut("properties")).find(|(name, _)| *name == "data") {
            data.insert("items".to_owned(), json!({ "$ref": format!("#/components/schemas/{entry}") }));
        }
    }
}

/// The names of the schemas of request bodies.
fn requests(document: &mut Value) -> Vec<String> {
    let schema = |operation: Operation<'_>| {
        let body = operation.described.get("requestBody")?;
        let reference = body.pointer("/content/application~1json/schema/$ref")?.as_str()?;
        Some(reference.rsplit('/').next()?.to_owned())
    };
    operations(document).filter_map(schema).collect()
}

/// Says of every request body what `BodyReader` does, that a field which nobody asked for is refused, and of every answer
/// what serde does: a field is there, and null if it has no value.
pub fn close_requests_and_complete_answers(document: &mut Value) {
    let requests = requests(document);
    for (name, schema) in entries(document.pointer_mut("/components/schemas")) {
        if requests.iter().any(|request| request == name) {
            schema.insert("additionalProperties".to_owned(), json!(false));
        } else {
            require_all(schema);
        }
    }
}

/// Says of an object, and of those inside of it, that each of its fields is there. What tells one form from another has a
/// description here, for its type has no comment of its own.
fn require_all(schema: &mut Map<String, Value>) {
    let fields: Vec<String> = entries(schema.get_mut("properties")).map(|(name, _)| name.to_owned()).collect();
    if !fields.is_empty() {
        schema.insert("required".to_owned(), json!(fields));
    }
    for (name, field) in entries(schema.get_mut("properties")) {
        if name == "match_type" {
            field.insert("description".to_owned(), json!("Which of the two forms of a match this is."));
        }
        require_all(field);
    }
    if let Some(entry) = schema.get_mut("items").and_then(Value::as_object_mut) {
        require_all(entry);
    }
    for forms in ["oneOf", "allOf", "anyOf"] {
        for form in schema.get_mut(forms).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(form) = form.as_object_mut() {
                require_all(form);
            }
        }
    }
}

/// Puts bounds to every value that has none.
pub fn bound(document: &mut Value) {
    for (name, schema) in entries(document.pointer_mut("/components/schemas")) {
        bound_schema(name, schema);
    }
    for operation in operations(document) {
        for parameter in operation.described.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
            let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            if let Some(schema) = parameter.get_mut("schema").and_then(Value::as_object_mut) {
                bound_schema(&name, schema);
            }
            if let Some(parameter) = parameter.as_object_mut() {
                take_from_schema(parameter);
            }
        }
    }
}

/// Lets a parameter say what its schema says: of one whose schema is made by a function, the generator drops the rest.
fn take_from_schema(parameter: &mut Map<String, Value>) {
    for (name, source) in [("description", "description"), ("example", "default")] {
        let told = parameter.get("schema").and_then(|schema| schema.get(source)).cloned();
        if let Some(told) = told.filter(|_| !parameter.contains_key(name)) {
            parameter.insert(name.to_owned(), told);
        }
    }
}

/// Puts bounds to a value that is called `name`, and to all that is inside of it.
fn bound_schema(name: &str, schema: &mut Map<String, Value>) {
    let is = |kind: &str| match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(|known| known == kind),
        known => known.is_some_and(|known| known == kind),
    };
    let (is_number, is_text, is_list) = (is("integer"), is("string"), is("array"));
    if is_number {
        bound_number(name, schema);
    }
    if is_text && !schema.contains_key("enum") && !schema.contains_key("const") {
        bound_text(name, schema);
    }
    if is_list {
        schema.entry("maxItems").or_insert_with(|| MOST_ENTRIES.into());
    }
    for (name, inner) in entries(schema.get_mut("properties")) {
        bound_schema(name, inner);
    }
    if let Some(inner) = schema.get_mut("items").and_then(Value::as_object_mut) {
        bound_schema(name, inner);
    }
    for word in ["allOf", "oneOf", "anyOf"] {
        for part in schema.get_mut(word).and_then(Value::as_array_mut).into_iter().flatten() {
            part.as_object_mut().into_iter().for_each(|part| bound_schema(name, part));
        }
    }
}

/// An id is at least 1, any other number at least 0, unless its own description says otherwise.
fn bound_number(name: &str, schema: &mut Map<String, Value>) {
    let is_id = name == "id" || name.ends_with("_id");
    schema.entry("format").or_insert_with(|| "int64".into());
    schema.entry("minimum").or_insert_with(|| i64::from(is_id).into());
    let largest =
        if schema.get("format").is_some_and(|format| format == "int32") { i32::MAX.into() } else { LARGEST_EXACT };
    schema.entry("maximum").or_insert_with(|| largest.into());
}

fn bound_text(name: &str, schema: &mut Map<String, Value>) {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    if let Some((_, length)) = FORMS.iter().find(|(form, _)| *form == format) {
        schema.insert("minLength".to_owned(), (*length).into());
        schema.insert("maxLength".to_owned(), (*length).into());
    } else if let Some((_, most)) = LENGTHS.iter().find(|(field, _)| *field == name) {
        schema.entry("maxLength").or_insert_with(|| (*most).into());
    }
}
