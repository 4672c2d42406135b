//! What this connector can tell about getting something from it.

use std::sync::Arc;

use async_trait::async_trait;
use auth_client::{ConnectorRole, State};
use catalog_site::domain::{Check, Said, Subject, Surroundings};
use common::http::{Lang, Refused};

use crate::{
    exchange::{Allowed, Budget, Options, refusals},
    provider::{fetch, sources::Source, state::Provider},
    upstream::ResourceUrl,
};

/// The data sources, the grants and the registration of a provider.
pub(super) struct Neighbourhood {
    pub provider: Arc<Provider>,
}

#[async_trait]
impl Surroundings for Neighbourhood {
    async fn registration(&self) -> Check {
        let provider = &self.provider;
        let own = &provider.connector_id;
        let kind = Subject::Registration;
        match provider.registrations.connector(own).await {
            Ok(Some(found))
                if found.role == ConnectorRole::Provider
                    && found.user_id == provider.owner
                    && found.state == State::Active =>
            {
                Check::good(
                    kind,
                    Said::of(
                        format!("提供者コネクタ {own} は登録されています。"),
                        format!("The provider connector {own} is registered."),
                    ),
                )
            }
            Ok(_) => Check::bad(
                kind,
                Said::of(
                    format!(
                        "提供者コネクタ {own} は {} のコネクタとして有効に登録されていません。",
                        provider.owner
                    ),
                    format!(
                        "The connector {own} is not an active connector of {}.",
                        provider.owner
                    ),
                ),
                Said::of(
                    "認証サーバの運用者に登録を依頼してください。",
                    "Ask the operator of the authentication server to register it.",
                ),
            ),
            Err(error) => {
                tracing::warn!(%error, "the registration cannot be looked at");
                Check::unknown(
                    kind,
                    Said::of(
                        "認証サーバが応答しないため、登録を確認できません。",
                        "The authentication server does not answer, so the registration cannot be looked at.",
                    ),
                )
            }
        }
    }

    async fn place(&self, url: &str) -> Vec<Check> {
        let (resource, source) = match self.source(url) {
            Ok(found) => found,
            Err(refused) => {
                return vec![Check::bad(
                    Subject::Source,
                    said(&refused),
                    Said::of(
                        "提供者コネクタに設定されたデータソースの URL に直すか、運用者にデータソースの追加を依頼してください。",
                        "Correct the address, or ask the operator to configure a data source for it.",
                    ),
                )];
            }
        };
        let inside = Check::good(
            Subject::Source,
            Said::of(
                "データソースの中にあります。",
                "It lies in a configured data source.",
            ),
        );
        vec![
            inside,
            self.answers(&resource, &source).await,
            self.grant(&resource, &source),
        ]
    }
}

impl Neighbourhood {
    fn source(&self, url: &str) -> Result<(ResourceUrl, Arc<Source>), Refused> {
        let resource = ResourceUrl::parse(url)?;
        let source = self.provider.sources.find(&resource);
        let source = Arc::clone(source.ok_or(&refusals::NO_SOURCE)?);
        Ok((resource, source))
    }

    /// Whether the source has it just now. Nothing of the body is read.
    async fn answers(&self, resource: &ResourceUrl, source: &Source) -> Check {
        let provider = &self.provider;
        let budget = Budget::start(provider.deadlines, Allowed::default());
        let options = Options::default();
        let opened = fetch::open(
            &provider.source_client,
            &provider.sources,
            source,
            resource,
            &options,
            &budget,
        );
        match opened.await {
            Ok(_) => Check::good(
                Subject::Answers,
                Said::of(
                    "データソースから取得できます。",
                    "The data source answers for it.",
                ),
            ),
            Err(refused) => {
                refused.log();
                Check::bad(
                    Subject::Answers,
                    said(&refused),
                    Said::of(
                        "URL とデータソースの状態を確認してください。",
                        "Look at the address and at the data source.",
                    ),
                )
            }
        }
    }

    fn grant(&self, resource: &ResourceUrl, source: &Source) -> Check {
        let kind = Subject::Grant;
        if !source.authorization {
            return Check::good(kind, Said::of("認可は不要です。", "It takes no grant."));
        }
        match self.provider.grants.current() {
            Ok(grants) if grants.has(resource.as_str()) => Check::good(
                kind,
                Said::of("認可が登録されています。", "There is a grant on it."),
            ),
            Ok(_) => Check::bad(
                kind,
                Said::of(
                    "認可がまだ登録されていないため、誰も取得できません。",
                    "Nobody has a grant on it yet, so nobody can get it.",
                ),
                Said::of(
                    "取得を許可する相手の認可を登録してください。",
                    "Register a grant for whoever may have it.",
                ),
            ),
            Err(_) => Check::unknown(
                kind,
                Said::of(
                    "認可を確認できません。",
                    "Grants cannot be looked at just now.",
                ),
            ),
        }
    }
}

fn said(refused: &Refused) -> Said {
    Said::of(refused.text_in(Lang::Ja), refused.text_in(Lang::En))
}
