//! The pages of `docs/reference` are what programs say of themselves.
//!
//! `UPDATE_REFERENCE=1 cargo test -p tests --test scenarios reference::` writes them anew.

mod allowed;
mod catalog_items;
mod command_line;
mod configuration;
mod openapi;
mod refusals;
mod services;
mod structures;

use std::{env, fs};

use tests::data;

/// Compares the page `name` with `text`, or writes it.
fn check(name: &str, text: &str) {
    let path = data::workspace().join("docs/reference").join(name);
    if env::var_os("UPDATE_REFERENCE").is_some() {
        fs::write(&path, text).expect("a page that can be written");
    }
    let page = fs::read_to_string(&path).unwrap_or_default();
    let lines = page.lines().chain(std::iter::repeat(""));
    let differs = text.lines().zip(lines).find(|(now, then)| now != then);
    assert!(
        page == text,
        "docs/reference/{name} is not what the programs say: {differs:?}; write it anew with \
         UPDATE_REFERENCE=1 cargo test -p tests --test scenarios reference::"
    );
}
