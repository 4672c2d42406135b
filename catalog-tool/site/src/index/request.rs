//! What is asked of the index, and what it answers.

use std::time::Duration;

use time::OffsetDateTime;

use super::{
    compile::Unnamed,
    query::{Limits, Operator, QueryError},
};

/// A search.
#[derive(Debug, Clone)]
pub struct Request {
    /// The view that is searched; all of them if none is said.
    pub view: Option<String>,
    /// What is looked for, and what hits are ranked by. Nothing is everything.
    pub q: String,
    /// What hits have to fit besides.
    pub fq: Vec<String>,
    /// Fields of which hits have one of the values, not read as queries: what the caller may see.
    pub only: Vec<(String, Vec<String>)>,
    /// How queries are read.
    pub dialect: Dialect,
    /// `FIELD asc` or `FIELD desc`, several with commas; `score` is how well a hit fits. Nothing is [`DEFAULT_SORT`].
    pub sort: String,
    /// How many hits are left out.
    pub start: usize,
    /// How many hits are given.
    pub rows: usize,
    /// Fields whose values are counted.
    pub facets: Vec<String>,
    /// Values given of each, the most frequent first; all if it is negative.
    pub facet_limit: i64,
    /// How often a value has to be there to be given.
    pub facet_mincount: u64,
    /// What `NOW` means.
    pub now: OffsetDateTime,
}

/// The best first, of those the last changed.
pub const DEFAULT_SORT: &str = "score desc, metadata_modified desc";

impl Request {
    /// The first ten hits of a query.
    pub fn new(q: &str, dialect: Dialect, now: OffsetDateTime) -> Self {
        Self {
            view: None,
            q: q.to_owned(),
            fq: Vec::new(),
            only: Vec::new(),
            dialect,
            sort: String::new(),
            start: 0,
            rows: 10,
            facets: Vec::new(),
            facet_limit: 50,
            facet_mincount: 1,
            now,
        }
    }
}

/// How queries are read, by whose place they come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// A CKAN site: with a `:` all parts are required; without, words are looked for in the name, the title, tags, groups and all else, and most of them have to be found.
    Ckan,
    /// The cross-domain search: one part is enough.
    Cross,
}

/// Weights of CKAN's.
const WEIGHTS: &[(&str, f32)] = &[
    ("name", 4.0),
    ("title", 4.0),
    ("tags", 2.0),
    ("groups", 2.0),
    (super::document::EVERYTHING, 1.0),
];

impl Dialect {
    /// How `q` is read: the operator between its parts, or none where people type words.
    pub(super) fn operator(self, q: &str) -> Option<Operator> {
        match self {
            Self::Ckan if q.contains(':') => Some(Operator::And),
            Self::Cross if q.contains(':') => Some(Operator::Or),
            _ => None,
        }
    }

    /// Between the parts of a filter.
    pub(super) fn filter_operator(self) -> Operator {
        match self {
            Self::Ckan => Operator::And,
            Self::Cross => Operator::Or,
        }
    }

    /// Where words are looked for that stand in a `q` without fields.
    pub(super) fn unnamed(self) -> Unnamed {
        match self {
            Self::Ckan => Unnamed::Weighted(WEIGHTS),
            Self::Cross => Unnamed::Everything,
        }
    }

    /// How many of so many words have to be found.
    pub(super) fn least(self) -> Option<fn(usize) -> usize> {
        match self {
            Self::Ckan => Some(|words| match words {
                0..=2 => words,
                3..=5 => words - 1,
                _ => words * 4 / 5,
            }),
            Self::Cross => None,
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// How many fit.
    pub total: u64,
    /// Those that were asked for, in their order.
    pub hits: Vec<Hit>,
    /// For each field whose values were to be counted: how many of all that fit have each.
    pub facets: Vec<(String, Vec<(String, u64)>)>,
}

/// A view of a dataset that fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The dataset.
    pub id: String,
    /// Which view of it.
    pub view: String,
    /// How well it fits; 0 where nothing asked for it.
    pub score: f32,
}

/// How much one search may ask for.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Of each query.
    pub query: Limits,
    /// Filters.
    pub filters: usize,
    /// Hits that are given.
    pub rows: usize,
    /// Fields whose values are counted.
    pub facets: usize,
    /// Values given of each.
    pub values: usize,
    /// How long it may take.
    pub time: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            query: Limits::default(),
            filters: 16,
            rows: 1000,
            facets: 20,
            values: 10_000,
            time: Duration::from_secs(2),
        }
    }
}

/// Why nothing was searched.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// A query cannot be read.
    #[error("{parameter}: {error}")]
    Query {
        /// Which one: `q` or `fq`.
        parameter: &'static str,
        /// What is wrong with it.
        error: QueryError,
    },
    /// An order that is none.
    #[error("sort: {0:?} is not \"FIELD asc\" or \"FIELD desc\"")]
    Sort(String),
    /// More than may be asked for.
    #[error("{parameter}: more than {limit}")]
    TooMany {
        /// Of which parameter.
        parameter: &'static str,
        /// How much may be.
        limit: usize,
    },
    /// It takes longer than one search may.
    #[error("the search takes too long; wildcards in front cost most")]
    TooCostly,
    /// The index is being built.
    #[error("the index is being rebuilt: change {done} of {of}")]
    Rebuilding {
        /// The change that it has come to.
        done: u64,
        /// The last one.
        of: u64,
    },
    /// The index cannot be read.
    #[error("the index cannot be read")]
    Index(#[source] tantivy::TantivyError),
}

impl SearchError {
    /// What is wrong with what was asked, in Japanese; nothing where it is not the caller's fault.
    pub fn ja(&self) -> Option<String> {
        Some(match self {
            Self::Query { parameter, error } => format!("{parameter}: {}", error.ja()),
            Self::Sort(part) => {
                format!("sort: 「{part}」は「項目名 asc」または「項目名 desc」の形ではありません")
            }
            Self::TooMany { parameter, limit } => format!("{parameter}: 上限は {limit} です"),
            Self::TooCostly => {
                "検索に時間がかかりすぎます。先頭のワイルドカードを減らしてください".to_owned()
            }
            Self::Rebuilding { .. } | Self::Index(_) => return None,
        })
    }

    /// The same in English.
    pub fn en(&self) -> Option<String> {
        match self {
            Self::Rebuilding { .. } | Self::Index(_) => None,
            fault => Some(fault.to_string()),
        }
    }
}
