//! What the sources themselves keep to: files are short, those that take from each other stand in an order, and what `Cargo.toml`
//! names is used.

mod imports;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use imports::{arrows, circles, firsts};
use rstest::rstest;
use tests::data;
use toml::{Table, Value};

/// The members of the workspace, each with its manifest.
fn members() -> Vec<(PathBuf, Table)> {
    let top = data::workspace();
    let manifest = |folder: &Path| -> Table {
        let text = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        text.parse().unwrap()
    };
    let whole = manifest(top);
    let members = whole["workspace"]["members"].as_array().unwrap().iter();
    let folders = members.map(|member| top.join(member.as_str().unwrap()));
    folders
        .map(|folder| (folder.clone(), manifest(&folder)))
        .collect()
}

/// The roots of a member's library and programs.
fn roots(member: &Path) -> Vec<PathBuf> {
    let sources = member.join("src");
    let bins = fs::read_dir(sources.join("bin")).into_iter().flatten();
    let bins = bins.map(|bin| bin.unwrap().path());
    let bins = bins.map(|bin| {
        if bin.is_dir() {
            bin.join("main.rs")
        } else {
            bin
        }
    });
    let roots = ["lib.rs", "main.rs"].map(|root| sources.join(root));
    roots
        .into_iter()
        .chain(bins)
        .filter(|root| root.is_file())
        .collect()
}

#[test]
fn no_files_of_a_program_take_from_each_other_in_a_circle() {
    let mut number = 0;
    let mut found = Vec::new();
    for (member, _) in members() {
        for root in roots(&member) {
            let arrows = arrows(&root).unwrap();
            number += arrows.len();
            found.extend(circles(&arrows).into_iter().flatten());
        }
    }
    assert!(
        number > 100,
        "{number} files take something: imports are not read"
    );
    assert!(found.is_empty(), "in a circle:\n{}", found.join("\n"));
}

/// Each file with its text, and how many circles they have.
#[rstest]
#[case::each_other(&[("lib.rs", "mod a; mod b;"), ("a.rs", "use crate::b::B; struct A(B);"), ("b.rs", "fn b(_: super::a::A) {}")], 1)]
#[case::a_row(&[("lib.rs", "mod a; mod b;"), ("a.rs", "use crate::b::B; struct A(B);"), ("b.rs", "struct B;")], 0)]
#[case::through_a_face(&[("lib.rs", "mod a; mod b; pub use a::A;"), ("a.rs", "use crate::b::B; struct A(B);"), ("b.rs", "use super::A; fn b(_: A) {}")], 1)]
#[case::handed_on_alone(&[("lib.rs", "mod a; pub use a::A;"), ("a.rs", "use super::C; struct A(C);")], 0)]
#[case::a_parent_that_uses_it(&[("lib.rs", "mod a; use a::A; struct L(A); struct M;"), ("a.rs", "use super::M; struct A(M);")], 1)]
#[case::three(&[("lib.rs", "mod a; mod b; mod c;"), ("a.rs", "use crate::b::B; struct A(B);"), ("b/mod.rs", "use crate::c::*; struct B(C);"), ("c.rs", "struct C(crate::a::A);")], 1)]
#[case::two_of_two(&[("lib.rs", "mod a; mod b; mod c { mod d; mod e; }"), ("a.rs", "type A = crate::b::B;"), ("b.rs", "type B = crate::a::A;"), ("c/d.rs", "type D = super::e::E;"), ("c/e.rs", "type E = super::d::D;")], 2)]
#[case::by_a_trait(&[("lib.rs", "mod a; mod b;"), ("a.rs", "use crate::b::B as _; struct A;"), ("b.rs", "trait B {} impl B for crate::a::A {}")], 1)]
#[case::under_another_name(&[("lib.rs", "mod a; mod b;"), ("a.rs", "use crate::b::{self as other, C as D}; struct A(D, other::B);"), ("b.rs", "use crate::a; struct B; struct C(a::A);")], 1)]
#[case::in_words_alone(&[("lib.rs", "mod a; mod b;"), ("a.rs", "use crate::b::B; struct A(B);"), ("b.rs", "// crate::a::A\n/* crate::a::A */ const B: &str = r#\"crate::a::A \" crate::a::A\"#; const C: char = '\"';")], 0)]
#[case::behind_a_quote(&[("lib.rs", "mod a; mod b;"), ("a.rs", "use crate::b::B; struct A(B);"), ("b.rs", "const C: (char, u8) = ('\"', b'\\''); struct B<'a>(&'a crate::a::A);")], 1)]
#[case::in_tests_alone(&[("lib.rs", "mod a; mod b;"), ("a.rs", "use crate::b::B; struct A(B);"), ("b.rs", "struct B; #[cfg(test)] mod tests { use crate::a::A; fn a(_: A) {} }")], 0)]
#[case::after_tests(&[("lib.rs", "mod a; mod b;"), ("a.rs", "use crate::b::B; struct A(B);"), ("b.rs", "#[cfg(test)] mod tests; struct B(crate::a::A);")], 1)]
#[case::of_others(&[("lib.rs", "mod a; mod b;"), ("a.rs", "use crate::b::B; struct A(B);"), ("b.rs", "use a::A; struct B(A, a::C);")], 0)]
fn circles_are_found(#[case] files: &[(&str, &str)], #[case] expected: usize) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let circles = circles(&arrows(&folder.path().join("lib.rs")).unwrap());
    assert_eq!(circles.len(), expected, "{circles:?}");
}

