//! Reads a JSON object field by field and collects every fault on the way, so that a user corrects a form once.
//!
//! ```
//! use handler::http::body_reader::{BodyReader, FromBody, Patch};
//!
//! struct UpdateProfile {
//!     display_name: Option<String>,
//!     bio: Patch<String>,
//! }
//!
//! impl FromBody for UpdateProfile {
//!     fn read(body: &mut BodyReader<'_>) -> Option<Self> {
//!         // First every field, then every `?`: a field that is never asked for counts as unknown.
//!         let display_name = body.patch_required("display_name", |text| Ok(text.to_owned()));
//!         let bio = body.patch("bio", |text| Ok(text.to_owned()));
//!         Some(Self { display_name: display_name?, bio: bio? })
//!     }
//! }
//! ```

use super::strict_json::shown;
use crate::error::FieldError;
use serde_json::{Map, Value};
use time::Date;

/// The most unknown fields that are listed; a body has room for thousands, and the answer would be larger than it.
const LISTED_UNKNOWN_FIELDS: usize = 100;

/// A request body, or an object inside of one.
pub trait FromBody: Sized {
    /// Reads all fields, then returns the whole, or `None` after any of them was at fault.
    fn read(body: &mut BodyReader<'_>) -> Option<Self>;
}

/// What a `PUT` with a subset of the fields says about one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// The field is absent: its value stays.
    #[default]
    Unchanged,
    /// The field is `null`: its value goes.
    Clear,
    /// The field has this new value.
    Set(T),
}

