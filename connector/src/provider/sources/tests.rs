use rstest::rstest;

use super::*;

fn source(url: &str) -> SourceConfig {
    SourceConfig::new(Url::parse(url).expect("a URL"))
}

fn resource(url: &str) -> ResourceUrl {
    ResourceUrl::parse(url).expect("a resource URL")
}

#[rstest]
#[case(
    "http://d.example/open",
    "http://10.0.0.5:8080/files",
    "http://d.example/open/x/a.csv?v=1",
    "http://10.0.0.5:8080/files/x/a.csv?v=1"
)]
#[case(
    "http://d.example/",
    "http://10.0.0.5:8080/",
    "http://d.example/a%20b.csv",
    "http://10.0.0.5:8080/a%20b.csv"
)]
#[case(
    "http://d.example/open/",
    "http://10.0.0.5/f",
    "http://d.example/open",
    "http://10.0.0.5/f"
)]
fn an_upstream_takes_the_place_of_the_prefix(
    #[case] url: &str,
    #[case] upstream: &str,
    #[case] asked: &str,
    #[case] fetched: &str,
) {
    let config = SourceConfig {
        upstream: Some(Url::parse(upstream).unwrap()),
        ..source(url)
    };
    let sources = Sources::new(&[config]).unwrap();
    let asked = resource(asked);
    let fetch = sources.find(&asked).unwrap().fetch_url(&asked).unwrap();
    assert_eq!(fetch.as_str(), fetched);
}

#[test]
fn a_redirect_stays_inside_its_own_source() {
    let open = SourceConfig {
        authorization: false,
        ..source("http://d.example/open")
    };
    let sources = Sources::new(&[
        open,
        source("http://d.example/open/closed"),
        source("http://d.example"),
    ])
    .unwrap();
    let asked = resource("http://d.example/open/a");
    let found = sources.find(&asked).unwrap();
    assert!(!found.authorization);
    assert!(sources.stays_inside(found, &resource("http://d.example/open/b/c")));
    assert!(!sources.stays_inside(found, &resource("http://d.example/open/closed/b")));
    assert!(!sources.stays_inside(found, &resource("http://d.example/other")));
    assert!(!sources.stays_inside(found, &resource("http://127.0.0.1/open/b")));
}

#[test]
fn a_source_gives_nothing_of_another_ones_place() {
    let at = |url: &str, upstream: &str, authorization| SourceConfig {
        upstream: Some(Url::parse(upstream).unwrap()),
        authorization,
        ..source(url)
    };
    let sources = Sources::new(&[
        at("https://a.example/open", "http://10.0.0.5/files", false),
        at(
            "https://a.example/closed",
            "http://10.0.0.5/files/closed",
            true,
        ),
        at("https://a.example/also", "http://10.0.0.5/files", false),
    ])
    .unwrap();
    let inside = |url: &str| {
        let asked = resource(url);
        let source = sources.find(&asked).unwrap();
        sources.stays_inside(source, &source.fetch_url(&asked).unwrap())
    };
    assert!(inside("https://a.example/open/a.csv"));
    assert!(inside("https://a.example/also/a.csv"));
    assert!(inside("https://a.example/closed/secret.csv"));
    assert!(!inside("https://a.example/open/closed/secret.csv"));
    assert!(!inside("https://a.example/also/closed/secret.csv"));
    let contradiction = Sources::new(&[
        at("https://a.example/open", "http://10.0.0.5/files", false),
        at("https://a.example/closed", "http://10.0.0.5/files/", true),
    ]);
    assert!(matches!(contradiction, Err(SourceError::Conditions(..))));
}

#[test]
fn creations_are_found_with_and_without_a_trailing_slash() {
    let provenance = [("http://d.example/a/".to_owned(), "e-1".to_owned())].into();
    let sources = Sources::new(&[SourceConfig {
        provenance,
        ..source("http://d.example")
    }])
    .unwrap();
    let asked = resource("http://d.example/a");
    assert_eq!(sources.find(&asked).unwrap().creation(&asked), Some("e-1"));
    let provenance = ["http://d.example/a/", "http://d.example/a"]
        .map(|url| (url.to_owned(), format!("e-{}", url.len())))
        .into();
    let twice = Sources::new(&[SourceConfig {
        provenance,
        ..source("http://d.example")
    }]);
    assert!(matches!(twice, Err(SourceError::TwoEvents { .. })));
    let other = resource("http://d.example/a?x");
    assert_eq!(sources.find(&other).unwrap().creation(&other), None);
}

#[rstest]
#[case("host")]
#[case("authorization")]
#[case("x-forwarded-for")]
#[case("Fiware-Service")]
#[case("not a name")]
fn options_that_would_change_the_request_itself_are_refused(#[case] name: &str) {
    let options = [name.to_owned()].into();
    let sources = Sources::new(&[SourceConfig {
        options,
        ..source("http://d.example")
    }]);
    assert!(matches!(sources, Err(SourceError::Option { .. })));
}

#[test]
fn a_configuration_that_contradicts_itself_is_refused() {
    let twice = Sources::new(&[
        source("http://d.example/a"),
        source("http://D.example:80/a/"),
    ]);
    assert!(matches!(twice, Err(SourceError::Twice(_))));
    let bad = Sources::new(&[source("http://u@d.example/a")]);
    assert!(matches!(
        bad,
        Err(SourceError::Url {
            source: UrlError::UserInfo,
            ..
        })
    ));
    let provenance = [("http://d.example/a".to_owned(), "a\nb".to_owned())].into();
    let bad = Sources::new(&[SourceConfig {
        provenance,
        ..source("http://d.example")
    }]);
    assert!(matches!(bad, Err(SourceError::EventId { .. })));
}

#[test]
fn a_password_is_read_from_its_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "pass\n").unwrap();
    let credentials = super::super::config::SourceCredentials {
        id: "user".to_owned(),
        password_file: common::config::SecretFile(file.path().to_owned()),
    };
    let config = SourceConfig {
        credentials: Some(credentials),
        ..source("http://d.example")
    };
    let sources = Sources::new(&[config]).unwrap();
    let source = sources.find(&resource("http://d.example/a")).unwrap();
    assert_eq!(source.credentials.as_ref().unwrap(), "Basic dXNlcjpwYXNz");
    assert!(source.credentials.as_ref().unwrap().is_sensitive());
}
