//! Publishing: what a draft says goes to its provider, which checks it, records it and shows it.
//!
//! The provider has the job, which goes on whatever becomes of this process; here it is kept what it said last. Every step can be
//! repeated: the ids of a dataset's views are chosen and kept before the provider is asked for the first time, so that what was lost
//! is found again.

mod acting;

use std::sync::Arc;

use auth_client::{ExchangedToken, ExchangedTokens, TokenError};
use catalog_items::Limits;
use catalog_site::content::read_content as identified;
use serde_json::Value;
use uuid::Uuid;

pub use self::acting::{Acting, Looked, PublishError};
use crate::{
    catalogue::{
        Catalogue, CatalogueError, PublicationState, Seen, SiteDataset, SiteIds, SitePublication,
        State,
    },
    domain::{
        By, ChangeError, Content, Draft, DraftStore, From, Newest, Publication, SaveDraft, Site,
        SiteChange, read_content,
    },
};
/// Publishes drafts, and tells how far they are.
pub struct Publisher {
    /// Drafts.
    pub drafts: Arc<dyn DraftStore>,
    /// Turns people's tokens into those for one provider.
    pub tokens: Arc<dyn ExchangedTokens>,
    /// How large a dataset may be.
    pub limits: Limits,
    /// Versions that are kept of a draft.
    pub keep: u32,
}

/// Pages of a provider's list that are looked through for a dataset that was just made.
const PAGES: usize = 5;

impl Publisher {
    async fn token(&self, acting: Acting<'_>) -> Result<Arc<ExchangedToken>, PublishError> {
        let token = self
            .tokens
            .stewards_token(acting.token, &acting.provider.id)
            .await;
        token.map_err(PublishError::Token)
    }

    /// Has what `newest` says published, if it stands at `from`. `overwrites` what others made of it at the provider.
    ///
    /// # Errors
    /// [`PublishError`]. Cancel safe: repeated, it goes on from where it was.
    pub async fn publish(
        &self,
        acting: Acting<'_>,
        (newest, from): (Newest, From),
        overwrites: bool,
    ) -> Result<Draft, PublishError> {
        if matches!(from, From::Revision(revision) if revision != newest.draft.revision) {
            return Err(ChangeError::Changed(Box::new(newest.draft)).into());
        }
        let bytes = newest.version.content.to_string();
        let content = read_content(bytes.as_bytes(), &self.limits)?;
        if content.check.errors > 0 {
            return Err(PublishError::NotReady(Box::new(content.check)));
        }
        let draft = self.with_ids(newest.draft, content, acting.by).await?;
        let (draft, content) = draft;
        let mut site = match draft.site.clone() {
            Some(site) => site,
            None => self.begin(&draft).await?,
        };
        let token = self.token(acting).await?;
        let catalogue = acting.provider.catalogue(&token);
        let there = self
            .written(&catalogue, &site, &content, overwrites)
            .await?;
        site.written = Some((there.version, draft.version));
        site.dataset = Some(there.clone());
        self.keep(&draft, site.clone(), draft.publication.clone())
            .await?;
        let publication = match catalogue
            .publish(there.id, Seen::Revision(there.revision))
            .await
        {
            Ok(publication) => publication,
            // An answer that was lost, or another steward: whoever looks sees how far that one is.
            Err(error) if error.is("dataset-state") => {
                let latest = catalogue.latest(there.id).await?;
                let running =
                    latest.filter(|one| !one.state.has_ended() && one.version == there.version);
                running.ok_or(PublishError::UnderWay)?
            }
            Err(error) if error.is("dataset-changed") => {
                return Err(PublishError::SiteChanged(there.version));
            }
            Err(error) => return Err(error.into()),
        };
        let publication = Publication {
            version: draft.version,
            site: publication,
            seen_at: acting.by.at,
        };
        Ok(self.keep(&draft, site, Some(publication)).await?)
    }

    /// The draft with an id for each of its distributions, which stays: a new version, if one had none.
    async fn with_ids(
        &self,
        draft: Draft,
        content: Content,
        by: By<'_>,
    ) -> Result<(Draft, Value), PublishError> {
        let json = identified(content.json.to_string().as_bytes(), &self.limits)?.json;
        if json == content.json {
            return Ok((draft, json));
        }
        let content = Content { json, ..content };
        let save = SaveDraft {
            id: draft.id,
            from: From::Revision(draft.revision),
            content: &content,
            restored_from: None,
            keep: self.keep,
        };
        Ok((self.drafts.save(save, by).await?, content.json))
    }

    /// Chooses the ids under which the provider's sites will show it.
    async fn begin(&self, draft: &Draft) -> Result<Site, PublishError> {
        let site = Site {
            ids: SiteIds {
                public: Uuid::new_v4(),
                limited: Uuid::new_v4(),
            },
            dataset: None,
            written: None,
            published_version: None,
        };
        // Another request may have chosen meanwhile: what is kept counts.
        let kept = self.drafts.begin_site(draft.id, &site).await?;
        Ok(kept)
    }

