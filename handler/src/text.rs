//! What users write: cleaned for storage, and folded for comparing.
//!
//! Text is stored as the user wrote it, only trimmed and in one Unicode form, so that equal-looking text is equal and
//! both databases and all clients read the same characters. It is never encoded for HTML: that belongs to
//! whoever shows it.

use unicode_casefold::UnicodeCaseFold;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The most characters of a folded word that count; what follows is cut off.
pub const MAX_WORD_CHARS: usize = 100;

/// Text that may have several lines: trimmed, in NFC, with `\n` for every line ending.
///
/// `min` and `max` count Unicode scalar values of the cleaned text, both ends included; `what` names the field in the
/// message (`Bio`). Refused with a sentence for the user: control characters (category Cc, C1 and U+0000 included) other
/// than newline and tab, and a length out of bounds.
pub fn clean(raw: &str, min: usize, max: usize, what: &str) -> Result<String, String> {
    let unix = raw.replace("\r\n", "\n").replace('\r', "\n");
    if unix.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(format!("{what} contains control characters: remove them"));
    }
    let cleaned: String = unix.trim().nfc().collect();
    match cleaned.chars().count() {
        0 if min > 0 => Err(format!("{what} must not be blank: write {}", span(min, max))),
        n if n < min => Err(format!("{what} is too short: write {}", span(min, max))),
        n if n > max => Err(format!("{what} is too long: it has {n} characters, write at most {max}")),
        _ => Ok(cleaned),
    }
}

/// Text of one line: as [`clean`], with newlines and tabs refused too, once those at the ends are trimmed.
pub fn clean_line(raw: &str, min: usize, max: usize, what: &str) -> Result<String, String> {
    let cleaned = clean(raw, min, max, what)?;
    if cleaned.contains(['\n', '\t']) {
        return Err(format!("{what} must be on one line: remove the line breaks and tabs"));
    }
    Ok(cleaned)
}

/// A line that names something: 1 to `max` characters. Punctuation alone names nothing: it would be found by no search and
/// match every other such name.
pub fn named_line(raw: &str, max: usize, what: &str) -> Result<String, String> {
    let cleaned = clean_line(raw, 1, max, what)?;
    if words(&cleaned).is_empty() {
        return Err(format!("{what} must contain at least one letter or digit"));
    }
    Ok(cleaned)
}

fn span(min: usize, max: usize) -> String {
    format!("{min} to {max} characters")
}

/// The form in which two texts are compared when neither case nor diacritics matter: `Zoë`, `ZOE` and `zoe` are one.
///
/// Compatibility decomposition (NFKD), combining marks taken out, full case folding, letters without their strokes, then
/// NFKC (Unicode Standard Annexes 15 and 44). Folding what is folded already changes nothing.
#[must_use]
pub fn fold(text: &str) -> String {
    text.nfkd().filter(|c| !is_combining_mark(*c)).case_fold().map(without_stroke).nfkc().collect()
}

/// The letters whose diacritic is part of them, so that no decomposition takes it off: `Łódź` is looked for as `lodz`.
const fn without_stroke(c: char) -> char {
    match c {
        'đ' => 'd',
        'ħ' => 'h',
        'ı' => 'i',
        'ł' => 'l',
        'ø' => 'o',
        'ŧ' => 't',
        other => other,
    }
}

