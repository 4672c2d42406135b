//! Certificates, and the codes that lead to them.

use time::Duration;

use super::entries::{AT, certificate, code, event, hash, initialised, kinds, service};
use crate::domain::store::{AccountsError, Duplicate, NewCode, Store};

async fn enrolling(store: &impl Store, client: &str, seed: u8) -> NewCode {
    let code = code(seed);
    let client = service(client);
    store
        .insert_client(&client, Some(&code), None, &event("client", 1))
        .await
        .expect("it is new");
    code
}

/// An installation in which `a.example` has the certificate `0a`.
async fn certified(store: &impl Store) {
    initialised(store).await;
    store
        .insert_client(&service("a.example"), None, None, &event("client", 1))
        .await
        .unwrap();
    store
        .record_certificate(&certificate("0a", "a.example", 1), &event("issued", 2))
        .await
        .unwrap();
}

/// On one certificate, which it leads back to; whoever comes second records nothing.
pub(crate) async fn a_code_is_spent_once(store: impl Store) {
    initialised(&store).await;
    let code = enrolling(&store, "s.example", 10).await;
    let found = store.code(&code.hash).await.unwrap().unwrap();
    assert_eq!(
        (found.client_id.as_str(), found.expires_at),
        ("s.example", AT + Duration::DAY)
    );
    assert!(found.spent_on.is_none());
    assert!(store.code(&hash(99)).await.unwrap().is_none());

    let (one, other) = (
        certificate("0a", "s.example", 11),
        certificate("0b", "s.example", 12),
    );
    let (first, second) = (event("one", 2), event("other", 3));
    let (a, b) = tokio::join!(
        store.record_enrolment(&code.hash, &one, &first),
        store.record_enrolment(&code.hash, &other, &second),
    );
    let (a, b) = (a.unwrap(), b.unwrap());
    assert!(a != b);
    let won = if a { "0a" } else { "0b" };
    let spent_on = store
        .code(&code.hash)
        .await
        .unwrap()
        .unwrap()
        .spent_on
        .unwrap();
    assert_eq!(spent_on.certificate.serial, won);
    assert_eq!(
        (spent_on.chain_pem.as_str(), spent_on.issued_here),
        ("PEM", true)
    );
    assert_eq!(spent_on.certificate.not_after, AT + Duration::days(90));
    let lost = if a { "0b" } else { "0a" };
    assert!(store.certificate(lost).await.unwrap().is_none());
    assert_eq!(kinds(&store).await.len(), 3);
}

/// A spent one stays, for whoever asks for its certificate again.
pub(crate) async fn a_new_code_replaces_those_that_were_not_spent(store: impl Store) {
    initialised(&store).await;
    let spent = enrolling(&store, "s.example", 10).await;
    let recorded = store
        .record_enrolment(
            &spent.hash,
            &certificate("0a", "s.example", 11),
            &event("e", 2),
        )
        .await;
    assert!(recorded.unwrap());
    store
        .replace_code("s.example", &code(20), &event("code", 3))
        .await
        .unwrap();
    store
        .replace_code("s.example", &code(21), &event("code", 4))
        .await
        .unwrap();
    assert!(store.code(&spent.hash).await.unwrap().is_some());
    assert!(store.code(&hash(20)).await.unwrap().is_none());
    assert!(store.code(&hash(21)).await.unwrap().is_some());
}

/// However many are made at a time.
pub(crate) async fn of_codes_made_at_the_same_time_one_is_left(store: impl Store) {
    initialised(&store).await;
    enrolling(&store, "s.example", 10).await;
    let (one, other) = (code(20), code(21));
    let (first, second) = (event("one", 2), event("other", 3));
    let (a, b) = tokio::join!(
        store.replace_code("s.example", &one, &first),
        store.replace_code("s.example", &other, &second),
    );
    a.and(b).unwrap();
    let mut left = 0;
    for seed in [10, 20, 21] {
        left += usize::from(store.code(&hash(seed)).await.unwrap().is_some());
    }
    assert_eq!(left, 1);
}

/// Names come from outside, and none that is stored has a NUL.
pub(crate) async fn names_with_nul_are_unknown(store: impl Store) {
    initialised(&store).await;
    assert!(store.certificate("0\0a").await.unwrap().is_none());
    assert!(
        store
            .certificates(Some("a\0"), 0, 9)
            .await
            .unwrap()
            .is_empty()
    );
    let revoked = store.revoke("0\0a", AT, true, &event("revoked", 1)).await;
    assert!(revoked.unwrap().is_none());
}

