//! Making a new installation: certificate authority, signing key, own certificate, first operator.

use std::{
    fs::File,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use auth_client::{
    Role, State,
    api::{
        CreateParticipant, GrantType, OneTimeSecret, Participant, ParticipantKind, Purpose,
        RedirectUris, ServiceKind, User,
    },
    enrol::{EnrolError, install},
};
use common::{
    clock::{SharedClock, unix_millis},
    config::write_file,
    ids::{UserId, uuid_v7},
};
use common_db::DbError;
use rcgen::{CertificateParams, KeyPair};
use serde::Serialize;
use time::OffsetDateTime;

use crate::{
    ca::{
        self, Authority, CaError, CaFiles, CsrError, RequestedKey, create,
        external::{self, ExternalError},
    },
    config::Config,
    domain::{
        client::{Client, ClientKind},
        password::{PasswordError, Passwords},
        registrar::{Actor, RegisterError, issue_user_id, number_of},
        secrets::{self, random_password, random_secret},
        store::{AccountsError, CertificateRecord, FirstEntries, Store},
        tokens::keys::{self, KeyError},
    },
    store::SqlStore,
};

/// Client id of the application with which the first operator signs in.
pub const OPERATOR_CLIENT: &str = "operator";

/// What an installation begins with.
#[derive(Debug, Clone)]
pub struct InitOptions {
    /// Name of the first operator.
    pub operator_name: String,
    /// The operator's organisation; without one the operator is registered as a private person.
    pub organisation: Option<Organisation>,
    /// A new file for the outcome as JSON, secrets and all; its owner alone reads it.
    pub secrets_file: Option<PathBuf>,
}

/// An organisation.
#[derive(Debug, Clone)]
pub struct Organisation {
    /// Its name.
    pub name: String,
    /// Its corporate number (法人番号).
    pub corporate_number: String,
}

/// What was made. The secrets are shown here and nowhere else.
#[derive(Debug, Clone, Serialize)]
pub struct InitOutcome {
    /// User ID of the first operator.
    pub operator_user_id: UserId,
    /// The operator's password.
    pub operator_password: OneTimeSecret,
    /// Client id for signing in.
    pub operator_client_id: String,
    /// Secret of that client.
    pub operator_client_secret: OneTimeSecret,
    /// The trust anchor of the data space, in PEM: the `tls.ca` of every process.
    pub ca_pem: PathBuf,
}

/// Why there is no new installation.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// There is one already.
    #[error("this installation is initialised already")]
    AlreadyInitialised,
    /// The file for the secrets can't be made.
    #[error("cannot write the secrets to {}, which has to be a new file", path.display())]
    Secrets {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// `tls.crl` is missing.
    #[error(
        "tls.crl is missing: it names the file to which the server writes its revocation lists"
    )]
    NoCrlPath,
    /// The operator or the organisation cannot be registered.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The certificate authority could not be made.
    #[error(transparent)]
    Ca(#[from] CaError),
    /// The signing key could not be made.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The own key or its request could not be made.
    #[error("the server's own key cannot be made")]
    OwnKey(#[from] rcgen::Error),
    /// The own request was refused.
    #[error(transparent)]
    OwnRequest(#[from] CsrError),
    /// The own certificate could not be stored.
    #[error(transparent)]
    Install(#[from] EnrolError),
    /// The own certificate is not there.
    #[error("cannot read {}: where certificates come from another authority, it has to be there before", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The own certificate is not this server's.
    #[error("{} cannot be this server's certificate", path.display())]
    OwnCertificate {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: ExternalError,
    },
    /// A password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// A file could not be written.
    #[error("cannot write {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The database could not be opened.
    #[error(transparent)]
    Open(#[from] DbError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] AccountsError),
}

/// Makes a new installation. An attempt that was interrupted can be repeated: what it made is used, and nothing counts
/// before the last step.
///
/// # Errors
/// [`InitError::AlreadyInitialised`] if it was made before.
pub async fn init(
    config: &Config,
    mut options: InitOptions,
    clock: SharedClock,
) -> Result<InitOutcome, InitError> {
    let secrets_file = options.secrets_file.take();
    let store: &dyn Store = &SqlStore::open(&config.database).await?;
    if store.is_initialised().await? {
        return Err(InitError::AlreadyInitialised);
    }
    let now = clock.now();
    let certificate = if config.ca.external {
        own_from_elsewhere(config)?
    } else {
        new_authority(config, store, now).await?
    };
    keys::create(&config.tokens.key_directory, now)?;
    let service_id = &config.identity.service_id;

    let password = random_password();
    let secret = random_secret();
    let passwords = Passwords::new(1, config.login.longest_wait.get())?;
    let (participant, user) = operator(options, now)?;
    let first = FirstEntries {
        password_hash: passwords.hash(password.clone()).await?,
        clients: vec![own_client(config, now), operator_client(&secret, now)],
        certificate,
        participant,
        user,
    };
    let event = Actor::system().event(now, "installation.initialised", service_id, None);
    let outcome = InitOutcome {
        operator_user_id: first.user.user_id.clone(),
        operator_password: OneTimeSecret::new(password),
        operator_client_id: OPERATOR_CLIENT.to_owned(),
        operator_client_secret: OneTimeSecret::new(secret),
        ca_pem: config.tls.ca.clone(),
    };
    // Before they count: secrets that got lost on their way to the disk would leave an installation that nobody can sign in to.
    let kept = secrets_file.map(|path| keep(path, &outcome)).transpose()?;
    if let Err(error) = store.initialise(&first, &event).await {
        if let Some(path) = kept {
            // What matters is why there is no installation; the secrets in the file are good for nothing.
            let _ = std::fs::remove_file(path);
        }
        return Err(error.into());
    }
    Ok(outcome)
}

/// Writes `outcome` to `path`, where nothing may be yet, for the owner's eyes alone from the first moment on.
fn keep(path: PathBuf, outcome: &InitOutcome) -> Result<PathBuf, InitError> {
    let written = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| {
            let whole = serde_json::to_vec_pretty(outcome)
                .map_err(std::io::Error::from)
                .and_then(|text| file.write_all(&text))
                .and_then(|()| file.write_all(b"\n"))
                .and_then(|()| file.sync_all());
            if whole.is_err() {
                // Half a file would be in the way of the next attempt.
                let _ = std::fs::remove_file(&path);
            }
            whole
        });
    match written {
        Ok(()) => Ok(path),
        Err(source) => Err(InitError::Secrets { path, source }),
    }
}

/// Makes the certificates of the authority anew that are of the future: they were made while the clock was ahead, and nobody
/// accepts them until then. For an installation that no one else relies on yet; elsewhere the clock is what is to be mended.
/// Returns whether there were any. Whatever was issued meanwhile is renewed by its owner.
///
/// # Errors
/// [`InitError`].
pub fn remake_unbegun(config: &Config, clock: &SharedClock) -> Result<bool, InitError> {
    let files = CaFiles::new(&config.ca.directory);
    if config.ca.external || !ca::remake_unbegun(&files, clock.now())? {
        return Ok(false);
    }
    write(&config.tls.ca, Authority::load(&config.ca)?.root_pem())?;
    Ok(true)
}

/// Makes the authority, its first revocation lists, and the server's own certificate.
async fn new_authority(
    config: &Config,
    store: &dyn Store,
    now: OffsetDateTime,
) -> Result<CertificateRecord, InitError> {
    let crl_path = config.tls.crl.as_deref().ok_or(InitError::NoCrlPath)?;
    create(&CaFiles::new(&config.ca.directory), now)?;
    let authority = Authority::load(&config.ca)?;
    write(&config.tls.ca, authority.root_pem())?;
    let number = i64::try_from(unix_millis(now)).unwrap_or(i64::MAX);
    write(
        crl_path,
        &authority.crl_pem(&[], store.next_crl_number(number).await?, now)?,
    )?;
    let key = KeyPair::generate()?;
    let csr = CertificateParams::default()
        .serialize_request(&key)?
        .pem()?;
    let service_id = &config.identity.service_id;
    let certificate = authority.issue(service_id, &RequestedKey::parse(&csr)?, now)?;
    install(&config.tls, &key.serialize_pem(), &certificate.chain_pem)?;
    Ok(certificate)
}

/// The server's own certificate, which another authority issued and somebody put in its place.
fn own_from_elsewhere(config: &Config) -> Result<CertificateRecord, InitError> {
    let path = &config.tls.certificate;
    let text = std::fs::read_to_string(path).map_err(|source| InitError::Missing {
        path: path.clone(),
        source,
    })?;
    let read = external::read(&text, &config.identity.service_id);
    let read = read.map_err(|source| InitError::OwnCertificate {
        path: path.clone(),
        source,
    })?;
    Ok(read.into_record())
}

fn operator(
    options: InitOptions,
    now: OffsetDateTime,
) -> Result<(Participant, User), RegisterError> {
    let body = match options.organisation {
        Some(organisation) => CreateParticipant {
            kind: ParticipantKind::Organisation,
            name: organisation.name,
            corporate_number: Some(organisation.corporate_number),
            email: None,
            domain: None,
        },
        None => CreateParticipant {
            kind: ParticipantKind::Individual,
            name: options.operator_name.clone(),
            corporate_number: None,
            email: None,
            domain: None,
        },
    };
    let participant = Participant {
        id: uuid_v7(now),
        kind: body.kind,
        number: number_of(&body)?,
        name: body.name,
        email: body.email,
        domain: None,
        state: State::Active,
        created_at: now,
    };
    let user_id = issue_user_id(&participant, "op").map_err(|error| RegisterError::Invalid {
        field: "corporate_number",
        message: error.to_string(),
    })?;
    let user = User {
        id: uuid_v7(now),
        orgs: vec![user_id.clone()],
        user_id,
        participant: participant.id,
        name: options.operator_name,
        email: None,
        roles: vec![Role::Operator],
        extras: None,
        state: State::Active,
        created_at: now,
    };
    Ok((participant, user))
}

fn own_client(config: &Config, now: OffsetDateTime) -> Client {
    Client {
        id: config.identity.service_id.to_string(),
        name: "Authentication server".into(),
        kind: ClientKind::Service(ServiceKind::Server),
        user: None,
        secret_hash: None,
        secret_on_public: false,
        grants: Vec::new(),
        redirects: RedirectUris::default(),
        state: State::Active,
        created_at: now,
    }
}

fn operator_client(secret: &str, now: OffsetDateTime) -> Client {
    Client {
        id: OPERATOR_CLIENT.to_owned(),
        name: "Operator".into(),
        kind: ClientKind::App(Purpose::Management {
            servers: true,
            ids: Vec::new(),
        }),
        user: None,
        secret_hash: Some(secrets::hash(secret)),
        secret_on_public: true,
        grants: vec![GrantType::Password, GrantType::RefreshToken],
        redirects: RedirectUris::default(),
        state: State::Active,
        created_at: now,
    }
}

fn write(path: &Path, content: &str) -> Result<(), InitError> {
    write_file(path, content.as_bytes(), false).map_err(|source| InitError::File {
        path: path.into(),
        source,
    })
}
