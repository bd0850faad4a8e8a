//! What holds of every function.json.

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::*;

fn read(name: &str, file: &Value) -> Result<Option<Function>> {
    parse(name, &file.to_string(), &Surroundings { route_prefix: "api", retry: None, setting: &|_| None })
}

fn http_file(route: &str, methods: &[&str], level: &str) -> Value {
    json!({ "bindings": [
        { "type": "httpTrigger", "direction": "in", "name": "q", "authLevel": level, "methods": methods, "route": route },
        { "type": "http", "direction": "out", "name": "res" },
    ] })
}

/// Something to stand where something else is expected.
fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "\\PC{0,10}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!(["get", 7])),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        name in "[A-Za-z][A-Za-z0-9_-]{0,127}",
        words in vec("[b-qs-z]{1,8}", 1..4),
        methods in btree_set(select(vec!["get", "POST", "Put", "delete", "options"]), 1..5),
        level in "anonymous|function|Admin",
    ) {
        let (route, methods) = (words.join("/"), Vec::from_iter(methods));
        let function = read(&name, &http_file(&route, &methods, &level)).unwrap().unwrap();
        let Trigger::Http(http) = function.trigger else { panic!("no HTTP trigger") };
        prop_assert_eq!(function.name, name);
        prop_assert_eq!(http.route.to_string(), format!("/api/{route}"));
        let (own, without_prefix) = (format!("/api/{route}"), format!("/{route}"));
        prop_assert!(http.route.matches(&own) && !http.route.matches(&without_prefix), "{}", http.route);
        let written: Vec<String> = methods.iter().map(|method| method.to_uppercase()).collect();
        prop_assert_eq!(http.methods.unwrap().iter().map(ToString::to_string).collect::<Vec<_>>(), written);
        prop_assert_eq!(http.anonymous, level == "anonymous");
    }

    #[test]
    fn only_a_letter_and_then_letters_digits_and_dashes_name_a_function(
        name in "[A-Za-z0-9_.-]{0,6}|\\PC{0,4}|[a-z]{125,132}",
    ) {
        let mut bytes = name.bytes();
        let good = bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
            && name.len() <= 128;
        prop_assert_eq!(read(&name, &http_file("x", &["get"], "anonymous")).is_ok(), good);
    }

    #[test]
    fn what_belongs_to_the_host_is_no_route(
        reserved in "(admin|runtime|Admin|RUNTIME)",
        rest in "[a-z/]{0,6}",
        slash in "/{0,2}",
    ) {
        let route = format!("{slash}{reserved}{rest}");
        prop_assert!(read("F", &http_file(&route, &["get"], "anonymous")).is_err(), "{}", route);
    }

    #[test]
    fn anything_in_any_place_is_read_or_refused_in_words(
        field in "type|direction|name|authLevel|methods|route|schedule|useMonitor|runOnStartup|other",
        timer: bool, second: bool, value in anything(),
    ) {
        let mut file = if timer {
            json!({ "bindings": [{ "type": "timerTrigger", "direction": "in", "name": "t", "schedule": "0 0 * * * *" }] })
        } else {
            http_file("x", &["get"], "anonymous")
        };
        let at = usize::from(second && !timer);
        file["bindings"][at][&field] = value;
        if let Err(error) = read("F", &file) {
            prop_assert!(!error.to_string().is_empty());
        }
        // What no one knows changes nothing.
        prop_assert!(field != "other" || read("F", &file).is_ok());
    }
}
