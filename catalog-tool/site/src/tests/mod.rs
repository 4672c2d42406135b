//! Parts of the catalogue together.

mod publishing;
