//! The beginning and the end of a connector, whichever its role.

use std::{sync::Arc, time::Duration};

use auth_client::{AuthConfig, Membership, enrol::EnrolmentConfig};
use axum::Router;
use common::{
    ids::ConnectorId,
    listener::{Listener, ListenerConfig},
    process::{Context, Readiness, Shutdown},
    service::OwnCommand,
    tls::{PeerClient, TlsConfig},
};
use provenance_outbox::{HttpLedger, Outbox, OutboxConfig};
use url::Url;

use crate::{exchange::Running, outbox_command};

/// How long a connector that stops tries to deliver what is in its outbox. What is left is delivered after the next
/// start.
const OUTBOX_PATIENCE: Duration = Duration::from_secs(5);

/// How often readiness looks at the outbox.
const OUTBOX_INTERVAL: Duration = Duration::from_secs(1);

/// The part of a configuration that both roles have.
pub(crate) struct Settings<'a> {
    pub(crate) connector_id: &'a ConnectorId,
    pub(crate) tls: &'a TlsConfig,
    pub(crate) enrolment: Option<&'a EnrolmentConfig>,
    pub(crate) auth: &'a AuthConfig,
    pub(crate) outbox: &'a OutboxConfig,
    /// Where the ledger takes what is in the outbox.
    pub(crate) ledger: &'a Url,
}

/// A configuration of either role.
pub(crate) trait Connector {
    fn settings(&self) -> Settings<'_>;
}

/// The commands of a connector's own.
pub(crate) fn commands<C: Connector>() -> Vec<OwnCommand<C>> {
    vec![OwnCommand {
        command: outbox_command::command(),
        run: |config, matches| {
            let settings = config.settings();
            outbox_command::run(&settings.outbox.path, settings.connector_id, matches)
        },
    }]
}

/// A connector that has a certificate and an outbox, and takes no exchange yet.
pub(crate) struct Started {
    pub(crate) member: Membership,
    pub(crate) outbox: Outbox,
}

/// Joins the data space, and delivers what is in the outbox from now on.
pub(crate) async fn start(settings: &Settings<'_>, context: &Context) -> anyhow::Result<Started> {
    let member = Membership::join(settings.tls, settings.enrolment, settings.auth, context).await?;
    check_identity(member.id(), settings.connector_id)?;
    let (config, connector_id) = (settings.outbox.clone(), settings.connector_id.clone());
    let clock = context.clock.clone();
    let opening = move || Outbox::open(config, &connector_id, clock);
    let outbox = tokio::task::spawn_blocking(opening).await??;
    let client = PeerClient::new(Arc::clone(&member.tls));
    outbox.start_delivery(HttpLedger::new(client, settings.ledger));
    watch_outbox(&outbox, &context.ready, context.shutdown.clone());
    Ok(Started { member, outbox })
}

impl Started {
    /// Answers by a router a listener, until the process is to end. `running` holds the exchanges that are under way.
    pub(crate) async fn serve(
        self,
        listeners: Vec<(&ListenerConfig, Router)>,
        running: &Running,
        context: Context,
    ) -> anyhow::Result<()> {
        running.spawn_checks(context.shutdown.clone());
        let mut bound = Vec::new();
        for (config, router) in listeners {
            let listener = Listener::bind(config, Some(Arc::clone(&self.member.tls))).await?;
            tracing::info!(listen = %listener.local_addr()?, "requests are taken");
            bound.push((listener, router));
        }
        context.ready.started();
        let serving = bound
            .into_iter()
            .map(|(listener, router)| listener.serve(router, context.shutdown.clone()));
        futures_util::future::join_all(serving).await;
        self.outbox.close(OUTBOX_PATIENCE).await;
        Ok(())
    }
}

/// The certificate has to name the connector that the configuration names: peers know it by nothing else.
fn check_identity(own: Option<ConnectorId>, configured: &ConnectorId) -> anyhow::Result<()> {
    if own.as_ref() == Some(configured) {
        return Ok(());
    }
    anyhow::bail!(
        "connector_id is {configured}, but the certificate names {}",
        own.map_or("nobody".to_owned(), |id| id.to_string())
    )
}

/// Says whether new exchanges would be taken, and how many records wait for a person.
fn watch_outbox(outbox: &Outbox, ready: &Readiness, shutdown: Shutdown) {
    let (check, parked) = (ready.register("outbox"), ready.count("outbox_parked"));
    check.watch(outbox.heartbeat());
    let outbox = outbox.clone();
    tokio::spawn(async move {
        while !shutdown.is_cancelled() {
            let status = outbox.status();
            parked.set(status.parked);
            check.set(match (status.writable, status.full) {
                (false, _) => Err("the outbox cannot be written".to_owned()),
                (true, Some(reason)) if outbox.is_required() => Err(reason.to_string()),
                _ => Ok(()),
            });
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(OUTBOX_INTERVAL) => {}
            }
        }
    });
}
