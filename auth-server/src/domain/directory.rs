//! All registrations in memory, in step with the database, and what they mean together.
//!
//! The registrar changes an entry here right after its commit, under one lock, so the order of changes is the database's.
//! Requests only ever read: tokens are issued and checked without a query.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use auth_client::{
    ConnectorRegistration, ConnectorRole, Role, State,
    api::{
        GrantType, Page, Participant, Purpose, ServiceKind, ServiceRegistration, Suspensions, User,
        UserRegistration,
    },
};
use common::{
    base_url,
    ids::{ConnectorId, UserId},
};
use time::OffsetDateTime;
use url::Url;
use uuid::Uuid;

use super::{
    client::{Client, ClientKind},
    store::{AccountsError, Duplicate, News, Snapshot},
};

/// Registrations in memory.
#[derive(Debug, Default)]
pub struct Directory(RwLock<Maps>);

#[derive(Debug, Default)]
struct Maps {
    participants: BTreeMap<Uuid, Arc<Participant>>,
    users: BTreeMap<String, Arc<User>>,
    clients: BTreeMap<String, Arc<Client>>,
    /// Ids of the provider connectors that work for a user.
    providers: BTreeMap<String, BTreeSet<String>>,
    /// Client ids, folded: two that differ in case alone name one client.
    client_ids: BTreeSet<String>,
    /// Addresses of connectors, each in the spelling that is the one now.
    addresses: BTreeSet<Url>,
    revoked_families: BTreeMap<Uuid, OffsetDateTime>,
}

impl Maps {
    fn of(snapshot: Snapshot) -> Self {
        let mut maps = Self::default();
        maps.take_in(snapshot);
        maps
    }

    fn take_in(&mut self, entries: Snapshot) {
        let participants = entries.participants.into_iter();
        self.participants
            .extend(participants.map(|one| (one.id, Arc::new(one))));
        let users = entries.users.into_iter();
        self.users
            .extend(users.map(|one| (key(&one.user_id), Arc::new(one))));
        for client in entries.clients {
            self.put_client(client);
        }
        self.revoked_families.extend(entries.revoked_families);
    }

    fn put_client(&mut self, client: Client) {
        let is_provider = matches!(
            client.kind,
            ClientKind::Connector {
                role: ConnectorRole::Provider,
                ..
            }
        );
        if let Some(user) = client.user.as_ref().filter(|_| is_provider) {
            let of_user = self.providers.entry(key(user)).or_default();
            of_user.insert(client.id.clone());
        }
        self.client_ids.insert(client.id.to_ascii_lowercase());
        self.addresses.extend(spelt(&client));
        self.clients.insert(client.id.clone(), Arc::new(client));
    }

    /// Whether there are connectors that offer in a user's name, and all of them are barred.
    fn offers_no_more(&self, user: &UserId) -> bool {
        self.providers.get(&key(user)).is_some_and(|connectors| {
            let mut found = connectors.iter().filter_map(|id| self.clients.get(id));
            found.all(|client| !self.is_active(client))
        })
    }

    /// A user whom neither their own state nor their participant's bars.
    fn active_user(&self, id: &UserId) -> Option<&Arc<User>> {
        let user = self.users.get(&key(id))?;
        let participant = self.participants.get(&user.participant)?;
        (user.state == State::Active && participant.state == State::Active).then_some(user)
    }

    /// Whether neither the client's own state nor its participant's bars it. A suspended user bars nothing but what is done
    /// in the user's name: the connector of a domain goes on working for its other users.
    fn is_active(&self, client: &Client) -> bool {
        let participant = |user: &UserId| {
            let user = self.users.get(&key(user))?;
            self.participants.get(&user.participant)
        };
        client.state == State::Active
            && client.user.as_ref().is_none_or(|user| {
                participant(user).is_some_and(|participant| participant.state == State::Active)
            })
    }

    fn effective_state(&self, client: &Client) -> State {
        if self.is_active(client) {
            State::Active
        } else {
            State::Suspended
        }
    }
}

/// What was stored before may be in a spelling that is no longer the one.
fn spelt(client: &Client) -> Option<Url> {
    let url = client.base_url()?;
    Some(base_url::normalise(url).unwrap_or_else(|_| url.clone()))
}

fn is_server(client: &Arc<Client>) -> bool {
    client.kind == ClientKind::Service(ServiceKind::Server)
}

/// User IDs that differ in case alone name one user.
fn key(id: &UserId) -> String {
    id.as_str().to_lowercase()
}

impl Directory {
    /// Takes in what the database holds.
    pub fn fill(&self, snapshot: Snapshot) {
        *self.write() = Maps::of(snapshot);
    }

