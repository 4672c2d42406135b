//! Participants and users.

use auth_client::{
    State,
    api::{
        ChangeState, CreateParticipant, CreateUser, CreatedUser, OneTimeSecret, Participant,
        ParticipantDomain, ParticipantKind, ResetPassword, User,
    },
};
use common::ids::{UserId, is_corporate_number, uuid_v7};
use uuid::Uuid;

use super::{
    Actor, RegisterError, Registrar, check_email, check_reason, check_text, invalid, state_event,
};
use crate::domain::secrets::random_password;

/// Characters of a suffix, in the order in which the server hands them out.
const SUFFIX: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// 50 organisations: with the longest `extras`, and between the longest connector IDs, the user's tokens still have less than
/// the 8 KiB that verifiers look at.
const MAX_ORGS: usize = 50;

/// 2000 bytes, as they stand in tokens.
const MAX_EXTRAS_BYTES: usize = 2000;

impl Registrar {
    /// Registers a participant.
    pub async fn create_participant(
        &self,
        actor: Actor,
        body: CreateParticipant,
    ) -> Result<Participant, RegisterError> {
        check_text("name", &body.name, 1, 200)?;
        check_email(body.email.as_deref())?;
        check_domain(body.domain.as_ref())?;
        let number = number_of(&body)?;
        self.alone(move |this| async move {
            let now = this.now();
            let participant = Participant {
                id: uuid_v7(now),
                kind: body.kind,
                name: body.name,
                number,
                email: body.email,
                domain: body.domain,
                state: State::Active,
                created_at: now,
            };
            let event = actor.event(now, "participant.registered", &participant.id, None);
            this.0
                .store
                .insert_participant(&participant, &event)
                .await?;
            this.0.directory.put_participant(participant.clone());
            Ok(participant)
        })
        .await
    }

    /// Says which domain a participant belongs to.
    pub async fn set_domain(
        &self,
        actor: Actor,
        id: Uuid,
        domain: Option<ParticipantDomain>,
    ) -> Result<Participant, RegisterError> {
        check_domain(domain.as_ref())?;
        self.alone(move |this| async move {
            let found = this.0.directory.participant(id);
            let found = found.ok_or(RegisterError::Unknown("participant"))?;
            let told = domain.as_ref().map(|domain| domain.letter.clone());
            let event = actor.event(this.now(), "participant.domain-set", &id, told);
            let store = &this.0.store;
            store.set_domain(id, domain.as_ref(), &event).await?;
            let participant = Participant {
                domain,
                ..(*found).clone()
            };
            this.0.directory.put_participant(participant.clone());
            Ok(participant)
        })
        .await
    }

    /// Suspends a participant with its users and connectors, or lets them act again.
    pub async fn set_participant_state(
        &self,
        actor: Actor,
        id: Uuid,
        change: ChangeState,
    ) -> Result<Participant, RegisterError> {
        check_reason(&change.reason)?;
        self.alone(move |this| async move {
            let found = this
                .0
                .directory
                .participant(id)
                .ok_or(RegisterError::Unknown("participant"))?;
            if change.state == State::Suspended
                && this.owns_account(&actor, |user| user.participant == id)
            {
                return Err(RegisterError::OwnAccount);
            }
            let now = this.now();
            let event = actor.event(
                now,
                state_event("participant", change.state),
                &id,
                Some(change.reason),
            );
            let ended = this
                .0
                .store
                .set_participant_state(id, change.state, &event)
                .await?;
            let participant = Participant {
                state: change.state,
                ..(*found).clone()
            };
            this.0.directory.put_participant(participant.clone());
            this.0.directory.revoke_families(ended, now);
            Ok(participant)
        })
        .await
    }

    /// Registers a user; the server makes the first password.
    pub async fn create_user(
        &self,
        actor: Actor,
        body: CreateUser,
    ) -> Result<CreatedUser, RegisterError> {
        check_text("name", &body.name, 1, 200)?;
        check_email(body.email.as_deref())?;
        if let Some(extras) = &body.extras {
            check_text("extras", extras, 1, 1000)?;
            if serde_json::Value::from(extras.as_str()).to_string().len() > MAX_EXTRAS_BYTES {
                return Err(invalid(
                    "extras",
                    format!("must have {MAX_EXTRAS_BYTES} bytes at most as a JSON string"),
                ));
            }
        }
        let participant = self
            .0
            .directory
            .participant(body.participant)
            .ok_or_else(|| invalid("participant", "there is no such participant"))?;
        let orgs = body.orgs.map(|orgs| self.registered_orgs(&orgs));
        let orgs = orgs.transpose()?;
        if let Some(suffix) = &body.suffix {
            issue(&participant, suffix).map_err(|error| invalid("suffix", error.to_string()))?;
        }
        let password = random_password();
        let password_hash = self.0.passwords.hash(password.clone()).await?;
        let user = self
            .alone(move |this| async move {
                let user_id = match &body.suffix {
                    Some(suffix) => issue(&participant, suffix)
                        .map_err(|error| invalid("suffix", error.to_string()))?,
                    None => this
                        .free_user_id(&participant)
                        .ok_or(RegisterError::NoSuffixLeft)?,
                };
                let now = this.now();
                let mut roles = body.roles;
                roles.sort_by_key(|role| role.as_str());
                roles.dedup();
                let orgs = orgs.unwrap_or_else(|| vec![user_id.clone()]);
                let user = User {
                    id: uuid_v7(now),
                    user_id,
                    participant: participant.id,
                    name: body.name,
                    email: body.email,
                    orgs,
                    roles,
                    extras: body.extras,
                    state: State::Active,
                    created_at: now,
                };
                let event = actor.event(now, "user.registered", &user.user_id, None);
                this.0
                    .store
                    .insert_user(&user, &password_hash, &event)
                    .await?;
                this.0.directory.put_user(user.clone());
                Ok(user)
            })
            .await?;
        Ok(CreatedUser {
            user,
            initial_password: OneTimeSecret::new(password),
        })
    }

