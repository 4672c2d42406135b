//! A search finds what a scan of all texts finds: for texts at random, and pieces of them.

use proptest::{prelude::*, test_runner::RngSeed};

use super::{
    super::{
        Dialect, Document,
        fold::{Class, class, fold},
        query::escape,
    },
    kit::Indexed,
};

/// A text as it is compared: folded, with one blank for whatever stands between words.
fn compared(text: &str) -> String {
    let mut compared = String::new();
    for c in fold(text).chars() {
        match class(c) {
            Class::Gap if compared.ends_with(' ') => {}
            Class::Gap => compared.push(' '),
            _ => compared.push(c),
        }
    }
    compared
}

/// Whether `piece` stands in `text` as a whole: not within a longer word at either side. A character of a script without blanks is a whole.
fn has_whole(text: &str, piece: &str) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| class(c) == Class::Word);
    let goes_on = |before: Option<char>, after: Option<char>| is_word(before) && is_word(after);
    let places = text.char_indices().map(|(at, _)| at);
    let places: Vec<usize> = places.filter(|at| text[*at..].starts_with(piece)).collect();
    places.into_iter().any(|at| {
        let (before, rest) = text.split_at(at);
        let after = &rest[piece.len()..];
        !goes_on(before.chars().next_back(), piece.chars().next())
            && !goes_on(piece.chars().next_back(), after.chars().next())
    })
}

/// Few characters, so that pieces of one text stand in others too.
fn text() -> impl Strategy<Value = String> {
    "([道路川の都ａ]|カ|ｶﾞ|が|ー|東京|[ab1Ｂ]|ab|é|[ 　・、/.-]){1,24}"
}

fn pieces() -> impl Strategy<Value = (Vec<String>, Vec<(usize, usize, usize)>)> {
    let texts = prop::collection::vec(text(), 60);
    let pieces = prop::collection::vec((0..60_usize, 0..1000_usize, 1..10_usize), 100);
    (texts, pieces)
}

proptest! {
    // Ten indexes, a hundred pieces each.
    #![proptest_config(ProptestConfig {
        cases: 10,
        rng_seed: RngSeed::Fixed(11),
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_index_finds_what_a_scan_finds((texts, pieces) in pieces()) {
        let documents = texts.iter().enumerate().map(|(at, text)| {
            let mut document = Document::new(&format!("{at:02}"), "release");
            document.text("title", text);
            // A second value: nothing is found that would begin in one and end in the other.
            document.text("title", "川");
            document
        });
        let indexed = Indexed::of(documents.collect());
        let values: Vec<[String; 2]> = texts.iter().map(|text| [compared(text), "川".to_owned()]).collect();
        let scan = |fits: &dyn Fn(&str) -> bool| -> Vec<String> {
            let fitting = values.iter().enumerate().filter(|(_, values)| values.iter().any(|value| fits(value)));
            fitting.map(|(at, _)| format!("{at:02}")).collect()
        };
        for (which, at, length) in pieces {
            let text: Vec<char> = compared(&texts[which]).chars().collect();
            let begin = at % text.len();
            let piece: String = text[begin..].iter().take(length).collect();
            let piece = piece.trim();
            if piece.is_empty() {
                continue;
            }
            let contains = format!("title:*{}*", escape(piece));
            prop_assert_eq!(
                indexed.ids(Dialect::Cross, &contains, &[]),
                scan(&|value| value.contains(piece)),
                "{} in {:?}", contains, values
            );
            let whole = format!("title:{}", escape(piece));
            prop_assert_eq!(
                indexed.ids(Dialect::Cross, &whole, &[]),
                scan(&|value| has_whole(value, piece)),
                "{} in {:?}", whole, values
            );
        }
    }
}
