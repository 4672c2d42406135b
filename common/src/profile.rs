//! What a connector speaks: one word in location records and in registrations.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which rules a connector follows beyond those of CADDE 4.0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub enum Profile {
    /// One of ours: the tokens that it sends or takes are bound to a certificate, its exchanges carry an id.
    #[serde(rename = "kakehashi/1")]
    Kakehashi1,
    /// A connector that knows CADDE 4.0 alone; what holds where nothing is said.
    #[default]
    #[serde(rename = "cadde/4")]
    Cadde4,
}

impl Profile {
    /// The spelling on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kakehashi1 => "kakehashi/1",
            Self::Cadde4 => "cadde/4",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no profile that this version knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither kakehashi/1 nor cadde/4")]
pub struct UnknownProfile(pub String);

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "kakehashi/1" => Ok(Self::Kakehashi1),
            "cadde/4" => Ok(Self::Cadde4),
            other => Err(UnknownProfile(other.to_owned())),
        }
    }
}
