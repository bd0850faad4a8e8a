//! Countries by ISO 3166-1, and by what else people call them.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::normalised;

/// What people write that is neither a code nor the standard's English name: a code, then the spellings, a line each
/// country. Names in the languages spoken there, short forms, former names, and the parts of the United Kingdom, which the
/// standard counts as one country.
const SPELLINGS: &str = include_str!("spellings.txt");

/// Normalised code, name or spelling → alpha-2 code.
static CODES: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let mut codes = HashMap::new();
    for country in rust_iso3166::ALL {
        for text in [country.alpha2, country.alpha3, country.name] {
            codes.insert(normalised(text), country.alpha2);
        }
    }
    for (code, spelling) in spellings() {
        codes.insert(normalised(spelling), code);
    }
    codes
});

/// The ISO 3166-1 alpha-2 code of a country by its normalised name or code.
pub(super) fn code(normalised: &str) -> Option<&'static str> {
    let without_article = normalised.strip_prefix("the ").unwrap_or(normalised);
    CODES.get(without_article).copied()
}

fn spellings() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = SPELLINGS.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(' ')).flat_map(|(code, names)| {
        names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(move |name| (code, name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::country_key;

    #[test]
    fn a_country_is_known_by_its_codes_its_name_and_its_usual_spellings() {
        for (code, names) in [
            (
                "US",
                &["USA", "us", "U.S.", "U.S.A.", "United States", "the United States of America", "Estados Unidos"][..],
            ),
            ("GB", &["UK", "U.K.", "United Kingdom", "Great Britain", "England", "Scotland", "Wales", "gbr"]),
            ("DE", &["Germany", "Deutschland", "DEU", "Federal Republic of Germany"]),
            ("ES", &["Spain", "España", "espana"]),
            ("BR", &["Brazil", "Brasil"]),
            ("NL", &["The Netherlands", "Holland", "Nederland"]),
            ("CI", &["Côte d'Ivoire", "Cote dIvoire", "Ivory Coast"]),
            ("KR", &["South Korea", "Korea", "Republic of Korea", "대한민국", "한국"]),
            ("KP", &["North Korea"]),
            ("CZ", &["Czech Republic", "Czechia", "Česko"]),
            ("TR", &["Turkey", "Türkiye"]),
            ("VN", &["Vietnam", "Viet Nam"]),
            ("RU", &["Russia", "Россия"]),
            ("JP", &["日本", "Nippon", "Japan"]),
            ("CN", &["China", "中国", "PRC"]),
            ("BO", &["Bolivia"]),
            ("IR", &["Iran"]),
            ("LA", &["Laos"]),
            ("CD", &["DR Congo", "Democratic Republic of the Congo"]),
            ("CG", &["Congo", "Republic of the Congo"]),
            ("XK", &["Kosovo", "Kosova"]),
        ] {
            for name in names {
                assert_eq!(country_key(name), code, "{name}");
            }
        }
    }

    #[test]
    fn a_name_that_is_not_known_is_its_own_key_and_no_code() {
        assert_eq!(country_key(" Nárnia "), "narnia");
        assert_eq!(country_key("ZZ"), "zz");
        assert_eq!(country_key("the Shire"), "the shire");
    }

    #[test]
    fn no_spelling_contradicts_the_standard_or_another_line() {
        let mut seen: HashMap<String, &str> = HashMap::new();
        for country in rust_iso3166::ALL {
            for text in [country.alpha2, country.alpha3, country.name] {
                assert_eq!(*seen.entry(normalised(text)).or_insert(country.alpha2), country.alpha2, "{text}");
            }
        }
        for (code, spelling) in spellings() {
            assert!(code == "XK" || rust_iso3166::from_alpha2(code).is_some(), "{code} is no code");
            let key = normalised(spelling);
            assert!(!key.is_empty() && seen.insert(key, code).is_none(), "{spelling} stands there already");
        }
    }
}
