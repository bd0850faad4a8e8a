//! Homes from before they had a form for comparing (migration 6): they get it after the migrations.

use crate::db::{Database, DbResult, Query};
use crate::place::Place;
use crate::{params, query};

const LIST: Query = query!("list_homes_without_key", sqlite);
const SET: Query = query!("set_home_keys");

/// Gives every home that lacks its keys what its names make of it; answers how many there were. May be cut off and run
/// again, and run by two at once.
pub async fn complete_keys(db: &Database) -> DbResult<u64> {
    let (mut last, mut completed) = (0, 0);
    loop {
        let rows = db.fetch_all(LIST, params![last]).await?;
        if rows.is_empty() {
            return Ok(completed);
        }
        for row in rows {
            last = row.get("id")?;
            let city: String = row.get("home_city")?;
            let country: Option<String> = row.get("home_country")?;
            let home = Place::new(&city, country.as_deref());
            completed += db.execute(SET, params![last, home.city_key(), home.country_key(), city]).await?;
        }
    }
}
