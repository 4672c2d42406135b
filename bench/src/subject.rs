//! What is measured: a trial with three files, and nginx in front of the same files.

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::Context as _;
use tests::{data::DataFolder, metrics::Metrics, trial::Trial, wait};
use tokio::runtime::Runtime;
use url::Url;

use crate::{
    hops::{Certificates, Hops},
    load::{self, Target},
    report::Server,
    usage,
};

/// 1 KiB: a reading of a sensor.
pub const SMALL: u64 = 1 << 10;
/// 100 MiB: the largest file that existing guides speak of.
pub const MEDIUM: u64 = 100 << 20;
/// 10 GiB.
pub const LARGE: u64 = 10 << 30;

/// Both sides, running.
#[derive(Debug)]
pub struct Subject {
    trial: Trial,
    hops: Hops,
    token: String,
}

impl Subject {
    /// Starts both.
    ///
    /// # Errors
    /// Where one of them does not come up.
    pub fn start(runtime: &Runtime, large: bool) -> anyhow::Result<Self> {
        let data = DataFolder::default().with_file("domain-a-bench/1024.bin", &[b'x'; 1 << 10]);
        let root = data.path().join("domain-a-bench");
        sparse(&root.join(format!("{MEDIUM}.bin")), MEDIUM)?;
        if large {
            sparse(&root.join(format!("{LARGE}.bin")), LARGE)?;
        }
        for domain in ["b", "c"] {
            let folder = data.path().join(format!("domain-{domain}-bench"));
            std::fs::create_dir_all(&folder)?;
            std::fs::write(folder.join("empty.txt"), "nothing to see\n")?;
        }
        let trial = Trial::start().with_data(data).start();
        let (a, b) = (&trial.ready.domains["a"], &trial.ready.domains["b"]);
        let certificates = Certificates {
            client: (&b.receiver.cert, &b.receiver.key),
            server: (&a.provider.cert, &a.provider.key),
            ca: &trial.ready.ca,
        };
        let hops = Hops::start(&root, &certificates)?;
        let token = runtime.block_on(trial.domain("b").token());
        Ok(Self { trial, hops, token })
    }

    /// A file of `size` bytes through nginx.
    pub fn nginx(&self, size: u64) -> Target {
        // The request is as long as the one that the connectors read: the token travels too.
        let bearer = format!("Bearer {}", self.token);
        Target::get(
            self.hops.address,
            &format!("/{size}.bin"),
            &[("authorization", &bearer)],
            size,
        )
    }

    /// The same through both connectors.
    ///
    /// # Errors
    /// Where the trial does not offer it.
    pub fn ours(&self, size: u64) -> anyhow::Result<Target> {
        let a = &self.trial.ready.domains["a"];
        let name = format!("{size}.bin");
        let resource = a
            .resources
            .iter()
            .find(|r| r.url.ends_with(&name))
            .context("not offered")?;
        let bearer = format!("Bearer {}", self.token);
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-cadde-resource-url", &resource.url),
            ("x-cadde-resource-api-type", "file/http"),
            ("x-cadde-provider", &a.provider.provider_id),
        ];
        let address = address(&self.trial.ready.domains["b"].receiver.api)?;
        Ok(Target::get(address, "/cadde/api/v4/file", &headers, size))
    }

    /// The processes of nginx.
    pub fn nginx_processes(&self) -> Vec<(String, u32)> {
        self.hops.processes()
    }

    /// Our processes on the way of an exchange from A to B.
    pub fn our_processes(&self) -> Vec<(String, u32)> {
        const WAY: [(&str, &str, &str); 6] = [
            ("receiver", "receiver-connector", "/b/"),
            ("provider", "provider-connector", "/a/"),
            ("data", "data-server", "/a/"),
            ("ledger", "provenance-server", ""),
            ("auth", "auth-server", ""),
            ("location", "location-server", ""),
        ];
        let services = self.trial.services();
        let find = |service: &str, domain: &str| {
            services.iter().find(|(_, line)| {
                line.contains(&format!(" serve {service}")) && line.contains(domain)
            })
        };
        WAY.iter()
            .filter_map(|(name, service, domain)| {
                Some(((*name).to_owned(), find(service, domain)?.0))
            })
            .collect()
    }

    /// Highest resident memory of each, in bytes.
    ///
    /// # Errors
    /// Where one has ended.
    pub fn peak_memory(&self) -> anyhow::Result<BTreeMap<String, u64>> {
        self.our_processes()
            .into_iter()
            .map(|(name, pid)| Ok((name, usage::peak_memory(pid)?)))
            .collect()
    }

    /// Waits until both outboxes have delivered everything: the work of delivery belongs to the round that caused it.
    ///
    /// # Panics
    /// Where that takes longer than a minute.
    pub fn wait_until_delivered(&self, runtime: &Runtime) {
        let admins = [
            &self.trial.ready.domains["a"].provider.admin,
            &self.trial.ready.domains["b"].receiver.admin,
        ];
        for admin in admins {
            runtime.block_on(wait::until(
                "an outbox is empty",
                Duration::from_mins(1),
                async || {
                    let metrics = Metrics::of(self.trial.http(), admin).await;
                    (metrics.sum("outbox_records", &["state=\"undelivered\""]) == 0.0).then_some(())
                },
            ));
        }
    }

    /// Servers by themselves.
    ///
    /// # Errors
    /// Where one refuses.
    pub fn servers(&self, runtime: &Runtime, only: Option<&str>) -> anyhow::Result<Vec<Server>> {
        const NAME: &str = "auth-server: client-credentials grants";
        if only.is_some_and(|only| !NAME.contains(only)) {
            return Ok(Vec::new());
        }
        let app = &self.trial.ready.domains["b"].app_client;
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let body = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            app.client_id, app.client_secret
        );
        let target = Target::post(
            address(&self.trial.ready.auth.public)?,
            "/oauth2/token",
            &headers,
            &body,
        );
        let (_, pid) = self
            .our_processes()
            .into_iter()
            .find(|(name, _)| name == "auth")
            .context("no auth-server")?;
        let process = [("auth".to_owned(), pid)];
        let before = usage::cpu(&process)?;
        let seen = runtime.block_on(load::run(&target, 8, Duration::from_secs(5), 1))?;
        let used = usage::per_unit(&before, &usage::cpu(&process)?, seen.answers);
        println!(
            "{NAME}: {:.0}/s, {:.0} µs of CPU each",
            seen.per_second, used["auth"]
        );
        let peak_memory = usage::peak_memory(pid)?;
        Ok(vec![Server {
            name: NAME.into(),
            connections: 8,
            seen,
            cpu_us: used["auth"],
            peak_memory,
        }])
    }
}

fn sparse(path: &Path, size: u64) -> anyhow::Result<()> {
    std::fs::File::create(path)?.set_len(size)?;
    Ok(())
}

fn address(url: &Url) -> anyhow::Result<std::net::SocketAddr> {
    url.socket_addrs(|| None)?
        .first()
        .copied()
        .context("a URL without an address")
}
