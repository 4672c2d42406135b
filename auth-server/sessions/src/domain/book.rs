//! Sessions from their beginning to their end.

use std::{sync::Arc, time::Duration};

use auth_client::{
    Binding, CallerError, Callers, MeantFor, SignInError, SignedInTokens, SignsPeopleIn,
    VerifiedToken,
};
use common::{clock::SharedClock, ids::ConnectorId, process::Shutdown, telemetry::Chain};
use common_db::StoreError;
use moka::future::Cache;
use secrecy::{ExposeSecret as _, SecretString};
use time::OffsetDateTime;

use super::{
    kept::Kept,
    signed_in::SignedIn,
    store::{IdHash, SessionStore, Stored},
};
use crate::{config::SessionsConfig, key::Sealer};

/// 1 min: use is noted so seldom, for each note is a write.
const NOTED_EVERY: Duration = Duration::from_mins(1);

/// 15 s: longer than a client waits for the authentication server. Whoever refreshes for longer has died.
const CLAIM: Duration = Duration::from_secs(15);

/// 100 ms: how often it is looked whether another process has refreshed what is waited for.
const LOOK: Duration = Duration::from_millis(100);

/// How often that is looked at: for twice the time of a claim.
const LOOKS: u32 = 300;

/// 5 s: how long the outcome of a refresh is remembered for those who came with the tokens of before.
const REMEMBERED: Duration = Duration::from_secs(5);

/// 3 s: how long signing out waits for the authentication server, which is told later where it takes longer.
const FAREWELL: Duration = Duration::from_secs(3);

/// 10 s: how often it is looked for what is over.
const CHORES: Duration = Duration::from_secs(10);

/// Sessions of whose end the authentication server is told in one go.
const TOLD_AT_ONCE: u32 = 50;

