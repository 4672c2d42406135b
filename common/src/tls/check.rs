//! What `check-config` says about `[tls]`: it looks into the files, as far as they are there.

use std::{
    collections::{HashMap, HashSet},
    fmt::Display,
    ops::RangeInclusive,
    path::Path,
};

use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

use super::{
    TlsConfig,
    anchors::Authorities,
    config::{AnchorConfig, Revocation, Scope},
    crl::Revocations,
};
use crate::{
    config::Period,
    pem,
    process::{self, Findings, Section},
    telemetry::Chain,
};

/// Bounds of `reload_interval`: below, it is a busy loop that fetches the CRL; above, a revocation takes too long.
const RELOAD_INTERVAL: RangeInclusive<Period> = Period::seconds(1)..=Period::seconds(3600);

impl Section for TlsConfig {
    fn check(&self, findings: &mut Findings) {
        if self.crl.is_none() {
            if !self.crl_url.is_empty() {
                findings.error(
                    "crl_url",
                    &self.crl_url,
                    "needs crl, the file that keeps what was fetched: without it nothing is ever found revoked",
                );
            }
            findings.warning_about(
                "crl",
                "is missing: without it a revoked certificate stays good",
            );
        }
        findings.within("reload_interval", self.reload_interval, &RELOAD_INTERVAL);
        for (pin, id) in self.pinned.iter().filter(|(pin, _)| !is_sha256(pin)) {
            findings.error(
                &format!("pinned.{pin:?}"),
                id,
                "its name must be the SHA-256 of a certificate: 64 hexadecimal digits in lower case, without colons",
            );
        }
        check_anchors(self, process::clock().now(), findings);
    }
}

fn is_sha256(pin: &str) -> bool {
    pin.len() == 64 && pin.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// What is wrong or risky about the anchors of `config` at `now`.
fn check_anchors(config: &TlsConfig, now: OffsetDateTime, findings: &mut Findings) {
    let own_chain = pem::certificates(&config.certificate).unwrap_or_default();
    let anchors = config.all_anchors();
    let mut looked = Look {
        now,
        seen: HashMap::new(),
        findings,
    };
    let mut files = HashSet::new();
    for (index, anchor) in anchors.iter().enumerate() {
        let name = name(anchor, index);
        looked.form(anchor, index, &name);
        for list in anchor.lists() {
            if !files.insert(list.file.clone()) {
                let file = list.file.display();
                looked
                    .findings
                    .error_about(&name, format_args!("{file} is the file of other lists too"));
            }
        }
        match Authorities::read(anchor, index, &own_chain) {
            Ok(authorities) => looked.content(anchor, index, &name, &authorities),
            // The first one may be written by `init`, or come with the process.
            Err(_) if index == 0 && !anchor.ca.exists() => {}
            Err(error) => looked.findings.error_about(&name, Chain(&error)),
        }
    }
}

fn name(anchor: &AnchorConfig, index: usize) -> String {
    let file = anchor.ca.display();
    if index == 0 {
        format!("ca {file}")
    } else {
        format!("anchors {file}")
    }
}

struct Look<'a> {
    now: OffsetDateTime,
    /// Names of anchors by the key of a root.
    seen: HashMap<Vec<u8>, (String, AnchorConfig)>,
    findings: &'a mut Findings,
}

