//! What both roles of a connector do with an exchange: its headers, its time limits, its body, its record.

mod admission;
mod body;
mod caller;
mod collect;
mod deadline;
mod digest;
mod disposition;
pub mod headers;
mod meters;
mod options;
mod progress;
mod recorder;
pub mod refusals;
mod standing;
mod trace_context;
mod watch;

pub use admission::{Admission, Asking, ExchangeLimits, Place};
pub use body::{Ending, RecordError, TransferBody, TransferError};
pub use caller::Caller;
pub use collect::{Collected, Prefix, WINDOW, collect};
pub use deadline::{Allowed, Budget, Deadlines};
pub use digest::{BodyDigest, Digester};
pub use disposition::attachment;
pub use options::{Options, OptionsError};
pub use progress::{Exchange, Role};
pub use recorder::{Delivered, Recorder, Recording};
pub use standing::{Party, Running};
pub use trace_context::{TRACEPARENT, TraceContext};
