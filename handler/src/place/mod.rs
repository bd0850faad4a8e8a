//! Places: a city in a country, as people write them and as they are compared.
//!
//! Whatever stores or compares a city does it by a [`Place`]: `New York` in the `USA` and `NEW YORK` in the
//! `United States` are one. A country may be missing on either side and then matches any, so the comparison of two
//! countries is no comparison of keys: [`Place::is_same_as`] says it in Rust, and every query that compares places says
//! the same in SQL.

mod country;

use std::fmt;

use crate::text;

/// The most characters of the name of a city and of a country.
pub const MAX_PLACE_CHARS: usize = 100;

/// The name of a city as its user wrote it: one line of 1 to 100 characters, with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct City(String);

/// The name of a country as its user wrote it: one line of 1 to 100 characters, with a letter or digit.
///
/// Any name is taken: one that ISO 3166 doesn't know is the same country as another of the same letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Country(String);

impl City {
    /// Reads the name of a city; `what` is the field's name in the message (`Home city`).
    pub fn parse(raw: &str, what: &str) -> Result<Self, String> {
        text::named_line(raw, MAX_PLACE_CHARS, what).map(Self)
    }

    /// The name as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Country {
    /// Reads the name of a country; `what` is the field's name in the message (`Home country`).
    pub fn parse(raw: &str, what: &str) -> Result<Self, String> {
        text::named_line(raw, MAX_PLACE_CHARS, what).map(Self)
    }

    /// The name as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<City> for String {
    fn from(city: City) -> Self {
        city.0
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.0
    }
}

/// A city, perhaps in a known country, in the form that is compared and stored beside the names.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Place {
    city: String,
    country: Option<String>,
}

impl Place {
    /// The place that is called `city`, in `country` if that is told.
    #[must_use]
    pub fn new(city: &str, country: Option<&str>) -> Self {
        Self { city: city_key(city), country: country.map(country_key) }
    }

    /// The city's key: up to 100 characters; equal for equal cities.
    #[must_use]
    pub fn city_key(&self) -> &str {
        &self.city
    }

    /// The country's key, up to 100 characters, if the country is told: see [`country_key`].
    #[must_use]
    pub fn country_key(&self) -> Option<&str> {
        self.country.as_deref()
    }

    /// Whether both name the same city; a country that is missing on either side matches any.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        let compatible = match (&self.country, &other.country) {
            (Some(one), Some(another)) => one == another,
            _ => true,
        };
        compatible && self.city == other.city
    }
}

/// Where somebody is at home is nobody's business in a log.
impl fmt::Debug for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Place([REDACTED])")
    }
}

/// What two names of a country have in common if they mean the same: its ISO 3166-1 alpha-2 code in capitals (`US`), or for
/// a name that is neither a code nor a known spelling its normalised text, which is never in capitals.
#[must_use]
pub fn country_key(name: &str) -> String {
    let normalised = normalised(name);
    country::code(&normalised).map_or(normalised, str::to_owned)
}

fn city_key(name: &str) -> String {
    normalised(name)
}

/// The contract's "same place": folded, without apostrophes and full stops, other punctuation as spaces, no space twice.
fn normalised(name: &str) -> String {
    let folded = text::fold(name);
    let kept = folded.chars().filter(|c| !is_dropped(*c));
    let spaced: String = kept.map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let joined: String = words.join(" ").chars().take(MAX_PLACE_CHARS).collect();
    joined.trim_end().to_owned()
}

