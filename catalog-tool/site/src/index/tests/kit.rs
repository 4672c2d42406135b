//! An index of a few documents.

use std::sync::Arc;

use tempfile::TempDir;
use time::{OffsetDateTime, macros::datetime};

use super::super::{
    Answer, Bounds, Change, Dialect, Document, Index, Progress, Request, SearchError, folder::At,
    writer::Writer,
};

pub(super) const NOW: OffsetDateTime = datetime!(2026-11-30 12:00 UTC);

/// An index in a folder that goes with it.
pub(super) struct Indexed {
    pub index: Arc<Index>,
    _folder: TempDir,
}

impl Indexed {
    pub(super) fn of(documents: Vec<Document>) -> Self {
        Self::within(documents, Bounds::default())
    }

    pub(super) fn within(documents: Vec<Document>, bounds: Bounds) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::open(folder.path(), bounds).unwrap();
        let mut writer = Writer::new(&index.opened()).unwrap();
        let changes = (1..).zip(documents).map(|(counter, document)| Change {
            counter,
            id: document.id.clone(),
            documents: vec![document],
        });
        let changes: Vec<_> = changes.collect();
        // Several segments, as there are in life.
        for some in changes.chunks(changes.len() / 3 + 1) {
            writer.apply(&index.fields, some).unwrap();
            let at = At {
                identity: "test".to_owned(),
                counter: some.last().unwrap().counter,
            };
            writer.commit(&at).unwrap();
            index.tell(Progress {
                done: at.counter,
                of: at.counter,
                at: Some(at),
            });
        }
        Self {
            index,
            _folder: folder,
        }
    }

    pub(super) fn ask(&self, request: &Request) -> Result<Answer, SearchError> {
        self.index.search(request)
    }

    /// The ids of what is found, in their own order.
    pub(super) fn ids(&self, dialect: Dialect, q: &str, fq: &[&str]) -> Vec<String> {
        let mut request = Request::new(q, dialect, NOW);
        request.fq = fq.iter().map(|fq| (*fq).to_owned()).collect();
        request.rows = 1000;
        let answer = self
            .ask(&request)
            .unwrap_or_else(|error| panic!("{q} {fq:?}: {error}"));
        let mut ids: Vec<_> = answer.hits.into_iter().map(|hit| hit.id).collect();
        assert_eq!(answer.total, u64::try_from(ids.len()).unwrap(), "{q}");
        ids.sort();
        ids
    }
}
