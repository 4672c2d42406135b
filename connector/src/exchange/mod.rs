//! What both roles of a connector do with an exchange: its headers, its time limits, its body, its record.

mod admission;
mod body;
mod collect;
mod deadline;
mod digest;
mod disposition;
mod downstream;
pub mod headers;
mod lifecycle;
mod meters;
mod options;
mod pace;
pub mod reading;
mod record_error;
mod recorder;
pub mod refusals;
mod role;
mod standing;
mod trace_context;
mod watch;

pub use admission::{Admission, Asking, ExchangeLimits, Permit};
pub use body::{Ending, TransferBody, TransferError};
pub use collect::{Collected, Prefix, WINDOW, collect};
pub use deadline::{Allowed, Budget, Deadlines};
pub use digest::{BodyDigest, Digester};
pub use disposition::attachment;
pub use downstream::Downstream;
pub use lifecycle::Exchange;
pub use options::{Options, OptionsError};
pub use record_error::RecordError;
pub use recorder::{Opened, Recorder, Recording};
pub use role::Role;
pub use standing::{Party, Running};
pub use trace_context::{TRACEPARENT, TraceContext};
