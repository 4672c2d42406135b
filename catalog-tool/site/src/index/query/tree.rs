//! A query that was read.

/// A query, and how it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// What is asked for; nothing where the text was empty.
    pub clauses: Vec<(Occur, Node)>,
    /// Whether the text says by an operator which parts are required, optional or excluded.
    pub explicit: bool,
}

/// What a part of a query means for the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occur {
    /// What is found has it.
    Must,
    /// What is found may have it; where nothing is required, it has one of these.
    Should,
    /// What is found does not have it.
    MustNot,
}

/// A part of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What is asked for.
    pub clause: Clause,
    /// How much it counts.
    pub boost: f32,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Clause {
    /// Everything there is.
    All,
    /// A word, which may have wildcards. Without a field it is looked for in the one that is meant where nothing is said.
    Word {
        /// Where.
        field: Option<String>,
        /// What.
        pattern: Pattern,
    },
    /// Words in this order.
    Phrase {
        /// Where.
        field: Option<String>,
        /// What.
        text: String,
    },
    /// Values between two bounds.
    Range {
        /// Where.
        field: Option<String>,
        /// From here on.
        from: Bound,
        /// Up to here.
        to: Bound,
    },
    /// What stands in parentheses.
    Group(Vec<(Occur, Node)>),
}

/// One end of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// No end.
    Open,
    /// This value and what lies within.
    Inclusive(String),
    /// What lies within this value.
    Exclusive(String),
}

/// A word with its wildcards.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pattern(pub Vec<Part>);

/// Part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Itself.
    Text(String),
    /// `*`: any characters, or none.
    Any,
    /// `?`: one character.
    One,
}

impl Pattern {
    /// The word, if it has no wildcards.
    pub fn literal(&self) -> Option<&str> {
        match &*self.0 {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether it is `*`.
    pub fn is_anything(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|part| *part == Part::Any)
    }

    pub(super) fn push(&mut self, c: char) {
        if let Some(Part::Text(text)) = self.0.last_mut() {
            text.push(c);
        } else {
            self.0.push(Part::Text(c.into()));
        }
    }

    pub(super) fn push_wildcard(&mut self, wildcard: Part) {
        // Two stars that follow each other say no more than one.
        if wildcard != Part::Any || self.0.last() != Some(&Part::Any) {
            self.0.push(wildcard);
        }
    }
}
