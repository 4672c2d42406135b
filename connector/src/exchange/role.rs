//! Which of the two connectors of an exchange this is.

use common::http::Refused;

/// The side that this process is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Provider connector.
    Provider,
    /// Receiver connector.
    Receiver,
}

impl Role {
    /// The value of the metrics label `role`.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Receiver => "receiver",
        }
    }

    /// The message id of `refused` where a connector of this role answers with it.
    pub const fn message_id(self, refused: &Refused) -> &'static str {
        let [provider, receiver] = refused.refusal.ids;
        match self {
            Self::Provider => provider,
            Self::Receiver => receiver,
        }
    }
}
