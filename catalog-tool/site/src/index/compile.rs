//! From a query that was read to one that tantivy answers.

use std::sync::Arc;

use tantivy::{
    Term,
    query::{
        AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, EmptyQuery,
        Occur as Has, PhraseQuery, Query as Compiled, TermQuery,
    },
    schema::IndexRecordOption,
};
use time::OffsetDateTime;

use super::{
    budget::Budget,
    date,
    document::{EVERYTHING, number},
    fold::{Class, class, fold},
    glob::Glob,
    query::{Bound, Clause, Node, Occur, Part, Pattern, Query},
    runs::{ITEM, Kind, Run, Runs},
    scan::{Gathered, Scan, Slot, Terms, What, Which},
    schema::{Fields, NUMBERS, TIMES, column, indexed},
};

type Found = Box<dyn Compiled>;

/// Where is looked for what nobody names a field for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Unnamed {
    /// In everything.
    Everything,
    /// In these fields, each with its weight; the best one counts, the others a little.
    Weighted(&'static [(&'static str, f32)]),
}

/// By how much the fields that fit less well count beside the best.
const TIE: f32 = 0.1;

/// Makes queries.
#[derive(Debug)]
pub(super) struct Compiler<'a> {
    pub fields: &'a Fields,
    pub unnamed: Unnamed,
    pub now: OffsetDateTime,
    pub budget: &'a Arc<Budget>,
}

