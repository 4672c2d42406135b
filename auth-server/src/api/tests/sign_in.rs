//! Signing in with a browser, and what clients make of the code.

mod browser;
mod codes;
mod pages;
mod sessions;
mod tokens;