/// The same client may have it certified again.
pub(crate) async fn a_key_belongs_to_one_client_for_ever(store: impl Store) {
    initialised(&store).await;
    for name in ["a.example", "b.example"] {
        store
            .insert_client(&service(name), None, None, &event("client", 1))
            .await
            .unwrap();
    }
    let record = async |serial: &str, subject: &str, key: u8| {
        store
            .record_certificate(&certificate(serial, subject, key), &event("issued", 2))
            .await
    };
    record("0a", "a.example", 5).await.unwrap();
    record("0b", "a.example", 5).await.unwrap();
    let stolen = record("0c", "b.example", 5).await.unwrap_err();
    assert!(
        matches!(stolen, AccountsError::Duplicate(Duplicate::Key)),
        "{stolen:?}"
    );
    let repeated = record("0b", "a.example", 6).await.unwrap_err();
    assert!(
        matches!(repeated, AccountsError::Duplicate(Duplicate::Key)),
        "{repeated:?}"
    );
    let unknown = record("0d", "nobody.example", 7).await.unwrap_err();
    assert!(matches!(unknown, AccountsError::Reference), "{unknown:?}");
    assert!(store.certificate("0c").await.unwrap().is_none());
}

/// Not by its owner either.
pub(crate) async fn a_compromised_key_is_never_certified_again(store: impl Store) {
    initialised(&store).await;
    store
        .insert_client(&service("a.example"), None, None, &event("client", 1))
        .await
        .unwrap();
    store
        .record_certificate(&certificate("0a", "a.example", 5), &event("issued", 2))
        .await
        .unwrap();
    store
        .revoke("0a", AT, false, &event("revoked", 3))
        .await
        .unwrap()
        .unwrap();
    store
        .record_certificate(&certificate("0b", "a.example", 5), &event("issued", 4))
        .await
        .unwrap();
    // Revoked before, it is condemned all the same.
    store
        .revoke("0a", AT, true, &event("compromised", 5))
        .await
        .unwrap()
        .unwrap();
    let error = store
        .record_certificate(&certificate("0c", "a.example", 5), &event("issued", 6))
        .await
        .unwrap_err();
    assert!(
        matches!(error, AccountsError::Duplicate(Duplicate::Key)),
        "{error:?}"
    );
    assert_eq!(kinds(&store).await[..2], ["compromised", "issued"]);
}

/// Whoever has a key may have renewed with it.
pub(crate) async fn a_compromised_certificate_takes_its_family(store: impl Store) {
    initialised(&store).await;
    for name in ["a.example", "b.example"] {
        store
            .insert_client(&service(name), None, None, &event("client", 1))
            .await
            .unwrap();
    }
    let record = async |serial: &str, subject: &str, key: u8, parent: Option<&str>| {
        let mut certificate = certificate(serial, subject, key);
        certificate.parent = parent.map(str::to_owned);
        store
            .record_certificate(&certificate, &event("issued", 2))
            .await
            .unwrap();
    };
    record("0a", "a.example", 1, None).await;
    record("0b", "a.example", 2, Some("0a")).await;
    record("0c", "a.example", 3, None).await;
    record("0d", "a.example", 4, Some("0b")).await;
    record("0e", "b.example", 5, None).await;

    // Nobody else has the key: nothing follows.
    store
        .revoke("0c", AT, false, &event("revoked", 3))
        .await
        .unwrap();
    let before = kinds(&store).await.len();
    let later = AT + Duration::MINUTE;
    store
        .revoke("0b", later, true, &event("compromised", 4))
        .await
        .unwrap();
    assert_eq!(kinds(&store).await.len(), before + 2);
    let revoked = [("0b", later), ("0c", AT), ("0d", later)];
    let revoked: Vec<_> = revoked.map(|(serial, at)| (serial.to_owned(), at)).into();
    assert_eq!(store.revoked(AT).await.unwrap(), revoked);
    // None of the keys can be certified again, and those of others can.
    for (key, is_condemned) in [(1, false), (2, true), (3, false), (4, true)] {
        let again = certificate("1f", "a.example", key);
        assert_eq!(store.is_certifiable(&again).await.unwrap(), !is_condemned);
    }
}

