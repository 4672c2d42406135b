//! Answering searches.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use tantivy::{
    Searcher, TantivyDocument, TantivyError, Term,
    query::{
        AllQuery, BooleanQuery, ConstScoreQuery, EmptyQuery, Occur as Has, Query as Compiled,
        TermQuery,
    },
    schema::{IndexRecordOption, Value},
};

use super::{
    Index, State,
    budget::Budget,
    collect::{Wanted, collect},
    compile::{Compiler, Unnamed},
    query::{self, Clause, Query},
    request::{Answer, DEFAULT_SORT, Hit, Request, SearchError},
    schema::indexed,
    sort::Order,
};

impl Index {
    /// Answers a search. This takes processor time, some milliseconds mostly, [`Bounds::time`](super::Bounds) at most: call it where others are not kept waiting.
    ///
    /// # Errors
    /// [`SearchError`].
    pub fn search(&self, request: &Request) -> Result<Answer, SearchError> {
        let asked = Asked::read(self, request)?;
        if let State::Rebuilding { done, of } = self.state() {
            return Err(SearchError::Rebuilding { done, of });
        }
        let budget = Arc::new(Budget::of(self.bounds.time));
        let searcher = self.opened().reader.searcher();
        // Files that are no longer whole may make tantivy panic: the search fails, and the index is looked through.
        let answer = catch_unwind(AssertUnwindSafe(|| {
            self.answer(request, &asked, &searcher, &budget)
        }));
        let answer = answer
            .unwrap_or_else(|_| Err(TantivyError::InternalError("a search panicked".to_owned())));
        answer.map_err(|error| {
            if budget.is_spent() {
                return SearchError::TooCostly;
            }
            self.suspect();
            SearchError::Index(error)
        })
    }

    fn answer(
        &self,
        request: &Request,
        asked: &Asked,
        searcher: &Searcher,
        budget: &Arc<Budget>,
    ) -> tantivy::Result<Answer> {
        let query = self.query(request, asked, budget);
        let all = usize::try_from(searcher.num_docs()).unwrap_or(usize::MAX);
        let values = usize::try_from(request.facet_limit).unwrap_or(self.bounds.values);
        let wanted = Wanted {
            order: asked.order.clone(),
            hits: request.start.saturating_add(request.rows).min(all),
            facets: &request.facets,
            values: values.min(self.bounds.values),
            least: request.facet_mincount,
        };
        let found = collect(searcher, &*query, &wanted, budget)?;
        let hits = found.hits.into_iter().skip(request.start);
        let hits = hits.map(|(at, score)| {
            let document: TantivyDocument = searcher.doc(at)?;
            let value = |field| {
                let value = document.get_first(field);
                let value = value.and_then(|value| value.as_str().map(str::to_owned));
                value.unwrap_or_default()
            };
            Ok(Hit {
                id: value(self.fields.id),
                view: value(self.fields.view),
                score,
            })
        });
        Ok(Answer {
            total: found.total,
            hits: hits.collect::<tantivy::Result<_>>()?,
            facets: request.facets.iter().cloned().zip(found.facets).collect(),
        })
    }

    /// What hits have to fit: the query counts, the rest lets through or not.
    fn query(&self, request: &Request, asked: &Asked, budget: &Arc<Budget>) -> Box<dyn Compiled> {
        let everything = Compiler {
            fields: &self.fields,
            unnamed: Unnamed::Everything,
            now: request.now,
            budget,
        };
        let found = if asked.is_plain {
            let compiler = Compiler {
                unnamed: request.dialect.unnamed(),
                ..everything
            };
            compiler.query(&asked.q, request.dialect.least())
        } else {
            everything.query(&asked.q, None)
        };
        let filters = asked.fq.iter();
        let filters = filters.filter_map(|fq| everything.query(fq, None));
        let whole = |term| -> Box<dyn Compiled> {
            Box::new(TermQuery::new(term, IndexRecordOption::Basic))
        };
        let view = request.view.iter();
        let view = view.map(|view| whole(Term::from_field_text(self.fields.view, view)));
        let only = request.only.iter().map(|(field, values)| {
            let values = values.iter();
            let values = values.map(|value| whole(indexed(self.fields.exact, field, value)));
            let values: Vec<_> = values.collect();
            if values.is_empty() {
                Box::new(EmptyQuery) as Box<dyn Compiled>
            } else {
                Box::new(BooleanQuery::union(values))
            }
        });
        let filters = filters.chain(view).chain(only);
        let mut parts: Vec<(Has, Box<dyn Compiled>)> = filters
            .map(|filter| {
                let uncounted = ConstScoreQuery::new(filter, 0.0);
                (Has::Must, Box::new(uncounted) as Box<dyn Compiled>)
            })
            .collect();
        match found {
            Some(found) => parts.push((Has::Must, found)),
            None if parts.is_empty() => parts.push((Has::Must, Box::new(AllQuery))),
            None => {}
        }
        if parts.len() > 1 {
            return Box::new(BooleanQuery::new(parts));
        }
        parts
            .pop()
            .map_or_else(|| Box::new(AllQuery) as _, |(_, part)| part)
    }
}

/// A request, read.
struct Asked {
    q: Query,
    /// Whether it is words that somebody typed.
    is_plain: bool,
    fq: Vec<Query>,
    order: Order,
}

impl Asked {
    fn read(index: &Index, request: &Request) -> Result<Self, SearchError> {
        let bounds = &index.bounds;
        let many = [
            ("rows", request.rows, bounds.rows),
            ("fq", request.fq.len(), bounds.filters),
            ("facet.field", request.facets.len(), bounds.facets),
        ];
        for (parameter, count, limit) in many {
            if count > limit {
                return Err(SearchError::TooMany { parameter, limit });
            }
        }
        let limits = &bounds.query;
        let operator = request.dialect.operator(&request.q);
        let q = match operator {
            Some(operator) => query::parse(&request.q, operator, limits),
            None => query::parse_words(&request.q, limits),
        };
        let wrong = |parameter| move |error| SearchError::Query { parameter, error };
        let q = q.map_err(wrong("q"))?;
        let fq = request.fq.iter();
        let fq = fq.map(|fq| query::parse(fq, request.dialect.filter_operator(), limits));
        let fq = fq.collect::<Result<_, _>>().map_err(wrong("fq"))?;
        let sort = match request.sort.trim() {
            "" => DEFAULT_SORT,
            sort => sort,
        };
        let order = Order::parse(sort)?;
        let is_everything = q.clauses.iter().all(|(_, node)| node.clause == Clause::All);
        Ok(Self {
            is_plain: operator.is_none(),
            fq,
            order: if is_everything {
                order.without_score()
            } else {
                order
            },
            q,
        })
    }
}
