//! What is measured: both connectors of a trial, and in their place nginx, and bare libraries. All fetch the same files from the same
//! nginx, which stands for the data source of a provider: any web server, and none of ours.

use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use rustls::ClientConfig;
use tests::{
    client::Answer,
    data::DataFolder,
    extra::{Access, Extra, Joining, Role},
    ledger,
    metrics::Metrics,
    tls,
    trial::Trial,
    wait,
};
use tokio::runtime::Runtime;
use url::Url;

use crate::{
    bare::Bare,
    hops::{Certificates, Hops},
    load::Target,
    usage,
};

/// 1 KiB: a reading of a sensor.
pub const SMALL: u64 = 1 << 10;
/// 100 MiB: the largest file that existing guides speak of.
pub const MEDIUM: u64 = 100 << 20;
/// 10 GiB.
pub const LARGE: u64 = 10 << 30;

/// Processes by name.
pub type Processes = Vec<(String, u32)>;

/// All sides, running.
#[derive(Debug)]
pub struct Subject {
    /// Ours.
    pub trial: Trial,
    hops: Hops,
    bare: Bare,
    /// The provider connector that offers what `hops` serve, with a grant for each file.
    provider: Extra,
    /// A token of the user of domain B.
    pub token: String,
}

impl Subject {
    /// Starts all.
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
        let bare = Bare::start(hops.data, &certificates)?;
        let sizes: &[u64] = if large {
            &[SMALL, MEDIUM, LARGE]
        } else {
            &[SMALL, MEDIUM]
        };
        let (provider, token) = runtime.block_on(async {
            let provider = offering(&trial, &hops, sizes).await?;
            anyhow::Ok((provider, trial.domain("b").token().await))
        })?;
        Ok(Self {
            trial,
            hops,
            bare,
            provider,
            token,
        })
    }

    /// A file of `size` bytes through nginx.
    pub fn nginx(&self, size: u64) -> Target {
        self.plain(self.hops.address, size)
    }

    /// The same through bare libraries.
    pub fn bare(&self, size: u64) -> Target {
        self.plain(self.bare.address, size)
    }

    fn plain(&self, address: SocketAddr, size: u64) -> Target {
        // The request is as long as the one that the connectors read: the token travels too.
        let bearer = format!("Bearer {}", self.token);
        let path = format!("/{size}.bin");
        let headers = [("authorization", bearer.as_str())];
        Target::get(address, &path, &headers, Some(size))
    }

    /// The same through both connectors.
    ///
    /// # Errors
    /// Where the trial does not offer it.
    pub fn ours(&self, size: u64) -> anyhow::Result<Target> {
        let bearer = format!("Bearer {}", self.token);
        let file = self.hops.file(size)?;
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-cadde-resource-url", file.as_str()),
            ("x-cadde-resource-api-type", "file/http"),
            ("x-cadde-provider", &self.provider.user.user_id),
        ];
        let address = address(&self.trial.ready.domains["b"].receiver.api)?;
        let path = "/cadde/api/v4/file";
        Ok(Target::get(address, path, &headers, Some(size)))
    }

    /// The small file where the trial itself offers it: its address at domain A's data server.
    ///
    /// # Errors
    /// Where the trial does not offer it.
    pub fn resource(&self) -> anyhow::Result<Url> {
        let name = format!("{SMALL}.bin");
        let mut offered = self.trial.ready.domains["a"].resources.iter();
        let found = offered.find(|resource| resource.url.ends_with(&name));
        Ok(found.context("not offered")?.url.parse()?)
    }

    /// Version and cipher of TLS between the connectors, and between the hops of nginx.
    ///
    /// # Errors
    /// Where one of them does not answer.
    pub fn tls(&self, runtime: &Runtime) -> anyhow::Result<(String, String)> {
        let peer = &self.provider.url;
        let config = self.receiver_tls().as_ref().clone();
        let stream = runtime.block_on(tls::connect(peer, config))?;
        let session = stream.get_ref().1;
        let version = session.protocol_version().context("no TLS version")?;
        let suite = session.negotiated_cipher_suite().context("no cipher")?;
        Ok((format!("{version:?} {:?}", suite.suite()), self.hops.tls()?))
    }

    /// TLS as the receiver connector of domain B speaks it.
    pub fn receiver_tls(&self) -> Arc<ClientConfig> {
        let identity = self.trial.domain("b").receiver_identity();
        Arc::new(tls::client_config(&self.trial.ready.ca, Some(identity)))
    }

    /// TLS as the provider connector of domain A speaks it.
    pub fn provider_tls(&self) -> Arc<ClientConfig> {
        let identity = self.trial.domain("a").provider_identity();
        Arc::new(tls::client_config(&self.trial.ready.ca, Some(identity)))
    }

    /// Exchanges the small file of domain A once and returns its lineage: Create, Sent, Received.
    ///
    /// # Errors
    /// Where the answer names no event.
    pub fn one_lineage(&self, runtime: &Runtime) -> anyhow::Result<Vec<String>> {
        let url = self.resource()?;
        runtime.block_on(async {
            let domain = self.trial.domain("b");
            let request = domain
                .fetch(url.as_str())
                .from_provider_of("a")
                .token(&self.token);
            let answer: Answer = request.send().await;
            let event = answer.header("x-cadde-provenance").context("no event id")?;
            let events = ledger::arrived(&self.trial, event, 3, &self.token).await;
            Ok(events.iter().map(|event| event.id().to_owned()).collect())
        })
    }

    /// The processes of nginx.
    pub fn nginx_processes(&self) -> Processes {
        self.hops.processes()
    }

    /// The bare hops, and the data source.
    pub fn bare_processes(&self) -> Processes {
        self.bare.processes().chain([self.data_source()]).collect()
    }

    /// The nginx with the files.
    fn data_source(&self) -> (String, u32) {
        let (_, pid) = self.hops.processes().swap_remove(0);
        ("data".to_owned(), pid)
    }

    /// Our processes on the way of an exchange that is measured, and the data source; and the data server of the trial.
    ///
    /// # Panics
    /// Where one of them does not run.
    pub fn our_processes(&self) -> Processes {
        let found = [
            ("receiver", "receiver-b"),
            ("data-server", "data-a"),
            ("ledger", "provenance-server"),
            ("auth", "auth-server"),
            ("location", "location-server"),
        ];
        let found = found.map(|(name, service)| (name.to_owned(), self.trial.pid(service)));
        let others = [
            ("provider".to_owned(), self.provider.pid()),
            self.data_source(),
        ];
        found.into_iter().chain(others).collect()
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
            &self.provider.admin,
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
}

/// A provider connector, configured like domain A's, in front of the files of nginx: all of them closed, granted to the user of
/// domain B.
async fn offering(trial: &Trial, hops: &Hops, sizes: &[u64]) -> anyhow::Result<Extra> {
    let files = sizes.iter().map(|size| hops.file(*size));
    let files = files.collect::<anyhow::Result<Vec<_>>>()?;
    let joining = Joining::register(trial, Role::Provider).await;
    let prefix = hops.files()?;
    let joining = joining.offering(&prefix, &files, Access::Granted).await;
    let provider = joining.start("kakehashi/1").await;
    for file in &files {
        provider
            .grant(trial, file, trial.domain("b").user_id())
            .await;
    }
    Ok(provider)
}

fn sparse(path: &Path, size: u64) -> anyhow::Result<()> {
    std::fs::File::create(path)?.set_len(size)?;
    Ok(())
}

/// The address of a URL's host and port.
///
/// # Errors
/// Where it has none.
pub fn address(url: &Url) -> anyhow::Result<SocketAddr> {
    url.socket_addrs(|| None)?
        .first()
        .copied()
        .context("a URL without an address")
}