/// Why nobody can be told to be signed in, or not.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    /// The authentication server could not be asked about the token.
    #[error("the authentication server cannot be asked about a session")]
    Judge(#[source] CallerError),
    /// It could not be asked for a new one.
    #[error("the tokens of a session cannot be refreshed: {0}")]
    Refresh(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why no session begins.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BeginError {
    /// The token does not count here.
    #[error("the token of the sign-in does not count here")]
    Token(#[source] CallerError),
    /// Of its person nothing can be learnt.
    #[error("nothing can be learnt of the person who signed in")]
    Person(#[source] SignInError),
    /// What was learnt is about somebody else.
    #[error("what was learnt of the person who signed in is about somebody else")]
    SomebodyElse,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl BeginError {
    /// Whether it may work in a moment.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Token(error) => error.is_unavailable(),
            Self::Person(error) => matches!(error, SignInError::Unavailable(_)),
            Self::SomebodyElse => false,
            Self::Store(_) => true,
        }
    }
}

/// What came of a refresh.
#[derive(Clone)]
enum Refreshed {
    Tokens(Arc<Kept>),
    Ended,
    Away(String),
}

/// Sessions, of one process of several that may share their database.
pub(crate) struct SessionBook {
    store: Arc<dyn SessionStore>,
    issuer: Arc<dyn SignsPeopleIn>,
    callers: Callers,
    own: ConnectorId,
    sealer: Sealer,
    clock: SharedClock,
    idle: Duration,
    max: Duration,
    per_user: u32,
    refreshing: Cache<(IdHash, i64), Refreshed>,
}

impl SessionBook {
    /// The sessions in `store`, at the screens of the server `own`.
    pub(crate) fn new(
        store: Arc<dyn SessionStore>,
        (issuer, callers): (Arc<dyn SignsPeopleIn>, Callers),
        own: ConnectorId,
        sealer: Sealer,
        (config, clock): (&SessionsConfig, SharedClock),
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            issuer,
            callers,
            own,
            sealer,
            clock,
            idle: config.idle.get(),
            max: config.max.get(),
            per_user: config.per_user,
            refreshing: Cache::builder()
                .max_capacity(10_000)
                .time_to_live(REMEMBERED)
                .build(),
        })
    }

    /// How long a session lasts at most.
    pub(crate) fn longest(&self) -> Duration {
        self.max
    }

    /// Begins a session of whoever got `tokens`, and ends the one with the cookie `former`, which the same browser has. Its id is
    /// a new one, which nobody can have known before.
    pub(crate) async fn begin(
        &self,
        tokens: SignedInTokens,
        former: Option<&str>,
    ) -> Result<String, BeginError> {
        let token = self
            .judge(&tokens.access)
            .await
            .map_err(BeginError::Token)?;
        let person = self.issuer.person(&tokens.access).await;
        let person = person.map_err(BeginError::Person)?;
        if person.sub != token.claims.sub {
            return Err(BeginError::SomebodyElse);
        }
        let now = self.clock.now();
        let (cookie, id) = IdHash::make();
        let session = Stored {
            id,
            user: token.claims.user.clone(),
            used_at: now,
            ends_at: now + self.max,
            tokens: Kept::new(tokens, person, now).seal(&self.sealer, &id),
            version: 0,
        };
        self.store.begin(&session, now, self.per_user).await?;
        if let Some(former) = former.and_then(IdHash::of) {
            self.store.end(&former, now).await?;
        }
        metrics::counter!("sessions_begun_total").increment(1);
        Ok(cookie)
    }

    /// Who has the session with this cookie, if anybody has.
    ///
    /// Cancel safe: a refresh that was begun comes to its end.
    pub(crate) async fn find(
        self: &Arc<Self>,
        cookie: &str,
    ) -> Result<Option<SignedIn>, SessionError> {
        let Some(id) = IdHash::of(cookie) else {
            return Ok(None);
        };
        let now = self.clock.now();
        let found = self.store.find(&id).await?;
        let is_on = |session: &Stored| now < session.ends_at && now < session.used_at + self.idle;
        let Some(session) = found.filter(is_on) else {
            return Ok(None);
        };
        let Some(kept) = self.open(&session) else {
            return Ok(None);
        };
        let kept = if now < kept.refresh_from {
            Arc::new(kept)
        } else {
            match self.refreshed(&session, Arc::new(kept)).await? {
                Some(kept) => kept,
                None => return Ok(None),
            }
        };
        let token = match self.judge(&kept.access).await {
            Ok(token) => token,
            Err(error) if error.is_unavailable() => return Err(SessionError::Judge(error)),
            Err(error) => {
                tracing::info!(reason = %Chain(&error), "a session ends: its token counts no more");
                self.forget(&id, "refused").await?;
                return Ok(None);
            }
        };
        let used_at = self.note_use(&session, now).await;
        Ok(Some(SignedIn {
            token,
            person: kept.person.clone(),
            ends_at: session.ends_at,
            idle_ends_at: session.ends_at.min(used_at + self.idle),
        }))
    }

    /// Ends the session with this cookie, and tells the authentication server, now or as soon as it can be told.
    pub(crate) async fn end(self: &Arc<Self>, cookie: &str) -> Result<(), StoreError> {
        let Some(id) = IdHash::of(cookie) else {
            return Ok(());
        };
        let found = self.store.find(&id).await?;
        self.store.end(&id, self.clock.now()).await?;
        if let Some(session) = found {
            metrics::counter!("sessions_ended_total", "reason" => "signed-out").increment(1);
            let book = Arc::clone(self);
            let telling = tokio::spawn(async move { book.tell(&session).await });
            // It goes on by itself where it takes longer.
            let _ = tokio::time::timeout(FAREWELL, telling).await;
        }
        Ok(())
    }

    /// Tells the authentication server of what has ended and removes what is over, until `shutdown`.
    pub(crate) fn spawn_chores(self: &Arc<Self>, shutdown: Shutdown) {
        let book = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                if let Err(error) = book.do_chores().await {
                    tracing::error!(error = %Chain(&error), "sessions that are over could not be removed");
                }
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(CHORES) => {}
                }
            }
        });
    }

    /// Once.
    pub(crate) async fn do_chores(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let pruned = self.store.prune(now, now - self.idle).await?;
        if pruned > 0 {
            metrics::counter!("sessions_ended_total", "reason" => "over").increment(pruned);
        }
        for session in self.store.ended(TOLD_AT_ONCE).await? {
            if !self.tell(&session).await {
                break;
            }
        }
        Ok(())
    }

    async fn judge(&self, access: &SecretString) -> Result<Arc<VerifiedToken>, CallerError> {
        let meant = MeantFor::Screens(&self.own);
        let caller = self
            .callers
            .identify(Binding::Nothing, Some(access.expose_secret()), meant)
            .await?;
        Ok(caller
            .token
            .expect("a token that was given is in the answer"))
    }

    fn open(&self, session: &Stored) -> Option<Kept> {
        let kept = Kept::open(&session.tokens, &self.sealer, &session.id);
        if kept.is_none() {
            tracing::error!(
                "a session cannot be opened: its key is another than that of sessions.key_file"
            );
        }
        kept
    }

    async fn forget(&self, id: &IdHash, reason: &'static str) -> Result<(), StoreError> {
        metrics::counter!("sessions_ended_total", "reason" => reason).increment(1);
        self.store.forget(id).await
    }

    /// When the session was last used, as far as that is kept.
    async fn note_use(&self, session: &Stored, now: OffsetDateTime) -> OffsetDateTime {
        if now < session.used_at + NOTED_EVERY.min(self.idle / 10) {
            return session.used_at;
        }
        match self.store.touch(&session.id, now).await {
            Ok(()) => now,
            // Whoever is signed in is so, whether it can be written down or not.
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "the use of a session could not be noted");
                session.used_at
            }
        }
    }

    /// The tokens that take the place of `old`, whoever gets them; `None` where the session ends with it.
    async fn refreshed(
        self: &Arc<Self>,
        session: &Stored,
        old: Arc<Kept>,
    ) -> Result<Option<Arc<Kept>>, SessionError> {
        let work = {
            let (book, session, old) = (Arc::clone(self), session.clone(), Arc::clone(&old));
            async move {
                // In a task of its own: the browser that asked first may go away, and with it a token that was given once.
                let task = tokio::spawn(async move { book.refresh(&session, old).await });
                let died = |_| Refreshed::Away("a refresh broke off".to_owned());
                task.await.unwrap_or_else(died)
            }
        };
        let key = (session.id, session.version);
        let is_passing = |outcome: &Refreshed| matches!(outcome, Refreshed::Away(_));
        let outcome = self
            .refreshing
            .entry(key)
            .or_insert_with_if(work, is_passing)
            .await
            .into_value();
        match outcome {
            Refreshed::Tokens(kept) => Ok(Some(kept)),
            Refreshed::Ended => Ok(None),
            // Its time is not over yet.
            Refreshed::Away(_) if self.clock.now() < old.expires_at => Ok(Some(old)),
            Refreshed::Away(why) => Err(SessionError::Refresh(why)),
        }
    }

    /// Refreshes, unless another process is at it.
    async fn refresh(&self, session: &Stored, old: Arc<Kept>) -> Refreshed {
        for _ in 0..LOOKS {
            match self.try_refresh(session, &old).await {
                Ok(Some(outcome)) => return outcome,
                Ok(None) if self.clock.now() < old.expires_at => return Refreshed::Tokens(old),
                Ok(None) => tokio::time::sleep(LOOK).await,
                Err(error) => {
                    tracing::error!(error = %Chain(&error), "the tokens of a session could not be refreshed");
                    return Refreshed::Away(error.to_string());
                }
            }
        }
        Refreshed::Away("another process has been at it for too long".to_owned())
    }

    /// What came of it; `None` while another process is at it.
    async fn try_refresh(
        &self,
        session: &Stored,
        old: &Kept,
    ) -> Result<Option<Refreshed>, StoreError> {
        let (id, version) = (&session.id, session.version);
        let now = self.clock.now();
        if !self.store.claim(id, version, now, now + CLAIM).await? {
            return Ok(match self.store.find(id).await? {
                None => Some(Refreshed::Ended),
                Some(found) if found.version == version => None,
                Some(found) => Some(self.found(&found)),
            });
        }
        Ok(Some(match self.issuer.refresh(&old.refresh).await {
            Ok(tokens) => {
                count("refreshed");
                let kept = Kept::new(tokens, old.person.clone(), self.clock.now());
                let sealed = kept.seal(&self.sealer, id);
                if self.store.refresh(id, version, &sealed).await? {
                    Refreshed::Tokens(Arc::new(kept))
                } else {
                    match self.store.find(id).await? {
                        Some(found) => self.found(&found),
                        None => Refreshed::Ended,
                    }
                }
            }
            Err(SignInError::Refused(reason)) => {
                count("refused");
                tracing::info!(reason, "a session ends: its tokens are not refreshed");
                self.forget(id, "refused").await?;
                Refreshed::Ended
            }
            Err(error) => {
                count("failed");
                self.store.unclaim(id, version).await?;
                Refreshed::Away(error.to_string())
            }
        }))
    }

    /// What another process has put there.
    fn found(&self, session: &Stored) -> Refreshed {
        match self.open(session) {
            Some(kept) => Refreshed::Tokens(Arc::new(kept)),
            None => Refreshed::Ended,
        }
    }

    /// Tells the authentication server that a session has ended, and forgets it; `false` if it has to be told later.
    async fn tell(&self, session: &Stored) -> bool {
        let told = match self.open(session) {
            Some(kept) => self.issuer.revoke(&kept.refresh).await,
            None => Ok(()),
        };
        let forgotten = match told {
            Ok(()) => self.store.forget(&session.id).await,
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "the authentication server is told later that a session has ended");
                return false;
            }
        };
        if let Err(error) = forgotten {
            tracing::warn!(error = %Chain(&error), "a session that has ended could not be removed");
        }
        true
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("session_refreshes_total", "outcome" => outcome).increment(1);
}

/// What the counters are.
pub(crate) fn describe_metrics() {
    metrics::describe_counter!(
        "sessions_begun_total",
        "Sessions of people that have begun."
    );
    metrics::describe_counter!(
        "sessions_ended_total",
        "Sessions of people that have ended, by reason: signed-out, refused (by the authentication server), over."
    );
    metrics::describe_counter!(
        "session_refreshes_total",
        "Refreshes of the tokens of sessions, by outcome: refreshed, refused, failed."
    );
}
