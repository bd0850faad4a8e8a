//! The id in a path. What is no id names nothing, so it is a 404, before anyone asks the database.

use crate::error::{Error, Result};
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use std::str::FromStr;
use uuid::Uuid;

/// The id in the path, the last one if the path has several.
///
/// Takes the forms that ids have in the API: a positive 32-bit number in plain digits, or a UUID with hyphens. `T`
/// decides which of the two it is. Stands after the caller among a handler's arguments, so that a 401 comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathId<T>(pub T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for PathId<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        // A path that is no UTF-8 is refused here as well.
        let parameters = RawPathParams::from_request_parts(parts, state).await;
        let id = parameters.as_ref().ok().and_then(|parameters| parameters.iter().last()).map(|(_, id)| id);
        id.and_then(parse).map(Self).ok_or(Error::NotFound("resource"))
    }
}

/// Reads an id in the one form that the API itself writes: `+1`, `01` and a UUID in braces are other people's.
fn parse<T: FromStr>(text: &str) -> Option<T> {
    (is_positive_i32(text) || is_hyphenated_uuid(text)).then(|| text.parse().ok()).flatten()
}

fn is_positive_i32(text: &str) -> bool {
    matches!(text.as_bytes(), [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit))
        && text.parse::<i32>().is_ok()
}

fn is_hyphenated_uuid(text: &str) -> bool {
    text.len() == uuid::fmt::Hyphenated::LENGTH && Uuid::try_parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::test_support::{get, stacked};
    use axum::Router;
    use axum::routing::get as on_get;
    use proptest::prelude::*;

    fn app() -> Router {
        stacked(
            Router::new()
                .route("/numbers/{id}", on_get(|PathId(id): PathId<i32>| async move { id.to_string() }))
                .route("/users/{user_id}/numbers/{id}", on_get(|PathId(id): PathId<i32>| async move { id.to_string() }))
                .route("/uuids/{id}", on_get(|PathId(id): PathId<Uuid>| async move { id.to_string() }))
                .route("/none", on_get(|_: PathId<i32>| async {})),
        )
    }

    #[tokio::test]
    async fn an_id_is_read() {
        for (path, id) in [
            ("/numbers/1", "1"),
            ("/numbers/2147483647", "2147483647"),
            ("/numbers/%31%32", "12"),
            ("/users/nobody/numbers/5", "5"),
            ("/uuids/6F1C1AC8-3c79-4b1e-9a5c-2f8f8d1c7b11", "6f1c1ac8-3c79-4b1e-9a5c-2f8f8d1c7b11"),
        ] {
            let answer = get(&app(), path).await;
            assert_eq!((answer.status, answer.text.as_str()), (200, id), "{path}");
        }
    }

    #[tokio::test]
    async fn what_is_no_id_is_a_404() {
        for path in [
            "/numbers/0",
            "/numbers/-1",
            "/numbers/+1",
            "/numbers/01",
            "/numbers/1.0",
            "/numbers/2147483648",
            "/numbers/99999999999999999999",
            "/numbers/%20",
            "/numbers/1%20",
            "/numbers/%00",
            "/numbers/%FF",
            "/numbers/%D9%A1",
            "/numbers/1%2F2",
            "/numbers/me",
            "/numbers/6f1c1ac8-3c79-4b1e-9a5c-2f8f8d1c7b11",
            "/uuids/1",
            "/uuids/6f1c1ac83c794b1e9a5c2f8f8d1c7b11",
            "/uuids/%7B6f1c1ac8-3c79-4b1e-9a5c-2f8f8d1c7b11%7D",
            "/uuids/urn:uuid:6f1c1ac8-3c79-4b1e-9a5c-2f8f8d1c7b11",
            "/uuids/6f1c1ac8-3c79-4b1e-9a5c-2f8f8d1c7b1g",
            "/none",
        ] {
            assert_eq!(get(&app(), path).await.refusal(), (404, "NOT_FOUND".into()), "{path}");
        }
    }

    proptest! {
        #[test]
        fn every_positive_number_is_an_id_in_one_form_only(id in 1..=i32::MAX, zeros in 1_usize..4) {
            prop_assert_eq!(parse::<i32>(&id.to_string()), Some(id));
            prop_assert_eq!(parse::<i32>(&format!("{}{id}", "0".repeat(zeros))), None);
            prop_assert_eq!(parse::<i32>(&format!("-{id}")), None);
        }

        #[test]
        fn any_text_is_an_id_or_none(text: String) {
            if let Some(id) = parse::<i32>(&text) {
                prop_assert_eq!(id.to_string(), text);
            }
        }

        #[test]
        fn a_uuid_is_an_id_in_the_form_with_hyphens_only(bits: u128, upper: bool) {
            let id = Uuid::from_u128(bits);
            let written = if upper { id.to_string().to_uppercase() } else { id.to_string() };
            prop_assert_eq!(parse::<Uuid>(&written), Some(id));
            prop_assert_eq!(parse::<i32>(&written), None);
            for other in [id.simple().to_string(), id.braced().to_string(), id.urn().to_string(), format!("{id} ")] {
                prop_assert_eq!(parse::<Uuid>(&other), None, "{}", other);
            }
        }
    }
}
