//! In step with a database, through whatever happens to either.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use common::process::Shutdown;
use rstest::rstest;
use tempfile::TempDir;

use super::{
    super::{
        Bounds, Change, Dialect, Document, Index, OpenError, Request, SearchError, Source,
        SourceError, SourceState, State, schema::VERSION,
    },
    kit::NOW,
};

/// What a database would keep: of each dataset its last change.
#[derive(Default)]
struct Datasets {
    identity: Mutex<String>,
    kept: Mutex<BTreeMap<String, Change>>,
    counter: Mutex<u64>,
    is_gone: AtomicBool,
    asked: AtomicUsize,
}

impl Datasets {
    fn of(count: usize) -> Arc<Self> {
        let datasets = Self::default();
        for at in 0..count {
            datasets.put(&at.to_string(), Some("道路台帳"));
        }
        Arc::new(datasets)
    }

    fn put(&self, id: &str, title: Option<&str>) -> u64 {
        let mut counter = self.counter.lock().unwrap();
        *counter += 1;
        let documents = title.map(|title| {
            let mut document = Document::new(id, "release");
            document.text("title", title);
            document
        });
        let change = Change {
            counter: *counter,
            id: id.to_owned(),
            documents: documents.into_iter().collect(),
        };
        self.kept.lock().unwrap().insert(id.to_owned(), change);
        *counter
    }
}

#[async_trait]
impl Source for Datasets {
    async fn state(&self) -> Result<SourceState, SourceError> {
        if self.is_gone.load(Ordering::Relaxed) {
            return Err("gone".into());
        }
        Ok(SourceState {
            identity: self.identity.lock().unwrap().clone(),
            counter: *self.counter.lock().unwrap(),
        })
    }

    async fn changes(&self, after: u64, limit: usize) -> Result<Vec<Change>, SourceError> {
        if self.is_gone.load(Ordering::Relaxed) {
            return Err("gone".into());
        }
        let kept = self.kept.lock().unwrap();
        let mut changes: Vec<_> = kept
            .values()
            .filter(|change| change.counter > after)
            .cloned()
            .collect();
        changes.sort_by_key(|change| change.counter);
        changes.truncate(limit);
        self.asked.fetch_add(changes.len(), Ordering::Relaxed);
        Ok(changes)
    }
}

/// An index that follows, until it is stopped.
struct Following {
    index: Arc<Index>,
    shutdown: Shutdown,
    task: tokio::task::JoinHandle<()>,
}

impl Following {
    fn begin(folder: &Path, source: &Arc<Datasets>) -> Self {
        Self::of(Index::open(folder, Bounds::default()).unwrap(), source)
    }

    fn of(index: Arc<Index>, source: &Arc<Datasets>) -> Self {
        let shutdown = Shutdown::default();
        let source: Arc<dyn Source> = Arc::<Datasets>::clone(source);
        let task = tokio::spawn(Arc::clone(&index).follow(source, shutdown.clone()));
        Self {
            index,
            shutdown,
            task,
        }
    }

    async fn reached(&self, counter: u64) {
        assert!(
            self.index.reached(counter, Duration::from_secs(30)).await,
            "{:?}",
            self.index.state()
        );
    }

    fn found(&self, q: &str) -> u64 {
        self.index
            .search(&Request::new(q, Dialect::Ckan, NOW))
            .unwrap()
            .total
    }

