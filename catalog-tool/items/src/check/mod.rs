//! What is wrong with a dataset, or missing, by the case that its views are in.

mod across;
mod finding;
mod geometry;
mod messages;
mod value;
mod view;

pub use self::{
    finding::{Finding, Scope},
    messages::{MESSAGES, Message, Severity},
};
