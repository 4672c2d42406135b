//! The order of hits.

use std::{cmp::Ordering, collections::BinaryHeap};

use tantivy::{
    DocId, Score, SegmentReader,
    columnar::{Column, StrColumn},
    i64_to_u64,
};

use super::{
    request::SearchError,
    schema::{EXACT, NUMBERS, TIMES, column},
};

/// Parts of an order, at most.
const MAX_KEYS: usize = 4;

/// What hits are ordered by, the first that differs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Order(pub Vec<(By, Direction)>);

/// One part of an order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum By {
    /// How well a hit fits.
    Score,
    /// A field: its first value.
    Field(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

impl Order {
    pub(super) fn parse(text: &str) -> Result<Self, SearchError> {
        let mut order = Vec::new();
        for part in text.split(',') {
            let wrong = || SearchError::Sort(part.trim().chars().take(100).collect());
            let mut words = part.split_whitespace();
            let (Some(field), direction, None) = (words.next(), words.next(), words.next()) else {
                return Err(wrong());
            };
            let direction = match direction {
                Some(word) if word.eq_ignore_ascii_case("asc") => Direction::Ascending,
                Some(word) if word.eq_ignore_ascii_case("desc") => Direction::Descending,
                _ => return Err(wrong()),
            };
            let by = match field {
                "score" => By::Score,
                field => By::Field(field.to_owned()),
            };
            order.push((by, direction));
        }
        if order.len() > MAX_KEYS {
            return Err(SearchError::TooMany {
                parameter: "sort",
                limit: MAX_KEYS,
            });
        }
        Ok(Self(order))
    }

    pub(super) fn needs_score(&self) -> bool {
        self.0.iter().any(|(by, _)| *by == By::Score)
    }

    /// Leaves out how well hits fit, where all fit alike.
    pub(super) fn without_score(mut self) -> Self {
        self.0.retain(|(by, _)| *by != By::Score);
        self
    }

    /// What is read of a segment.
    pub(super) fn of(&self, segment: &SegmentReader) -> tantivy::Result<SegmentOrder> {
        let fields = segment.fast_fields();
        let keys = self.0.iter().map(|(by, direction)| {
            let source = match by {
                By::Score => Source::Score,
                By::Field(field) => Source::Field(Box::new(Columns {
                    times: fields.column_opt(&column(TIMES, field))?,
                    numbers: fields.column_opt(&column(NUMBERS, field))?,
                    texts: fields.str(&column(EXACT, field))?,
                })),
            };
            Ok((source, *direction))
        });
        Ok(SegmentOrder(keys.collect::<tantivy::Result<_>>()?))
    }
}

/// An order within a segment.
pub(super) struct SegmentOrder(Vec<(Source, Direction)>);

enum Source {
    Score,
    Field(Box<Columns>),
}

/// What a field may have.
struct Columns {
    times: Option<Column<i64>>,
    numbers: Option<Column<i64>>,
    texts: Option<StrColumn>,
}

/// Where a hit stands within its segment: smaller is earlier.
pub(super) type Keys = [u128; MAX_KEYS];

/// Kinds of keys: numbers and times before texts, and what has none last, whichever way is sorted.
const NUMBER: u64 = 0;
const TEXT: u64 = 1;
const NONE: u128 = u128::MAX;

fn key(kind: u64, value: u64, direction: Direction) -> u128 {
    let (kind, value) = match direction {
        Direction::Ascending => (kind, value),
        Direction::Descending => (TEXT - kind, !value),
    };
    u128::from(kind) << 64 | u128::from(value)
}

impl SegmentOrder {
    pub(super) fn keys(&self, document: u32, score: Score) -> Keys {
        let mut keys = [0; MAX_KEYS];
        for ((source, direction), at) in self.0.iter().zip(&mut keys) {
            *at = match source {
                // Scores are not negative, so that their bits have their order.
                Source::Score => key(NUMBER, score.max(0.0).to_bits().into(), *direction),
                Source::Field(columns) => {
                    let Columns {
                        times,
                        numbers,
                        texts,
                    } = &**columns;
                    let first = |column: &Option<Column<i64>>| column.as_ref()?.first(document);
                    if let Some(number) = first(times).or_else(|| first(numbers)) {
                        key(NUMBER, i64_to_u64(number), *direction)
                    } else if let Some(ordinal) = texts
                        .as_ref()
                        .and_then(|texts| texts.ords().first(document))
                    {
                        key(TEXT, ordinal, *direction)
                    } else {
                        NONE
                    }
                }
            };
        }
        keys
    }

    /// The same among all segments: texts take the places of their ordinals.
    pub(super) fn resolve(&self, keys: &[Keys]) -> tantivy::Result<Vec<Vec<Key>>> {
        let mut resolved = vec![Vec::new(); keys.len()];
        for (at, (source, direction)) in self.0.iter().enumerate() {
            let texts = match source {
                Source::Field(columns) => columns.texts.as_ref(),
                Source::Score => None,
            };
            let mut text = String::new();
            for (keys, resolved) in keys.iter().zip(&mut resolved) {
                let key = keys[at];
                let (kind, value) = match direction {
                    Direction::Ascending => (high(key), low(key)),
                    Direction::Descending => (TEXT.wrapping_sub(high(key)), !low(key)),
                };
                let key = match texts {
                    _ if key == NONE => Key::None,
                    Some(texts) if kind == TEXT => {
                        texts.ord_to_str(value, &mut text)?;
                        Key::Text(text.clone())
                    }
                    _ => Key::Number(value),
                };
                resolved.push(key);
            }
        }
        Ok(resolved)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the lower half is what is wanted"
)]
fn low(key: u128) -> u64 {
    key as u64
}

fn high(key: u128) -> u64 {
    low(key >> 64)
}

/// Where a hit stands among all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    Number(u64),
    Text(String),
    None,
}

