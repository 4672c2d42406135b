//! The database behind [`crate::domain::LocationStore`].

#[cfg(test)]
mod conformance;
mod locations;
#[cfg(test)]
mod tests;

pub use locations::Locations;
