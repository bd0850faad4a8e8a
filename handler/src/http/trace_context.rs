//! The trace that a request belongs to: W3C Trace Context, <https://www.w3.org/TR/trace-context/>.

use axum::http::HeaderMap;

/// The header that carries it.
const TRACEPARENT: &str = "traceparent";
/// The length of version 00 (section 3.2): `00-<32>-<16>-<2>`.
const LENGTH: usize = 55;

/// Which trace a request belongs to, and which of its spans it is: ids in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace's id: 32 digits.
    pub trace_id: Box<str>,
    /// This request's own id: 16 digits.
    pub span_id: Box<str>,
    /// The id of what brought it about, if that said so: 16 digits.
    pub parent_id: Option<Box<str>>,
}

impl TraceContext {
    /// The trace of the header, or a new one of `random`, whose last 8 bytes make this request's own id. Whether the sender
    /// keeps the trace is its own affair, as is what vendors put into `tracestate`.
    #[must_use]
    pub fn new(headers: &HeaderMap, random: [u8; 24]) -> Self {
        let own = hex(&random);
        let (trace, span) = own.split_at(32);
        let mut sent = headers.get_all(TRACEPARENT).iter();
        let one = sent.next().filter(|_| sent.next().is_none());
        match one.and_then(|value| parse(value.as_bytes())) {
            Some((trace, parent)) => {
                Self { trace_id: trace.into(), span_id: span.into(), parent_id: Some(parent.into()) }
            }
            None => Self { trace_id: trace.into(), span_id: span.into(), parent_id: None },
        }
    }
}

/// The ids of the trace and of the parent in a header of a good form (section 3.2.2); of a later version, what it begins
/// with (section 4.3).
fn parse(value: &[u8]) -> Option<(&str, &str)> {
    let text = std::str::from_utf8(value).ok()?;
    let (version, rest) = (text.get(..LENGTH)?, text.get(LENGTH..)?);
    let mut parts = version.split('-');
    let [version, trace, parent, flags] = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    let ends_well = rest.is_empty() || (version != "00" && rest.starts_with('-'));
    let is_well_formed = parts.next().is_none()
        && ends_well
        && [(version, 2), (trace, 32), (parent, 16), (flags, 2)].iter().all(|(part, length)| is_hex(part, *length))
        && version != "ff";
    let is_somebody = |id: &str| id.bytes().any(|digit| digit != b'0');
    (is_well_formed && is_somebody(trace) && is_somebody(parent)).then_some((trace, parent))
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const PARENT: &str = "00f067aa0ba902b7";

    fn context(values: &[&[u8]]) -> TraceContext {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(TRACEPARENT, HeaderValue::from_bytes(value).unwrap());
        }
        TraceContext::new(&headers, std::array::from_fn(|index| u8::try_from(index).unwrap() + 1))
    }

    #[test]
    fn a_trace_that_was_sent_goes_on_under_an_id_of_our_own() {
        for value in [format!("00-{TRACE}-{PARENT}-01"), format!("cc-{TRACE}-{PARENT}-00-what comes then")] {
            let context = context(&[value.as_bytes()]);
            assert_eq!((&*context.trace_id, context.parent_id.as_deref()), (TRACE, Some(PARENT)));
            assert_eq!(&*context.span_id, "1112131415161718");
        }
    }

    #[test]
    fn what_is_of_no_good_form_begins_a_new_one() {
        let (good, zeros) = (format!("00-{TRACE}-{PARENT}-01"), "0".repeat(32));
        for value in [
            "",
            &good[..54],
            &format!("{good}-more"),
            &good.to_uppercase(),
            &good.replace("00-", "ff-"),
            &good.replace(TRACE, &zeros),
            &good.replace(PARENT, &zeros[..16]),
            &good.replace('-', "_"),
            &good.replace('4', "g"),
            &format!("{}é", &good[..54]),
        ] {
            let context = context(&[value.as_bytes()]);
            assert_eq!((&*context.trace_id, context.parent_id), ("0102030405060708090a0b0c0d0e0f10", None), "{value}");
        }
        assert_eq!(context(&[good.as_bytes(), good.as_bytes()]).parent_id, None, "which of the two is it?");
    }

    proptest! {
        #[test]
        fn whatever_is_sent_the_ids_are_ids(value in "[ -~]{0,80}") {
            let context = context(&[value.as_bytes()]);
            prop_assert!(is_hex(&context.trace_id, 32) && is_hex(&context.span_id, 16));
        }
    }
}
