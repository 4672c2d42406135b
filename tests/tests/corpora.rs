//! Every input in `fuzz/corpus`, given to the reader that it was made for.

use std::{fs, path::PathBuf};

use fuzzed::TARGETS;
use tests::data;

fn corpora() -> PathBuf {
    data::workspace().join("fuzz/corpus")
}

#[test]
fn what_is_in_a_corpus_breaks_no_reader() {
    for (name, read) in TARGETS {
        let folder = corpora().join(name);
        let mut number = 0;
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{name}: {error}")) {
            let path = entry.unwrap().path();
            // A reader that panics is told apart by what was printed last.
            println!("{}", path.display());
            read(&fs::read(&path).unwrap());
            number += 1;
        }
        assert!(number > 0, "{name} has no corpus");
    }
}

#[test]
fn a_corpus_has_a_reader() {
    for entry in fs::read_dir(corpora()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(fuzzed::target(&name).is_some(), "nobody reads {name}");
    }
}
