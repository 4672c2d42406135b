//! Services as child processes: started, watched, started again, stopped.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use common::config::is_override;
use tokio::{
    process::{Child, ChildStdin, Command},
    sync::watch,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::{
    console::Console,
    layout::{Layout, Port, Service},
    private,
};

/// 25 s: the services' own deadline for running requests is 20 s.
const STOP_DEADLINE: Duration = Duration::from_secs(25);
/// 30 s: longest time from the start of a service to its readiness; on an idle machine it takes 0.2 s.
const READY_DEADLINE: Duration = Duration::from_secs(30);
/// 10 ms: how often a starting service is asked whether it is ready.
const POLL: Duration = Duration::from_millis(10);
/// Pauses before a service that died is started again, the last one from then on.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(15),
];
/// 1 min: a service that lived this long died of something new.
const HEALTHY: Duration = Duration::from_mins(1);

/// The running services of a trial.
pub struct Supervisor {
    program: PathBuf,
    layout: Layout,
    console: Console,
    http: reqwest::Client,
    running: Vec<Running>,
    processes: Processes,
}

/// The services that run, each with its process.
type Processes = watch::Sender<BTreeMap<Service, u32>>;

struct Running {
    service: Service,
    stop: CancellationToken,
    deaths: watch::Receiver<Option<String>>,
    task: JoinHandle<()>,
}

