//! What is asked for: the language of queries, and how it is read.
//!
//! It is Lucene's classic one, as Solr's standard parser takes it: `title:道路 AND (tags:防災 OR -notes:"工事 予定")`, ranges, wildcards. There is no precedence:
//! `AND` makes what stands at either side of it required, and what nothing is said about is as the place has it ([`Default`](Operator)). Not of it: similar words (`~`),
//! regular expressions (`/` is a character like others, since addresses are full of it), and what Solr adds in braces.

mod cursor;
mod error;
mod parser;
#[cfg(test)]
mod tests;
mod tree;
mod write;

pub use self::{
    error::{Fault, QueryError},
    parser::{parse, parse_words},
    tree::{Bound, Clause, Node, Occur, Part, Pattern, Query},
    write::{escape, phrase},
};

/// What holds between two parts of a query that nothing stands between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// All of them have to be found.
    And,
    /// One of them is enough.
    Or,
}

/// How large a query may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of its text.
    pub bytes: usize,
    /// Words, phrases and ranges in it.
    pub clauses: usize,
    /// Parentheses around each other.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 4096,
            clauses: 64,
            depth: 16,
        }
    }
}
