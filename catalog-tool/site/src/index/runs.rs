//! Where the parts of a folded text stand.
//!
//! A text is a row of items: a character of a script without blanks, a word of another script, a gap between them. An item takes two places, a gap one, whatever it
//! consists of. So the distance between two items that follow each other says whether there is a gap between them, and a row of items that stands at the same
//! distances in a text is contained in it.

use super::fold::{Class, class};

/// Places of a character or a word.
pub(super) const ITEM: u32 = 2;
/// Places of a gap.
const GAP: u32 = 1;
/// Places between two values of a field: none of the distances within one.
const BETWEEN_VALUES: u32 = 4;
/// Stands between two values of a field.
pub(super) const VALUE_END: char = '\0';

/// Characters of a word at most; a longer one is taken for several that follow each other.
const MAX_WORD: usize = 128;

/// Characters of one kind that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run<'a> {
    /// Where it begins.
    pub place: u32,
    /// What it consists of.
    pub kind: Kind,
    /// Its text.
    pub text: &'a str,
}

/// What a run consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Characters that are an item each.
    Characters,
    /// One word.
    Word,
}

/// The runs of a folded text.
#[derive(Debug, Clone)]
pub(super) struct Runs<'a> {
    rest: &'a str,
    place: u32,
}

impl<'a> Runs<'a> {
    pub(super) fn of(folded: &'a str) -> Self {
        Self {
            rest: folded,
            place: 0,
        }
    }

    /// Takes characters as long as they are of `class`, `limit` at most. Gives them and their number.
    fn take(&mut self, wanted: Class, limit: usize) -> (&'a str, usize) {
        let mut count = 0;
        let mut end = self.rest.len();
        for (at, c) in self.rest.char_indices() {
            if count == limit || class(c) != wanted {
                end = at;
                break;
            }
            count += 1;
        }
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        (taken, count)
    }

    fn advance(&mut self, places: u32) -> u32 {
        let begin = self.place;
        self.place = self.place.saturating_add(places);
        begin
    }
}

impl<'a> Iterator for Runs<'a> {
    type Item = Run<'a>;

    fn next(&mut self) -> Option<Run<'a>> {
        loop {
            match class(self.rest.chars().next()?) {
                Class::Gap => {
                    let (gap, _) = self.take(Class::Gap, usize::MAX);
                    let places = if gap.contains(VALUE_END) {
                        BETWEEN_VALUES
                    } else {
                        GAP
                    };
                    self.advance(places);
                }
                Class::Pair => {
                    let (text, count) = self.take(Class::Pair, usize::MAX);
                    let places = u32::try_from(count)
                        .unwrap_or(u32::MAX)
                        .saturating_mul(ITEM);
                    return Some(Run {
                        place: self.advance(places),
                        kind: Kind::Characters,
                        text,
                    });
                }
                Class::Word => {
                    let (text, _) = self.take(Class::Word, MAX_WORD);
                    return Some(Run {
                        place: self.advance(ITEM),
                        kind: Kind::Word,
                        text,
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(text: &str) -> Vec<(u32, &str)> {
        Runs::of(text).map(|run| (run.place, run.text)).collect()
    }

    #[test]
    fn items_take_two_places_and_gaps_one() {
        let expected = [(0, "東京"), (4, "23"), (6, "区"), (9, "csv"), (12, "x")];
        assert_eq!(runs("東京23区・/ csv, x"), expected);
    }

    #[test]
    fn nothing_but_gaps_has_no_runs() {
        assert_eq!(runs(" ・!\u{7}"), []);
        assert_eq!(runs(""), []);
    }

    #[test]
    fn two_values_are_further_apart_than_anything_in_one() {
        assert_eq!(runs("a\0b"), [(0, "a"), (6, "b")]);
    }

    #[test]
    fn a_word_without_end_is_several() {
        let long = "x".repeat(300);
        let lengths: Vec<_> = Runs::of(&long).map(|run| run.text.len()).collect();
        assert_eq!(lengths, [128, 128, 44]);
    }
}
