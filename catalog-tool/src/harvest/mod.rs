//! Harvest: what the release sites of providers show is kept here, for the search over all domains.
//!
//! Each site is asked again and again: for what changed last, and all of it where numbers do not fit or a while has passed. A site that
//! gives no answer keeps what it said before; a package that can't be read is left out and stops nothing; one that is missing is gone once
//! the site itself says so.

mod following;
mod record;
mod round;
mod site;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use common::{clock::SharedClock, process::Shutdown, telemetry::Chain};
use tokio::sync::Semaphore;

pub use self::{
    following::HarvestSource,
    record::{VIEW, judge, shown, unkey},
    round::{Harvest, Limit},
    site::{Site, Source},
};
use crate::domain::HarvestStore;

/// Sites that are asked at a time.
const AT_A_TIME: usize = 4;

/// Harvests `sources` until `shutdown`, and calls `changed` after each time that something changed.
pub fn spawn(
    store: &Arc<dyn HarvestStore>,
    sources: Vec<Source>,
    limit: Limit,
    (clock, shutdown): (SharedClock, Shutdown),
    changed: impl Fn() + Clone + Send + Sync + 'static,
) {
    let places = Arc::new(Semaphore::new(AT_A_TIME));
    for source in sources {
        let mut harvest = Harvest::new(Arc::clone(store), source, limit, Arc::clone(&clock));
        let (places, shutdown, changed) = (Arc::clone(&places), shutdown.clone(), changed.clone());
        tokio::spawn(async move {
            loop {
                let pause = {
                    let Ok(_place) = places.acquire().await else {
                        return;
                    };
                    tokio::select! {
                        () = shutdown.cancelled() => return,
                        done = harvest.round() => match done {
                            Ok(0) => limit.interval,
                            Ok(_) => {
                                changed();
                                limit.interval
                            }
                            Err(error) => {
                                tracing::error!(error = %Chain(&error), source = harvest.id(), "what a site says can't be kept");
                                limit.interval.max(Duration::from_secs(5))
                            }
                        },
                    }
                };
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(pause) => {}
                }
            }
        });
    }
}
