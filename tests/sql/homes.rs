//! Homes that were written before they had a form for comparing.

use handler::db::{Database, Query};
use handler::users::homes;
use handler::users::rules::{home_city, home_country};
use handler::users::store::{self, Profile};
use handler::{params, query};

use crate::common::{NOW, address_of, called, hash_of, on_every_engine};

const FORGET_KEYS: Query = query!("forget_home_keys");
const HOME_KEYS: Query = query!("home_keys");

async fn living_in(db: &Database, name: &str, city: Option<&str>, country: Option<&str>) -> i32 {
    let profile = Profile {
        home_city: city.map(|city| home_city(city).unwrap()),
        home_country: country.map(|country| home_country(country).unwrap()),
        ..called(name)
    };
    let id = store::insert(db, &address_of(name), &hash_of(name), &profile, NOW).await.unwrap();
    id.unwrap()
}

async fn keys(db: &Database, user: i32) -> (Option<String>, Option<String>) {
    let row = db.fetch_optional(HOME_KEYS, params![user]).await.unwrap().unwrap();
    (row.get("home_city_key").unwrap(), row.get("home_country_key").unwrap())
}

#[test]
fn homes_without_keys_get_those_that_a_new_profile_would_have() {
    on_every_engine(async |db| {
        let ana = living_in(db, "ana", Some("São Paulo"), Some("Brasil")).await;
        let ben = living_in(db, "ben", Some("Graz"), None).await;
        let cleo = living_in(db, "cleo", None, Some("Italy")).await;
        let (written, forgotten) = ((Some("sao paulo".to_owned()), Some("BR".to_owned())), (None, None));
        assert_eq!(keys(db, ana).await, written);
        assert_eq!(homes::complete_keys(db).await.unwrap(), 0, "nobody lacks any");

        for user in [ana, ben, cleo] {
            db.execute(FORGET_KEYS, params![user]).await.unwrap();
            assert_eq!(keys(db, user).await, forgotten);
        }
        assert_eq!(homes::complete_keys(db).await.unwrap(), 2, "a country alone is no home to compare");
        assert_eq!(keys(db, ana).await, written);
        assert_eq!(keys(db, ben).await, (Some("graz".to_owned()), None));
        assert_eq!(keys(db, cleo).await, forgotten);
        assert_eq!(homes::complete_keys(db).await.unwrap(), 0);
    });
}
