//! Passwords: argon2id, few at a time, away from the threads that serve requests.

use std::{sync::Arc, time::Duration};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use common::background;
use subtle::ConstantTimeEq as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::random::random;

/// 1024 bytes: the longest password that is hashed.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// Why a password could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many others are waiting.
    #[error("too many logins at once")]
    Busy,
    /// The hash in the database is none.
    #[error("a stored password hash is unusable: {0}")]
    Hash(String),
}

/// Hashes and verifies passwords.
#[derive(Debug)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// Those of them that strangers may take: one is left for people who signed in before, where there are several.
    strangers: Arc<Semaphore>,
    longest_wait: Duration,
    /// Hash of a password that nobody has: an unknown user costs as much time as a known one.
    nobody: String,
}

/// 19 MiB, two passes, one lane: the first choice of OWASP's password storage cheat sheet for argon2id.
fn argon2() -> Argon2<'static> {
    let params =
        Params::new(19 * 1024, 2, 1, None).expect("the parameters are within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// 33 MiB in blocks of 1 KiB: what is reserved for a hash, of which it touches what it needs.
///
/// The C library gives memory back to the system at once if a piece is larger than 32 MiB (`M_MMAP_THRESHOLD`'s maximum).
/// Smaller ones it keeps, for each thread that has ever computed a hash, so that a few logins would leave the process with
/// hundreds of megabytes for good.
const RESERVED_BLOCKS: usize = 33 << 10;

fn derive(
    argon2: &Argon2<'_>,
    password: &str,
    salt: &[u8],
    output: &mut [u8],
) -> Result<(), PasswordError> {
    let needed = argon2.params().block_count();
    let mut memory = Vec::with_capacity(needed.max(RESERVED_BLOCKS));
    memory.resize(needed, Block::new());
    argon2
        .hash_password_into_with_memory(password.as_bytes(), salt, output, &mut memory[..])
        .map_err(unusable)
}

fn unusable(error: impl std::fmt::Display) -> PasswordError {
    PasswordError::Hash(error.to_string())
}

/// The hash of `password` in the PHC string format.
fn hash_now(password: &str) -> Result<String, PasswordError> {
    let argon2 = argon2();
    let salt = random::<16>();
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    derive(&argon2, password, &salt, &mut output)?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon2.params()).map_err(unusable)?,
        salt: Some(Salt::new(&salt).map_err(unusable)?),
        hash: Some(Output::new(&output).map_err(unusable)?),
    };
    Ok(hash.to_string())
}

/// Whether `password` is the one that `kept`, in the PHC string format, was made from, with the parameters that it names.
fn verify_now(password: &str, kept: &str) -> Result<bool, PasswordError> {
    let kept = PasswordHash::new(kept).map_err(unusable)?;
    let (Some(salt), Some(hash)) = (&kept.salt, &kept.hash) else {
        return Err(unusable("salt or hash is missing"));
    };
    let algorithm = Algorithm::new(kept.algorithm).map_err(unusable)?;
    let version = kept
        .version
        .map_or(Ok(Version::default()), Version::try_from);
    let params = Params::try_from(&kept).map_err(unusable)?;
    let argon2 = Argon2::new(algorithm, version.map_err(unusable)?, params);
    let mut output = vec![0; hash.len()];
    derive(&argon2, password, salt, &mut output)?;
    Ok(output.ct_eq(hash.as_bytes()).into())
}

impl Passwords {
    /// Computes at most `at_once` hashes at the same time; nobody waits longer than `longest_wait` for a turn.
    pub fn new(at_once: usize, longest_wait: Duration) -> Result<Self, PasswordError> {
        Ok(Self {
            turns: Arc::new(Semaphore::new(at_once)),
            strangers: Arc::new(Semaphore::new(at_once.saturating_sub(1).max(1))),
            longest_wait,
            nobody: hash_now(&super::secrets::random_secret())?,
        })
    }

