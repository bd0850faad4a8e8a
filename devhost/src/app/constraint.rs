//! Inline constraints of a route parameter, as ASP.NET Core routing knows them.

use anyhow::{Context, Result, bail};
use uuid::Uuid;

/// What the value of a route parameter must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Constraint {
    /// A signed 32-bit integer.
    Int,
    /// A signed 64-bit integer.
    Long,
    /// A GUID with hyphens, without, in braces or in parentheses.
    Guid,
    /// ASCII letters alone.
    Alpha,
    /// `true` or `false`, in any case.
    Bool,
    /// Between so many and so many UTF-16 units.
    Length(usize, usize),
    /// An integer between two bounds.
    Range(i64, i64),
    /// Not empty.
    Required,
}

impl Constraint {
    /// Reads one constraint such as `int` or `length(2,10)`.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let (name, arguments) = match text.split_once('(') {
            Some((name, rest)) => (name, rest.strip_suffix(')').context("a parenthesis is not closed")?),
            None => (text, ""),
        };
        let arguments: Vec<&str> =
            arguments.split(',').map(str::trim).filter(|argument| !argument.is_empty()).collect();
        let constraint = match (name.to_ascii_lowercase().as_str(), &arguments[..]) {
            ("int", []) => Self::Int,
            ("long", []) => Self::Long,
            ("guid", []) => Self::Guid,
            ("alpha", []) => Self::Alpha,
            ("bool", []) => Self::Bool,
            ("required", []) => Self::Required,
            ("length", [exact]) => Self::Length(exact.parse()?, exact.parse()?),
            ("length", [least, most]) => Self::Length(least.parse()?, most.parse()?),
            ("minlength", [least]) => Self::Length(least.parse()?, usize::MAX),
            ("maxlength", [most]) => Self::Length(0, most.parse()?),
            ("min", [least]) => Self::Range(least.parse()?, i64::MAX),
            ("max", [most]) => Self::Range(i64::MIN, most.parse()?),
            ("range", [least, most]) => Self::Range(least.parse()?, most.parse()?),
            _ => bail!(
                "the constraint \"{text}\" is not one of int, long, guid, alpha, bool, required, length(n), length(n,m), \
                 minlength(n), maxlength(n), min(n), max(n), range(n,m)"
            ),
        };
        Ok(constraint)
    }

    /// Whether a percent-decoded value satisfies the constraint.
    pub(crate) fn accepts(&self, value: &str) -> bool {
        // .NET's number and bool parsers allow white space around the value.
        let trimmed = value.trim();
        match self {
            Self::Int => trimmed.parse::<i32>().is_ok(),
            Self::Long => trimmed.parse::<i64>().is_ok(),
            Self::Guid => is_guid(trimmed),
            Self::Alpha => value.bytes().all(|b| b.is_ascii_alphabetic()),
            Self::Bool => trimmed.eq_ignore_ascii_case("true") || trimmed.eq_ignore_ascii_case("false"),
            Self::Length(least, most) => (*least..=*most).contains(&value.encode_utf16().count()),
            Self::Range(least, most) => trimmed.parse().is_ok_and(|number| (*least..=*most).contains(&number)),
            Self::Required => !value.is_empty(),
        }
    }
}

fn is_guid(text: &str) -> bool {
    let bare = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(text);
    !text.starts_with("urn:") && Uuid::try_parse(bare).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_takes_its_own_and_nothing_else() {
        let cases = [
            ("int", "-2147483648", "2147483648"),
            ("INT", "+7", "7a"),
            ("long", "9223372036854775807", "9223372036854775808"),
            ("guid", "6F9619FF-8B86-D011-B42D-00C04FC964FF", "6F9619FF-8B86"),
            ("guid", "(6f9619ff-8b86-d011-b42d-00c04fc964ff)", "urn:uuid:6f9619ff-8b86-d011-b42d-00c04fc964ff"),
            ("alpha", "Me", "me2"),
            ("bool", "TRUE", "yes"),
            ("length(2)", "ab", "abc"),
            ("length(2,3)", "abc", "a"),
            ("minlength(2)", "ab", "a"),
            ("maxlength(2)", "ab", "abc"),
            ("min(5)", "5", "4"),
            ("max(5)", "5", "6"),
            ("range(1,5)", "3", "0"),
            ("required", "x", ""),
        ];
        for (constraint, good, bad) in cases {
            let parsed = Constraint::parse(constraint).unwrap();
            assert!(parsed.accepts(good), "{constraint} {good}");
            assert!(!parsed.accepts(bad), "{constraint} {bad}");
        }
    }

    #[test]
    fn an_unknown_one_is_refused_with_the_list() {
        for bad in ["integer", "int(3)", "length", "length(1", "regex(^a$)"] {
            assert!(Constraint::parse(bad).is_err(), "{bad}");
        }
        assert!(Constraint::parse("number").unwrap_err().to_string().contains("int, long, guid"));
    }

    proptest! {
        #[test]
        fn numbers_are_held_to_their_bounds(number: i64, least: i64, most: i64, blank in " {0,2}", junk in "[a-z.,_]") {
            let takes = |constraint: &str, value: &str| Constraint::parse(constraint).unwrap().accepts(value);
            let text = format!("{blank}{number}{blank}");
            prop_assert_eq!(takes("int", &text), i32::try_from(number).is_ok());
            let spoiled = format!("{number}{junk}");
            prop_assert!(takes("long", &text) && !takes("long", &spoiled), "{} {}", text, spoiled);
            let (low, high) = (number % 3, most % 3);
            for near in -4..=4 {
                prop_assert_eq!(takes(&format!("range({low},{high})"), &near.to_string()), (low..=high).contains(&near));
            }
            prop_assert_eq!(takes(&format!("min({least})"), &text), number >= least);
            prop_assert_eq!(takes(&format!("max({most})"), &text), number <= most);
        }

        #[test]
        fn a_guid_has_four_forms(bits: u128, upper: bool, extra in "[0-9a-f-]") {
            let id = Uuid::from_u128(bits);
            for form in [id.to_string(), id.simple().to_string(), id.braced().to_string(), format!("({id})")] {
                let form = if upper { form.to_uppercase() } else { form };
                prop_assert!(Constraint::Guid.accepts(&form), "{}", form);
                for spoiled in [format!("{form}{extra}"), form[1..].to_owned()] {
                    prop_assert!(!Constraint::Guid.accepts(&spoiled), "{}", spoiled);
                }
            }
        }

        #[test]
        fn any_text_is_a_constraint_or_refused(
            text in "(int|length|range|min|regex)?[(]?[0-9, ]{0,8}[)]?",
            value in "\\PC{0,8}",
        ) {
            if let Ok(constraint) = Constraint::parse(&text) {
                let loud = Constraint::parse(&text.to_uppercase()).unwrap();
                prop_assert_eq!(constraint.accepts(&value), loud.accepts(&value));
            }
        }
    }
}