impl Compiler<'_> {
    /// Documents that fit; nothing where the query is empty. `least` says how many of so many optional parts have to be found.
    pub(super) fn query(&self, query: &Query, least: Option<fn(usize) -> usize>) -> Option<Found> {
        if query.clauses.is_empty() {
            return None;
        }
        let least = least.filter(|_| !query.explicit);
        let found = self.group(&query.clauses, least);
        // Marks of punctuation alone ask for something, and nothing has it.
        Some(found.unwrap_or_else(|| Box::new(EmptyQuery)))
    }

    fn group(&self, clauses: &[(Occur, Node)], least: Option<fn(usize) -> usize>) -> Option<Found> {
        let mut parts: Vec<(Has, Found)> = Vec::new();
        for (occur, node) in clauses {
            if let Some(found) = self.node(node) {
                parts.push(match occur {
                    Occur::Must => (Has::Must, found),
                    Occur::Should => (Has::Should, found),
                    Occur::MustNot => (
                        Has::MustNot,
                        Box::new(Gathered::new(found, self.budget)) as Found,
                    ),
                });
            }
        }
        if parts.is_empty() {
            return None;
        }
        if parts.iter().all(|(has, _)| *has == Has::MustNot) {
            parts.push((Has::Must, Box::new(AllQuery)));
        }
        if let [(Has::Must | Has::Should, _)] = &*parts {
            return parts.pop().map(|(_, found)| found);
        }
        let optional = parts.iter().filter(|(has, _)| *has == Has::Should).count();
        Some(match least {
            Some(least) if optional > 0 => Box::new(BooleanQuery::with_minimum_required_clauses(
                parts,
                least(optional),
            )),
            _ => Box::new(BooleanQuery::new(parts)),
        })
    }

    fn node(&self, node: &Node) -> Option<Found> {
        let found = match &node.clause {
            Clause::All => Some(Box::new(AllQuery) as Found),
            Clause::Group(clauses) => self.group(clauses, None),
            Clause::Range { field, from, to } => {
                Some(self.range(field.as_deref().unwrap_or(EVERYTHING), from, to))
            }
            Clause::Word { field, pattern } => {
                if let Some(text) = pattern.literal() {
                    self.anywhere(field.as_deref(), |field| self.literal(field, text))
                } else {
                    let field = field.as_deref().unwrap_or(EVERYTHING);
                    Some(self.pattern(field, pattern))
                }
            }
            Clause::Phrase { field, text } => {
                self.anywhere(field.as_deref(), |field| self.literal(field, text))
            }
        };
        let boost = node.boost;
        found.map(|found| {
            if (boost - 1.0).abs() < f32::EPSILON {
                found
            } else {
                Box::new(BoostQuery::new(found, boost))
            }
        })
    }

    /// In the field that is named, or where is looked for what none is named for.
    fn anywhere(&self, field: Option<&str>, look: impl Fn(&str) -> Option<Found>) -> Option<Found> {
        match (field, self.unnamed) {
            (Some(field), _) => look(field),
            (None, Unnamed::Everything) => look(EVERYTHING),
            (None, Unnamed::Weighted(fields)) => {
                let found = fields.iter().filter_map(|(field, weight)| {
                    let found = look(field)?;
                    Some(Box::new(BoostQuery::new(found, *weight)) as Found)
                });
                let found: Vec<Found> = found.collect();
                (!found.is_empty())
                    .then(|| Box::new(DisjunctionMaxQuery::with_tie_breaker(found, TIE)) as Found)
            }
        }
    }

    /// A word or a phrase without wildcards: contained in texts, the whole of exact values.
    fn literal(&self, field: &str, text: &str) -> Option<Found> {
        let mut found = Vec::new();
        let folded = fold(text);
        let runs: Vec<Run> = Runs::of(&folded).collect();
        found.extend(self.row(field, &runs, Ends::default()));
        if field != EVERYTHING && !text.is_empty() {
            found.push(whole(indexed(self.fields.exact, field, text)));
            if let Some(number) = number(text) {
                found.push(self.scan(What::Column(column(NUMBERS, field), number..=number)));
            }
            if date::instant(text).is_some()
                && let Some(span) = date::span(text)
            {
                found.push(self.scan(What::Column(
                    column(TIMES, field),
                    span.start..=span.end - 1,
                )));
            }
        }
        either(found)
    }

    /// A word with wildcards.
    fn pattern(&self, field: &str, pattern: &Pattern) -> Found {
        let exists = || {
            let has = Term::from_field_text(self.fields.names, field);
            Box::new(ConstScoreQuery::new(whole(has), 1.0)) as Found
        };
        if pattern.is_anything() {
            return if field == EVERYTHING {
                Box::new(AllQuery)
            } else {
                exists()
            };
        }
        let mut found = Vec::new();
        found.extend(self.contained(field, pattern));
        if field != EVERYTHING {
            found.push(self.like(self.fields.exact, field, pattern));
        }
        either(found).unwrap_or_else(|| Box::new(EmptyQuery))
    }

    /// A word with wildcards, in texts. What stands between two wildcards is contained; where there is no wildcard, a word begins or ends, which only words do that
    /// are set apart by blanks.
    fn contained(&self, field: &str, pattern: &Pattern) -> Option<Found> {
        let folded: Vec<Part> = pattern.0.iter().map(folded).collect();
        let is_one_word = folded.iter().all(|part| match part {
            Part::Text(text) => text.chars().all(|c| class(c) == Class::Word),
            _ => true,
        });
        let last = folded.len().saturating_sub(1);
        let is_inside = |(at, part): (usize, &Part)| match part {
            Part::Text(_) => false,
            Part::One => true,
            Part::Any => at > 0 && at < last,
        };
        if is_one_word && folded.iter().enumerate().any(is_inside) {
            return Some(self.like(self.fields.words, field, &Pattern(folded)));
        }
        let mut all = Vec::new();
        for (at, part) in folded.iter().enumerate() {
            if let Part::Text(text) = part {
                let runs: Vec<Run> = Runs::of(text).collect();
                let ends = Ends {
                    before: at > 0,
                    after: at < last,
                };
                all.extend(self.row(field, &runs, ends));
            }
        }
        match all.len() {
            0 | 1 => all.pop(),
            _ => Some(Box::new(BooleanQuery::intersection(all))),
        }
    }

    /// Runs that stand in this order; none where there are none.
    fn row(&self, field: &str, runs: &[Run<'_>], open: Ends) -> Option<Found> {
        let words = self.fields.words;
        let is_open = open.before || open.after;
        if let [run] = runs {
            let is_one = run.text.chars().nth(1).is_none();
            let is_inside = run.kind == Kind::Characters || (open.before && open.after);
            if is_one && is_inside {
                return Some(whole(indexed(self.fields.characters, field, run.text)));
            }
            if run.kind == Kind::Word && is_open {
                return Some(self.like(words, field, &open.pattern(run.text)));
            }
        }
        let begin = runs.first()?.place;
        let mut slots = Vec::new();
        for (at, run) in runs.iter().enumerate() {
            let place = run.place - begin;
            let ends = Ends {
                before: open.before && at == 0,
                after: open.after && at == runs.len() - 1,
            };
            match run.kind {
                Kind::Characters => {
                    for (within, token) in halves(run.text) {
                        let term = indexed(words, field, token);
                        slots.push((place + within, Slot::Term(term)));
                    }
                }
                Kind::Word if ends.before || ends.after => {
                    let terms = matching(words, field, &ends.pattern(run.text));
                    slots.push((place, Slot::Terms(terms)));
                }
                Kind::Word => {
                    let term = indexed(words, field, run.text);
                    slots.push((place, Slot::Term(term)));
                }
            }
        }
        let terms = slots.iter().map(|(place, slot)| match slot {
            Slot::Term(term) => usize::try_from(*place)
                .ok()
                .map(|place| (place, term.clone())),
            Slot::Terms(_) => None,
        });
        let Some(mut terms) = terms.collect::<Option<Vec<_>>>() else {
            return Some(self.scan(What::Row(words, slots)));
        };
        if terms.len() > 1 {
            return Some(Box::new(PhraseQuery::new_with_offset(terms)));
        }
        let (_, term) = terms.pop()?;
        Some(Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)))
    }

    /// Values between two bounds: of numbers and of times by what they mean, of others by their letters.
    fn range(&self, field: &str, from: &Bound, to: &Bound) -> Found {
        if (from, to) == (&Bound::Open, &Bound::Open) {
            return self.pattern(field, &Pattern(vec![Part::Any]));
        }
        let mut found = Vec::new();
        let numbers = ends(from, to, |value| {
            let number = number(value)?;
            Some((number, number))
        });
        if let Some(numbers) = numbers.clone() {
            found.push(self.scan(What::Column(column(NUMBERS, field), numbers)));
        }
        let times = ends(from, to, |value| {
            let span = date::span_from(value, self.now)?;
            Some((span.start, span.end - 1))
        });
        if let Some(times) = times {
            found.push(self.scan(What::Column(column(TIMES, field), times)));
        }
        if numbers.is_none() {
            let bound = |bound: &Bound| match bound {
                Bound::Open => None,
                Bound::Inclusive(value) => Some((value.clone(), true)),
                Bound::Exclusive(value) => Some((value.clone(), false)),
            };
            let terms = Terms {
                kind: self.fields.exact,
                field: indexed(self.fields.exact, field, ""),
                which: Which::Between(bound(from), bound(to)),
            };
            found.push(self.scan(What::Terms(terms)));
        }
        either(found).unwrap_or_else(|| Box::new(EmptyQuery))
    }

    fn like(&self, kind: tantivy::schema::Field, field: &str, pattern: &Pattern) -> Found {
        self.scan(What::Terms(matching(kind, field, pattern)))
    }

    fn scan(&self, what: What) -> Found {
        Box::new(Scan::new(what, self.budget))
    }
}

