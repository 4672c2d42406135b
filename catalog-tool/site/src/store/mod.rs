//! The catalogue in SQL: a part of the database of the process that runs it.

mod catalog;
#[cfg(test)]
mod conformance;
mod datasets;
mod publications;
mod rows;
mod showing;
mod site;
mod steps;
#[cfg(test)]
mod tests;
mod writing;

pub use self::catalog::Catalog;