    async fn end(self) {
        self.shutdown.cancel();
        self.task.await.unwrap();
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn what_is_published_is_found_within_a_second() {
    let (folder, source) = (folder(), Datasets::of(3));
    let following = Following::begin(folder.path(), &source);
    following.reached(3).await;
    assert_eq!(following.found("title:道路"), 3);
    let published = source.put("new", Some("避難所"));
    let begin = Instant::now();
    // Nobody tells that there is something new.
    while following.found("title:避難所") == 0 {
        assert!(begin.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    following.reached(published).await;
    assert_eq!(following.index.state(), State::Ready(published));
    let withdrawn = source.put("new", None);
    following.reached(withdrawn).await;
    assert_eq!(following.found("title:避難所"), 0);
    assert_eq!(following.found("*:*"), 3);
    following.end().await;
}

#[tokio::test]
async fn what_was_followed_is_not_asked_for_again() {
    let (folder, source) = (folder(), Datasets::of(450));
    let following = Following::begin(folder.path(), &source);
    following.reached(450).await;
    following.end().await;
    assert_eq!(source.asked.load(Ordering::Relaxed), 450);
    let changed = source.put("7", Some("公園"));
    let following = Following::begin(folder.path(), &source);
    // What it had is found at once.
    assert_eq!(following.found("title:道路"), 450);
    following.reached(changed).await;
    assert_eq!(
        (following.found("title:道路"), following.found("title:公園")),
        (449, 1)
    );
    assert_eq!(source.asked.load(Ordering::Relaxed), 451);
    following.end().await;
}

#[tokio::test]
async fn nobody_waits_for_what_does_not_come() {
    let (folder, source) = (folder(), Datasets::of(1));
    let following = Following::begin(folder.path(), &source);
    assert!(!following.index.reached(2, Duration::from_millis(300)).await);
    following.end().await;
}

#[tokio::test]
async fn searches_say_that_the_index_is_being_built() {
    let (folder, source) = (folder(), Datasets::of(2));
    source.is_gone.store(true, Ordering::Relaxed);
    let following = Following::begin(folder.path(), &source);
    let asked = Request::new("*:*", Dialect::Ckan, NOW);
    assert!(matches!(
        following.index.search(&asked),
        Err(SearchError::Rebuilding { .. })
    ));
    // A query that cannot be read is refused all the same.
    let wrong = Request::new("a:(", Dialect::Ckan, NOW);
    assert!(matches!(
        following.index.search(&wrong),
        Err(SearchError::Query { .. })
    ));
    source.is_gone.store(false, Ordering::Relaxed);
    following.reached(2).await;
    assert_eq!(following.found("*:*"), 2);
    // Once it is built, a database that is gone does not take what there is.
    source.is_gone.store(true, Ordering::Relaxed);
    following.index.changed();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(following.found("*:*"), 2);
    following.end().await;
}

#[rstest]
#[case::another_database("other", 3)]
#[case::an_older_state("", 1)]
#[tokio::test]
async fn an_index_of_another_database_is_built_anew(#[case] identity: &str, #[case] count: usize) {
    let folder = folder();
    let source = Datasets::of(3);
    let following = Following::begin(folder.path(), &source);
    following.reached(3).await;
    following.end().await;
    let other = Datasets::of(count);
    identity.clone_into(&mut other.identity.lock().unwrap());
    let following = Following::begin(folder.path(), &other);
    let counter = u64::try_from(count).unwrap();
    let begin = Instant::now();
    while following.index.state() != State::Ready(counter)
        || other.asked.load(Ordering::Relaxed) < count
    {
        assert!(
            begin.elapsed() < Duration::from_secs(30),
            "{:?}",
            following.index.state()
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(following.found("*:*"), counter);
    following.end().await;
}

#[tokio::test]
async fn two_processes_do_not_share_a_folder() {
    let folder = folder();
    let first = Index::open(folder.path(), Bounds::default()).unwrap();
    let second = Index::open(folder.path(), Bounds::default());
    assert!(matches!(second, Err(OpenError::InUse(_))));
    drop(first);
    assert!(Index::open(folder.path(), Bounds::default()).is_ok());
}

/// What may happen to a folder between two starts.
type Harm = fn(&Path);

fn remove_all(folder: &Path) {
    fs::remove_dir_all(folder).unwrap();
}

fn remove_segments(folder: &Path) {
    fs::remove_dir_all(folder.join("segments")).unwrap();
}

fn of_another_version(folder: &Path) {
    fs::write(folder.join("version"), format!("{}\n", VERSION - 1)).unwrap();
}

fn without_version(folder: &Path) {
    fs::remove_file(folder.join("version")).unwrap();
}

fn empty_meta(folder: &Path) {
    fs::write(folder.join("segments/meta.json"), "").unwrap();
}

fn foreign_meta(folder: &Path) {
    fs::write(folder.join("segments/meta.json"), "{\"segments\":[]}").unwrap();
}

/// Files of segments with that ending.
fn each_file(folder: &Path, ending: &str, harm: impl Fn(&Path)) {
    let files = fs::read_dir(folder.join("segments"))
        .unwrap()
        .map(|file| file.unwrap().path());
    let files: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|found| found == ending))
        .collect();
    assert!(!files.is_empty(), "{ending}");
    for file in &files {
        harm(file);
    }
}

fn cut(file: &Path, keep: impl Fn(u64) -> u64) {
    let file = OpenOptions::new().write(true).open(file).unwrap();
    file.set_len(keep(file.metadata().unwrap().len())).unwrap();
}

fn cut_in_half(folder: &Path) {
    for ending in ["term", "idx", "pos", "store", "fast"] {
        each_file(folder, ending, |file| cut(file, |length| length / 2));
    }
}

fn cut_to_nothing(folder: &Path) {
    each_file(folder, "idx", |file| cut(file, |_| 0));
}

fn cut_by_one(folder: &Path) {
    each_file(folder, "store", |file| cut(file, |length| length - 1));
}

fn flipped(folder: &Path) {
    each_file(folder, "term", |file| {
        let mut bytes = fs::read(file).unwrap();
        let middle = bytes.len() / 3;
        bytes[middle] ^= 0x10;
        fs::write(file, bytes).unwrap();
    });
}

fn one_missing(folder: &Path) {
    for ending in ["term", "store"] {
        each_file(folder, ending, |file| fs::remove_file(file).unwrap());
    }
}

fn fast_missing(folder: &Path) {
    each_file(folder, "fast", |file| fs::remove_file(file).unwrap());
}

#[rstest]
#[case::all_is_deleted(remove_all)]
#[case::the_segments_are_deleted(remove_segments)]
#[case::another_version(of_another_version)]
#[case::no_version(without_version)]
#[case::meta_is_empty(empty_meta)]
#[case::meta_is_foreign(foreign_meta)]
#[case::files_are_cut_in_half(cut_in_half)]
#[case::a_file_is_empty(cut_to_nothing)]
#[case::a_byte_is_missing(cut_by_one)]
#[case::a_bit_is_wrong(flipped)]
#[case::files_are_missing(one_missing)]
#[case::columns_are_missing(fast_missing)]
#[tokio::test]
async fn what_cannot_be_used_is_built_anew(#[case] harm: Harm) {
    let (folder, source) = (folder(), Datasets::of(30));
    let following = Following::begin(folder.path(), &source);
    following.reached(30).await;
    following.end().await;
    harm(folder.path());
    let index = Index::open(folder.path(), Bounds::default()).unwrap();
    assert_eq!(index.state(), State::Rebuilding { done: 0, of: 0 });
    let asked = Request::new("*:*", Dialect::Ckan, NOW);
    assert!(matches!(
        index.search(&asked),
        Err(SearchError::Rebuilding { .. })
    ));
    drop(index);
    let following = Following::begin(folder.path(), &source);
    following.reached(30).await;
    assert_eq!(following.found("title:道路"), 30);
    following.end().await;
    // And it is one that lasts.
    let index = Index::open(folder.path(), Bounds::default()).unwrap();
    assert_eq!(index.state(), State::Ready(30));
}

#[tokio::test]
async fn an_index_that_is_deleted_while_it_is_used_is_built_anew() {
    let (folder, source) = (folder(), Datasets::of(30));
    let following = Following::begin(folder.path(), &source);
    following.reached(30).await;
    fs::remove_dir_all(folder.path().join("segments")).unwrap();
    // What is open is found on.
    assert_eq!(following.found("title:道路"), 30);
    let changed = source.put("new", Some("道路"));
    following.reached(changed).await;
    assert_eq!(following.found("title:道路"), 31);
    following.end().await;
}

#[tokio::test]
async fn what_is_killed_while_building_begins_again() {
    let (folder, source) = (folder(), Datasets::of(900));
    let index = Index::open(folder.path(), Bounds::default()).unwrap();
    let task = tokio::spawn(
        Arc::clone(&index).follow(Arc::<Datasets>::clone(&source), Shutdown::default()),
    );
    while source.asked.load(Ordering::Relaxed) < 400 {
        tokio::task::yield_now().await;
    }
    task.abort();
    let _ = task.await;
    drop(index);
    // Unlike a process that was killed, the aborted task leaves threads that write into the folder a moment longer.
    let begin = Instant::now();
    let again = loop {
        match Index::open(folder.path(), Bounds::default()) {
            Ok(index) => break index,
            Err(error) => assert!(begin.elapsed() < Duration::from_secs(30), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let following = Following::of(again, &source);
    following.reached(900).await;
    assert_eq!(following.found("*:*"), 900);
    following.end().await;
}
