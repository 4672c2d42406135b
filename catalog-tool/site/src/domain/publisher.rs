//! Publishing done: takes up what is due, step after step, until it is shown, waits or stops.
//!
//! Whatever is done outside the database is written down before the next step, under the key that says what it was done for. So a
//! process may end anywhere: whoever takes the publication up next goes on from there, and asks the ledger for the same event under
//! the same key.

use std::{future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use common::{clock::SharedClock, process::Shutdown, telemetry::Chain};
use serde_json::Value;
use tokio::sync::Notify;

use super::{
    dataset::Summary,
    package::{Location, Shown},
    publication::{Digest, Hitch, Publication, Setback, Step, StepError},
    store::{ChangeError, DatasetStore, PublicationStore, StoreError},
};

/// 30 s: how long a publication is left alone whose process says nothing more.
const LEASE: Duration = Duration::from_secs(30);
/// 1 s: how often it is looked whether something is due that nobody has told of.
const INTERVAL: Duration = Duration::from_secs(1);

/// What a content comes to when it is published.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What the sites are to show.
    pub views: Vec<Shown>,
    /// The places that it names, each once: with the first distribution that names it, and the event that the content names for it.
    pub places: Vec<(Location, String, Option<String>)>,
}

/// Looks whether a content may be published.
#[async_trait]
pub trait Planner: Send + Sync {
    /// What it comes to, or what is wrong with it.
    async fn plan(&self, dataset: &Summary, content: &Value) -> Result<Plan, StepError>;
}

/// Reads data where a provider's exchanges would read it.
#[async_trait]
pub trait DataReader: Send + Sync {
    /// What lies there now. The bytes are not kept, however many there are.
    async fn read(&self, location: &Location) -> Result<Digest, StepError>;
}

/// What the ledger is asked to record.
#[derive(Debug, Clone, Copy)]
pub struct Creation<'a> {
    /// The same whenever the same is asked for.
    pub idempotency_key: &'a str,
    /// Where the data is.
    pub location: &'a Location,
    /// What it is.
    pub digest: &'a Digest,
    /// The user who had it published.
    pub user: &'a str,
}

/// The ledger.
#[async_trait]
pub trait EventRecorder: Send + Sync {
    /// The id of the event that says that this data was made.
    async fn record(&self, creation: Creation<'_>) -> Result<String, StepError>;
}

/// The store of a publisher.
pub trait PublisherStore: PublicationStore + DatasetStore {}
impl<S: PublicationStore + DatasetStore> PublisherStore for S {}

/// Takes up publications.
pub struct Publisher {
    /// Where they are kept.
    pub store: Arc<dyn PublisherStore>,
    /// Looks whether a content may be published.
    pub planner: Arc<dyn Planner>,
    /// Reads the data.
    pub reader: Arc<dyn DataReader>,
    /// Records its making.
    pub recorder: Arc<dyn EventRecorder>,
    /// The time.
    pub clock: SharedClock,
    /// Told when there is something new to do.
    pub wake: Arc<Notify>,
}

/// Why work on a publication ended early.
enum Interruption {
    /// A step failed.
    Step(StepError),
    /// Nothing could be written down.
    Store(StoreError),
    /// Somebody else has it, or nobody needs it any more.
    Lost,
}

impl From<StepError> for Interruption {
    fn from(error: StepError) -> Self {
        Self::Step(error)
    }
}

impl From<StoreError> for Interruption {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ChangeError> for Interruption {
    fn from(error: ChangeError) -> Self {
        let hitch = match error {
            ChangeError::Store(error) => return Self::Store(error),
            ChangeError::OtherOrigin(url) => Hitch::new(
                "origin-differs",
                format!(
                    "{url} は、公開中の別のデータセットで異なる来歴の識別情報を持っています。どちらかに揃えてください。"
                ),
                format!(
                    "{url} has another id for its provenance in another published dataset. Name the same one in both."
                ),
            ),
            ChangeError::ResourceTaken => Hitch::new(
                "distribution-id-taken",
                "配信の ID が、公開中の別のデータセットと重複しています。配信の ID を削除して公開し直してください。",
                "A distribution has the id of one in another published dataset. Remove that id and publish again.",
            ),
            _ => return Self::Lost,
        };
        Self::Step(StepError::Stop(hitch))
    }
}

impl Publisher {
    /// Takes up publications, `at_once` at a time, until `shutdown`.
    pub fn spawn(self, at_once: usize, shutdown: &Shutdown) {
        let publisher = Arc::new(self);
        for _ in 0..at_once {
            let (publisher, shutdown) = (Arc::clone(&publisher), shutdown.clone());
            tokio::spawn(async move {
                while !shutdown.is_cancelled() {
                    match publisher.turn(&shutdown).await {
                        Ok(true) => continue,
                        Ok(false) => {}
                        Err(error) => {
                            tracing::error!(error = %Chain(&error), "publications cannot be worked on");
                        }
                    }
                    tokio::select! {
                        () = shutdown.cancelled() => {}
                        () = publisher.wake.notified() => {}
                        () = tokio::time::sleep(INTERVAL) => {}
                    }
                }
            });
        }
    }

