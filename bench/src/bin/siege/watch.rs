//! The services during an attack: their memory, their readiness, and when everything is as before.

use std::{
    collections::BTreeMap,
    fmt,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use tests::{Trial, metrics::Metrics};
use tokio::time::timeout;
use url::Url;

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(500);
/// A readiness that takes longer to be told is none.
const PATIENCE: Duration = Duration::from_secs(5);

/// One service of the trial.
#[derive(Debug)]
pub struct Service {
    name: String,
    pid: u32,
    admin: Url,
    client: reqwest::Client,
}

/// What was seen of all of them.
#[derive(Debug, Default)]
pub struct Watched {
    /// Highest resident memory by service, in bytes.
    memory: BTreeMap<String, u64>,
    /// Looks at which a service was not ready, by service and answer.
    pub unready: BTreeMap<String, usize>,
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "memory at most, MiB:")?;
        for (name, bytes) in &self.memory {
            write!(f, " {name} {}", bytes >> 20)?;
        }
        Ok(())
    }
}

impl Watched {
    /// The service that held most, and how much.
    pub fn most_memory(&self) -> (&str, u64) {
        let most = self.memory.iter().max_by_key(|(_, bytes)| **bytes);
        most.map_or(("none", 0), |(name, bytes)| (name, *bytes))
    }
}

impl Service {
    /// All of a trial.
    ///
    /// # Panics
    /// Where one is down.
    pub fn all(trial: &Trial) -> Vec<Self> {
        let services = trial.services().into_iter();
        services
            .map(|(name, service)| Self {
                admin: service.admin(),
                pid: service.pid.expect("every service of the trial runs"),
                client: trial.http().clone(),
                name,
            })
            .collect()
    }
}

/// Watches while `work` is done.
///
/// # Errors
/// Those of `work`, and where a service ended.
pub fn during<T>(
    services: &[Service],
    work: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<(Watched, T)> {
    for service in services {
        std::fs::write(format!("/proc/{}/clear_refs", service.pid), "5")?;
    }
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let looks = scope.spawn(|| watch(services, &stop));
        let worked = work();
        stop.store(true, Ordering::Relaxed);
        let watched = looks.join().map_err(|_| anyhow::anyhow!("it panicked"))??;
        Ok((watched, worked?))
    })
}

fn watch(services: &[Service], stop: &AtomicBool) -> anyhow::Result<Watched> {
    let runtime = runtime()?;
    let mut watched = Watched::default();
    while !stop.load(Ordering::Relaxed) {
        for service in services {
            if let Err(why) = runtime.block_on(ready(service)) {
                *watched
                    .unready
                    .entry(format!("{}: {why}", service.name))
                    .or_default() += 1;
            }
        }
        thread::sleep(INTERVAL);
    }
    for service in services {
        let peak = peak_memory(service.pid).with_context(|| format!("{} ended", service.name))?;
        watched.memory.insert(service.name.clone(), peak);
    }
    Ok(watched)
}

/// How long it takes until every service is ready and every outbox empty; `None` where `limit` does not suffice.
pub fn until_settled(services: &[Service], limit: Duration) -> Option<Duration> {
    let runtime = runtime().ok()?;
    let begin = Instant::now();
    while begin.elapsed() < limit {
        let settled = runtime.block_on(async {
            for service in services {
                if ready(service).await.is_err() {
                    return false;
                }
                let metrics = Metrics::of(&service.client, &service.admin).await;
                if metrics.sum("outbox_records", &["state=\"undelivered\""]) > 0.5 {
                    return false;
                }
            }
            true
        });
        if settled {
            return Some(begin.elapsed());
        }
        thread::sleep(INTERVAL / 5);
    }
    None
}

async fn ready(service: &Service) -> Result<(), String> {
    let url = service.admin.join("/readyz").map_err(|e| e.to_string())?;
    let response = timeout(PATIENCE, service.client.get(url).send()).await;
    let response = response.map_err(|_| "no answer".to_owned())?;
    let response = response.map_err(|e| format!("{e:?}"))?;
    if response.status() == 200 {
        return Ok(());
    }
    Err(response.text().await.unwrap_or_default())
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?)
}

fn peak_memory(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.context("no VmHWM")?.trim().trim_end_matches(" kB");
    Ok(kib.parse::<u64>()? * 1024)
}
