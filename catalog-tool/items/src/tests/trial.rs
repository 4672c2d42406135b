//! What the trial's own files are said to be.

use crate::{Catalog, Limits, Scope, Severity, View, sample, sample_folders};

#[test]
fn a_sample_may_be_published_as_it_is() {
    let mut seen = 0;
    for folder in sample_folders() {
        let dataset = sample(folder, "http://127.0.0.1:20123", "http://127.0.0.1:20111/")
            .unwrap()
            .unwrap();
        let mut dataset = dataset;
        dataset.link(
            "7f0a2c1e-0000-5000-8000-000000000001",
            "cadde.1000000000011.01",
        );
        let findings = dataset.check(Scope::Publishing);
        assert!(findings.is_empty(), "{folder}: {findings:#?}");
        for (_, view) in dataset.views() {
            let package = view.to_ckan();
            assert_eq!(
                &View::from_ckan(&package, &Limits::default()).unwrap(),
                view
            );
            for distribution in &view.distributions {
                let url = distribution.fields.text("url").unwrap();
                assert!(
                    url.starts_with(&format!("http://127.0.0.1:20123/{folder}/")),
                    "{url}"
                );
                seen += 1;
            }
        }
    }
    // Two files of each domain in both views, and an open one in one view.
    assert_eq!(seen, 3 * (2 * 2 + 1));
}

#[test]
fn an_address_with_quotes_breaks_no_sample() {
    let dataset = sample("domain-a-shelters/open", "http://a/\"}", "x")
        .unwrap()
        .unwrap();
    let findings = dataset.check(Scope::Author);
    assert!(
        findings
            .iter()
            .any(|found| found.severity == Severity::Error)
    );
    assert!(sample("elsewhere", "x", "x").is_none());
}

#[test]
fn samples_are_a_catalogue() {
    let datasets: Vec<_> = sample_folders()
        .map(|folder| {
            sample(folder, "https://data.example.jp", "https://www.example.jp/")
                .unwrap()
                .unwrap()
        })
        .collect();
    let catalog = Catalog {
        address: "https://catalog.example.jp/release".to_owned(),
        title: "見本".to_owned(),
        description: "見本のカタログ".to_owned(),
        homepage: None,
        publisher_name: "例市".to_owned(),
        publisher_uri: None,
        sipx: Catalog::SIPX.to_owned(),
    };
    let views: Vec<_> = datasets
        .iter()
        .filter_map(|dataset| dataset.public.as_ref())
        .collect();
    let turtle = catalog.turtle(views.iter().copied());
    assert_eq!(
        super::dcat::conforms(&super::dcat::triples(&turtle)),
        Ok(()),
        "{turtle}"
    );
    for title in [
        "避難所の開設状況と備蓄（見本）",
        "道路の通行止めと交通量（見本）",
    ] {
        assert!(turtle.contains(title), "{turtle}");
    }
}
