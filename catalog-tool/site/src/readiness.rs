//! Whether what a dataset names can be obtained: by the items of the catalogue, and by what its surroundings say.

use std::{collections::BTreeMap, time::Duration};

use catalog_items::{Dataset, Sharing, Side, keys};
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream};
use tokio::time::{Instant, timeout_at};

use crate::{
    content::{NOT_REQUIRED, SIDES},
    domain::{Check, MOST_PLACES, Outcome, Said, Subject, Surroundings},
};

/// Longest time for all addresses together: the steward looks on.
const PATIENCE: Duration = Duration::from_secs(20);

/// Addresses that are looked at at a time.
const AT_ONCE: usize = 4;

/// An address that the views name.
#[derive(Debug, Default, PartialEq, Eq)]
struct Place {
    /// Where it is named first.
    pointer: String,
    /// The events of its creation that are named.
    events: Vec<String>,
}

/// Looks at everything that lies between a receiver and the data of `dataset`.
///
/// Cancel safe: nothing is changed.
pub async fn look(
    dataset: &Dataset,
    provider_id: &str,
    surroundings: &dyn Surroundings,
) -> Vec<Check> {
    let mut checks = own(dataset, provider_id);
    checks.push(surroundings.registration().await);
    let places = places(dataset);
    let until = Instant::now() + PATIENCE;
    // Boxed: what a stream of closures borrows, the compiler does not see through in a handler.
    let looked_at = places
        .into_iter()
        .enumerate()
        .map(|(number, (url, place))| {
            let looking = async move {
                let found = if number < MOST_PLACES {
                    timeout_at(until, surroundings.place(&url)).await.ok()
                } else {
                    None
                };
                let found = found.unwrap_or_else(|| vec![not_looked_at()]);
                let about = |check: Check| check.at(&place.pointer).of_url(&url);
                found.into_iter().map(about).collect::<Vec<_>>()
            };
            looking.boxed()
        });
    let looked_at: Vec<BoxFuture<'_, Vec<Check>>> = looked_at.collect();
    let looked_at = stream::iter(looked_at).buffered(AT_ONCE).concat().await;
    checks.extend(looked_at);
    checks
}

/// Whether nothing of it is in the way.
pub fn is_ready(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.outcome != Outcome::Bad)
}

fn not_looked_at() -> Check {
    let text = Said::of(
        "時間内に確認できませんでした。",
        "There was no time to look at it.",
    );
    Check::unknown(Subject::Answers, text)
}

/// What the views say by themselves.
fn own(dataset: &Dataset, provider_id: &str) -> Vec<Check> {
    let mut checks = Vec::new();
    // Publishing writes it into the views of limited data; those of open data say what their author says.
    let said = dataset
        .view(Side::Public)
        .filter(|_| dataset.sharing == Sharing::Open)
        .and_then(|view| view.fields.text(keys::PROVIDER_ID))
        .filter(|id| !id.is_empty() && *id != provider_id);
    checks.push(match said {
        None => Check::good(
            Subject::ProviderId,
            Said::of(
                format!("提供者は {provider_id} です。"),
                format!("The provider is {provider_id}."),
            ),
        ),
        Some(other) => Check::bad(
            Subject::ProviderId,
            Said::of(
                format!("提供者IDが {other} になっています。"),
                format!("It names the provider {other}."),
            ),
            Said::of(
                format!("提供者IDを {provider_id} にするか、空にしてください。"),
                format!("Make it {provider_id}, or leave it out."),
            ),
        )
        .at(&format!("/public/fields/{}", keys::PROVIDER_ID)),
    });
    checks.push(link(dataset));
    for (url, place) in places(dataset) {
        let check = match place.events.as_slice() {
            [] => Check::good(
                Subject::Origin,
                Said::of(
                    "来歴は公開時に記録されます。",
                    "Its creation is recorded when it is published.",
                ),
            ),
            [event] => Check::good(
                Subject::Origin,
                Said::of(
                    format!("来歴の識別情報は {event} です。"),
                    format!("The event of its creation is {event}."),
                ),
            ),
            _ => Check::bad(
                Subject::Origin,
                Said::of(
                    "同じ URL に複数の来歴の識別情報が書かれています。",
                    "Several events are named as the creation of one address.",
                ),
                Said::of(
                    "来歴の識別情報を一つに揃えてください。",
                    "Name the same one everywhere.",
                ),
            ),
        };
        checks.push(check.at(&place.pointer).of_url(&url));
    }
    checks
}

/// Whether a receiver finds its way from the release site to the detail site.
fn link(dataset: &Dataset) -> Check {
    let has = (dataset.public.is_some(), dataset.limited.is_some());
    match (dataset.sharing, has) {
        (Sharing::Open, (true, _)) => Check::good(
            Subject::Link,
            Said::of(
                "横断検索で見つかります。",
                "It is found by the cross-domain search.",
            ),
        ),
        (Sharing::Limited, (true, true)) => Check::good(
            Subject::Link,
            Said::of(
                "横断検索用と詳細検索用の情報は、公開時に関連付けられます。",
                "Publishing links what the release site shows to what the detail site shows.",
            ),
        ),
        (Sharing::Limited, (true, false)) => Check::bad(
            Subject::Link,
            Said::of(
                "詳細検索用の情報がありません。",
                "There is no limited view.",
            ),
            Said::of(
                "詳細検索用の情報を入力してください。",
                "Write the view for those who have a grant.",
            ),
        ),
        (_, (false, _)) => Check::bad(
            Subject::Link,
            Said::of(
                "横断検索用の情報がないため、ほかの分野からは見つかりません。",
                "There is no public view, so nobody elsewhere finds it.",
            ),
            Said::of(
                "横断検索用の情報を入力してください。",
                "Write the view that everybody sees.",
            ),
        ),
    }
}

