//! All scenarios, in one program: they share one trial where they only look at it, and whoever waits does so beside the others.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may stop at the first surprise as tests do"
)]

mod access;
mod anchors;
mod broken;
mod catalog;
mod certificates;
mod continued;
mod corpora;
mod disk_full;
mod exchange;
mod failures;
mod faults;
mod large;
mod lifecycle;
mod limits;
mod open;
mod parked;
mod peer;
mod postgres;
mod readme;
mod reference;
mod reference_peer;
mod refusals;
mod screens;
mod secrets;
mod sign_in;
mod structure;
mod suspended;
mod targets;
mod tokens;

use std::{collections::BTreeSet, path::Path};

/// A file that is no part of this program would be compiled and run by nobody.
#[test]
fn every_file_is_part_of_this_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let there: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "main")
        .collect();
    let named: BTreeSet<String> = include_str!("main.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect();
    assert_eq!(named, there);
}
