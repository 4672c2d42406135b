//! One round of asking a site.

use std::{collections::HashSet, sync::Arc, time::Duration};

use catalog_items::Limits;
use common::{clock::SharedClock, telemetry::Chain};
use metrics::counter;
use serde_json::Value;

use super::{
    record::judge,
    site::{Page, SiteError, Source},
};
use crate::domain::{HarvestStore, Record, SourceStatus, StoreError, Trouble};

/// How often, and how much.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// How long after one round the next begins.
    pub interval: Duration,
    /// How long after all of a site was read it is read again, whatever the numbers say.
    pub sweep: Duration,
    /// Packages that are kept of one site.
    pub records: usize,
}

/// Packages a page.
const ROWS: usize = 100;

/// Packages that are asked for one by one in one round, because they were missing.
const MISSING: usize = 500;

/// How long a process has a site for itself at most. Of a round that takes longer another process may ask the same again, which does no
/// harm; and for so long nobody asks a site whose process died in a round.
const TURN: Duration = Duration::from_mins(2);

/// Asks one site.
pub struct Harvest {
    store: Arc<dyn HarvestStore>,
    source: Source,
    limit: Limit,
    clock: SharedClock,
    /// Sweeps one after the other after which numbers still did not fit.
    misfits: u32,
}

/// What came of a round that went through.
#[derive(Debug, Default)]
struct Found {
    changed: usize,
    swept: Option<u64>,
}

/// Why a round ended early.
#[derive(Debug)]
enum Stop {
    Site(SiteError),
    Store(StoreError),
}