impl Order {
    pub(super) fn compare(&self, left: &[Key], right: &[Key]) -> Ordering {
        let parts = self.0.iter().zip(left.iter().zip(right));
        let compared = parts.map(|((_, direction), (left, right))| {
            let order = match (left, right) {
                (Key::None, Key::None) => return Ordering::Equal,
                (Key::None, _) => return Ordering::Greater,
                (_, Key::None) => return Ordering::Less,
                (Key::Number(left), Key::Number(right)) => left.cmp(right),
                (Key::Text(left), Key::Text(right)) => left.cmp(right),
                (Key::Number(_), Key::Text(_)) => Ordering::Less,
                (Key::Text(_), Key::Number(_)) => Ordering::Greater,
            };
            match direction {
                Direction::Ascending => order,
                Direction::Descending => order.reverse(),
            }
        });
        compared.fold(Ordering::Equal, Ordering::then)
    }
}

/// The hits of a segment that stand first.
#[derive(Debug)]
pub(super) struct Best {
    limit: usize,
    /// Where a hit stands, the hit, its score in bits; the last of them on top.
    heap: BinaryHeap<(Keys, DocId, u32)>,
}

impl Best {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            heap: BinaryHeap::new(),
        }
    }

    pub(super) fn offer(&mut self, keys: Keys, document: DocId, score: Score) {
        let hit = (keys, document, score.to_bits());
        if self.heap.len() < self.limit {
            self.heap.push(hit);
        } else if let Some(mut last) = self.heap.peek_mut()
            && hit < *last
        {
            *last = hit;
        }
    }

    pub(super) fn into_sorted(self) -> Vec<(Keys, DocId, Score)> {
        let hits = self.heap.into_sorted_vec().into_iter();
        hits.map(|(keys, document, score)| (keys, document, Score::from_bits(score)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("score desc, metadata_modified desc", 2)]
    #[case("title ASC", 1)]
    #[case(" name  asc ", 1)]
    fn orders_are_read(#[case] text: &str, #[case] parts: usize) {
        assert_eq!(Order::parse(text).unwrap().0.len(), parts);
    }

    #[rstest]
    #[case("name")]
    #[case("name up")]
    #[case("name asc desc")]
    #[case("name asc,")]
    #[case("")]
    #[case("a asc,b asc,c asc,d asc,e asc")]
    fn what_is_no_order_is_refused(#[case] text: &str) {
        assert!(Order::parse(text).is_err());
    }

    #[test]
    fn the_best_are_kept() {
        let mut best = Best::new(2);
        for (document, key) in [(1, 5), (2, 3), (3, 9), (4, 3)] {
            best.offer([key; MAX_KEYS], document, 1.0);
        }
        let kept: Vec<_> = best
            .into_sorted()
            .iter()
            .map(|(_, document, _)| *document)
            .collect();
        assert_eq!(kept, [2, 4]);
        let mut none = Best::new(0);
        none.offer([0; MAX_KEYS], 1, 1.0);
        assert!(none.into_sorted().is_empty());
    }
}
