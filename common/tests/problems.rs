//! `docs/reference/problems.md` names every kind of problem, and none that does not exist.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// What a kind of problem is the first literal of, a status before it left out.
const MAKERS: [&str; 10] = [
    "new",
    "bad_request",
    "unauthorized",
    "forbidden",
    "not_found",
    "conflict",
    "too_large",
    "unprocessable",
    "too_many_requests",
    "unavailable",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The text of every source file that is no test, by path.
fn sources() -> BTreeMap<PathBuf, String> {
    fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                let is_other = name.starts_with('.') || name == "tests" || name == "target";
                if !is_other {
                    collect(&path, found);
                }
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                found.insert(path, text);
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(&root(), &mut found);
    found
}

fn is_name(text: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    text.split('-').all(is_word)
}

/// The literal with which `text` begins, a status before it left out.
fn first_literal(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let text = match text.split_once(',') {
        Some((status, rest))
            if status
                .trim_start_matches("http::")
                .starts_with("StatusCode::") =>
        {
            rest.trim_start()
        }
        _ => text,
    };
    let (literal, _) = text.strip_prefix('"')?.split_once('"')?;
    is_name(literal).then_some(literal)
}

/// Kinds that the sources make, with a file that does.
fn made() -> BTreeMap<String, PathBuf> {
    let mut made = BTreeMap::new();
    for (path, text) in sources() {
        if !text.contains("Problem") {
            continue;
        }
        for maker in MAKERS {
            for owner in ["Problem::", "Self::"] {
                for (at, call) in text.match_indices(&format!("{owner}{maker}(")) {
                    if let Some(kind) = first_literal(&text[at + call.len()..]) {
                        made.insert(kind.to_owned(), path.clone());
                    }
                }
            }
        }
    }
    made
}

/// Names in the first column of the page's tables.
fn described() -> BTreeSet<String> {
    let page = fs::read_to_string(root().join("docs/reference/problems.md")).expect("the page");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let first = rows.filter_map(|row| row.split('|').nth(1));
    let names = first.flat_map(str::split_whitespace);
    names
        .map(|name| name.trim_matches('`').to_owned())
        .collect()
}

#[test]
fn every_kind_of_problem_is_described() {
    let described = described();
    let made = made();
    assert!(made.len() > 40, "the search finds what it should: {made:?}");
    let missing: Vec<_> = made
        .iter()
        .filter(|(kind, _)| !described.contains(*kind))
        .collect();
    assert!(missing.is_empty(), "not in the page: {missing:?}");
}

#[test]
fn what_is_described_exists() {
    let sources = sources();
    let gone: Vec<_> = described()
        .into_iter()
        .filter(|kind| {
            // `unknown-…` is put together from what is unknown.
            let part = kind.strip_prefix("unknown-").unwrap_or(kind);
            let literal = format!("\"{part}\"");
            // The listener writes one itself, whole: it has no room for a request then.
            let written = format!("urn:kakehashi:problem:{kind}\\\"");
            !sources
                .values()
                .any(|text| text.contains(&literal) || text.contains(&written))
        })
        .collect();
    assert!(gone.is_empty(), "in the page alone: {gone:?}");
}
