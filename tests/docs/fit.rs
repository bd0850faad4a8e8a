//! Whether an example in the reference is of the same make as what came.

use serde_json::Value;

/// Says where `came` is not as `example` has it: another field, another type, another form of date. `null` may stand in the
/// place of anything, and a list that is shown with entries has to have some, each like one of the example's.
pub(crate) fn misfits(example: &Value, came: &Value) -> Vec<String> {
    let mut misfits = Vec::new();
    compare("", example, came, &mut misfits);
    misfits
}

fn compare(path: &str, example: &Value, came: &Value, misfits: &mut Vec<String>) {
    match (example, came) {
        (Value::Null, _) | (_, Value::Null) | (Value::Bool(_), Value::Bool(_)) => {}
        (Value::Object(shown), Value::Object(fields)) => {
            let missing = shown.keys().filter(|name| !fields.contains_key(*name));
            misfits.extend(missing.map(|name| format!("{path}.{name} is shown and does not come")));
            for (name, value) in fields {
                match shown.get(name) {
                    Some(example) => compare(&format!("{path}.{name}"), example, value, misfits),
                    None => misfits.push(format!("{path}.{name} comes and is not shown")),
                }
            }
        }
        (Value::Array(shown), Value::Array(entries)) => {
            if entries.is_empty() && !shown.is_empty() {
                misfits.push(format!("{path} is empty"));
            }
            for (index, entry) in entries.iter().enumerate() {
                let against = shown.iter().map(|example| {
                    let mut of_one = Vec::new();
                    compare(&format!("{path}[{index}]"), example, entry, &mut of_one);
                    of_one
                });
                let nearest = against.min_by_key(Vec::len);
                misfits.extend(nearest.unwrap_or_else(|| vec![format!("{path}[{index}] comes and none is shown")]));
            }
        }
        (Value::Number(shown), Value::Number(number)) if shown.is_f64() || !number.is_f64() => {}
        (Value::String(shown), Value::String(text)) if form(shown) == form(text) => {}
        _ => misfits.push(format!("{path} is shown as {example} and comes as {came}")),
    }
}

/// What a text looks like: a time, a date, a UUID, or just text.
fn form(text: &str) -> &'static str {
    let pattern: String = text.chars().map(|letter| if letter.is_ascii_hexdigit() { '0' } else { letter }).collect();
    match pattern.as_str() {
        "0000-00-00T00:00:00Z" => "a time",
        "0000-00-00" => "a date",
        "00000000-0000-0000-0000-000000000000" => "a UUID",
        _ => "text",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::misfits;

    #[test]
    fn what_differs_is_found() {
        let example = json!({ "id": 1, "when": "2026-01-31", "names": [{ "kind": "a" }, { "sort": 2 }], "note": null });
        let same = json!({ "id": 7, "when": "2027-12-01", "names": [{ "sort": 5 }], "note": "text" });
        assert_eq!(misfits(&example, &same), Vec::<String>::new());
        for (field, value) in [
            ("id", json!("7")),
            ("id", json!(7.5)),
            ("when", json!("tomorrow")),
            ("names", json!([])),
            ("names", json!([{ "kind": 1 }])),
            ("more", json!(1)),
        ] {
            let mut other = same.clone();
            other[field] = value.clone();
            assert_eq!(misfits(&example, &other).len(), 1, "{field} {value}");
        }
    }
}
