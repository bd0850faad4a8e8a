//! How SQLite, which has no types for them, keeps instants and days: as text.

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

/// How an instant stands in a TEXT column: fixed width, so that text order is time order.
pub(super) const INSTANT_FORMAT: &[BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
/// How a day stands in a TEXT column.
pub(super) const DAY_FORMAT: &[BorrowedFormatItem<'static>] = format_description!("[year]-[month]-[day]");