/// Terms of a field that are like `pattern`.
fn matching(kind: tantivy::schema::Field, field: &str, pattern: &Pattern) -> Terms {
    Terms {
        kind,
        field: indexed(kind, field, ""),
        which: Which::Like(Glob::new(pattern)),
    }
}

/// Documents with a term, however often.
fn whole(term: Term) -> Found {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

/// At which ends something may go on.
#[derive(Debug, Clone, Copy, Default)]
struct Ends {
    before: bool,
    after: bool,
}

impl Ends {
    fn pattern(self, word: &str) -> Pattern {
        let star = |is_open: bool| is_open.then_some(Part::Any);
        let parts = star(self.before).into_iter();
        let parts = parts.chain([Part::Text(word.to_owned())]);
        Pattern(parts.chain(star(self.after)).collect())
    }
}

fn folded(part: &Part) -> Part {
    match part {
        Part::Text(text) => Part::Text(fold(text)),
        other => other.clone(),
    }
}

/// The tokens that say that these characters follow each other, and where they stand: a character alone, or pairs that touch; the last two overlap if they are odd.
fn halves(run: &str) -> Vec<(u32, &str)> {
    let mut starts: Vec<usize> = run.char_indices().map(|(at, _)| at).collect();
    let count = starts.len();
    starts.push(run.len());
    if count == 1 {
        return vec![(0, run)];
    }
    let evens = (0..count - 1).step_by(2);
    let last = (count % 2 == 1).then_some(count - 2);
    let pairs = evens.chain(last).map(|at| {
        let place = u32::try_from(at).unwrap_or(u32::MAX / ITEM) * ITEM;
        (place, &run[starts[at]..starts[at + 2]])
    });
    pairs.collect()
}

/// Both bounds as what they mean, if both mean something; `meaning` gives the first and the last instant of a value.
fn ends(
    from: &Bound,
    to: &Bound,
    meaning: impl Fn(&str) -> Option<(i64, i64)>,
) -> Option<std::ops::RangeInclusive<i64>> {
    let from = match from {
        Bound::Open => i64::MIN,
        Bound::Inclusive(value) => meaning(value)?.0,
        Bound::Exclusive(value) => meaning(value)?.1.checked_add(1)?,
    };
    let to = match to {
        Bound::Open => i64::MAX,
        Bound::Inclusive(value) => meaning(value)?.1,
        Bound::Exclusive(value) => meaning(value)?.0.checked_sub(1)?,
    };
    Some(from..=to)
}

/// One of them; none where there are none.
fn either(mut found: Vec<Found>) -> Option<Found> {
    if found.len() > 1 {
        return Some(Box::new(BooleanQuery::union(found)));
    }
    found.pop()
}
