//! A running server that never outlives the test process.

use std::{
    io::Write as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::install::Install;

/// Runs the server until it is told how to end it, or until our end of its standard input is closed, which the kernel does for
/// a test process that dies: a value in a `static` is never dropped. In that case nobody will look at the directory any more.
///
/// The keeper itself ignores Ctrl-C, which reaches the whole process group of the tests.
const KEEPER: &str = r#"
trap '' INT TERM HUP
"$@" </dev/null >>"$KEEPER_DIRECTORY/log" 2>&1 &
server=$!
read -r order
case "$order" in
    fast) kill -s INT "$server" ;;
    *) kill -s QUIT "$server" ;;
esac 2>/dev/null
wait "$server"
[[ -n $order ]] || rm -rf -- "$KEEPER_DIRECTORY"
"#;

/// 60 s: a server starts within a second or two on a machine that does nothing else.
const START: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(20);

/// What runs the server.
#[derive(Debug)]
pub(crate) struct Keeper(Child);

impl Keeper {
    /// Starts the server and waits until it answers; an error if it ends before.
    pub(crate) fn start(install: &Install, directory: &Path, port: u16) -> Result<Self, ()> {
        let data = directory.join("data");
        let of = |file: &str| directory.join(file).display().to_string();
        let settings = [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            "unix_socket_directories=".to_owned(),
            "max_connections=500".to_owned(),
            "shared_buffers=32MB".to_owned(),
            "ssl=on".to_owned(),
            format!("ssl_cert_file={}", of("server.pem")),
            format!("ssl_key_file={}", of("server.key")),
        ];
        // Left by a server that was killed together with its machine; this one looks at it as the sign that it is ready.
        let state = data.join("postmaster.pid");
        let _ = std::fs::remove_file(&state);
        let child = Command::new("bash")
            .args(["-c", KEEPER, "keeper"])
            .args(install.command_line("postgres"))
            .arg("-D")
            .arg(&data)
            .args(settings.iter().flat_map(|setting| ["-c", setting]))
            .env("KEEPER_DIRECTORY", directory)
            .current_dir("/")
            .stdin(Stdio::piped())
            .spawn()
            .expect("bash starts");
        let keeper = Self(child);
        let deadline = Instant::now() + START;
        loop {
            let said = std::fs::read_to_string(&state).unwrap_or_default();
            if said
                .lines()
                .nth(7)
                .is_some_and(|status| status.trim() == "ready")
            {
                return Ok(keeper);
            }
            // The first line is the process.
            let has_ended = said
                .lines()
                .next()
                .is_some_and(|pid| !Path::new("/proc").join(pid).exists());
            if has_ended || keeper.has_no_server() || Instant::now() > deadline {
                keeper.end("immediate");
                return Err(());
            }
            std::thread::sleep(POLL);
        }
    }

    /// Whether the server, its only child, has ended.
    fn has_no_server(&self) -> bool {
        let pid = self.0.id();
        let children =
            std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        let mut states = children
            .split_whitespace()
            .map(|child| std::fs::read_to_string(format!("/proc/{child}/stat")));
        // Just started, it has none yet; the shell holds a dead one as a zombie until it waits for it.
        states.any(|stat| {
            stat.is_ok_and(|stat| {
                stat.rsplit(')')
                    .next()
                    .is_some_and(|rest| rest.trim_start().starts_with('Z'))
            })
        })
    }

    /// Ends the server in the way `order` names and keeps its directory.
    pub(crate) fn end(mut self, order: &str) {
        if let Some(mut input) = self.0.stdin.take() {
            // An error means that the keeper has ended already.
            let _ = writeln!(input, "{order}");
        }
        let _ = self.0.wait();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
