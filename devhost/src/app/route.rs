//! Route templates: `users/{user_id:int}`, `files/{*path}`, `travels/{when?}`.

use crate::app::constraint::Constraint;
use anyhow::{Context, Result, ensure};
use percent_encoding::percent_decode_str;
use std::fmt;

/// A route template, without leading or trailing slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    /// Lower case, since matching ignores case.
    Literal(String),
    Parameter(Parameter),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Parameter {
    name: String,
    constraints: Vec<Constraint>,
    optional: bool,
    catch_all: bool,
}

impl Template {
    /// Reads a template; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim_matches('/');
        let segments: Vec<Segment> =
            if text.is_empty() { Vec::new() } else { text.split('/').map(Segment::parse).collect::<Result<_>>()? };
        let mut names: Vec<&str> = Vec::new();
        for (index, segment) in segments.iter().enumerate() {
            let Segment::Parameter(parameter) = segment else { continue };
            ensure!(!names.contains(&parameter.name.as_str()), "the parameter {{{}}} stands twice", parameter.name);
            names.push(&parameter.name);
            let is_last = index + 1 == segments.len();
            ensure!(is_last || !parameter.catch_all, "the catch-all {{*{}}} must come last", parameter.name);
            ensure!(is_last || !parameter.optional, "the optional {{{}?}} must come last", parameter.name);
        }
        Ok(Self { text: text.to_owned(), segments })
    }

    /// Whether a request path (still percent-encoded, starting with a slash) is one of the template's. Ignores case.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut parts: Vec<&str> = if path.is_empty() { Vec::new() } else { path.split('/').collect() };
        parts.reverse();
        for segment in &self.segments {
            match (segment, parts.pop()) {
                (Segment::Literal(literal), Some(part)) if decode(part).to_lowercase() == *literal => {}
                (Segment::Parameter(parameter), part) if parameter.catch_all => {
                    let rest: Vec<&str> = part.into_iter().chain(parts.into_iter().rev()).collect();
                    return rest.is_empty() || parameter.accepts(&rest.join("/"));
                }
                (Segment::Parameter(parameter), Some(part)) if !part.is_empty() && parameter.accepts(part) => {}
                (Segment::Parameter(parameter), None) if parameter.optional => {}
                _ => return false,
            }
        }
        parts.is_empty()
    }

    /// The template with the parameters' names left out: two templates of one shape match the same paths.
    #[must_use]
    pub(crate) fn shape(&self) -> String {
        let shape_of = |segment: &Segment| match segment {
            Segment::Literal(literal) => literal.clone(),
            Segment::Parameter(p) => format!("{{{:?} {} {}}}", p.constraints, p.optional, p.catch_all),
        };
        self.segments.iter().map(shape_of).collect::<Vec<_>>().join("/")
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.text)
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self> {
        ensure!(!text.is_empty(), "two slashes follow each other");
        if !text.contains(['{', '}']) {
            return Ok(Self::Literal(text.to_lowercase()));
        }
        let inner =
            text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).filter(|rest| !rest.contains(['{', '}']));
        let inner =
            inner.with_context(|| format!("\"{text}\" mixes text and parameters, which this host doesn't support"))?;
        ensure!(!inner.contains('='), "\"{text}\" has a default value, which this host doesn't support");
        let (inner, catch_all) = match inner.trim_start_matches('*') {
            rest if rest.len() < inner.len() => (rest, true),
            rest => (rest, false),
        };
        let (inner, optional) = match inner.strip_suffix('?') {
            Some(rest) => (rest, true),
            None => (inner, false),
        };
        let mut pieces = inner.split(':');
        let name = pieces.next().unwrap_or_default();
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        ensure!(is_name, "\"{text}\" has no parameter name of letters, digits and underscores");
        let constraints = pieces.map(Constraint::parse).collect::<Result<_>>()?;
        Ok(Self::Parameter(Parameter { name: name.to_ascii_lowercase(), constraints, optional, catch_all }))
    }
}

impl Parameter {
    fn accepts(&self, encoded: &str) -> bool {
        let value = decode(encoded);
        self.constraints.iter().all(|constraint| constraint.accepts(&value))
    }
}

