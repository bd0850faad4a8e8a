//! Requests as curl commands, for a shell as developers have it: bash or zsh.

use serde_json::Value;

use super::journey::Request;

/// The command, with what is kept of the answer.
pub(super) fn command(request: &Request<'_>) -> String {
    let call = call(request);
    if request.step.until_found {
        return format!("until {call} | jq -e '.pagination.total > 0'; do sleep 2; done\n");
    }
    if request.step.keep.is_empty() {
        return format!("{call}\n");
    }
    let kept =
        request.step.keep.iter().map(|(variable, place)| format!("{variable}=$(jq -r '{place}' <<<\"$ANSWER\")\n"));
    format!("ANSWER=$({call})\n{}", kept.collect::<String>())
}

fn call(request: &Request<'_>) -> String {
    let mut words = vec!["curl -sS".to_owned()];
    let method = &request.operation.method;
    // `--json` makes it a POST by itself.
    if method != "GET" && (method != "POST" || request.body.is_none()) {
        words.push(format!("-X {method}"));
    }
    words.push(format!("\"{}\"", address(request)));
    if request.operation.secured() {
        words.push(format!("-H \"Authorization: Bearer ${}\"", request.step.token));
    }
    words.extend(request.body.as_ref().map(|body| format!("--json '{}'", text_of(body))));
    words.join(" ")
}

fn address(request: &Request<'_>) -> String {
    let mut path = match request.operation.path.strip_prefix("/api/v1") {
        Some(rest) => format!("$API{rest}"),
        None => format!("$HOST{}", request.operation.path),
    };
    for (name, variable) in &request.path {
        path = path.replace(&format!("{{{name}}}"), &format!("${variable}"));
    }
    let query: Vec<String> =
        request.step.query.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}

/// A value of a query for the inside of double quotes.
fn escaped(value: &str) -> String {
    value.replace("{{", "$").replace("}}", "").replace(' ', "%20")
}

/// JSON for the inside of single quotes: one line if it is short, variables outside of the quotes.
fn text_of(body: &Value) -> String {
    let fields = body.as_object().map_or(0, serde_json::Map::len);
    let text = if fields < 3 { spaced(body) } else { format!("{body:#}") };
    let mut text = text.replace('\'', "'\\''").replace("\"{{#", "{{#");
    while let Some((before, rest)) = text.split_once("{{") {
        let Some((name, after)) = rest.split_once("}}") else { break };
        text = match name.strip_prefix('#') {
            Some(number) => format!("{before}'${number}'{}", after.strip_prefix('"').unwrap_or(after)),
            None => format!("{before}'\"${name}\"'{after}"),
        };
    }
    text
}

/// JSON on one line, with a space after each colon and comma.
pub(super) fn spaced(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{}: {}", Value::from(name.as_str()), spaced(value)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        leaf => leaf.to_string(),
    }
}
