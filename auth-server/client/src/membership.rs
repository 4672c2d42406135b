//! A process as a member of the data space: what it has before it takes its first request.

use std::{pin::Pin, sync::Arc};

use common::{
    ids::ConnectorId,
    process::Context,
    tls::{self, TlsConfig, TlsError, TlsStore},
};

use crate::{
    AuthConfig, Callers, Registry, TokenVerifier,
    callers::AuthFacts,
    enrol::{self, EnrolError, EnrolmentConfig},
};

/// What a process has that has joined.
#[derive(Debug, Clone)]
pub struct Membership {
    /// Its certificate, which is renewed in time, and whom it trusts.
    pub tls: Arc<TlsStore>,
    /// Who is registered.
    pub registry: Registry,
    /// Decides who calls.
    pub callers: Callers,
}

/// Why a process could not join.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// There is no certificate, and none could be had.
    #[error("cannot get a certificate")]
    Certificate(#[from] EnrolError),
    /// Certificate or trust anchors cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Membership {
    /// Joins with the sections `[tls]`, `[enrolment]` and `[auth]`: gets a certificate where there is none yet, reads it and the
    /// trust anchors, and keeps both fresh until the process ends.
    ///
    /// The future is boxed so that it is compiled here, once, and not again in each service.
    ///
    /// # Errors
    /// [`JoinError`].
    pub fn join<'a>(
        tls: &'a TlsConfig,
        enrolment: Option<&'a EnrolmentConfig>,
        auth: &'a AuthConfig,
        context: &'a Context,
    ) -> Pin<Box<dyn Future<Output = Result<Self, JoinError>> + Send + 'a>> {
        Box::pin(async move {
            enrol::ensure_certificate(tls, enrolment).await?;
            let (clock, shutdown) = (&context.clock, &context.shutdown);
            let tls = tls::open(tls, clock.clone(), shutdown.clone()).await?;
            tls.watch_own(context);
            enrol::spawn_renewal(Arc::clone(&tls), auth, clock.clone(), shutdown.clone());
            let registry = Registry::new(auth.clone(), Arc::clone(&tls), clock.clone());
            let facts = AuthFacts {
                tokens: TokenVerifier::new(auth.clone(), Arc::clone(&tls), clock.clone()),
                registry: registry.clone(),
            };
            Ok(Self {
                tls,
                registry,
                callers: Callers::new(Arc::new(facts)),
            })
        })
    }

    /// The connector or service that its certificate names, if it names a single one.
    pub fn id(&self) -> Option<ConnectorId> {
        self.tls.own().connector_id
    }
}
