//! Requests in Swift, Kotlin and TypeScript, each by the small client that the reference shows once.

use serde_json::Value;

use super::document::{Document, Kind, Parameter, Shape};
use super::journey::Request;
use super::swift;

/// What a snippet is made of: the document's own examples, no variables.
struct Parts {
    method: String,
    /// With the examples in the place of the parameters.
    path: String,
    template: String,
    path_parameters: Vec<Parameter>,
    query: Vec<(String, Value)>,
    body: Option<(Shape, Value)>,
    answer: Option<Shape>,
}

fn parts(request: &Request<'_>, document: &Document) -> Parts {
    let (operation, step) = (request.operation, request.step);
    let mut path = operation.path.clone();
    let (mut path_parameters, mut query) = (Vec::new(), Vec::new());
    for parameter in operation.parameters(document) {
        if parameter.place == "path" {
            path = path.replace(&format!("{{{}}}", parameter.name), &plain(&parameter.example));
            path_parameters.push(parameter);
        } else if parameter.place == "query" {
            let asked = step.query.iter().find(|(name, _)| *name == parameter.name);
            match asked {
                Some((_, value)) if !value.contains("{{") => {
                    // The texts of the journey are what the query holds; the document knows their types.
                    let value = match parameter.shape.type_word() {
                        "boolean" => Value::Bool(*value == "true"),
                        _ => Value::from(*value),
                    };
                    query.push((parameter.name, value));
                }
                Some(_) => query.push((parameter.name, parameter.example)),
                None => {}
            }
        }
    }
    let body = operation.body(document).map(|(shape, example)| {
        let whole = request.body.clone().filter(|body| !body.to_string().contains("{{"));
        (shape, whole.unwrap_or(example))
    });
    let answer = operation.answer(document, step.status).ok().and_then(|(_, content)| content.map(|(shape, _)| shape));
    Parts {
        method: operation.method.clone(),
        path,
        template: operation.path.clone(),
        path_parameters,
        query,
        body,
        answer,
    }
}

/// A value without the quotes of JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// By `openapi-fetch` and the types that `openapi-typescript` made.
pub(super) fn typescript(request: &Request<'_>, document: &Document) -> String {
    let parts = parts(request, document);
    let mut options = Vec::new();
    let mut params = Vec::new();
    if !parts.path_parameters.is_empty() {
        let path = parts.path_parameters.iter().map(|parameter| format!("{}: {}", parameter.name, parameter.example));
        params.push(format!("path: {{ {} }}", path.collect::<Vec<_>>().join(", ")));
    }
    if !parts.query.is_empty() {
        let query = parts.query.iter().map(|(name, value)| format!("{name}: {value}"));
        params.push(format!("query: {{ {} }}", query.collect::<Vec<_>>().join(", ")));
    }
    if !params.is_empty() {
        options.push(format!("  params: {{ {} }},", params.join(", ")));
    }
    if let Some((_, body)) = &parts.body {
        options.push(format!("  body: {},", object(body, "  ", |name| format!("{name}: "), ["{", "}"], "null")));
    }
    let options = if options.is_empty() { String::new() } else { format!(", {{\n{}\n}}", options.join("\n")) };
    let call = format!("api.{}(\"{}\"{options})", parts.method, parts.template);
    let secured = if request.operation.secured() { "" } else { "// Needs no token.\n" };
    if parts.answer.is_some() {
        format!("{secured}const answer = okay(await {call});\n")
    } else {
        format!("{secured}okay(await {call});\n")
    }
}

/// By the client of `parts/client.swift` and the types of the document.
pub(super) fn swift(request: &Request<'_>, document: &Document) -> String {
    let parts = parts(request, document);
    let mut arguments = vec![format!("\"{}\"", parts.method), format!("\"{}\"", parts.path)];
    if !parts.query.is_empty() {
        let query = parts.query.iter().map(|(name, value)| format!("\"{name}\": \"{}\"", plain(value)));
        arguments.push(format!("query: [{}]", query.collect::<Vec<_>>().join(", ")));
    }
    if let Some((shape, body)) = &parts.body {
        let name = swift::type_name(shape);
        let fields = object(body, "", |name| format!("{}: ", swift::camel_case(name)), ["(", ")"], "nil");
        arguments.push(format!("body: {name}{fields}"));
    }
    if !request.operation.secured() {
        arguments.push("signedIn: false".to_owned());
    }
    let arguments = arguments.join(", ");
    match &parts.answer {
        Some(shape) => format!("let answer: {} = try await api.send({arguments})\n", swift::type_name(shape)),
        None => format!("try await api.send({arguments})\n"),
    }
}

