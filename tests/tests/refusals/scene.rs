//! A provider with a source that tells what was asked of it, and counters before and after.

use tests::{
    Trial,
    client::Answer,
    domain::Fetch,
    extra::{Access, Extra, Joining, Role},
    metrics,
    source::Source,
};
use tokio::sync::OnceCell;
use url::Url;

/// A provider whose source tells what was asked of it.
pub struct Scene {
    pub trial: &'static Trial,
    pub source: Source,
    pub provider: Extra,
    /// Granted to the user of B.
    pub granted: Url,
    /// Granted to the user of C alone.
    pub closed: Url,
    /// Granted to nobody.
    pub secret: Url,
    /// Closed, and answering with a redirect to a port of this host that is no source.
    pub redirecting: Url,
    pub elsewhere: Source,
}

impl Scene {
    async fn new() -> Self {
        // Its counters are compared, so nobody else is to exchange anything on it.
        let trial: &'static Trial = Box::leak(Box::new(Trial::start().start()));
        let source = Source::start().await;
        let elsewhere = Source::start().await;
        let granted = source.url("/whole/1000");
        let closed = source.url("/whole/2000");
        let secret = source.url("/whole/3000");
        let port = elsewhere.url("/").port().unwrap();
        let redirecting = source.url(&format!("/redirect/{port}/whole/1"));
        let resources = [
            granted.clone(),
            closed.clone(),
            secret.clone(),
            redirecting.clone(),
        ];
        let provider = Joining::register(trial, Role::Provider)
            .await
            .offering(&source.url("/"), &resources, Access::Granted)
            .await
            .start("kakehashi/1")
            .await;
        for resource in [&granted, &redirecting] {
            provider
                .grant(trial, resource, trial.domain("b").user_id())
                .await;
        }
        provider
            .grant(trial, &closed, trial.domain("c").user_id())
            .await;
        Self {
            trial,
            source,
            provider,
            granted,
            closed,
            secret,
            redirecting,
            elsewhere,
        }
    }

    /// A request of B's user for `url` from this provider.
    pub fn fetch(&self, url: &str) -> Fetch<'static> {
        self.trial
            .domain("b")
            .fetch(url)
            .from_provider(&self.provider.user.user_id)
    }

    pub async fn outbox_writes(&self) -> (f64, f64) {
        let receiver = &self.trial.domain("b").ready.receiver.admin;
        (
            self.provider.outbox_writes(self.trial).await,
            metrics::outbox_writes(self.trial.http(), receiver).await,
        )
    }

    /// Sends it; fails the test if the source was asked or anything was recorded.
    pub async fn refused(&self, fetch: Fetch<'static>) -> Answer {
        let (asked, written) = (self.source.asked().len(), self.outbox_writes().await);
        let answer = fetch.send().await;
        assert_eq!(
            self.source.asked().len(),
            asked,
            "the source was asked: {}",
            answer.text()
        );
        assert_eq!(
            self.outbox_writes().await,
            written,
            "something was recorded: {}",
            answer.text()
        );
        answer
    }
}

/// One scene for all tests of this file: it is only looked at.
pub async fn scene() -> &'static Scene {
    static SCENE: OnceCell<Scene> = OnceCell::const_new();
    SCENE.get_or_init(Scene::new).await
}

/// Tests of this file compare counters, so they take turns.
pub async fn turn() -> tokio::sync::MutexGuard<'static, ()> {
    static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    TURN.lock().await
}
