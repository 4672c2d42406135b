//! The rules of the store, on both databases.

use common_db::{Database, DatabaseConfig, Json, sql};
use test_postgres::{Site, both, kept, up_to, uses_index};

use super::{MIGRATIONS, SqlStore, conformance};

async fn open(config: &DatabaseConfig) -> SqlStore {
    SqlStore::open(config).await.expect("a database")
}

both! { open in conformance:
    nothing_is_initialised_before_all_of_it_is,
    what_was_registered_is_loaded_again,
    numbers_ids_and_addresses_are_taken_once,
    of_the_same_registration_at_the_same_time_one_succeeds,
    references_have_to_exist,
    a_refused_registration_leaves_no_trace,
    states_passwords_and_secrets_change_with_their_event,
    a_profile_is_learnt_once_and_set_whenever,
    a_purpose_is_kept,
    redirects_are_kept,
    a_domain_is_kept,
    events_are_paged_from_the_newest,
    events_are_forgotten_once_they_are_old,
    crl_numbers_grow,
    changes_are_counted,
    news_are_what_is_different,
    a_code_is_spent_once,
    a_new_code_replaces_those_that_were_not_spent,
    of_codes_made_at_the_same_time_one_is_left,
    a_key_belongs_to_one_client_for_ever,
    a_compromised_key_is_never_certified_again,
    a_compromised_certificate_takes_its_family,
    nothing_renews_what_was_revoked_meanwhile,
    names_with_nul_are_unknown,
    certificates_are_found_by_their_hash,
    certificates_are_paged_from_the_oldest,
    revocation_happens_once_and_shows_while_it_matters,
    a_refresh_token_is_replaced,
    a_family_begins_only_by_what_is_still_true,
    of_a_login_and_a_suspension_at_once_no_family_is_left,
    a_token_that_does_not_fit_is_refused,
    a_token_used_again_ends_its_family,
    of_a_token_presented_at_once_there_is_one_successor,
    a_successor_is_forgotten_after_the_grace,
    a_token_without_a_successor_gets_one_within_its_grace,
    of_a_token_presented_twice_at_once_both_or_one_is_answered,
    families_end_with_whom_they_belong_to,
    what_has_ended_is_forgotten,
    a_session_counts_while_it_is_used,
    sessions_and_codes_are_so_many,
    a_code_begins_a_family_once,
    a_code_that_does_not_fit_is_refused,
    of_a_code_shown_twice_at_once_one_begins,
    sessions_end_with_whom_they_belong_to,
    signing_out_ends_what_it_is_about,
    sessions_and_codes_that_are_over_are_forgotten,
}

#[tokio::test]
async fn searches_use_an_index() {
    for site in Site::each() {
        let store = open(&site.config).await;
        for (query, sqlite, postgres) in [
            (
                "SELECT * FROM certificates WHERE client_id = 'c' AND seq > 1 ORDER BY seq LIMIT 2",
                "certificates_client",
                "certificates_client",
            ),
            (
                "SELECT * FROM certificates WHERE serial = 's'",
                "sqlite_autoindex_certificates",
                "certificates_serial",
            ),
            (
                "SELECT * FROM certificates WHERE revoked_at IS NOT NULL AND not_after > '2026-11-30'",
                "certificates_revoked",
                "certificates_revoked",
            ),
            (
                "SELECT * FROM token_families WHERE user_id = 'u' AND revoked_at IS NULL",
                "token_families_user",
                "token_families_user",
            ),
            (
                "SELECT * FROM token_families WHERE revoked_at >= '2026-11-30'",
                "token_families_revoked",
                "token_families_revoked",
            ),
            (
                "UPDATE refresh_tokens SET successor = NULL WHERE successor IS NOT NULL AND used_at < '2026-11-30'",
                "refresh_tokens_sealed",
                "refresh_tokens_sealed",
            ),
            (
                "SELECT * FROM token_families WHERE code = 'c'",
                "token_families_code",
                "token_families_code",
            ),
            (
                "SELECT * FROM token_families WHERE login_session = 's' AND revoked_at IS NULL",
                "token_families_session",
                "token_families_session",
            ),
            (
                "SELECT * FROM login_sessions WHERE user_id = 'u'",
                "login_sessions_user",
                "login_sessions_user",
            ),
            (
                "SELECT count(*) FROM authorization_codes WHERE login_session = 's'",
                "authorization_codes_session",
                "authorization_codes_session",
            ),
            (
                "SELECT * FROM events WHERE id < '01937e3a-0000-7000-8000-0000000000ab' ORDER BY id DESC LIMIT 2",
                "PRIMARY KEY",
                "events_pkey",
            ),
            (
                "SELECT password_hash FROM users WHERE user_id = 'u'",
                "sqlite_autoindex_users",
                "users_user_id",
            ),
        ] {
            uses_index(&store.database, query, sqlite, postgres).await;
        }
    }
}

