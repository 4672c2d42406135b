//! The own certificate: what peers would refuse is not loaded, and takes the place of nothing.

use std::{path::Path, sync::Arc};

use common::{
    clock::{SkewedClock, SystemClock},
    listener::{Listener, TlsMode},
    process::{Context, Readiness, Shutdown},
    telemetry::Chain,
    tls::{TlsConfig, TlsStore},
};
use rcgen::ExtendedKeyUsagePurpose::{self, ClientAuth, CodeSigning, ServerAuth};
use rstest::rstest;

use super::{
    listener,
    pki::{Authority, Files, Leaf, store},
};

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("a writable file");
}

fn refusal(config: &TlsConfig, hours: i64) -> String {
    let clock = SkewedClock(time::Duration::hours(hours));
    let refused = TlsStore::load(config, Arc::new(clock)).expect_err("it is refused");
    Chain(&refused).to_string()
}

fn used_as(usages: Vec<ExtendedKeyUsagePurpose>) -> Leaf {
    Leaf {
        usages: Some(usages),
        ..Leaf::default()
    }
}

/// A root, an authority below it, a certificate of that.
struct TlsFixture {
    files: Files,
    root: Authority,
    issuing: Authority,
    own: (String, String),
}

impl TlsFixture {
    fn new() -> Self {
        let root = Authority::new("the root");
        let issuing = root.intermediate("the issuing one");
        let own = issuing.leaf(Leaf::default());
        Self {
            files: Files::new(),
            root,
            issuing,
            own,
        }
    }

    /// Its configuration, with `behind` after the own certificate.
    fn config(&self, behind: &str) -> TlsConfig {
        let (certificate, key) = &self.own;
        let chain = format!("{certificate}{behind}");
        let own = (chain, key.clone());
        self.files.config("own", &own, &self.root, None)
    }
}

#[test]
fn a_chain_that_ends_before_an_anchor_is_refused_and_what_is_missing_is_named() {
    let world = TlsFixture::new();
    TlsStore::load(&world.config(&world.issuing.pem()), Arc::new(SystemClock)).unwrap();
    let foreign = Authority::new("foreign").intermediate("foreign issuing");
    let namesake = Authority::new("another root").intermediate("the issuing one");
    let cases = [
        (
            String::new(),
            "own.ca: intermediate CN=the issuing one is missing",
        ),
        (
            foreign.pem(),
            "own.ca: intermediate CN=the issuing one is missing",
        ),
        (
            namesake.pem(),
            "own.ca: intermediate CN=the issuing one is there with another key",
        ),
    ];
    for (behind, expected) in cases {
        let refused = refusal(&world.config(&behind), 0);
        assert!(
            refused.contains("does not lead to a trust anchor in"),
            "{refused}"
        );
        assert!(refused.contains(expected), "{refused}");
    }
    // The right names and another root's key.
    let config = world.config(&world.issuing.pem());
    write(&config.ca, &Authority::new("the root").pem());
    let refused = refusal(&config, 0);
    assert!(
        refused.contains("CN=the root is in it with another key"),
        "{refused}"
    );
    // A certificate that signed itself.
    write(&config.certificate, &world.root.pem());
    write(&config.ca, &Authority::new("elsewhere").pem());
    assert!(!refusal(&config, 0).is_empty());
}

