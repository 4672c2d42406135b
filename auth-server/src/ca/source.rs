//! Where certificates come from.

use std::path::PathBuf;

use super::{Authority, CaError};
use crate::config::Config;

/// Where certificates come from.
#[derive(Debug)]
pub enum Source {
    /// From this server.
    Own {
        /// What signs them.
        authority: Box<Authority>,
        /// The file to which revocation lists are written.
        lists: PathBuf,
    },
    /// From another authority. What it publishes lies in files that others keep fresh.
    Elsewhere {
        /// Its certificates.
        ca: PathBuf,
        /// Its revocation lists.
        lists: Option<PathBuf>,
    },
}

impl Source {
    /// As `config` says; `None` if it does not name the file for the lists of this server.
    ///
    /// # Errors
    /// [`CaError`] if the authority's files are unusable.
    pub fn load(config: &Config) -> Result<Option<Self>, CaError> {
        let (ca, lists) = (config.tls.ca.clone(), config.tls.crl.clone());
        if config.ca.external {
            return Ok(Some(Self::Elsewhere { ca, lists }));
        }
        let Some(lists) = lists else { return Ok(None) };
        let authority = Box::new(Authority::load(&config.ca)?);
        Ok(Some(Self::Own { authority, lists }))
    }
}