/// However late the renewal comes.
pub(crate) async fn nothing_renews_what_was_revoked_meanwhile(store: impl Store) {
    certified(&store).await;
    let mut renewed = certificate("0b", "a.example", 2);
    renewed.parent = Some("0a".to_owned());
    let (renewal, revocation) = (event("renewed", 3), event("compromised", 4));
    let (renewal, revocation) = tokio::join!(
        store.record_certificate(&renewed, &renewal),
        store.revoke("0a", AT, true, &revocation),
    );
    revocation.unwrap();
    match renewal {
        // It came first: it went with its parent.
        Ok(()) => {
            let renewed = store.certificate("0b").await.unwrap().unwrap();
            assert_eq!(renewed.revoked_at, Some(AT));
        }
        Err(error) => assert!(matches!(error, AccountsError::Revoked), "{error:?}"),
    }
    let mut later = certificate("0c", "a.example", 3);
    later.parent = Some("0a".to_owned());
    let refused = store.record_certificate(&later, &event("renewed", 5)).await;
    assert!(
        matches!(refused, Err(AccountsError::Revoked)),
        "{refused:?}"
    );
    assert!(store.certificate("0c").await.unwrap().is_none());
}

/// Of all that are recorded, from here and from elsewhere.
pub(crate) async fn certificates_are_found_by_their_hash(store: impl Store) {
    initialised(&store).await;
    store
        .insert_client(&service("a.example"), None, None, &event("client", 1))
        .await
        .unwrap();
    let mut foreign = certificate("0f", "a.example", 2);
    foreign.issued_here = false;
    for record in [&certificate("0a", "a.example", 1), &foreign] {
        store
            .record_certificate(record, &event("recorded", 2))
            .await
            .unwrap();
        let found = store.certificate_by_sha256(&record.spki_sha256).await;
        assert_eq!(
            found.unwrap().unwrap().serial,
            record.certificate.serial.as_str()
        );
    }
    assert!(
        store
            .certificate_by_sha256(&hash(99))
            .await
            .unwrap()
            .is_none()
    );
}

/// Of one client or of all.
pub(crate) async fn certificates_are_paged_from_the_oldest(store: impl Store) {
    initialised(&store).await;
    for name in ["a.example", "b.example"] {
        store
            .insert_client(&service(name), None, None, &event("client", 1))
            .await
            .unwrap();
    }
    for (serial, subject, key) in [
        ("0a", "a.example", 1),
        ("0b", "b.example", 2),
        ("0c", "a.example", 3),
    ] {
        store
            .record_certificate(&certificate(serial, subject, key), &event("issued", 2))
            .await
            .unwrap();
    }
    let serials = |page: &[(i64, auth_client::api::Certificate)]| -> Vec<String> {
        page.iter().map(|(_, one)| one.serial.clone()).collect()
    };
    let page = store.certificates(None, 0, 3).await.unwrap();
    assert_eq!(serials(&page), ["00", "0a", "0b"]);
    let rest = store.certificates(None, page[2].0, 3).await.unwrap();
    assert_eq!(serials(&rest), ["0c"]);
    let own = store.certificates(Some("a.example"), 0, 3).await.unwrap();
    assert_eq!(serials(&own), ["0a", "0c"]);
    let expected = certificate("0c", "a.example", 3).certificate;
    assert_eq!(format!("{:?}", own[1].1), format!("{expected:?}"));
}

/// The first time counts; certificates from elsewhere are withdrawn, and stand on no list of ours.
pub(crate) async fn revocation_happens_once_and_shows_while_it_matters(store: impl Store) {
    certified(&store).await;
    let mut foreign = certificate("0f", "a.example", 2);
    foreign.issued_here = false;
    store
        .record_certificate(&foreign, &event("recorded", 3))
        .await
        .unwrap();

    let before = kinds(&store).await.len();
    for later in [0, 60] {
        let at = AT + Duration::seconds(later);
        let revoked = store
            .revoke("0a", at, false, &event("revoked", 4))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(revoked.revoked_at, Some(AT));
    }
    let withdrawn = store.revoke("0f", AT, false, &event("revoked", 5)).await;
    assert_eq!(withdrawn.unwrap().unwrap().revoked_at, Some(AT));
    assert!(
        store
            .revoke("ff", AT, false, &event("revoked", 6))
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(kinds(&store).await.len(), before + 2);
    assert_eq!(store.revoked(AT).await.unwrap(), [("0a".to_owned(), AT)]);
    assert_eq!(store.revoked(AT + Duration::days(90)).await.unwrap(), []);
}
