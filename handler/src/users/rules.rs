//! What a profile may hold, and what a search may ask for. Every `parse` refuses with a sentence for the user.

use super::email::Email;
use crate::place::{City, Country};
use crate::text;
use serde::{Deserialize, Serialize};
use std::fmt;
use url::Url;
use utoipa::ToSchema;

/// The most characters of a display name.
pub const MAX_NAME_CHARS: usize = 100;
/// The most characters of a bio.
pub const MAX_BIO_CHARS: usize = 500;
/// The most characters of a picture's address.
pub const MAX_URL_CHARS: usize = 500;
/// The fewest characters of a search.
pub const MIN_SEARCH_CHARS: usize = 2;
/// The most characters of a search.
pub const MAX_SEARCH_CHARS: usize = 100;

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The text as it is stored.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }
    };
}

text_type! {
    /// What a user goes by: one line of 1 to 100 characters, with a letter or digit, so that it can be found.
    DisplayName
}
text_type! {
    /// What users say about themselves: up to 500 characters, on any number of lines, never blank.
    Bio
}
text_type! {
    /// Where a user's picture is: an `https` address of up to 500 characters, as its owner wrote it.
    PictureUrl
}

impl DisplayName {
    /// Reads a display name.
    pub fn parse(raw: &str) -> Result<Self, String> {
        text::named_line(raw, MAX_NAME_CHARS, "Display name").map(Self)
    }
}

/// By what users of this name are put in order: the folded name, cut at 100 characters, for folding can make it longer
/// (`\u{fdfa}` becomes 18).
#[must_use]
pub fn sort_key(display_name: &str) -> String {
    text::fold(display_name).chars().take(MAX_NAME_CHARS).collect()
}

impl Bio {
    /// Reads a bio; a blank one is none.
    pub fn parse(raw: &str) -> Result<Option<Self>, String> {
        let cleaned = text::clean(raw, 0, MAX_BIO_CHARS, "Bio")?;
        Ok((!cleaned.is_empty()).then_some(Self(cleaned)))
    }
}

/// Reads a home city.
pub fn home_city(raw: &str) -> Result<City, String> {
    City::parse(raw, "Home city")
}

/// Reads a home country.
pub fn home_country(raw: &str) -> Result<Country, String> {
    Country::parse(raw, "Home country")
}

impl PictureUrl {
    /// Reads a picture's address.
    ///
    /// The WHATWG parser forgives blanks, backslashes and missing slashes, and other readers of the stored text need not:
    /// so the text itself has to be plain.
    pub fn parse(raw: &str) -> Result<Self, String> {
        let written = text::clean_line(raw, 1, MAX_URL_CHARS, "Picture URL")?;
        let has_https = written.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"));
        if !has_https {
            return Err("Picture URL must start with https://".to_owned());
        }
        if written.contains(|c: char| c.is_whitespace() || matches!(c, '\\' | '"' | '<' | '>' | '`' | '{' | '}')) {
            return Err("Picture URL must not contain spaces, quotes, backslashes or brackets: encode them".to_owned());
        }
        // The authority ends at the first of these (RFC 3986, section 3.2); even an empty user name before an @ misleads.
        let authority = written[8..].split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err("Picture URL must not contain a user name or password: remove them".to_owned());
        }
        match Url::parse(&written) {
            Ok(_) if !authority.is_empty() => Ok(Self(written)),
            _ => Err("Picture URL must be a full address, like https://example.com/picture.jpg".to_owned()),
        }
    }
}

/// What a search asks for: 2 to 100 characters with at least one word.
#[derive(Clone)]
pub struct SearchTerm {
    words: Vec<String>,
    email: Option<Email>,
}

/// Never the words themselves: they may be the parts of an email, and debug output ends in logs.
impl fmt::Debug for SearchTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SearchTerm([REDACTED])")
    }
}

impl SearchTerm {
    /// Reads the `q` of a search.
    pub fn parse(raw: &str) -> Result<Self, String> {
        let cleaned = text::clean_line(raw, MIN_SEARCH_CHARS, MAX_SEARCH_CHARS, "The search")?;
        let words = text::words(&cleaned);
        if words.is_empty() {
            return Err("The search must contain at least one letter or digit".to_owned());
        }
        Ok(Self { words, email: Email::parse(&cleaned).ok() })
    }

    /// The folded words, each of which has to start a word of the display name; at least one.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The normalised email, if the whole search is one: it finds exactly its owner.
    #[must_use]
    pub fn email_candidate(&self) -> Option<String> {
        self.email.as_ref().map(Email::normalised)
    }
}