    /// The hash to keep of `password`.
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        self.turn(None, move || hash_now(&password)).await
    }

    /// Whether `password` is the one that `kept` was made from. Without `kept` the answer is no, after the same time.
    pub async fn verify(
        &self,
        password: String,
        kept: Option<String>,
    ) -> Result<bool, PasswordError> {
        self.verify_in(None, password, kept).await
    }

    /// The same for somebody who has not signed in before, as far as is known: many of them leave room for the others, and what
    /// else is asked of this process is done first.
    pub async fn verify_strangers(
        &self,
        password: String,
        kept: Option<String>,
    ) -> Result<bool, PasswordError> {
        let waiting = Arc::clone(&self.strangers).acquire_owned();
        let place = tokio::time::timeout(self.longest_wait, waiting).await;
        let place = place
            .map_err(|_| PasswordError::Busy)?
            .map_err(|_| PasswordError::Busy)?;
        self.verify_in(Some(place), password, kept).await
    }

    async fn verify_in(
        &self,
        strangers: Option<OwnedSemaphorePermit>,
        password: String,
        kept: Option<String>,
    ) -> Result<bool, PasswordError> {
        if password.len() > MAX_PASSWORD_BYTES {
            return Ok(false);
        }
        let known = kept.is_some();
        let kept = kept.unwrap_or_else(|| self.nobody.clone());
        self.turn(strangers, move || Ok(verify_now(&password, &kept)? & known))
            .await
    }

    /// Does `work` when it is its turn, and gives the place of `strangers` back when it is done.
    async fn turn<T: Send + 'static>(
        &self,
        strangers: Option<OwnedSemaphorePermit>,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let turn = tokio::time::timeout(self.longest_wait, Arc::clone(&self.turns).acquire_owned());
        let turn = turn
            .await
            .map_err(|_| PasswordError::Busy)?
            .map_err(|_| PasswordError::Busy)?;
        // The permits go along: a caller that leaves doesn't make room before the work is done.
        let is_strangers = strangers.is_some();
        let work = move || {
            let result = work();
            drop((turn, strangers));
            result
        };
        let done = if is_strangers {
            background::run(work).await.ok()
        } else {
            tokio::task::spawn_blocking(work).await.ok()
        };
        done.unwrap_or(Err(PasswordError::Busy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let passwords = Passwords::new(1, Duration::from_mins(1)).unwrap();
        let kept = passwords.hash("correct horse".into()).await.unwrap();
        assert!(
            kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{kept}"
        );
        assert!(
            passwords
                .verify("correct horse".into(), Some(kept.clone()))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify("correct horsf".into(), Some(kept))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify("correct horse".into(), None)
                .await
                .unwrap()
        );
    }

    /// The vector is one of the reference implementation's own (phc-winner-argon2, `src/test.c`).
    #[test]
    fn hashes_with_other_parameters_are_read() {
        let kept =
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        assert!(verify_now("password", kept).unwrap());
        assert!(!verify_now("Password", kept).unwrap());
        let without_hash = kept.rsplit_once('$').unwrap().0;
        verify_now("password", without_hash).unwrap_err();
    }

    #[tokio::test]
    async fn who_gets_no_turn_is_told_so() {
        let passwords = Passwords::new(1, Duration::ZERO).unwrap();
        let taken = Arc::clone(&passwords.turns).acquire_owned().await.unwrap();
        assert!(matches!(
            passwords.hash("x".into()).await,
            Err(PasswordError::Busy)
        ));
        drop(taken);
        passwords.hash("x".into()).await.unwrap();
    }

    #[tokio::test]
    async fn strangers_stand_back() {
        let passwords = Passwords::new(1, Duration::from_mins(1)).unwrap();
        let stands_back = |strangers| {
            passwords.turn(strangers, || {
                Ok(std::thread::current().name() == Some("background"))
            })
        };
        let place = Arc::clone(&passwords.strangers).acquire_owned().await;
        assert!(stands_back(Some(place.unwrap())).await.unwrap());
        assert_eq!(passwords.strangers.available_permits(), 1);
        assert!(!stands_back(None).await.unwrap());
    }

    #[tokio::test]
    async fn strangers_leave_a_turn_to_others() {
        let passwords = Passwords::new(2, Duration::ZERO).unwrap();
        let taken = passwords.strangers.acquire().await.unwrap();
        let strangers = passwords.verify_strangers("x".into(), None).await;
        assert!(matches!(strangers, Err(PasswordError::Busy)));
        assert!(!passwords.verify("x".into(), None).await.unwrap());
        drop(taken);
        assert!(!passwords.verify_strangers("x".into(), None).await.unwrap());
    }

    /// Whoever hangs up while a hash is computed has it computed all the same.
    #[tokio::test]
    async fn a_stranger_who_leaves_makes_no_room_before_the_work_is_done() {
        let passwords = Passwords::new(2, Duration::from_mins(1)).unwrap();
        let mut leaving = Box::pin(passwords.verify_strangers("x".into(), None));
        assert!(futures_util::poll!(&mut leaving).is_pending());
        drop(leaving);
        let mut turns = passwords.turns.available_permits();
        while turns < 2 {
            // Read first, for it comes back last.
            let room = passwords.strangers.available_permits();
            turns = passwords.turns.available_permits();
            assert!(
                room == 0 || turns == 2,
                "a turn that strangers hold is free"
            );
            tokio::task::yield_now().await;
        }
        assert!(!passwords.verify_strangers("x".into(), None).await.unwrap());
    }

    #[tokio::test]
    async fn an_unusable_hash_is_an_error_and_not_a_wrong_password() {
        let passwords = Passwords::new(1, Duration::from_mins(1)).unwrap();
        assert!(matches!(
            passwords.verify("x".into(), Some("plain".into())).await,
            Err(PasswordError::Hash(_))
        ));
    }
}
