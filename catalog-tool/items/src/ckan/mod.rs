//! A view as CKAN has it, both ways: `package_show` and `package_create` in JSON.
//!
//! Every key and shape in which an item was ever kept is read; one clean form is written. What is no item stays as it came.

mod reader;
mod writer;
