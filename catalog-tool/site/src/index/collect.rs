//! Going through what fits: how many there are, which stand first, how often each value is there.

use std::{cmp::Reverse, collections::HashMap};

use tantivy::{
    COLLECT_BLOCK_BUFFER_LEN, DocAddress, DocId, DocSet, Score, Searcher, SegmentReader,
    TERMINATED,
    columnar::StrColumn,
    query::{EnableScoring, Query},
};

use super::{
    budget::Budget,
    schema::{EXACT, column},
    sort::{Best, Key, Order, SegmentOrder},
};

/// What is to be known of what fits.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub order: Order,
    /// Hits from the first.
    pub hits: usize,
    pub facets: &'a [String],
    /// Values given of each facet, at most.
    pub values: usize,
    /// How often a value has to be there.
    pub least: u64,
}

/// What is known of what fits.
#[derive(Debug)]
pub(super) struct Found {
    pub total: u64,
    pub hits: Vec<(DocAddress, Score)>,
    pub facets: Vec<Vec<(String, u64)>>,
}

/// Goes through all that fits.
pub(super) fn collect(
    searcher: &Searcher,
    query: &dyn Query,
    wanted: &Wanted<'_>,
    budget: &Budget,
) -> tantivy::Result<Found> {
    let is_ranked = wanted.order.needs_score();
    let scoring = if is_ranked {
        EnableScoring::enabled_from_searcher(searcher)
    } else {
        EnableScoring::disabled_from_searcher(searcher)
    };
    let weight = query.weight(scoring)?;
    let mut total = 0;
    let mut hits: Vec<(Vec<Key>, DocAddress, Score)> = Vec::new();
    let mut facets: Vec<HashMap<String, u64>> = vec![HashMap::new(); wanted.facets.len()];
    for (ordinal, segment) in (0..).zip(searcher.segment_readers()) {
        budget.check()?;
        let mut of_segment = OfSegment::new(segment, wanted)?;
        let mut scorer = weight.scorer(segment, 1.0)?;
        let alive = segment.alive_bitset();
        let is_alive = |document| alive.is_none_or(|alive| alive.is_alive(document));
        if is_ranked {
            let mut document = scorer.doc();
            while document != TERMINATED {
                if is_alive(document) {
                    of_segment.take(document, scorer.score());
                    if of_segment.total.is_multiple_of(1024) {
                        budget.check()?;
                    }
                }
                document = scorer.advance();
            }
        } else {
            let mut block = [0; COLLECT_BLOCK_BUFFER_LEN];
            loop {
                let filled = scorer.fill_buffer(&mut block);
                for document in block.iter().take(filled) {
                    if is_alive(*document) {
                        of_segment.take(*document, 0.0);
                    }
                }
                budget.check()?;
                if filled < block.len() {
                    break;
                }
            }
        }
        total += of_segment.total;
        of_segment.facets(&mut facets)?;
        hits.extend(of_segment.hits(ordinal)?);
    }
    hits.sort_by(|(left, at, _), (right, other, _)| {
        wanted.order.compare(left, right).then(at.cmp(other))
    });
    hits.truncate(wanted.hits);
    Ok(Found {
        total,
        hits: hits.into_iter().map(|(_, at, score)| (at, score)).collect(),
        facets: facets
            .into_iter()
            .map(|facet| wanted.values_of(facet))
            .collect(),
    })
}

impl Wanted<'_> {
    /// The values of a facet that are given: the most frequent first.
    fn values_of(&self, facet: HashMap<String, u64>) -> Vec<(String, u64)> {
        let mut values: Vec<(String, u64)> = facet.into_iter().collect();
        values.retain(|(_, count)| *count >= self.least);
        let order = |(value, count): &(String, u64)| (Reverse(*count), value.clone());
        if self.values < values.len() && self.values > 0 {
            values.select_nth_unstable_by_key(self.values - 1, order);
        }
        values.truncate(self.values);
        values.sort_by_key(order);
        values
    }
}

/// What is known of the hits of one segment.
struct OfSegment {
    total: u64,
    order: SegmentOrder,
    best: Best,
    facets: Vec<Option<(StrColumn, Vec<u32>)>>,
}

impl OfSegment {
    fn new(segment: &SegmentReader, wanted: &Wanted<'_>) -> tantivy::Result<Self> {
        let facets = wanted.facets.iter().map(|facet| {
            let values = segment.fast_fields().str(&column(EXACT, facet))?;
            Ok(values.map(|values| {
                let counts = vec![0; values.num_terms()];
                (values, counts)
            }))
        });
        Ok(Self {
            total: 0,
            order: wanted.order.of(segment)?,
            best: Best::new(wanted.hits),
            facets: facets.collect::<tantivy::Result<_>>()?,
        })
    }

    fn take(&mut self, document: DocId, score: Score) {
        self.total += 1;
        self.best
            .offer(self.order.keys(document, score), document, score);
        for (values, counts) in self.facets.iter_mut().flatten() {
            for ordinal in values.term_ords(document) {
                let count = usize::try_from(ordinal)
                    .ok()
                    .and_then(|at| counts.get_mut(at));
                if let Some(count) = count {
                    *count += 1;
                }
            }
        }
    }

    fn facets(&mut self, all: &mut [HashMap<String, u64>]) -> tantivy::Result<()> {
        for (of_segment, all) in self.facets.iter().zip(all) {
            let Some((values, counts)) = of_segment else {
                continue;
            };
            let there = (0..).zip(counts.iter().copied());
            let there = there.filter(|(_, count)| *count > 0);
            let (ordinals, counts): (Vec<u64>, Vec<u32>) = there.unzip();
            let mut counts = counts.into_iter();
            values
                .dictionary()
                .sorted_ords_to_term_cb(&ordinals, |value| {
                    let value = String::from_utf8_lossy(value).into_owned();
                    *all.entry(value).or_default() += u64::from(counts.next().unwrap_or_default());
                })?;
        }
        Ok(())
    }

    fn hits(self, ordinal: u32) -> tantivy::Result<Vec<(Vec<Key>, DocAddress, Score)>> {
        let best = self.best.into_sorted();
        let keys: Vec<_> = best.iter().map(|(keys, ..)| *keys).collect();
        let keys = self.order.resolve(&keys)?;
        let hits = best.iter().zip(keys);
        Ok(hits
            .map(|((_, document, score), keys)| (keys, DocAddress::new(ordinal, *document), *score))
            .collect())
    }
}
