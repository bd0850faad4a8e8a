//! JSON on the way out, written so that it does no harm when somebody pastes it into a page.
//!
//! Texts are stored as their authors wrote them, `<script>` included. In an answer the characters that could end a
//! script element, start a tag or an entity, or end a line of JavaScript are written as `\u` escapes: the same JSON to
//! every parser, and inert text to everything else.

use crate::error::Error;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use std::io;

/// The media type of every JSON answer.
pub const JSON_UTF_8: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// A 200 with this value as its JSON body; with another status as `(StatusCode::CREATED, Json(value))`.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match safe_json(&self.0) {
            Ok(text) => (StatusCode::OK, [(CONTENT_TYPE, JSON_UTF_8)], text).into_response(),
            Err(error) => Error::Internal(anyhow::Error::new(error).context("writing an answer")).into_response(),
        }
    }
}

/// Writes a value as compact JSON without `<`, `>`, `&`, U+2028 or U+2029. Fails only if the value's own `Serialize`
/// does.
pub fn safe_json<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    let mut text = Vec::with_capacity(256);
    value.serialize(&mut Serializer::with_formatter(&mut text, HtmlSafe))?;
    Ok(text)
}

/// Compact JSON that differs from `serde_json`'s own in the inside of strings alone.
struct HtmlSafe;

impl Formatter for HtmlSafe {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let (bytes, mut written) = (fragment.as_bytes(), 0);
        // Without a way out in the middle, the processor looks at many bytes at once; nearly always that is all.
        if !bytes.iter().fold(false, |found, byte| found | matches!(byte, b'<' | b'>' | b'&' | 0xe2)) {
            return writer.write_all(bytes);
        }
        for (at, byte) in bytes.iter().enumerate() {
            let (escape, length) = match byte {
                b'<' => (b"\\u003c", 1),
                b'>' => (b"\\u003e", 1),
                b'&' => (b"\\u0026", 1),
                // The two line ends that JavaScript has and JSON doesn't.
                0xe2 if bytes[at..].starts_with("\u{2028}".as_bytes()) => (b"\\u2028", 3),
                0xe2 if bytes[at..].starts_with("\u{2029}".as_bytes()) => (b"\\u2029", 3),
                _ => continue,
            };
            writer.write_all(&bytes[written..at])?;
            writer.write_all(escape)?;
            written = at + length;
        }
        writer.write_all(&bytes[written..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const MARKUP: [char; 5] = ['<', '>', '&', '\u{2028}', '\u{2029}'];

    #[test]
    fn security_20_markup_is_escaped_in_values_and_keys() {
        let value = json!({ "<b>": "</script><script>alert(1)&\u{2028}\u{2029}" });
        let text = String::from_utf8(safe_json(&value).unwrap()).unwrap();
        assert_eq!(text, r#"{"\u003cb\u003e":"\u003c/script\u003e\u003cscript\u003ealert(1)\u0026\u2028\u2029"}"#);
    }

    #[test]
    fn everything_else_is_written_as_serde_json_does() {
        let value = json!({ "name": "Zoë \"O'Hara\" \\ \n 東京 🗼", "list": [1, -2.5, true, null, {}, []] });
        assert_eq!(safe_json(&value).unwrap(), serde_json::to_vec(&value).unwrap());
    }

    #[test]
    fn an_answer_says_that_it_is_json_in_utf_8() {
        let response = Json("ok").into_response();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json; charset=utf-8");
    }

    proptest! {
        #[test]
        fn security_20_any_text_comes_back_whole_and_never_holds_markup(text: String) {
            let written = safe_json(&text).unwrap();
            let written = String::from_utf8(written).unwrap();
            prop_assert!(!written.contains(MARKUP));
            prop_assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), Value::String(text));
        }

        #[test]
        fn security_20_texts_made_of_markup_come_back_whole(text in "[<>&\u{2028}\u{2029}\"\\\\a]{0,20}") {
            let written = String::from_utf8(safe_json(&text).unwrap()).unwrap();
            prop_assert!(!written.contains(MARKUP));
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
    }
}
