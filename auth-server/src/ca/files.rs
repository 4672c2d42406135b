//! Making the authority, and finding its files.

use std::path::{Path, PathBuf};

use common::{config::write_file, pem};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer,
    DistinguishedName, DnType, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, SerialNumber,
};
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::CaError;
use crate::random::random;

/// 20 years.
const ROOT_LIFETIME: Duration = Duration::days(20 * 365);

/// 5 years: every certificate of 90 days ends before it for 57 months.
const INTERMEDIATE_LIFETIME: Duration = Duration::days(5 * 365);

/// 10 min: certificates begin this much before they are made, for clocks that are behind.
pub(super) const BACKDATE: Duration = Duration::minutes(10);

/// Where the authority's files are.
#[derive(Debug, Clone)]
pub struct CaFiles {
    directory: PathBuf,
}

impl CaFiles {
    /// The files in `directory`.
    pub fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
        }
    }

    /// Certificate of the root.
    pub fn root(&self) -> PathBuf {
        self.directory.join("root.pem")
    }

    /// Key of the root.
    pub fn root_key(&self) -> PathBuf {
        self.directory.join("root.key")
    }

    /// Revocation list of the root.
    pub fn root_crl(&self) -> PathBuf {
        self.directory.join("root.crl.pem")
    }

    /// Certificate of the intermediate.
    pub fn intermediate(&self) -> PathBuf {
        self.directory.join("intermediate.pem")
    }

    /// Key of the intermediate.
    pub fn intermediate_key(&self) -> PathBuf {
        self.directory.join("intermediate.key")
    }

    pub(super) fn read(path: &Path) -> Result<String, CaError> {
        std::fs::read_to_string(path).map_err(|source| CaError::File {
            path: path.into(),
            source,
        })
    }

    fn write(path: &Path, content: &str, private: bool) -> Result<(), CaError> {
        write_file(path, content.as_bytes(), private).map_err(|source| CaError::File {
            path: path.into(),
            source,
        })
    }

    fn is_complete(&self) -> bool {
        // Written last.
        self.intermediate().exists()
    }
}

/// Makes root, intermediate and the root's revocation list. An authority that is complete is left as it is, so that an
/// interrupted `init` can be repeated.
pub fn create(files: &CaFiles, now: OffsetDateTime) -> Result<(), CaError> {
    if files.is_complete() {
        return Ok(());
    }
    let begin = now - BACKDATE;
    let root_end = begin + ROOT_LIFETIME;
    let root_key = KeyPair::generate()?;
    let root_key_pem = root_key.serialize_pem();
    let root = params(
        &named("Kakehashi Root CA"),
        BasicConstraints::Constrained(1),
        begin,
        root_end,
    );
    let root = CertifiedIssuer::self_signed(root, root_key)?;

    let key = KeyPair::generate()?;
    let key_pem = key.serialize_pem();
    let intermediate = params(
        &named("Kakehashi Issuing CA"),
        BasicConstraints::Constrained(0),
        begin,
        begin + INTERMEDIATE_LIFETIME,
    );
    let intermediate = CertifiedIssuer::signed_by(intermediate, key, &root)?;

    let crl = root_list(&root, begin, root_end)?;

    CaFiles::write(&files.root_key(), &root_key_pem, true)?;
    CaFiles::write(&files.root(), &root.pem(), false)?;
    CaFiles::write(&files.root_crl(), &crl, false)?;
    CaFiles::write(&files.intermediate_key(), &key_pem, true)?;
    CaFiles::write(&files.intermediate(), &intermediate.pem(), false)
}

/// Makes certificates of root and intermediate anew that begin only after `now`, with the keys and names they have: what they
/// signed stays good. They were made while the clock was ahead, and nobody accepts them yet. Returns whether there were any.
///
/// # Errors
/// [`CaError`]; also where the root's key is kept elsewhere.
pub fn remake_unbegun(files: &CaFiles, now: OffsetDateTime) -> Result<bool, CaError> {
    let root = Held::read(files.root())?;
    let intermediate = Held::read(files.intermediate())?;
    if root.begin <= now && intermediate.begin <= now {
        return Ok(false);
    }
    let begin = now - BACKDATE;
    let root_end = begin + ROOT_LIFETIME;
    let key = |path: PathBuf| Ok::<_, CaError>(KeyPair::from_pem(&CaFiles::read(&path)?)?);
    let root = params(
        &root.name,
        BasicConstraints::Constrained(1),
        begin,
        root_end,
    );
    let root = CertifiedIssuer::self_signed(root, key(files.root_key())?)?;
    let intermediate = params(
        &intermediate.name,
        BasicConstraints::Constrained(0),
        begin,
        begin + INTERMEDIATE_LIFETIME,
    );
    let key = key(files.intermediate_key())?;
    let intermediate = CertifiedIssuer::signed_by(intermediate, key, &root)?;
    let crl = root_list(&root, begin, root_end)?;
    CaFiles::write(&files.root_crl(), &crl, false)?;
    CaFiles::write(&files.root(), &root.pem(), false)?;
    CaFiles::write(&files.intermediate(), &intermediate.pem(), false)?;
    Ok(true)
}

/// What there is to know of a certificate that is to be made anew.
struct Held {
    name: String,
    begin: OffsetDateTime,
}

impl Held {
    fn read(path: PathBuf) -> Result<Self, CaError> {
        let text = CaFiles::read(&path)?;
        Self::parse(&text).ok_or(CaError::Content {
            path,
            reason: "it holds no certificate of an authority",
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let der = pem::parse_certificates(text.as_bytes()).ok()?;
        let (_, parsed) = X509Certificate::from_der(der.first()?).ok()?;
        let name = parsed.subject().iter_common_name().next()?.as_str().ok()?;
        Some(Self {
            name: name.to_owned(),
            begin: parsed.validity().not_before.to_datetime(),
        })
    }
}

/// Nothing is revoked below the root but by replacing the intermediate, and its key may be offline: its list lasts as long as it
/// does.
fn root_list(
    root: &CertifiedIssuer<'_, KeyPair>,
    begin: OffsetDateTime,
    end: OffsetDateTime,
) -> Result<String, CaError> {
    let list = CertificateRevocationListParams {
        this_update: begin,
        next_update: end,
        crl_number: SerialNumber::from_slice(&[1]),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    Ok(list.signed_by(root)?.pem()?)
}

/// Each installation has its own root; a number in the name keeps them apart where both are in one trust store.
fn named(what: &str) -> String {
    format!("{what} {}", hex::encode(random::<4>()))
}

fn params(
    name: &str,
    constraints: BasicConstraints,
    begin: OffsetDateTime,
    end: OffsetDateTime,
) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::OrganizationName, "Kakehashi");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(constraints);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params.serial_number = Some(serial());
    params.not_before = begin;
    params.not_after = end;
    params
}

/// A serial number of 126 random bits; neither negative nor with zeros in front.
pub(super) fn serial() -> SerialNumber {
    let mut bytes = random::<16>();
    bytes[0] = (bytes[0] & 0x3f) | 0x40;
    SerialNumber::from_slice(&bytes)
}
