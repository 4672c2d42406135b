//! HTTP as all listeners speak it.
//!
//! [`layers::Front`] stands in front of every router; [`context`] then tells error bodies the request id and the language, so that
//! handlers need not pass them on. Own APIs answer errors as [`problem::Problem`], wire paths of CADDE in the shapes of
//! [`cadde`]; what they say is a [`Refusal`] of the wire's table.

pub mod authorization;
pub mod body;
mod body_error;
pub mod cadde;
pub mod client;
pub mod context;
pub mod endpoint;
pub mod layers;
pub mod problem;
mod refusal;
pub mod refusals;
mod unambiguous;

// For what is fuzzed.
#[doc(hidden)]
pub use self::unambiguous::{Ambiguity, check as check_unambiguous};
pub use self::{
    context::{Lang, Text},
    endpoint::Endpoint,
    refusal::{Refusal, Refused},
};