/// All Rust files below `folder`, but for those of members inside it.
fn files(folder: &Path, members: &BTreeSet<PathBuf>, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !members.contains(&path) && !path.ends_with("target") {
            files(&path, members, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
}

/// What is longer holds more than one idea, and nobody reads it to its end.
const MOST_LINES: usize = 500;

#[test]
fn no_file_is_longer_than_it_is_read() {
    let mut found = Vec::new();
    files(data::workspace(), &BTreeSet::new(), &mut found);
    assert!(
        found.len() > 500,
        "{} files: the sources are not found",
        found.len()
    );
    let lines = |path: &PathBuf| fs::read_to_string(path).unwrap().lines().count();
    let long = found.iter().map(|path| (lines(path), path));
    let long: Vec<_> = long.filter(|(lines, _)| *lines > MOST_LINES).collect();
    assert!(long.is_empty(), "more than {MOST_LINES} lines: {long:#?}");
}

#[test]
fn what_a_manifest_depends_on_is_used() {
    let members = members();
    let folders = members.iter().map(|(folder, _)| folder.clone()).collect();
    let mut number = 0;
    let mut unused = Vec::new();
    for (folder, manifest) in &members {
        let paths: BTreeSet<String> = roots(folder)
            .iter()
            .flat_map(|root| firsts(root).unwrap())
            .collect();
        let mut found = Vec::new();
        files(folder, &folders, &mut found);
        let text: String = found
            .iter()
            .map(|path| fs::read_to_string(path).unwrap())
            .collect();
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let words: BTreeSet<&str> = text.split(|c| !is_name(c)).collect();
        let names = |table: &str| {
            let table = manifest.get(table).and_then(Value::as_table);
            table
                .into_iter()
                .flat_map(Table::keys)
                .map(|name| name.replace('-', "_"))
        };
        let needed = names("dependencies").map(|name| (paths.contains(&name), name));
        let in_tests = names("dev-dependencies").map(|name| (words.contains(&name.as_str()), name));
        for (is_used, name) in needed.chain(in_tests) {
            number += 1;
            if !is_used {
                unused.push(format!("{}: {name}", folder.display()));
            }
        }
    }
    assert!(
        number > 100,
        "{number} dependencies: manifests are not read"
    );
    assert!(unused.is_empty(), "{unused:#?}");
}
