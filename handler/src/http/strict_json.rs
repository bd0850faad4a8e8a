//! JSON on the way in, read so that two readers can't understand it differently.
//!
//! `serde_json` refuses most of what is doubtful by itself: text that is no UTF-8, lone surrogates, `NaN`, numbers out of
//! range, nesting deeper than 128, anything after the value. It lets the last of two equal keys win, where the next
//! reader may take the first (RFC 8259, section 4): that is refused here.

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};
use std::fmt;

/// The most characters of a client's key that are repeated to it.
const SHOWN_OF_A_KEY: usize = 64;

/// Reads one JSON object and nothing else. The error is a sentence for the user that names line and column.
pub fn object(text: &[u8]) -> Result<Map<String, Value>, String> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = StrictValue.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    match value {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("Send a JSON object: {…}".to_owned()),
        Err(_) if text.iter().all(u8::is_ascii_whitespace) => {
            Err("Send a JSON object as the request body, with its Content-Length: it was empty".to_owned())
        }
        Err(error) => Err(format!("Send valid JSON: {error}")),
    }
}

/// The beginning of a key that a client sent, short enough to be sent back.
pub(super) fn shown(key: &str) -> &str {
    key.char_indices().nth(SHOWN_OF_A_KEY).map_or(key, |(end, _)| &key[..end])
}

/// A [`Value`] in which no object had the same key twice.
struct StrictValue;

impl<'de> DeserializeSeed<'de> for StrictValue {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(StrictValue)? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            match object.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(entries.next_value_seed(StrictValue)?);
                }
                Entry::Occupied(twice) => {
                    return Err(A::Error::custom(format_args!("the key {:?} is there twice", shown(twice.key()))));
                }
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::test_support::any_json;
    use proptest::prelude::*;

    fn refused(text: impl AsRef<[u8]>) -> String {
        object(text.as_ref()).expect_err("this has to be refused")
    }

    #[test]
    fn an_object_is_read_as_serde_json_reads_it() {
        let text = r#" {"a": [1, -2, 2.5, 1e3, true, null], "b": {"a": "\ud83d\uddfc é", "c": 18446744073709551615}} "#;
        assert_eq!(Value::Object(object(text.as_bytes()).unwrap()), serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn security_19_a_key_twice_is_refused_at_any_depth() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"{"x":[{"y":{"a":1,"b":2,"a":3}}]}"#] {
            let message = refused(text);
            assert!(message.contains(r#"the key "a" is there twice"#) && message.contains("line 1"), "{message}");
        }
    }

    #[test]
    fn security_19_a_long_key_is_not_sent_back_whole() {
        let key = "é".repeat(30_000);
        assert!(refused(format!(r#"{{"{key}":1,"{key}":2}}"#)).len() < 300);
    }

    #[test]
    fn security_19_depth_bombs_are_refused() {
        for bomb in ["{\"a\":".repeat(10_000), "[".repeat(65_000), format!("{{\"a\":{}", "[".repeat(60_000))] {
            assert!(refused(bomb).contains("recursion limit"));
        }
    }

    #[test]
    fn security_19_what_is_no_json_is_refused_with_its_place() {
        for text in [
            r#"{"a":NaN}"#,
            r#"{"a":Infinity}"#,
            r#"{"a":1e999}"#,
            r#"{"a":01}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":"\udc00\ud800"}"#,
            r#"{"\ud800":1}"#,
            "{\"a\":\"raw\nline\"}",
            "{\"a\":\"\0\"}",
            r#"{"a":1,}"#,
            r#"{"a":1} x"#,
            r#"{"a":1}{"b":2}"#,
            "{'a':1}",
            r#"{"a":1"#,
            "{} // why",
            "\u{feff}{}",
        ] {
            let message = refused(text);
            assert!(message.starts_with("Send valid JSON: "), "{text}: {message}");
            assert!(message.contains("line ") && message.contains("column "), "{text}: {message}");
        }
        assert!(refused("{\n  \"a\": x\n}").contains("line 2 column 8"));
    }

    #[test]
    fn security_19_bytes_that_are_no_utf_8_are_refused() {
        for text in [&b"{\"a\":\"\xff\"}"[..], b"{\"\xc3\x28\":1}", b"{\"a\":\"\xed\xa0\x80\"}", b"\xff\xfe{\0}\0"] {
            assert!(refused(text).contains("line 1 column"));
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in ["[]", "[{}]", "null", "1", "\"{}\"", "true"] {
            assert_eq!(refused(text), "Send a JSON object: {…}");
        }
        for text in ["", " \r\n\t"] {
            assert!(refused(text).contains("it was empty"));
        }
    }

    proptest! {
        #[test]
        fn security_19_any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            if let Ok(object) = object(&bytes) {
                prop_assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), Value::Object(object));
            }
        }

        #[test]
        fn security_19_anything_like_json_is_read_as_serde_json_reads_it_or_refused(
            text in r#"\{("[ab]":([0-9]|"x"|\{"a":1\}|\[1,2\]),?){0,3}\}"#,
        ) {
            if let Ok(object) = object(text.as_bytes()) {
                prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), Value::Object(object));
            } else {
                let twice = text.matches(r#""a":"#).count() > 1 || text.matches(r#""b":"#).count() > 1;
                prop_assert!(twice || serde_json::from_str::<Value>(&text).is_err());
            }
        }

        #[test]
        fn security_19_what_is_written_is_read_again_and_half_of_it_is_not(
            value in any_json(),
            cut in 0_usize..1_000,
            pretty: bool,
        ) {
            let whole = serde_json::json!({ "a": value });
            let text = if pretty { serde_json::to_string_pretty(&whole).unwrap() } else { whole.to_string() };
            prop_assert_eq!(object(text.as_bytes()).map(Value::Object), Ok(whole));
            prop_assert!(object(&text.as_bytes()[..cut % text.len()]).is_err());
            prop_assert!(object(text.repeat(2).as_bytes()).is_err());
        }

        #[test]
        fn security_19_a_key_twice_is_refused_at_any_depth_and_however_written(
            key in "[a-z]{1,6}", first in any_json(), second in any_json(), depth in 0_usize..60, in_lists: bool,
        ) {
            let escaped = key.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect::<Vec<_>>().concat();
            let twin = format!("{{\"{key}\":{first},\"\u{e9}\":0,\"{escaped}\":{second}}}");
            let (open, close) = if in_lists { ("{\"x\":[", "]}") } else { ("{\"x\":", "}") };
            let message = refused(format!("{}{twin}{}", open.repeat(depth), close.repeat(depth)));
            prop_assert!(message.contains(&format!("the key {key:?} is there twice")), "{}", message);
        }
    }
}
