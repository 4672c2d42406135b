//! Reading lineages.

use super::kit::{Ledger, Site, event, query, sent, single, viewer};
use crate::domain::{
    access::{ReadPolicy, Viewer},
    lineage::{Bookmark, Direction, Effort, LineageQuery, Page},
    store::{Node, ReadError},
};

/// Two originals, merged, sent to two receivers, one of whom sends on.
async fn example(site: &impl Site) -> Ledger {
    let ledger = Ledger::open(site).await;
    ledger
        .submit(vec![
            event("o1", &[]),
            event("o2", &[]),
            event("merged", &["o2", "o1"]),
            event("r1", &["merged"]),
            event("r2", &["merged"]),
            event("on", &["r1", "later"]),
        ])
        .await;
    ledger
}

/// With and without a depth; an unknown event has none.
pub(crate) async fn lineages_are_walked_both_ways(site: impl Site) {
    let ledger = example(&site).await;
    let ids = async |id: &str, direction, depth| -> Option<Vec<String>> {
        let query = LineageQuery {
            depth,
            ..query(id, direction)
        };
        let found = ledger.ask(query, viewer("anybody", ReadPolicy::Open)).await;
        Some(
            found
                .expect("the database works")?
                .into_iter()
                .map(|node| node.id)
                .collect(),
        )
    };
    let cases: [(_, _, _, &[&str]); 9] = [
        (
            "on",
            Direction::Backward,
            None,
            &["o1", "o2", "merged", "r1", "on"],
        ),
        ("on", Direction::Backward, Some(1), &["r1", "on"]),
        ("on", Direction::Backward, Some(0), &["on"]),
        (
            "o1",
            Direction::Forward,
            None,
            &["o1", "merged", "r1", "r2", "on"],
        ),
        (
            "o1",
            Direction::Forward,
            Some(2),
            &["o1", "merged", "r1", "r2"],
        ),
        (
            "r1",
            Direction::Both,
            None,
            &["o1", "o2", "merged", "r1", "on"],
        ),
        (
            "merged",
            Direction::Both,
            Some(1),
            &["o1", "o2", "merged", "r1", "r2"],
        ),
        ("merged", Direction::Both, Some(0), &["merged"]),
        (
            "merged",
            Direction::Both,
            Some(99),
            &["o1", "o2", "merged", "r1", "r2", "on"],
        ),
    ];
    for (id, direction, depth, expected) in cases {
        assert_eq!(
            ids(id, direction, depth).await.unwrap(),
            expected,
            "{id} {direction:?} {depth:?}"
        );
    }
    for unknown in ["nobody", "ON", "o", "on\0"] {
        assert_eq!(ids(unknown, Direction::Both, None).await, None, "{unknown}");
    }
}

/// Rather than cut off; one that just fits is not.
pub(crate) async fn a_lineage_that_is_too_large_is_refused(site: impl Site) {
    let ledger = example(&site).await;
    for (id, direction, size) in [
        ("on", Direction::Backward, 5),
        ("o1", Direction::Forward, 5),
        ("merged", Direction::Both, 6),
    ] {
        for depth in [None, Some(9)] {
            let with = |limit| LineageQuery {
                depth,
                limit,
                ..query(id, direction)
            };
            let open = || viewer("anybody", ReadPolicy::Open);
            let fits = ledger.ask(with(size), open()).await.unwrap().unwrap();
            assert_eq!(fits.len(), size);
            let refused = ledger.ask(with(size - 1), open()).await;
            assert!(
                matches!(refused, Err(ReadError::TooLarge { events, .. }) if events == size - 1),
                "{refused:?}"
            );
        }
    }
}