    /// Takes in what is different in the database. Families that were revoked in the meantime stay revoked.
    pub fn take_in(&self, news: News) {
        if news.is_whole {
            let mut whole = Maps::of(news.entries);
            let mut maps = self.write();
            whole.revoked_families.append(&mut maps.revoked_families);
            *maps = whole;
        } else {
            self.write().take_in(news.entries);
        }
    }

    /// A participant.
    pub fn participant(&self, id: Uuid) -> Option<Arc<Participant>> {
        self.read().participants.get(&id).cloned()
    }

    /// A user, whatever the state.
    pub fn user(&self, id: &UserId) -> Option<Arc<User>> {
        self.read().users.get(&key(id)).cloned()
    }

    /// A user who may act.
    pub fn active_user(&self, id: &UserId) -> Option<Arc<User>> {
        self.read().active_user(id).cloned()
    }

    /// A client, whatever the state.
    pub fn client(&self, id: &str) -> Option<Arc<Client>> {
        self.read().clients.get(id).cloned()
    }

    /// A client that may act.
    pub fn active_client(&self, id: &str) -> Option<Arc<Client>> {
        let maps = self.read();
        maps.clients
            .get(id)
            .filter(|client| maps.is_active(client))
            .cloned()
    }

    /// What of `new` belongs to another client: ID, whatever its case, and address.
    pub fn conflicts(&self, new: &Client) -> Vec<Duplicate> {
        let maps = self.read();
        let mut found = Vec::new();
        if maps.client_ids.contains(&new.id.to_ascii_lowercase()) {
            found.push(Duplicate::ClientId);
        }
        if spelt(new).is_some_and(|address| maps.addresses.contains(&address)) {
            found.push(Duplicate::BaseUrl);
        }
        found
    }

    /// What peers learn of a connector.
    pub fn connector(&self, id: &ConnectorId) -> Option<ConnectorRegistration> {
        let maps = self.read();
        let client = maps.clients.get(id.as_str())?;
        let connector = client.to_connector()?;
        Some(ConnectorRegistration {
            connector_id: connector.connector_id,
            role: connector.role,
            user_id: connector.user_id,
            profile: connector.profile.unwrap_or_default(),
            state: maps.effective_state(client),
        })
    }

    /// Those of `asked` who are registered and may not act.
    pub fn suspended(&self, mut asked: Suspensions) -> Suspensions {
        let maps = self.read();
        let clients = &maps.clients;
        asked.connectors.retain(|id| {
            let found = clients.get(id.as_str());
            found.is_some_and(|client| !maps.is_active(client))
        });
        asked
            .users
            .retain(|user| maps.users.contains_key(&key(user)) && maps.active_user(user).is_none());
        asked.providers.retain(|user| maps.offers_no_more(user));
        asked
    }

    /// Connectors of which nobody has said what they speak.
    pub fn without_profile(&self) -> Vec<String> {
        let is_unknown = |client: &&Arc<Client>| {
            matches!(client.kind, ClientKind::Connector { profile: None, .. })
        };
        let maps = self.read();
        let found = maps.clients.values().filter(is_unknown);
        found.map(|client| client.id.clone()).collect()
    }

    /// What servers of the data space learn of a user.
    pub fn registered_user(&self, id: &UserId) -> Option<UserRegistration> {
        let maps = self.read();
        let user = maps.users.get(&key(id))?;
        let connectors = maps.providers.get(&key(id)).into_iter().flatten();
        let mut provider_profiles = Vec::new();
        for connector in connectors.filter_map(|id| maps.clients.get(id)?.to_connector()) {
            let profile = connector.profile.unwrap_or_default();
            if !provider_profiles.contains(&profile) {
                provider_profiles.push(profile);
            }
        }
        Some(UserRegistration {
            user_id: user.user_id.clone(),
            provider_profiles,
        })
    }

    /// What peers learn of a service.
    pub fn service(&self, id: &ConnectorId) -> Option<ServiceRegistration> {
        let maps = self.read();
        let client = maps.clients.get(id.as_str())?;
        let service = client.to_service()?;
        Some(ServiceRegistration {
            service_id: service.service_id,
            kind: service.kind,
            state: maps.effective_state(client),
        })
    }

