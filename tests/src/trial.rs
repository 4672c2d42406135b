//! A running trial.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::json;
use test_postgres::Server;
use url::Url;

use crate::{
    certs::Authority,
    client,
    client::Answer,
    data::{self, DataFolder},
    places,
    process::Guarded,
    ready::{ClientCredentials, Credentials, Ready, Service},
    room::Starting,
    tls::Identity,
    tokens::Signer,
    wait,
};

/// 60 s: the trial itself promises 5 s on a quiet machine; this one also builds and tests.
const START: Duration = Duration::from_mins(1);

/// A minute: as long as there may be no room for a login.
const LOGIN: Duration = Duration::from_mins(1);

/// `trial up`, ready.
#[derive(Debug)]
pub struct Trial {
    /// What the ready file says.
    pub ready: Ready,
    /// From the start of the process to the ready file.
    pub took: Duration,
    http: reqwest::Client,
    directory: PathBuf,
    output: PathBuf,
    process: Guarded,
    data: Option<DataFolder>,
    postgres: Option<Arc<Server>>,
}

/// How to start a trial.
#[derive(Debug, Default)]
pub struct Start {
    data: Option<DataFolder>,
    data_path: Option<PathBuf>,
    directory: Option<PathBuf>,
    port_base: u16,
    own_samples: bool,
    postgres: Option<Arc<Server>>,
    environment: Vec<String>,
    anchors: Vec<String>,
}

impl Start {
    /// Knowing another authority: what is recorded of its certificates counts.
    #[must_use]
    pub fn knowing(mut self, authority: &Authority) -> Self {
        self.anchors.push(authority.chain_pem.clone());
        self
    }

    /// With these files instead of the usual ones.
    #[must_use]
    pub fn with_data(mut self, data: DataFolder) -> Self {
        self.data = Some(data);
        self
    }

    /// With the files below `path`, which stays as it is.
    #[must_use]
    pub fn with_data_at(mut self, path: &Path) -> Self {
        self.data_path = Some(path.to_owned());
        self
    }

    /// With the trial's own small samples.
    #[must_use]
    pub fn with_own_samples(mut self) -> Self {
        self.own_samples = true;
        self
    }

    /// In `directory`, which stays when the trial has ended. Without it a new one is made and removed.
    #[must_use]
    pub fn in_directory(mut self, directory: &Path) -> Self {
        self.directory = Some(directory.to_owned());
        self
    }

    /// With ports from `base` on; 0, the default, takes free ones, which stay its own while its directory is one that stays.
    #[must_use]
    pub fn at_port(mut self, base: u16) -> Self {
        self.port_base = base;
        self
    }

    /// With all records but the outboxes on `server`.
    #[must_use]
    pub fn on_postgres(mut self, server: &Arc<Server>) -> Self {
        self.postgres = Some(Arc::clone(server));
        self
    }

    /// With another variable in its environment, `NAME=value`.
    #[must_use]
    pub fn with_variable(mut self, variable: &str) -> Self {
        self.environment.push(variable.to_owned());
        self
    }

