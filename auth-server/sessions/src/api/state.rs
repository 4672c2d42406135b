//! What the handlers work with.

use std::{net::IpAddr, sync::Arc, time::Duration};

use auth_client::{AuthConfig, Callers, CodeFlow, Membership, SignsPeopleIn};
use common::{
    clock::SharedClock, concurrency::ConcurrencyLimit, ids::ConnectorId, process::Context,
};
use common_db::{Database, DbError};
use metrics::gauge;
use url::Url;

use super::{cookies::Cookies, own::OwnOrigin, paths::CALLBACK};
use crate::{
    config::SessionsConfig,
    domain::book::{SessionBook, describe_metrics},
    key::{KeyError, KeyFile, Sealer},
    store::SqlSessions,
};

/// Codes that are redeemed at a time, in all and for one network.
pub(super) const REDEEMED: (usize, usize) = (32, 8);

/// The server whose screens people sign in at.
#[derive(Debug, Clone, Copy)]
pub struct Host<'a> {
    /// Its section `[sessions]`.
    pub config: &'a SessionsConfig,
    /// Under which address browsers reach its screens. `{external_url}/callback` is registered as its redirect URI, and
    /// `{external_url}/` as the one after signing out.
    pub external_url: &'a Url,
    /// Its ID: that of its certificate, and its client ID.
    pub own: &'a ConnectorId,
    /// Its section `[auth]`.
    pub auth: &'a AuthConfig,
    /// Its certificate, and who calls.
    pub member: &'a Membership,
    /// Its database, which gets tables for sessions beside its own.
    pub database: &'a Database,
    /// Its time and its end.
    pub context: &'a Context,
}

/// Why there are no sessions.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The key file cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The tables cannot be made.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// Signs people in at a server's screens, and knows who is. Clones share everything.
#[derive(Clone)]
pub struct Sessions(pub(super) Arc<Inner>);

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

/// What all requests share.
pub(super) struct Inner {
    pub(super) book: Arc<SessionBook>,
    pub(super) issuer: Arc<dyn SignsPeopleIn>,
    pub(super) cookies: Cookies,
    pub(super) origin: OwnOrigin,
    /// Without a slash at its end.
    pub(super) external: String,
    pub(super) redirect_uri: String,
    pub(super) sealer: Sealer,
    pub(super) sign_in: Duration,
    pub(super) clock: SharedClock,
    pub(super) redeemed: Arc<ConcurrencyLimit<IpAddr>>,
}

/// What [`Sessions`] are made of, whoever signs people in: tests of servers with screens have a stand-in do it.
pub struct Parts<'a> {
    /// As in [`Host`].
    pub config: &'a SessionsConfig,
    /// As in [`Host`].
    pub external_url: &'a Url,
    /// As in [`Host`].
    pub own: &'a ConnectorId,
    /// Signs people in.
    pub issuer: Arc<dyn SignsPeopleIn>,
    /// Decides who calls.
    pub callers: Callers,
    /// As in [`Host`].
    pub database: &'a Database,
    /// The time.
    pub clock: SharedClock,
}

impl Sessions {
    /// Opens what `host` keeps of sessions: makes its key where there is none, and brings its tables to their current schema. Tells
    /// the authentication server of those that have ended, and removes what is over, until the process ends.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(host: Host<'_>) -> Result<Self, OpenError> {
        describe_metrics();
        let (tls, clock) = (&host.member.tls, &host.context.clock);
        let issuer = CodeFlow::new(
            host.auth,
            host.own.clone(),
            Arc::clone(tls),
            Arc::clone(clock),
        );
        let sessions = Self::of(Parts {
            config: host.config,
            external_url: host.external_url,
            own: host.own,
            issuer: Arc::new(issuer),
            callers: host.member.callers.clone(),
            database: host.database,
            clock: Arc::clone(clock),
        })
        .await?;
        sessions.0.book.spawn_chores(host.context.shutdown.clone());
        Ok(sessions)
    }

    /// Opens them without their chores: nothing is removed that is over.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn of(parts: Parts<'_>) -> Result<Self, OpenError> {
        let store = SqlSessions::open(parts.database.clone()).await?;
        let key = KeyFile::open(&parts.config.key_file)?;
        let external = parts.external_url.as_str().trim_end_matches('/').to_owned();
        let book = SessionBook::new(
            Arc::new(store),
            (Arc::clone(&parts.issuer), parts.callers),
            parts.own.clone(),
            key.sealer("kakehashi: the tokens of a session"),
            (parts.config, Arc::clone(&parts.clock)),
        );
        let (total, per_network) = REDEEMED;
        Ok(Self(Arc::new(Inner {
            book,
            issuer: parts.issuer,
            cookies: Cookies::new(parts.own, parts.external_url),
            origin: OwnOrigin::new(parts.external_url),
            redirect_uri: format!("{external}{CALLBACK}"),
            external,
            sealer: key.sealer("kakehashi: a sign-in under way"),
            sign_in: parts.config.sign_in.get(),
            clock: parts.clock,
            redeemed: ConcurrencyLimit::new(total, per_network, gauge!("sign_ins_under_way")),
        })))
    }
}
