//! Matches in the database: one function a query.

use crate::db::{Database, DbResult, Query, Row};
use crate::place::Place;
use crate::travels::dates::DateRange;
use crate::{params, query};

use super::rules::{Match, Meeting, Person};

const FIND: Query = query!("find");

/// Whom of the `caller`'s connections one meets at `place` on these days, in the contract's order: by the first day that
/// both are there, then by name.
pub async fn find(db: &Database, caller: i32, place: &Place, days: DateRange) -> DbResult<Vec<Match>> {
    let params = params![caller, place.city_key(), place.country_key(), days.start(), days.end()];
    db.fetch_all(FIND, params).await?.iter().map(|row| read(row, days)).collect()
}

fn read(row: &Row, days: DateRange) -> DbResult<Match> {
    let person = Person {
        user_id: row.get("user_id")?,
        display_name: row.get("display_name")?,
        profile_pic_url: row.get("profile_pic_url")?,
    };
    let meeting = if row.is_null("plan_id")? {
        Meeting::at_home(days, row.get("home_city")?, row.get("home_country")?)
    } else {
        let stay = DateRange::stored(row.get("start_date")?, row.get("end_date")?);
        let description = row.get("description")?;
        Meeting::on_travels(days, row.get("plan_id")?, stay, description)
            .ok_or_else(|| anyhow::anyhow!("a plan that does not overlap was taken for a match"))?
    };
    Ok(Match { person, meeting })
}