/// Whatever makes it large: bodies, or the names of successors.
pub(crate) async fn a_lineage_takes_so_many_bytes(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    ledger.create(event("o", &[])).await;
    let many: Vec<_> = (0..300)
        .map(|n| event(&format!("{n:0>40}"), &["o"]))
        .collect();
    ledger.submit(many).await;
    let ask = async |max_bytes, depth| {
        let query = LineageQuery {
            depth,
            max_bytes,
            ..query("o", Direction::Forward)
        };
        ledger.ask(query, viewer("anybody", ReadPolicy::Open)).await
    };
    assert_eq!(ask(1 << 20, None).await.unwrap().unwrap().len(), 301);
    assert!(matches!(
        ask(60_000, None).await,
        Err(ReadError::TooLarge { .. })
    ));
    // One event, whose successors alone have 12,000 bytes.
    assert_eq!(ask(60_000, Some(0)).await.unwrap().unwrap().len(), 1);
    assert!(matches!(
        ask(9000, Some(0)).await,
        Err(ReadError::TooLarge { .. })
    ));
    // Who may not read it is not told its successors.
    let query = LineageQuery {
        max_bytes: 9000,
        depth: Some(0),
        ..query("o", Direction::Forward)
    };
    let redacted = ledger.ask(query, viewer("nobody", ReadPolicy::Party)).await;
    assert!(redacted.unwrap().unwrap()[0].body.is_none());
}

fn shown(nodes: &[Node]) -> Vec<(&str, Option<Vec<&str>>)> {
    nodes
        .iter()
        .map(|node| {
            let next = node
                .body
                .as_ref()
                .map(|body| body.next.iter().map(String::as_str).collect());
            (node.id.as_str(), next)
        })
        .collect()
}

/// Who sees a body sees all of its successors' ids.
pub(crate) async fn bodies_are_for_parties(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    ledger.create(sent("o", &[], "owner", "owner")).await;
    for (id, to) in [("s1", "one"), ("s2", "two")] {
        ledger.create(sent(id, &["o"], "owner", to)).await;
    }
    ledger.create(sent("r1", &["s1"], "one", "three")).await;
    let ask = async |user: &str, id: &str, direction| -> Vec<Node> {
        let viewer = viewer(user, ReadPolicy::Party);
        ledger
            .ask(query(id, direction), viewer)
            .await
            .unwrap()
            .unwrap()
    };
    let both = Some(vec!["s1", "s2"]);
    let owner = ask("owner", "r1", Direction::Backward).await;
    assert_eq!(
        shown(&owner),
        [("o", both.clone()), ("s1", Some(vec!["r1"])), ("r1", None)]
    );
    assert_eq!(owner[1].previous, [0]);
    let one = ask("one", "o", Direction::Forward).await;
    assert_eq!(
        shown(&one),
        [
            ("o", None),
            ("s1", Some(vec!["r1"])),
            ("s2", None),
            ("r1", Some(vec![]))
        ]
    );
    let nobody = ask("nobody", "o", Direction::Forward).await;
    assert!(nobody.iter().all(|node| node.body.is_none()));
    let clerk = ask("clerk", "o", Direction::Backward).await;
    assert_eq!(shown(&clerk), [("o", both)]);
    assert!(
        clerk[0]
            .body
            .as_ref()
            .is_some_and(|body| body.is_party && body.core.contains("owner"))
    );
}

/// Without telling who else did.
pub(crate) async fn origins_are_shown_to_whoever_received(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    ledger.create(single("o", "Create", "u", "h")).await;
    for (id, to) in [("s1", "one"), ("s2", "two")] {
        ledger.create(sent(id, &["o"], "owner", to)).await;
    }
    let ask = async |user: &str| -> Vec<Node> {
        let viewer = viewer(user, ReadPolicy::Lineage);
        ledger
            .ask(query("s1", Direction::Backward), viewer)
            .await
            .unwrap()
            .unwrap()
    };
    let one = ask("one").await;
    assert_eq!(shown(&one), [("o", Some(vec!["s1"])), ("s1", Some(vec![]))]);
    assert!(one[0].body.as_ref().is_some_and(|body| !body.is_party));
    let nobody = ask("nobody").await;
    assert_eq!(shown(&nobody), [("o", None), ("s1", None)]);
}

