//! What lies in the workspace is used: tests are run, migrations are part of a program.

use std::path::{Path, PathBuf};

use tests::data;
use toml::{Table, Value};

/// The Rust files below `folder`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
    found
}

/// The files of a target: that of a program that lies beside others, else everything beside and below it.
fn files_of(package: &Path, path: &str) -> Vec<PathBuf> {
    let root = package.join(path);
    if root.parent() == Some(&package.join("src/bin")) {
        vec![root]
    } else {
        sources(root.parent().unwrap())
    }
}

fn tests_in(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_start);
    lines.any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
}

/// A block of code in documentation, unless it is marked as something that is not compiled.
fn examples_in(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_start);
    lines.any(|line| {
        let fence = ["///", "//!"]
            .iter()
            .find_map(|mark| line.strip_prefix(mark)?.trim_start().strip_prefix("```"));
        fence.is_some_and(|kind| ["", "no_run", "should_panic", "rust"].contains(&kind.trim()))
    })
}

#[test]
fn what_is_said_to_have_no_tests_has_none() {
    let workspace = data::workspace();
    let text = std::fs::read_to_string(workspace.join("Cargo.toml")).unwrap();
    let whole: Table = text.parse().unwrap();
    let mut skipped = 0;
    for member in whole["workspace"]["members"].as_array().unwrap() {
        let package = workspace.join(member.as_str().unwrap());
        let text = std::fs::read_to_string(package.join("Cargo.toml")).unwrap();
        let manifest: Table = text.parse().unwrap();
        let lib = manifest.get("lib").map(|lib| (lib, "src/lib.rs"));
        let programs = manifest.get("bin").and_then(Value::as_array);
        let programs = programs.into_iter().flatten();
        let programs = programs.map(|one| (one, one["path"].as_str().unwrap()));
        for (target, path) in lib.into_iter().chain(programs) {
            let off = |what: &str| target.get(what).and_then(Value::as_bool) == Some(false);
            let own_library = package.join("src/lib.rs");
            for file in files_of(&package, path) {
                // A program beside a library says nothing about the files of that library.
                if path == "src/main.rs" && own_library.exists() && file != package.join(path) {
                    continue;
                }
                let text = std::fs::read_to_string(&file).unwrap();
                let name = file.display();
                assert!(!(off("test") && tests_in(&text)), "{name} has tests");
                assert!(
                    !(off("doctest") && examples_in(&text)),
                    "{name} has examples"
                );
            }
            skipped += usize::from(off("test") || off("doctest"));
        }
    }
    assert!(skipped > 10, "{skipped} targets are said to have none");
    assert!(tests_in("    #[test]\nfn a() {}") && examples_in("/// ```\n/// a();"));
}

/// The names that `migrator!` is given for `folder` in one of these files, or `migrations!` for both folders.
fn migrations_of(files: &[PathBuf], folder: &str) -> Vec<String> {
    let starts = [format!("\"{folder}\":"), "migrations!(".to_owned()];
    let text = files.iter().find_map(|file| {
        let text = std::fs::read_to_string(file).unwrap();
        let found = |start: &String| text.find(start).map(|at| at + start.len());
        let at = starts.iter().find_map(found)?;
        Some(text[at..].split(')').next().unwrap().to_owned())
    });
    let text = text.unwrap_or_else(|| panic!("nobody names the files of {folder}"));
    let names = text.split('"').skip(1).step_by(2);
    names.map(str::to_owned).collect()
}

#[test]
fn every_migration_is_part_of_its_program() {
    let workspace = data::workspace();
    let mut seen = 0;
    for package in [
        "auth-server",
        "auth-server/sessions",
        "catalog-tool",
        "catalog-tool/site",
        "connector",
        "location-server",
        "provenance",
    ] {
        let package = workspace.join(package);
        let sources = sources(&package.join("src"));
        for kind in ["sqlite", "postgres"] {
            let folder = format!("migrations/{kind}");
            let mut files: Vec<_> = std::fs::read_dir(package.join(&folder))
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
                .collect();
            files.sort();
            assert_eq!(
                migrations_of(&sources, &folder),
                files,
                "{}",
                package.display()
            );
            seen += files.len();
        }
    }
    assert!(seen > 10, "{seen} migrations");
}