/// By the client of `parts/client.kt` and the `org.json` of Android.
pub(super) fn kotlin(request: &Request<'_>, document: &Document) -> String {
    let parts = parts(request, document);
    let mut arguments = vec![format!("\"{}\"", parts.method), format!("\"{}\"", parts.path)];
    if !parts.query.is_empty() {
        let query = parts.query.iter().map(|(name, value)| format!("\"{name}\" to \"{}\"", plain(value)));
        arguments.push(format!("query = mapOf({})", query.collect::<Vec<_>>().join(", ")));
    }
    if let Some((_, body)) = &parts.body {
        let fields = object(body, "", |name| format!("\"{name}\" to "), ["mapOf(", ")"], "JSONObject.NULL");
        arguments.push(format!("body = JSONObject({fields})"));
    }
    if !request.operation.secured() {
        arguments.push("signedIn = false".to_owned());
    }
    let answer = if parts.answer.is_some() { "val answer = " } else { "" };
    format!("{answer}api.send({})\n", arguments.join(", "))
}

/// The fields of an object in a language's own words: on one line if they are few.
fn object(body: &Value, indent: &str, name: impl Fn(&str) -> String, [open, close]: [&str; 2], null: &str) -> String {
    let value = |value: &Value| if value.is_null() { null.to_owned() } else { value.to_string().replace('$', "\\$") };
    let fields = body.as_object().into_iter().flatten();
    let fields: Vec<String> = fields.map(|(field, of)| format!("{}{}", name(field), value(of))).collect();
    if fields.len() < 3 {
        let space = if open == "{" { " " } else { "" };
        return format!("{open}{space}{}{space}{close}", fields.join(", "));
    }
    // TypeScript is written with two spaces, the others with four.
    let inner = if indent.is_empty() { "    " } else { indent };
    let fields: Vec<String> = fields.iter().map(|field| format!("{indent}{inner}{field}")).collect();
    format!("{open}\n{}\n{indent}{close}", fields.join(",\n"))
}

/// What a field is, in a few words: `string`, `date-time`, `` `home`, `traveling` ``.
pub(super) fn type_words(shape: &Shape) -> String {
    let or_null = if shape.nullable { " or null" } else { "" };
    format!("{}{or_null}", bare_type(shape))
}

/// The same with the bounds that a client has to keep to: `integer, 1–100`.
pub(super) fn bounded_type_words(shape: &Shape) -> String {
    let or_null = if shape.nullable { " or null" } else { "" };
    format!("{}{}{or_null}", bare_type(shape), bounds(&shape.schema))
}

fn bare_type(shape: &Shape) -> String {
    let schema = &shape.schema;
    let values: Vec<String> =
        schema["enum"].as_array().into_iter().flatten().map(|value| format!("`{}`", plain(value))).collect();
    match &shape.kind {
        Kind::Object(_) | Kind::Choice(_) => "object".to_owned(),
        Kind::List(_) => "list".to_owned(),
        Kind::Leaf if !values.is_empty() => values.join(", "),
        Kind::Leaf => match schema["format"].as_str() {
            Some(format) if !["int32", "int64", "double", "password"].contains(&format) => format.to_owned(),
            _ => shape.type_word().to_owned(),
        },
    }
}

fn bounds(schema: &Value) -> String {
    // Some bounds are only there to bound something.
    let bound = |name: &str| schema[name].as_i64().filter(|bound| *bound < i64::from(i32::MAX));
    let stated = ["date", "date-time", "uuid"].contains(&schema["format"].as_str().unwrap_or_default());
    if stated || schema["enum"].is_array() {
        return String::new();
    }
    let length = match (bound("minLength"), bound("maxLength")) {
        (Some(least @ 1..), Some(most)) => format!(", {least}–{most} characters"),
        (_, Some(most)) => format!(", up to {most} characters"),
        _ => String::new(),
    };
    match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) => format!("{length}, {least}–{most}"),
        (Some(least), None) => format!("{length}, at least {least}"),
        _ => length,
    }
}
