//! What is read of an event: the fields on this list, and no other.

use std::fmt;

use tracing::Event;
use tracing::field::{Field, Visit};

use crate::audit;

/// The longest text that is kept, in characters. Longer ones are none of ours.
const LONGEST: usize = 200;

macro_rules! fields {
    (texts: $($text:ident),*; numbers: $($number:ident),*; marks: $($mark:ident),*) => {
        /// The fields that may leave the process. A text is one of our own words, a route's template or an id; none is ever
        /// made of what somebody has typed.
        #[derive(Debug, Default, Clone, PartialEq, Eq)]
        pub struct Fields {
            $(#[doc = concat!("The text `", stringify!($text), "`.")] pub $text: Option<String>,)*
            $(#[doc = concat!("The number `", stringify!($number), "`.")] pub $number: Option<i64>,)*
            $(#[doc = concat!("Whether `", stringify!($mark), "`.")] pub $mark: bool,)*
        }

        impl Visit for Fields {
            fn record_str(&mut self, field: &Field, value: &str) {
                match field.name() {
                    $(stringify!($text) => self.$text = Some(shortened(value)),)*
                    _ => {}
                }
            }

            fn record_i64(&mut self, field: &Field, value: i64) {
                match field.name() {
                    $(stringify!($number) => self.$number = Some(value),)*
                    _ => {}
                }
            }

            fn record_u64(&mut self, field: &Field, value: u64) {
                self.record_i64(field, i64::try_from(value).unwrap_or(i64::MAX));
            }

            fn record_u128(&mut self, field: &Field, value: u128) {
                self.record_i64(field, i64::try_from(value).unwrap_or(i64::MAX));
            }

            fn record_bool(&mut self, field: &Field, value: bool) {
                match field.name() {
                    $(stringify!($mark) => self.$mark = value,)*
                    _ => {}
                }
            }

            /// Only the message comes this way: it is a sentence of the source, for our own errors and warnings.
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                if field.name() == "message" {
                    self.message = Some(shortened(&format!("{value:?}")));
                }
            }
        }
    };
}

fields! {
    texts: message, method, route, request_id, invocation_id, trace_id, span_id, parent_id, statement, event, outcome,
        limit, reason;
    numbers: status, user_id, connection_id, duration_us, causes, matches, notifications, set_aside;
    marks: failed, tried_again
}

impl Fields {
    /// What is read of this event. Only the audit log's reasons are words of a list; others tell what somebody else has
    /// said, a database for one.
    #[must_use]
    pub fn of(event: &Event<'_>) -> Self {
        let mut fields = Self::default();
        event.record(&mut fields);
        if event.metadata().target() != audit::TARGET {
            fields.reason = None;
        }
        fields
    }
}

fn shortened(text: &str) -> String {
    // Nearly all are so short that their characters needn't be counted.
    let end = if text.len() <= LONGEST { None } else { text.char_indices().nth(LONGEST) };
    end.map_or(text, |(end, _)| &text[..end]).to_owned()
}
