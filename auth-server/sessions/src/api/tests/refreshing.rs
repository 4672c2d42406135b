//! New tokens for old ones, by one at a time.

use std::{sync::atomic::Ordering, time::Duration};

use http::StatusCode;
use test_postgres::Site;

use super::fixture::Fixture;

/// Beyond the end of the first access token, within the time without use.
const LATER: Duration = Duration::from_mins(61);

/// Shortly before its end.
const EARLY: Duration = Duration::from_mins(56);

#[tokio::test]
async fn many_requests_at_once_refresh_once() {
    for site in Site::each() {
        let fixture = Fixture::on(site).await;
        let browser = fixture.signed_in("cadde.a").await;
        fixture.advance(LATER);
        let many: Vec<_> = (0..20)
            .map(|_| {
                let browser = browser.at(&fixture.router);
                tokio::spawn(async move { browser.who().await })
            })
            .collect();
        for one in many {
            assert_eq!(one.await.unwrap().as_deref(), Some("cadde.a"));
        }
        assert_eq!(fixture.issuer.refreshes.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn two_processes_over_one_database_refresh_once() {
    for site in Site::each() {
        let fixture = Fixture::on(site).await;
        let browser = fixture.signed_in("cadde.a").await;
        let routers = [fixture.router.clone(), fixture.beside().await];
        for round in 1..=2 {
            fixture.advance(LATER);
            let many: Vec<_> = (0..10)
                .map(|number| {
                    let browser = browser.at(&routers[number % 2]);
                    tokio::spawn(async move { browser.who().await })
                })
                .collect();
            for one in many {
                assert_eq!(one.await.unwrap().as_deref(), Some("cadde.a"));
            }
            assert_eq!(fixture.issuer.refreshes.load(Ordering::SeqCst), round);
        }
    }
}

#[tokio::test]
async fn a_token_is_replaced_before_its_end_and_nobody_waits_for_that_but_one() {
    let fixture = Fixture::new().await;
    let browser = fixture.signed_in("cadde.a").await;
    let second = fixture.beside().await;
    fixture.advance(EARLY);
    let turns = fixture.issuer.gate.forget_permits(usize::MAX);
    let one = browser.at(&fixture.router);
    let one = tokio::spawn(async move { one.who().await });
    while fixture.issuer.refreshes.load(Ordering::SeqCst) < 1 {
        tokio::task::yield_now().await;
    }
    // At the other process the token goes on while this one gets the next.
    assert_eq!(browser.at(&second).who().await.as_deref(), Some("cadde.a"));
    assert!(!one.is_finished());
    fixture.issuer.gate.add_permits(turns);
    assert_eq!(one.await.unwrap().as_deref(), Some("cadde.a"));
    assert_eq!(fixture.issuer.refreshes.load(Ordering::SeqCst), 1);
}

/// Whoever asked may have gone by the time of the answer, which is given once.
#[tokio::test]
async fn a_browser_that_leaves_loses_no_token() {
    let fixture = Fixture::new().await;
    let browser = fixture.signed_in("cadde.a").await;
    fixture.advance(LATER);
    let turns = fixture.issuer.gate.forget_permits(usize::MAX);
    let gone = browser.at(&fixture.router);
    let gone = tokio::spawn(async move { gone.who().await });
    while fixture.issuer.refreshes.load(Ordering::SeqCst) < 1 {
        tokio::task::yield_now().await;
    }
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    fixture.issuer.gate.add_permits(turns);
    assert_eq!(browser.who().await.as_deref(), Some("cadde.a"));
    assert_eq!(fixture.issuer.refreshes.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn who_gets_no_new_token_is_out() {
    let fixture = Fixture::new().await;
    let browser = fixture.signed_in("cadde.a").await;
    fixture.issuer.suspend("cadde.a");
    fixture.advance(LATER);
    assert_eq!(browser.who().await, None);
    assert_eq!(fixture.issuer.refreshes.load(Ordering::SeqCst), 1);
    assert_eq!(fixture.rows().await, 0);
}

#[tokio::test]
async fn while_no_token_is_to_be_had_the_old_one_counts_until_its_end_and_the_session_stays() {
    let fixture = Fixture::new().await;
    let browser = fixture.signed_in("cadde.a").await;
    fixture.issuer.is_away.store(true, Ordering::SeqCst);
    fixture.advance(EARLY);
    assert_eq!(browser.who().await.as_deref(), Some("cadde.a"));
    fixture.advance(Duration::from_mins(5));
    for _ in 0..2 {
        let answer = browser.get("/session").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    }
    fixture.issuer.is_away.store(false, Ordering::SeqCst);
    assert_eq!(browser.who().await.as_deref(), Some("cadde.a"));
}
