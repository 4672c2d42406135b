//! The blocks of a PEM file, read or refused one by one.

use std::fmt;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::Zeroizing;

use super::error::{BlockFault, ContentError};

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Certificate,
    Crl,
    Pkcs8Key,
    Pkcs1Key,
    Sec1Key,
    EncryptedKey,
    /// Parameters of a key, which the key repeats.
    Parameters,
    Trusted,
    Other,
}

impl Kind {
    /// By the label; older ones as RFC 7468 §5.1 lists them.
    fn of(label: &str) -> Self {
        match label {
            "CERTIFICATE" | "X509 CERTIFICATE" | "X.509 CERTIFICATE" => Self::Certificate,
            "X509 CRL" | "CRL" => Self::Crl,
            "PRIVATE KEY" => Self::Pkcs8Key,
            "RSA PRIVATE KEY" => Self::Pkcs1Key,
            "EC PRIVATE KEY" => Self::Sec1Key,
            "ENCRYPTED PRIVATE KEY" => Self::EncryptedKey,
            "EC PARAMETERS" | "DH PARAMETERS" | "X9.42 DH PARAMETERS" => Self::Parameters,
            "TRUSTED CERTIFICATE" => Self::Trusted,
            _ => Self::Other,
        }
    }

    fn is_key(self) -> bool {
        matches!(
            self,
            Self::Pkcs8Key | Self::Pkcs1Key | Self::Sec1Key | Self::EncryptedKey
        )
    }
}

/// What is looked for, and so what is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Certificates,
    Crls,
    Key,
}

impl Wanted {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Certificates => "certificate",
            Self::Crls => "certificate revocation list",
            Self::Key => "private key",
        }
    }

    fn takes(self, kind: Kind) -> bool {
        match self {
            Self::Certificates => kind == Kind::Certificate,
            Self::Crls => kind == Kind::Crl,
            Self::Key => kind.is_key(),
        }
    }

    /// Programs keep a certificate and its key in one file, and lists beside the certificate of who signed them.
    fn passes_over(self, kind: Kind) -> bool {
        let other = match self {
            Self::Certificates => kind.is_key(),
            Self::Crls | Self::Key => kind == Kind::Certificate,
        };
        other || kind == Kind::Parameters
    }
}

/// One block of what was looked for.
pub(super) struct Block {
    number: usize,
    label: String,
    pub(super) kind: Kind,
    pub(super) der: Zeroizing<Vec<u8>>,
}

impl Block {
    pub(super) fn refuse(&self, fault: BlockFault) -> ContentError {
        ContentError::Block {
            number: self.number,
            label: self.label.clone(),
            fault,
        }
    }
}

const BEGIN: &[u8] = b"-----BEGIN";
pub(super) const DASHES: &[u8] = b"-----";

/// Longest label in a message, in characters.
const MAX_LABEL: usize = 40;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

/// The blocks of `content` that are `wanted`, in order.
pub(super) fn blocks(content: &[u8], wanted: Wanted) -> Result<Vec<Block>, ContentError> {
    if content.starts_with(&[0xff, 0xfe]) || content.starts_with(&[0xfe, 0xff]) {
        return Err(ContentError::Utf16);
    }
    let mut found = Vec::new();
    let mut rest = content;
    let mut number = 0;
    while let Some(start) = find(rest, BEGIN) {
        number += 1;
        let inside = &rest[start + BEGIN.len()..];
        let line = inside
            .iter()
            .position(|byte| matches!(byte, b'\r' | b'\n'))
            .unwrap_or(inside.len());
        // A label ends in its own line: what lies further belongs to another one.
        let label_end = find(&inside[..line], DASHES);
        let label = String::from_utf8_lossy(&inside[..label_end.unwrap_or(line)]);
        let label: String = label.trim().chars().take(MAX_LABEL).collect();
        let mut block = Block {
            number,
            kind: Kind::of(&label),
            label,
            der: Zeroizing::default(),
        };
        let label_end = label_end.ok_or_else(|| block.refuse(BlockFault::Begin))?;
        if !inside.starts_with(b" ") {
            return Err(block.refuse(BlockFault::Begin));
        }
        let body = &inside[label_end + DASHES.len()..];
        let end = find(body, DASHES).ok_or_else(|| block.refuse(BlockFault::End))?;
        let (body, after) = body.split_at(end);
        let last = format!("-----END {}-----", block.label);
        if !after.starts_with(last.as_bytes()) {
            return Err(block.refuse(BlockFault::End));
        }
        // The dashes that end a block may begin the next one.
        rest = &after[last.len() - DASHES.len()..];
        if wanted.takes(block.kind) {
            block.der = decode(&block, body)?;
            found.push(block);
        } else if !wanted.passes_over(block.kind) {
            return Err(block.refuse(match block.kind {
                Kind::Trusted => BlockFault::Trusted,
                _ => BlockFault::Kind,
            }));
        }
    }
    if number == 0 && !content.trim_ascii().is_empty() {
        return Err(ContentError::Neither);
    }
    Ok(found)
}

fn decode(block: &Block, body: &[u8]) -> Result<Zeroizing<Vec<u8>>, ContentError> {
    // Headers in front of the content (RFC 1421 §4.6) are how OpenSSL marked encrypted keys.
    if body.contains(&b':') {
        let is_encrypted = block.kind.is_key() && find(body, b"ENCRYPTED").is_some();
        return Err(if is_encrypted {
            ContentError::Encrypted
        } else {
            block.refuse(BlockFault::Base64)
        });
    }
    let mut text = Zeroizing::new(Vec::with_capacity(body.len()));
    text.extend(body.iter().filter(|byte| !is_blank(**byte)));
    let der = BASE64
        .decode(&*text)
        .map(Zeroizing::new)
        .map_err(|_| block.refuse(BlockFault::Base64))?;
    if is_der(&der) {
        Ok(der)
    } else {
        Err(block.refuse(BlockFault::Der))
    }
}

/// White space as RFC 7468 §3 (`W`) has it.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c)
}

/// Whether `content` is one DER `SEQUENCE`, as certificates, lists and keys are.
pub(super) fn is_der(content: &[u8]) -> bool {
    let [0x30, first, rest @ ..] = content else {
        return false;
    };
    let octets = usize::from(first & 0x7f);
    if first & 0x80 == 0 {
        return rest.len() == octets;
    }
    let Some((length, rest)) = rest.split_at_checked(octets) else {
        return false;
    };
    (1..=4).contains(&octets)
        && length
            .iter()
            .fold(0, |sum, octet| (sum << 8) | usize::from(*octet))
            == rest.len()
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block")
            .field("number", &self.number)
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}
