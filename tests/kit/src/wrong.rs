//! Configurations in which each key is wrong that can be: what is said of them.

use common::service::{Configuration, findings};

/// A part of a configuration, and the errors that are said of it.
pub type Wrong = (&'static str, &'static [&'static str]);

/// `[admin]`, `[telemetry]` and `[tls]`, as every service but the data server has them.
pub const PROCESS: Wrong = (
    r#"
[admin]
listen = "192.0.2.1:1"
[telemetry]
level = "a=b=c"
[tls]
certificate = "none.pem"
key = "none.pem"
ca = "none.pem"
crl_url = "http://a.example/"
reload_interval = "0s"
pinned = { "AB:CD" = "old.example" }
anchors = [{ ca = "none.pem", scope = { connectors = [] }, revocation = { lists = [] } }]
"#,
    &[
        "admin.listen = \"192.0.2.1:1\": must be a loopback address: whoever reaches it reads everything",
        "telemetry.level = \"a=b=c\": is no filter: error parsing level filter: expected one of \"off\", \"error\", \"warn\", \"info\", \
         \"debug\", \"trace\", or a number 0-5",
        "tls.crl_url = [\"http://a.example/\"]: needs crl, the file that keeps what was fetched: without it nothing is ever found revoked",
        "tls.reload_interval = \"0ms\": must be 1s to 1h",
        "tls.pinned.\"AB:CD\" = \"old.example\": its name must be the SHA-256 of a certificate: 64 hexadecimal digits in lower case, \
         without colons",
        "tls.anchors none.pem: no list is named; say revocation = \"none\" if none is meant",
        "tls.anchors none.pem: no certificate of it can ever be accepted: its scope names no connector",
        "tls.anchors none.pem: cannot read none.pem: No such file or directory (os error 2)",
    ],
);

/// `[enrolment]` and `[auth]`.
pub const MEMBER: Wrong = (
    r#"
[enrolment]
auth_public_url = "http://a.example"
code_file = "none"
[auth]
issuer = "ftp://a.example"
peer_url = "http://a.example"
"#,
    &[
        "enrolment.auth_public_url = \"http://a.example/\": the one-time code would go over the network in the clear; use https",
        "auth.issuer = \"ftp://a.example/\": must be an http or https address",
        "auth.peer_url = \"http://a.example/\": must be an https address: the authentication server knows this process by its certificate",
    ],
);

/// `[peer]`.
pub const PEER: Wrong = (
    r#"
[peer]
listen = "192.0.2.1:1"
external_url = "http://a.example"
tls = "none"
proxy_protocol = "v2"
"#,
    &[
        "peer.listen = \"192.0.2.1:1\": plain HTTP is served on loopback only; use tls = \"terminated-upstream\" behind a load balancer",
        "peer.proxy_protocol = \"v2\": needs trusted_proxies: a header from anybody could claim any address",
        "peer.tls = \"none\": must be \"mutual\": its callers are known by their certificates",
    ],
);

/// `[database]` of a file and `[retention]`.
pub const DATABASE: Wrong = (
    r#"
[database]
url = "sqlite:x.db"
password_file = "none"
max_connections = 3
[retention]
history = "1h"
"#,
    &[
        "database.password_file = \"none\": is for postgres:// alone",
        "database.max_connections = 3: is for postgres:// alone",
        "retention.history = \"1h\": must be at least 1d",
    ],
);

/// What a connector has besides: `[outbox]`, `[deadlines]` and `[limits]`.
pub const EXCHANGES: Wrong = (
    r#"
[outbox]
path = ""
max_records = 0
max_bytes = "1KiB"
max_parked_bytes = "1KiB"
disk_watermark_percent = 101
disk_headroom = "0B"
batch = 5000
[deadlines]
connect = "0s"
first_byte = "2m"
first_byte_cadde4 = "2m"
idle = "2m"
total = "1m"
[limits]
total = 0
per_caller = 0
"#,
    &[
        "outbox.path = \"\": must name a file",
        "outbox.max_records = 0: must be at least 1",
        "outbox.max_bytes = \"1KiB\": must be at least 1MiB",
        "outbox.max_parked_bytes = \"1KiB\": must be at least 1MiB",
        "outbox.disk_watermark_percent = 101: must be 1 to 100",
        "outbox.batch = 5000: must be 1 to 1024",
        "deadlines.connect = \"0ms\": must be 1ms to total, 1m",
        "deadlines.first_byte = \"2m\": must be 1ms to total, 1m",
        "deadlines.first_byte_cadde4 = \"2m\": must be 1ms to total, 1m",
        "deadlines.idle = \"2m\": must be 1ms to total, 1m",
        "limits.total = 0: must be at least 1",
        "limits.per_caller = 0: must be at least 1",
    ],
);

/// What is warned of where a configuration has [`PROCESS`].
pub const CRL_MISSING: &str = "tls.crl: is missing: without it a revoked certificate stays good";

/// The configuration of all `parts` is told all their errors and these `warnings` in one run, and nothing else.
///
/// # Panics
/// If it is not, or has no right form.
#[track_caller]
pub fn assert_all_is_said<C: Configuration>(parts: &[Wrong], warnings: &[&str]) {
    let text: String = parts.iter().map(|(text, _)| *text).collect();
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("a writable file");
    let loaded = common::config::load_with::<C>(file.path(), std::iter::empty());
    let said = findings(&loaded.expect("the form is right").config);
    let errors: Vec<&str> = parts
        .iter()
        .flat_map(|(_, errors)| *errors)
        .copied()
        .collect();
    assert_eq!(sorted(said.errors()), sorted(&errors));
    assert_eq!(sorted(said.warnings()), sorted(warnings));
}

fn sorted(texts: &[impl AsRef<str>]) -> Vec<&str> {
    let mut texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    texts.sort_unstable();
    texts
}
