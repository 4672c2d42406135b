//! How tantivy keeps documents.

use tantivy::{
    Index, TantivyDocument, Term,
    schema::{
        Field, IndexRecordOption, JsonObjectOptions, OwnedValue, STORED, STRING, Schema,
        TextFieldIndexing,
    },
    tokenizer::TextAnalyzer,
};

use super::{
    document::{Document, EVERYTHING},
    tokens::{Characters, Pairs},
};

/// Raised when documents are kept otherwise than before: an index of another version is built anew.
pub(super) const VERSION: u32 = 1;

/// Names of tantivy's fields whose columns are read.
pub(super) const EXACT: &str = "exact";
pub(super) const NUMBERS: &str = "numbers";
pub(super) const TIMES: &str = "times";

/// Tantivy's fields. Those of documents are paths in the fields of the kinds.
#[derive(Debug, Clone)]
pub(super) struct Fields {
    pub schema: Schema,
    /// The dataset's id.
    pub id: Field,
    /// Which view of it.
    pub view: Field,
    /// Names of the fields that the document has.
    pub names: Field,
    /// Words and pairs, with their places.
    pub words: Field,
    /// Single characters.
    pub characters: Field,
    /// Whole values, and a column of them.
    pub exact: Field,
    numbers: Field,
    times: Field,
}

impl Fields {
    pub(super) fn new() -> Self {
        let mut schema = Schema::builder();
        let text = |tokenizer: &str, option, norms| {
            let indexing = TextFieldIndexing::default()
                .set_tokenizer(tokenizer)
                .set_index_option(option)
                .set_fieldnorms(norms);
            JsonObjectOptions::default().set_indexing_options(indexing)
        };
        let places = IndexRecordOption::WithFreqsAndPositions;
        let column = JsonObjectOptions::default().set_fast("raw");
        Self {
            id: schema.add_text_field("id", STRING | STORED),
            view: schema.add_text_field("view", STRING | STORED),
            names: schema.add_text_field("names", STRING),
            words: schema.add_json_field("words", text("pairs", places, true)),
            characters: schema.add_json_field(
                "characters",
                text("characters", IndexRecordOption::Basic, false),
            ),
            exact: schema.add_json_field(
                EXACT,
                text("raw", IndexRecordOption::Basic, false).set_fast("raw"),
            ),
            numbers: schema.add_json_field(NUMBERS, column.clone()),
            times: schema.add_json_field(TIMES, column),
            schema: schema.build(),
        }
    }

    /// Makes the ways known in which texts are taken apart.
    pub(super) fn register(index: &Index) {
        let tokenizers = index.tokenizers();
        tokenizers.register("pairs", TextAnalyzer::from(Pairs));
        tokenizers.register("characters", TextAnalyzer::from(Characters));
    }

    /// A document as tantivy takes it.
    pub(super) fn document(&self, document: &Document) -> TantivyDocument {
        let mut made = TantivyDocument::new();
        made.add_text(self.id, &document.id);
        made.add_text(self.view, &document.view);
        for name in document.names() {
            made.add_text(self.names, name);
        }
        let everything = (path(EVERYTHING), OwnedValue::Str(document.everything()));
        let words = document.words.iter();
        let words = words.map(|(field, text)| (path(field), OwnedValue::Str(text.clone())));
        let words = OwnedValue::Object(words.chain([everything]).collect());
        made.add_field_value(self.words, &words);
        made.add_field_value(self.characters, &words);
        let exact = document.exact.iter().map(|(field, values)| {
            let values = values.iter().cloned().map(OwnedValue::Str).collect();
            (path(field), OwnedValue::Array(values))
        });
        made.add_field_value(self.exact, &OwnedValue::Object(exact.collect()));
        for (kind, values) in [
            (self.numbers, &document.numbers),
            (self.times, &document.times),
        ] {
            let values = values.iter().map(|(field, values)| {
                let values = values.iter().copied().map(OwnedValue::I64).collect();
                (path(field), OwnedValue::Array(values))
            });
            made.add_field_value(kind, &OwnedValue::Object(values.collect()));
        }
        made
    }

    /// Finds all views of a dataset.
    pub(super) fn dataset(&self, id: &str) -> Term {
        Term::from_field_text(self.id, id)
    }
}

/// What is indexed for `token` at a field of documents.
pub(super) fn indexed(kind: Field, field: &str, token: &str) -> Term {
    let mut term = Term::from_field_json_path(kind, &path(field), false);
    term.append_type_and_str(token);
    term
}

/// The column of a field of documents.
pub(super) fn column(kind: &str, field: &str) -> String {
    format!("{kind}.{}", path(field))
}

/// A field's name as a path: dots and backslashes mean something to tantivy, and two control characters do.
fn path(field: &str) -> String {
    field
        .chars()
        .map(|c| match c {
            '.' => '\u{1f}',
            '\\' => '\u{1e}',
            c if c.is_ascii_control() => '\u{1d}',
            c => c,
        })
        .collect()
}