    /// Everything that those who sign in through `client` manage; `None` where it is no management client.
    pub fn managed(&self, client: &str) -> Option<Vec<String>> {
        let maps = self.read();
        let ClientKind::App(Purpose::Management { servers, ids }) = &maps.clients.get(client)?.kind
        else {
            return None;
        };
        let mut all: Vec<String> = ids.iter().map(ToString::to_string).collect();
        if *servers {
            let servers = maps.clients.values().filter(|client| is_server(client));
            all.extend(servers.map(|client| client.id.clone()));
        }
        all.sort();
        all.dedup();
        Some(all)
    }

    /// The roles that the API of a server with screens knows, where people sign in at `client`; `None` where it has none.
    pub fn roles_of_screens(&self, client: &str) -> Option<&'static [Role]> {
        let maps = self.read();
        let client = maps.clients.get(client)?;
        if !client.may(GrantType::AuthorizationCode) {
            return None;
        }
        match client.kind {
            ClientKind::Connector { .. } => Some(&[Role::Steward]),
            ClientKind::Service(_) => Some(&[Role::Operator, Role::Auditor, Role::Steward]),
            ClientKind::App(_) => None,
        }
    }

    /// Whether `client` is a management client for `id`.
    pub fn manages(&self, client: &str, id: &str) -> bool {
        let maps = self.read();
        let kind = maps.clients.get(client).map(|client| &client.kind);
        let Some(ClientKind::App(Purpose::Management { servers, ids })) = kind else {
            return false;
        };
        ids.iter().any(|one| one.as_str() == id)
            || (*servers && maps.clients.get(id).is_some_and(is_server))
    }

    /// Whether tokens of this family count no more.
    pub fn is_revoked(&self, family: Uuid) -> bool {
        self.read().revoked_families.contains_key(&family)
    }

    /// A page of participants after `after`.
    pub fn participants(&self, after: Option<Uuid>, limit: usize) -> Page<Participant> {
        let maps = self.read();
        let entries = maps
            .participants
            .range((exclusive(after), Bound::Unbounded));
        page(
            entries.map(|(id, one)| (id.to_string(), (**one).clone())),
            limit,
        )
    }

    /// A page of users after `after`.
    pub fn users(&self, after: Option<String>, limit: usize) -> Page<User> {
        let maps = self.read();
        let entries = maps.users.range((exclusive(after), Bound::Unbounded));
        page(
            entries.map(|(id, one)| (id.clone(), (**one).clone())),
            limit,
        )
    }

    /// A page of those clients after `after` that `pick` shows.
    pub fn clients<T>(
        &self,
        after: Option<String>,
        limit: usize,
        pick: impl Fn(&Client) -> Option<T>,
    ) -> Page<T> {
        let maps = self.read();
        let entries = maps.clients.range((exclusive(after), Bound::Unbounded));
        page(
            entries.filter_map(|(id, one)| Some((id.clone(), pick(one)?))),
            limit,
        )
    }

    /// Adds or replaces a participant.
    pub fn put_participant(&self, participant: Participant) {
        self.write()
            .participants
            .insert(participant.id, Arc::new(participant));
    }

    /// Adds or replaces a user.
    pub fn put_user(&self, user: User) {
        self.write()
            .users
            .insert(key(&user.user_id), Arc::new(user));
    }

    /// Adds or replaces a client.
    pub fn put_client(&self, client: Client) {
        self.write().put_client(client);
    }

    /// Makes the tokens of these families count no more.
    pub fn revoke_families(&self, families: impl IntoIterator<Item = Uuid>, at: OffsetDateTime) {
        self.write()
            .revoked_families
            .extend(families.into_iter().map(|family| (family, at)));
    }

    /// Forgets families revoked before `before`, whose tokens have all expired.
    pub fn forget_families(&self, before: OffsetDateTime) {
        self.write().revoked_families.retain(|_, at| *at >= before);
    }

    fn read(&self) -> RwLockReadGuard<'_, Maps> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Maps> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn exclusive<K>(after: Option<K>) -> Bound<K> {
    after.map_or(Bound::Unbounded, Bound::Excluded)
}

/// The first `limit` entries; `next` is the key of the last one shown if more follow.
fn page<T>(mut entries: impl Iterator<Item = (String, T)>, limit: usize) -> Page<T> {
    let mut last = None;
    let mut items = Vec::new();
    for (key, item) in entries.by_ref().take(limit) {
        last = Some(key);
        items.push(item);
    }
    let next = entries.next().and(last);
    Page { items, next }
}

/// Builds a directory from the store.
///
/// # Errors
/// [`AccountsError`].
pub async fn load(
    store: &dyn super::store::Store,
    families_since: OffsetDateTime,
) -> Result<Arc<Directory>, AccountsError> {
    let directory = Directory::default();
    directory.fill(store.load(families_since).await?);
    Ok(Arc::new(directory))
}