impl Look<'_> {
    /// A hindrance that goes away by itself with a list that is fetched is a warning, any other one an error.
    fn hindrance(&mut self, anchor: &AnchorConfig, name: &str, reason: impl Display) {
        if anchor.lists().iter().any(|list| !list.url.is_empty()) {
            self.findings.warning_about(name, reason);
        } else {
            self.findings.error_about(name, reason);
        }
    }

    fn form(&mut self, anchor: &AnchorConfig, index: usize, name: &str) {
        match &anchor.revocation {
            // Said of the first one with `crl`.
            Revocation::None if index == 0 => {}
            Revocation::None => self.findings.warning_about(
                name,
                "no revocation: a certificate that its authority revoked stays good here",
            ),
            Revocation::Lists(lists) if lists.is_empty() => self.findings.error_about(
                name,
                "no list is named; say revocation = \"none\" if none is meant",
            ),
            Revocation::Lists(_) => {}
        }
        if matches!(&anchor.scope, Scope::Connectors(ids) if ids.is_empty()) {
            self.findings.error_about(
                name,
                "no certificate of it can ever be accepted: its scope names no connector",
            );
        }
    }

    fn content(
        &mut self,
        anchor: &AnchorConfig,
        index: usize,
        name: &str,
        authorities: &Authorities,
    ) {
        for root in &authorities.roots {
            let Ok((_, root)) = X509Certificate::from_der(root) else {
                self.findings
                    .error_about(name, "a certificate of it cannot be read");
                continue;
            };
            self.validity(name, &root);
            self.overlap(anchor, index, name, &root);
        }
        self.lists(anchor, index, name, authorities);
    }

    fn validity(&mut self, name: &str, root: &X509Certificate<'_>) {
        let (subject, validity) = (root.subject(), root.validity());
        let (from, until) = (
            validity.not_before.to_datetime(),
            validity.not_after.to_datetime(),
        );
        if self.now > until {
            self.findings
                .warning_about(name, format_args!("{subject} expired at {until}"));
        }
        if self.now < from {
            self.findings
                .warning_about(name, format_args!("{subject} is not valid before {from}"));
        }
    }

    fn overlap(
        &mut self,
        anchor: &AnchorConfig,
        index: usize,
        name: &str,
        root: &X509Certificate<'_>,
    ) {
        let key = root.public_key().raw.to_vec();
        let Some((other, first)) = self.seen.get(&key) else {
            self.seen.insert(key, (name.to_owned(), anchor.clone()));
            return;
        };
        let subject = root.subject();
        let text = if index == 0 || first.ca == anchor.ca {
            format!("the key of {subject} is in it twice")
        } else {
            format!(
                "{subject} has the same key as an authority of {other}. Where several anchors lead to a certificate, one \
                 that vouches is enough: it counts by the wider scope, and a revocation that one of them does not know of does not bar it"
            )
        };
        self.findings.warning_about(name, text);
    }

    fn lists(
        &mut self,
        anchor: &AnchorConfig,
        index: usize,
        name: &str,
        authorities: &Authorities,
    ) {
        let mut held = Vec::new();
        for list in anchor.lists() {
            match pem::crls(&list.file) {
                Ok(lists) => held.extend(lists.into_iter().map(|der| (list.file.clone(), der))),
                // It will be fetched.
                Err(_) if !list.file.exists() && !list.url.is_empty() => return,
                // The authentication server writes its own.
                Err(_) if index == 0 && !list.file.exists() => return,
                Err(error) => {
                    return self.hindrance(anchor, name, Chain(&error));
                }
            }
        }
        if anchor.lists().is_empty() {
            return;
        }
        let subjects = subjects(&authorities.all);
        let mut issuers = HashSet::new();
        for (file, der) in &held {
            self.issuer(name, file, der, &subjects, &mut issuers);
        }
        let roots = subjects_of(&authorities.roots);
        for (_, shown) in roots.iter().filter(|(raw, _)| !issuers.contains(raw)) {
            self.hindrance(anchor, name, format_args!("no certificate of {shown} can ever be accepted: there is a revocation list of others and none of it"
                ),
            );
        }
        let lists: Vec<_> = held.into_iter().map(|(_, der)| der).collect();
        if let Err(error) = Revocations::read(&lists, &authorities.all) {
            self.hindrance(anchor, name, Chain(&error));
        }
    }

    fn issuer(
        &mut self,
        name: &str,
        file: &Path,
        der: &[u8],
        subjects: &HashSet<Vec<u8>>,
        issuers: &mut HashSet<Vec<u8>>,
    ) {
        let Ok((_, list)) = CertificateRevocationList::from_der(der) else {
            // Said when the lists are read together.
            return;
        };
        let issuer = list.issuer();
        if !subjects.contains(issuer.as_raw()) {
            let file = file.display();
            self.findings.warning_about(name, format_args!("{file} holds a revocation list of {issuer}, of which it holds no certificate: the list does not count"
            ));
        }
        issuers.insert(issuer.as_raw().to_vec());
    }
}

