//! One request to a site.

use serde_json::Value;

use super::{answer::ActionError, parameters::Parameters};
use crate::{
    api::state::CatalogState,
    domain::{Package, Side, SiteStore as _},
};

/// One request to a site.
pub(super) struct Asked<'a> {
    pub(super) state: &'a CatalogState,
    pub(super) side: Side,
    pub(super) parameters: Parameters,
}

impl Asked<'_> {
    /// The packages as the site answers them, with the events that made their data.
    pub(super) async fn rendered(&self, packages: &[Package]) -> Result<Vec<Value>, ActionError> {
        let ids: Vec<_> = packages.iter().map(|package| package.id).collect();
        let origins = self.state.store.origins_of(self.side, &ids).await?;
        let site = self.state.site(self.side);
        Ok(packages
            .iter()
            .map(|package| site.package(package, &origins))
            .collect())
    }
}
