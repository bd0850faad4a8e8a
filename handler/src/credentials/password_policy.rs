//! What a new password has to be: section 4.7.1 of the specification, and not one that others would guess.
//!
//! A password is taken as it is: never trimmed, shortened, or changed in case or Unicode form. Only the comparisons below
//! look at a simplified copy.

use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use unicode_casefold::UnicodeCaseFold;
use unicode_normalization::UnicodeNormalization;

use super::well_known;

/// The fewest characters (Unicode scalar values) of a password.
pub const MIN_CHARS: usize = 8;
/// The most characters (Unicode scalar values) of a password.
pub const MAX_CHARS: usize = 128;
/// The characters that count as special; all others are welcome and count as nothing.
pub const SPECIAL: &str = "!@#$%^&*()_+-=[]{}|;:,.<>?";
/// A shorter name or local part may stand in a password: it would be there by chance too often.
const MIN_PERSONAL_CHARS: usize = 4;

/// A password, kept out of logs and wiped from memory after use.
#[derive(Clone)]
pub struct Password(SecretString);

impl Password {
    /// A new password for the owner of this email and display name, if it fits the policy; else every fault, each as a
    /// sentence for the user. What is `None` (because it is faulty itself) is not compared with.
    pub fn parse(raw: &str, local_part: Option<&str>, display_name: Option<&str>) -> Result<Self, Vec<String>> {
        let faults = faults(raw, local_part, display_name);
        if faults.is_empty() { Ok(Self::presented(raw)) } else { Err(faults) }
    }

    /// A password that someone presents to be compared with a stored hash: no policy applies.
    #[must_use]
    pub fn presented(raw: impl Into<SecretString>) -> Self {
        Self(raw.into())
    }

    pub(super) fn expose(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

/// Never the password itself.
impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password([REDACTED])")
    }
}

fn faults(raw: &str, local_part: Option<&str>, display_name: Option<&str>) -> Vec<String> {
    let count = raw.chars().count();
    let mut faults = Vec::new();
    let mut require = |holds: bool, message: &str| {
        if !holds {
            faults.push(message.to_owned());
        }
    };
    require(count >= MIN_CHARS, "Password must be at least 8 characters long");
    require(count <= MAX_CHARS, "Password must be at most 128 characters long");
    require(raw.contains(|c: char| c.is_ascii_uppercase()), "Password must contain an uppercase letter (A-Z)");
    require(raw.contains(|c: char| c.is_ascii_lowercase()), "Password must contain a lowercase letter (a-z)");
    require(raw.contains(|c: char| c.is_ascii_digit()), "Password must contain a number (0-9)");
    require(
        raw.contains(|c| SPECIAL.contains(c)),
        "Password must contain a special character (!@#$%^&*()_+-=[]{}|;:,.<>?)",
    );
    // What is longer is refused already, and these comparisons grow with its length.
    if count <= MAX_CHARS {
        require(!well_known::is_well_known(raw), "Password is too easy to guess: choose one that is not well known");
        require(!contains_personal(raw, local_part), "Password must not contain the name part of your email");
        require(!contains_personal(raw, display_name), "Password must not contain your display name");
    }
    faults
}

/// Whether the password contains this name, as written or without its blanks, ignoring case.
fn contains_personal(password: &str, name: Option<&str>) -> bool {
    let password = comparable(password);
    let name = comparable(name.unwrap_or_default().trim());
    let joined: String = name.split_whitespace().collect();
    [name, joined].iter().any(|name| name.chars().count() >= MIN_PERSONAL_CHARS && password.contains(name.as_str()))
}

