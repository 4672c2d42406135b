//! The connectors of a domain: what offers data to other domains, what fetches theirs, and a server for files.
//!
//! | module | holds |
//! |---|---|
//! | [`provider`] | the provider connector: identifies the caller, decides, fetches, records `Sent` |
//! | [`authorization`] | the provider's grants: store, API, decisions |
//! | [`receiver`] | the receiver connector: checks the user's token, finds the provider, records `Received`; direct mode |
//! | [`data_server`] | a small file server for a domain's data |
//! | [`exchange`] | what both roles do with a body on its way: hash, time limits, record, break |
//! | [`upstream`] | calls to the next hop: URL rules, addresses, TLS, pooled HTTP/1.1 connections |
//! | [`identity`] | what is asked of the authentication and location servers |
//!
//! One exchange passes `receiver::file` → `provider::file` → a data source, and back through [`exchange::TransferBody`]
//! on both sides, which releases the last byte only when the record is durable.

pub mod authorization;
pub mod data_server;
pub mod exchange;
pub mod identity;
mod ledger;
mod outbox_command;
pub mod provider;
pub mod receiver;
#[cfg(test)]
mod tests;
pub mod upstream;

use std::time::Duration;

use common::{
    ids::ConnectorId,
    process::{Readiness, Shutdown},
    tls::TlsStore,
};
use provenance_outbox::Outbox;

/// How long a connector that stops tries to deliver what is in its outbox. What is left is delivered after the next
/// start.
const OUTBOX_PATIENCE: Duration = Duration::from_secs(5);

/// How often readiness looks at the outbox.
const OUTBOX_INTERVAL: Duration = Duration::from_secs(1);

/// The certificate has to name the connector that the configuration names: peers know it by nothing else.
fn check_identity(tls: &TlsStore, configured: &ConnectorId) -> anyhow::Result<()> {
    let own = tls.own().connector_id;
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
