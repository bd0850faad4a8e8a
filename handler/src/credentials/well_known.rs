//! Passwords that everyone knows, behind the disguises that everyone uses.
//!
//! Under the policy nobody can choose `password` itself; what people choose then is `P@ssw0rd1!`. So a password counts
//! as well known if it is a known word with look-alike letters and with digits and signs around it, or a walk over the
//! keyboard (`1qaz@WSX`), the alphabet or the digits.

/// Known passwords, and the words most often made into one; lines that begin with `#` say of what kind.
const WORDS: &str = include_str!("well_known.txt");

fn words() -> impl Iterator<Item = &'static str> {
    WORDS.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace)
}

/// Walks shorter than this happen by chance.
const MIN_WALK: usize = 3;
/// A password that is made of walks but for this many characters is a walk.
const MAX_OUTSIDE_WALKS: usize = 2;

/// Whether this is a password that an attacker tries first.
pub(super) fn is_well_known(password: &str) -> bool {
    is_known_word(password) || is_walk(password)
}

/// Whether a known word is left once digits and signs are taken off, any number at either end.
fn is_known_word(password: &str) -> bool {
    let shape: Vec<char> = password.chars().map(look).collect();
    let is_letter: Vec<bool> = password.chars().map(char::is_alphabetic).collect();
    let leading = is_letter.iter().take_while(|letter| !**letter).count();
    let trailing = is_letter.iter().rev().take_while(|letter| !**letter).count();
    // A digit at an end may be padding or stand for a letter (`Pa55`, `4dmin`): every cut is tried.
    words().any(|word| {
        let word: Vec<char> = word.chars().map(look).collect();
        let Some(room) = shape.len().checked_sub(word.len()) else { return false };
        (0..=leading.min(room)).any(|start| {
            let end = start + word.len();
            shape.len() - end <= trailing && shape[start..end] == word[..]
        })
    })
}

/// What a character looks like, one for all that are written for one another. `i`, `l`, `1`, `!` and `|` are one.
fn look(c: char) -> char {
    match c.to_ascii_lowercase() {
        '@' | '4' => 'a',
        '8' => 'b',
        '(' => 'c',
        '3' => 'e',
        '6' | '9' => 'g',
        'i' | '1' | '!' | '|' => 'l',
        '0' => 'o',
        '$' | '5' => 's',
        '7' | '+' => 't',
        '2' => 'z',
        other => other,
    }
}

/// Whether the password is little but runs of at least [`MIN_WALK`] characters, each run one key repeated, neighbouring
/// keys in one direction, or consecutive letters of the alphabet.
fn is_walk(password: &str) -> bool {
    let chars: Vec<char> = password.chars().map(|c| c.to_ascii_lowercase()).collect();
    let mut on_walk = vec![false; chars.len()];
    for step in [key_step, alphabet_step] {
        for start in 0..chars.len().saturating_sub(MIN_WALK - 1) {
            let run = &chars[start..start + MIN_WALK];
            let first = step(run[0], run[1]);
            if first.is_some() && run.windows(2).all(|pair| step(pair[0], pair[1]) == first) {
                on_walk[start..start + MIN_WALK].fill(true);
            }
        }
    }
    on_walk.contains(&true) && on_walk.iter().filter(|on| !**on).count() <= MAX_OUTSIDE_WALKS
}

/// The keys of a US keyboard, row by row, and the same with Shift.
const KEYBOARD: [[&str; 2]; 4] = [
    ["`1234567890-=", "~!@#$%^&*()_+"],
    [" qwertyuiop[]\\", " QWERTYUIOP{}|"],
    [" asdfghjkl;'", " ASDFGHJKL:\""],
    [" zxcvbnm,./", " ZXCVBNM<>?"],
];

/// From one key to another that is the same or next to it: rows and columns moved.
fn key_step(from: char, to: char) -> Option<(i8, i8)> {
    let (from, to) = (key(from)?, key(to)?);
    let step = (to.0 - from.0, to.1 - from.1);
    // Along a row, or up and down a slanting column.
    matches!(step, (0, -1..=1) | (-1 | 1, 0)).then_some(step)
}

