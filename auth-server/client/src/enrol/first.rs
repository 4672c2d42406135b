//! The first certificate.

use std::path::Path;

use common::{config::SecretFile, http::client, pem, process::Findings, tls::TlsConfig};
use rcgen::{CertificateParams, KeyPair};
use secrecy::ExposeSecret as _;

use super::{EnrolError, EnrolmentConfig, chain::check_chain, files, renewal::read_issued};
use crate::api::{EnrolRequest, OneTimeSecret};

/// Makes sure that the files of `tls` hold a key and a certificate: finishes an interrupted renewal, and where there is no
/// certificate yet, makes a P-256 key and has it certified with the one-time code of `enrolment`, whose file is deleted
/// afterwards.
///
/// The key is on disk before the code is used, and the server answers the same code and key alike, so a crash in between
/// costs nothing: the next start gets the certificate.
pub async fn ensure_certificate(
    tls: &TlsConfig,
    enrolment: Option<&EnrolmentConfig>,
) -> Result<(), EnrolError> {
    files::finish_installation(tls)?;
    if tls.certificate.exists() {
        return Ok(());
    }
    let Some(enrolment) = enrolment else {
        return Err(EnrolError::NotConfigured(tls.certificate.clone()));
    };
    let errors = Findings::of(enrolment).into_result();
    errors.map_err(EnrolError::Clear)?;
    let anchors = pem::certificates(&tls.ca)?;
    let code = SecretFile(enrolment.code_file.clone())
        .read()
        .map_err(EnrolError::Code)?;
    let key = pending_key(&tls.key)?;
    let csr = CertificateParams::default()
        .serialize_request(&key)?
        .pem()?;
    let body = EnrolRequest {
        code: OneTimeSecret::new(code.expose_secret().trim().to_owned()),
        csr,
    };

    let http = if enrolment.trust_ca {
        client::trusting(&anchors)
    } else {
        client::plain().map_err(Into::into)
    };
    let url = format!(
        "{}/v1/enrolments",
        enrolment.auth_public_url.as_str().trim_end_matches('/')
    );
    let response = http
        .map_err(EnrolError::Transport)?
        .post(url)
        .json(&body)
        .send()
        .await
        .map_err(|error| EnrolError::Transport(error.into()))?;
    let issued = read_issued(response).await?;
    check_chain(&issued.certificate, &key, &anchors)?;
    files::write(&tls.certificate, &issued.certificate, false)?;
    tracing::info!(not_after = %issued.not_after, "certificate obtained with the one-time code");
    if let Err(error) = std::fs::remove_file(&enrolment.code_file) {
        tracing::warn!(%error, path = %enrolment.code_file.display(), "the used one-time code could not be deleted");
    }
    Ok(())
}

/// The key that is being certified: one left by an attempt before, or a new one.
fn pending_key(path: &Path) -> Result<KeyPair, EnrolError> {
    if path.exists() {
        let text = std::fs::read_to_string(path).map_err(|source| EnrolError::File {
            path: path.into(),
            source,
        })?;
        return Ok(KeyPair::from_pem(&text)?);
    }
    let key = KeyPair::generate()?;
    files::write(path, &key.serialize_pem(), true)?;
    Ok(key)
}
