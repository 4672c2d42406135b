//! What a location is, who may change it, and how it is signed; neither HTTP nor SQL.

mod access;
mod directory;
mod entry;
mod signer;
mod store;

pub use access::{AccessDenied, Holder, LocationCaller, Person};
pub use directory::{ChangeError, Directory, Keep, Precondition, ReadError, Signed};
pub use entry::{Fault, NewEntry, Patch, parse_new, parse_patch};
pub use signer::{RecordSigner, SignerError};
pub use store::{Author, LocationStore, StoreError, Stored};
