//! Telling the service manager how it goes (`sd_notify(3)`): ready, alive, stopping. Without one, nothing is told.

use std::{
    ffi::{OsStr, OsString},
    fmt::Write as _,
    io,
    os::{
        linux::net::SocketAddrExt as _,
        unix::{
            ffi::OsStrExt as _,
            net::{SocketAddr, UnixDatagram},
        },
    },
    time::Duration,
};

use anyhow::Context as _;

use crate::process::{Readiness, Shutdown};

/// 200 ms: whoever waits for the start waits no longer than it takes.
const UNTIL_READY: Duration = Duration::from_millis(200);
/// 5 s: how old what `systemctl status` says may be.
const UPDATE: Duration = Duration::from_secs(5);
/// 30 s: how long the manager waits for a sign of a process that is not ready yet. What it needs may be on a host that is started later.
const PATIENCE: Duration = Duration::from_secs(30);
/// Characters: a manager takes a datagram of some thousands, and a person reads a line.
const LONGEST_STATUS: usize = 400;

/// The manager's socket.
#[derive(Debug)]
pub(super) struct Manager {
    socket: UnixDatagram,
    /// How often it wants to hear that the process lives; half of what it tolerates.
    beat: Option<Duration>,
}

impl Manager {
    /// What the environment says of it.
    ///
    /// # Errors
    /// If it says what can't be, by the name of the variable.
    pub(super) fn of(
        variable: impl Fn(&str) -> Option<OsString>,
        process: u32,
    ) -> anyhow::Result<Option<Self>> {
        let Some(name) = variable("NOTIFY_SOCKET") else {
            return Ok(None);
        };
        let socket = connect(&name).with_context(|| {
            format!(
                "NOTIFY_SOCKET is {}: the service manager cannot be told there",
                name.display()
            )
        })?;
        let number = |key: &str| -> anyhow::Result<Option<u64>> {
            let Some(text) = variable(key) else {
                return Ok(None);
            };
            let number = text.to_str().and_then(|text| text.parse().ok());
            let number = number.with_context(|| {
                format!("{key} is {}, which is no whole number", text.display())
            })?;
            Ok(Some(number))
        };
        let meant = number("WATCHDOG_PID")?.is_none_or(|meant| meant == u64::from(process));
        let beat = number("WATCHDOG_USEC")?
            .filter(|time| meant && *time > 0)
            .map(|time| Duration::from_micros(time / 2));
        Ok(Some(Self { socket, beat }))
    }

    /// Tells it as long as the runtime lives: that the process is ready once `/readyz` says so, from then on that it lives,
    /// and that it stops. Cancel safe.
    pub(super) async fn tell(self, ready: Readiness, shutdown: Shutdown) {
        let mut announced = false;
        let mut stopping = false;
        let mut reachable = true;
        loop {
            let problems = ready.problems();
            let mut message = String::from("WATCHDOG=1\n");
            if stopping {
                message.push_str("STOPPING=1\nSTATUS=stopping\n");
            } else {
                if !announced && problems.is_none() {
                    announced = true;
                    message.push_str("READY=1\n");
                } else if !announced {
                    let _ = writeln!(message, "EXTEND_TIMEOUT_USEC={}", PATIENCE.as_micros());
                }
                let _ = writeln!(message, "STATUS={}", status(problems.unwrap_or_default()));
            }
            let sent = self.socket.send(message.as_bytes());
            // A full queue is not worth a line: the next message says the same.
            let arrived = match &sent {
                Ok(_) => true,
                Err(error) => error.kind() == io::ErrorKind::WouldBlock,
            };
            if let (true, false, Err(error)) = (reachable, arrived, &sent) {
                tracing::warn!(%error, "the service manager cannot be told how it goes");
            }
            reachable = arrived;
            let pause = if announced { UPDATE } else { UNTIL_READY };
            let pause = self.beat.map_or(pause, |beat| pause.min(beat));
            if stopping {
                tokio::time::sleep(pause).await;
            } else {
                tokio::select! {
                    () = shutdown.cancelled() => stopping = true,
                    () = tokio::time::sleep(pause) => {}
                }
            }
        }
    }
}