impl From<SiteError> for Stop {
    fn from(error: SiteError) -> Self {
        Self::Site(error)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Harvest {
    /// Asks `source`, and keeps what it says in `store`.
    pub fn new(
        store: Arc<dyn HarvestStore>,
        source: Source,
        limit: Limit,
        clock: SharedClock,
    ) -> Self {
        Self {
            store,
            source,
            limit,
            clock,
            misfits: 0,
        }
    }

    /// Which site it is.
    pub fn id(&self) -> &str {
        &self.source.id
    }

    /// Asks the site once, and returns how many packages have changed. Where another process does, nothing is done.
    ///
    /// # Errors
    /// [`StoreError`]: what it says could not be kept. A site that gives no answer is no error.
    ///
    /// Cancel safe: the turn ends by itself, and what was kept stays.
    pub async fn round(&mut self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let Some(mut status) = self.store.claim(&self.source.id, now + TURN, now).await? else {
            return Ok(0);
        };
        status.asked_at = Some(now);
        let asked = self.ask(&status).await;
        let changed = match asked {
            Ok(found) => {
                status.answered_at = Some(now);
                status.silent_since = None;
                status.problem = None;
                if let Some(skipped) = found.swept {
                    status.swept_at = Some(now);
                    status.skipped = skipped;
                    self.rename(&mut status).await;
                }
                found.changed
            }
            Err(Stop::Site(error)) => {
                let is_new = status.silent_since.is_none();
                status.silent_since.get_or_insert(now);
                if is_new {
                    tracing::warn!(source = self.source.id, error = %Chain(&error), "a release site does not answer");
                }
                status.problem = Some(trouble(&error));
                // What was kept before it fell silent may have changed.
                1
            }
            Err(Stop::Store(error)) => return Err(error),
        };
        let outcome = if status.silent_since.is_some() {
            "silent"
        } else {
            "answered"
        };
        counter!("catalog_harvests_total", "outcome" => outcome).increment(1);
        self.store.tell(&status).await?;
        Ok(changed)
    }

    async fn rename(&self, status: &mut SourceStatus) {
        // Not every site says what it is called; that is no trouble.
        if let Ok(Some(title)) = self.source.site.title().await {
            status.title = Some(title);
        }
    }

    async fn ask(&mut self, status: &SourceStatus) -> Result<Found, Stop> {
        let now = self.clock.now();
        if status
            .swept_at
            .is_none_or(|at| at + self.limit.sweep <= now)
        {
            return self.sweep().await;
        }
        let (changed, count) = self.walk().await?;
        let kept = self.store.count(&self.source.id).await?;
        let fits = kept + status.skipped == count || kept >= self.limit.records as u64;
        if fits {
            self.misfits = 0;
            return Ok(Found {
                changed,
                swept: None,
            });
        }
        // Something is gone, or was never read. A site whose numbers never fit is not read all the time.
        let pause = self
            .limit
            .interval
            .saturating_mul(1 << self.misfits.min(10));
        if self.misfits > 0 && status.swept_at.is_some_and(|at| at + pause > now) {
            return Ok(Found {
                changed,
                swept: None,
            });
        }
        let mut found = self.sweep().await?;
        found.changed += changed;
        Ok(found)
    }

    /// What changed since the last time: pages, the last changed first, until one has nothing new.
    async fn walk(&self) -> Result<(usize, u64), Stop> {
        let (mut start, mut changed) = (0, 0);
        loop {
            let read = self.page(start).await?;
            let kept = self
                .store
                .keep(&self.source.id, &read.records, self.clock.now())
                .await?;
            changed += kept;
            start += read.length;
            if kept == 0 || self.is_end(start, &read) {
                return Ok((changed, read.count));
            }
        }
    }

    /// All of it, and what is gone.
    async fn sweep(&mut self) -> Result<Found, Stop> {
        let (mut start, mut changed, mut skipped) = (0, 0, 0);
        let mut seen = HashSet::new();
        loop {
            let read = self.page(start).await?;
            changed += self
                .store
                .keep(&self.source.id, &read.records, self.clock.now())
                .await?;
            skipped += read.skipped;
            seen.extend(read.records.iter().map(|record| record.id.clone()));
            start += read.length;
            if self.is_end(start, &read) {
                break;
            }
        }
        let (gone, is_whole) = self.gone(&seen).await?;
        changed += gone;
        let kept = self.store.count(&self.source.id).await?;
        self.misfits = if kept == seen.len() as u64 {
            0
        } else {
            self.misfits + 1
        };
        Ok(Found {
            changed,
            // Numbers that do not fit are looked into again.
            swept: is_whole.then_some(skipped),
        })
    }

    fn is_end(&self, start: usize, read: &Read) -> bool {
        read.length == 0 || start as u64 >= read.count || start >= self.limit.records
    }

    /// Lets those go that are kept and were not among `seen`, if the site says that it has them no more; and whether all were asked for.
    async fn gone(&self, seen: &HashSet<String>) -> Result<(usize, bool), Stop> {
        let (mut after, mut missing) = (String::new(), Vec::new());
        loop {
            let ids = self.store.ids(&self.source.id, &after, 1_000).await?;
            let Some(last) = ids.last() else { break };
            after.clone_from(last);
            missing.extend(ids.into_iter().filter(|id| !seen.contains(id)));
        }
        let is_whole = missing.len() <= MISSING;
        missing.truncate(MISSING);
        let mut gone = Vec::new();
        for id in missing {
            match self.source.site.package(&id).await {
                Ok(told) => match judge(&told, &Limits::default()) {
                    Some(record) => {
                        self.store
                            .keep(&self.source.id, &[record], self.clock.now())
                            .await?;
                    }
                    None => gone.push(id),
                },
                Err(SiteError::NotFound) => gone.push(id),
                Err(error) => {
                    self.let_go(&gone).await?;
                    return Err(error.into());
                }
            }
        }
        self.let_go(&gone).await?;
        Ok((gone.len(), is_whole))
    }

    async fn let_go(&self, ids: &[String]) -> Result<(), StoreError> {
        self.store
            .drop_records(&self.source.id, ids, self.clock.now())
            .await
    }

    /// A page, in smaller parts where it is too large: one package that is too large by itself is left out.
    async fn page(&self, start: usize) -> Result<Read, SiteError> {
        let mut rows = ROWS.min(self.limit.records.saturating_sub(start)).max(1);
        loop {
            match self.source.site.page(start, rows).await {
                Ok(page) => return Ok(read(page)),
                Err(SiteError::TooLarge) if rows > 1 => rows = (rows / 10).max(1),
                Err(SiteError::TooLarge) => {
                    return Ok(Read {
                        records: Vec::new(),
                        length: 1,
                        skipped: 1,
                        count: u64::MAX,
                    });
                }
                // There is no such site.
                Err(SiteError::NotFound) => return Err(SiteError::Strange("404".to_owned())),
                Err(error) => return Err(error),
            }
        }
    }
}

/// A page that was read.
struct Read {
    records: Vec<Record>,
    /// Packages that the page had.
    length: usize,
    /// Those that could not be read.
    skipped: u64,
    /// How many there are in all.
    count: u64,
}

fn read(page: Page) -> Read {
    let length = page.results.len();
    let records: Vec<Record> = page
        .results
        .iter()
        .filter_map(|told: &Value| judge(told, &Limits::default()))
        .collect();
    Read {
        skipped: (length - records.len()) as u64,
        records,
        length,
        count: page.count,
    }
}

/// What people are told.
fn trouble(error: &SiteError) -> Trouble {
    let (ja, en) = match error {
        SiteError::Silent(_) => (
            "カタログサイトから返事がありません。",
            "The catalogue site does not answer.",
        ),
        _ => (
            "カタログサイトの返事を読めません。",
            "The catalogue site answers something that can't be read.",
        ),
    };
    Trouble {
        ja: ja.to_owned(),
        en: en.to_owned(),
    }
}