    /// Suspends a user, or lets them act again.
    pub async fn set_user_state(
        &self,
        actor: Actor,
        id: UserId,
        change: ChangeState,
    ) -> Result<User, RegisterError> {
        check_reason(&change.reason)?;
        self.alone(move |this| async move {
            let found = this
                .0
                .directory
                .user(&id)
                .ok_or(RegisterError::Unknown("user"))?;
            if change.state == State::Suspended
                && this.owns_account(&actor, |user| user.id == found.id)
            {
                return Err(RegisterError::OwnAccount);
            }
            let now = this.now();
            let event = actor.event(
                now,
                state_event("user", change.state),
                &found.user_id,
                Some(change.reason),
            );
            let ended = this
                .0
                .store
                .set_user_state(&found.user_id, change.state, &event)
                .await?;
            let user = User {
                state: change.state,
                ..(*found).clone()
            };
            this.0.directory.put_user(user.clone());
            this.0.directory.revoke_families(ended, now);
            Ok(user)
        })
        .await
    }

    /// Gives a user a new password and ends their logins.
    pub async fn reset_password(
        &self,
        actor: Actor,
        id: UserId,
    ) -> Result<ResetPassword, RegisterError> {
        if self.0.directory.user(&id).is_none() {
            return Err(RegisterError::Unknown("user"));
        }
        let password = random_password();
        let password_hash = self.0.passwords.hash(password.clone()).await?;
        self.alone(move |this| async move {
            let found = this
                .0
                .directory
                .user(&id)
                .ok_or(RegisterError::Unknown("user"))?;
            let now = this.now();
            let event = actor.event(now, "user.password-reset", &found.user_id, None);
            let ended = this
                .0
                .store
                .set_password(&found.user_id, &password_hash, &event)
                .await?;
            this.0.directory.revoke_families(ended, now);
            Ok(())
        })
        .await?;
        Ok(ResetPassword {
            password: OneTimeSecret::new(password),
        })
    }

    /// The IDs of organisations as they are registered, each once.
    fn registered_orgs(&self, orgs: &[UserId]) -> Result<Vec<UserId>, RegisterError> {
        if orgs.len() > MAX_ORGS {
            return Err(invalid("orgs", format!("must be {MAX_ORGS} at most")));
        }
        let mut found = Vec::with_capacity(orgs.len());
        for org in orgs {
            let user = self.0.directory.user(org);
            let user = user.ok_or_else(|| invalid("orgs", format!("there is no user {org}")))?;
            if !found.contains(&user.user_id) {
                found.push(user.user_id.clone());
            }
        }
        Ok(found)
    }

    fn owns_account(&self, actor: &Actor, is: impl FnOnce(&User) -> bool) -> bool {
        let user = actor
            .name
            .parse()
            .ok()
            .and_then(|id| self.0.directory.user(&id));
        user.is_some_and(|user| is(&user))
    }

    /// The first ID of the participant that nobody has. IDs are never reused, since users are never deleted.
    fn free_user_id(&self, participant: &Participant) -> Option<UserId> {
        let suffixes = SUFFIX
            .iter()
            .flat_map(|first| SUFFIX.iter().map(move |second| [*first, *second]));
        suffixes
            .filter_map(|pair| issue(participant, std::str::from_utf8(&pair).ok()?).ok())
            .find(|id| self.0.directory.user(id).is_none())
    }
}

/// A letter and two names that screens have room for.
fn check_domain(domain: Option<&ParticipantDomain>) -> Result<(), RegisterError> {
    let Some(domain) = domain else { return Ok(()) };
    if !matches!(domain.letter.as_bytes(), [b'A'..=b'Z']) {
        return Err(invalid("domain.letter", "must be one of A to Z"));
    }
    check_text("domain.name_ja", &domain.name_ja, 1, 50)?;
    check_text("domain.name_en", &domain.name_en, 1, 50)
}

/// The user ID of a participant's number and a suffix.
///
/// The number of a private person begins with 0, which no corporate number does (its check digit is 1 to 9), so the two
/// never meet.
pub(crate) fn issue(
    participant: &Participant,
    suffix: &str,
) -> Result<UserId, common::ids::IdError> {
    if participant.kind == ParticipantKind::Organisation {
        return UserId::issue(&participant.number, suffix);
    }
    let fits = suffix.len() == 2 && suffix.bytes().all(|b| SUFFIX.contains(&b));
    if !fits {
        return Err(common::ids::IdError::Suffix);
    }
    UserId::parse(&format!("cadde.{}.{suffix}", participant.number))
}

/// The number in the user IDs of a new participant.
pub(crate) fn number_of(body: &CreateParticipant) -> Result<String, RegisterError> {
    match (body.kind, &body.corporate_number) {
        (ParticipantKind::Organisation, Some(number)) if is_corporate_number(number) => {
            Ok(number.clone())
        }
        (ParticipantKind::Organisation, Some(_)) => Err(invalid(
            "corporate_number",
            common::ids::IdError::CorporateNumber.to_string(),
        )),
        (ParticipantKind::Organisation, None) => Err(invalid(
            "corporate_number",
            "is required of an organisation",
        )),
        (ParticipantKind::Individual, None) => {
            let digits = u64::from_be_bytes(crate::random::random::<8>()) % 1_000_000_000_000;
            Ok(format!("0{digits:012}"))
        }
        (ParticipantKind::Individual, Some(_)) => Err(invalid(
            "corporate_number",
            "a private person has none; the server assigns a number",
        )),
    }
}
