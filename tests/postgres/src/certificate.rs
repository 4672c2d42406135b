//! A certificate for `localhost`, for connections with TLS.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::private;

/// Writes `ca.pem`, `server.pem` and `server.key`.
pub(crate) fn write(directory: &Path) {
    let ca_key = KeyPair::generate().expect("a key can be made");
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_certificate = ca.self_signed(&ca_key).expect("a certificate can be made");
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().expect("a key can be made");
    let server = CertificateParams::new(["localhost".to_owned()])
        .and_then(|params| params.signed_by(&key, &issuer))
        .expect("a certificate can be made");
    private::write(&directory.join("ca.pem"), &ca_certificate.pem());
    private::write(&directory.join("server.pem"), &server.pem());
    private::write(&directory.join("server.key"), &key.serialize_pem());
}
