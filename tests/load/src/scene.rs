//! What requests speak of: places, names, days.

use rand::RngExt as _;
use rand::rngs::StdRng;
use time::{Date, Duration};

use crate::figures::scaled;

/// The world that the load is for.
#[derive(Debug, Clone)]
pub struct Scene {
    /// Today, in UTC.
    pub today: Date,
    /// Cities with their countries, from the one that is gone to most to the one that is gone to least. Not empty.
    pub cities: Vec<(String, String)>,
    /// Words that people's names begin with. Not empty.
    pub names: Vec<String>,
    /// How many people there are: their ids go from 1 to this.
    pub people: u32,
    /// Everybody's password.
    pub password: String,
}

/// A stay somewhere.
#[derive(Debug, Clone)]
pub struct Stay {
    /// Where.
    pub city: String,
    /// In which country that is.
    pub country: String,
    /// The first day.
    pub start: Date,
    /// The last day.
    pub end: Date,
}

impl Scene {
    /// A stay of up to two weeks that begins within `days` days of today; large cities are gone to more often.
    pub fn stay(&self, rng: &mut StdRng, days: std::ops::Range<i64>) -> Stay {
        let (city, country) = self.cities[scaled(rng.random::<f64>().powi(2), self.cities.len())].clone();
        let start = self.today + Duration::days(rng.random_range(days));
        Stay { city, country, start, end: start + Duration::days(rng.random_range(0..14)) }
    }

    /// The conference: a week in the fourth city, from a month from now on.
    #[must_use]
    pub fn conference(&self) -> Stay {
        let (city, country) = self.cities[3.min(self.cities.len() - 1)].clone();
        let start = self.today + Duration::days(30);
        Stay { city, country, start, end: start + Duration::days(6) }
    }

    /// What somebody looks for: a name, or the beginning of one.
    pub fn words(&self, rng: &mut StdRng) -> String {
        let name = &self.names[rng.random_range(0..self.names.len())];
        let letters = rng.random_range(3..=6);
        name.chars().take(letters).collect()
    }

    /// Somebody's id.
    pub fn somebody(&self, rng: &mut StdRng) -> u32 {
        rng.random_range(1..=self.people.max(1))
    }
}