/// The words of a text for searching: its folded runs of letters and digits, each cut at [`MAX_WORD_CHARS`], every
/// word once, in the order of their first appearance.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut words: Vec<String> = Vec::new();
    for run in folded.split(|c: char| !c.is_alphanumeric()).filter(|run| !run.is_empty()) {
        let word: String = run.chars().take(MAX_WORD_CHARS).collect();
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cleaned(raw: &str) -> Result<String, String> {
        clean(raw, 0, 500, "Bio")
    }

    #[test]
    fn text_is_trimmed_composed_and_has_one_kind_of_line_ending() {
        assert_eq!(
            cleaned(" \u{a0}Zoe\u{308}\r\nline two\rline three\n\t ").unwrap(),
            "Zo\u{eb}\nline two\nline three"
        );
        assert_eq!(cleaned("a\tb\nc").unwrap(), "a\tb\nc");
        assert_eq!(cleaned("<b>&amp;</b>").unwrap(), "<b>&amp;</b>", "nothing is encoded");
        assert_eq!(cleaned(" \n ").unwrap(), "");
    }

    #[test]
    fn control_characters_are_refused_wherever_they_stand() {
        for control in (0..=0x9f).filter_map(char::from_u32).filter(|c| c.is_control()) {
            for raw in [format!("{control}a"), format!("a{control}b"), format!("b{control}")] {
                let expected = matches!(control, '\n' | '\r' | '\t');
                assert_eq!(cleaned(&raw).is_ok(), expected, "{raw:?}");
            }
        }
        // Format characters (Cf), such as a zero-width joiner within an emoji, belong to the text.
        assert_eq!(cleaned("👩\u{200d}🚀").unwrap(), "👩\u{200d}🚀");
    }

    #[test]
    fn length_is_counted_in_characters_after_cleaning() {
        assert_eq!(clean("  e\u{301}\u{1f30d}  ", 2, 2, "Name").unwrap(), "é🌍");
        assert_eq!(clean("abc", 1, 2, "Name").unwrap_err(), "Name is too long: it has 3 characters, write at most 2");
        assert_eq!(clean("a", 2, 9, "Name").unwrap_err(), "Name is too short: write 2 to 9 characters");
        assert_eq!(clean("  ", 1, 9, "Name").unwrap_err(), "Name must not be blank: write 1 to 9 characters");
    }

    #[test]
    fn a_line_has_no_breaks_inside() {
        assert_eq!(clean_line("Ana\n", 1, 9, "Name").unwrap(), "Ana");
        for raw in ["A\nna", "A\tna", "A\r\nna", "A\rna"] {
            let message = clean_line(raw, 1, 9, "Name").unwrap_err();
            assert_eq!(message, "Name must be on one line: remove the line breaks and tabs", "{raw:?}");
        }
    }

    #[test]
    fn case_diacritics_and_compatibility_forms_do_not_matter() {
        for (one, other) in [
            ("Zoë", "ZOE"),
            ("Straße", "STRASSE"),
            ("İstanbul", "istanbul"),
            ("ΣΊΣΥΦΟΣ", "σισυφος"),
            ("Ａｎａ ①", "ana 1"),
            ("ﬁn", "FIN"),
            ("Łukasz", "LUKASZ"),
            ("Sørensen", "sorensen"),
            ("Đorđe Ħal Ŧ Işık", "dorde hal t isik"),
            ("한글", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} and {other}");
        }
        assert_ne!(fold("Ana"), fold("Anna"));
        assert_eq!(fold("한글"), "한글", "syllables are put together again");
    }

    #[test]
    fn folding_each_single_character_twice_is_folding_it_once() {
        for c in '\0'..=char::MAX {
            let once = fold(&c.to_string());
            assert_eq!(fold(&once), once, "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        assert_eq!(words("Jean-Luc O'Neill, 2nd (jean)"), ["jean", "luc", "o", "neill", "2nd"]);
        assert_eq!(words("Zoë zoe ZOË"), ["zoe"]);
        assert_eq!(words("--- 🌍 \u{301}"), Vec::<String>::new());
        assert_eq!(words("प्रिया शर्मा").len(), 2, "vowel signs do not cut a word");
        assert_eq!(words(&"x".repeat(150)), ["x".repeat(MAX_WORD_CHARS)]);
    }

    proptest! {
        #[test]
        fn cleaning_twice_is_cleaning_once(raw in any::<String>()) {
            if let Ok(once) = cleaned(&raw) {
                prop_assert_eq!(cleaned(&once), Ok(once.clone()));
                prop_assert_eq!(once.trim(), once.as_str());
                prop_assert!(!once.contains('\r'));
            }
        }

        #[test]
        fn folding_is_idempotent(text in "[\\PC\u{300}-\u{345}\u{ac00}-\u{ad00}\u{1100}-\u{11ff}ßİŉǰΐﬃ]{0,30}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn words_are_folded_distinct_and_found_again_in_their_own_text(text in "[\\PC ]{0,60}") {
            let found = words(&text);
            for (i, word) in found.iter().enumerate() {
                prop_assert!(!word.is_empty() && word.chars().all(char::is_alphanumeric));
                prop_assert!(!found[..i].contains(word));
            }
            prop_assert_eq!(words(&found.join(" ")), found);
        }
    }
}
