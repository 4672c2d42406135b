use proptest::prelude::*;
use rcgen::{CertificateParams, KeyPair};
use rstest::rstest;

use super::{block::DASHES, *};

fn certificate() -> String {
    let params = CertificateParams::new(vec!["a.example".to_owned()]).expect("a name");
    let key = KeyPair::generate().expect("a key");
    params.self_signed(&key).expect("a certificate").pem()
}

fn count(text: &str) -> usize {
    parse_certificates(text.as_bytes())
        .expect("certificates")
        .len()
}

fn refusal(text: &str) -> String {
    let refused = parse_certificates(text.as_bytes()).expect_err("it is refused");
    refused.to_string()
}

/// Two certificates, each its own way of writing.
#[test]
fn what_stands_around_a_block_does_not_matter() {
    let (one, two) = (certificate(), certificate());
    let (one, two) = (one.trim_end(), two.trim_end());
    let indent = |text: &str| text.replace('\n', "\n\t  ");
    let no_lines = |text: &str| {
        let inner: Vec<_> = text.lines().collect();
        let (first, last) = (inner[0], inner[inner.len() - 1]);
        format!("{first}{}{last}", inner[1..inner.len() - 1].concat())
    };
    let ways = [
        format!("{one}\n{two}\n"),
        format!("{one}{two}"),
        format!("{one}{}", &two[DASHES.len()..]),
        format!("\u{feff}{one}\n\u{feff}{two}"),
        format!("   {}\n   {}", indent(one), indent(two)),
        format!("{one}\n{two}").replace('\n', "\r\n"),
        format!("{one}\n{two}").replace('\n', "\r"),
        format!("subject=CN = Größe\n{one}\nsubject=次\n{two}\nthe end"),
        format!("{}\n{}", no_lines(one), no_lines(two)),
        format!("{one}\n{}", two.replace("CERTIFICATE", "X509 CERTIFICATE")),
    ];
    for way in ways {
        assert_eq!(count(&way), 2, "{way}");
    }
}

#[test]
fn the_content_decides_between_pem_and_der() {
    let pem = certificate();
    let der = parse_certificates(pem.as_bytes()).unwrap().remove(0);
    assert_eq!(parse_certificates(&der).unwrap(), vec![der.clone()]);
    let longer = [&der[..], b"x"].concat();
    for neither in [&der[..der.len() - 1], &longer, b"garbage"] {
        let refused = parse_certificates(neither);
        assert_eq!(refused, Err(ContentError::Neither));
    }
    assert_eq!(parse_crls(b" \n").unwrap(), []);
}

#[test]
fn each_block_is_read_or_refused_by_number_and_name() {
    let one = certificate();
    let second = |block: &str| refusal(&format!("{one}{block}"));
    let labelled = |label: &str| one.replace("CERTIFICATE", label);
    let cases = [
        (
            labelled("TRUSTED CERTIFICATE"),
            "number 2, TRUSTED CERTIFICATE, it carries trust",
        ),
        (labelled("PKCS7"), "number 2, PKCS7, such a file"),
        (labelled("X509 CRL"), "number 2, X509 CRL, such a file"),
        (
            labelled("CERTIFICATE REQUEST"),
            "number 2, CERTIFICATE REQUEST, such",
        ),
        (
            one.replace("-----END", "----END"),
            "number 2, CERTIFICATE, its last line",
        ),
        (
            one.replace("END CERTIFICATE", "END CRL"),
            "number 2, CERTIFICATE, its last",
        ),
        (
            one[..one.len() / 2].to_owned(),
            "number 2, CERTIFICATE, its last",
        ),
        (
            one.replace("BEGIN CERTIFICATE-----", "BEGIN CERTIFICATE--"),
            "number 2, CERTIFICATE",
        ),
        (
            one.replace("BEGIN ", "BEGIN"),
            "number 2, CERTIFICATE, its first line",
        ),
        (
            one.replace("-----\nMII", "-----\n*II"),
            "number 2, CERTIFICATE, its content is not B",
        ),
        (
            one.replace("-----\nMII", "-----\nAII"),
            "number 2, CERTIFICATE, its content is not D",
        ),
    ];
    for (block, expected) in cases {
        let refused = second(&block);
        assert!(refused.contains(expected), "{refused}\n{block}");
        // It makes no difference which comes first.
        assert!(
            refusal(&format!("{block}\n{one}")).contains("number 1, "),
            "{block}"
        );
    }
}

#[test]
fn what_is_kept_beside_a_certificate_is_passed_over() {
    let one = certificate();
    let key = KeyPair::generate().unwrap().serialize_pem();
    let parameters =
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    assert_eq!(count(&format!("{parameters}{key}{one}")), 1);
    let both = format!("{one}{parameters}{key}");
    assert!(parse_private_key(both.as_bytes()).unwrap().is_some());
    assert_eq!(parse_crls(one.as_bytes()).unwrap(), []);
}

#[test]
fn text_in_two_bytes_a_character_is_named() {
    let text: Vec<u8> = format!("\u{feff}{}", certificate())
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(parse_certificates(&text), Err(ContentError::Utf16));
}

const ENCRYPTED: &str =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
const LEGACY: &str = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
    DEK-Info: AES-256-CBC,AA\n\nMAA=\n-----END RSA PRIVATE KEY-----\n";

#[rstest]
#[case(ENCRYPTED, "holds an encrypted key; give it without a passphrase")]
#[case(LEGACY, "holds an encrypted key; give it without a passphrase")]
#[case("", "holds no private key")]
#[case("a key", "is neither PEM nor DER")]
#[case(
    "-----BEGIN OPENSSH PRIVATE KEY-----\nMAA=\n-----END OPENSSH PRIVATE KEY-----\n",
    "number 1, OPENSSH PRIVATE KEY, such a file"
)]
fn what_was_found_in_place_of_a_key_is_said(#[case] text: &str, #[case] expected: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let refused = private_key(file.path()).unwrap_err().to_string();
    assert!(refused.contains(expected), "{refused}");
    assert!(refused.contains(&file.path().display().to_string()));
}

#[test]
fn there_is_one_key_in_a_file() {
    let key = || KeyPair::generate().unwrap();
    let two = format!("{}{}", key().serialize_pem(), key().serialize_pem());
    let refused = parse_private_key(two.as_bytes()).unwrap_err();
    assert!(refused.to_string().contains("number 2"), "{refused}");
    let der = key().serialize_der();
    let read = parse_private_key(&der).unwrap().unwrap();
    assert_eq!(read.secret_der(), der);
}

proptest! {
    #[test]
    fn reading_never_panics(before in ".*", label in ".{0,12}", body in ".*", cut in 0usize..64) {
        let text = format!("{before}-----BEGIN {label}-----{body}-----END {label}-----");
        let text = &text.as_bytes()[cut.min(text.len())..];
        let _ = (parse_certificates(text), parse_crls(text), parse_private_key(text));
    }
}
