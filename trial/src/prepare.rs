//! Taking a trial's folder and ports before anything is started.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

use crate::{
    cli,
    console::Console,
    databases::DatabaseServer,
    layout::Layout,
    offer::Offers,
    ports::Ports,
    private, samples,
    state::{State, StateFile},
    supervise::overrides,
};

/// Where a trial begins unless told otherwise.
const DEFAULT_BASE: u16 = 20_000;

/// A trial whose folder and ports are taken, for as long as this value lives.
pub struct Prepared {
    /// Where everything is.
    pub layout: Layout,
    /// What is remembered.
    pub state: StateFile,
    /// What the domains offer.
    pub offers: Offers,
    /// Where the ready file appears: in the folder, and where else it was asked for.
    pub ready_files: Vec<PathBuf>,
    /// Where progress is shown.
    pub console: Console,
    _ports: Ports,
    _lock: File,
}

impl Prepared {
    /// Takes what `options` name, or what the folder had before.
    pub fn new(options: &cli::Up, console: Console) -> anyhow::Result<Self> {
        let dir = &options.dir;
        let planned = std::path::absolute(dir)
            .with_context(|| format!("cannot find the folder {}", dir.display()))?;
        check_text(&planned)?;
        private::folder(dir)
            .with_context(|| format!("cannot make the folder {}", dir.display()))?;
        let dir = absolute(dir)?;
        let lock = lock(&dir)?;
        let unnumbered = Layout::new(dir.clone(), 0);
        let mut ready_files = vec![unnumbered.ready()];
        ready_files.extend(options.ready_file.clone());
        // They say that everything is ready. Nobody may take what the last `up` left for the word of this one, even if this
        // one gets no further.
        for stale in &ready_files {
            remove(stale)?;
        }
        let path = unnumbered.state();
        let known = StateFile::read(&path)?;
        wait_for_the_last(&unnumbered.running(), &console, PATIENCE)?;
        let ports = ports(&dir, known.as_ref(), options.port_base)?;
        let data = options.data.as_deref().map(absolute).transpose()?;
        let begins = if known.is_some() {
            "continuing"
        } else {
            "making"
        };
        let mut state = known.unwrap_or_default();
        state.base = ports.base;
        state.data = data.or(state.data);
        state.database = database(&state, options)?;

        let layout = Layout::new(dir, ports.base);
        let folder = data_folder(&layout, &state)?;
        let offers = Offers::scan(&folder, &layout)?;
        console.step(format_args!(
            "{begins} the trial in {}, ports from {} on, {} files of {}",
            layout.dir().display(),
            layout.base(),
            offers.files.len(),
            folder.display()
        ));
        for name in overrides(std::env::vars_os().map(|(name, _)| name)) {
            console.step(format_args!(
                "not used: the environment variable {}, which would override a key of every service",
                name.display()
            ));
        }
        for (path, reason) in &offers.refused {
            console.step(format_args!("not offered: {}: {reason}", path.display()));
        }
        Ok(Self {
            state: StateFile::create(path, state)?,
            layout,
            offers,
            ready_files,
            console,
            _ports: ports,
            _lock: lock,
        })
    }
}

fn remove(stale: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(stale) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot replace {}", stale.display()))
        }
        _ => Ok(()),
    }
}

/// 30 s: services that lost their `up` end within 20 s, when the requests that run have ended or their time is up.
const PATIENCE: Duration = Duration::from_secs(30);
/// 50 ms: how often it is looked whether they have.
const POLL: Duration = Duration::from_millis(50);

/// Waits until no service of an `up` that was killed runs any more: it would still write into what this one opens.
fn wait_for_the_last(running: &Path, console: &Console, patience: Duration) -> anyhow::Result<()> {
    let file =
        private::open(running).with_context(|| format!("cannot open {}", running.display()))?;
    let deadline = Instant::now() + patience;
    let mut told = false;
    loop {
        match file.try_lock() {
            // Let go at once: the services of this `up` will hold it, and no other `up` is here.
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => {
                return Err(error).context("cannot lock the folder");
            }
            Err(TryLockError::WouldBlock) => {}
        }
        if Instant::now() > deadline {
            bail!(
                "services that an earlier `up` started still hold {}; end them first",
                running.display()
            );
        }
        if !told {
            console.step("waiting for the services of the last `up` to end");
            told = true;
        }
        std::thread::sleep(POLL);
    }
}

/// The folder whose files a trial offers.
pub fn data_folder(layout: &Layout, state: &State) -> anyhow::Result<PathBuf> {
    match &state.data {
        Some(data) => Ok(data.clone()),
        None => samples::unpack(layout.dir()),
    }
}

