//! X.509 and keys out of files: PEM, or DER where the content is that.
//!
//! Reading is lax about everything around the content, as RFC 7468 §2 and §3 ask for: text before and between the blocks, a
//! byte order mark, indentation, line ends of any kind or none. It is strict about the blocks: each `-----BEGIN` of a file is
//! read, passed over because `Wanted` says so, or refused by its number and its label. A file that is used in part would let
//! a trust anchor vanish in silence.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, PrivatePkcs1KeyDer,
    PrivatePkcs8KeyDer, PrivateSec1KeyDer,
};
use zeroize::Zeroizing;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PemError {
    /// The file is not readable.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The file holds nothing of the kind wanted.
    #[error("{} holds no {wanted}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        wanted: &'static str,
    },
    /// The file holds what cannot be used.
    #[error("{} {fault}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: ContentError,
    },
}

/// Why a content cannot be used. Its text follows the name of what it was read from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// There is no block, and it is not DER.
    #[error("is neither PEM nor DER")]
    Neither,
    /// It is text in two bytes a character.
    #[error("is UTF-16 text; save it as UTF-8")]
    Utf16,
    /// A block cannot be used.
    #[error("has a block that cannot be used: number {number}, {label}, {fault}")]
    Block {
        /// Which, from 1.
        number: usize,
        /// What it says it is.
        label: String,
        /// What is wrong with it.
        fault: BlockFault,
    },
    /// The only key is encrypted.
    #[error("holds an encrypted key; give it without a passphrase")]
    Encrypted,
}

/// What is wrong with one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlockFault {
    /// The line that begins it has no end.
    #[error("its first line is damaged")]
    Begin,
    /// Its last line is missing, damaged or names something else.
    #[error("its last line is missing or names something else")]
    End,
    /// Its content is not Base64.
    #[error("its content is not Base64")]
    Base64,
    /// Its content is not one DER value.
    #[error("its content is not DER")]
    Der,
    /// It is a certificate with settings of OpenSSL's own.
    #[error(
        "it carries trust settings of OpenSSL's own; write it without them (openssl x509 -in FILE -out FILE)"
    )]
    Trusted,
    /// A second key, where one is wanted.
    #[error("it is a second private key")]
    SecondKey,
    /// It is nothing that such a file may hold.
    #[error("such a file holds nothing of that kind")]
    Kind,
}

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
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
enum Wanted {
    Certificates,
    Crls,
    Key,
}

impl Wanted {
    fn name(self) -> &'static str {
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
struct Block {
    number: usize,
    label: String,
    kind: Kind,
    der: Zeroizing<Vec<u8>>,
}

impl Block {
    fn refuse(&self, fault: BlockFault) -> ContentError {
        ContentError::Block {
            number: self.number,
            label: self.label.clone(),
            fault,
        }
    }
}

const BEGIN: &[u8] = b"-----BEGIN";
const DASHES: &[u8] = b"-----";

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
fn blocks(content: &[u8], wanted: Wanted) -> Result<Vec<Block>, ContentError> {
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
fn is_der(content: &[u8]) -> bool {
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

/// The contents of the blocks that are `wanted`, or the one that is DER as it stands.
fn contents(content: &[u8], wanted: Wanted) -> Result<Vec<Vec<u8>>, ContentError> {
    if is_der(content) {
        return Ok(vec![content.to_vec()]);
    }
    let blocks = blocks(content, wanted)?;
    Ok(blocks.into_iter().map(|block| block.der.to_vec()).collect())
}

/// All certificates of `content`, PEM or one in DER, in order.
///
/// # Errors
/// [`ContentError`].
pub fn parse_certificates(content: &[u8]) -> Result<Vec<CertificateDer<'static>>, ContentError> {
    let found = contents(content, Wanted::Certificates)?;
    Ok(found.into_iter().map(CertificateDer::from).collect())
}

/// All revocation lists of `content`, PEM or one in DER, in order.
///
/// # Errors
/// [`ContentError`].
pub fn parse_crls(
    content: &[u8],
) -> Result<Vec<CertificateRevocationListDer<'static>>, ContentError> {
    let found = contents(content, Wanted::Crls)?;
    let list = CertificateRevocationListDer::from;
    Ok(found.into_iter().map(list).collect())
}

/// The private key of `content`; `None` where there is none.
fn parse_private_key(content: &[u8]) -> Result<Option<PrivateKeyDer<'static>>, ContentError> {
    if is_der(content) {
        // Its kind stands nowhere but in it.
        return PrivateKeyDer::try_from(content)
            .map(|key| Some(key.clone_key()))
            .map_err(|_| ContentError::Neither);
    }
    let blocks = blocks(content, Wanted::Key)?;
    if let Some(second) = blocks.get(1) {
        return Err(second.refuse(BlockFault::SecondKey));
    }
    let Some(block) = blocks.first() else {
        return Ok(None);
    };
    let der = block.der.to_vec();
    Ok(Some(match block.kind {
        Kind::Pkcs1Key => PrivatePkcs1KeyDer::from(der).into(),
        Kind::Sec1Key => PrivateSec1KeyDer::from(der).into(),
        Kind::Pkcs8Key => PrivatePkcs8KeyDer::from(der).into(),
        _ => return Err(ContentError::Encrypted),
    }))
}

