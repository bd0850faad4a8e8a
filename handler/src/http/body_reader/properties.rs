//! What holds of every body, against rules told in other words.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;
use time::macros::date;

use super::*;
use crate::http::test_support::any_json;

#[derive(Debug, PartialEq)]
struct Form {
    name: String,
    bio: Option<String>,
    home: Patch<String>,
    nick: Option<String>,
    count: i32,
}

impl FromBody for Form {
    fn read(body: &mut BodyReader<'_>) -> Option<Self> {
        let text = |text: &str| Ok(text.to_owned());
        let name = body.required("name", text);
        let bio = body.optional("bio", text);
        let home = body.patch("home", text);
        let nick = body.patch_required("nick", text);
        let count = body.required_i32("count");
        Some(Self { name: name?, bio: bio?, home: home?, nick: nick?, count: count? })
    }
}

/// The form, within another object.
#[derive(Debug, PartialEq)]
struct Outer(Form);

impl FromBody for Outer {
    fn read(body: &mut BodyReader<'_>) -> Option<Self> {
        body.required_object("form").map(Self)
    }
}

/// Which fields of the form are at fault.
fn at_fault(object: &Map<String, Value>) -> BTreeSet<String> {
    let is_fault = |field: &&str| {
        let value = object.get(*field);
        let (absent, null) = (value.is_none(), value.is_some_and(Value::is_null));
        let text = value.is_some_and(Value::is_string);
        !match *field {
            "name" => text,
            "bio" | "home" => text || absent || null,
            "nick" => text || absent,
            _ => value.and_then(Value::as_i64).is_some_and(|number| i32::try_from(number).is_ok()),
        }
    };
    let known = ["name", "bio", "home", "nick", "count"];
    let unknown = object.keys().map(String::as_str).filter(|key| !known.contains(key));
    known.into_iter().filter(is_fault).chain(unknown).map(str::to_owned).collect()
}

fn any_body() -> impl Strategy<Value = Map<String, Value>> {
    let field =
        prop_oneof![Just("name"), Just("bio"), Just("home"), Just("nick"), Just("count"), Just("Name"), Just("")];
    let value = prop_oneof![
        3 => "[a-z]{0,8}".prop_map(Value::from),
        2 => any::<i32>().prop_map(Value::from),
        1 => prop_oneof![Just(2.0), Just(0.5), Just(1e300)].prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any_json(),
    ];
    let good =
        Just(json!({ "name": "Ana", "count": 7 })).prop_map(|good| good.as_object().cloned().unwrap_or_default());
    (good, any::<bool>(), vec((field, value), 0..6)).prop_map(|(good, begin_good, changes)| {
        let mut body = if begin_good { good } else { Map::new() };
        body.extend(changes.into_iter().map(|(field, value)| (field.to_owned(), value)));
        body
    })
}

proptest! {
    #[test]
    fn security_15_exactly_the_fields_that_break_a_rule_are_told(body in any_body()) {
        let today = date!(2026 - 01 - 31);
        let expected = at_fault(&body);
        match read::<Form>(&body, today) {
            Ok(form) => {
                prop_assert!(expected.is_empty(), "{:?}", expected);
                prop_assert_eq!(Some(form.name.as_str()), body["name"].as_str());
                prop_assert_eq!(Some(i64::from(form.count)), body["count"].as_i64());
                let text = |field: &str| body.get(field).and_then(Value::as_str).map(str::to_owned);
                prop_assert_eq!((form.bio, form.nick), (text("bio"), text("nick")));
                let home = match body.get("home") {
                    None => Patch::Unchanged,
                    Some(_) => text("home").map_or(Patch::Clear, Patch::Set),
                };
                prop_assert_eq!(form.home, home);
            }
            Err(faults) => {
                let told: Vec<String> = faults.into_iter().map(|fault| fault.field).collect();
                prop_assert_eq!(told.len(), expected.len(), "each once: {:?}", told);
                prop_assert_eq!(BTreeSet::from_iter(told), expected);
            }
        }
        // Within another object the same fields are told, with their path.
        let inner: BTreeSet<String> = at_fault(&body).into_iter().map(|field| format!("form.{field}")).collect();
        let outer = Map::from_iter([("form".to_owned(), Value::Object(body))]);
        let told = read::<Outer>(&outer, today).err().unwrap_or_default();
        prop_assert_eq!(told.into_iter().map(|fault| fault.field).collect::<BTreeSet<_>>(), inner);
    }
}