/// A folder keeps its ports as soon as anything is registered: they stand in configurations, registrations and the
/// addresses of resources.
fn ports(dir: &Path, known: Option<&State>, asked: Option<u16>) -> anyhow::Result<Ports> {
    let asked_for_other = |base: u16| asked.filter(|asked| *asked != 0 && *asked != base);
    match known {
        Some(known) if asked_for_other(known.base).is_none() => Ports::take(known.base)
            .context("the ports of this trial stand in all that it registered; stop what listens there, or begin anew in another folder"),
        Some(known) if known.operator.is_some() => bail!(
            "the trial in {} has the ports from {} on; leave --port-base out, or begin anew in another folder",
            dir.display(),
            known.base
        ),
        _ if asked == Some(0) => Ports::choose(std::process::id()),
        _ => Ports::take(asked.unwrap_or(DEFAULT_BASE))
            .context("stop what listens there, or take other ports with --port-base"),
    }
}

/// A folder keeps its databases too, as soon as anybody is registered in them. The file with the password may be another.
fn database(known: &State, options: &cli::Up) -> anyhow::Result<Option<DatabaseServer>> {
    let Some(url) = options.database.as_deref() else {
        return Ok(known.database.clone());
    };
    let asked = DatabaseServer::new(url, options.database_password_file.as_deref())?;
    let Some(before) = &known.database else {
        if known.operator.is_some() {
            bail!(
                "the trial in this folder keeps its records in files; leave --database out, or begin anew in another folder"
            );
        }
        return Ok(Some(asked));
    };
    match before.replaced_by(asked.clone()) {
        Some(same) => Ok(Some(same)),
        None if known.operator.is_none() => Ok(Some(asked)),
        None => bail!(
            "the trial in this folder keeps its records at {}; leave --database out, or begin anew in another folder",
            before.address()
        ),
    }
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    let found = path
        .canonicalize()
        .with_context(|| format!("cannot find the folder {}", path.display()))?;
    check_text(&found)?;
    Ok(found)
}

/// Configurations and addresses name the folders of a trial, and are text.
fn check_text(folder: &Path) -> anyhow::Result<()> {
    match folder.to_str() {
        Some(_) => Ok(()),
        None => bail!(
            "the name of the folder {} has to be UTF-8",
            folder.display()
        ),
    }
}

