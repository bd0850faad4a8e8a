//! The headers of the answers. Each is described once, and every answer that has it refers to it.

use serde_json::{Map, Value, json};

use super::operations;

/// Names every header where it comes.
pub fn add_headers(document: &mut Value) {
    for mut operation in operations(document) {
        let is_of_api = operation.is_of_api();
        let is_conditional = operation.responses().any(|(status, _)| status == "304");
        let is_polled = is_conditional && operation.path.contains("/notifications");
        for (status, response) in operation.responses() {
            let moved = response.get("headers").is_some_and(|headers| headers.get("Location").is_some());
            let mut names = vec!["X-Request-Id", "Access-Control-Allow-Origin"];
            if is_of_api {
                names.extend(["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]);
            }
            match status {
                "201" if moved => names.push("Location"),
                "200" | "304" if is_conditional => {
                    names.push("ETag");
                    if is_polled {
                        names.push("X-Poll-Interval");
                    }
                }
                "401" => names.push("WWW-Authenticate"),
                "429" | "503" => names.push("Retry-After"),
                _ => {}
            }
            let referred = |name: &str| json!({ "$ref": format!("#/components/headers/{name}") });
            let headers: Map<String, Value> = names.iter().map(|name| ((*name).to_owned(), referred(name))).collect();
            insert_before_content(response, headers.into());
        }
    }
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        components.insert("headers".to_owned(), described());
    }
}

/// Puts the headers where a reader expects them: after the description.
fn insert_before_content(response: &mut Map<String, Value>, headers: Value) {
    let rest: Vec<(String, Value)> = ["content", "links"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), response.shift_remove(name)?)))
        .collect();
    response.insert("headers".to_owned(), headers);
    response.extend(rest);
}

fn described() -> Value {
    let seconds = |least: i64, most: i64, example: i64, told: &str| {
        json!({
            "description": told,
            "schema": { "type": "integer", "format": "int64", "minimum": least, "maximum": most },
            "example": example,
        })
    };
    let text = |most: usize, example: &str, told: &str| json!({ "description": told, "schema": { "type": "string", "maxLength": most }, "example": example });
    json!({
        "X-Request-Id": {
            "description": "The id of the request: the client's own `X-Request-Id`, if it is 1 to 64 of `[A-Za-z0-9._-]`, \
                            else a new one. Name it when you report a problem.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9._-]+$" },
            "example": super::examples::REQUEST_ID,
        },
        "Access-Control-Allow-Origin": text(255, "https://travelmeetup.com",
            "The origin of the page that asked, if the deployment allows it; else the header is not there."),
        "X-RateLimit-Limit": seconds(0, 1_000_000, 100, "How many requests a minute are served."),
        "X-RateLimit-Remaining": seconds(0, 1_000_000, 97, "How many of them are left."),
        "X-RateLimit-Reset": seconds(0, 9_007_199_254_740_991, 1_769_855_460,
            "When the minute ends, in seconds since 1970-01-01T00:00:00Z."),
        "ETag": text(64, "W/\"q2hXvT5nMO8dDkR1Yw0e\"",
            "Says what the answer says, for this caller: send it as `If-None-Match` the next time."),
        "X-Poll-Interval": seconds(10, 3_600, 60, "How many seconds to wait before asking for the same again."),
        "Retry-After": seconds(1, 86_400, 42, "How many seconds to wait before the next try."),
        "Location": text(255, "/api/v1/travels/456", "Where to read what was made."),
        "WWW-Authenticate": {
            "description": "How to prove who one is.",
            "schema": { "type": "string", "const": "Bearer" },
            "example": "Bearer",
        },
    })
}
