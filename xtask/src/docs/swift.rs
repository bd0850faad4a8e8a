//! The document's types in Swift.

use std::fmt::Write as _;

use super::document::{Document, Field, Kind, Shape};

/// The file that the Swift client needs beside it.
pub(super) fn file(document: &Document) -> String {
    format!(
        "// The types of the TravelMeetup API, made from its OpenAPI document by `cargo xtask docs`.\nimport Foundation\n\n{}\n",
        types(document)
    )
}

/// Every object and every enumeration of the document. `snake_case` becomes `camelCase`, as the client's coders have it.
fn types(document: &Document) -> String {
    let mut text = String::new();
    for (name, schema) in document.schemas() {
        let shape = document.shape(schema);
        let described = shape.schema["description"].as_str().unwrap_or_default().replace('\n', " ");
        writeln!(text, "/// {described}").unwrap_or_default();
        let name = name.replace('_', "");
        if let Some(values) = shape.schema["enum"].as_array() {
            writeln!(text, "enum {name}: String, Codable, Sendable {{").unwrap_or_default();
            let values: Vec<&str> = values.iter().filter_map(|value| value.as_str()).collect();
            if !values.contains(&"unknown") {
                text += "    /// One that this client is too old to know.\n    case unknown\n";
            }
            for value in values {
                // `self` is a word of the language.
                let case = camel_case(&value.to_lowercase());
                let case = if case == "self" { "`self`".to_owned() } else { case };
                let stated = if case == value { String::new() } else { format!(" = \"{value}\"") };
                writeln!(text, "    case {case}{stated}").unwrap_or_default();
            }
            text += TOLERANT;
        } else {
            writeln!(text, "struct {name}: Codable, Sendable {{").unwrap_or_default();
            let request = shape.schema["additionalProperties"] == false;
            for field in shape.into_fields() {
                writeln!(text, "    {}", property(&field, request)).unwrap_or_default();
            }
        }
        text += "}\n\n";
    }
    text.truncate(text.trim_end().len());
    text
}

/// New values may come at any time.
const TOLERANT: &str = "
    init(from decoder: any Decoder) throws {
        self = Self(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .unknown
    }
";

/// `let city: String`; of a request `var bio: String? = nil`, so that it may be left out.
fn property(field: &Field, request: bool) -> String {
    let optional = !field.required || field.shape.nullable;
    let (word, mark) = (if request { "var" } else { "let" }, if optional { "?" } else { "" });
    format!("{word} {}: {}{mark}", camel_case(&field.name), type_name(&field.shape))
}

/// What a shape is called in Swift.
pub(super) fn type_name(shape: &Shape) -> String {
    if let (Some(name), true) = (&shape.name, !matches!(shape.kind, Kind::List(_))) {
        return name.replace('_', "");
    }
    match &shape.kind {
        Kind::List(item) => format!("[{}]", type_name(item)),
        Kind::Object(_) | Kind::Choice(_) => "[String: String]".to_owned(),
        Kind::Leaf => match (shape.type_word(), shape.schema["format"].as_str()) {
            ("integer", _) => "Int".to_owned(),
            ("number", _) => "Double".to_owned(),
            ("boolean", _) => "Bool".to_owned(),
            (_, Some("date-time")) => "Date".to_owned(),
            _ => "String".to_owned(),
        },
    }
}

/// `display_name` as Swift writes it: `displayName`.
pub(super) fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| {
        let (initial, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        text + &initial.to_uppercase() + rest
    })
}