impl<T> Patch<T> {
    /// What the value becomes if it is `current` now.
    pub fn applied_to(self, current: Option<T>) -> Option<T> {
        match self {
            Self::Unchanged => current,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

/// Reads the whole object as a `T`, or returns every fault: in the order in which the fields were read, those of unknown
/// fields last.
pub fn read<T: FromBody>(object: &Map<String, Value>, today: Date) -> Result<T, Vec<FieldError>> {
    let mut reader = BodyReader::new(object, String::new(), today);
    let value = T::read(&mut reader);
    let (mut faults, unknown) = reader.finish();
    faults.extend(unknown.into_iter().take(LISTED_UNKNOWN_FIELDS));
    value.filter(|_| faults.is_empty()).ok_or(faults)
}

/// An object, the fields that were asked for so far, and the faults that were found.
#[derive(Debug)]
pub struct BodyReader<'a> {
    object: &'a Map<String, Value>,
    /// The JSON path of this object with a full stop at its end, or nothing.
    path: String,
    today: Date,
    asked: Vec<&'static str>,
    faults: Vec<FieldError>,
    unknown: Vec<FieldError>,
}

impl<'a> BodyReader<'a> {
    const fn new(object: &'a Map<String, Value>, path: String, today: Date) -> Self {
        Self { object, path, today, asked: Vec::new(), faults: Vec::new(), unknown: Vec::new() }
    }

    /// A text that has to be there; `parse` makes it a `T` or says in a sentence what is wrong with it.
    pub fn required<T>(&mut self, field: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let value = self.present(field)?;
        self.text(field, value, parse)
    }

    /// A text that may be absent or `null`; the outer `None` is a fault, the inner one says that there is none.
    pub fn optional<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Option<T>> {
        match self.ask(field) {
            None | Some(Value::Null) => Some(None),
            Some(value) => self.text(field, value, parse).map(Some),
        }
    }

    /// A text that may be changed or cleared.
    pub fn patch<T>(&mut self, field: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<Patch<T>> {
        match self.ask(field) {
            None => Some(Patch::Unchanged),
            Some(Value::Null) => Some(Patch::Clear),
            Some(value) => self.text(field, value, parse).map(Patch::Set),
        }
    }

    /// A text that may be changed but not cleared: the inner `None` leaves it as it is, `null` is a fault.
    pub fn patch_required<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Option<T>> {
        match self.ask(field) {
            None => Some(None),
            Some(Value::Null) => {
                self.fault(field, format!("{field} can't be cleared: leave it out to keep it as it is"));
                None
            }
            Some(value) => self.text(field, value, parse).map(Some),
        }
    }

    /// A whole number that has to be there.
    pub fn required_i32(&mut self, field: &'static str) -> Option<i32> {
        let value = self.present(field)?;
        let number = value.as_i64().and_then(|number| i32::try_from(number).ok());
        if number.is_none() {
            self.fault(field, format!("{field} must be a whole number from {} to {}", i32::MIN, i32::MAX));
        }
        number
    }

    /// An object that has to be there; its faults are told with their path: `travel.city`.
    pub fn required_object<T: FromBody>(&mut self, field: &'static str) -> Option<T> {
        let Value::Object(object) = self.present(field)? else {
            self.fault(field, format!("{field} must be an object"));
            return None;
        };
        let mut inner = BodyReader::new(object, format!("{}{field}.", self.path), self.today);
        let value = T::read(&mut inner);
        let (faults, unknown) = inner.finish();
        let value = value.filter(|_| faults.is_empty() && unknown.is_empty());
        self.faults.extend(faults);
        self.unknown.extend(unknown);
        value
    }

    /// The day on which the request came, in UTC.
    #[must_use]
    pub const fn today(&self) -> Date {
        self.today
    }

    /// Takes a value that may have several faults at once, and notes all of them at `field`.
    pub fn accept<T>(&mut self, field: &str, value: Result<T, Vec<String>>) -> Option<T> {
        value.map_err(|messages| messages.into_iter().for_each(|message| self.fault(field, message))).ok()
    }

    /// Notes a fault that no single field's parser can see, such as an end before its start.
    pub fn fault(&mut self, field: &str, message: impl Into<String>) {
        let field = format!("{}{field}", self.path);
        self.faults.push(FieldError::new(field, message));
    }

    fn ask(&mut self, field: &'static str) -> Option<&'a Value> {
        self.asked.push(field);
        self.object.get(field)
    }

    fn present(&mut self, field: &'static str) -> Option<&'a Value> {
        let value = self.ask(field).filter(|value| !value.is_null());
        if value.is_none() {
            self.fault(field, format!("{field} is required"));
        }
        value
    }

    fn text<T>(
        &mut self,
        field: &'static str,
        value: &Value,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let parsed = match value {
            Value::String(text) => parse(text),
            _ => Err(format!("{field} must be a string")),
        };
        parsed.map_err(|message| self.fault(field, message)).ok()
    }

    /// The faults of the fields that were asked for, and those of the others.
    fn finish(mut self) -> (Vec<FieldError>, Vec<FieldError>) {
        for key in self.object.keys().filter(|key| !self.asked.contains(&key.as_str())) {
            let field = format!("{}{}", self.path, shown(key));
            self.unknown.push(FieldError::new(field, "This is an unknown field: remove it or correct its name"));
        }
        (self.faults, self.unknown)
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::day;
    use serde_json::json;
    use time::macros::date;

    fn name(text: &str) -> Result<String, String> {
        if text.is_empty() { Err("Enter a name".to_owned()) } else { Ok(text.to_owned()) }
    }

    #[derive(Debug, PartialEq)]
    struct Form {
        name: String,
        bio: Option<String>,
        home: Patch<String>,
        nick: Option<String>,
        count: i32,
        travel: Travel,
    }

    #[derive(Debug, PartialEq)]
    struct Travel {
        city: String,
        start: Date,
    }

    impl FromBody for Form {
        fn read(body: &mut BodyReader<'_>) -> Option<Self> {
            let full_name = body.required("name", name);
            let bio = body.optional("bio", name);
            let home = body.patch("home", name);
            let nick = body.patch_required("nick", name);
            let count = body.required_i32("count");
            let travel = body.required_object("travel");
            if let (Some(name), Some(Some(nick))) = (&full_name, &nick)
                && name == nick
            {
                body.fault("nick", "Choose a nick that is not your name");
            }
            Some(Self { name: full_name?, bio: bio?, home: home?, nick: nick?, count: count?, travel: travel? })
        }
    }

    impl FromBody for Travel {
        fn read(body: &mut BodyReader<'_>) -> Option<Self> {
            let city = body.required("city", name);
            let start = body.required("start", day::parse);
            Some(Self { city: city?, start: start? })
        }
    }

    fn form(value: &Value) -> Result<Form, Vec<String>> {
        let faults = |faults: Vec<FieldError>| {
            faults.into_iter().map(|fault| format!("{}: {}", fault.field, fault.message)).collect()
        };
        read(value.as_object().unwrap(), date!(2026 - 01 - 31)).map_err(faults)
    }

    fn good() -> Value {
        json!({ "name": "Ana", "count": 3, "travel": { "city": "Rome", "start": "2026-03-15" } })
    }

    fn with(field: &str, value: Value) -> Value {
        let mut body = good();
        body[field] = value;
        body
    }

    #[test]
    fn a_good_body_is_read_and_what_may_be_absent_may_be() {
        let travel = Travel { city: "Rome".into(), start: date!(2026 - 03 - 15) };
        let read = Form { name: "Ana".into(), bio: None, home: Patch::Unchanged, nick: None, count: 3, travel };
        assert_eq!(form(&good()), Ok(read));
        assert_eq!(form(&with("bio", Value::Null)).unwrap().bio, None);
        assert_eq!(form(&with("bio", json!("x"))).unwrap().bio, Some("x".into()));
        assert_eq!(form(&with("nick", json!("x"))).unwrap().nick, Some("x".into()));
    }

    #[test]
    fn a_patch_tells_absent_from_null() {
        let home = |value| form(&with("home", value)).unwrap().home.applied_to(Some("Oslo".into()));
        assert_eq!(form(&good()).unwrap().home.applied_to(Some("Oslo".into())), Some("Oslo".into()));
        assert_eq!(home(Value::Null), None);
        assert_eq!(home(json!("Rome")), Some("Rome".into()));
        assert_eq!(
            form(&with("nick", Value::Null)),
            Err(vec!["nick: nick can't be cleared: leave it out to keep it as it is".into()])
        );
    }

    #[test]
    fn all_faults_are_told_at_once_in_the_order_of_reading_and_unknown_fields_last() {
        let body = json!({
            "is_admin": true, "travel": { "id": 1, "start": "2026-02-30" }, "count": 1.5, "nick": [], "home": 1,
            "bio": "", "name": null
        });
        assert_eq!(
            form(&body),
            Err([
                "name: name is required",
                "bio: Enter a name",
                "home: home must be a string",
                "nick: nick must be a string",
                "count: count must be a whole number from -2147483648 to 2147483647",
                "travel.city: city is required",
                "travel.start: Send a date that exists as YYYY-MM-DD, for example 2026-03-15",
                "travel.id: This is an unknown field: remove it or correct its name",
                "is_admin: This is an unknown field: remove it or correct its name",
            ]
            .map(str::to_owned)
            .to_vec())
        );
    }

    #[test]
    fn a_rule_over_several_fields_can_refuse() {
        assert_eq!(form(&with("nick", json!("Ana"))), Err(vec!["nick: Choose a nick that is not your name".into()]));
    }

    #[test]
    fn security_15_an_unknown_field_is_refused_and_not_ignored() {
        for field in ["id", "is_active", "email", "user_id", "created_at", "Name", "__proto__", ""] {
            let faults = form(&with(field, Value::Null)).unwrap_err();
            assert_eq!(faults, [format!("{field}: This is an unknown field: remove it or correct its name")]);
        }
        let mut nested = good();
        nested["travel"]["user_id"] = json!(1);
        assert_eq!(form(&nested).unwrap_err().len(), 1);
    }

    #[test]
    fn security_19_the_answer_to_many_or_long_unknown_fields_stays_small() {
        let mut body = good();
        for number in 0..5_000 {
            body[format!("{number}{}", "é".repeat(1_000))] = Value::Null;
        }
        let faults = form(&body).unwrap_err();
        assert_eq!(faults.len(), LISTED_UNKNOWN_FIELDS);
        assert!(faults.iter().all(|fault| fault.len() < 250));
    }

    #[test]
    fn a_wrong_kind_of_value_is_told() {
        assert_eq!(form(&with("travel", json!([]))), Err(vec!["travel: travel must be an object".into()]));
        assert_eq!(form(&with("travel", Value::Null)), Err(vec!["travel: travel is required".into()]));
        for number in [json!("3"), json!(2_147_483_648_i64), json!(1e300), json!(true)] {
            assert_eq!(form(&with("count", number)).unwrap_err().len(), 1);
        }
    }
}
