//! Configurations of the two connectors.

use std::{collections::BTreeMap, path::PathBuf};

use auth_client::AuthConfig;
use common::{
    config::{AdminConfig, ByteSize, Period},
    listener::{ListenerConfig, TlsMode},
    telemetry::TelemetryConfig,
};
use common_db::{DatabaseConfig, RetentionConfig};
use location_client::LocationConfig;
use provenance_outbox::OutboxConfig;

use super::{
    LEDGER, PROVIDER, PROVIDER_CONNECTOR, Pki, Plan, RECEIVER_CONNECTOR, connector_id,
    listener_config, user_id,
};
use crate::{provider, receiver};

fn base() -> (AdminConfig, TelemetryConfig, AuthConfig) {
    let admin = AdminConfig {
        listen: "127.0.0.1:0".parse().expect("an address"),
        health: None,
    };
    let url = |text: &str| text.parse().expect("a URL");
    (
        admin,
        TelemetryConfig::default(),
        AuthConfig::new(
            url("https://auth.example"),
            url("https://auth.example:8443"),
        ),
    )
}

fn listener(plan: &Plan, tls: TlsMode) -> ListenerConfig {
    let mut config = listener_config(tls);
    config.limits.write_stall = plan.write_stall;
    config
}

fn outbox_config(pki: &Pki, name: &str, plan: &Plan) -> OutboxConfig {
    // However full the disk of the machine that runs the tests is.
    OutboxConfig {
        max_records: plan.outbox_records,
        required: plan.is_record_required,
        disk_headroom: ByteSize(0),
        ..OutboxConfig::new(pki.path(name))
    }
}

pub fn provider_config(
    pki: &Pki,
    plan: &Plan,
    source_port: u16,
    database: DatabaseConfig,
) -> provider::Config {
    let (admin, telemetry, auth) = base();
    provider::Config {
        provider_id: user_id(PROVIDER),
        connector_id: connector_id(PROVIDER_CONNECTOR),
        source_anchors: PathBuf::new(),
        admin,
        telemetry,
        peer: listener(plan, TlsMode::Mutual),
        public: None,
        catalog: None,
        sessions: None,
        tls: pki.config(PROVIDER_CONNECTOR),
        enrolment: None,
        auth,
        database,
        retention: RetentionConfig::default(),
        outbox: outbox_config(pki, "provider-outbox.db", plan),
        provenance: provider::ProvenanceConfig {
            public_url: LEDGER.parse().expect("a URL"),
            peer_url: "https://ledger.example".parse().expect("a URL"),
            delivery: plan.delivery,
            ledger_wait: Period::seconds(2),
        },
        deadlines: plan.deadlines,
        limits: plan.limits,
        sources: (plan.sources)(source_port),
    }
}

pub fn receiver_config(pki: &Pki, plan: &Plan, source_port: u16) -> receiver::Config {
    let (admin, telemetry, auth) = base();
    receiver::Config {
        connector_id: connector_id(RECEIVER_CONNECTOR),
        own_users_only: plan.own_users_only,
        egress_anchors: PathBuf::new(),
        admin,
        telemetry,
        api: listener(plan, TlsMode::None),
        tls: pki.config(RECEIVER_CONNECTOR),
        enrolment: None,
        auth,
        location: LocationConfig {
            url: "https://location.example".parse().expect("a URL"),
            cache: Period::seconds(60),
            state_file: pki.path("locations.json"),
            static_entries: BTreeMap::new(),
        },
        outbox: outbox_config(pki, "receiver-outbox.db", plan),
        search: Some(receiver::SearchConfig {
            url: format!("http://127.0.0.1:{source_port}/search")
                .parse()
                .expect("a URL"),
        }),
        provenance: receiver::ProvenanceConfig {
            public_url: LEDGER.parse().expect("a URL"),
            peer_url: "https://ledger.example".parse().expect("a URL"),
            foreign: plan.foreign.clone(),
            contract_services: plan.contract_services.clone(),
        },
        deadlines: plan.deadlines,
        limits: plan.limits,
        egress: (plan.egress)(source_port),
    }
}
