//! Whether the own certificate is valid, for readiness.

use std::sync::Arc;

use time::OffsetDateTime;

use super::{OwnCertificate, TlsStore};
use crate::process::{Check, Context};

impl TlsStore {
    /// Tells readiness whether the own certificate is valid by the clock here, until the process ends.
    pub fn watch_own(self: &Arc<Self>, context: &Context) {
        let (store, context) = (Arc::clone(self), context.clone());
        let check = context.ready.register("certificate");
        say(&check, &store.own(), context.clock.now());
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = context.shutdown.cancelled() => return,
                    () = tokio::time::sleep(store.config().reload_interval.get()) => {}
                }
                say(&check, &store.own(), context.clock.now());
            }
        });
    }
}

fn say(check: &Check, own: &OwnCertificate, now: OffsetDateTime) {
    let (from, until) = (own.not_before, own.not_after);
    check.set(if (from..=until).contains(&now) {
        Ok(())
    } else {
        Err(format!(
            "the own certificate is valid from {from} to {until}, and it is {now} here: is the clock right?"
        ))
    });
}
