//! The document, held against what the API does. That every answer is one of those that the document describes is held in
//! every story.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Map, Value, json};
use tests::{Client, TestApp};

/// The operations that anyone may use. A new one is not on this list, so it has to refuse those without a token.
const PUBLIC: [&str; 7] = ["authRegister", "authLogin", "authRefresh", "health", "healthDetailed", "ready", "live"];

/// The id of nothing.
const NO_ID: &str = "2147483647";

/// An operation of the document.
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: Method,
    /// The path with its parameters: `/api/v1/travels/{travel_id}`.
    pub(super) template: String,
    /// With an id in the place of each parameter.
    pub(super) path: String,
    pub(super) described: Value,
}

fn document() -> Value {
    handler::app::openapi()
}

/// Every operation of the document.
pub(super) fn operations() -> Vec<Operation> {
    let document = document();
    let mut operations = Vec::new();
    for (template, item) in document["paths"].as_object().unwrap() {
        for (method, described) in item.as_object().unwrap() {
            let path = template.replace("{session_id}", "00000000-0000-4000-8000-000000000000");
            let path = path
                .split('/')
                .map(|part| if part.starts_with('{') { NO_ID } else { part })
                .collect::<Vec<_>>()
                .join("/");
            operations.push(Operation {
                id: described["operationId"].as_str().unwrap().to_owned(),
                method: Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(),
                template: template.clone(),
                path,
                described: described.clone(),
            });
        }
    }
    operations
}