/// The row and column of a character's key, whatever else is held down.
fn key(c: char) -> Option<(i8, i8)> {
    if c == ' ' {
        return None;
    }
    (0_i8..).zip(KEYBOARD).find_map(|(row, layers)| {
        layers
            .iter()
            .find_map(|layer| (0_i8..).zip(layer.chars()).find(|(_, at)| *at == c))
            .map(|(column, _)| (row, column))
    })
}

/// From one letter to the same, the next or the one before: letters moved.
fn alphabet_step(from: char, to: char) -> Option<(i8, i8)> {
    let is_letter = from.is_ascii_lowercase() && to.is_ascii_lowercase();
    let step = i8::try_from(i32::try_from(u32::from(to)).ok()? - i32::try_from(u32::from(from)).ok()?).ok()?;
    (is_letter && (-1..=1).contains(&step)).then_some((0, step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn security_01_disguised_words_are_recognised() {
        for password in [
            "Password1!",
            "P@ssw0rd",
            "P@$$w0rd123",
            "Pa55word!",
            "pAsSwOrD2026!",
            "!1Password",
            "123Password!!!",
            "Passw0rd!",
            "Qwerty123!",
            "Letme1n!",
            "L3tM31n!2",
            "Welc0m3!",
            "Welcome@1",
            "Admin@123",
            "4Dm1n!!!",
            "1L0veY0u!",
            "Iloveyou1!",
            "Test1234!",
            "Summer2026!",
            "Monday_07",
            "India@123",
            "Ch@ngeMe1",
            "Tr@velMeetup1",
            "1q2w3e4R!",
            "Aa123456!",
            "Abc@1234",
            "Trustno1!",
            "Sunshine#1",
            "$uperm4n99",
            "Wi2ard#1",
        ] {
            assert!(is_well_known(password), "{password}");
        }
    }

    #[test]
    fn security_01_walks_are_recognised() {
        for password in [
            "Qwer1234!",
            "1qaz@WSX",
            "!QAZ2wsx",
            "Abcd1234!",
            "ZYXwvu987?",
            "Zaq1@wsx",
            "Aaaaaaa1!",
            "123456Aa",
            "Asdf;lkj1A",
            "qwertyUIOP[]1",
            "Poiuy0987!",
            "~!@#$%^Aa",
        ] {
            assert!(is_well_known(password), "{password}");
        }
    }

    #[test]
    fn security_01_words_within_words_are_not_what_is_known() {
        for password in [
            "SecurePass123!",
            "Tr0ub4dor&3",
            "Xk7#mQp2",
            "MyPasswordIsLong1!",
            "Testament-12",
            "Passenger-88!",
            "Lovelace1815!",
            "Kings&Queens7",
            "Correct-Horse-1",
            "Ana's 3 dogs!",
            "StrongerThan1!",
            "abc-Tuba-123!",
            "",
            "!!",
            "7",
        ] {
            assert!(!is_well_known(password), "{password}");
        }
    }

    #[test]
    fn every_word_is_plain_and_listed_once() {
        let all: Vec<_> = words().collect();
        for (i, word) in all.iter().enumerate() {
            assert!(word.len() >= 4 && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{word}");
            assert!(!all[..i].contains(word), "{word}");
        }
        assert!(all.len() >= 150);
    }

    #[test]
    fn keys_have_neighbours_whether_shift_is_held_or_not() {
        assert_eq!(key_step('q', 'w'), Some((0, 1)));
        assert_eq!(key_step('@', '1'), Some((0, -1)));
        assert_eq!(key_step('1', 'q'), Some((1, 0)));
        assert_eq!(key_step('/', '?'), Some((0, 0)));
        assert_eq!(key_step('q', 'e'), None);
        assert_eq!(key_step('q', 's'), None);
        assert_eq!(key_step('p', 'é'), None);
    }

    proptest! {
        #[test]
        fn security_01_any_known_word_is_found_between_digits_and_signs(
            word in proptest::sample::select(words().collect::<Vec<_>>()), before in "[0-9!#.]{0,4}", after in "[0-9!#.]{0,6}", capital in any::<bool>()
        ) {
            let word = if capital { word.to_uppercase() } else { word.to_owned() };
            let password = format!("{before}{word}{after}");
            prop_assert!(is_well_known(&password));
        }

        #[test]
        fn security_01_any_text_at_all_is_answered_whatever_its_case(text in "\\PC{0,128}") {
            prop_assert_eq!(is_well_known(&text), is_well_known(&text.to_ascii_uppercase()));
        }
    }
}