    /// Starts it and waits until it is ready.
    pub fn start(self) -> Trial {
        let remove = self.directory.is_none() && !keeps_directories();
        let root = self.directory.clone().unwrap_or_else(new_directory);
        std::fs::create_dir_all(&root).expect("the directory can be made");
        let directory = root.join("trial");
        let ready_file = root.join("ready.json");
        let _ = std::fs::remove_file(&ready_file);
        let output = root.join("up.out");
        let mut arguments: Vec<OsString> = self.environment.into_iter().map(Into::into).collect();
        arguments.extend([
            program().into_os_string(),
            "up".into(),
            "--dir".into(),
            directory.clone().into_os_string(),
            "--ready-file".into(),
            ready_file.clone().into_os_string(),
        ]);
        let postgres = self.postgres.or_else(usual_postgres);
        let is_new = !directory.exists();
        for (number, anchor) in self.anchors.iter().enumerate() {
            let folder = directory.join("anchors");
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&folder)
                .and_then(|()| std::fs::write(folder.join(format!("{number}.pem")), anchor))
                .expect("the directory is ours");
        }
        // A trial that was there before has its ports and its databases, and is to keep them unasked.
        if is_new {
            let kept = self.directory.as_deref().and_then(places::of);
            let base = match self.port_base {
                0 => kept.unwrap_or(0),
                base => base,
            };
            arguments.extend(["--port-base".into(), base.to_string().into()]);
            if let Some(server) = &postgres {
                arguments.extend(["--database".into(), server.url(&new_name()).into()]);
                arguments.extend([
                    "--database-password-file".into(),
                    server.password_file().into_os_string(),
                ]);
            }
        }
        let data = match (self.own_samples, &self.data_path) {
            (true, _) => None,
            (false, Some(path)) => {
                arguments.extend(["--data".into(), path.clone().into_os_string()]);
                None
            }
            (false, None) => {
                let folder = self.data.unwrap_or_else(|| DataFolder::usual_below(&root));
                arguments.extend(["--data".into(), folder.path().as_os_str().to_owned()]);
                Some(folder)
            }
        };
        let _turn = Starting::turn();
        let started = Instant::now();
        // `env` becomes the program, in the same process.
        let mut process = Guarded::start(
            Path::new("env"),
            arguments,
            &output,
            remove.then_some(root.as_path()),
        );
        let text = wait::poll(START, || {
            if process.ended().is_some() {
                return Some(None);
            }
            std::fs::read_to_string(&ready_file).ok().map(Some)
        });
        let took = started.elapsed();
        let Some(Some(text)) = text else {
            let printed = std::fs::read_to_string(&output).unwrap_or_default();
            panic!("the trial was not ready after {took:?}; it printed:\n{printed}");
        };
        let ready = Ready::read(&text);
        Trial {
            http: client::plain(&ready.ca),
            ready,
            took,
            directory,
            output,
            process,
            data,
            postgres,
        }
    }
}

/// `KAKEHASHI_TEST_POSTGRES=1` runs every scenario on PostgreSQL: one server a test process.
fn usual_postgres() -> Option<Arc<Server>> {
    static USUAL: OnceLock<Arc<Server>> = OnceLock::new();
    std::env::var_os("KAKEHASHI_TEST_POSTGRES")?;
    Some(Arc::clone(USUAL.get_or_init(|| Arc::new(Server::start()))))
}

/// What the databases of one trial are called.
fn new_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("trial{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn new_directory() -> PathBuf {
    tempfile::Builder::new()
        .prefix("kakehashi-test-")
        .tempdir()
        .expect("a temporary directory can be made")
        .keep()
}

/// `KAKEHASHI_KEEP=1` leaves the directories of finished trials, to look at the logs.
fn keeps_directories() -> bool {
    std::env::var_os("KAKEHASHI_KEEP").is_some()
}

/// The program under test: `KAKEHASHI_TRIAL_BIN`, else the release build, else the debug build.
pub fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("KAKEHASHI_TRIAL_BIN") {
        return path.into();
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || data::workspace().join("target"),
        |path| data::workspace().join(path),
    );
    ["release", "debug"]
        .iter()
        .map(|profile| target.join(profile).join("trial"))
        .find(|path| path.is_file())
        .expect("no program to test: run `cargo build --release -p trial` first")
}

impl Trial {
    /// How to start one of one's own.
    pub fn start() -> Start {
        Start::default()
    }

