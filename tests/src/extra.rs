//! Connectors beside the trial's own: registered like those of a fourth domain, with the sources, rules and modes of a scenario.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::json;
use toml::{Table, Value};
use url::Url;

use crate::{
    Trial,
    client::{self, Answer},
    ledger, metrics,
    operator::Operator,
    ports::free_address,
    process::Guarded,
    ready::Credentials,
    tls::Identity,
    trial::program,
};

/// 30 s: enrolment and the first look at the auth-server included.
const START: Duration = Duration::from_secs(30);

/// A running connector of the scenario.
#[derive(Debug)]
pub struct Extra {
    /// The user on whose behalf it works.
    pub user: Credentials,
    /// The DNS name in its certificate.
    pub connector_id: String,
    /// A provider's `peer`, a receiver's `api`.
    pub url: Url,
    /// Health and metrics.
    pub admin: Url,
    role: Role,
    process: Guarded,
    directory: PathBuf,
}

/// Which connector of the trial the configuration is made after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Offers data.
    Provider,
    /// Fetches data.
    Receiver,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Receiver => "receiver",
        }
    }

    /// The listener that others call.
    fn listener(self) -> &'static str {
        match self {
            Self::Provider => "peer",
            Self::Receiver => "api",
        }
    }
}

/// Who may fetch what a provider offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Open,
    /// Users with a grant.
    Granted,
}

/// A connector that is registered and configured but not running yet.
#[derive(Debug)]
pub struct Joining<'a> {
    trial: &'a Trial,
    role: Role,
    /// The user on whose behalf it will work.
    pub user: Credentials,
    /// The DNS name for its certificate.
    pub connector_id: String,
    /// Its configuration, to be changed at will before the start.
    pub config: Table,
    url: Url,
    admin: Url,
    directory: PathBuf,
}

impl<'a> Joining<'a> {
    /// Registers a connector and configures it like domain A's of the same role, with paths and ports of its own.
    pub async fn register(trial: &'a Trial, role: Role) -> Self {
        let operator = Operator::of(trial).await;
        let user = operator
            .new_user(&format!("an extra {}", role.name()))
            .await;
        let (address, admin) = (free_address(), free_address());
        let scheme = if role == Role::Provider {
            "https"
        } else {
            "http"
        };
        let url = Url::parse(&format!("{scheme}://{address}")).expect("an address makes a URL");
        let base_url = (role == Role::Provider).then(|| without_slash(&url));
        let registered = operator
            .new_connector(role.name(), &user.user_id, base_url.as_deref())
            .await;

        // Goes away with the process that works in it: a value in a `static` is never dropped.
        let directory = tempfile::tempdir()
            .expect("a temporary directory can be made")
            .keep();
        let code = directory.join("code");
        std::fs::write(&code, &registered.code).expect("the directory is ours");
        let model = configuration_of(trial, role);
        let text = std::fs::read_to_string(&model).expect("the trial's configuration can be read");
        let mut config: Table = text.parse().expect("the trial's configuration is TOML");
        rebase(
            &mut config,
            model.parent().expect("a file lies in a folder"),
            &directory,
        );
        if let Some(server) = trial.postgres().filter(|_| config.contains_key("database")) {
            let database = server.database();
            set(&mut config, "database", "url", &database.url);
        }
        set(&mut config, "admin", "listen", &admin.to_string());
        set(&mut config, role.listener(), "listen", &address.to_string());
        set(
            &mut config,
            role.listener(),
            "external_url",
            &without_slash(&url),
        );
        if config.contains_key("public") {
            let public = free_address();
            set(&mut config, "public", "listen", &public.to_string());
            set(
                &mut config,
                "public",
                "external_url",
                &format!("http://{public}"),
            );
        }
        config.insert(
            "connector_id".into(),
            registered.connector_id.clone().into(),
        );
        if role == Role::Receiver {
            // Its own participant has nobody but the user that it is registered for.
            config.insert("own_users_only".into(), false.into());
        }
        if role == Role::Provider {
            config.insert("provider_id".into(), user.user_id.clone().into());
            config.insert("source".into(), Value::Array(Vec::new()));
        }
        set(
            &mut config,
            "tls",
            "certificate",
            &display(&directory, "certificate.pem"),
        );
        set(&mut config, "tls", "key", &display(&directory, "key.pem"));
        set(
            &mut config,
            "enrolment",
            "code_file",
            &code.display().to_string(),
        );
        set(
            &mut config,
            "enrolment",
            "auth_public_url",
            &without_slash(&trial.ready.auth.public),
        );
        let admin = Url::parse(&format!("http://{admin}")).expect("an address makes a URL");
        let connector_id = registered.connector_id;
        Self {
            trial,
            role,
            user,
            connector_id,
            config,
            url,
            admin,
            directory,
        }
    }

    /// Offers what lies below `prefix`: the `resources` are registered in the ledger as its originals.
    #[must_use]
    pub async fn offering(mut self, prefix: &Url, resources: &[Url], access: Access) -> Self {
        let token = self.trial.domain("a").token_of(&self.user).await;
        let mut originals = Table::new();
        for resource in resources {
            let id =
                ledger::create(self.trial, &token, &self.user.user_id, resource.as_str()).await;
            originals.insert(resource.to_string(), id.into());
        }
        let mut source = Table::new();
        source.insert("url".into(), prefix.as_str().into());
        source.insert("api_type".into(), "file/http".into());
        source.insert("authorization".into(), (access == Access::Granted).into());
        source.insert("provenance".into(), originals.into());
        let sources = self
            .config
            .entry("source")
            .or_insert_with(|| Value::Array(Vec::new()));
        sources
            .as_array_mut()
            .expect("sources are an array")
            .push(source.into());
        self
    }

