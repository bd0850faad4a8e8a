//! The Postman collection: the requests of the story in their order, with scripts that keep what later ones need.

use anyhow::Result;
use serde_json::{Value, json};

use super::document::{Document, Kind, Operation, Shape};
use super::journey::{self, Request, Section, Step};

/// The same in every version, so that an import replaces the collection that was there.
const ID: &str = "5f0b7a52-6c1e-4d0e-9a34-7e2d1b8c4f60";
const ENVIRONMENT_ID: &str = "b3a4c8de-1f27-4c55-8a0b-2d9e6f731c04";

const ABOUT: &str = "Every request of the TravelMeetup API, in an order in which all of them work: two people register, connect, \
travel, meet and leave. Run the whole collection, or one request after the other; each keeps what later ones need (tokens, ids). \
Choose the environment `TravelMeetup` first, and set `base_url` to your server. A run registers people of its own, so it may be \
repeated, but with the limit of 10 logins and registrations a minute not twice in one minute.";

/// Variables for one run: new email addresses, and days to come.
const BEGIN: [&str; 3] = [
    "pm.collectionVariables.set(\"run\", Date.now());",
    "pm.collectionVariables.set(\"year\", new Date().getUTCFullYear() + 1);",
    "pm.collectionVariables.set(\"tries\", 0);",
];

/// Asks again, a minute at most, until there is something in the list.
const UNTIL_FOUND: [&str; 9] = [
    "const tries = Number(pm.collectionVariables.get(\"tries\")) + 1;",
    "pm.collectionVariables.set(\"tries\", tries);",
    "if (answer.pagination.total === 0 && tries < 60) {",
    "    pm.execution.setNextRequest(pm.info.requestName);",
    "    setTimeout(() => {}, 1000);",
    "} else {",
    "    pm.collectionVariables.set(\"tries\", 0);",
    "    pm.test(\"there is one\", () => pm.expect(answer.pagination.total).to.be.above(0));",
    "}",
];