fn schema(reference: &Value) -> Value {
    let name = reference["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
    document()["components"]["schemas"][name].clone()
}

/// The operations with a request body, and its schema.
fn with_bodies() -> Vec<(Operation, Value)> {
    let content = |operation: &Operation| operation.described["requestBody"]["content"]["application/json"].clone();
    let with = operations().into_iter().filter(|operation| content(operation).is_object());
    with.map(|operation| {
        let schema = schema(&content(&operation)["schema"]);
        (operation, schema)
    })
    .collect()
}

fn names(schema: &Value) -> BTreeSet<String> {
    schema["properties"].as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn security_14_every_operation_refuses_those_without_a_token_unless_it_is_a_public_one() {
    let app = TestApp::new().await;
    let mut public = BTreeSet::new();
    for operation in operations() {
        let answer = app.anonymous().send(operation.method.clone(), &operation.path, Some(&json!({}))).await;
        let secured = operation.described["security"].as_array().is_some_and(|schemes| !schemes.is_empty());
        if answer.status == 401 && !PUBLIC.contains(&operation.id.as_str()) {
            assert!(secured, "the document does not say that {} needs a token", operation.id);
            let forged = app.anonymous().with_token("a.b.c");
            let answer = forged.send(operation.method, &operation.path, Some(&json!({}))).await;
            answer.expect_refusal(401, "UNAUTHORIZED");
        } else {
            assert!(!secured, "{} does not ask for a token: {answer:?}", operation.id);
            public.insert(operation.id);
        }
    }
    assert_eq!(public, PUBLIC.map(str::to_owned).into());
}

#[tokio::test]
async fn the_document_is_served_as_it_is_built() {
    let app = TestApp::new().await;
    let served = app.anonymous().get("/openapi.json").await.expect_status(200).json();
    assert_eq!(served, document());
    assert!(served["openapi"].as_str().unwrap().starts_with("3.1"), "{}", served["openapi"]);
}

#[tokio::test]
async fn security_15_bodies_take_the_documented_fields_and_no_others() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let plan = json!({ "city": "Rome", "country": "Italy", "start_date": "2026-03-15", "end_date": "2026-03-20" });
    let plan = ana.post("/api/v1/travels", &plan).await.expect_status(201).json()["id"].to_string();
    // Whatever any schema calls a field, and what people try.
    let mut candidates: BTreeSet<String> =
        ["id", "is_active", "user_id", "password_hash", "role", "is_admin", "session_id"].map(str::to_owned).into();
    for schema in document()["components"]["schemas"].as_object().unwrap().values() {
        candidates.extend(schema["properties"].as_object().into_iter().flat_map(Map::keys).cloned());
    }
    for (operation, schema) in with_bodies() {
        assert_eq!(schema["additionalProperties"], json!(false), "{}", operation.id);
        let client = if PUBLIC.contains(&operation.id.as_str()) { app.anonymous() } else { (*ana).clone() };
        let path = operation.path.replace(NO_ID, &plan);
        let send = async |body: Value| client.send(operation.method.clone(), &path, Some(&body)).await;
        let required: BTreeSet<String> = serde_json::from_value(schema["required"].clone()).unwrap_or_default();

        let nothing = send(json!({})).await;
        if required.is_empty() {
            nothing.expect_status(200);
        } else {
            nothing.expect_refusal(400, "VALIDATION_ERROR");
            assert_eq!(BTreeSet::from_iter(nothing.fields_at_fault()), required, "{}", operation.id);
        }
        for field in &candidates {
            // No field takes a boolean, so whoever knows the field says so.
            let answer = send(json!({ field: true })).await;
            let unknown = answer.expect_fault(field).fault(field).contains("unknown field");
            assert_eq!(!unknown, names(&schema).contains(field), "{} and {field}", operation.id);
        }
    }
}

#[tokio::test]
async fn the_documented_bounds_are_those_of_the_fields() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    for (operation, schema) in with_bodies() {
        let client: Client = if PUBLIC.contains(&operation.id.as_str()) { app.anonymous() } else { (*ana).clone() };
        for (field, property) in schema["properties"].as_object().unwrap() {
            // A presented password is compared with what is stored, not held to a rule.
            let Some(most) = property["maxLength"].as_u64().filter(|_| property["format"] != "password") else {
                continue;
            };
            let text = "a".repeat(usize::try_from(most).unwrap() + 1);
            let answer = client.send(operation.method.clone(), &operation.path, Some(&json!({ field: text }))).await;
            answer.expect_fault(field);
            // Characters are counted, as JSON Schema has it, and not bytes.
            let text = "é".repeat(usize::try_from(most).unwrap());
            let answer = client.send(operation.method.clone(), &operation.path, Some(&json!({ field: text }))).await;
            let faults = if answer.status == 400 { answer.faults() } else { Vec::new() };
            let too_long = faults.iter().any(|(at, message)| at == field && message.contains("too long"));
            assert!(!too_long, "{field} of {}: {answer:?}", operation.id);
        }
    }
}

#[tokio::test]
async fn the_document_says_which_texts_may_be_empty() {
    let (app, [ana]) = TestApp::with_users(["ana"]).await;
    let (mut may, mut must_not) = (0, 0);
    for (operation, schema) in with_bodies() {
        let client: Client = if PUBLIC.contains(&operation.id.as_str()) { app.anonymous() } else { (*ana).clone() };
        let properties = schema["properties"].as_object().unwrap();
        // No email and no day is empty: their format says so.
        for (field, property) in properties.iter().filter(|(_, property)| property["maxLength"].is_u64()) {
            let refused =
                property["minLength"].as_u64().is_some_and(|least| least > 0) || property["format"] == "email";
            let answer = client.send(operation.method.clone(), &operation.path, Some(&json!({ field: "" }))).await;
            // An unknown plan is told of only after a good body.
            let at_fault = answer.status == 400 && answer.fields_at_fault().contains(field);
            assert_eq!(at_fault, refused, "{field} of {}: {answer:?}", operation.id);
            *(if refused { &mut must_not } else { &mut may }) += 1;
        }
    }
    assert!(may >= 2 && must_not >= 10, "{may} and {must_not}");
}

