//! What one listener lets its clients take.

use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::{
    config::{ByteSize, Period},
    process::{Findings, Section, open_files},
};

/// Limits of one listener, against slow and greedy clients. None can be switched off.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListenerLimits {
    /// Connections at a time. Further ones are told 503 where the listener speaks plain HTTP and closed where TLS ends
    /// here. Never more than the process may open files: see `open_files`.
    /// Allowed: at least 1.
    pub connections: usize,
    /// Connections at a time of one client, so that nobody takes all places: of one connector where certificates are required,
    /// else of one address (IPv6: one /64). `trusted_proxies` have no such limit, their clients share them. Further ones are
    /// told 503.
    /// Allowed: at least 1.
    pub connections_per_client: usize,
    /// New connections a second of one network (an IPv4 address, an IPv6 /64). Further ones wait unread, 2 s at most, and are
    /// closed if that was not enough. `trusted_proxies` are not paced, nor is anybody behind an upstream that is not named.
    /// Allowed: at least 1.
    pub new_connections: u32,
    /// How many of them may come at once.
    /// Allowed: at least 1.
    pub new_connections_burst: u32,
    /// From the connection to the end of the TLS handshake, and again for the PROXY header.
    /// Allowed: at least 1ms.
    pub handshake: Period,
    /// From the first byte of a request to the end of its headers; the first request's count from the connection.
    /// Allowed: at least 1ms.
    pub headers: Period,
    /// Longest time between two requests. Longer than load balancers and connectors keep an idle connection (60 s and 45 s), so
    /// that a request never meets a connection that is being closed.
    /// Allowed: at least 1ms.
    pub idle: Period,
    /// How long a client may take no byte of an answer.
    /// Allowed: at least 1ms.
    pub write_stall: Period,
    /// Bytes a second that a client takes of a large answer at least, in the time in which there is some of it to take.
    /// Allowed: at least 1B.
    pub write_rate: ByteSize,
    /// Over how long a time that is looked at. It ends when it was too slow twice in a row.
    /// Allowed: at least 1ms.
    pub write_rate_over: Period,
    /// Number of headers in a request.
    /// Allowed: at least 1.
    pub header_count: usize,
    /// Size of all headers of a request, its target included.
    /// Allowed: 1KiB to 1MiB.
    pub header_size: ByteSize,
    /// Streams at a time on one HTTP/2 connection.
    /// Allowed: at least 1.
    pub streams: u32,
    /// How long running requests may go on after a shutdown was asked for.
    pub drain: Period,
}

impl Default for ListenerLimits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            // 80 MiB, where each of them sends half of the largest headers.
            connections_per_client: 1_024,
            new_connections: 200,
            new_connections_burst: 1_000,
            handshake: Period::seconds(10),
            headers: Period::seconds(30),
            idle: Period::seconds(75),
            write_stall: Period::seconds(60),
            write_rate: ByteSize(1 << 10),
            write_rate_over: Period::seconds(30),
            header_count: 100,
            header_size: ByteSize(64 << 10),
            streams: 128,
            drain: Period::seconds(20),
        }
    }
}

/// Least size of headers: a token alone takes more than half of it.
const MIN_HEADER_SIZE: ByteSize = ByteSize(1 << 10);
/// Largest size of headers: each connection may hold that much.
const MAX_HEADER_SIZE: ByteSize = ByteSize(1 << 20);
/// A deadline of nothing ends every connection; only `drain` may be that.
const SHORTEST: Period = Period::millis(1);

impl Section for ListenerLimits {
    fn check(&self, findings: &mut Findings) {
        self.check_with(open_files::limit(), findings);
    }
}

