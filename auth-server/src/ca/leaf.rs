//! What stands in the certificate of a connector or service.

use std::net::{IpAddr, Ipv4Addr};

use common::ids::ConnectorId;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa,
    KeyUsagePurpose, SanType,
};
use time::{Duration, OffsetDateTime};

use super::files::{BACKDATE, serial};

/// The longest common name (X.520: ub-common-name).
const MAX_COMMON_NAME: usize = 64;

/// The certificate of `id`: exactly one DNS name besides `localhost`, usable as client and as server.
pub(super) fn params(
    id: &ConnectorId,
    loopback_names: bool,
    now: OffsetDateTime,
    lifetime: Duration,
) -> Result<CertificateParams, rcgen::Error> {
    let mut names = vec![SanType::DnsName(id.as_str().try_into()?)];
    if loopback_names {
        names.push(SanType::DnsName("localhost".try_into()?));
        names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    }
    let mut params = CertificateParams::default();
    params.subject_alt_names = names;
    // For people only: identity is the SAN. A name that doesn't fit is left out.
    params.distinguished_name = DistinguishedName::new();
    if id.as_str().len() <= MAX_COMMON_NAME {
        params
            .distinguished_name
            .push(DnType::CommonName, DnValue::Utf8String(id.to_string()));
    }
    params.serial_number = Some(serial());
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    params.use_authority_key_identifier_extension = true;
    params.not_before = now - BACKDATE;
    params.not_after = now + lifetime;
    Ok(params)
}