#[test]
fn no_two_types_share_a_name_in_the_document() {
    // The generator takes the last one of a name without a word.
    let mut types = Vec::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../handler/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                types.extend(documented_types(&std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    let distinct: BTreeSet<&String> = types.iter().collect();
    assert!(types.len() >= 30 && distinct.len() == types.len(), "{types:?}");
    let twins =
        documented_types("#[derive(ToSchema)]\npub struct A;\n#[derive(Debug, ToSchema)]\n#[x]\n/// A\nenum A {");
    assert_eq!(twins, ["A", "A"]);
}

/// The names of the types in some code that derive a schema, as the document calls them.
fn documented_types(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut derives, mut renamed) = (false, None);
    for line in code.lines().map(str::trim) {
        derives |= line.starts_with("#[derive(") && line.contains("ToSchema");
        if let Some(name) = line.strip_prefix("#[schema(as = ") {
            renamed = Some(name.trim_end_matches(")]").to_owned());
        }
        let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        if let Some(place) = words.iter().position(|word| matches!(*word, "struct" | "enum")).filter(|place| *place < 2)
            && let Some(name) = words.get(place + 1)
        {
            if derives {
                names.push(renamed.take().unwrap_or_else(|| (*name).to_owned()));
            }
            (derives, renamed) = (false, None);
        }
    }
    names
}

#[test]
fn operations_have_names_descriptions_and_refusals() {
    let mut ids = BTreeSet::new();
    for operation in operations() {
        assert!(ids.insert(operation.id.clone()), "{} is there twice", operation.id);
        assert!(operation.described["summary"].as_str().is_some_and(|text| !text.is_empty()), "{}", operation.id);
        let responses = operation.described["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{}", operation.id);
        assert!(operation.path.starts_with("/health") || responses.contains_key("503") || operation.id == "live");
    }
    assert!(ids.len() >= 16);
}

#[test]
fn a_parameter_can_be_what_its_schema_says_and_its_default_and_example_are() {
    let mut seen = 0;
    for operation in operations() {
        for parameter in operation.described["parameters"].as_array().into_iter().flatten() {
            let told = format!("{} of {}: {parameter}", parameter["name"], operation.id);
            let referred = &parameter["schema"];
            let schema = if referred["$ref"].is_string() { schema(referred) } else { referred.clone() };
            // One kind of value, told in one piece: no text or number is both of two types, and a query has no null.
            let kind = schema["type"].as_str().unwrap_or_else(|| panic!("{told}"));
            for value in [&schema["default"], &schema["example"], &parameter["example"]] {
                seen += usize::from(!value.is_null());
                let fits = match kind {
                    "string" => value.is_string(),
                    "integer" => value.is_i64(),
                    "boolean" => value.is_boolean(),
                    _ => false,
                };
                let one_of = schema["enum"].as_array().is_none_or(|values| values.contains(value));
                assert!(value.is_null() || (fits && one_of), "{told}");
            }
        }
    }
    assert!(seen > 20, "{seen} defaults and examples");
}

#[test]
fn links_lead_to_operations_that_take_what_they_hand_on() {
    let operations = operations();
    let mut links = Vec::new();
    for operation in &operations {
        let responses = operation.described["responses"].as_object().unwrap().values();
        for (name, link) in responses.filter_map(|response| response["links"].as_object()).flatten() {
            let id = link["operationId"].as_str().unwrap();
            let target = operations.iter().find(|operation| operation.id == id).unwrap_or_else(|| panic!("no {id}"));
            for parameter in link["parameters"].as_object().into_iter().flat_map(Map::keys) {
                assert!(target.template.contains(&format!("{{{parameter}}}")), "{name} of {}", operation.id);
            }
            if let Some(body) = link["requestBody"].as_object() {
                let taken = schema(&target.described["requestBody"]["content"]["application/json"]["schema"]);
                assert!(body.keys().all(|field| names(&taken).contains(field)), "{name} of {}", operation.id);
            }
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{name:?} is no name for a link");
            links.push(format!("{} → {id}", operation.id));
        }
    }
    assert!(links.contains(&"authLogin → authRefresh".to_owned()) && links.len() >= 6, "{links:?}");
}
