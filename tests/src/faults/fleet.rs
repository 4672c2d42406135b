//! A trial's services as processes of the harness, so that each can be killed, kept down, stalled, reconfigured and given
//! another clock.
//!
//! The trial's own supervisor starts what dies after ever longer pauses, as it should. A scenario that kills fifty times a
//! minute decides itself when a service comes back.

use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tempfile::TempDir;
use toml::Table;
use url::Url;

use crate::{
    Trial,
    process::{self, Guarded},
    ready,
    trial::{Start, program},
    wait,
};

/// 30 s: orderly stops take up to 20 s, starts a second, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(30);

/// All services of a trial, run by the harness.
#[derive(Debug)]
pub struct Fleet {
    /// What was started, with its clients and addresses.
    pub trial: Trial,
    services: Vec<Service>,
    /// Goes away after everything that works in it.
    _directory: Directory,
}

/// One service.
#[derive(Debug)]
pub struct Service {
    /// As its folder is called: `provider-a`, `receiver-b`, `provenance-server`, …
    pub name: String,
    /// Health and metrics.
    pub admin: Url,
    program: String,
    config: PathBuf,
    starts: AtomicU32,
    process: Mutex<Option<Guarded>>,
}

#[derive(Debug)]
struct Directory(Option<TempDir>);

impl Drop for Directory {
    fn drop(&mut self) {
        if let Some(directory) = self.0.take()
            && std::env::var_os("KAKEHASHI_KEEP").is_some()
        {
            println!("kept: {}", directory.keep().display());
        }
    }
}

impl Fleet {
    /// Starts a trial, lets `first` act on it while its own supervisor keeps it, and takes its services over with the
    /// configurations that `edit` leaves, by service name.
    pub async fn start<T, F: Future<Output = (Trial, T)>>(
        start: Start,
        first: impl FnOnce(Trial) -> F,
        edit: impl Fn(&T, &str, &mut Table),
    ) -> (Self, T) {
        let directory = tempfile::Builder::new()
            .prefix("kakehashi-faults-")
            .tempdir()
            .expect("a temporary directory can be made");
        let trial = start.in_directory(directory.path()).start();
        let (mut trial, made) = first(trial).await;
        let mut services: Vec<Service> = trial
            .services()
            .into_iter()
            .map(|(name, service)| Service::new(name, service))
            .collect();
        // Those that are called before those that call.
        services.sort_by_key(|service| match service.program.as_str() {
            "auth-server" => 0,
            "provider-connector" => 2,
            "receiver-connector" => 3,
            _ => 1,
        });
        trial.process().signal("TERM");
        let ended = trial.process().wait(PATIENCE);
        assert!(ended.is_some(), "up ends: {}", trial.printed());
        for service in &services {
            let mut config = service.configuration();
            edit(&made, &service.name, &mut config);
            std::fs::write(&service.config, config.to_string()).expect("the folder is ours");
        }
        let fleet = Self {
            trial,
            services,
            _directory: Directory(Some(directory)),
        };
        for service in &fleet.services {
            service.start(&[]);
            if service.program == "auth-server" {
                service.until_ready(&fleet.trial).await;
            }
        }
        for service in &fleet.services {
            service.until_ready(&fleet.trial).await;
        }
        (fleet, made)
    }

    /// All services, those first that are called by others.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The service with this name.
    pub fn service(&self, name: &str) -> &Service {
        self.services
            .iter()
            .find(|service| service.name == name)
            .expect("the trial has such a service")
    }

    /// The connectors: they have an outbox each.
    pub fn connectors(&self) -> impl Iterator<Item = &Service> {
        self.services
            .iter()
            .filter(|service| service.program.ends_with("-connector"))
    }

    /// Kills a service and starts it again at once; returns when it is ready.
    pub async fn kill_and_start(&self, name: &str) {
        let service = self.service(name);
        service.kill();
        service.start(&[]);
        service.until_ready(&self.trial).await;
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        // Those that call before those that are called, as an operator would.
        for service in self.services.iter().rev() {
            service.signal("CONT");
            drop(service.process().take());
        }
    }
}

impl Service {
    fn new(name: String, service: ready::Service) -> Self {
        Self {
            name,
            admin: service.admin(),
            config: service.configuration_file(),
            program: service.program,
            starts: AtomicU32::new(0),
            process: Mutex::new(None),
        }
    }

    fn process(&self) -> MutexGuard<'_, Option<Guarded>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its configuration as it is written.
    pub fn configuration(&self) -> Table {
        std::fs::read_to_string(&self.config)
            .expect("the configuration can be read")
            .parse()
            .expect("the configuration is TOML")
    }

    /// A path of its configuration.
    pub fn path(&self, section: &str, key: &str) -> PathBuf {
        let config = self.configuration();
        let text = config[section][key].as_str().expect("a path is text");
        PathBuf::from(text.strip_prefix("sqlite:").unwrap_or(text))
    }

    /// Starts it with further variables (`NAME=value`) in its environment.
    pub fn start(&self, environment: &[&str]) {
        let n = self.starts.fetch_add(1, Ordering::Relaxed) + 1;
        let folder = self.config.parent().expect("a file lies in a folder");
        let log = folder.join(format!("start-{n}.log"));
        let mut arguments: Vec<PathBuf> = environment.iter().map(PathBuf::from).collect();
        arguments.push(program());
        arguments.extend(["serve", &self.program, "--config"].map(PathBuf::from));
        arguments.push(self.config.clone());
        let started = tokio::task::block_in_place(|| {
            Guarded::start(Path::new("env"), &arguments, &log, None)
        });
        let before = self.process().replace(started);
        assert!(before.is_none(), "{} ran already", self.name);
    }

    /// What it logged since its last start.
    pub fn log(&self) -> String {
        let n = self.starts.load(Ordering::Relaxed);
        let folder = self.config.parent().expect("a file lies in a folder");
        std::fs::read_to_string(folder.join(format!("start-{n}.log"))).unwrap_or_default()
    }

    /// Its process, while it has one.
    pub fn pid(&self) -> Option<u32> {
        self.process().as_ref().map(Guarded::pid)
    }

    /// Sends it a signal by name.
    pub fn signal(&self, name: &str) {
        if let Some(pid) = self.pid() {
            process::signal(pid, name);
        }
    }

    /// Kills it on the spot; it stays down.
    pub fn kill(&self) {
        self.signal("KILL");
        self.end();
    }

    /// Asks it to stop and waits until it has.
    pub fn stop(&self) {
        self.signal("TERM");
        self.end();
    }

    fn end(&self) {
        let Some(mut process) = self.process().take() else {
            return;
        };
        let ended = tokio::task::block_in_place(|| process.wait(PATIENCE));
        let pid = process.pid();
        assert!(
            ended.is_some(),
            "{} does not end: {}",
            self.name,
            std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default()
        );
    }

    /// Waits until it says that it is ready.
    pub async fn until_ready(&self, trial: &Trial) {
        let url = self.admin.join("/readyz").expect("the path is one");
        wait::until(&format!("{} is ready", self.name), PATIENCE, || async {
            let ended = self.process().as_mut().is_some_and(|p| p.ended().is_some());
            assert!(!ended, "{} has ended: {}", self.name, self.log());
            let answer = trial.http().get(url.clone()).send().await;
            answer
                .is_ok_and(|answer| answer.status().is_success())
                .then_some(())
        })
        .await;
    }
}
