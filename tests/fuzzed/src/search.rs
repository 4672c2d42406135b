//! What is searched for in catalogues.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use async_trait::async_trait;
use catalog_site::index::{
    Bounds, Change, Dialect, Document, Index, Request, SearchError, Source, SourceError,
    SourceState, fold,
    query::{Clause, Limits, Operator, Part, Pattern, escape, parse, parse_words, phrase},
};
use common::process::Shutdown;
use time::OffsetDateTime;

use crate::bytes::text;

/// A query of either place; and a text written as one that finds it.
pub(crate) fn catalog_query(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let limits = Limits::default();
    for default in [Operator::And, Operator::Or] {
        if let Err(error) = parse(text, default, &limits) {
            assert!(error.at <= text.chars().count() + 1, "{error}");
            assert!(!error.ja().is_empty() && !error.en().is_empty());
        }
    }
    let _ = parse_words(text, &limits);
    let once = fold(text);
    assert_eq!(fold(&once), once);
    let escaped = escape(text);
    if !text.is_empty() && escaped.len() <= limits.bytes {
        let word = Clause::Word {
            field: None,
            pattern: Pattern(vec![Part::Text(text.to_owned())]),
        };
        assert_eq!(only(&escaped), word);
    }
    let quoted = phrase(text);
    if quoted.len() <= limits.bytes {
        let text = text.to_owned();
        assert_eq!(only(&quoted), Clause::Phrase { field: None, text });
    }
}

/// The one thing that a query asks for.
fn only(query: &str) -> Clause {
    let read = parse(query, Operator::Or, &Limits::default());
    let clauses = read.map(|query| query.clauses).unwrap_or_default();
    let [(_, node)] = &*clauses else {
        panic!("{query}: {clauses:?}");
    };
    node.clause.clone()
}

/// A search: lines are the query, a filter, an order, a facet. Any is answered or refused, and finds no more than there is.
pub(crate) fn catalog_search(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let mut lines = text.split('\n');
    let mut line = || lines.next().unwrap_or_default();
    for dialect in [Dialect::Ckan, Dialect::Cross] {
        let mut request = Request::new(line(), dialect, OffsetDateTime::UNIX_EPOCH);
        request.fq = vec![line().to_owned()];
        line().clone_into(&mut request.sort);
        request.facets = vec![line().to_owned()];
        match INDEX.search(&request) {
            Ok(answer) => {
                assert!(answer.total <= 3, "{answer:?}");
                assert_eq!(u64::try_from(answer.hits.len()), Ok(answer.total));
            }
            Err(error @ (SearchError::Index(_) | SearchError::Rebuilding { .. })) => {
                panic!("{error}")
            }
            Err(refused) => assert!(refused.ja().is_some() && refused.en().is_some()),
        }
    }
}

/// An index of three datasets.
static INDEX: LazyLock<Arc<Index>> = LazyLock::new(|| {
    // It is open as long as the process lives.
    let folder = tempfile::tempdir().map(tempfile::TempDir::keep);
    let index = folder
        .ok()
        .and_then(|folder| Index::open(&folder, Bounds::default()).ok());
    let index = index.unwrap_or_else(|| panic!("there is no folder for an index"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let runtime = runtime.unwrap_or_else(|error| panic!("{error}"));
    runtime.block_on(async {
        let following = Arc::clone(&index).follow(Arc::new(Three), Shutdown::default());
        tokio::select! {
            () = following => {}
            reached = index.reached(3, Duration::from_mins(1)) => assert!(reached),
        }
    });
    index
});

struct Three;

#[async_trait]
impl Source for Three {
    async fn state(&self) -> Result<SourceState, SourceError> {
        Ok(SourceState {
            identity: "three".to_owned(),
            counter: 3,
        })
    }

    async fn changes(&self, after: u64, _limit: usize) -> Result<Vec<Change>, SourceError> {
        let titles = [
            "道路台帳 川",
            "Road map of ward 23区 2020",
            "ﾊﾞｽ停・http://example.com/a?b=(c)",
        ];
        let changes = (1..).zip(titles).map(|(counter, title)| {
            let mut document = Document::new(&counter.to_string(), "release");
            document.text("title", title);
            document.exact("tags", title);
            document.extra("size", &format!("{counter}.5"));
            document.extra("issued", &format!("2020-0{counter}-01"));
            Change {
                counter,
                id: counter.to_string(),
                documents: vec![document],
            }
        });
        Ok(changes.filter(|change| change.counter > after).collect())
    }
}
