//! Taking a trial's folder and ports before anything is started.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::cli;
use crate::console::Console;
use crate::databases::DatabaseServer;
use crate::layout::Layout;
use crate::offer::Offers;
use crate::ports::Ports;
use crate::samples;
use crate::state::{State, StateFile};

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
    /// Where a second ready file was asked for.
    pub ready_file: Option<PathBuf>,
    /// Where progress is shown.
    pub console: Console,
    _ports: Ports,
    _lock: File,
}

impl Prepared {
    /// Takes what `options` name, or what the folder had before.
    pub fn new(options: &cli::Up, console: Console) -> anyhow::Result<Self> {
        let dir = &options.dir;
        std::fs::create_dir_all(dir)
            .with_context(|| format!("cannot make the folder {}", dir.display()))?;
        let dir = absolute(dir)?;
        let lock = lock(&dir)?;
        let path = Layout::new(dir.clone(), 0).state();
        let known = StateFile::read(&path)?;
        let ports = ports(&dir, known.as_ref(), options.port_base)?;
        let data = options.data.as_deref().map(absolute).transpose()?;
        let is_known = known.is_some();
        let begins = if is_known { "continuing" } else { "making" };
        let mut state = known.unwrap_or_default();
        state.base = ports.base;
        state.data = data.or(state.data);
        state.database = database(&state, is_known, options)?;

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
        // They appear when everything is ready, not before.
        for stale in std::iter::once(&layout.ready()).chain(&options.ready_file) {
            match std::fs::remove_file(stale) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error)
                        .with_context(|| format!("cannot replace {}", stale.display()));
                }
                _ => {}
            }
        }
        Ok(Self {
            state: StateFile::create(path, state)?,
            layout,
            offers,
            ready_file: options.ready_file.clone(),
            console,
            _ports: ports,
            _lock: lock,
        })
    }
}

/// The folder whose files a trial offers.
pub fn data_folder(layout: &Layout, state: &State) -> anyhow::Result<PathBuf> {
    match &state.data {
        Some(data) => Ok(data.clone()),
        None => samples::unpack(layout.dir()),
    }
}

/// A folder keeps its ports: they stand in configurations, registrations and the addresses of resources.
fn ports(dir: &Path, known: Option<&State>, asked: Option<u16>) -> anyhow::Result<Ports> {
    match (known, asked) {
        (Some(known), Some(asked)) if asked != 0 && asked != known.base => bail!(
            "the trial in {} has the ports from {} on; leave --port-base out, or begin anew in another folder",
            dir.display(),
            known.base
        ),
        (Some(known), _) => Ports::take(known.base)
            .with_context(|| format!("the trial in {} can't have its ports", dir.display())),
        (None, Some(0)) => Ports::choose(std::process::id()),
        (None, asked) => Ports::take(asked.unwrap_or(DEFAULT_BASE)),
    }
}

/// A folder keeps its databases too: who is registered stands in them.
fn database(
    known: &State,
    is_known: bool,
    options: &cli::Up,
) -> anyhow::Result<Option<DatabaseServer>> {
    let asked = options
        .database
        .as_deref()
        .map(|url| DatabaseServer::new(url, options.database_password_file.as_deref()))
        .transpose()?;
    if is_known && asked.is_some() && asked != known.database {
        bail!(
            "the trial in this folder keeps its records elsewhere; leave --database out, or begin anew in another folder"
        );
    }
    Ok(asked.or_else(|| known.database.clone()))
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    path.canonicalize()
        .with_context(|| format!("cannot find the folder {}", path.display()))
}

/// One `up` at a time in a folder.
fn lock(dir: &Path) -> anyhow::Result<File> {
    let path = dir.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            bail!("another `trial up` is running in {}", dir.display())
        }
        Err(std::fs::TryLockError::Error(error)) => Err(error).context("cannot lock the folder"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn folder_keeps_its_database() {
        let dir = tempfile::tempdir().unwrap();
        let mut with = options(dir.path(), Some(0));
        with.database = Some("postgres://u@127.0.0.1/kk".into());
        drop(Prepared::new(&with, Console::start()).unwrap());
        let again = Prepared::new(&options(dir.path(), None), Console::start()).unwrap();
        assert!(again.state.get().database.is_some());
        drop(again);
        drop(Prepared::new(&with, Console::start()).unwrap());
        with.database = Some("postgres://u@127.0.0.1/other".into());
        let Err(error) = Prepared::new(&with, Console::start()) else {
            panic!("moved to another database")
        };
        assert!(error.to_string().contains("--database"), "{error}");
    }

    #[test]
    fn folder_keeps_its_ports_and_is_taken_once() {
        let dir = tempfile::tempdir().unwrap();
        let first = Prepared::new(&options(dir.path(), Some(0)), Console::start()).unwrap();
        let base = first.layout.base();
        let Err(error) = Prepared::new(&options(dir.path(), Some(0)), Console::start()) else {
            panic!("taken twice")
        };
        assert!(error.to_string().contains("is running"), "{error}");
        drop(first);

        for asked in [None, Some(0), Some(base)] {
            let again = Prepared::new(&options(dir.path(), asked), Console::start()).unwrap();
            assert_eq!(again.layout.base(), base);
        }
        let Err(error) = Prepared::new(&options(dir.path(), Some(30_000)), Console::start()) else {
            panic!("moved to other ports")
        };
        assert!(error.to_string().contains(&base.to_string()), "{error}");
    }

    #[test]
    fn stale_ready_file_is_gone_before_anything_starts() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ready"), "{}").unwrap();
        let _prepared = Prepared::new(&options(dir.path(), Some(0)), Console::start()).unwrap();
        assert!(!dir.path().join("ready").exists());
    }
}