    /// Starts it; a provider is also registered with the location-server, under `profile`.
    pub async fn start(self, profile: &str) -> Extra {
        let path = self.directory.join("config.toml");
        std::fs::write(&path, self.config.to_string()).expect("the directory is ours");
        let service = format!("{}-connector", self.role.name());
        let output = self.directory.join("output.log");
        let arguments: [OsString; 4] = [
            "serve".into(),
            service.into(),
            "--config".into(),
            path.into(),
        ];
        let process = Guarded::start(&program(), arguments, &output, Some(&self.directory));
        let mut extra = Extra {
            user: self.user,
            connector_id: self.connector_id,
            url: self.url,
            admin: self.admin,
            role: self.role,
            process,
            directory: self.directory,
        };
        extra.until_ready(self.trial).await;
        if self.role == Role::Provider {
            let operator = Operator::of(self.trial).await;
            let (provider, id) = (&extra.user.user_id, &extra.connector_id);
            operator
                .register_location(provider, &without_slash(&extra.url), Some(id), profile)
                .await;
        }
        extra
    }
}

impl Extra {
    async fn until_ready(&mut self, trial: &Trial) {
        let url = self.admin.join("/readyz").expect("the path is one");
        let deadline = Instant::now() + START;
        loop {
            let ready = trial.http().get(url.clone()).send().await;
            if ready.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            assert!(
                self.process.ended().is_none() && Instant::now() < deadline,
                "the extra connector is not ready: {}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Lets `user_id` fetch `resource`: its own user says so at its authorization API.
    pub async fn grant(&self, trial: &Trial, resource: &Url, user_id: &str) {
        let operator = Operator::of(trial).await;
        let token = operator
            .management_token(&self.connector_id, &self.user)
            .await;
        let client =
            client::with_certificate(&trial.ready.ca, trial.domain("a").receiver_identity());
        let address = self
            .url
            .join("/cadde/api/v4/authorization")
            .expect("the path is one");
        let grant = json!({"permission": {
            "target": resource.as_str(),
            "assigner": self.user.user_id,
            "assignee": {"user": user_id},
        }});
        let request = client.post(address).bearer_auth(token).json(&grant);
        let answer = Answer::read(request.send().await.expect("the provider answers"))
            .await
            .expect("whole");
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// How many changes its outbox has written: unchanged, where nothing was recorded.
    pub async fn outbox_writes(&self, trial: &Trial) -> f64 {
        metrics::outbox_writes(trial.http(), &self.admin).await
    }

    /// Runs a command of its own program beside it: whether all of it was done, and what it printed, which is JSON. One that fails
    /// prints nothing.
    pub fn command(&self, arguments: &[&str]) -> (bool, serde_json::Value) {
        let name = format!("{}-connector", self.role.name());
        let own = self.directory.join(name);
        if !own.exists() {
            std::os::unix::fs::symlink(program(), &own).expect("the directory is ours");
        }
        let ended = std::process::Command::new(own)
            .args(arguments)
            .arg("--config")
            .arg(self.directory.join("config.toml"))
            .output()
            .expect("the program starts");
        let printed = String::from_utf8_lossy(&ended.stdout);
        let told = serde_json::from_str(&printed).unwrap_or_default();
        (ended.status.success(), told)
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("output.log")).unwrap_or_default()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Kills it on the spot.
    pub fn kill(&self) {
        self.process.signal("KILL");
    }

    /// Its certificate.
    pub fn identity(&self) -> Identity {
        let at = |name: &str| self.directory.join(name);
        Identity::read(&at("certificate.pem"), &at("key.pem"))
    }
}

fn without_slash(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// The configuration file of domain A's connector of this role.
fn configuration_of(trial: &Trial, role: Role) -> PathBuf {
    let name = match role {
        Role::Provider => "provider-a",
        Role::Receiver => "receiver-a",
    };
    trial.ready.services[name].configuration_file()
}

/// Moves every path below `from` to `to`.
fn rebase(table: &mut Table, from: &Path, to: &Path) {
    fn walk(value: &mut Value, from: &Path, to: &Path) {
        match value {
            Value::String(text) => {
                let (prefix, path) = text
                    .split_once(':')
                    .filter(|(scheme, _)| *scheme == "sqlite")
                    .map_or(("", text.as_str()), |(_, path)| ("sqlite:", path));
                if let Ok(rest) = Path::new(path).strip_prefix(from) {
                    *text = format!("{prefix}{}", to.join(rest).display());
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| walk(value, from, to)),
            Value::Table(table) => table
                .iter_mut()
                .for_each(|(_, value)| walk(value, from, to)),
            _ => {}
        }
    }
    for (_, value) in table.iter_mut() {
        walk(value, from, to);
    }
}

/// Sets `key` in `section` of a configuration.
pub fn set(config: &mut Table, section: &str, key: &str, value: &str) {
    let section = config
        .entry(section)
        .or_insert_with(|| Value::Table(Table::new()));
    section
        .as_table_mut()
        .expect("a section is a table")
        .insert(key.to_owned(), value.into());
}

fn display(directory: &Path, name: &str) -> String {
    directory.join(name).display().to_string()
}
