//! What each of our verifiers asks the provider of a handshake: whether the peer holds the key of its certificate.

/// The methods of a verifier that are about signatures.
macro_rules! checks_signatures {
    () => {
        $crate::tls::handshake::checks_signatures!(verify_tls12_signature, verify_tls13_signature);

        fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
            $crate::tls::provider()
                .signature_verification_algorithms
                .supported_schemes()
        }
    };
    ($($verify:ident),+) => { $(
        fn $verify(
            &self,
            message: &[u8],
            cert: &rustls_pki_types::CertificateDer<'_>,
            dss: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            let algorithms = &$crate::tls::provider().signature_verification_algorithms;
            rustls::crypto::$verify(message, cert, dss, algorithms)
        }
    )+ };
}

pub(super) use checks_signatures;
