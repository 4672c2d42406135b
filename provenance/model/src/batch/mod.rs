//! The wire form of `POST /v2/events:batch`: what connectors deliver and what the ledger answers.
//!
//! The outgoing types borrow and are written; incoming items are read from strict JSON by [`InItem::parse`], because one bad
//! item must not make the others unreadable. Members that this version does not know are kept, for a connector may be newer than
//! its ledger; a type that it does not know is refused by its name.

mod body;
mod fields;
mod incoming;
mod outgoing;
mod reply;
mod rights;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::{
    body::{EvidenceKind, InBody},
    incoming::{Fault, InItem, Invalid},
    outgoing::{
        EventBody, EvidenceBody, Fetched, ItemBody, OutItem, TransferAborted, Unregistrable,
    },
    reply::{BatchReply, ItemProblem, ItemResult, ItemStatus, Receipt},
    rights::{Registration, may_submit},
};

/// Most items in one request.
pub const MAX_ITEMS: usize = 1024;
/// Longest request body.
pub const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;
/// Longest item, as sent.
pub const MAX_ITEM_BYTES: usize = 64 * 1024;
/// Longest id of an event or a predecessor.
pub const MAX_ID_BYTES: usize = 256;

/// Why a transfer did not end whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AbortReason {
    /// The side that takes the bytes went away.
    PeerClosed,
    /// The side that gives the bytes failed.
    SourceFailed,
    /// A deadline passed.
    Timeout,
    /// The transfer was refused after it had been reserved.
    Refused,
    /// The process was told to stop.
    Shutdown,
    /// The process ended without a word; the record was found open when it started again.
    FoundOpenAtStart,
}

/// How the end of a body is known, where it is not marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyEnd {
    /// By the end of its connection: that it was not cut off is what the configuration says of its source.
    Close,
}

/// Digest of the exchanged bytes.
///
/// Members of a later version, other digests for example, are kept as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dig {
    /// How many bytes.
    pub len: u64,
    /// SHA-256, 64 lower-case hex digits.
    pub sha256: String,
    /// SHA-512, 128 lower-case hex digits, only where a voucher needs it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sha512: Option<String>,
    /// What this version does not know.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl Dig {
    fn is_well_formed(&self) -> bool {
        is_lower_hex(&self.sha256, 64)
            && self.sha512.as_deref().is_none_or(|h| is_lower_hex(h, 128))
    }
}

fn is_lower_hex(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// The identifier of a token, as records state it: 1 to 256 visible characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Jti(String);

impl Jti {
    /// `jti` of a token; `None` if no record can state it.
    pub fn new(jti: &str) -> Option<Self> {
        Self::try_from(jti.to_owned()).ok()
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Jti {
    type Error = &'static str;

    fn try_from(jti: String) -> Result<Self, Self::Error> {
        let is_visible = jti.bytes().all(|byte| byte.is_ascii_graphic());
        if is_visible && (1..=MAX_ID_BYTES).contains(&jti.len()) {
            Ok(Self(jti))
        } else {
            Err("jti must have 1 to 256 visible characters")
        }
    }
}

/// Which side of an exchange a record describes, hence who may submit it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeRole {
    /// The provider's.
    Provider,
    /// The receiver's.
    Receiver,
}
