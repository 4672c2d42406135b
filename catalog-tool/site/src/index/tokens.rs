//! The two ways in which the index takes a folded text apart.

use std::{collections::HashSet, str::CharIndices};

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use super::{
    fold::{Class, class},
    runs::{ITEM, Kind, Run, Runs},
};

/// Words whole; of characters without blanks every overlapping pair, and the first and the last of a run alone.
///
/// The single ones are what a query needs whose own run has one character: `a 川` is found where 川 begins a run, `川 a` where it ends one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pairs;

impl Tokenizer for Pairs {
    type TokenStream<'a> = Stream<Tokens<'a>>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Self::TokenStream<'a> {
        Stream::of(Tokens::of(text))
    }
}

/// Every character once, whatever it stands in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Characters;

impl Tokenizer for Characters {
    type TokenStream<'a> = Stream<Distinct<'a>>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Self::TokenStream<'a> {
        Stream::of(Distinct::of(text))
    }
}

/// What is indexed of a text, and where.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    runs: Runs<'a>,
    run: Option<Open<'a>>,
}

/// A run of characters that is being cut.
#[derive(Debug)]
struct Open<'a> {
    place: u32,
    rest: &'a str,
    first: bool,
    /// The pair that begins with the character that was given alone.
    pair: Option<(u32, &'a str)>,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(folded: &'a str) -> Self {
        Self {
            runs: Runs::of(folded),
            run: None,
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = (u32, &'a str);

    fn next(&mut self) -> Option<(u32, &'a str)> {
        loop {
            if let Some(token) = self.run.as_mut().and_then(Open::next) {
                return Some(token);
            }
            let Run { place, kind, text } = self.runs.next()?;
            if kind == Kind::Word {
                return Some((place, text));
            }
            self.run = Some(Open {
                place,
                rest: text,
                first: true,
                pair: None,
            });
        }
    }
}

impl<'a> Open<'a> {
    fn next(&mut self) -> Option<(u32, &'a str)> {
        if let Some(pair) = self.pair.take() {
            return Some(pair);
        }
        let mut ends = self.rest.char_indices().map(|(at, c)| at + c.len_utf8());
        let one = ends.next()?;
        let pair = ends.next().map(|two| (self.place, &self.rest[..two]));
        let alone = (self.place, &self.rest[..one]);
        let first = std::mem::replace(&mut self.first, false);
        self.rest = &self.rest[one..];
        self.place = self.place.saturating_add(ITEM);
        match pair {
            None => Some(alone),
            Some(pair) if first => {
                self.pair = Some(pair);
                Some(alone)
            }
            pair => pair,
        }
    }
}

/// The characters of a text, each once.
#[derive(Debug)]
pub(super) struct Distinct<'a> {
    text: &'a str,
    characters: CharIndices<'a>,
    seen: HashSet<char>,
}

impl<'a> Distinct<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            text,
            characters: text.char_indices(),
            seen: HashSet::new(),
        }
    }
}

impl<'a> Iterator for Distinct<'a> {
    type Item = (u32, &'a str);

    fn next(&mut self) -> Option<(u32, &'a str)> {
        let seen = &mut self.seen;
        let (at, c) = self
            .characters
            .find(|(_, c)| class(*c) != Class::Gap && seen.insert(*c))?;
        Some((0, &self.text[at..at + c.len_utf8()]))
    }
}

/// Tokens as tantivy takes them.
#[derive(Debug)]
pub(super) struct Stream<T> {
    tokens: T,
    token: Token,
}

impl<T> Stream<T> {
    fn of(tokens: T) -> Self {
        Self {
            tokens,
            token: Token::default(),
        }
    }
}

impl<'a, T: Iterator<Item = (u32, &'a str)>> TokenStream for Stream<T> {
    fn advance(&mut self) -> bool {
        let Some((place, text)) = self.tokens.next() else {
            return false;
        };
        self.token.text.clear();
        self.token.text.push_str(text);
        self.token.position = usize::try_from(place).unwrap_or(usize::MAX);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_overlap_and_ends_of_runs_stand_alone() {
        let tokens: Vec<_> = Tokens::of("道路台帳 csv 川").collect();
        let expected = [
            (0, "道"),
            (0, "道路"),
            (2, "路台"),
            (4, "台帳"),
            (6, "帳"),
            (9, "csv"),
            (12, "川"),
        ];
        assert_eq!(tokens, expected);
    }

    #[test]
    fn tantivy_reads_the_same() {
        let mut pairs = Pairs;
        let mut stream = pairs.token_stream("道路 a");
        let mut tokens = Vec::new();
        stream.process(&mut |token| tokens.push((token.position, token.text.clone())));
        let expected = [(0, "道"), (0, "道路"), (2, "路"), (5, "a")];
        assert_eq!(tokens, expected.map(|(at, text)| (at, text.to_owned())));
    }

    #[test]
    fn each_character_is_given_once() {
        let characters: String = Distinct::of("川の 川上 a-a").map(|(_, c)| c).collect();
        assert_eq!(characters, "川の上a");
    }
}