/// The collection as JSON text.
pub(super) fn collection(document: &Document) -> Result<String> {
    let operations = document.operations()?;
    let mut chapters = journey::chapters();
    // Is the service there at all? A reader of the reference asks that last, and who runs requests asks it first.
    chapters.rotate_right(1);
    let mut variables = vec!["run".to_owned(), "year".to_owned(), "tries".to_owned()];
    let mut folders = Vec::new();
    for chapter in &chapters {
        let mut items = Vec::new();
        for section in &chapter.sections {
            items.extend(requests(section, document, &operations)?);
            let kept = section.steps().flat_map(|step| &step.keep).map(|(name, _)| name.to_lowercase());
            for name in kept {
                if !variables.contains(&name) {
                    variables.push(name);
                }
            }
        }
        folders.push(json!({ "name": chapter.title, "description": chapter.about, "item": items }));
    }
    let variables: Vec<Value> = variables.iter().map(|name| json!({ "key": name, "value": "" })).collect();
    let collection = json!({
        "info": {
            "_postman_id": ID,
            "name": "TravelMeetup",
            "description": ABOUT,
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "item": folders,
        "event": [script("prerequest", &["if (!pm.collectionVariables.get(\"run\")) {".to_owned(), indented(&BEGIN), "}".to_owned()])],
        "variable": variables,
    });
    Ok(format!("{collection:#}\n"))
}

/// The environment of a developer's machine as JSON text.
pub(super) fn environment() -> Result<String> {
    let environment = json!({
        "id": ENVIRONMENT_ID,
        "name": "TravelMeetup",
        "values": [{ "key": "base_url", "value": "http://127.0.0.1:7071", "type": "default", "enabled": true }],
        "_postman_variable_scope": "environment",
    });
    Ok(serde_json::to_string_pretty(&environment)? + "\n")
}

fn requests(section: &Section, document: &Document, operations: &[Operation]) -> Result<Vec<Value>> {
    let mut items = Vec::new();
    let mut add = |name: Option<&str>, step: &Step| -> Result<()> {
        let request = step.request(document, operations)?;
        items.push(item(name.unwrap_or(request.operation.summary()), &request, document)?);
        Ok(())
    };
    for (name, step) in &section.before {
        add(Some(name), step)?;
    }
    add(None, &section.main)?;
    for (name, step) in &section.after {
        add(Some(name), step)?;
    }
    Ok(items)
}

fn item(name: &str, request: &Request<'_>, document: &Document) -> Result<Value> {
    let (operation, step) = (request.operation, request.step);
    let (described, answer) = operation.answer(document, step.status)?;
    let mut sent = json!({
        "method": operation.method,
        "header": [{ "key": "Accept", "value": "application/json" }],
        "url": url(request),
        "description": operation.description(),
        "auth": { "type": "noauth" },
    });
    if operation.secured() {
        let token = format!("{{{{{}}}}}", step.token.to_lowercase());
        sent["auth"] = json!({ "type": "bearer", "bearer": [{ "key": "token", "value": token, "type": "string" }] });
    }
    if let Some(body) = &request.body {
        let language = json!({ "raw": { "language": "json" } });
        sent["body"] = json!({ "mode": "raw", "raw": with_variables(&format!("{body:#}")), "options": language });
    }
    let example = json!({
        "name": described,
        "originalRequest": sent,
        "code": step.status,
        "_postman_previewlanguage": "json",
        "header": [{ "key": "Content-Type", "value": "application/json; charset=utf-8" }],
        "body": answer.as_ref().map_or_else(String::new, |(_, example)| format!("{example:#}")),
    });
    let mut events = vec![script("test", &tests(request, answer.as_ref().map(|(shape, _)| shape)))];
    // The first request of a run.
    if operation.id == "authRegister" && step.keep.iter().any(|(variable, _)| *variable == "USER_ID") {
        events.push(script("prerequest", &BEGIN.map(str::to_owned)));
    }
    Ok(json!({ "name": name, "event": events, "request": sent, "response": [example] }))
}

fn url(request: &Request<'_>) -> Value {
    let mut path = request.operation.path.clone();
    for (name, variable) in &request.path {
        path = path.replace(&format!("{{{name}}}"), &format!("{{{{{}}}}}", variable.to_lowercase()));
    }
    let query: Vec<Value> = request
        .step
        .query
        .iter()
        .map(|(name, value)| json!({ "key": name, "value": with_variables(value).replace(' ', "%20") }))
        .collect();
    let pairs: Vec<String> =
        query.iter().map(|pair| format!("{}={}", text(&pair["key"]), text(&pair["value"]))).collect();
    let raw_query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    json!({ "raw": format!("{{{{base_url}}}}{path}{raw_query}"), "host": ["{{base_url}}"], "path": parts, "query": query })
}

/// The tests of a request, and what it keeps.
fn tests(request: &Request<'_>, answer: Option<&Shape>) -> Vec<String> {
    let (operation, step) = (request.operation, request.step);
    let status = step.status;
    let mut lines = vec![
        format!("pm.test(\"answers {status}\", () => pm.response.to.have.status({status}));"),
        "pm.test(\"has a request id\", () => pm.expect(pm.response.headers.get(\"X-Request-Id\")).to.match(/^[A-Za-z0-9._-]+$/));"
            .to_owned(),
    ];
    if operation.path.starts_with("/api/") {
        lines.push("pm.test(\"tells the rate limit\", () => pm.expect(Number(pm.response.headers.get(\"X-RateLimit-Limit\"))).to.be.least(0));".to_owned());
    }
    let Some(shape) = answer else {
        lines.push("pm.test(\"is empty\", () => pm.expect(pm.response.text()).to.equal(\"\"));".to_owned());
        return lines;
    };
    lines.push("const answer = pm.response.json();".to_owned());
    lines.push(format!("pm.test(\"has its fields\", () => pm.expect(answer).to.have.all.keys({}));", keys(shape)));
    if let Some(entry) = entries(shape) {
        let each = format!("answer.data.forEach((entry) => pm.expect(entry).to.have.all.keys({}))", keys(&entry));
        lines.push(format!("pm.test(\"has entries with their fields\", () => {each});"));
    }
    if step.until_found {
        lines.extend(UNTIL_FOUND.map(str::to_owned));
    }
    for (variable, place) in &step.keep {
        lines.push(format!("pm.collectionVariables.set(\"{}\", answer{place});", variable.to_lowercase()));
    }
    lines
}

/// The names of an object's fields, as a list in JavaScript. All are always there, `null` if there is nothing to say.
fn keys(shape: &Shape) -> Value {
    shape.clone().into_fields().into_iter().map(|field| Value::from(field.name)).collect()
}

/// The entries of a page.
fn entries(shape: &Shape) -> Option<Shape> {
    let data = shape.clone().into_fields().into_iter().find(|field| field.name == "data")?;
    match data.shape.kind {
        Kind::List(entry) => Some(*entry),
        _ => None,
    }
}

/// Variables as Postman writes them; those of numbers without quotes.
fn with_variables(text: &str) -> String {
    let mut parts = text.replace("\"{{#", "{{#").split("{{").map(str::to_owned).collect::<Vec<_>>();
    for part in parts.iter_mut().skip(1) {
        if let Some((name, after)) = part.clone().split_once("}}") {
            let (name, after) = match name.strip_prefix('#') {
                Some(number) => (number, after.strip_prefix('"').unwrap_or(after)),
                None => (name, after),
            };
            *part = format!("{}}}}}{after}", name.to_lowercase());
        }
    }
    parts.join("{{")
}

fn script(listen: &str, lines: &[String]) -> Value {
    let lines: Vec<&str> = lines.iter().flat_map(|line| line.lines()).collect();
    json!({ "listen": listen, "script": { "type": "text/javascript", "exec": lines } })
}

fn indented(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