/// All pages of `limit` events, which have to name as many successors at most.
async fn pages(ledger: &Ledger, query: LineageQuery, viewer: &Viewer, limit: usize) -> Vec<Node> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = Some(Page { limit, after });
        let query = LineageQuery {
            page,
            ..query.clone()
        };
        let found = ledger.read(query, viewer.clone()).await.unwrap().unwrap();
        assert!(found.nodes.len() <= limit);
        let named = |node: &Node| node.body.as_ref().map_or(0, |body| body.next.len());
        assert!(found.nodes.iter().all(|node| named(node) <= limit));
        all.extend(found.nodes);
        let Some(next) = found.next else { return all };
        assert_eq!(next.to_string().parse(), Ok(next));
        after = Some(next);
    }
}

/// Outward from the event, each once, and with the rights of the whole.
pub(crate) async fn pages_miss_nothing(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    ledger.create(sent("o", &[], "owner", "owner")).await;
    for i in 0..20 {
        let (sent_id, received) = (format!("s{i}"), format!("r{i}"));
        ledger
            .create(sent(&sent_id, &["o"], "owner", &format!("u{}", i % 2)))
            .await;
        if i % 4 == 0 {
            ledger
                .create(sent(&received, &[&sent_id], "u0", "u0"))
                .await;
        }
    }
    let ids =
        |nodes: &[Node]| -> Vec<String> { nodes.iter().map(|node| node.id.clone()).collect() };
    let anybody = viewer("anybody", ReadPolicy::Open);
    for limit in [1, 3, 7, 26, 100] {
        let forward = pages(&ledger, query("o", Direction::Forward), &anybody, limit).await;
        assert_eq!(ids(&forward), ledger.lineage("o", Direction::Forward).await);
        let mut backward = pages(&ledger, query("r4", Direction::Backward), &anybody, limit).await;
        backward.reverse();
        assert_eq!(
            ids(&backward),
            ledger.lineage("r4", Direction::Backward).await
        );
        let both = pages(&ledger, query("s8", Direction::Both), &anybody, limit).await;
        assert_eq!(ids(&both), ["s8", "o", "r8"]);
        let near = LineageQuery {
            depth: Some(1),
            ..query("o", Direction::Forward)
        };
        assert_eq!(pages(&ledger, near, &anybody, limit).await.len(), 21);
        // The origin is shown by what is on a page before.
        let receiver = viewer("u0", ReadPolicy::Lineage);
        let seen = pages(&ledger, query("r4", Direction::Backward), &receiver, limit).await;
        assert!(seen.iter().all(|node| node.body.is_some()));
        let stranger = viewer("u9", ReadPolicy::Lineage);
        let seen = pages(&ledger, query("r4", Direction::Backward), &stranger, limit).await;
        assert!(seen.iter().all(|node| node.body.is_none()));
    }
    for (position, last) in [(1, 1), (2, 0), (1000, 0)] {
        let query = LineageQuery {
            page: Some(Page {
                limit: 3,
                after: Some(Bookmark { position, last }),
            }),
            ..query("o", Direction::Forward)
        };
        let refused = ledger.read(query, anybody.clone()).await;
        assert!(
            matches!(refused, Err(ReadError::Bookmark(_))),
            "{refused:?}"
        );
    }
}

/// It is given up there, and read among the long ones.
pub(crate) async fn what_is_long_is_not_read_among_the_short(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    let mut all = vec![event("o", &[])];
    all.extend((0..2_100).map(|i| event(&format!("s{i}"), &["o"])));
    ledger.submit(all).await;
    let ask = async |id: &str, direction, effort| {
        let query = LineageQuery {
            effort,
            limit: 10_000,
            ..query(id, direction)
        };
        ledger
            .read(query, viewer("nobody", ReadPolicy::Party))
            .await
    };
    let given_up = ask("o", Direction::Forward, Effort::Short).await;
    assert!(
        matches!(given_up, Err(ReadError::Exhausted)),
        "{given_up:?}"
    );
    let found = ask("o", Direction::Forward, Effort::Long).await;
    assert_eq!(found.unwrap().unwrap().nodes.len(), 2_101);
    let found = ask("s7", Direction::Backward, Effort::Short).await;
    assert_eq!(found.unwrap().unwrap().nodes.len(), 2);
}
