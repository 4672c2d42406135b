//! Registering participants, users and clients, and changing them.
//!
//! Every change is one transaction with its event, then the same change in the [`Directory`]. Both run to their end even if
//! the caller leaves in between, so that memory and database never differ.

mod clients;
mod people;
mod redirects;

use std::{
    fmt::Display,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use auth_client::{State, api::Event};
use common::{clock::SharedClock, ids::uuid_v7};
use common_db::is_unavailable;
pub(crate) use people::{issue as issue_user_id, number_of};
use time::OffsetDateTime;
use tokio::sync::Mutex;

use super::{
    directory::Directory,
    password::{PasswordError, Passwords},
    store::{AccountsError, Duplicate, Store},
};

/// Why something was not registered or changed.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// A member of the request is wrong.
    #[error("{field}: {message}")]
    Invalid {
        /// The member.
        field: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// Something unique exists already.
    #[error("{0:?} is taken")]
    Duplicate(Duplicate),
    /// There is no such entry.
    #[error("there is no such {0}")]
    Unknown(&'static str),
    /// Every suffix of the participant's number is in use.
    #[error("every user ID of this participant is in use")]
    NoSuffixLeft,
    /// Who asks would lock themselves out.
    #[error("nobody suspends their own account")]
    OwnAccount,
    /// One-time codes lead to certificates, which are another authority's business.
    #[error("certificates come from another authority here")]
    Elsewhere,
    /// The password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The database failed.
    #[error(transparent)]
    Store(AccountsError),
    /// The change was stopped, as at a shutdown.
    #[error("the change was interrupted")]
    Interrupted(#[source] tokio::task::JoinError),
}

impl From<AccountsError> for RegisterError {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::Duplicate(what) => Self::Duplicate(what),
            other => Self::Store(other),
        }
    }
}

/// Who makes a change, for the audit trail.
#[derive(Debug, Clone)]
pub struct Actor {
    /// A user ID, a client id, or `system`.
    pub name: String,
    /// The request.
    pub request_id: Option<String>,
}

impl Actor {
    /// The server itself.
    pub fn system() -> Self {
        Self {
            name: "system".into(),
            request_id: None,
        }
    }

    /// An event that this actor causes.
    pub fn event(
        &self,
        at: OffsetDateTime,
        kind: impl Into<String>,
        subject: &(impl Display + ?Sized),
        reason: Option<String>,
    ) -> Event {
        Event {
            id: uuid_v7(at),
            at,
            actor: self.name.clone(),
            kind: kind.into(),
            subject: subject.to_string(),
            reason,
            request_id: self.request_id.clone(),
        }
    }
}

/// Registers and changes. Shared by all requests.
#[derive(Debug, Clone)]
pub struct Registrar(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<dyn Store>,
    directory: Arc<Directory>,
    passwords: Arc<Passwords>,
    clock: SharedClock,
    code_lifetime: Option<Duration>,
    /// Held over commit and change in memory, so that both have the same order.
    writing: Mutex<()>,
    is_in_doubt: AtomicBool,
}

impl Registrar {
    /// A registrar that keeps `directory` in step with `store`; one-time codes live for `code_lifetime`, and there are none
    /// where certificates come from elsewhere.
    pub fn new(
        store: Arc<dyn Store>,
        directory: Arc<Directory>,
        passwords: Arc<Passwords>,
        clock: SharedClock,
        code_lifetime: Option<Duration>,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            directory,
            passwords,
            clock,
            code_lifetime,
            writing: Mutex::default(),
            is_in_doubt: AtomicBool::new(false),
        }))
    }

    fn now(&self) -> OffsetDateTime {
        self.0.clock.now()
    }

    /// Runs `change` while no other runs, and to its end, whatever becomes of the caller.
    async fn alone<T, F>(
        &self,
        change: impl FnOnce(Self) -> F + Send + 'static,
    ) -> Result<T, RegisterError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, RegisterError>> + Send + 'static,
    {
        let this = self.clone();
        let noted = async move {
            let _writing = this.0.writing.lock().await;
            let outcome = change(this.clone()).await;
            if let Err(RegisterError::Store(error)) = &outcome
                && is_unavailable(error)
            {
                this.0.is_in_doubt.store(true, Ordering::Release);
            }
            outcome
        };
        tokio::spawn(noted)
            .await
            .map_err(RegisterError::Interrupted)?
    }

    /// Whether a database that went away may have done what it did not acknowledge, so that memory lacks it.
    pub fn is_in_doubt(&self) -> bool {
        self.0.is_in_doubt.load(Ordering::Acquire)
    }

    /// Takes in what is different in the database since there were `since` changes, or everything, and says how many there are now;
    /// families revoked since `families_since`.
    ///
    /// # Errors
    /// [`AccountsError`]; memory stays as it was, and in doubt if it was.
    pub async fn catch_up(
        &self,
        since: Option<i64>,
        families_since: OffsetDateTime,
    ) -> Result<i64, AccountsError> {
        let _writing = self.0.writing.lock().await;
        let was_in_doubt = self.0.is_in_doubt.swap(false, Ordering::AcqRel);
        match self.0.store.news(since, families_since).await {
            Ok(news) => {
                let changes = news.changes;
                self.0.directory.take_in(news);
                Ok(changes)
            }
            Err(error) => {
                self.0.is_in_doubt.fetch_or(was_in_doubt, Ordering::AcqRel);
                Err(error)
            }
        }
    }
}

fn state_event(entity: &str, state: State) -> String {
    let done = match state {
        State::Active => "activated",
        State::Suspended => "suspended",
    };
    format!("{entity}.{done}")
}

fn invalid(field: &'static str, message: impl Into<String>) -> RegisterError {
    RegisterError::Invalid {
        field,
        message: message.into(),
    }
}

/// A text of `min` to `max` characters without control characters.
fn check_text(
    field: &'static str,
    text: &str,
    min: usize,
    max: usize,
) -> Result<(), RegisterError> {
    let length = text.chars().count();
    if !(min..=max).contains(&length) {
        return Err(invalid(
            field,
            format!("must have {min} to {max} characters, has {length}"),
        ));
    }
    if min > 0 && text.trim().is_empty() {
        return Err(invalid(field, "must not be blank"));
    }
    if text.chars().any(char::is_control) {
        return Err(invalid(field, "must not contain control characters"));
    }
    Ok(())
}

/// A reason for the audit trail.
pub(crate) fn check_reason(reason: &str) -> Result<(), RegisterError> {
    check_text("reason", reason, 1, 1000)
}

fn check_email(email: Option<&str>) -> Result<(), RegisterError> {
    let Some(email) = email else { return Ok(()) };
    check_text("email", email, 3, 254)?;
    let (local, domain) = email.rsplit_once('@').unwrap_or_default();
    if local.is_empty() || domain.is_empty() || email.contains(char::is_whitespace) {
        return Err(invalid("email", "must have the form name@domain"));
    }
    Ok(())
}
