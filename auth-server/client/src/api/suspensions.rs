//! Who of some is suspended.

use common::ids::{ConnectorId, UserId};
use serde::{Deserialize, Serialize};

/// `POST /v1/registry/suspensions` and its answer: of those asked about, it names those who are registered and may not act. Whoever
/// is not registered is not named, so that nobody learns from it who takes part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Suspensions {
    /// Connectors: suspended themselves, or their participant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub connectors: Vec<ConnectorId>,
    /// Users: suspended themselves, or their participant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub users: Vec<UserId>,
    /// Users in whose name connectors offer data: suspended are all of these connectors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub providers: Vec<UserId>,
}

impl Suspensions {
    /// 200: how many a request may ask about.
    pub const MAX: usize = 200;

    /// How many there are.
    pub fn len(&self) -> usize {
        self.connectors.len() + self.users.len() + self.providers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
