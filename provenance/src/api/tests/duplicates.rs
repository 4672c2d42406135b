//! Registrations of data that the ledger knows.

use super::*;

fn tagged(event_type: &str, previous: &[&str]) -> Value {
    json!({
        "cdldatamodelversion": "2.0", "cdleventtype": event_type, "cdleventid": "", "dataprovider": PROVIDER,
        "cdlpreviousevents": previous, "cdldatatags": [{ "cdluri": "https://d.example/\"x", "cdlsha256hash": AAA }],
    })
}

#[tokio::test]
async fn the_same_original_is_registered_once() {
    let world = LedgerFixture::new().await;
    let first = world.registered(PROVIDER, &tagged("Create", &[])).await;
    assert_eq!(
        world.registered(PROVIDER, &tagged("Create", &[])).await,
        first
    );
    assert_eq!(
        world
            .registered(PROVIDER, &tagged("Publish", &[&first]))
            .await,
        first
    );
    let mut elsewhere = tagged("Create", &[]);
    elsewhere["dataprovider"] = STRANGER.into();
    assert_ne!(world.registered(STRANGER, &elsewhere).await, first);
    assert_eq!(world.events(), 2);
}

#[tokio::test]
async fn of_several_duplicates_the_oldest_is_named() {
    let world = LedgerFixture::new().await;
    let first = world.registered(PROVIDER, &tagged("Other", &[])).await;
    world.registered(PROVIDER, &tagged("Other", &[])).await;
    assert_eq!(
        world.registered(PROVIDER, &tagged("Create", &[])).await,
        first
    );
}

#[tokio::test]
async fn an_original_made_by_an_update_is_linked_to_the_latest() {
    let world = LedgerFixture::new().await;
    world.registered(PROVIDER, &tagged("Update", &[])).await;
    let update = world.registered(PROVIDER, &tagged("Update", &[])).await;
    let original = world.registered(PROVIDER, &tagged("Create", &[])).await;
    let lineage = world.lineage_as(PROVIDER, &original, &[]).await;
    assert_eq!(ids(&lineage), [update.as_str(), original.as_str()]);
    let core = &world.cores("Create")[0];
    assert_eq!(core["event"]["cdlpreviousevents"], json!([update]));
    assert_eq!(core["prev"][0]["id"], update);
    assert!(core["prev"][0]["c"].is_string());
    // Now there is an original.
    assert_eq!(
        world.registered(PROVIDER, &tagged("Publish", &[])).await,
        original
    );
}

#[tokio::test]
async fn an_original_that_names_its_predecessors_is_registered_after_an_update() {
    let world = LedgerFixture::new().await;
    let update = world.registered(PROVIDER, &tagged("Update", &[])).await;
    let publish = world
        .registered(PROVIDER, &tagged("Publish", &[&update]))
        .await;
    assert_ne!(publish, update);
    assert_eq!(world.events(), 2);
}

#[tokio::test]
async fn events_without_tags_are_never_duplicates() {
    let world = LedgerFixture::new().await;
    assert_ne!(
        world.registered(PROVIDER, &create()).await,
        world.registered(PROVIDER, &create()).await
    );
}

#[tokio::test]
async fn two_originals_at_once_are_registered_once() {
    let world = LedgerFixture::new().await;
    let event = tagged("Create", &[]);
    let all =
        futures_util::future::join_all((0..20).map(|_| world.registered(PROVIDER, &event))).await;
    assert!(all.iter().all(|id| *id == all[0]));
    assert_eq!(world.events(), 1);
}