/// How the caller and another user stand to one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionStatus {
    /// The other is the caller.
    #[serde(rename = "self")]
    Oneself,
    /// Neither connected nor asked.
    None,
    /// The caller has asked and waits for an answer.
    PendingSent,
    /// The other has asked and waits for the caller's answer.
    PendingReceived,
    /// Both have approved.
    Connected,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_display_name_is_one_line_with_a_letter_or_digit() {
        assert_eq!(DisplayName::parse(" Zoe\u{308} <b>O'Neill</b> ").unwrap().as_str(), "Zoë <b>O'Neill</b>");
        assert_eq!(DisplayName::parse("7").unwrap().as_str(), "7");
        assert_eq!(DisplayName::parse(&"🌍a".repeat(50)).unwrap().as_str().chars().count(), 100);
        let refused =
            [("", "blank"), ("  ", "blank"), ("🌍!", "letter or digit"), ("A\nB", "one line"), ("A\u{0}", "control")];
        for (raw, word) in refused {
            assert!(DisplayName::parse(raw).unwrap_err().contains(word), "{raw:?}");
        }
        assert!(DisplayName::parse(&"a".repeat(101)).unwrap_err().contains("at most 100"));
    }

    #[test]
    fn a_display_name_is_ordered_and_found_without_case_and_diacritics() {
        let name = DisplayName::parse("Zoë O'Neill-ZOE").unwrap();
        assert_eq!(
            (sort_key(name.as_str()).as_str(), text::words(name.as_str())),
            ("zoe o'neill-zoe", vec!["zoe".into(), "o".into(), "neill".into()])
        );
        let growing = DisplayName::parse(&"\u{fdfa}".repeat(100)).unwrap();
        assert_eq!(sort_key(growing.as_str()).chars().count(), 100);
    }

    #[test]
    fn a_blank_bio_is_none() {
        assert_eq!(Bio::parse(" \r\n ").unwrap(), None);
        assert_eq!(Bio::parse("one\r\ntwo\t!").unwrap().unwrap().as_str(), "one\ntwo\t!");
        assert_eq!(Bio::parse(&"é".repeat(500)).unwrap().unwrap().as_str().chars().count(), 500);
        assert!(Bio::parse(&"é".repeat(501)).unwrap_err().contains("at most 500"));
    }

    #[test]
    fn a_picture_url_is_https_with_a_host_and_kept_as_written() {
        for url in [
            "https://example.com/profiles/123.jpg",
            "HTTPS://Example.com",
            "https://example.com:8443/a%20b?c=d@e#f",
            "https://münchen.example/bild.png",
            "https://[2001:db8::1]/x",
        ] {
            assert_eq!(PictureUrl::parse(&format!(" {url} ")).expect(url).as_str(), url);
        }
    }

    #[test]
    fn any_other_picture_url_is_refused() {
        let long = format!("https://example.com/{}", "a".repeat(481));
        for url in [
            "",
            "example.com/x.jpg",
            "http://example.com/x.jpg",
            "javascript:alert(1)",
            "data:image/png;base64,AAAA",
            "https:example.com",
            "https:/example.com",
            "https://",
            "https:///x",
            "https://?x",
            "https://#",
            "ftp://x.org",
            "https://ana:secret@example.com/",
            "https://ana@example.com/",
            "https://@example.com/",
            "https://a@b@c/",
            "https://exam ple.com/",
            "https://example.com/a b",
            "https:\\\\example.com",
            "https://example.com\\@x.org",
            "https://example.com/\"onload",
            "https://example.com/<script>",
            "https://exa\tmple.com/",
            "ht\ntps://x.org",
            "https://example.com:99999/",
            "https://[::1/",
            "https://a..\u{0}b/",
            "//example.com/x",
            "https://ex%00.com/",
            &long,
        ] {
            let message = PictureUrl::parse(url).expect_err(url);
            assert!(message.starts_with("Picture URL "), "{message}");
        }
    }

    #[test]
    fn a_search_has_words_and_may_be_an_email() {
        let search = SearchTerm::parse("  Zoë o'N ").unwrap();
        assert_eq!(search.words(), ["zoe", "o", "n"]);
        assert_eq!(search.email_candidate(), None);
        let search = SearchTerm::parse(" Ana@X.org ").unwrap();
        assert_eq!(search.words(), ["ana", "x", "org"]);
        assert_eq!(search.email_candidate().unwrap(), "ana@x.org");
        assert_eq!(format!("{search:?}"), "SearchTerm([REDACTED])");
    }

    #[test]
    fn a_search_of_the_wrong_length_or_without_words_is_refused() {
        assert!(SearchTerm::parse(" a ").unwrap_err().contains("2 to 100"));
        assert!(SearchTerm::parse("").unwrap_err().contains("2 to 100"));
        assert!(SearchTerm::parse(&"a".repeat(101)).unwrap_err().contains("at most 100"));
        assert!(SearchTerm::parse("%_").unwrap_err().contains("letter or digit"));
        assert!(SearchTerm::parse("an\u{0}a").unwrap_err().contains("control"));
        assert!(SearchTerm::parse(&"é".repeat(100)).is_ok());
    }

    #[test]
    fn connection_status_is_written_as_the_contract_says() {
        use ConnectionStatus::{Connected, None, Oneself, PendingReceived, PendingSent};
        let written = serde_json::to_string(&[Oneself, None, PendingSent, PendingReceived, Connected]).unwrap();
        assert_eq!(written, r#"["self","none","pending_sent","pending_received","connected"]"#);
        let schema = serde_json::to_string(&<ConnectionStatus as utoipa::PartialSchema>::schema()).unwrap();
        assert!(schema.contains(&written), "{schema}");
    }

    proptest! {
        #[test]
        fn a_name_that_is_accepted_can_be_found_by_itself(raw in "\\PC{0,40}") {
            if let Ok(name) = DisplayName::parse(&raw) {
                prop_assert!(!text::words(name.as_str()).is_empty());
                prop_assert_eq!(DisplayName::parse(name.as_str()).unwrap(), name);
            }
        }

        #[test]
        fn a_picture_url_that_is_accepted_reads_as_https_without_credentials(rest in "[a-z0-9@:/?#\\[\\].%\\\\ -]{0,40}") {
            if let Ok(picture) = PictureUrl::parse(&format!("https://{rest}")) {
                let url = Url::parse(picture.as_str()).unwrap();
                prop_assert_eq!((url.scheme(), url.username(), url.password()), ("https", "", None));
                prop_assert!(url.host_str().is_some_and(|host| !host.is_empty()));
            }
        }
    }
}