fn connect(name: &OsStr) -> io::Result<UnixDatagram> {
    let address = match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        [b'/', ..] => SocketAddr::from_pathname(name)?,
        _ => {
            return Err(io::Error::other(
                "it is neither a path nor an abstract name",
            ));
        }
    };
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// What does not work, on one line: a reason may quote what others wrote, and a line is a message of its own.
fn status(problems: impl IntoIterator<Item = (&'static str, String)>) -> String {
    let problems: Vec<String> = problems
        .into_iter()
        .map(|(name, reason)| format!("{name}: {reason}"))
        .collect();
    if problems.is_empty() {
        return "ready".to_owned();
    }
    let all = format!("not ready: {}", problems.join("; "));
    all.chars()
        .take(LONGEST_STATUS)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rstest::rstest;

    use super::*;

    /// A manager, and what a process is told of it.
    struct Played {
        _folder: tempfile::TempDir,
        socket: tokio::net::UnixDatagram,
        name: OsString,
    }

    impl Played {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("notify");
            Self {
                socket: tokio::net::UnixDatagram::bind(&path).unwrap(),
                name: path.into_os_string(),
                _folder: folder,
            }
        }

        fn manager(&self, watchdog: &[(&str, &str)]) -> Manager {
            let found = Manager::of(
                |key| {
                    if key == "NOTIFY_SOCKET" {
                        return Some(self.name.clone());
                    }
                    let found = watchdog.iter().find(|(name, _)| *name == key);
                    found.map(|(_, value)| OsString::from(value))
                },
                7,
            );
            found.unwrap().unwrap()
        }

        async fn hear(&self) -> String {
            let mut bytes = [0; 4096];
            let heard = tokio::time::timeout(Duration::from_secs(20), self.socket.recv(&mut bytes));
            let length = heard.await.expect("the process says something").unwrap();
            String::from_utf8(bytes[..length].to_vec()).unwrap()
        }
    }

    #[tokio::test]
    async fn it_hears_of_the_start_of_life_and_of_the_end() {
        let played = Played::new();
        let (ready, shutdown) = (Readiness::default(), Shutdown::default());
        let check = ready.register("ledger");
        check.set(Err("refused:\nREADY=1".to_owned()));
        let manager = played.manager(&[("WATCHDOG_USEC", "40000"), ("WATCHDOG_PID", "7")]);
        let telling = tokio::spawn(manager.tell(ready.clone(), shutdown.clone()));

        for _ in 0..2 {
            let message = played.hear().await;
            let lines: Vec<&str> = message.lines().collect();
            assert_eq!(lines[..2], ["WATCHDOG=1", "EXTEND_TIMEOUT_USEC=30000000"]);
            assert_eq!(
                lines[2..],
                [
                    "STATUS=not ready: ledger: refused: READY=1; start: the service is still starting"
                ]
            );
        }
        ready.started();
        check.set(Ok(()));
        let mut message = played.hear().await;
        while !message.contains("READY=1\nSTATUS=ready\n") {
            assert!(message.contains("EXTEND_TIMEOUT_USEC"), "{message}");
            message = played.hear().await;
        }
        // Ready once; then that it lives, and what is wrong.
        assert_eq!(played.hear().await, "WATCHDOG=1\nSTATUS=ready\n");
        check.set(Err("gone".to_owned()));
        while played.hear().await != "WATCHDOG=1\nSTATUS=not ready: ledger: gone\n" {}
        shutdown.cancel();
        while !played.hear().await.contains("STOPPING=1") {}
        // A process that takes its time to stop is no dead one.
        assert!(played.hear().await.contains("WATCHDOG=1"));
        telling.abort();
    }

    #[test]
    fn a_watchdog_of_another_process_is_not_ours() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let _inside = runtime.enter();
        let played = Played::new();
        let of = |watchdog| played.manager(watchdog).beat;
        assert_eq!(of(&[]), None);
        assert_eq!(
            of(&[("WATCHDOG_USEC", "10000000")]),
            Some(Duration::from_secs(5))
        );
        assert_eq!(
            of(&[("WATCHDOG_USEC", "10000000"), ("WATCHDOG_PID", "8")]),
            None
        );
        assert_eq!(of(&[("WATCHDOG_USEC", "0")]), None);
    }

    #[rstest]
    #[case::nobody("/nonexistent/notify", "NOTIFY_SOCKET is /nonexistent/notify")]
    #[case::no_name("notify", "NOTIFY_SOCKET is notify")]
    #[case::empty("", "NOTIFY_SOCKET is ")]
    fn a_socket_that_cannot_be_is_named(#[case] socket: &str, #[case] said: &str) {
        let found = Manager::of(
            |key| (key == "NOTIFY_SOCKET").then(|| OsString::from(socket)),
            1,
        );
        let error = found.unwrap_err().to_string();
        assert!(error.starts_with(said), "{error}");
        assert!(!Path::new("/nonexistent").exists());
    }

    #[test]
    fn a_time_that_is_none_is_named() {
        let played = tempfile::tempdir().unwrap();
        let path = played.path().join("notify");
        let _socket = UnixDatagram::bind(&path).unwrap();
        let found = Manager::of(
            |key| match key {
                "NOTIFY_SOCKET" => Some(path.clone().into_os_string()),
                "WATCHDOG_USEC" => Some("soon".into()),
                _ => None,
            },
            1,
        );
        let error = found.unwrap_err().to_string();
        assert_eq!(error, "WATCHDOG_USEC is soon, which is no whole number");
    }

    #[test]
    fn a_status_has_an_end() {
        let problems = [("ledger", "x".repeat(10_000))];
        assert_eq!(status(problems).chars().count(), LONGEST_STATUS);
        assert_eq!(status([]), "ready");
    }
}
