//! Writing the index.

use std::{
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use tantivy::{
    Document as TantivyDocumentTrait, IndexWriter, TantivyDocument, TantivyError,
    indexer::IndexWriterOptions,
};

use super::{
    document::Change,
    folder::{At, Opened},
    schema::Fields,
};

/// Memory in which documents are gathered before they become a segment.
const ARENA: usize = 32 << 20;
/// Bytes of documents that wait for being indexed: whoever reads them from the database waits in turn.
const WAITING: usize = 8 << 20;

/// Writes one index.
pub(super) struct Writer {
    opened: Opened,
    tantivy: IndexWriter<Queued>,
    queue: Arc<Queue>,
}

impl Writer {
    pub(super) fn new(opened: &Opened) -> tantivy::Result<Self> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .memory_budget_per_thread(ARENA)
            .num_merge_threads(1)
            .build();
        Ok(Self {
            tantivy: opened.index.writer_with_options(options)?,
            opened: opened.clone(),
            queue: Arc::default(),
        })
    }

    /// Takes changes over; they are found after the next [`commit`](Self::commit).
    pub(super) fn apply(&mut self, fields: &Fields, changes: &[Change]) -> tantivy::Result<()> {
        for change in changes {
            self.tantivy.delete_term(fields.dataset(&change.id));
            for document in &change.documents {
                let made = fields.document(document);
                self.queue.clone().enter(made, document.bytes(), |queued| {
                    self.tantivy.add_document(queued).map(drop)
                })?;
            }
        }
        Ok(())
    }

    /// Makes durable and visible what was taken over, and notes up to where that is.
    pub(super) fn commit(&mut self, at: &At) -> tantivy::Result<()> {
        let mut prepared = self.tantivy.prepare_commit()?;
        prepared.set_payload(&at.written());
        prepared.commit()?;
        self.opened.reader.reload()
    }
}

/// Documents on their way to the thread that indexes them.
#[derive(Debug, Default)]
struct Queue {
    bytes: Mutex<usize>,
    left: Condvar,
}

impl Queue {
    fn bytes(&self) -> MutexGuard<'_, usize> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for room, then sends a document in.
    fn enter(
        self: Arc<Self>,
        document: TantivyDocument,
        bytes: usize,
        send: impl FnOnce(Queued) -> tantivy::Result<()>,
    ) -> tantivy::Result<()> {
        // One that is larger than all the room goes alone.
        let bytes = bytes.min(WAITING);
        let full = |taken: &mut usize| *taken + bytes > WAITING;
        let taken = self.left.wait_while(self.bytes(), full);
        *taken.map_err(|_| TantivyError::Poisoned)? += bytes;
        send(Queued {
            document,
            bytes,
            queue: self,
        })
    }
}

/// A document that waits for being indexed.
struct Queued {
    document: TantivyDocument,
    bytes: usize,
    queue: Arc<Queue>,
}

impl Drop for Queued {
    fn drop(&mut self) {
        *self.queue.bytes() -= self.bytes;
        self.queue.left.notify_all();
    }
}

impl TantivyDocumentTrait for Queued {
    type Value<'a> = <TantivyDocument as TantivyDocumentTrait>::Value<'a>;
    type FieldsValuesIter<'a> = <TantivyDocument as TantivyDocumentTrait>::FieldsValuesIter<'a>;

    fn iter_fields_and_values(&self) -> Self::FieldsValuesIter<'_> {
        self.document.iter_fields_and_values()
    }

    fn into_tantivy_document(mut self) -> TantivyDocument {
        mem::take(&mut self.document)
    }
}
