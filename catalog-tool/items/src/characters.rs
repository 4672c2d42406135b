//! Characters that a text may not have: nobody sees them, and they make a text look like another one.

use crate::item::Kind;

/// The first character of `text` that may not stand there.
pub(crate) fn unwelcome(text: &str, kind: Option<Kind>) -> Option<char> {
    let has_lines =
        kind.is_none_or(|kind| matches!(kind, Kind::Prose | Kind::DataModel | Kind::GeoJson));
    text.chars().find(|c| match c {
        '\n' | '\t' | '\r' => !has_lines,
        c => c.is_control() || is_bidi(*c) || is_invisible(*c),
    })
}

/// Characters that turn the direction of what follows (Unicode's `Bidi_Control`).
const fn is_bidi(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Separators of lines that no editor shows, marks of byte order, annotations, and what is no character.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fdd0}'..='\u{fdef}')
        || c as u32 & 0xfffe == 0xfffe
}

/// Whether a keyword may have it, by CKAN's rules: letters, digits, blank, `-`, `_`, `.`.
pub(crate) fn is_for_keywords(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.')
}