fn decode(encoded: &str) -> std::borrow::Cow<'_, str> {
    percent_decode_str(encoded).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn matches(template: &str, path: &str) -> bool {
        Template::parse(template).unwrap().matches(path)
    }

    #[test]
    fn literals_ignore_case_encoding_and_a_trailing_slash() {
        assert!(matches("api/v1/Users/me", "/API/v1/users/ME/"));
        assert!(matches("users/me", "/users/%6De"));
        assert!(!matches("users/me", "/users"));
        assert!(!matches("users", "/users/me"));
        assert!(!matches("users/me", "/users//me"));
    }

    #[test]
    fn parameters_obey_their_constraints() {
        assert!(matches("users/{user_id:int}", "/users/42"));
        assert!(!matches("users/{user_id:int}", "/users/me"));
        assert!(!matches("users/{user_id}", "/users/"));
        assert!(matches("users/{user_id}/travels", "/users/me/travels"));
        assert!(matches("a/{x:int:min(3)}", "/a/3") && !matches("a/{x:int:min(3)}", "/a/2"));
    }

    #[test]
    fn optional_and_catch_all_take_the_rest() {
        assert!(matches("travels/{when:alpha?}", "/travels") && matches("travels/{when:alpha?}", "/travels/past"));
        assert!(!matches("travels/{when:alpha?}", "/travels/7"));
        for path in ["/api", "/api/", "/api/a", "/api/a/b/c"] {
            assert!(matches("api/{*path}", path), "{path}");
        }
        assert!(!matches("api/{*path}", "/apix"));
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in ["a//b", "{x", "x}", "{}", "v{x}", "{x}-{y}", "{*a}/b", "{a?}/b", "{a}/{A}", "{a=1}", "{a:what}"] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_shape_forgets_names_alone() {
        let shape = |text| Template::parse(text).unwrap().shape();
        assert_eq!(shape("Users/{id:int}"), shape("users/{user_id:int}"));
        assert_ne!(shape("users/{id:int}"), shape("users/{id}"));
        assert_ne!(shape("users/{id}"), shape("users/{*id}"));
    }

    proptest! {
        #[test]
        fn a_path_made_from_a_template_is_one_of_its_own_and_others_are_not(
            parts in vec(("[a-z]{1,6}", 0_u8..3), 1..6), number: i32, upper: bool,
        ) {
            let join = |write: &dyn Fn(usize, &str, u8) -> String| {
                parts.iter().enumerate().map(|(at, (word, kind))| write(at, word, *kind)).collect::<Vec<_>>().join("/")
            };
            let template = Template::parse(&join(&|at, word, kind| match kind {
                0 => word.to_owned(),
                1 => format!("{{p{at}}}"),
                _ => format!("{{p{at}:int}}"),
            })).unwrap();
            let path = |changed: Option<usize>| format!("/{}", join(&|at, word, kind| match kind {
                2 if changed == Some(at) => format!("{word}7"),
                2 => number.to_string(),
                0 if changed == Some(at) => format!("{word}x"),
                _ => word.to_owned(),
            }));
            let own = if upper { path(None).to_uppercase() } else { path(None) };
            prop_assert!(template.matches(&own) && template.matches(&format!("{own}/")), "{} {}", template, own);
            for longer in [format!("{own}/more"), format!("/more{own}")] {
                prop_assert!(!template.matches(&longer), "{} {}", template, longer);
            }
            for (at, (_, kind)) in parts.iter().enumerate() {
                prop_assert_eq!(template.matches(&path(Some(at))), *kind == 1, "{} {}", template, path(Some(at)));
            }
        }

        #[test]
        fn any_text_is_a_template_that_is_read_alike_again_or_refused(
            text in "([a-z]|[{}]|\\{[a-z]:int\\}|/|[*?:=(),0-9]){0,16}",
            path in "/[a-z0-9/]{0,12}",
        ) {
            if let Ok(template) = Template::parse(&text) {
                let again = Template::parse(&template.to_string()).unwrap();
                prop_assert_eq!(&again, &template);
                prop_assert_eq!(again.matches(&path), template.matches(&path.to_uppercase()));
            }
        }
    }
}
