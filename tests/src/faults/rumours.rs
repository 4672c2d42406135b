//! What callers let out of their answers, for whoever wants to make something of it.

use tokio::sync::broadcast;

/// Ids that nobody has tried yet; the oldest is forgotten where a squatter is slower than the load.
const HEARD: usize = 4096;

/// An id that somebody was given.
#[derive(Debug, Clone)]
pub struct Rumour {
    pub(super) id: String,
    pub(super) nonce: Option<String>,
    pub(super) provider: String,
    pub(super) user: String,
}

/// Where ids are let out.
#[derive(Debug, Clone)]
pub struct Ear(broadcast::Sender<Rumour>);

impl Default for Ear {
    fn default() -> Self {
        Self(broadcast::Sender::new(HEARD))
    }
}

impl Ear {
    /// What is let out from now on.
    pub(super) fn listen(&self) -> broadcast::Receiver<Rumour> {
        self.0.subscribe()
    }

    /// Lets out the id of a record of an exchange between these two.
    pub fn tell(&self, id: &str, nonce: Option<&str>, provider: &str, user: &str) {
        // Nobody may be listening.
        let _ = self.0.send(Rumour {
            id: id.to_owned(),
            nonce: nonce.map(str::to_owned),
            provider: provider.to_owned(),
            user: user.to_owned(),
        });
    }
}