/// The addresses that are got through a connector, each once.
fn places(dataset: &Dataset) -> BTreeMap<String, Place> {
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    for (_, side) in SIDES {
        let distributions = dataset.view(side).map(|view| &view.distributions);
        for (number, distribution) in distributions.into_iter().flatten().enumerate() {
            let text = |key| distribution.fields.text(key).unwrap_or_default().to_owned();
            let url = text(keys::URL);
            if url.is_empty() || text(keys::CONNECTOR_REQUIRED) == NOT_REQUIRED {
                continue;
            }
            let place = places.entry(url).or_insert_with(|| Place {
                pointer: format!(
                    "/{}/distributions/{number}/fields/{}",
                    side.name(),
                    keys::URL
                ),
                events: Vec::new(),
            });
            let event = text(keys::PROVENANCE_ID);
            if !event.is_empty() && !place.events.contains(&event) {
                place.events.push(event);
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use serde_json::json;

    use super::*;

    const PROVIDER: &str = "cadde.provider.aa";

    fn dataset(json: &serde_json::Value) -> Dataset {
        serde_json::from_value(json.clone()).unwrap()
    }

    fn distribution(url: &str, event: &str) -> serde_json::Value {
        json!({"fields": {"url": url, "caddec_required": "要求する", "caddec_resource_id_for_provenance": event}})
    }

    struct Never;

    #[async_trait]
    impl Surroundings for Never {
        async fn registration(&self) -> Check {
            Check::good(Subject::Registration, Said::of("", ""))
        }

        async fn place(&self, url: &str) -> Vec<Check> {
            if url.ends_with("slow") {
                std::future::pending::<()>().await;
            }
            vec![Check::good(Subject::Source, Said::of("", ""))]
        }
    }

    fn outcomes(checks: &[Check], of: Subject) -> Vec<Outcome> {
        let checks = checks.iter().filter(|check| check.kind == of);
        checks.map(|check| check.outcome).collect()
    }

    #[test]
    fn views_that_lead_nowhere_are_told_with_what_to_do() {
        for (json, subject, outcome) in [
            (
                json!({"sharing": "open", "public": {"fields": {"caddec_provider_id": "cadde.b.bb"}}}),
                Subject::ProviderId,
                Outcome::Bad,
            ),
            (
                json!({"sharing": "open", "public": {"fields": {"caddec_provider_id": PROVIDER}}}),
                Subject::ProviderId,
                Outcome::Good,
            ),
            (
                json!({"sharing": "open", "public": {}}),
                Subject::ProviderId,
                Outcome::Good,
            ),
            (
                json!({"sharing": "limited", "public": {"fields": {"caddec_provider_id": "cadde.b.bb"}}, "limited": {}}),
                Subject::ProviderId,
                Outcome::Good,
            ),
            (
                json!({"sharing": "limited", "public": {}, "limited": {}}),
                Subject::Link,
                Outcome::Good,
            ),
            (
                json!({"sharing": "limited", "public": {}}),
                Subject::Link,
                Outcome::Bad,
            ),
            (
                json!({"sharing": "limited", "limited": {}}),
                Subject::Link,
                Outcome::Bad,
            ),
            (
                json!({"sharing": "open", "public": {}}),
                Subject::Link,
                Outcome::Good,
            ),
        ] {
            let checks = own(&dataset(&json), PROVIDER);
            assert_eq!(outcomes(&checks, subject), [outcome], "{json}");
            assert!(
                checks
                    .iter()
                    .all(|check| check.remedy.is_some() == (check.outcome == Outcome::Bad))
            );
            assert_eq!(
                is_ready(&checks),
                checks.iter().all(|check| check.outcome == Outcome::Good)
            );
        }
    }

    #[test]
    fn an_address_has_one_creation() {
        let with = |first: &str, second: &str| {
            let view =
                |event| json!({"distributions": [distribution("https://d.example/a", event)]});
            let json =
                json!({"sharing": "limited", "public": view(first), "limited": view(second)});
            outcomes(&own(&dataset(&json), PROVIDER), Subject::Origin)
        };
        assert_eq!(with("", ""), [Outcome::Good]);
        assert_eq!(with("e", ""), [Outcome::Good]);
        assert_eq!(with("e", "e"), [Outcome::Good]);
        assert_eq!(with("e", "f"), [Outcome::Bad]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_or_is_too_much_is_not_told() {
        let mut urls: Vec<_> = (0..MOST_PLACES)
            .map(|n| distribution(&format!("https://d.example/{n:03}"), ""))
            .collect();
        urls.push(distribution("https://d.example/0/slow", ""));
        let mut free = distribution("https://d.example/free", "");
        free["fields"]["caddec_required"] = NOT_REQUIRED.into();
        urls.push(free);
        let json = json!({"sharing": "limited", "public": {}, "limited": {"distributions": urls}});
        let began = Instant::now();
        let checks = look(&dataset(&json), PROVIDER, &Never).await;
        assert_eq!(began.elapsed().as_secs(), PATIENCE.as_secs());
        // One is slow, and of the others one is too many.
        assert_eq!(outcomes(&checks, Subject::Answers), [Outcome::Unknown; 2]);
        assert_eq!(outcomes(&checks, Subject::Source).len(), MOST_PLACES - 1);
        let slow = checks
            .iter()
            .find(|check| check.kind == Subject::Answers)
            .unwrap();
        assert_eq!(
            slow.pointer.as_deref(),
            Some("/limited/distributions/50/fields/url")
        );
        assert!(
            !checks
                .iter()
                .any(|check| check.url.as_deref() == Some("https://d.example/free"))
        );
    }
}
