//! Reads a query string parameter by parameter and collects every fault on the way.
//!
//! Parameters that nobody asks for are ignored, as is usual for queries: links pick up tracking parameters.

use super::day::today;
use crate::error::{Error, FieldError, Result};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::borrow::Cow;
use time::Date;
use url::form_urlencoded;

/// The parameters of an endpoint.
pub trait FromQuery: Sized {
    /// Reads all parameters, then returns the whole, or `None` after any of them was at fault.
    fn read(query: &mut QueryReader<'_>) -> Option<Self>;
}

/// The query string read as a `T`; refuses with a 400 that lists every fault.
#[derive(Debug, Clone, Copy)]
pub struct ValidQuery<T>(pub T);

impl<S: Send + Sync, T: FromQuery> FromRequestParts<S> for ValidQuery<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        from_parts(parts).map(Self)
    }
}

/// Reads the query string of a request as a `T`.
pub(super) fn from_parts<T: FromQuery>(parts: &Parts) -> Result<T> {
    read(parts.uri.query().unwrap_or_default(), today(&parts.extensions)?).map_err(Error::Validation)
}

/// Reads a query string (without its `?`) as a `T`, or returns every fault in the order of reading. `today` is the day on
/// which the request came.
pub fn read<T: FromQuery>(query: &str, today: Date) -> Result<T, Vec<FieldError>> {
    let parameters = form_urlencoded::parse(query.as_bytes()).collect();
    let mut reader = QueryReader { parameters, today, faults: Vec::new() };
    let value = T::read(&mut reader);
    value.filter(|_| reader.faults.is_empty()).ok_or(reader.faults)
}

/// The parameters of a query string, and the faults that were found.
#[derive(Debug)]
pub struct QueryReader<'a> {
    parameters: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    today: Date,
    faults: Vec<FieldError>,
}

impl QueryReader<'_> {
    /// A parameter that has to be there; `parse` makes it a `T` or says in a sentence what is wrong with it.
    pub fn required<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let value = self.optional(name, parse)?;
        if value.is_none() {
            self.fault(name, format!("{name} is required"));
        }
        value
    }

    /// A parameter that may be absent; the outer `None` is a fault, the inner one says that there is none.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Option<T>> {
        let mut values = self.parameters.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
        let parsed = match (values.next(), values.next()) {
            (None, _) => return Some(None),
            (Some(_), Some(_)) => Err(format!("Send {name} only once")),
            // The parser puts U+FFFD where the bytes are no UTF-8.
            (Some(value), None) if value.contains(char::REPLACEMENT_CHARACTER) => {
                Err(format!("Send {name} as percent-encoded UTF-8"))
            }
            (Some(value), None) => parse(value),
        };
        match parsed {
            Ok(value) => Some(Some(value)),
            Err(message) => {
                self.fault(name, message);
                None
            }
        }
    }

    /// The day on which the request came, in UTC.
    #[must_use]
    pub const fn today(&self) -> Date {
        self.today
    }

    /// Notes a fault that no single parameter's parser can see.
    pub fn fault(&mut self, name: &str, message: impl Into<String>) {
        self.faults.push(FieldError::new(name, message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use time::macros::date;

    const TODAY: Date = date!(2026 - 01 - 31);

    #[derive(Debug, PartialEq)]
    struct Search {
        q: String,
        kind: Option<u8>,
    }

    impl FromQuery for Search {
        fn read(query: &mut QueryReader<'_>) -> Option<Self> {
            let q = query.required("q", |text| Ok(text.to_owned()));
            let kind = query.optional("kind", |text| text.parse().map_err(|_| "Send 0 to 255".to_owned()));
            Some(Self { q: q?, kind: kind? })
        }
    }

    fn faults(query: &str) -> Vec<(String, String)> {
        let faults = read::<Search>(query, TODAY).expect_err("this has to be refused");
        faults.into_iter().map(|fault| (fault.field, fault.message)).collect()
    }

    fn fault(field: &str, message: &str) -> (String, String) {
        (field.to_owned(), message.to_owned())
    }

    #[test]
    fn parameters_are_decoded_and_others_ignored() {
        assert_eq!(
            read::<Search>("utm_source=x&q=a+b%26%C3%A9,c&kind=7&Q=no", TODAY).unwrap(),
            Search { q: "a b&é,c".into(), kind: Some(7) }
        );
        assert_eq!(read::<Search>("q=", TODAY).unwrap(), Search { q: String::new(), kind: None });
    }

    #[test]
    fn all_faults_are_told_at_once() {
        assert_eq!(faults("kind=x"), [fault("q", "q is required"), fault("kind", "Send 0 to 255")]);
        assert_eq!(faults("q=1&q=1&kind=1,2"), [fault("q", "Send q only once"), fault("kind", "Send 0 to 255")]);
    }

    #[test]
    fn security_19_bytes_that_are_no_utf_8_are_refused() {
        assert_eq!(faults("q=%ff"), [fault("q", "Send q as percent-encoded UTF-8")]);
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_read_whatever_stands_beside_it(
            q in "\\PC{0,20}|[&=+%;,# ]{0,9}",
            kind: Option<u8>,
            beside in vec(("[a-jl-pr-z&=+%]{0,4}|Q|Kind", "\\PC{0,8}"), 0..5),
            at in 0_usize..5,
        ) {
            let mut pairs: Vec<(String, String)> = beside;
            pairs.insert(at.min(pairs.len()), ("q".to_owned(), q.clone()));
            pairs.extend(kind.map(|kind| ("kind".to_owned(), kind.to_string())));
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            prop_assume!(!q.contains(char::REPLACEMENT_CHARACTER));
            prop_assert_eq!(read::<Search>(&query, TODAY).ok(), Some(Search { q, kind }));
        }

        #[test]
        fn security_19_any_query_is_read_or_each_parameter_is_told_what_is_wrong(
            query in "([qk]|kind|=|&|%|[0-9a-fA-F]|\\PC){0,24}",
        ) {
            let sent = |name: &str| form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name).count();
            match read::<Search>(&query, TODAY) {
                Ok(_) => prop_assert!(sent("q") == 1 && sent("kind") <= 1),
                Err(faults) => {
                    let told: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
                    prop_assert!([&["q"][..], &["kind"], &["q", "kind"]].contains(&&told[..]), "{:?}", told);
                    prop_assert_eq!(told.contains(&"q") && sent("q") == 0, sent("q") == 0);
                }
            }
        }
    }
}