impl ListenerLimits {
    /// All that keeps a listener from serving with them, and what works, but hardly as meant. `open_files` is how many files the
    /// process may have open, if that is known.
    fn check_with(&self, open_files: Option<usize>, findings: &mut Findings) {
        findings.within(
            "connections",
            self.connections,
            &(1..=Semaphore::MAX_PERMITS),
        );
        findings.at_least("connections_per_client", self.connections_per_client, 1);
        findings.at_least("new_connections", self.new_connections, 1);
        findings.at_least("new_connections_burst", self.new_connections_burst, 1);
        findings.at_least("write_rate", self.write_rate, ByteSize(1));
        findings.at_least("header_count", self.header_count, 1);
        findings.at_least("streams", self.streams, 1);
        findings.within(
            "header_size",
            self.header_size,
            &(MIN_HEADER_SIZE..=MAX_HEADER_SIZE),
        );
        findings.at_least("write_rate_over", self.write_rate_over, SHORTEST);
        for (key, period) in [
            ("handshake", self.handshake),
            ("headers", self.headers),
            ("idle", self.idle),
            ("write_stall", self.write_stall),
        ] {
            findings.at_least(key, period, SHORTEST);
            if period.get().as_secs() > 600 {
                findings.warning(
                    key,
                    &period,
                    "a client that does nothing holds its place that long",
                );
            }
        }
        if let Some(files) = open_files.filter(|files| self.connections > usable(*files)) {
            findings.warning(
                "connections",
                &self.connections,
                format_args!(
                    "is more than the process can have: it may open {files} files (RLIMIT_NOFILE, LimitNOFILE= of the unit), so \
                     {} is in effect",
                    usable(files)
                ),
            );
        }
        if self.connections_per_client > self.connections / 2 && self.connections > 1 {
            findings.warning(
                "connections_per_client",
                &self.connections_per_client,
                format_args!(
                    "leaves others fewer than half of the {} places",
                    self.connections
                ),
            );
        }
        if self.idle <= Period::seconds(60) {
            findings.warning(
                "idle",
                &self.idle,
                "load balancers keep a connection for 60 s, and answer 502 when it is closed before",
            );
        }
    }

    /// Connections at a time where the process may have `open_files` open.
    pub(super) fn effective_connections(&self, open_files: Option<usize>) -> usize {
        open_files.map_or(self.connections, |files| {
            self.connections.min(usable(files))
        })
    }
}

/// An eighth is left for connections to others, databases and logs.
fn usable(open_files: usize) -> usize {
    (open_files - open_files / 8).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_give_no_reason_to_speak() {
        let mut findings = Findings::default();
        ListenerLimits::default().check_with(Some(65_536), &mut findings);
        assert_eq!(findings.errors(), [""; 0]);
        assert_eq!(findings.warnings(), [""; 0]);
    }

    #[test]
    fn what_cannot_serve_is_named() {
        let good = ListenerLimits::default;
        let spoilt = [
            ListenerLimits {
                connections: 0,
                ..good()
            },
            ListenerLimits {
                connections_per_client: 0,
                ..good()
            },
            ListenerLimits {
                new_connections: 0,
                ..good()
            },
            ListenerLimits {
                new_connections_burst: 0,
                ..good()
            },
            ListenerLimits {
                connections: usize::MAX,
                ..good()
            },
            ListenerLimits {
                write_stall: Period::seconds(0),
                ..good()
            },
            ListenerLimits {
                write_rate: ByteSize(0),
                ..good()
            },
            ListenerLimits {
                write_rate_over: Period::seconds(0),
                ..good()
            },
            ListenerLimits {
                header_count: 0,
                ..good()
            },
            ListenerLimits {
                header_size: ByteSize(100),
                ..good()
            },
            ListenerLimits {
                header_size: ByteSize(1 << 30),
                ..good()
            },
        ];
        for limits in spoilt {
            assert_eq!(Findings::of(&limits).errors().len(), 1, "{limits:?}");
        }
    }

    #[test]
    fn what_hardly_works_as_meant_is_explained() {
        let limits = ListenerLimits {
            connections_per_client: 16_000,
            idle: Period::seconds(60),
            write_stall: Period::seconds(3600),
            ..ListenerLimits::default()
        };
        let mut findings = Findings::default();
        limits.check_with(Some(1024), &mut findings);
        let warnings = findings.warnings();
        assert_eq!(warnings.len(), 4, "{warnings:#?}");
        assert!(warnings[1].contains("896 is in effect"), "{warnings:#?}");
        assert_eq!(limits.effective_connections(Some(1024)), 896);
        assert_eq!(limits.effective_connections(None), 16_384);
    }
}