    /// The trial that scenarios share which neither stop nor count anything of it, with the usual data. It ends with the test process.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Trial> = OnceLock::new();
        SHARED.get_or_init(|| Start::default().knowing(Self::another_authority()).start())
    }

    /// An authority that the shared trial knows beside its own: what is recorded of its certificates counts.
    pub fn another_authority() -> &'static Authority {
        static ANOTHER: OnceLock<Authority> = OnceLock::new();
        ANOTHER.get_or_init(Authority::foreign)
    }

    /// A client like curl.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// `path` at a service's URL.
    pub fn at(&self, service: &Url, path: &str) -> Url {
        service.join(path).expect("the path makes a URL")
    }

    /// The trial's own directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The data this trial was given by the harness.
    pub fn data(&self) -> Option<&DataFolder> {
        self.data.as_ref()
    }

    /// The server that it keeps its records on, if not in files.
    pub fn postgres(&self) -> Option<&Server> {
        self.postgres.as_deref()
    }

    /// What `trial up` printed so far.
    pub fn printed(&self) -> String {
        std::fs::read_to_string(&self.output).unwrap_or_default()
    }

    /// The process of `trial up`.
    pub fn process(&mut self) -> &mut Guarded {
        &mut self.process
    }

    /// The trial's services as they are now, by the names of their folders; none once the trial has ended.
    pub fn services(&self) -> BTreeMap<String, Service> {
        let text = std::fs::read_to_string(self.directory.join("ready.json"));
        let ready = text.ok().map(|text| Ready::read(&text));
        ready.map(|ready| ready.services).unwrap_or_default()
    }

    /// The process of the service whose folder has this name.
    pub fn pid(&self, name: &str) -> u32 {
        let services = self.services();
        let service = services.get(name).expect("the trial has such a service");
        service.pid.expect("it runs")
    }

    /// The configuration of the service whose folder has this name.
    pub fn service_configuration(&self, name: &str) -> toml::Table {
        self.ready.services[name].configuration()
    }

    /// The certificate of the server `name`.
    pub fn service_identity(&self, name: &str) -> Identity {
        let config = self.service_configuration(name);
        let path = |of: &str| PathBuf::from(config["tls"][of].as_str().expect("a path"));
        Identity::read(&path("certificate"), &path("key"))
    }

    /// The auth-server's own signing key: to make tokens that it would not make.
    pub fn signer(&self) -> Signer {
        let config = self.service_configuration("auth-server");
        let directory = config["tokens"]["key_directory"]
            .as_str()
            .expect("the keys lie in a directory");
        let mut keys: Vec<PathBuf> = std::fs::read_dir(directory)
            .expect("the directory can be read")
            .flatten()
            .map(|entry| entry.path())
            .collect();
        keys.sort();
        let key = keys.pop().expect("the auth-server has a key");
        let kid = key
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("keys are named by their id");
        Signer::with_key(
            std::fs::read_to_string(&key).expect("the key can be read"),
            kid,
        )
    }

    /// A token for `user`, got with user ID and password through the application `client`.
    pub async fn sign_in(&self, client: &ClientCredentials, user: &Credentials) -> String {
        let url = self.at(&self.ready.auth.public, "/cadde/api/v4/token");
        let request = self
            .http
            .post(url)
            .basic_auth(&client.client_id, Some(&client.client_secret))
            .json(&json!({"user_id": user.user_id, "password": user.password}));
        // Whoever signs in beside many others is asked to come again.
        let answer = wait::until("there is room for a login", LOGIN, async || {
            let request = request.try_clone().expect("its body is in memory");
            let response = request.send().await.expect("the auth-server answers");
            let answer = Answer::read(response).await.expect("the answer is whole");
            let is_busy = answer.status == 503 && answer.json()["message_id"] == "login-busy";
            (!is_busy).then_some(answer)
        })
        .await;
        assert_eq!(
            answer.status,
            200,
            "no token for {}: {}",
            user.user_id,
            answer.text()
        );
        answer.json()["access_token"]
            .as_str()
            .expect("the answer holds a token")
            .to_owned()
    }

    /// The authority of the trial, with its key: to issue what it would not issue.
    pub fn authority(&self) -> Authority {
        let config = self.service_configuration("auth-server");
        let directory = PathBuf::from(
            config["ca"]["directory"]
                .as_str()
                .expect("it lies in a directory"),
        );
        Authority::of_trial(
            &directory.join("intermediate.pem"),
            &directory.join("intermediate.key"),
        )
    }

    /// Everything the services logged, by file.
    pub fn logs(&self) -> Vec<(PathBuf, String)> {
        let mut logs = vec![(self.output.clone(), self.printed())];
        collect(&self.directory, "log", &mut logs);
        logs
    }
}

fn collect(directory: &Path, extension: &str, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(directory)
        .expect("the directory is ours")
        .flatten()
    {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            let text =
                std::fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            found.push((path, text.unwrap_or_default()));
        }
    }
}
