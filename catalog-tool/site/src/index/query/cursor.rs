//! Reading a query character by character.

use super::{Fault, Part, Pattern, QueryError};

/// Blanks of the language: those of Lucene, the full-width one among them.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{3000}')
}

/// Characters that a word can only have behind a backslash.
pub(super) fn is_reserved(c: char) -> bool {
    matches!(
        c,
        '!' | '(' | ')' | ':' | '^' | '[' | ']' | '"' | '{' | '}' | '~'
    )
}

/// A text, and where in it is read.
pub(super) struct Cursor {
    text: Vec<char>,
    at: usize,
}

/// A word as it stands in the text.
pub(super) struct Word {
    pub pattern: Pattern,
    /// As it was written, escapes and all: `\AND` is no operator.
    written: String,
    pub begin: usize,
}

impl Word {
    pub(super) fn is_operator(&self) -> bool {
        matches!(&*self.written, "AND" | "OR" | "NOT" | "&&" | "||")
    }
}

/// A fault at the character of that index.
pub(super) fn error_at(fault: Fault, at: usize) -> QueryError {
    QueryError { fault, at: at + 1 }
}

impl Cursor {
    pub(super) fn new(text: &str) -> Self {
        Self {
            text: text.chars().collect(),
            at: 0,
        }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// What stands between there and here.
    pub(super) fn since(&self, begin: usize) -> String {
        self.text[begin..self.at].iter().collect()
    }

    /// Goes back to where it has been.
    pub(super) fn return_to(&mut self, at: usize) {
        self.at = at;
    }

    /// Goes past the character here.
    pub(super) fn step(&mut self) {
        self.at += 1;
    }

    pub(super) fn error(&self, fault: Fault) -> QueryError {
        error_at(fault, self.at)
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn peek_second(&self) -> Option<char> {
        self.text.get(self.at + 1).copied()
    }

    pub(super) fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    pub(super) fn skip_blanks(&mut self) {
        while self.peek().is_some_and(is_blank) {
            self.at += 1;
        }
    }

    /// Takes an operator that is written like a word: the whole word.
    pub(super) fn take_keyword(&mut self, keyword: &str) -> bool {
        let end = self.at + keyword.chars().count();
        let found = self.text.get(self.at..end);
        let is_it = found.is_some_and(|found| found.iter().copied().eq(keyword.chars()))
            && self
                .text
                .get(end)
                .is_none_or(|c| is_blank(*c) || is_reserved(*c));
        // `AND:x` looks in a field of that name.
        if !is_it || self.text.get(end) == Some(&':') {
            return false;
        }
        self.at = end;
        true
    }

    /// A word up to a blank or a character that ends it.
    pub(super) fn word(&mut self) -> Result<Word, QueryError> {
        let begin = self.at;
        let mut pattern = Pattern::default();
        let mut is_address = false;
        while let Some(c) = self.peek() {
            match c {
                '\\' => {
                    let literal = self.escaped()?;
                    pattern.push(literal);
                    continue;
                }
                '*' => pattern.push_wildcard(Part::Any),
                '?' if !is_address => pattern.push_wildcard(Part::One),
                ':' if self.begins_address(begin) || is_address => {
                    is_address = true;
                    pattern.push(c);
                }
                c if is_blank(c) || is_reserved(c) => break,
                c => pattern.push(c),
            }
            self.at += 1;
        }
        if self.at == begin {
            let c = self.peek().unwrap_or(' ');
            let fault = match c {
                '^' => Fault::Boost,
                '~' => Fault::Similar,
                ':' => Fault::NoField,
                '!' => Fault::NoOperand,
                c => Fault::Unopened(c),
            };
            return Err(self.error(fault));
        }
        Ok(Word {
            pattern,
            written: self.since(begin),
            begin,
        })
    }

    /// Whether the colon here belongs to the address that began at `begin`: people paste addresses.
    fn begins_address(&self, begin: usize) -> bool {
        let scheme = &self.text[begin..self.at];
        let is_scheme = ["http", "https", "ftp", "ftps"]
            .iter()
            .any(|known| known.chars().eq(scheme.iter().copied()));
        is_scheme && self.text.get(self.at + 1..self.at + 3) == Some(&['/', '/'])
    }

    /// The character behind the backslash here; `\u3042` is that character.
    fn escaped(&mut self) -> Result<char, QueryError> {
        let Some(c) = self.peek_second() else {
            return Err(self.error(Fault::Backslash));
        };
        self.at += 2;
        if c == 'u'
            && let Some(digits) = self.text.get(self.at..self.at + 4)
            && let Ok(code) = u32::from_str_radix(&digits.iter().collect::<String>(), 16)
            && digits.iter().all(char::is_ascii_hexdigit)
            && let Some(named) = char::from_u32(code)
        {
            self.at += 4;
            return Ok(named);
        }
        Ok(c)
    }

    /// What stands between quotation marks.
    pub(super) fn quoted(&mut self) -> Result<String, QueryError> {
        let begin = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.peek() {
                None => return Err(error_at(Fault::OpenPhrase, begin)),
                Some('"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some('\\') => text.push(self.escaped()?),
                Some(c) => {
                    text.push(c);
                    self.at += 1;
                }
            }
        }
    }

    /// One end of a range: its value, or none for `*`. Nothing where there is none.
    #[expect(clippy::option_option, reason = "no bound, an open one, this one")]
    pub(super) fn bound(&mut self) -> Result<Option<Option<String>>, QueryError> {
        self.skip_blanks();
        if self.peek() == Some('"') {
            return self.quoted().map(|text| Some(Some(text)));
        }
        let mut text = String::new();
        let begin = self.at;
        while let Some(c) = self.peek() {
            match c {
                '\\' => text.push(self.escaped()?),
                c if is_blank(c) || matches!(c, ']' | '}') => break,
                c => {
                    text.push(c);
                    self.at += 1;
                }
            }
        }
        let is_star = self.text[begin..self.at] == ['*'];
        Ok((self.at > begin).then(|| (!is_star).then_some(text)))
    }
}
