//! Matches in the database: one function a query.

use crate::db::{Database, DbResult, Query, Row};
use crate::place::Place;
use crate::travels::dates::DateRange;
use crate::{params, query};

use super::rules::{Match, Meeting, Person, PlanInShort};
use crate::travels;
use crate::travels::rules::Standing;

const FIND: Query = query!("find");
const FIND_FOR_PLAN: Query = query!("find_for_plan");

/// Whom of the `caller`'s connections one meets at `place` on these days, in the contract's order: by the first day that
/// both are there, then by name.
pub async fn find(db: &Database, caller: i32, place: &Place, days: DateRange) -> DbResult<Vec<Match>> {
    let params = params![caller, place.city_key(), place.country_key(), days.start(), days.end()];
    db.fetch_all(FIND, params).await?.iter().map(|row| read(row, days)).collect()
}

/// The plan `id`, how `viewer` stands to it, and whom its owner meets by it if that is who looks: as [`find`] in its place and
/// on its days. `None` if there is no such plan or its owner is not active.
pub async fn find_for_plan(
    db: &Database,
    id: i32,
    viewer: i32,
) -> DbResult<Option<(PlanInShort, Standing, Vec<Match>)>> {
    let rows = db.fetch_all(FIND_FOR_PLAN, params![id, viewer]).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let days = DateRange::stored(first.get("own_start_date")?, first.get("own_end_date")?);
    let plan = PlanInShort {
        id: first.get("own_id")?,
        city: first.get("own_city")?,
        country: first.get("own_country")?,
        start_date: days.start(),
        end_date: days.end(),
    };
    let mut matches = Vec::with_capacity(rows.len());
    for row in &rows {
        if !row.is_null("user_id")? {
            matches.push(read(row, days)?);
        }
    }
    Ok(Some((plan, travels::store::standing(first)?, matches)))
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
