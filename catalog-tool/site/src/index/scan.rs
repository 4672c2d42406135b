//! Queries that tantivy has not: terms with wildcards, rows of words that are open at an end, values between bounds.
//!
//! Each goes through terms or a column once and gives a set of documents, of one bit each.

use std::{collections::HashMap, ops::RangeInclusive, sync::Arc};

use tantivy::{
    BitSet, COLLECT_BLOCK_BUFFER_LEN, DocId, DocSet, InvertedIndexReader, Score, SegmentReader,
    TERMINATED, TantivyError, Term,
    postings::{Postings, TermInfo},
    query::{BitSetDocSet, ConstScorer, EnableScoring, Explanation, Query, Scorer, Weight},
    schema::{Field, IndexRecordOption},
};

use super::{budget::Budget, glob::Glob};

/// A query that goes through terms or columns.
#[derive(Debug, Clone)]
pub(super) struct Scan {
    what: Arc<What>,
    budget: Arc<Budget>,
}

/// What it looks for.
#[derive(Debug)]
pub(super) enum What {
    /// Documents with one of these terms.
    Terms(Terms),
    /// Documents with words at these distances.
    Row(Field, Vec<(u32, Slot)>),
    /// Documents with a value in the range, in this column of numbers.
    Column(String, RangeInclusive<i64>),
}

/// Terms of a field of documents.
#[derive(Debug)]
pub(super) struct Terms {
    /// Tantivy's field.
    pub kind: Field,
    /// The term that its field has for nothing: all others begin with it.
    pub field: Term,
    /// Which of them.
    pub which: Which,
}

/// Which terms.
#[derive(Debug)]
pub(super) enum Which {
    /// Those that match.
    Like(Glob),
    /// Those between two bounds, with or without them.
    Between(Option<(String, bool)>, Option<(String, bool)>),
}

/// What stands at one place of a row.
#[derive(Debug)]
pub(super) enum Slot {
    /// This.
    Term(Term),
    /// One of these.
    Terms(Terms),
}

impl Scan {
    pub(super) fn new(what: What, budget: &Arc<Budget>) -> Self {
        Self {
            what: Arc::new(what),
            budget: Arc::clone(budget),
        }
    }

    fn documents(&self, segment: &SegmentReader) -> tantivy::Result<BitSet> {
        self.budget.check()?;
        let mut found = BitSet::with_max_value(segment.max_doc());
        match &*self.what {
            What::Terms(terms) => {
                let index = segment.inverted_index(terms.kind)?;
                terms.each(&index, &self.budget, &mut |term| {
                    self.insert_all(&index, term, &mut found)
                })?;
            }
            What::Row(kind, slots) => {
                let index = segment.inverted_index(*kind)?;
                for document in self.row(segment, &index, slots)? {
                    found.insert(document);
                }
            }
            What::Column(column, range) => {
                if let Some(column) = segment.fast_fields().column_opt::<i64>(column)? {
                    for document in 0..segment.max_doc() {
                        if column
                            .values_for_doc(document)
                            .any(|value| range.contains(&value))
                        {
                            found.insert(document);
                        }
                    }
                }
            }
        }
        Ok(found)
    }

    fn insert_all(
        &self,
        index: &InvertedIndexReader,
        term: &TermInfo,
        found: &mut BitSet,
    ) -> tantivy::Result<()> {
        let mut blocks = index.read_block_postings_from_terminfo(term, IndexRecordOption::Basic)?;
        while !blocks.docs().is_empty() {
            for document in blocks.docs() {
                found.insert(*document);
            }
            blocks.advance();
        }
        self.budget.check()?;
        Ok(())
    }

    /// Documents in which the slots stand at their distances.
    fn row(
        &self,
        segment: &SegmentReader,
        index: &InvertedIndexReader,
        slots: &[(u32, Slot)],
    ) -> tantivy::Result<Vec<DocId>> {
        let mut found = Vec::new();
        for (place, slot) in slots {
            let mut terms = Vec::new();
            match slot {
                Slot::Term(term) => terms.extend(index.get_term_info(term)?),
                Slot::Terms(open) => open.each(index, &self.budget, &mut |term| {
                    terms.push(term.clone());
                    Ok(())
                })?,
            }
            found.push((*place, terms));
        }
        // The rarest first: it says in which documents the others are looked at.
        found.sort_by_key(|(_, terms)| -> u64 {
            terms.iter().map(|term| u64::from(term.doc_freq)).sum()
        });
        // Where the row would begin, in each document in which all slots so far fit.
        let mut begins: Option<HashMap<DocId, Vec<u32>>> = None;
        for (place, terms) in found {
            begins = Some(self.with(segment, index, place, &terms, begins.as_ref())?);
        }
        Ok(begins.unwrap_or_default().into_keys().collect())
    }

