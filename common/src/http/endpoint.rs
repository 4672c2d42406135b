//! What a service serves, as a list: the access-matrix test goes through it, so that no endpoint is without its rule.

use serde::Serialize;

/// One endpoint of one listener.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Endpoint {
    /// The listener: `peer`, `public`, `api`, `data`, `admin`.
    pub listener: &'static str,
    /// HTTP method.
    pub method: &'static str,
    /// Path as the router has it, parameters in braces.
    pub path: &'static str,
    /// Who may call it, in a few words: `anyone`, `certificate`, `client`, `bearer`, `bearer:operator`, …
    pub access: &'static str,
}

impl Endpoint {
    /// An endpoint.
    pub const fn new(
        listener: &'static str,
        method: &'static str,
        path: &'static str,
        access: &'static str,
    ) -> Self {
        Self {
            listener,
            method,
            path,
            access,
        }
    }
}