#[tokio::test]
async fn what_peers_would_refuse_takes_the_place_of_nothing() {
    let world = TlsFixture::new();
    let config = world.config(&world.issuing.pem());
    let tls = store(&config);
    let before = tls.own().thumbprint;
    let day = |from_days, until_days| Leaf {
        from_days: Some(from_days),
        until_days: Some(until_days),
        ..Leaf::default()
    };
    let named = |names| Leaf {
        names,
        ..Leaf::default()
    };
    let whole = |leaf| {
        let (certificate, key) = world.issuing.leaf(leaf);
        (format!("{certificate}{}", world.issuing.pem()), key)
    };
    let alone = world.issuing.leaf(Leaf::default());
    let bad = [
        (alone.clone(), "is missing"),
        (
            Authority::new("foreign").leaf(Leaf::default()),
            "is missing",
        ),
        (whole(day(1, 2)), "is the clock right?"),
        (whole(day(-2, -1)), "is the clock right?"),
        (
            whole(used_as(vec![ServerAuth])),
            "no longer be used as a client",
        ),
        (
            whole(used_as(vec![ClientAuth])),
            "no longer be used as a server",
        ),
        (whole(used_as(vec![CodeSigning])), "neither"),
        (
            whole(named(vec!["another.example"])),
            "names another.example instead of peer.example",
        ),
        (
            whole(named(vec!["peer.example", "another.example"])),
            "names nobody instead of",
        ),
    ];
    for ((certificate, key), expected) in &bad {
        write(&config.certificate, certificate);
        write(&config.key, key);
        let refused = tls.reload().unwrap_err();
        let refused = Chain(&refused).to_string();
        assert!(refused.contains(expected), "{refused}");
        assert_eq!(tls.own().thumbprint, before);
        assert_eq!(tls.generation(), 0);
    }

    let (certificate, key) = whole(Leaf::default());
    write(&config.certificate, &certificate);
    // The key does not belong to the certificate yet.
    tls.reload().unwrap_err();
    assert_eq!(tls.own().thumbprint, before);
    write(&config.key, &key);
    assert!(tls.reload().unwrap());
    assert_ne!(tls.own().thumbprint, before);
    assert_eq!(tls.generation(), 1);
    assert!(!tls.reload().unwrap());
}

#[tokio::test]
async fn a_certificate_is_used_for_what_it_may_be() {
    let world = TlsFixture::new();
    let (files, root) = (&world.files, &world.root);
    let config = |name, usages| {
        let leaf = root.leaf(used_as(usages));
        files.config(name, &leaf, root, None)
    };
    let context = || (Arc::new(SystemClock), Shutdown::default());
    let (server, client) = (config("s", vec![ServerAuth]), config("c", vec![ClientAuth]));
    let (clock, shutdown) = context();
    let refused = common::tls::open(&server, clock, shutdown)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("as a client's"), "{refused}");
    let (clock, shutdown) = context();
    common::tls::open(&client, clock, shutdown).await.unwrap();

    let bind = async |config: &TlsConfig| {
        Listener::bind(&listener(TlsMode::Mutual), Some(store(config))).await
    };
    bind(&server).await.unwrap();
    let refused = bind(&client).await.unwrap_err();
    assert!(Chain(&refused).to_string().contains("as a server's"));
}

#[rstest]
#[case::before(-48)]
#[case::after(48)]
#[tokio::test]
async fn both_ends_of_the_validity_count_at_the_start_and_for_readiness(#[case] hours: i64) {
    let world = TlsFixture::new();
    let config = world.config(&world.issuing.pem());
    let refused = refusal(&config, hours);
    assert!(refused.contains("is valid from"), "{refused}");
    assert!(refused.ends_with("is the clock right?"), "{refused}");

    // The clock moves while the process runs.
    let tls = store(&config);
    let readiness = Readiness::default();
    let context = |hours| Context {
        clock: Arc::new(SkewedClock(time::Duration::hours(hours))),
        shutdown: Shutdown::default(),
        ready: readiness.clone(),
    };
    readiness.started();
    tls.watch_own(&context(0));
    assert_eq!(readiness.problems(), None);
    tls.watch_own(&context(hours));
    let problems = readiness.problems().expect("it is not ready");
    assert!(problems["certificate"].contains("is the clock right?"));
}

#[test]
fn what_is_in_the_place_of_a_key_is_said() {
    let world = TlsFixture::new();
    let config = world.config(&world.issuing.pem());
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    write(&config.key, encrypted);
    let refused = refusal(&config, 0);
    assert!(
        refused.contains("own.key holds an encrypted key; give it without"),
        "{refused}"
    );
}

#[test]
fn two_roots_without_a_line_between_both_count() {
    let world = TlsFixture::new();
    let config = world.config(&world.issuing.pem());
    let other = Authority::new("other");
    for (first, second) in [(&world.root, &other), (&other, &world.root)] {
        let joined = format!("{}{}", first.pem().trim_end(), second.pem());
        write(&config.ca, &joined);
        store(&config);
    }
    // Half of a file counts for nothing.
    let half = other.pem();
    write(
        &config.ca,
        &format!("{}{}", world.root.pem(), &half[..half.len() / 2]),
    );
    assert!(refusal(&config, 0).contains("number 2, CERTIFICATE"));
}
