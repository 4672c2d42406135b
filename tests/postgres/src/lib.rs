//! A real PostgreSQL server for the tests of one process.
//!
//! ```no_run
//! let database = test_postgres::Server::shared().database();
//! let config = database.config(); // for `common_db::open_postgres`
//! ```
//!
//! The server is Debian's (package `postgresql`), with its usual durable settings, on a free port of loopback and in a
//! temporary directory. It ends, and the directory goes away, with the test process, however that ends. Each test takes a
//! database of its own. What is tested connects as an ordinary role with a password, the owner of its database, as on a managed
//! server; the default order of texts is a language's, so that whoever relies on the order of bytes has to say so.
//!
//! A machine without the server fails the test with a message that says what to install: a test that passes by not running
//! hides what it was written for.

#![expect(
    clippy::missing_panics_doc,
    reason = "a harness panics to fail the test; every function here may"
)]

mod certificate;
mod install;
mod keeper;
pub mod ports;
mod private;
mod sites;

use std::{
    path::PathBuf,
    process::Command,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use common::config::SecretFile;
use common_db::DatabaseConfig;

pub use self::sites::{Kept, Site, up_to, uses_index};
use self::{install::Install, keeper::Keeper};

/// The role that what is tested connects as.
const ROLE: &str = "kakehashi";
/// Passwords of the role and of the superuser. The server listens on loopback for the time of a test.
const PASSWORD: &str = "only for tests";
/// Ports that turn out to be taken before one gives up.
const PORTS: u32 = 5;

/// A PostgreSQL server.
#[derive(Debug)]
pub struct Server {
    install: Install,
    directory: PathBuf,
    port: u16,
    /// `None` while it is stopped.
    running: Mutex<Option<Keeper>>,
    databases: AtomicU32,
}

/// An empty database, owned by the role that connects.
#[derive(Debug, Clone)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// Its address without the password.
    pub url: String,
    /// The file with the password.
    pub password_file: PathBuf,
}

impl Database {
    /// The `[database]` of a service.
    pub fn config(&self) -> DatabaseConfig {
        DatabaseConfig {
            password_file: Some(SecretFile(self.password_file.clone())),
            ..DatabaseConfig::new(&self.url)
        }
    }
}

impl Server {
    /// The server that the tests of this process share. Whoever stops it takes one of their own.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Makes and starts a server.
    pub fn start() -> Self {
        let install = Install::find();
        let directory = tempfile::Builder::new()
            .prefix("kakehashi-postgres-")
            .tempdir()
            .expect("a temporary directory can be made")
            .keep();
        let data = directory.join("data");
        install.prepare(&directory, PASSWORD);
        certificate::write(&directory);
        install.hand_over(&directory);
        install.initdb(&data, &directory.join("password"));

        let mut server = Self {
            install,
            directory,
            port: 0,
            running: Mutex::default(),
            databases: AtomicU32::new(0),
        };
        for _ in 0..PORTS {
            server.port = ports::free_address().port();
            if let Ok(keeper) = server.launch() {
                server.running = Mutex::new(Some(keeper));
                server.sql(
                    "postgres",
                    &format!("CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{PASSWORD}'"),
                );
                return server;
            }
        }
        panic!("PostgreSQL does not start:\n{}", server.log());
    }

    /// A new, empty database.
    pub fn database(&self) -> Database {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name} OWNER {ROLE}"));
        Database {
            url: self.url(&name),
            password_file: self.directory.join("password"),
            name,
        }
    }

    /// The address of the database `name`, for the ordinary role, who may make databases.
    pub fn url(&self, name: &str) -> String {
        format!(
            "postgres://{ROLE}@127.0.0.1:{}/{name}?sslmode=disable",
            self.port
        )
    }

    /// The file with the password of the ordinary role.
    pub fn password_file(&self) -> PathBuf {
        self.directory.join("password")
    }

    /// The certificate of the authority that the server's own certificate, for `localhost`, is from.
    pub fn ca(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    /// Its port on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs `sql` as the superuser and returns what `psql` prints: rows alone, columns separated by `|`.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let output = Command::new(self.install.program("psql"))
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                "127.0.0.1",
                "-U",
                "postgres",
            ])
            .args(["-p", &self.port.to_string(), "-d", database, "-c", sql])
            .env("PGPASSWORD", PASSWORD)
            .env("PGSSLMODE", "disable")
            .output()
            .expect("psql runs");
        assert!(
            output.status.success(),
            "{sql}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }

    /// Stops it in order: connections are ended, what they have not committed is undone. It can be started again.
    pub fn stop(&self) {
        self.take().end("fast");
    }

    /// Ends it as a crash does: nothing is written any more, the next start recovers what was committed.
    pub fn crash(&self) {
        self.take().end("immediate");
    }

    /// Starts it again, on the same port, and returns when it answers.
    pub fn start_again(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(running.is_none(), "it is running");
        let started = self.launch();
        *running = Some(
            started.unwrap_or_else(|()| panic!("PostgreSQL does not start again:\n{}", self.log())),
        );
    }

    fn take(&self) -> Keeper {
        self.running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .expect("it is running")
    }

    fn launch(&self) -> Result<Keeper, ()> {
        Keeper::start(&self.install, &self.directory, self.port)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let running = self
            .running
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(running);
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_rows_outlive_a_stop_and_a_crash() {
        let server = Server::start();
        let database = server.database();
        server.sql(
            &database.name,
            "CREATE TABLE t (n int); INSERT INTO t VALUES (1)",
        );
        server.stop();
        server.start_again();
        server.sql(&database.name, "INSERT INTO t VALUES (2)");
        server.crash();
        server.start_again();
        assert_eq!(
            server.sql(&database.name, "SELECT n FROM t ORDER BY n"),
            "1\n2"
        );
        let directory = server.directory.clone();
        drop(server);
        assert!(!directory.exists());
    }

    #[test]
    fn each_database_is_a_new_one_of_an_ordinary_role() {
        let server = Server::shared();
        let (one, two) = (server.database(), server.database());
        assert_ne!(one.name, two.name);
        let privileges = "SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = 'kakehashi'";
        assert_eq!(server.sql(&one.name, privileges), "f|t");
        assert_eq!(
            server.sql(&one.name, "SELECT current_setting('fsync')"),
            "on"
        );
    }
}
