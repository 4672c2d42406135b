//! The server's programs, and whom they run as.

use std::{
    ffi::OsStr,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::Command,
};

use crate::private;

/// What to do about a machine that lacks the server.
const MISSING: &str = "PostgreSQL is not installed: `apt-get install postgresql` (these tests run a server of their own; they are never skipped)";

/// The user that Debian's package makes. PostgreSQL refuses to run as root.
const USER: &str = "postgres";

/// Where PostgreSQL is installed.
#[derive(Debug)]
pub(crate) struct Install {
    bin: PathBuf,
    /// Whether its programs have to be run as [`USER`].
    as_user: bool,
}

impl Install {
    /// Debian's newest release, else what is on the path.
    pub(crate) fn find() -> Self {
        let debian = std::fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .flatten();
        let newest = debian
            .map(|entry| entry.path())
            .filter(|path| path.join("bin/initdb").exists())
            .max_by_key(|path| {
                path.file_name()
                    .and_then(OsStr::to_str)
                    .and_then(|name| name.parse::<u32>().ok())
            });
        let bin = newest
            .map(|path| path.join("bin"))
            .or_else(on_path)
            .expect(MISSING);
        Self {
            bin,
            as_user: is_root(),
        }
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// The command line of a program, as the user it may run as.
    pub(crate) fn command_line(&self, name: &str) -> Vec<PathBuf> {
        let mut line: Vec<PathBuf> = Vec::new();
        if self.as_user {
            let user = [
                "setpriv",
                "--reuid",
                USER,
                "--regid",
                USER,
                "--init-groups",
                "--",
            ];
            line.extend(user.map(PathBuf::from));
        }
        line.push(self.program(name));
        line
    }

    /// Makes what has to be there before the server is made.
    pub(crate) fn prepare(&self, directory: &Path, password: &str) {
        if self.as_user {
            // The user has to get through to what it will own.
            let open = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(directory, open).expect("the directory is ours");
        }
        private::write(&directory.join("password"), password);
        std::fs::create_dir(directory.join("data")).expect("the directory is ours");
    }

    /// Gives what is in `directory` to the user.
    pub(crate) fn hand_over(&self, directory: &Path) {
        if self.as_user {
            let status = Command::new("chown")
                .arg("-R")
                .arg(format!("{USER}:"))
                .arg(directory)
                .status();
            assert!(
                status.is_ok_and(|status| status.success()),
                "there is no user {USER}: {MISSING}"
            );
        }
    }

    pub(crate) fn initdb(&self, data: &Path, password_file: &Path) {
        let line = self.command_line("initdb");
        let mut initdb = Command::new(&line[0]);
        // The files need not be durable before the server runs.
        initdb
            .args(&line[1..])
            .args(["--locale=C.UTF-8", "--encoding=UTF8", "--no-sync", "--no-instructions"])
            .args(["--auth=scram-sha-256", "--username=postgres"])
            .arg(format!("--pwfile={}", password_file.display()))
            .arg("-D")
            .arg(data)
            // A test may run where the user may not look.
            .current_dir("/");
        // A language's order of texts, where the release knows how.
        if self.release() >= 15 {
            initdb.args(["--locale-provider=icu", "--icu-locale=en-US"]);
        }
        let output = initdb.output().expect("initdb runs");
        assert!(
            output.status.success(),
            "initdb: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// The first number of what the server says of itself: `postgres (PostgreSQL) 15.18 (Debian …)`.
    fn release(&self) -> u32 {
        let output = Command::new(self.program("postgres"))
            .arg("--version")
            .output()
            .expect("postgres runs");
        let text = String::from_utf8_lossy(&output.stdout);
        let number = text
            .split_whitespace()
            .find_map(|word| word.split('.').next()?.parse().ok());
        number.expect("the server tells its release")
    }
}

fn on_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}