/// As after a commit whose acknowledgement was lost.
#[tokio::test]
async fn memory_takes_in_what_it_has_missed_and_forgets_nothing() {
    use crate::{
        domain::{
            directory,
            password::Passwords,
            registrar::Registrar,
            store::{Installation as _, Participants as _},
        },
        store::conformance::{AT, event, participant},
    };

    for site in Site::each() {
        let store = std::sync::Arc::new(open(&site.config).await);
        let memory = directory::load(&*store, AT).await.unwrap();
        let passwords = Passwords::new(1, std::time::Duration::from_secs(1)).unwrap();
        let registrar = Registrar::new(
            store.clone(),
            memory.clone(),
            std::sync::Arc::new(passwords),
            std::sync::Arc::new(common::clock::ManualClock::new(AT)),
            Some(std::time::Duration::from_secs(1)),
        );
        let family = common::ids::uuid_v7(AT);
        memory.revoke_families([family], AT);
        let missed = participant("1");
        store
            .insert_participant(&missed, &event("missed", 1))
            .await
            .unwrap();
        assert!(memory.participant(missed.id).is_none());
        assert!(!registrar.is_in_doubt());
        let before = store.changes().await.unwrap() - 1;
        registrar.catch_up(Some(before), AT).await.unwrap();
        assert!(memory.participant(missed.id).is_some());
        assert!(memory.is_revoked(family));
    }
}

/// What the version before registered counts as it did: the operator manages, connectors have said nothing of what they speak.
#[tokio::test]
async fn registrations_of_before_get_their_purpose() {
    use auth_client::api::Purpose;

    use crate::domain::store::Installation as _;

    let before = up_to(&MIGRATIONS, 5);
    for site in Site::each() {
        let old = Database::open(&site.config, &before).await.unwrap();
        for (id, kind, role) in [
            ("operator", "app", None),
            ("other", "app", None),
            ("r.example", "connector", Some("receiver")),
        ] {
            let insertion = sql(
                "INSERT INTO clients (client_id, kind, name, secret_on_public, grants, connector_role, state, created_at) \
                 VALUES ($1, $2, '', $3, $4, $5, 'active', $6)",
            )
            .bind(id)
            .bind(kind)
            .bind(true)
            .bind(Json([(); 0]))
            .bind(role)
            .bind(time::OffsetDateTime::UNIX_EPOCH);
            old.execute(insertion).await.unwrap();
        }
        drop(old);
        let store = open(&site.config).await;
        let all = store.load(time::OffsetDateTime::UNIX_EPOCH).await.unwrap();
        let purpose = |id: &str| {
            let client = all.clients.iter().find(|client| client.id == id).unwrap();
            client.to_app().unwrap().purpose
        };
        assert_eq!(
            purpose("operator"),
            Purpose::Management {
                servers: true,
                ids: Vec::new()
            }
        );
        assert_eq!(purpose("other"), Purpose::Application);
        assert!(format!("{:?}", all.clients).contains("profile: None"));
    }
}