/// One `up` at a time in a folder.
fn lock(dir: &Path) -> anyhow::Result<File> {
    let path = dir.join("lock");
    let file = private::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!("another `trial up` is running in {}", dir.display())
        }
        Err(TryLockError::Error(error)) => Err(error).context("cannot lock the folder"),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::{Ipv4Addr, TcpListener},
        os::unix::fs::PermissionsExt as _,
    };

    use super::*;
    use crate::{
        ready::{AppClient, Person},
        state::Operator,
    };

    fn options(dir: &Path, port_base: Option<u16>) -> cli::Up {
        cli::Up {
            dir: dir.join("trial"),
            ready_file: Some(dir.join("ready")),
            port_base,
            data: None,
            database: None,
            database_password_file: None,
        }
    }

    #[test]
    fn a_folder_whose_name_is_no_text_is_refused_and_no_other_is_made() {
        use std::os::unix::ffi::OsStrExt as _;
        let dir = tempfile::tempdir().unwrap();
        let odd = |name: &[u8]| dir.path().join(std::ffi::OsStr::from_bytes(name));
        let mut asked = options(dir.path(), Some(0));
        for name in [b"\x8e\xa9".as_slice(), b"caf\xe9/trial", b"trial\xff"] {
            asked.dir = odd(name);
            let refused = prepare(&asked).err().unwrap();
            assert!(refused.contains("has to be UTF-8"), "{refused}");
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        // One that is reached by a name that is text.
        std::fs::create_dir(odd(b"\x8e\xa9")).unwrap();
        std::os::unix::fs::symlink(odd(b"\x8e\xa9"), dir.path().join("link")).unwrap();
        asked.dir = dir.path().join("link");
        assert!(prepare(&asked).err().unwrap().contains("has to be UTF-8"));
        asked = options(dir.path(), Some(0));
        asked.data = Some(odd(b"\x8e\xa9"));
        assert!(prepare(&asked).err().unwrap().contains("has to be UTF-8"));
        // Text of any kind is taken.
        asked.data = None;
        asked.dir = dir.path().join("試行 1");
        prepare(&asked).unwrap();
    }

    /// As if the authentication server had been initialised.
    fn begun(options: &cli::Up) -> Prepared {
        let prepared = prepare(options).unwrap();
        let person = Person {
            user_id: "cadde.1.aa".into(),
            password: "p".into(),
        };
        let client = AppClient {
            client_id: "i".into(),
            client_secret: "s".into(),
        };
        let operator = Operator { person, client };
        prepared
            .state
            .update(|state| state.operator = Some(operator))
            .unwrap();
        prepared
    }

    fn prepare(options: &cli::Up) -> Result<Prepared, String> {
        Prepared::new(options, Console::start()).map_err(|error| format!("{error:#}"))
    }

    fn refusal(options: &cli::Up) -> String {
        prepare(options).err().expect("it is refused")
    }

    #[test]
    fn folder_keeps_its_database_once_somebody_is_registered_there() {
        let _alone = crate::ports::alone();
        let dir = tempfile::tempdir().unwrap();
        let mut with = options(dir.path(), Some(0));
        // The wrong one, where nothing was reached.
        with.database = Some("postgres://u@127.0.0.1/typo".into());
        drop(prepare(&with).unwrap());
        with.database = Some("postgres://u@127.0.0.1/kk".into());
        drop(begun(&with));
        let again = prepare(&options(dir.path(), None)).unwrap();
        assert!(again.state.get().database.is_some());
        drop(again);

        let password = dir.path().join("password");
        std::fs::write(&password, "p").unwrap();
        with.database_password_file = Some(password);
        drop(prepare(&with).unwrap());
        with.database = Some("postgres://u@127.0.0.1/other".into());
        let said = refusal(&with);
        assert!(
            said.contains("127.0.0.1/kk") && said.contains("--database"),
            "{said}"
        );
    }

    #[test]
    fn trial_in_files_is_not_moved_to_a_server() {
        let _alone = crate::ports::alone();
        let dir = tempfile::tempdir().unwrap();
        let mut with = options(dir.path(), Some(0));
        drop(begun(&with));
        with.database = Some("postgres://u@127.0.0.1/kk".into());
        assert!(refusal(&with).contains("in files"));
    }

    #[test]
    fn folder_keeps_its_ports_and_is_taken_once() {
        let _alone = crate::ports::alone();
        let dir = tempfile::tempdir().unwrap();
        let first = begun(&options(dir.path(), Some(0)));
        let base = first.layout.base();
        let said = refusal(&options(dir.path(), Some(0)));
        assert!(said.contains("is running"), "{said}");
        drop(first);

        for asked in [None, Some(0), Some(base)] {
            let again = prepare(&options(dir.path(), asked)).unwrap();
            assert_eq!(again.layout.base(), base);
        }
        // No place that ports are chosen from begins there.
        let said = refusal(&options(dir.path(), Some(30_001)));
        assert!(said.contains(&base.to_string()), "{said}");
    }

    #[test]
    fn other_ports_are_advised_where_they_can_be_had() {
        let _alone = crate::ports::alone();
        let dir = tempfile::tempdir().unwrap();
        let known = begun(&options(dir.path(), Some(0)));
        let base = known.layout.base();
        drop(known);
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, base + 10)).unwrap();
        let said = refusal(&options(dir.path(), None));
        assert!(
            said.contains(&(base + 10).to_string()) && !said.contains("--port-base"),
            "{said}"
        );
        let elsewhere = tempfile::tempdir().unwrap();
        let said = refusal(&options(elsewhere.path(), Some(base)));
        assert!(said.contains("--port-base"), "{said}");
        drop(taken);
        // Nothing was registered there, so it is free to take others.
        drop(prepare(&options(elsewhere.path(), Some(0))).unwrap());
    }

    #[test]
    fn stale_ready_files_are_gone_even_where_nothing_can_be_started() {
        let _alone = crate::ports::alone();
        let dir = tempfile::tempdir().unwrap();
        let known = begun(&options(dir.path(), Some(0)));
        let base = known.layout.base();
        let own = known.layout.ready();
        drop(known);
        let stale = dir.path().join("ready");
        std::fs::write(&stale, "{}").unwrap();
        std::fs::write(&own, "{}").unwrap();
        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, base)).unwrap();
        refusal(&options(dir.path(), None));
        assert!(!stale.exists() && !own.exists());
    }

    #[test]
    fn services_that_lost_their_up_are_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let running = dir.path().join("running");
        let service = private::open(&running).unwrap();
        service.lock_shared().unwrap();
        let console = Console::start();
        wait_for_the_last(&running, &console, Duration::ZERO).unwrap_err();
        let ends = std::thread::spawn(move || drop(service));
        wait_for_the_last(&running, &console, PATIENCE).unwrap();
        ends.join().unwrap();
    }

    #[test]
    fn folder_is_its_owners_alone() {
        let _alone = crate::ports::alone();
        let dir = tempfile::tempdir().unwrap();
        let prepared = prepare(&options(dir.path(), Some(0))).unwrap();
        let mode = std::fs::metadata(prepared.layout.dir())
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