fn subjects(certificates: &[CertificateDer<'_>]) -> HashSet<Vec<u8>> {
    subjects_of(certificates)
        .into_iter()
        .map(|(raw, _)| raw)
        .collect()
}

/// Names as they are compared, and as they are shown.
fn subjects_of(certificates: &[CertificateDer<'_>]) -> Vec<(Vec<u8>, String)> {
    certificates
        .iter()
        .filter_map(|der| X509Certificate::from_der(der).ok())
        .map(|(_, c)| (c.subject().as_raw().to_vec(), c.subject().to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use rstest::rstest;
    use time::{Duration, macros::datetime};

    use super::*;
    use crate::tls::{ListConfig, crl::tests::Authority};

    const NOW: OffsetDateTime = datetime!(2026-11-22 00:00 UTC);

    struct Files(tempfile::TempDir);

    impl Files {
        fn put(&self, name: &str, text: &str) -> PathBuf {
            let path = self.0.path().join(name);
            std::fs::write(&path, text).expect("a writable folder");
            path
        }

        /// Our own authority, with its list, and one other anchor.
        fn config(&self, anchor: AnchorConfig) -> TlsConfig {
            let ours = Authority::new("ours");
            let at = |name: &str| self.0.path().join(name);
            let text = format!(
                "certificate = {:?}\nkey = {:?}\nca = {:?}\ncrl = {:?}",
                at("none"),
                at("none"),
                self.put("ours.pem", &ours.pem()),
                self.put("ours.crl", &ours.list_pem(NOW))
            );
            let mut config: TlsConfig = toml::from_str(&text).expect("a configuration");
            config.anchors.push(anchor);
            config
        }
    }

    fn lists(file: &Path) -> Revocation {
        Revocation::Lists(vec![ListConfig {
            file: file.to_owned(),
            url: Vec::new(),
        }])
    }

    /// What is said, each with `E` or `W` in front.
    fn said(config: &TlsConfig, now: OffsetDateTime) -> Vec<String> {
        let mut findings = Findings::default();
        check_anchors(config, now, &mut findings);
        let errors = findings.errors().iter().map(|text| format!("E {text}"));
        let warnings = findings.warnings().iter().map(|text| format!("W {text}"));
        warnings.chain(errors).collect()
    }

    #[rstest]
    #[case::nothing("own", Scope::Recorded, &[])]
    #[case::no_revocation("none", Scope::Recorded, &["W", "no revocation"])]
    #[case::no_list_named("empty", Scope::Recorded, &["E", "no list is named"])]
    #[case::nobody_in_scope("own", Scope::Connectors(std::collections::BTreeSet::new()), &["E", "can ever be accepted"])]
    #[case::no_file("missing", Scope::Servers, &["E", "cannot read"])]
    #[case::garbage("garbage", Scope::Servers, &["E", "neither PEM nor DER"])]
    #[case::of_a_namesake("namesake", Scope::Recorded, &["E", "not signed"])]
    fn an_anchor_is_looked_at(#[case] list: &str, #[case] scope: Scope, #[case] expected: &[&str]) {
        let (files, other) = (Files(tempfile::tempdir().unwrap()), Authority::new("other"));
        let text = match list {
            "namesake" => Authority::new("other").list_pem(NOW),
            "garbage" => "garbage".to_owned(),
            _ => other.list_pem(NOW),
        };
        let revocation = match list {
            "none" => Revocation::None,
            "empty" => Revocation::Lists(Vec::new()),
            "missing" => lists(&files.0.path().join("nothing")),
            _ => lists(&files.put("other.crl", &text)),
        };
        let config = files.config(AnchorConfig {
            ca: files.put("other.pem", &other.pem()),
            scope,
            revocation,
        });
        let said = said(&config, NOW);
        match expected {
            [kind, part] => {
                assert_eq!(said.len(), 1, "{said:?}");
                assert!(
                    said[0].starts_with(kind) && said[0].contains(part),
                    "{said:?}"
                );
                assert!(said[0].contains("other.pem"), "{said:?}");
            }
            _ => assert!(said.is_empty(), "{said:?}"),
        }
    }

    #[test]
    fn a_list_of_another_issuer_leaves_an_anchor_without_any() {
        let files = Files(tempfile::tempdir().unwrap());
        let list = Authority::new("stranger").list_pem(NOW);
        let mut config = files.config(AnchorConfig {
            ca: files.put("other.pem", &Authority::new("other").pem()),
            scope: Scope::Recorded,
            revocation: lists(&files.put("other.crl", &list)),
        });
        let told = said(&config, NOW);
        assert!(
            told[0].contains("a revocation list of CN=stranger"),
            "{told:?}"
        );
        assert!(told[1].starts_with('E'), "{told:?}");
        assert!(
            told[1].contains("no certificate of CN=other can ever be accepted"),
            "{told:?}"
        );
        // Where lists are fetched, the right one may come.
        let Revocation::Lists(lists) = &mut config.anchors[0].revocation else {
            panic!("lists were configured")
        };
        lists[0].url = vec!["http://ca.example/crl".parse().unwrap()];
        let told = said(&config, NOW);
        assert!(told.iter().all(|text| text.starts_with('W')), "{told:?}");
    }

    /// As where somebody adds the root of a second authority to the file of ours.
    #[test]
    fn a_second_root_needs_a_list_too() {
        let files = Files(tempfile::tempdir().unwrap());
        let other = Authority::new("other");
        let mut config = files.config(AnchorConfig {
            ca: PathBuf::new(),
            scope: Scope::Servers,
            revocation: Revocation::None,
        });
        config.anchors.clear();
        let both = std::fs::read_to_string(&config.ca).unwrap() + &other.pem();
        std::fs::write(&config.ca, both).unwrap();
        let told = said(&config, NOW);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("E ca "), "{told:?}");
        assert!(
            told[0].contains("no certificate of CN=other can ever be accepted"),
            "{told:?}"
        );
        let list = config.crl.as_ref().unwrap();
        let both = std::fs::read_to_string(list).unwrap() + &other.list_pem(NOW);
        std::fs::write(list, both).unwrap();
        assert_eq!(said(&config, NOW), Vec::<String>::new());
    }

    #[test]
    fn one_key_in_two_places_and_an_anchor_out_of_its_time_are_said() {
        let files = Files(tempfile::tempdir().unwrap());
        let other = Authority::new("other");
        let anchor = |scope, text: &str, name: &str| AnchorConfig {
            ca: files.put(name, text),
            scope,
            revocation: lists(&files.put(&format!("{name}.crl"), &other.list_pem(NOW))),
        };
        let mut config = files.config(anchor(Scope::Recorded, &other.pem(), "one.pem"));
        config
            .anchors
            .push(anchor(Scope::Registered, &other.pem(), "two.pem"));
        let told = said(&config, NOW);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].contains("two.pem") && told[0].contains("one.pem"),
            "{told:?}"
        );
        config.anchors.pop();
        std::fs::write(&config.anchors[0].ca, other.pem().repeat(2)).unwrap();
        let told = said(&config, NOW);
        assert!(told.len() == 1 && told[0].contains("twice"), "{told:?}");
        config.anchors.clear();
        // The authorities of these tests are good until the year 4096.
        let told = said(&config, NOW + Duration::days(366 * 2100));
        assert!(told.len() == 1 && told[0].contains("expired"), "{told:?}");
    }

    #[rstest]
    #[case("", None)]
    #[case("crl = \"l\"", Some(""))]
    #[case("crl_url = \"http://ca.example/crl\"", Some("needs crl"))]
    #[case("crl = \"l\"\nreload_interval = \"0s\"", Some("reload_interval"))]
    #[case("crl = \"l\"\npinned = { \"AB:CD\" = \"old.example\" }", Some("AB:CD"))]
    fn what_would_switch_a_check_off_is_found(#[case] rest: &str, #[case] error: Option<&str>) {
        let text = format!("certificate = \"c\"\nkey = \"k\"\nca = \"a\"\n{rest}");
        let config: TlsConfig = toml::from_str(&text).unwrap();
        let findings = Findings::of(&config);
        let errors = findings.errors();
        match error.filter(|text| !text.is_empty()) {
            Some(text) => assert!(errors.len() == 1 && errors[0].contains(text), "{errors:?}"),
            None => assert!(errors.is_empty(), "{errors:?}"),
        }
        let warned = !findings.warnings().is_empty();
        assert_eq!(warned, config.crl.is_none());
    }
}