impl Supervisor {
    /// Services are this very program, run again.
    pub fn new(layout: Layout, console: Console, http: reqwest::Client) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot find the trial's own program")?;
        Ok(Self::running(program, layout, console, http))
    }

    fn running(program: PathBuf, layout: Layout, console: Console, http: reqwest::Client) -> Self {
        Self {
            program,
            layout,
            console,
            http,
            running: Vec::new(),
            processes: Processes::default(),
        }
    }

    /// The services that run, each with its process.
    pub fn processes(&self) -> watch::Receiver<BTreeMap<Service, u32>> {
        self.processes.subscribe()
    }

    /// Starts a service whose configuration is written.
    pub fn start(&mut self, service: Service) -> anyhow::Result<()> {
        let child = spawn(&self.program, &self.layout, service, &self.processes)?;
        let stop = CancellationToken::new();
        let (died, deaths) = watch::channel(None);
        let keeper = Keeper {
            program: self.program.clone(),
            layout: self.layout.clone(),
            console: self.console.clone(),
            service,
            processes: self.processes.clone(),
            stop: stop.clone(),
            died,
        };
        let task = tokio::spawn(keeper.keep(child));
        self.running.push(Running {
            service,
            stop,
            deaths,
            task,
        });
        Ok(())
    }

    /// Waits until `service` says that it is ready.
    ///
    /// # Errors
    /// If it dies or takes longer than 30 s, with the end of its log.
    pub async fn ready(&self, service: Service) -> anyhow::Result<()> {
        let running = self
            .running
            .iter()
            .find(|running| running.service == service)
            .with_context(|| format!("the {service} was not started"))?;
        let mut url = self.layout.url(service, Port::Admin);
        url.set_path("/readyz");
        let deadline = Instant::now() + READY_DEADLINE;
        loop {
            let answer = self.http.get(url.clone()).send().await;
            let said = match answer {
                Ok(answer) if answer.status().is_success() => {
                    self.console.step(format_args!("the {service} is ready"));
                    return Ok(());
                }
                Ok(answer) => answer.text().await.unwrap_or_default(),
                Err(_) => String::new(),
            };
            if let Some(death) = running.deaths.borrow().clone() {
                bail!(
                    "the {service} {death} while starting{}",
                    self.end_of_log(service)
                );
            }
            if Instant::now() > deadline {
                bail!(
                    "the {service} is not ready after 30 s {said}{}",
                    self.end_of_log(service)
                );
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Asks every service to stop and waits until all have: first those that call, then those that are called.
    pub async fn stop(self) {
        let rank = |service: Service| match service {
            Service::Receiver(_) | Service::Catalog => 0,
            Service::Provider(_) => 1,
            Service::Data(_) | Service::Location | Service::Provenance => 2,
            Service::Auth => 3,
        };
        let mut running = self.running;
        for turn in 0..=3 {
            let (now, later) = running
                .into_iter()
                .partition::<Vec<_>, _>(|one| rank(one.service) == turn);
            running = later;
            for one in &now {
                one.stop.cancel();
            }
            for one in now {
                // The task ends with its child; a panic in it has been printed.
                let _ = one.task.await;
            }
        }
    }

    fn end_of_log(&self, service: Service) -> String {
        let path = self.layout.log(service);
        let text = std::fs::read(&path)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let end = lines[lines.len().saturating_sub(5)..].join("\n    ");
        format!("\n  the end of {}:\n    {end}", path.display())
    }
}

/// A service and the pipe that it lives by.
struct Process {
    child: Child,
    /// Apart from `child`, whose `wait` would close it.
    stdin: Option<ChildStdin>,
}

/// Keeps one service running.
struct Keeper {
    program: PathBuf,
    layout: Layout,
    console: Console,
    service: Service,
    processes: Processes,
    stop: CancellationToken,
    died: watch::Sender<Option<String>>,
}

impl Keeper {
    async fn keep(self, first: Process) {
        let mut child = Ok(first);
        let mut started = Instant::now();
        let mut attempt = 0;
        loop {
            let death = match child {
                Ok(mut running) => tokio::select! {
                    status = running.child.wait() => describe(status.ok()),
                    () = self.stop.cancelled() => return self.end(running).await,
                },
                Err(error) => format!("can't be started again ({error:#})"),
            };
            if started.elapsed() > HEALTHY {
                attempt = 0;
            }
            let pause = PAUSES[attempt.min(PAUSES.len() - 1)];
            attempt += 1;
            self.processes
                .send_if_modified(|all| all.remove(&self.service).is_some());
            self.died.send_replace(Some(death.clone()));
            self.console.step(format_args!(
                "the {} {death}; next start in {:.1} s (log: {})",
                self.service,
                pause.as_secs_f64(),
                self.layout.log(self.service).display()
            ));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.stop.cancelled() => return,
            }
            started = Instant::now();
            child = spawn(&self.program, &self.layout, self.service, &self.processes);
        }
    }

    /// The end of its standard input tells a service to stop.
    async fn end(&self, Process { mut child, stdin }: Process) {
        drop(stdin);
        if tokio::time::timeout(STOP_DEADLINE, child.wait())
            .await
            .is_err()
        {
            self.console.step(format_args!(
                "the {} does not stop by itself and is killed",
                self.service
            ));
            // It may have ended this very moment.
            let _ = child.kill().await;
        }
    }
}

fn spawn(
    program: &std::path::Path,
    layout: &Layout,
    service: Service,
    processes: &Processes,
) -> anyhow::Result<Process> {
    let path = layout.log(service);
    let log = private::open(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut command = Command::new(program);
    // What one service's configuration is overridden with in somebody's shell is not meant for all of these.
    for name in overrides(std::env::vars_os().map(|(name, _)| name)) {
        command.env_remove(name);
    }
    let mut child = command
        .args(["serve", service.program(), "--config"])
        .arg(layout.config(service))
        .arg("--while-stdin-open")
        .arg("--hold")
        .arg(layout.running())
        .stdin(Stdio::piped())
        .stdout(log.try_clone().context("cannot duplicate a file handle")?)
        .stderr(log)
        // Ctrl-C in a terminal reaches a whole process group: the services are stopped by the trial, in order.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot start the {service}"))?;
    let stdin = child.stdin.take();
    if let Some(pid) = child.id() {
        processes.send_modify(|all| {
            all.insert(service, pid);
        });
    }
    Ok(Process { child, stdin })
}

/// The variables that override keys of a configuration: `KAKEHASHI_A__B`, and `KAKEHASHI_A` outside of a section.
pub(crate) fn overrides(names: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    names.filter(|name| is_override(&name.to_string_lossy()))
}

fn describe(status: Option<ExitStatus>) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match status {
        None => "can't be watched any more".to_owned(),
        Some(status) => match (status.code(), status.signal()) {
            (Some(code), _) if code != 0 => format!("has ended with code {code}"),
            (None, Some(signal)) => format!("was ended by signal {signal}"),
            _ => "has ended".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt as _, path::Path};

    use super::*;
    use crate::layout::Domain;

    const SERVICE: Service = Service::Data(Domain::A);

    /// A supervisor whose services are a shell script that notes each start in the file `starts`.
    fn supervisor(dir: &Path, script: &str) -> Supervisor {
        // Where no trial of somebody else answers.
        let layout = Layout::new(dir.to_owned(), 9_001);
        std::fs::create_dir_all(layout.folder(SERVICE)).expect("the folder is ours");
        let program = dir.join("program");
        let text = format!(
            "#!/bin/sh\necho $$ >>{}\n{script}\n",
            dir.join("starts").display()
        );
        std::fs::write(&program, text).expect("the folder is ours");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700))
            .expect("the file is ours");
        let http = common::http::client::plain().expect("a client");
        Supervisor::running(program, layout, Console::start(), http)
    }

    async fn starts(dir: &Path, count: usize) -> Vec<String> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let text = std::fs::read_to_string(dir.join("starts")).unwrap_or_default();
            let lines: Vec<_> = text.lines().map(str::to_owned).collect();
            if lines.len() >= count {
                return lines;
            }
            assert!(
                Instant::now() < deadline,
                "started {} times, not {count}",
                lines.len()
            );
            tokio::time::sleep(POLL).await;
        }
    }

    fn is_running(pid: &str) -> bool {
        Path::new("/proc").join(pid).exists()
    }

    #[test]
    fn overrides_of_configurations_are_told_from_other_variables() {
        let names = [
            "KAKEHASHI_DATABASE__URL",
            "KAKEHASHI_PROVIDER_ID",
            "KAKEHASHI_CLOCK_SKEW",
            "A__B",
        ];
        let found: Vec<_> = overrides(names.into_iter().map(OsString::from)).collect();
        assert_eq!(found, ["KAKEHASHI_DATABASE__URL", "KAKEHASHI_PROVIDER_ID"]);
    }

    #[tokio::test]
    async fn closing_its_standard_input_stops_a_service() {
        let dir = tempfile::tempdir().unwrap();
        let mut supervisor = supervisor(dir.path(), "cat >/dev/null");
        supervisor.start(SERVICE).unwrap();
        let pid = starts(dir.path(), 1).await.remove(0);
        assert!(is_running(&pid));
        supervisor.stop().await;
        assert!(!is_running(&pid));
        assert_eq!(
            starts(dir.path(), 1).await.len(),
            1,
            "it was started again while stopping"
        );
    }

    #[tokio::test]
    async fn service_that_dies_is_started_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut supervisor = supervisor(
            dir.path(),
            "cd \"$(dirname \"$0\")\"; [ -e once ] || { : >once; exit 3; }; cat >/dev/null",
        );
        supervisor.start(SERVICE).unwrap();
        let pids = starts(dir.path(), 2).await;
        assert!(is_running(&pids[1]));
        supervisor.stop().await;
        assert!(!is_running(&pids[1]));
    }

    #[tokio::test]
    async fn death_while_starting_is_told_with_the_end_of_the_log() {
        let dir = tempfile::tempdir().unwrap();
        let mut supervisor = supervisor(dir.path(), "echo the key is missing >&2; exit 4");
        supervisor.start(SERVICE).unwrap();
        let error = supervisor.ready(SERVICE).await.unwrap_err().to_string();
        assert!(
            error.contains("code 4") && error.contains("the key is missing"),
            "{error}"
        );
        supervisor.stop().await;
    }
}
