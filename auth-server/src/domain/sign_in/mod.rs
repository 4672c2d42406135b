//! Signing in at this server, for whoever asks for it: an application, or a server with screens.

mod request;
mod sessions;

pub use request::{Destination, Lost, Objection, Prompt, SignInRequest};
pub use sessions::{Code, CodeTokens, Ended, OpenedSession, Redeeming};