/// Databases of versions before open, and everything that they hold is there.
#[tokio::test]
async fn what_versions_before_wrote_is_whole() {
    for kept in kept!("before-1" at 5, "before-2" at 7) {
        for site in Site::each_with(&MIGRATIONS, &kept).await {
            whole(&open(&site.config).await).await;
        }
    }
}

/// Whether everything is read of what a trial leaves behind.
async fn whole(store: &SqlStore) {
    use time::{Duration, OffsetDateTime};

    use crate::{domain::store::*, random::random, store::conformance::event};

    assert!(store.is_initialised().await.unwrap());
    let all = store.load(OffsetDateTime::UNIX_EPOCH).await.unwrap();
    assert_eq!(all.participants.len(), 4);
    assert_eq!((all.users.len(), all.clients.len()), (7, 14));
    assert_eq!(
        all.users.iter().map(|user| user.orgs.len()).sum::<usize>(),
        7
    );
    let connectors = all
        .clients
        .iter()
        .filter(|client| client.base_url().is_some());
    assert_eq!(connectors.count(), 3);
    for user in &all.users {
        let hash = store.password_hash(&user.user_id).await.unwrap().unwrap();
        assert!(hash.starts_with("$argon2id$"));
    }

    let certificates = store.certificates(None, 0, 100).await.unwrap();
    assert_eq!(certificates.len(), 10);
    for (_, certificate) in &certificates {
        assert!(certificate.not_before < certificate.not_after);
        let sha256 = hex::decode(&certificate.sha256).unwrap();
        let sha256 = sha256.as_slice().try_into().unwrap();
        let found = store.certificate_by_sha256(&sha256).await.unwrap().unwrap();
        assert_eq!(found.serial, certificate.serial);
    }

    let rows = async |statement| store.database.fetch_all(statement).await.unwrap();
    let hash =
        |row: &common_db::Row| <[u8; 32]>::try_from(row.get::<Vec<u8>>("hash").unwrap()).unwrap();
    let codes = rows(sql("SELECT hash FROM enrolment_codes")).await;
    assert_eq!(codes.len(), 9);
    for code in &codes {
        let code = store.code(&hash(code)).await.unwrap().unwrap();
        let spent_on = code.spent_on.unwrap();
        assert_eq!(spent_on.certificate.subject.as_str(), code.client_id);
        assert!(spent_on.chain_pem.contains("BEGIN CERTIFICATE"));
    }

    let count = rows(sql("SELECT count(*) AS n FROM events")).await;
    let events = store.events(None, 100).await.unwrap();
    assert_eq!(
        i64::try_from(events.len()).unwrap(),
        count[0].get::<i64>("n").unwrap()
    );
    assert!(events.iter().all(|event| event.at.year() == 2026));

    // Sessions go on.
    let tokens = sql(
        "SELECT t.hash, t.created_at, f.client_id FROM refresh_tokens t JOIN token_families f ON f.id = t.family \
         WHERE t.used_at IS NULL",
    );
    let tokens = rows(tokens).await;
    assert!(tokens.len() > 5);
    for token in &tokens {
        let client_id: String = token.get("client_id").unwrap();
        let made: OffsetDateTime = token.get("created_at").unwrap();
        let rotation = Rotation {
            presented: hash(token),
            client_id: &client_id,
            replacement: random(),
            sealed: vec![1],
            now: made + Duration::seconds(1),
            idle: Duration::hours(1),
            grace: Duration::seconds(10),
        };
        let rotated = store.rotate(&rotation, &event("reused", 1)).await.unwrap();
        assert!(matches!(rotated, Rotated::Replaced(_)), "{rotated:?}");
    }

    // And so does what is counted.
    let changes = store.changes().await.unwrap();
    store
        .revoke(
            &certificates[0].1.serial,
            certificates[0].1.not_after,
            true,
            &event("revoked", 1),
        )
        .await
        .unwrap();
    assert!(store.changes().await.unwrap() > changes);
    let number = store.next_crl_number(1).await.unwrap();
    assert!(store.next_crl_number(1).await.unwrap() == number + 1 && number > 1);
}