/// Full case folding between two canonical compositions: `É`, `é` and `e` with an accent after it are one.
fn comparable(text: &str) -> String {
    text.nfc().case_fold().nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn faults_of(raw: &str) -> Vec<String> {
        faults(raw, Some("john.doe"), Some("John Doe"))
    }

    #[test]
    fn security_01_good_passwords_are_accepted() {
        let longest = format!("Aa1!{}", "z7K?".repeat(31));
        assert_eq!(longest.chars().count(), 128);
        for good in [
            "SecurePass123!",
            "Tr0ub4dor&3",
            "C0rrect-Horse",
            "Xk7#mQp2",
            " Leading1! ",
            "Mein Paßwört 1!",
            "密码密码aB1!",
            "Jürgen's 2 cats!",
            "Aa1!\u{0}\u{7}xyzK",
            "Doe4ever!",
            "J0hnny-B-Good",
            &longest,
        ] {
            assert_eq!(faults_of(good), Vec::<String>::new(), "{good:?}");
        }
    }

    #[test]
    fn security_01_each_rule_is_told_and_all_at_once() {
        for (bad, words) in [
            ("Xk7#mQp", &["at least 8"][..]),
            (&format!("Aa1!{}", "z7K?x".repeat(25)), &["at most 128"]),
            ("xk7#mqp2", &["uppercase"]),
            ("XK7#MQP2", &["lowercase"]),
            ("Xk?#mQpz", &["number"]),
            ("Xk7emQp2", &["special"]),
            ("", &["at least 8", "uppercase", "lowercase", "number", "special"]),
            ("密码", &["at least 8", "uppercase", "lowercase", "number", "special"]),
            ("ÄÖÜäöüÄÖ٣~", &["uppercase", "lowercase", "number", "special"]),
        ] {
            let told = faults_of(bad);
            assert_eq!(told.len(), words.len(), "{bad:?}: {told:?}");
            assert!(words.iter().zip(&told).all(|(word, fault)| fault.contains(word)), "{bad:?}: {told:?}");
        }
    }

    #[test]
    fn security_01_exactly_the_listed_special_characters_count() {
        for c in (0x20..0x7f).map(char::from).filter(|c| !c.is_ascii_alphanumeric()) {
            assert_eq!(faults_of(&format!("Xk7{c}mQp2")).is_empty(), SPECIAL.contains(c), "{c:?}");
        }
        assert_eq!(SPECIAL.len(), 26);
    }

    #[test]
    fn security_01_length_counts_characters_not_bytes() {
        assert!(faults_of("Aa1!🌍🌍🌍").iter().any(|fault| fault.contains("at least 8")));
        assert!(faults_of("Aa1!🌍🌍🌍🌍").is_empty());
        assert!(faults_of(&format!("Aa1!{}", "🌍k".repeat(62))).is_empty());
    }

    #[test]
    fn security_01_the_users_own_name_and_email_are_refused() {
        for (password, fault) in
            [("My-JOHN.DOE-1", "email"), ("X1!John Doe", "display name"), ("X1!jOhNdOe", "display name")]
        {
            let told = faults_of(password);
            assert!(told.len() == 1 && told[0].contains(fault), "{password}: {told:?}");
        }
        let told = faults("Straße7!X", Some("none"), Some("STRASSE"));
        assert!(told.len() == 1 && told[0].contains("display name"), "full case folding: {told:?}");
        let told = faults("Zoe\u{308}lle7!X", None, Some("ZO\u{cb}LLE"));
        assert!(told.len() == 1 && told[0].contains("display name"), "either Unicode form: {told:?}");
    }

    #[test]
    fn security_01_a_name_under_four_characters_may_stand_in_a_password() {
        assert!(faults("Xk7#Anap2", Some("ana"), Some("Ana")).is_empty());
        assert!(faults("Xk7#Anap2", Some("anap"), None)[0].contains("email"));
        assert!(faults("Xk7#mQp2", Some(""), Some("    ")).is_empty());
    }

    #[test]
    fn security_01_a_well_known_password_is_refused() {
        let told = faults_of("Password1!");
        assert!(told.len() == 1 && told[0].contains("well known"), "{told:?}");
    }

    #[test]
    fn security_11_debug_output_hides_the_password() {
        let password = Password::parse("SecurePass123!", None, None).unwrap();
        assert_eq!(format!("{password:?}"), "Password([REDACTED])");
        assert_eq!(password.expose(), b"SecurePass123!");
        assert!(faults("Zq9!", Some("a"), Some("b")).iter().all(|fault| !fault.contains("Zq9!")));
    }

    proptest! {
        #[test]
        fn security_01_what_is_accepted_is_kept_to_the_byte(raw in "\\PC{0,12}Kx7#[ -~\u{300}-\u{310}]{4,12}\\PC{0,3}") {
            if let Ok(password) = Password::parse(&raw, None, None) {
                prop_assert_eq!(password.expose(), raw.as_bytes());
            }
        }

        #[test]
        fn security_01_any_text_at_all_is_answered(raw in "\\PC{0,140}", local in "\\PC{0,9}", name in "\\PC{0,9}") {
            let short = raw.chars().count() < MIN_CHARS;
            prop_assert!(!short || Password::parse(&raw, Some(&local), Some(&name)).is_err());
        }

        #[test]
        fn security_01_a_contained_name_is_found_in_any_case(name in "[a-zäöß]{4,10}", before in "[A-Z0-9!]{0,5}") {
            let password = format!("{before}{}", name.to_uppercase());
            prop_assert!(contains_personal(&password, Some(&name)));
        }
    }
}