    /// The provider's dataset with this content.
    async fn written(
        &self,
        catalogue: &Catalogue<'_>,
        site: &Site,
        content: &Value,
        overwrites: bool,
    ) -> Result<SiteDataset, PublishError> {
        let known = match &site.dataset {
            Some(known) => match catalogue.get(known.id).await {
                Ok(there) => Some(there),
                Err(error) if error.is("dataset-unknown") => None,
                Err(error) => return Err(error.into()),
            },
            None => None,
        };
        let Some(there) = known else {
            return match catalogue.create(site.ids, content).await {
                Ok(made) => Ok(made),
                // It was made before, and the answer was lost.
                Err(error) if error.is("dataset-id-taken") => {
                    let made = found(catalogue, site.ids).await?.ok_or(error)?;
                    Ok(catalogue
                        .replace(made.id, Seen::Revision(made.revision), content)
                        .await?)
                }
                Err(error) => Err(error.into()),
            };
        };
        if there.dataset == *content {
            return Ok(there.summary);
        }
        let is_ours = site
            .written
            .is_some_and(|(version, _)| version == there.summary.version);
        if !is_ours && !overwrites {
            return Err(PublishError::SiteChanged(there.summary.version));
        }
        if there.summary.state == State::Checking {
            return Err(PublishError::UnderWay);
        }
        let from = Seen::Revision(there.summary.revision);
        match catalogue.replace(there.summary.id, from, content).await {
            Ok(written) => Ok(written),
            Err(error) if error.is("dataset-changed") => {
                Err(PublishError::SiteChanged(there.summary.version))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// How far the last publication of `draft` is, as its provider says now, or said last where it gives no answer.
    ///
    /// # Errors
    /// [`PublishError`]. Cancel safe.
    pub async fn look(&self, acting: Acting<'_>, draft: Draft) -> Result<Looked, PublishError> {
        let fresh = |draft| Looked {
            draft,
            is_stale: false,
        };
        let Some(publication) = draft
            .publication
            .clone()
            .filter(|one| !one.site.state.has_ended())
        else {
            return Ok(fresh(draft));
        };
        let token = match self.token(acting).await {
            Ok(token) => token,
            Err(PublishError::Token(TokenError::Unavailable(_))) => {
                return Ok(Looked {
                    draft,
                    is_stale: true,
                });
            }
            Err(error) => return Err(error),
        };
        let catalogue = acting.provider.catalogue(&token);
        match self.ask(&catalogue, &draft, publication, acting.by).await {
            Ok(draft) => Ok(fresh(draft)),
            Err(PublishError::Catalogue(CatalogueError::Away { reason, .. })) => {
                tracing::warn!(draft.id = %draft.id, provider = %acting.provider.id, reason, "a publication can't be looked at");
                Ok(Looked {
                    draft,
                    is_stale: true,
                })
            }
            Err(error) => Err(error),
        }
    }

    async fn ask(
        &self,
        catalogue: &Catalogue<'_>,
        draft: &Draft,
        publication: Publication,
        by: By<'_>,
    ) -> Result<Draft, PublishError> {
        let told = match catalogue.publication(publication.site.id).await {
            Ok(told) => told,
            // It ended so long ago that the provider has forgotten how.
            Err(error) if error.is("publication-unknown") => SitePublication {
                state: PublicationState::Stopped,
                percent: None,
                ended_at: Some(by.at),
                ..publication.site.clone()
            },
            Err(error) => return Err(error.into()),
        };
        self.told(
            catalogue,
            draft,
            Publication {
                site: told,
                seen_at: by.at,
                ..publication
            },
        )
        .await
    }

    /// Keeps what the provider says of a publication, and of the dataset once that has ended.
    async fn told(
        &self,
        catalogue: &Catalogue<'_>,
        draft: &Draft,
        publication: Publication,
    ) -> Result<Draft, PublishError> {
        let Some(mut site) = draft.site.clone() else {
            return Err(PublishError::Nothing);
        };
        if publication.site.state.has_ended() {
            site.dataset = match catalogue.get(publication.site.dataset_id).await {
                Ok(there) => Some(there.summary),
                Err(error) if error.is("dataset-unknown") => None,
                Err(error) => return Err(error.into()),
            };
            if publication.site.state == PublicationState::Done {
                site.published_version = Some(publication.version);
            }
        }
        Ok(self.keep(draft, site, Some(publication)).await?)
    }

    /// Ends the publication of `draft` that is under way.
    ///
    /// # Errors
    /// [`PublishError`]. Cancel safe.
    pub async fn cancel(&self, acting: Acting<'_>, draft: &Draft) -> Result<Draft, PublishError> {
        let publication = draft.publication.clone().ok_or(PublishError::Nothing)?;
        if publication.site.state.has_ended() {
            return Err(PublishError::Ended);
        }
        let token = self.token(acting).await?;
        let catalogue = acting.provider.catalogue(&token);
        match catalogue.cancel(publication.site.id).await {
            Ok(told) => {
                let publication = Publication {
                    site: told,
                    seen_at: acting.by.at,
                    ..publication
                };
                self.told(&catalogue, draft, publication).await
            }
            Err(error) if error.is("publication-ended") => {
                self.ask(&catalogue, draft, publication, acting.by).await?;
                Err(PublishError::Ended)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Takes `draft` from the provider's sites.
    ///
    /// # Errors
    /// [`PublishError`]. Cancel safe.
    pub async fn withdraw(&self, acting: Acting<'_>, draft: &Draft) -> Result<Draft, PublishError> {
        let Some(mut site) = draft.site.clone() else {
            return Err(ChangeError::State(draft.state).into());
        };
        let Some(known) = &site.dataset else {
            return Err(ChangeError::State(draft.state).into());
        };
        let token = self.token(acting).await?;
        let catalogue = acting.provider.catalogue(&token);
        let withdrawn = match catalogue.withdraw(known.id, Seen::Any).await {
            Ok(withdrawn) => withdrawn,
            Err(error) if error.is("dataset-state") => {
                // What is kept may be of before: now it is known how it stands.
                site.dataset = Some(catalogue.get(known.id).await?.summary);
                let is = self.keep(draft, site, draft.publication.clone()).await?;
                return Err(ChangeError::State(is.state).into());
            }
            Err(error) => return Err(error.into()),
        };
        site.dataset = Some(withdrawn);
        Ok(self.keep(draft, site, draft.publication.clone()).await?)
    }

    /// Removes what the provider has of `draft`.
    ///
    /// # Errors
    /// [`PublishError`]. Cancel safe.
    pub async fn remove(&self, acting: Acting<'_>, draft: &Draft) -> Result<(), PublishError> {
        let Some(known) = draft.site.as_ref().and_then(|site| site.dataset.as_ref()) else {
            return Ok(());
        };
        let token = self.token(acting).await?;
        match acting
            .provider
            .catalogue(&token)
            .delete(known.id, Seen::Any)
            .await
        {
            Ok(()) => Ok(()),
            Err(error) if error.is("dataset-unknown") => Ok(()),
            Err(error) if error.is("dataset-state") => Err(PublishError::UnderWay),
            Err(error) => Err(error.into()),
        }
    }

    /// What the provider has: one page, asked for with parameters that were checked.
    ///
    /// # Errors
    /// [`PublishError`]. Cancel safe.
    pub async fn list(
        &self,
        acting: Acting<'_>,
        query: &str,
    ) -> Result<crate::catalogue::SiteDatasets, PublishError> {
        let token = self.token(acting).await?;
        Ok(acting.provider.catalogue(&token).list(query).await?)
    }

    /// A dataset of the provider's, as it would be taken over: what it says, and what is kept of it.
    ///
    /// # Errors
    /// [`PublishError`]. Cancel safe.
    pub async fn read(
        &self,
        acting: Acting<'_>,
        id: Uuid,
    ) -> Result<(Content, Site), PublishError> {
        let token = self.token(acting).await?;
        let there = match acting.provider.catalogue(&token).get(id).await {
            Ok(there) => there,
            Err(error) if error.is("dataset-unknown") => return Err(PublishError::Nothing),
            Err(error) => return Err(error.into()),
        };
        let content = read_content(there.dataset.to_string().as_bytes(), &self.limits)?;
        let version = there.summary.version;
        let is_shown = there.summary.visible_version == Some(version);
        let site = Site {
            ids: there.summary.ids,
            written: Some((version, FIRST)),
            published_version: is_shown.then_some(FIRST),
            dataset: Some(there.summary),
        };
        Ok((content, site))
    }

    async fn keep(
        &self,
        draft: &Draft,
        site: Site,
        publication: Option<Publication>,
    ) -> Result<Draft, ChangeError> {
        let is_running = publication
            .as_ref()
            .is_some_and(|one| !one.site.state.has_ended());
        let state = match &site.dataset {
            _ if is_running => State::Checking,
            Some(there) => there.state,
            None => State::Draft,
        };
        let change = SiteChange {
            state,
            site,
            publication,
        };
        self.drafts.keep_site(draft.id, &change).await
    }
}

/// The number of a draft's first version.
const FIRST: i64 = 1;

/// The dataset whose views have these ids, among those that were made last.
async fn found(
    catalogue: &Catalogue<'_>,
    ids: SiteIds,
) -> Result<Option<SiteDataset>, CatalogueError> {
    let mut query = "limit=200".to_owned();
    for _ in 0..PAGES {
        let page = catalogue.list(&query).await?;
        let found = page.datasets.into_iter().find(|one| one.ids == ids);
        if found.is_some() {
            return Ok(found);
        }
        let Some(cursor) = page.next_cursor else {
            return Ok(None);
        };
        let cursor: String = url::form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
        query = format!("limit=200&cursor={cursor}");
    }
    Ok(None)
}
