//! What is the same for a search: width, case, kana, and what lies between words.

use unicode_normalization::UnicodeNormalization;

/// Writes `text` the way it is compared: compatibility forms composed (NFKC), lower case, hiragana for katakana, without what has no width.
///
/// Both the texts that are searched and the words that are looked for pass it.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    let visible = text.chars().filter(|c| !has_no_width(*c));
    for composed in visible.nfkc() {
        if !has_no_width(composed) {
            folded.extend(composed.to_lowercase().map(hiragana));
        }
    }
    folded
}

/// What a character is to a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Of a script that is written without blanks: cut into pairs.
    Pair,
    /// Part of a word.
    Word,
    /// Between words: a blank, a mark of punctuation, a symbol.
    Gap,
}

/// The class of a folded character.
pub(super) fn class(c: char) -> Class {
    match c {
        // Letters, and marks that stand on the letter before.
        'a'..='z' | '0'..='9' | '\u{300}'..='\u{36f}' | '\u{3099}' | '\u{309a}' => Class::Word,
        // Kana with their marks of repetition and length; 々, 〆, 〇; numerals of Hangzhou; Bopomofo; Hangul.
        '\u{3041}'..='\u{3096}'
        | '\u{309d}'..='\u{309f}'
        | '\u{30a1}'..='\u{30fa}'
        | '\u{30fc}'..='\u{30ff}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3021}'..='\u{3029}'
        | '\u{3031}'..='\u{3035}'
        | '\u{3105}'..='\u{312f}'
        | '\u{31a0}'..='\u{31bf}'
        | '\u{31f0}'..='\u{31ff}'
        | '\u{ac00}'..='\u{d7a3}'
        // Han.
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3fffd}' => Class::Pair,
        _ if c.is_alphanumeric() => Class::Word,
        _ => Class::Gap,
    }
}

fn hiragana(c: char) -> char {
    match c {
        // The two blocks lie 0x60 apart. ヷ to ヺ have no counterpart; ー is of both.
        'ァ'..='ヶ' | 'ヽ' | 'ヾ' => char::from_u32(u32::from(c) - 0x60).unwrap_or(c),
        _ => c,
    }
}

/// Variation selectors, joiners, soft hyphens, marks of direction: nobody sees them, nobody types them.
fn has_no_width(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("ﾎｹﾞﾎｹﾞ ﾊﾞｽ", "ほげほげ ばす")]
    #[case("ＣＳＶ　１２３", "csv 123")]
    #[case("カタカナとひらがな", "かたかなとひらがな")]
    #[case("データ・センター", "でーた・せんたー")]
    #[case("ヴァイオリン", "ゔぁいおりん")]
    #[case("㈱神戸①", "(株)神戸1")]
    #[case("か\u{3099}", "が")]
    #[case("葛\u{e0100}城", "葛城")]
    #[case("Straße ÉCOLE", "straße école")]
    #[case("道\u{200b}路", "道路")]
    fn what_reads_the_same_is_the_same(#[case] text: &str, #[case] folded: &str) {
        assert_eq!(fold(text), folded);
    }

    #[test]
    fn folding_twice_changes_nothing() {
        for c in '\0'..=char::MAX {
            let once = fold(&c.to_string());
            assert_eq!(fold(&once), once, "{c:?} U+{:04X}", u32::from(c));
        }
    }
}
