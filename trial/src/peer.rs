//! `trial peer`: a connector of another make beside those of the trial, registered as an operator would.

mod foreign;
mod sheet;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, bail, ensure};
use auth_client::{
    OperatorClient, OperatorError,
    api::{
        ConnectorRole, CreateConnector, CreateParticipant, CreateUser, CreatedConnector,
        ParticipantKind,
    },
    enrol::{self, EnrolmentConfig},
};
use common::{
    base_url,
    clock::SharedClock,
    ids::{ConnectorId, UserId},
    process::{self, Shutdown},
};
use location_client::{LocationClient, Profile, api::PostLocationRequest};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use self::{
    foreign::{Authority, Foreign},
    sheet::{CertificateSheet, Sheet},
};
use crate::{
    cli::{Peer, Role},
    configs::Configs,
    layout::{Layout, Port, Service},
    ready::{OperatorReady, PeerListener, ReadyFile},
    register::{corporate_number, exists, keep_code},
};

/// How often another number is tried where somebody has it.
const NUMBERS: usize = 5;

/// Registers the peer at the running trial, and writes what its operator needs into a folder of its own.
///
/// # Errors
/// What is wrong with the options, before anything is registered; whatever refuses or does not answer.
pub async fn register(layout: &Layout, ready: &ReadyFile, options: Peer) -> anyhow::Result<Sheet> {
    let clock = process::clock();
    let url = address(&options)?;
    let foreign = options
        .certificate
        .as_deref()
        .map(|file| {
            Foreign::read(
                layout,
                file,
                options.ca.as_deref(),
                options.role,
                clock.now(),
            )
        })
        .transpose()?;
    let connector_id = match foreign.as_ref().and_then(|foreign| foreign.names.clone()) {
        Some(named) => named,
        None => new_id(&options)?,
    };
    let domain = ready.domain(options.domain)?;
    let operator = sign_in(layout, &ready.operator).await?;
    let mut body = CreateConnector::new(
        connector_id.clone(),
        options.role.into(),
        UserId::parse(&domain.provider.provider_id)?,
        url.clone(),
    );
    body.profile = Some(Profile::Cadde4);
    body.certificate = foreign.as_ref().map(|foreign| foreign.text.clone());
    check(&operator, &body).await?;

    let folder = layout.peer(&connector_id);
    crate::private::folder(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let begun = || format!("what was registered so far lies in {}", folder.display());
    let (user_id, password) = user(&operator, &connector_id).await?;
    let password_file = folder.join("password");
    secret(&password_file, &password)?;
    body.user_id = user_id.clone();
    let created = operator
        .create_connector(&body)
        .await
        .context("the connector is refused")
        .with_context(begun)?;
    let client_secret = created
        .client_secret
        .as_ref()
        .context("a new connector gets a secret")?
        .expose()
        .to_owned();
    let connector_secret_file = folder.join("connector-secret");
    secret(&connector_secret_file, &client_secret)?;
    let certificate = match foreign {
        Some(foreign) => recorded(layout, &connector_id, foreign)?,
        None => issued(layout, &folder, &created)
            .await
            .with_context(begun)?,
    };
    if let Some(url) = &url {
        locate(layout, &operator, (&user_id, &connector_id), url, clock)
            .await
            .with_context(begun)?;
    }

    let location = layout.named_url(Service::Location);
    let names = (
        connector_id.as_str(),
        client_secret.as_str(),
        user_id.as_str(),
    );
    let files = sheet::reference_files(options.role, names, &location, ready);
    let config_files = write(&folder, files)?;
    let sheet = Sheet {
        role: ConnectorRole::from(options.role).as_str(),
        domain: options.domain,
        profile: Profile::Cadde4.to_string(),
        connector_id: connector_id.to_string(),
        connector_secret_file,
        user_id: user_id.to_string(),
        password_file,
        app_client_id: domain.app_client.client_id.clone(),
        url: url.as_ref().map(crate::layout::text),
        certificate,
        ca: ready.ca.clone(),
        auth: ready.auth.clone(),
        location: PeerListener { peer: location },
        provenance: ready.provenance.clone(),
        config_files,
        folder,
    };
    secret(
        &sheet.folder.join("peer.json"),
        &serde_json::to_string_pretty(&sheet)?,
    )?;
    Ok(sheet)
}

/// Nobody is registered for a connector that would be refused: it is asked for in the domain's own name first.
async fn check(operator: &OperatorClient, body: &CreateConnector) -> anyhow::Result<()> {
    match operator.check_connector(body).await?.conflicts.first() {
        Some(first) => bail!("it cannot be registered: {} ({})", first.detail, first.kind),
        None => Ok(()),
    }
}

fn write(folder: &Path, files: Vec<(&str, Value)>) -> anyhow::Result<Vec<PathBuf>> {
    let write = |(name, content): (&str, Value)| {
        let file = folder.join(name);
        secret(&file, &serde_json::to_string_pretty(&content)?)?;
        Ok(file)
    };
    files.into_iter().map(write).collect()
}

/// Where a provider is called, in its one spelling.
fn address(options: &Peer) -> anyhow::Result<Option<Url>> {
    let Some(url) = &options.url else {
        ensure!(
            options.role == Role::Receiver,
            "a provider needs --url, where others call it"
        );
        return Ok(None);
    };
    ensure!(
        options.role == Role::Provider,
        "nobody calls a receiver; --url is for providers"
    );
    ensure!(
        url.scheme() == "https",
        "--url has to be https: others show it their certificate and a token"
    );
    let normal = base_url::normalise(url).with_context(|| format!("--url {url}"))?;
    Ok(Some(normal))
}

fn new_id(options: &Peer) -> anyhow::Result<ConnectorId> {
    let unique = Uuid::new_v4().simple().to_string();
    let role = ConnectorRole::from(options.role).as_str();
    let name = format!(
        "{role}-{}.{}.example",
        &unique[..8],
        options.domain.letter()
    );
    ConnectorId::parse(&name).with_context(|| format!("{name} is no connector ID"))
}

async fn sign_in(layout: &Layout, operator: &OperatorReady) -> anyhow::Result<OperatorClient> {
    OperatorClient::login(
        &layout.url(Service::Auth, Port::Public),
        &operator.client.client_id,
        &operator.client.client_secret,
        &UserId::parse(&operator.person.user_id)?,
        &operator.person.password,
    )
    .await
    .context("the operator can't sign in; `trial status` tells whether the trial is running")
}

/// A participant with one user, and the user's password.
async fn user(
    operator: &OperatorClient,
    connector_id: &ConnectorId,
) -> anyhow::Result<(UserId, String)> {
    let name = format!("Participant of {connector_id}");
    for _ in 0..NUMBERS {
        // Nine digits of chance below those of the domains.
        let random = Uuid::new_v4().as_u128() % 1_000_000_000;
        let body = CreateParticipant {
            kind: ParticipantKind::Organisation,
            name: name.clone(),
            corporate_number: Some(corporate_number(&format!("998{random:09}"))),
            email: None,
            domain: None,
        };
        let participant = match operator.create_participant(&body).await {
            Ok(participant) => participant,
            Err(error) if exists(&error) => continue,
            Err(error) => return Err(refused(error)),
        };
        let body = CreateUser {
            participant: participant.id,
            suffix: None,
            name,
            email: None,
            orgs: None,
            roles: Vec::new(),
            extras: None,
        };
        let created = operator.create_user(&body).await.map_err(refused)?;
        return Ok((
            created.user.user_id,
            created.initial_password.expose().to_owned(),
        ));
    }
    bail!("no free corporate number was found in {NUMBERS} attempts")
}

fn refused(error: OperatorError) -> anyhow::Error {
    anyhow::Error::new(error).context("its user cannot be registered")
}

/// Its own alone: passwords and secrets.
fn secret(path: &Path, content: &str) -> anyhow::Result<()> {
    common::config::write_file(path, content.as_bytes(), true)
        .with_context(|| format!("cannot write {}", path.display()))
}

/// A certificate of the trial's own authority, as any connector gets it.
async fn issued(
    layout: &Layout,
    folder: &Path,
    created: &CreatedConnector,
) -> anyhow::Result<CertificateSheet> {
    let code_file = folder.join("enrolment-code");
    let enrolment = created.enrolment.as_ref();
    keep_code(
        &code_file,
        enrolment.context("a new connector gets a code for its certificate")?,
    )?;
    let tls = configs(layout).tls(folder);
    let enrolment = EnrolmentConfig {
        auth_public_url: layout.url(Service::Auth, Port::Public),
        code_file,
        trust_ca: false,
    };
    enrol::ensure_certificate(&tls, Some(&enrolment))
        .await
        .context("it gets no certificate")?;
    Ok(CertificateSheet::Issued {
        certificate: tls.certificate,
        key: tls.key,
    })
}

/// Lets the trial know the authority of a certificate that is on record now.
fn recorded(
    layout: &Layout,
    connector_id: &ConnectorId,
    foreign: Foreign,
) -> anyhow::Result<CertificateSheet> {
    let anchor = match foreign.authority {
        Authority::Known(file) => file,
        Authority::New(content) => {
            let file = layout.anchors().join(format!("{connector_id}.pem"));
            crate::private::folder(&layout.anchors())
                .and_then(|()| common::config::write_file(&file, &content, false))
                .with_context(|| format!("cannot write {}", file.display()))?;
            file
        }
    };
    // What the services were started with stands in their configurations.
    let config = layout.config(Service::Provenance);
    let started_with = std::fs::read_to_string(&config)
        .with_context(|| format!("cannot read {}", config.display()))?;
    Ok(CertificateSheet::Recorded {
        sha256: foreign.sha256,
        known: started_with.contains(&anchor.display().to_string()),
        anchor,
    })
}

/// Registers where the provider is called, with the certificate of the trial's own tool.
async fn locate(
    layout: &Layout,
    operator: &OperatorClient,
    (user_id, connector_id): (&UserId, &ConnectorId),
    url: &Url,
    clock: SharedClock,
) -> anyhow::Result<()> {
    let tls = common::tls::open(
        &configs(layout).tls(&layout.tool()),
        clock,
        Shutdown::default(),
    )
    .await?;
    let address = layout.url(Service::Location, Port::Peer);
    LocationClient::new(
        address,
        Arc::clone(&tls),
        Some(operator.access_token().await),
    )
    .create(&PostLocationRequest {
        provider_id: user_id.to_string(),
        provider_connector_url: base_url::text(url).to_owned(),
        connector_id: Some(connector_id.to_string()),
        profile: Some(Profile::Cadde4.to_string()),
    })
    .await
    .context("its location cannot be registered")
}

fn configs(layout: &Layout) -> Configs<'_> {
    Configs {
        layout,
        databases: None,
    }
}