    /// Takes up the publication that is due, if one is, and works on it. Whether there was one.
    ///
    /// # Errors
    /// [`StoreError`]; it is taken up again by itself.
    pub async fn turn(&self, shutdown: &Shutdown) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let Some(mut publication) = self.store.claim(now, now + LEASE).await? else {
            return Ok(false);
        };
        let worked = tokio::select! {
            worked = self.work(&mut publication) => worked,
            () = shutdown.cancelled() => {
                // Whoever comes next need not wait for the lease to end.
                let _ = self.store.renew(&publication, self.clock.now()).await;
                return Ok(true);
            }
        };
        let of = (publication.dataset_id, publication.id);
        let written = match worked {
            Ok(summary) => {
                metrics::counter!("catalog_publications_total", "outcome" => "done").increment(1);
                tracing::info!(dataset.id = %of.0, publication = %of.1, name = %summary.name, "dataset published");
                return Ok(true);
            }
            Err(Interruption::Lost) => return Ok(true),
            Err(Interruption::Store(error)) => return Err(error),
            Err(Interruption::Step(error)) => match publication.after(error, self.clock.now()) {
                Setback::Stop(hitch) => {
                    metrics::counter!("catalog_publications_total", "outcome" => "stopped")
                        .increment(1);
                    tracing::info!(dataset.id = %of.0, publication = %of.1, reason = hitch.en, "publication stopped");
                    self.store
                        .stop(&publication, &hitch, self.clock.now())
                        .await
                }
                Setback::Again(hitch, due) => {
                    tracing::info!(dataset.id = %of.0, publication = %of.1, reason = hitch.en, "publication waits");
                    self.store.retry(&publication, &hitch, due).await
                }
            },
        };
        match written {
            Err(ChangeError::Store(error)) => Err(error),
            // It was cancelled meanwhile.
            _ => Ok(true),
        }
    }

    /// Works on it step by step until it is shown.
    async fn work(&self, publication: &mut Publication) -> Result<Summary, Interruption> {
        let mut views = None;
        loop {
            match publication.next(views.is_some()) {
                Step::Check => views = Some(self.check(publication).await?),
                Step::Read(number) => {
                    let location = publication.parts[number].location.clone();
                    let reading = self.reader.read(&location);
                    let digest = self.keeping(publication, reading).await??;
                    let at = self.clock.now();
                    let read = self.store.read(publication, number, &digest, at).await?;
                    publication.parts[number].event_id = read.1;
                    publication.parts[number].digest = Some(digest);
                }
                Step::Record(number) => {
                    let event_id = self.record(publication, number).await?;
                    publication.parts[number].event_id = Some(event_id);
                }
                Step::Show => {
                    let views = views.unwrap_or_default();
                    let origins = publication.origins();
                    let at = self.clock.now();
                    return Ok(self.store.finish(publication, &views, &origins, at).await?);
                }
            }
        }
    }

    async fn check(&self, publication: &mut Publication) -> Result<Vec<Shown>, Interruption> {
        let dataset = self.store.get(publication.dataset_id).await?;
        let dataset = dataset.ok_or(Interruption::Lost)?.summary;
        let content = self.store.version(dataset.id, publication.version).await?;
        let content = content.ok_or(Interruption::Lost)?;
        let planning = self.planner.plan(&dataset, &content);
        let plan = self.keeping(publication, planning).await??;
        publication.parts = self.store.plan(publication, &plan.places).await?;
        Ok(plan.views)
    }

    async fn record(
        &self,
        publication: &Publication,
        number: usize,
    ) -> Result<String, Interruption> {
        let part = &publication.parts[number];
        let Some(digest) = &part.digest else {
            return Err(Interruption::Lost);
        };
        // The key was written down with the digest; here it is read again, with the event if another publication has it by now.
        let at = self.clock.now();
        let (idempotency_key, known) = self.store.read(publication, number, digest, at).await?;
        if let Some(event_id) = known {
            return Ok(event_id);
        }
        let recording = self.recorder.record(Creation {
            idempotency_key: &idempotency_key,
            location: &part.location,
            digest,
            user: &publication.author.user,
        });
        let event_id = self.keeping(publication, recording).await??;
        Ok(self.store.recorded(publication, number, &event_id).await?)
    }

    /// Does something that takes its time, and keeps others from taking the publication up meanwhile.
    async fn keeping<T>(
        &self,
        publication: &Publication,
        doing: impl Future<Output = T>,
    ) -> Result<T, Interruption> {
        let mut doing = std::pin::pin!(doing);
        loop {
            tokio::select! {
                done = &mut doing => return Ok(done),
                () = tokio::time::sleep(LEASE / 3) => {
                    self.store.renew(publication, self.clock.now() + LEASE).await?;
                }
            }
        }
    }
}
