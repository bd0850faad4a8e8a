//! The examples in the document: each fits its schema, and all of them tell one story. That what the refusals say is really
//! said is looked at by `cargo xtask status-coverage`.

use std::collections::BTreeMap;

use serde_json::Value;
use tests::schema::check_value;

use crate::openapi::operations;

/// The body of one request or answer, described.
struct Body {
    /// Whose it is: `authLogin 200`.
    of: String,
    content: Value,
}

/// Every body that the document describes.
fn bodies() -> Vec<Body> {
    let mut bodies = Vec::new();
    let mut add = |of: String, described: &Value| {
        for content in described["content"].as_object().into_iter().flat_map(|content| content.values()) {
            bodies.push(Body { of: of.clone(), content: content.clone() });
        }
    };
    for operation in operations() {
        add(format!("{} request", operation.id), &operation.described["requestBody"]);
        for (status, response) in operation.described["responses"].as_object().unwrap() {
            add(format!("{} {status}", operation.id), response);
        }
    }
    bodies
}

#[test]
fn every_body_has_an_example_and_it_fits_its_schema() {
    let bodies = bodies();
    let mut faults = Vec::new();
    for Body { of, content } in &bodies {
        match content.get("example") {
            None => faults.push(format!("{of} has no example")),
            Some(example) => faults.extend(check_value(&content["schema"], example, of).err()),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(bodies.len() > 200, "{}", bodies.len());
}

#[test]
fn every_example_of_a_property_and_a_header_fits_its_schema() {
    let document = handler::app::openapi();
    let (mut faults, mut seen) = (Vec::new(), 0);
    let mut check = |schema: &Value, example: &Value, at: String| {
        seen += 1;
        faults.extend(check_value(schema, example, &at).err());
    };
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (property, inner) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(example) = inner.get("example") {
                check(inner, example, format!("{name}.{property}"));
            }
        }
    }
    for (name, header) in document["components"]["headers"].as_object().unwrap() {
        check(&header["schema"], &header["example"], name.clone());
    }
    for operation in operations() {
        for parameter in operation.described["parameters"].as_array().into_iter().flatten() {
            let at = format!("{} of {}", parameter["name"], operation.id);
            assert!(parameter["description"].is_string(), "{at} has no description");
            check(&parameter["schema"], &parameter["example"], at);
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(seen > 150, "{seen}");
}

#[test]
fn every_refusal_in_the_examples_has_the_code_of_its_status_and_says_what_is_wrong() {
    let mut codes: BTreeMap<String, String> = BTreeMap::new();
    for Body { of, content } in bodies() {
        let Some((_, status)) = of.rsplit_once(' ').filter(|(_, status)| *status >= "400" && *status < "600") else {
            continue;
        };
        if content["schema"]["$ref"] != "#/components/schemas/ErrorEnvelope" {
            continue;
        }
        let error = &content["example"]["error"];
        let code = codes.entry(status.to_owned()).or_insert_with(|| error["code"].as_str().unwrap().to_owned());
        assert_eq!(error["code"], **code, "{of}");
        assert!(error["message"].as_str().is_some_and(|message| message.len() > 10), "{of}: {error}");
        let faults = error["details"].as_array().unwrap();
        assert_eq!(status == "400", !faults.is_empty() && !of.starts_with("authRegister 409"), "{of}: {error}");
    }
    assert_eq!(codes.len(), 10, "{codes:?}");
}

#[test]
fn whoever_has_an_id_in_the_examples_has_one_name() {
    let mut names: BTreeMap<i64, String> = BTreeMap::new();
    for Body { of, content } in bodies() {
        walk(&content["example"], &mut |object| {
            let id = object.get("user_id").or_else(|| object.get("id")).and_then(Value::as_i64);
            if let (Some(id), Some(name)) = (id, object.get("display_name").and_then(Value::as_str)) {
                let known = names.entry(id).or_insert_with(|| name.to_owned());
                assert_eq!(known, name, "{id} in {of}");
            }
        });
    }
    let cast = [(123, "John Doe"), (789, "Jane Smith"), (890, "Bob Johnson")];
    assert_eq!(names, cast.map(|(id, name)| (id, name.to_owned())).into());
}

/// Shows every object in a value, the value itself included.
fn walk(value: &Value, show: &mut impl FnMut(&serde_json::Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            show(object);
            object.values().for_each(|inner| walk(inner, show));
        }
        Value::Array(entries) => entries.iter().for_each(|entry| walk(entry, show)),
        _ => {}
    }
}
