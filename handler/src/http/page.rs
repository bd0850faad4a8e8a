//! Lists, a page at a time (specification 4.6).

use super::query::{self, FromQuery, QueryReader};
use crate::error::{Error, Result};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// How many entries a page has if the client doesn't say.
pub const DEFAULT_LIMIT: i32 = 20;
/// The most entries that a page can have.
pub const LARGEST_LIMIT: i32 = 100;

/// Which part of a list a client wants: `?limit=20&offset=40`. Refuses with a 400 what is no such number.
///
/// An endpoint with other parameters reads the page with them, so that all faults are told at once:
/// `let page = Page::read(query);` in its [`FromQuery`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// The most entries to return.
    #[param(minimum = 1, maximum = 100, default = 20, example = 20, required = false)]
    pub limit: i32,
    /// How many entries to leave out from the beginning of the list. Where somebody else's deeds add to a list or take from
    /// it between two pages, an entry may come twice or be left out: its `id` tells it apart from others.
    #[param(minimum = 0, maximum = 2_147_483_647, default = 0, example = 0, required = false)]
    pub offset: i32,
}

impl FromQuery for Page {
    fn read(query: &mut QueryReader<'_>) -> Option<Self> {
        let limit = query.optional("limit", |text| whole_number("limit", text, 1, LARGEST_LIMIT));
        let offset = query.optional("offset", |text| whole_number("offset", text, 0, i32::MAX));
        Some(Self { limit: limit?.unwrap_or(DEFAULT_LIMIT), offset: offset?.unwrap_or(0) })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        query::from_parts(parts)
    }
}

/// Reads plain digits: no sign, no space, nothing that only some parsers take for a number.
fn whole_number(name: &str, text: &str, least: i32, most: i32) -> Result<i32, String> {
    let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i32>().ok()).flatten();
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("{name} must be one whole number from {least} to {most}"))
}

/// A page of a list.
#[derive(Debug, Clone, Hash, Serialize, ToSchema)]
pub struct Paged<T> {
    /// The entries of this page.
    pub data: Vec<T>,
    /// Where the page stands in the whole list.
    pub pagination: Pagination,
}

/// Where a page stands in the whole list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
pub struct Pagination {
    /// The most entries that the page could have had.
    #[schema(example = 20, minimum = 1, maximum = 100)]
    pub limit: i32,
    /// How many entries come before it.
    #[schema(example = 0, minimum = 0)]
    pub offset: i32,
    /// How many entries the whole list has.
    #[schema(example = 45, minimum = 0)]
    pub total: i64,
    /// Whether entries come after it.
    pub has_more: bool,
}

impl<T> Paged<T> {
    /// The page of `data` in a list of `total` entries.
    #[must_use]
    pub fn new(data: Vec<T>, page: Page, total: i64) -> Self {
        let Page { limit, offset } = page;
        let seen = i64::from(offset).saturating_add(i64::try_from(data.len()).unwrap_or(i64::MAX));
        // An empty page is the end of the list, even if it grew between counting and reading.
        let has_more = !data.is_empty() && seen < total;
        Self { data, pagination: Pagination { limit, offset, total, has_more } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use time::macros::date;

    fn page(query: &str) -> Result<Page, Vec<(String, String)>> {
        query::read(query, date!(2026 - 01 - 31))
            .map_err(|faults| faults.into_iter().map(|fault| (fault.field, fault.message)).collect())
    }

    const LIMIT: &str = "limit must be one whole number from 1 to 100";
    const OFFSET: &str = "offset must be one whole number from 0 to 2147483647";

    #[test]
    fn a_page_has_defaults_and_bounds() {
        assert_eq!(page(""), Ok(Page { limit: 20, offset: 0 }));
        assert_eq!(page("offset=2147483647&limit=100"), Ok(Page { limit: 100, offset: i32::MAX }));
        assert_eq!(page("limit=1&offset=0&other=x"), Ok(Page { limit: 1, offset: 0 }));
    }

    #[test]
    fn what_is_no_such_number_is_refused_and_never_clamped() {
        for value in ["", "0", "101", "-1", "%2B5", "5.0", "1e1", " 5", "5%20", "1,2", "x", "99999999999", "%D9%A5"] {
            assert_eq!(page(&format!("limit={value}")), Err(vec![("limit".into(), LIMIT.into())]), "{value}");
        }
        for value in ["", "-1", "2147483648", "1,2", "x"] {
            assert_eq!(page(&format!("offset={value}")), Err(vec![("offset".into(), OFFSET.into())]), "{value}");
        }
    }

    #[test]
    fn both_faults_are_told_at_once() {
        assert_eq!(
            page("offset=x&limit=0"),
            Err(vec![("limit".into(), LIMIT.into()), ("offset".into(), OFFSET.into())])
        );
        let repeated = page("limit=1&limit=1&offset=x").unwrap_err();
        assert_eq!(repeated, [("limit".into(), "Send limit only once".into()), ("offset".into(), OFFSET.into())]);
    }

    #[test]
    fn a_page_says_where_it_stands() {
        let paged = Paged::new(vec!["a", "b"], Page { limit: 2, offset: 4 }, 7);
        assert_eq!(
            serde_json::to_value(&paged).unwrap(),
            json!({ "data": ["a", "b"], "pagination": { "limit": 2, "offset": 4, "total": 7, "has_more": true } })
        );
        assert!(!Paged::new(vec!["a"], Page { limit: 2, offset: 6 }, 7).pagination.has_more);
        assert!(!Paged::<&str>::new(vec![], Page { limit: 2, offset: i32::MAX }, 7).pagination.has_more);
    }

    proptest! {
        #[test]
        fn going_through_the_pages_meets_every_entry_once(total in 0_u16..300, limit in 1_u8..=100) {
            let entries: Vec<u16> = (0..total).collect();
            let (mut seen, mut offset) = (Vec::new(), 0_u16);
            loop {
                let data = entries.iter().copied().skip(offset.into()).take(limit.into()).collect();
                let paged = Paged::new(data, Page { limit: limit.into(), offset: offset.into() }, total.into());
                seen.extend(paged.data);
                if !paged.pagination.has_more {
                    break;
                }
                offset += u16::from(limit);
            }
            prop_assert_eq!(seen, entries);
        }

        #[test]
        fn a_number_is_read_if_it_is_plain_digits_within_bounds(
            text in "[+-]?[0-9]{1,3}|[0-9]{1,12}|[0-9+ .,eE_-]{0,8}|\\PC{0,4}",
            name in "limit|offset",
        ) {
            let query = url::form_urlencoded::Serializer::new(String::new()).append_pair(&name, &text).finish();
            let (least, most) = if name == "limit" { (1, 100) } else { (0, i64::from(i32::MAX)) };
            // Within these bounds nothing but a sign tells an integer's own reading apart.
            let number = text.parse::<i64>().ok().filter(|_| !text.starts_with(['+', '-']));
            let number = number.filter(|number| (least..=most).contains(number));
            let read = page(&query).ok().map(|page| i64::from(if name == "limit" { page.limit } else { page.offset }));
            prop_assert_eq!(read, number);
        }
    }
}
