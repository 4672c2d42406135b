//! What a session is, and what becomes of it. No HTTP, no SQL.

pub(crate) mod book;
pub(crate) mod kept;
pub(crate) mod return_to;
pub(crate) mod sign_in;
pub(crate) mod signed_in;
pub(crate) mod store;