    fn with(
        &self,
        segment: &SegmentReader,
        index: &InvertedIndexReader,
        place: u32,
        terms: &[TermInfo],
        begins: Option<&HashMap<DocId, Vec<u32>>>,
    ) -> tantivy::Result<HashMap<DocId, Vec<u32>>> {
        let mut fits: HashMap<DocId, Vec<u32>> = HashMap::new();
        let mut places = Vec::new();
        let wanted = begins.map(|begins| {
            let mut wanted = BitSet::with_max_value(segment.max_doc());
            for document in begins.keys() {
                wanted.insert(*document);
            }
            wanted
        });
        for term in terms {
            self.budget.check()?;
            let mut postings = index
                .read_postings_from_terminfo(term, IndexRecordOption::WithFreqsAndPositions)?;
            let mut document = postings.doc();
            while document != TERMINATED {
                if wanted
                    .as_ref()
                    .is_none_or(|wanted| wanted.contains(document))
                {
                    postings.positions(&mut places);
                    let before = begins.and_then(|begins| begins.get(&document));
                    let begin = places.iter().filter_map(|at| at.checked_sub(place));
                    let begin = begin
                        .filter(|at| before.is_none_or(|before| before.binary_search(at).is_ok()));
                    let begin: Vec<u32> = begin.collect();
                    if !begin.is_empty() {
                        self.budget.take_places(begin.len() + 8)?;
                        fits.entry(document).or_default().extend(begin);
                    }
                }
                document = postings.advance();
            }
        }
        for begin in fits.values_mut() {
            begin.sort_unstable();
        }
        Ok(fits)
    }
}

impl Terms {
    /// Calls `found` with each of them that the segment has.
    fn each(
        &self,
        index: &InvertedIndexReader,
        budget: &Budget,
        found: &mut dyn FnMut(&TermInfo) -> tantivy::Result<()>,
    ) -> tantivy::Result<()> {
        let field = self.field.serialized_value_bytes();
        let with = |value: &str| [field, value.as_bytes()].concat();
        let range = index.terms().range();
        let range = match &self.which {
            Which::Like(glob) => range.ge(with(glob.prefix())),
            Which::Between(Some((from, true)), _) => range.ge(with(from)),
            Which::Between(Some((from, false)), _) => range.gt(with(from)),
            Which::Between(None, _) => range.ge(field),
        };
        let begin = match &self.which {
            Which::Like(glob) => with(glob.prefix()),
            Which::Between(..) => field.to_vec(),
        };
        let mut terms = range.into_stream()?;
        let mut looked_at: u32 = 0;
        while terms.advance() {
            looked_at = looked_at.wrapping_add(1);
            if looked_at.is_multiple_of(1024) {
                budget.check()?;
            }
            let key = terms.key();
            if !key.starts_with(&begin) {
                break;
            }
            // Terms are texts; one that is none belongs to nothing that is asked for.
            let Ok(text) = std::str::from_utf8(&key[field.len()..]) else {
                continue;
            };
            let is_one = match &self.which {
                Which::Like(glob) => glob.matches(text),
                Which::Between(_, Some((to, true))) if text > &**to => break,
                Which::Between(_, Some((to, false))) if text >= &**to => break,
                Which::Between(..) => true,
            };
            if is_one {
                found(terms.value())?;
            }
        }
        Ok(())
    }
}

/// The documents that a query finds, gathered before anybody asks for one of them.
///
/// What is excluded is asked for documents that lie before its first, which tantivy's phrases do not allow.
#[derive(Debug)]
pub(super) struct Gathered {
    query: Box<dyn Query>,
    budget: Arc<Budget>,
}

impl Gathered {
    pub(super) fn new(query: Box<dyn Query>, budget: &Arc<Budget>) -> Self {
        Self {
            query,
            budget: Arc::clone(budget),
        }
    }
}

impl Clone for Gathered {
    fn clone(&self) -> Self {
        Self::new(self.query.box_clone(), &self.budget)
    }
}

impl Query for Gathered {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let scoring = match scoring {
            EnableScoring::Enabled { searcher, .. } => {
                EnableScoring::disabled_from_searcher(searcher)
            }
            disabled @ EnableScoring::Disabled { .. } => disabled,
        };
        Ok(Box::new(GatheredWeight {
            weight: self.query.weight(scoring)?,
            budget: Arc::clone(&self.budget),
        }))
    }
}

struct GatheredWeight {
    weight: Box<dyn Weight>,
    budget: Arc<Budget>,
}

impl Weight for GatheredWeight {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let mut found = BitSet::with_max_value(segment.max_doc());
        let mut documents = self.weight.scorer(segment, 1.0)?;
        let mut block = [0; COLLECT_BLOCK_BUFFER_LEN];
        loop {
            let filled = documents.fill_buffer(&mut block);
            for document in block.iter().take(filled) {
                found.insert(*document);
            }
            self.budget.check()?;
            if filled < block.len() {
                break;
            }
        }
        Ok(Box::new(ConstScorer::new(BitSetDocSet::from(found), boost)))
    }

    fn explain(&self, segment: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        self.weight.explain(segment, document)
    }
}

impl Query for Scan {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for Scan {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let documents = BitSetDocSet::from(self.documents(segment)?);
        Ok(Box::new(ConstScorer::new(documents, boost)))
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Err(TantivyError::InvalidArgument(
            "scans are not explained".to_owned(),
        ))
    }
}