fn read<T>(
    path: &Path,
    parse: impl FnOnce(&[u8]) -> Result<T, ContentError>,
) -> Result<T, PemError> {
    let content = std::fs::read(path)
        .map(Zeroizing::new)
        .map_err(|source| PemError::Read {
            path: path.into(),
            source,
        })?;
    parse(&content).map_err(|fault| PemError::Content {
        path: path.into(),
        fault,
    })
}

fn some<T>(path: &Path, wanted: Wanted, found: Vec<T>) -> Result<Vec<T>, PemError> {
    if found.is_empty() {
        return Err(missing(path, wanted));
    }
    Ok(found)
}

fn missing(path: &Path, wanted: Wanted) -> PemError {
    PemError::Missing {
        path: path.into(),
        wanted: wanted.name(),
    }
}

/// All certificates of the file at `path`, at least one.
///
/// # Errors
/// [`PemError`].
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, PemError> {
    some(path, Wanted::Certificates, read(path, parse_certificates)?)
}

/// All revocation lists of the file at `path`, at least one.
///
/// # Errors
/// [`PemError`].
pub fn crls(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, PemError> {
    some(path, Wanted::Crls, read(path, parse_crls)?)
}

/// The private key of the file at `path`.
///
/// # Errors
/// [`PemError`].
pub fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, PemError> {
    read(path, parse_private_key)?.ok_or_else(|| missing(path, Wanted::Key))
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block")
            .field("number", &self.number)
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair};
    use rstest::rstest;

    use super::*;

    fn certificate() -> String {
        let params = CertificateParams::new(vec!["a.example".to_owned()]).expect("a name");
        let key = KeyPair::generate().expect("a key");
        params.self_signed(&key).expect("a certificate").pem()
    }

    fn count(text: &str) -> usize {
        parse_certificates(text.as_bytes())
            .expect("certificates")
            .len()
    }

    fn refusal(text: &str) -> String {
        let refused = parse_certificates(text.as_bytes()).expect_err("it is refused");
        refused.to_string()
    }

    /// Two certificates, each its own way of writing.
    #[test]
    fn what_stands_around_a_block_does_not_matter() {
        let (one, two) = (certificate(), certificate());
        let (one, two) = (one.trim_end(), two.trim_end());
        let indent = |text: &str| text.replace('\n', "\n\t  ");
        let no_lines = |text: &str| {
            let inner: Vec<_> = text.lines().collect();
            let (first, last) = (inner[0], inner[inner.len() - 1]);
            format!("{first}{}{last}", inner[1..inner.len() - 1].concat())
        };
        let ways = [
            format!("{one}\n{two}\n"),
            format!("{one}{two}"),
            format!("{one}{}", &two[DASHES.len()..]),
            format!("\u{feff}{one}\n\u{feff}{two}"),
            format!("   {}\n   {}", indent(one), indent(two)),
            format!("{one}\n{two}").replace('\n', "\r\n"),
            format!("{one}\n{two}").replace('\n', "\r"),
            format!("subject=CN = Größe\n{one}\nsubject=次\n{two}\nthe end"),
            format!("{}\n{}", no_lines(one), no_lines(two)),
            format!("{one}\n{}", two.replace("CERTIFICATE", "X509 CERTIFICATE")),
        ];
        for way in ways {
            assert_eq!(count(&way), 2, "{way}");
        }
    }

    #[test]
    fn the_content_decides_between_pem_and_der() {
        let pem = certificate();
        let der = parse_certificates(pem.as_bytes()).unwrap().remove(0);
        assert_eq!(parse_certificates(&der).unwrap(), vec![der.clone()]);
        let longer = [&der[..], b"x"].concat();
        for neither in [&der[..der.len() - 1], &longer, b"garbage"] {
            let refused = parse_certificates(neither);
            assert_eq!(refused, Err(ContentError::Neither));
        }
        assert_eq!(parse_crls(b" \n").unwrap(), []);
    }

    #[test]
    fn each_block_is_read_or_refused_by_number_and_name() {
        let one = certificate();
        let second = |block: &str| refusal(&format!("{one}{block}"));
        let labelled = |label: &str| one.replace("CERTIFICATE", label);
        let cases = [
            (
                labelled("TRUSTED CERTIFICATE"),
                "number 2, TRUSTED CERTIFICATE, it carries trust",
            ),
            (labelled("PKCS7"), "number 2, PKCS7, such a file"),
            (labelled("X509 CRL"), "number 2, X509 CRL, such a file"),
            (
                labelled("CERTIFICATE REQUEST"),
                "number 2, CERTIFICATE REQUEST, such",
            ),
            (
                one.replace("-----END", "----END"),
                "number 2, CERTIFICATE, its last line",
            ),
            (
                one.replace("END CERTIFICATE", "END CRL"),
                "number 2, CERTIFICATE, its last",
            ),
            (
                one[..one.len() / 2].to_owned(),
                "number 2, CERTIFICATE, its last",
            ),
            (
                one.replace("BEGIN CERTIFICATE-----", "BEGIN CERTIFICATE--"),
                "number 2, CERTIFICATE",
            ),
            (
                one.replace("BEGIN ", "BEGIN"),
                "number 2, CERTIFICATE, its first line",
            ),
            (
                one.replace("-----\nMII", "-----\n*II"),
                "number 2, CERTIFICATE, its content is not B",
            ),
            (
                one.replace("-----\nMII", "-----\nAII"),
                "number 2, CERTIFICATE, its content is not D",
            ),
        ];
        for (block, expected) in cases {
            let refused = second(&block);
            assert!(refused.contains(expected), "{refused}\n{block}");
            // It makes no difference which comes first.
            assert!(
                refusal(&format!("{block}\n{one}")).contains("number 1, "),
                "{block}"
            );
        }
    }

    #[test]
    fn what_is_kept_beside_a_certificate_is_passed_over() {
        let one = certificate();
        let key = KeyPair::generate().unwrap().serialize_pem();
        let parameters =
            "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
        assert_eq!(count(&format!("{parameters}{key}{one}")), 1);
        let both = format!("{one}{parameters}{key}");
        assert!(parse_private_key(both.as_bytes()).unwrap().is_some());
        assert_eq!(parse_crls(one.as_bytes()).unwrap(), []);
    }

    #[test]
    fn text_in_two_bytes_a_character_is_named() {
        let text: Vec<u8> = format!("\u{feff}{}", certificate())
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(parse_certificates(&text), Err(ContentError::Utf16));
    }

    const ENCRYPTED: &str =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    const LEGACY: &str = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
        DEK-Info: AES-256-CBC,AA\n\nMAA=\n-----END RSA PRIVATE KEY-----\n";

    #[rstest]
    #[case(ENCRYPTED, "holds an encrypted key; give it without a passphrase")]
    #[case(LEGACY, "holds an encrypted key; give it without a passphrase")]
    #[case("", "holds no private key")]
    #[case("a key", "is neither PEM nor DER")]
    #[case(
        "-----BEGIN OPENSSH PRIVATE KEY-----\nMAA=\n-----END OPENSSH PRIVATE KEY-----\n",
        "number 1, OPENSSH PRIVATE KEY, such a file"
    )]
    fn what_was_found_in_place_of_a_key_is_said(#[case] text: &str, #[case] expected: &str) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let refused = private_key(file.path()).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
        assert!(refused.contains(&file.path().display().to_string()));
    }

    #[test]
    fn there_is_one_key_in_a_file() {
        let key = || KeyPair::generate().unwrap();
        let two = format!("{}{}", key().serialize_pem(), key().serialize_pem());
        let refused = parse_private_key(two.as_bytes()).unwrap_err();
        assert!(refused.to_string().contains("number 2"), "{refused}");
        let der = key().serialize_der();
        let read = parse_private_key(&der).unwrap().unwrap();
        assert_eq!(read.secret_der(), der);
    }

    proptest! {
        #[test]
        fn reading_never_panics(before in ".*", label in ".{0,12}", body in ".*", cut in 0usize..64) {
            let text = format!("{before}-----BEGIN {label}-----{body}-----END {label}-----");
            let text = &text.as_bytes()[cut.min(text.len())..];
            let _ = (parse_certificates(text), parse_crls(text), parse_private_key(text));
        }
    }
}