/// Full stops and everything that people type for an apostrophe, the Hawaiian ʻokina among it.
const fn is_dropped(c: char) -> bool {
    matches!(
        c,
        '.' | '\'' | '`' | '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' | '\u{2b9}' | '\u{2bb}' | '\u{2bc}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn same(one: &str, another: &str) -> bool {
        Place::new(one, None).is_same_as(&Place::new(another, None))
    }

    #[test]
    fn spellings_of_one_city_are_one_place() {
        for (one, another) in [
            ("New York", "  new   YORK "),
            ("Winston-Salem", "winston salem"),
            ("St. John's", "St Johns"),
            ("St. John\u{2019}s", "ST JOHNS"),
            ("São Paulo", "Sao Paulo"),
            ("Zürich", "zurich"),
            ("Straßburg", "STRASSBURG"),
            ("Łódź", "Lodz"),
            ("Tromsø", "Tromso"),
            ("Diyarbakır", "Diyarbakir"),
            ("Washington, D.C.", "washington dc"),
            ("Ｔｏｋｙｏ", "tokyo"),
            ("Honolulu (Oʻahu)", "Honolulu, Oahu"),
            ("L'Aquila", "L`Aquila"),
            ("Frankfurt/Main", "Frankfurt - Main"),
            ("東京", " 東京"),
        ] {
            assert!(same(one, another), "{one} and {another}");
        }
        for (one, another) in [("New York", "Newark"), ("York", "New York"), ("Paris", "Pari"), ("大阪", "東京")] {
            assert!(!same(one, another), "{one} and {another}");
        }
    }

    #[test]
    fn a_missing_country_matches_any_and_so_equality_is_no_chain() {
        let [us, fr, any] = [Some("USA"), Some("France"), None].map(|country| Place::new("Paris", country));
        assert!(us.is_same_as(&any) && any.is_same_as(&fr) && any.is_same_as(&any));
        assert!(!us.is_same_as(&fr));
        assert!(us.is_same_as(&Place::new("paris", Some("united states"))));
        assert!(!any.is_same_as(&Place::new("Lyon", None)));
    }

    #[test]
    fn a_name_is_one_line_with_a_letter_or_digit_and_called_by_its_field_in_messages() {
        assert_eq!(City::parse(" Winston-Salem ", "City").unwrap().as_str(), "Winston-Salem");
        assert_eq!(String::from(Country::parse("Côte d'Ivoire", "Country").unwrap()), "Côte d'Ivoire");
        assert_eq!(City::parse("...", "Home city").unwrap_err(), "Home city must contain at least one letter or digit");
        let blank = Country::parse("", "Home country").unwrap_err();
        assert_eq!(blank, "Home country must not be blank: write 1 to 100 characters");
    }

    #[test]
    fn a_key_fits_its_column_also_where_folding_makes_the_text_longer() {
        let place = Place::new(&"\u{fdfa}".repeat(100), Some(&"\u{fdfa}".repeat(100)));
        assert!(place.city_key().chars().count() <= 100);
        assert!(place.country_key().unwrap().chars().count() <= 100);
    }

    #[test]
    fn a_place_is_not_told_to_logs() {
        assert_eq!(format!("{:?}", Place::new("Lisbon", Some("Portugal"))), "Place([REDACTED])");
    }

    proptest! {
        #[test]
        fn normalising_twice_is_normalising_once(name in "[\\PC .'-]{0,40}") {
            let once = normalised(&name);
            prop_assert_eq!(normalised(&once), once.clone());
            prop_assert!(!once.contains("  ") && once.trim() == once);
        }

        #[test]
        fn what_is_accepted_as_a_name_has_a_key(name in "[\\PC .'-]{1,40}") {
            if let Ok(city) = City::parse(&name, "City") {
                prop_assert!(!Place::new(city.as_str(), None).city_key().is_empty());
            }
        }

        #[test]
        fn being_the_same_place_is_mutual(
            cities in prop::array::uniform2("(Rome|rome|Oslo)"),
            countries in prop::array::uniform2(prop::option::of("(Italy|IT|Norway)")),
        ) {
            let [one, another] = [0, 1].map(|n: usize| Place::new(&cities[n], countries[n].as_deref()));
            prop_assert_eq!(one.is_same_as(&another), another.is_same_as(&one));
            prop_assert!(one.is_same_as(&one));
        }

        #[test]
        fn neither_case_nor_marks_nor_punctuation_make_another_place(
            words in vec("[a-zA-Z0-9]{1,8}", 1..6),
            joint in "[ /,()_&+-]{1,3}",
            mark in "[.'`\u{2019}\u{2bb}\u{301}\u{308}\u{327}]",
        ) {
            let plain = words.join(" ");
            let marked: String =
                plain.chars().map(|c| if c == ' ' { c.to_string() } else { format!("{c}{mark}") }).collect();
            let joined = format!("{joint}{}{joint}", words.join(&joint));
            for other in [plain.to_uppercase(), plain.to_lowercase(), joined, marked] {
                prop_assert!(same(&plain, &other), "{} and {}", plain, other);
            }
        }

        #[test]
        fn other_letters_or_other_words_are_another_place(
            one in "[a-z]{1,4}( [a-z]{1,4}){0,2}",
            another in "[a-z]{1,4}( [a-z]{1,4}){0,2}",
        ) {
            prop_assert_eq!(same(&one, &another), one == another);
            for longer in [format!("{one}x"), format!("{one} x")] {
                prop_assert!(!same(&one, &longer), "{} and {}", one, longer);
            }
        }

        #[test]
        fn every_country_is_known_in_any_case_and_with_any_marks(
            at in any::<prop::sample::Index>(),
            which in 0_usize..3,
            upper: bool,
            mark in "['.]?",
        ) {
            let country = at.get(rust_iso3166::ALL);
            let name = [country.alpha2, country.alpha3, country.name][which];
            let name = if upper { name.to_uppercase() } else { name.to_lowercase() };
            prop_assert_eq!(country_key(&format!("  {name}{mark} ")), country.alpha2);
        }
    }
}
