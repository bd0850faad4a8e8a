//! Email addresses: plain mailboxes of RFC 5321, unique without regard to case.

use std::fmt;

/// The longest local part in octets (RFC 5321, section 4.5.3.1.1).
const MAX_LOCAL_PART: usize = 64;
/// The longest address in octets: a path of 256 less its angle brackets (RFC 5321, section 4.5.3.1.3).
pub const MAX_EMAIL_CHARS: usize = 254;
/// The longest label of a domain in octets (RFC 1035, section 2.3.4).
const MAX_LABEL: usize = 63;

/// An address that can be written on an envelope: `local-part@domain`, with a dot-atom and a domain name.
///
/// Quoted local parts and address literals are left out on purpose, and so is anything beyond ASCII (that would be
/// SMTPUTF8, RFC 6531). A domain needs at least two labels: nobody gets mail from outside at a bare top-level domain.
#[derive(Clone)]
pub struct Email {
    written: String,
    at: usize,
}

impl Email {
    /// Reads an address, with blanks around it trimmed. Refused with a sentence for the user.
    pub fn parse(raw: &str) -> Result<Self, String> {
        let written = raw.trim();
        let refuse = |hint: &str| Err(format!("Invalid email format: {hint}"));
        let Some((local, domain)) = written.rsplit_once('@') else {
            return refuse("write it like name@example.com");
        };
        if !written.is_ascii() {
            return refuse("use only the letters A-Z, digits and plain punctuation");
        }
        if written.len() > MAX_EMAIL_CHARS {
            return refuse("use at most 254 characters");
        }
        if local.len() > MAX_LOCAL_PART {
            return refuse("use at most 64 characters before the @");
        }
        if !is_dot_atom(local) {
            return refuse("check the part before the @ for spaces, quotes and misplaced dots");
        }
        if let Err(hint) = check_domain(domain) {
            return refuse(hint);
        }
        Ok(Self { at: local.len(), written: written.to_owned() })
    }

    /// The address as its owner wrote it, blanks around it trimmed.
    #[must_use]
    pub fn as_written(&self) -> &str {
        &self.written
    }

    /// The unique key: the whole address in ASCII lower case.
    #[must_use]
    pub fn normalised(&self) -> String {
        self.written.to_ascii_lowercase()
    }

    /// The part before the `@`, as written.
    #[must_use]
    pub fn local_part(&self) -> &str {
        &self.written[..self.at]
    }
}

/// Never the address itself: it is personal, and debug output ends in logs.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email([REDACTED])")
    }
}

/// RFC 5322, section 3.2.3: runs of `atext`, with single dots between them.
fn is_dot_atom(text: &str) -> bool {
    let is_atext = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    text.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
}

/// RFC 5321, section 4.1.2: labels of letters, digits and inner hyphens, and a top-level one that is not a number.
fn check_domain(domain: &str) -> Result<(), &'static str> {
    let is_ldh = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    for label in domain.split('.') {
        if label.is_empty() || label.len() > MAX_LABEL {
            return Err("check the dots in the part after the @");
        }
        if !label.bytes().all(is_ldh) || label.starts_with('-') || label.ends_with('-') {
            return Err("the part after the @ may hold only letters, digits, dots and inner hyphens");
        }
    }
    match domain.rsplit_once('.') {
        None => Err("the part after the @ needs a dot, as in example.com"),
        Some((_, top)) if top.bytes().all(|b| b.is_ascii_digit()) => {
            Err("the part after the @ must not end in a number")
        }
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_mailboxes_are_accepted() {
        let longest_local = format!("{}@example.com", "a".repeat(64));
        let longest = format!("{}@{d}.{d}.{}.com", "a".repeat(64), "c".repeat(57), d = "b".repeat(63));
        assert_eq!(longest.len(), 254);
        for address in [
            "john.doe@example.com",
            "a@b.co",
            "O'Brien+tag=1@sub-domain.example.org",
            "!#$%&'*+-/=?^_`{|}~@x.org",
            "ana@xn--mnchen-3ya.de",
            "ana@1.2.example",
            &longest_local,
            &longest,
        ] {
            assert_eq!(Email::parse(address).expect(address).as_written(), address);
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let too_long = format!("{}@{d}.{d}.{}.com", "a".repeat(64), "c".repeat(58), d = "b".repeat(63));
        let long_label = format!("a@{}.com", "b".repeat(64));
        for address in [
            "",
            " ",
            "@",
            "ana",
            "ana@",
            "@example.com",
            "ana@localhost",
            "ana@example",
            "ana@example.com.",
            "ana@.com",
            "ana@a..com",
            ".ana@x.org",
            "ana.@x.org",
            "a..na@x.org",
            "a na@x.org",
            "\"a na\"@x.org",
            "ana@[127.0.0.1]",
            "ana@[IPv6:::1]",
            "ana@127.0.0.1",
            "ana@x.1",
            "ana@-x.org",
            "ana@x-.org",
            "ana@x_y.org",
            "ana@münchen.de",
            "zoë@x.org",
            "ana@x.org\u{0}",
            "a\nna@x.org",
            "ana@x.org\r\nBcc: ben@x.org",
            "a@b@x.org",
            "Ana <ana@x.org>",
            "ana@x.org,ben@x.org",
            "ana@x.org (home)",
            "ana@x.o\u{430}g",
            &long_local,
            &too_long,
            &long_label,
        ] {
            let message = Email::parse(address).expect_err(address);
            let hint = message.strip_prefix("Invalid email format: ").expect("one style of message");
            assert!(!hint.is_empty() && !hint.contains("@x.org"), "{message}");
        }
    }

    #[test]
    fn blanks_around_are_trimmed_and_case_is_kept_but_not_compared() {
        let email = Email::parse("  John.Doe@Example.COM\n").unwrap();
        assert_eq!(email.as_written(), "John.Doe@Example.COM");
        assert_eq!(email.normalised(), "john.doe@example.com");
        assert_eq!(email.local_part(), "John.Doe");
    }

    #[test]
    fn security_11_debug_output_hides_the_address() {
        let email = Email::parse("john.doe@example.com").unwrap();
        assert_eq!(format!("{email:?} {:#?}", Some(&email)), "Email([REDACTED]) Some(\n    Email([REDACTED]),\n)");
    }

    proptest! {
        #[test]
        fn generated_mailboxes_are_accepted_and_normalise_once(
            address in "[a-zA-Z0-9_+-]{1,20}(\\.[a-zA-Z0-9!#$%&'*/=?^`{|}~]{1,20}){0,2}@([a-zA-Z0-9]{1,20}(-[a-z0-9]{1,9})?\\.){1,3}[a-zA-Z]{2,10}"
        ) {
            let email = Email::parse(&address).unwrap();
            prop_assert_eq!(email.as_written(), &address);
            prop_assert_eq!(email.local_part(), address.split('@').next().unwrap());
            prop_assert_eq!(Email::parse(&email.normalised()).unwrap().normalised(), email.normalised());
        }

        #[test]
        fn any_text_at_all_is_answered(raw in any::<String>()) {
            if let Ok(email) = Email::parse(&raw) {
                prop_assert!(email.as_written().is_ascii() && email.as_written().len() <= 254);
            }
        }
    }
}
