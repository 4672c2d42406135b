//! Several records under one id.

use std::time::Duration;

use provenance_model::{
    commitment::Commitment,
    core::{Actor, ActorAuth},
};

use super::kit::{Ledger, Site, evidence, query, sent, viewer};
use crate::domain::{
    access::ReadPolicy,
    lineage::Direction,
    parties::Made,
    store::{Node, Recorded},
    submission::{Accepted, Refused, Submission},
};

/// An id that says nothing of its owner.
const ID: &str = "01941f29-7c00-7000-8000-000000000001";
/// One that was shown to be its connector's before it came here.
const OWNED: &str = "01941f29-7c00-8000-896a-afae9eec5885";

/// `submission` as `user` submits it, through `connector` or with a token.
fn by(user: &str, connector: Option<&str>, mut submission: Submission) -> Submission {
    let auth = connector.map_or(ActorAuth::Bearer, |_| ActorAuth::Mtls);
    submission.actor = Actor {
        auth,
        cert: None,
        client: connector.map(str::to_owned),
        acts_for: None,
        user: user.to_owned(),
    };
    submission.columns.facts.made = Some(Made::by(&submission.actor, None, None));
    submission.parts = provenance_model::core::CoreParts::new(
        submission.subject,
        format!("{{\"cdleventid\":\"{}\"}}", submission.id),
        &submission.actor,
    );
    submission
}

/// What somebody with a token puts under `id`.
fn squat(id: &str) -> Submission {
    by("u", None, sent(id, &[], "u", "c"))
}

/// What the provider `p` sent to `c`, after its `o`.
fn true_record(id: &str) -> Submission {
    by("p", Some("p.example"), sent(id, &["o"], "p", "c"))
}

/// What `c` received, naming `sent_id`.
fn received(id: &str, sent_id: &str) -> Submission {
    let mut submission = by("c", Some("c.example"), sent(id, &[sent_id], "p", "c"));
    submission.columns.facts.event_type = Some("Received".to_owned());
    submission
}

fn commitment(recorded: &Recorded) -> Commitment {
    Commitment::new(
        &recorded.salt.expect("a salt"),
        recorded.core.as_deref().expect("a core"),
    )
}

fn created(decision: Result<Accepted, Refused>) -> Recorded {
    match decision {
        Ok(Accepted::Created(recorded)) => recorded,
        other => panic!("{other:?}"),
    }
}

/// What `user` sees of the lineage of `id`.
async fn seen(ledger: &Ledger, user: &str, id: &str) -> Vec<Node> {
    let found = ledger
        .ask(
            query(id, Direction::Backward),
            viewer(user, ReadPolicy::Party),
        )
        .await;
    found
        .expect("the database works")
        .expect("the event is there")
}

/// In groups of their own and in one; what named the first and means the other names the other.
pub(crate) async fn both_records_of_an_id_are_kept(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    ledger.create(by("p", None, sent("o", &[], "p", "c"))).await;
    for (n, is_one_group) in [false, true].into_iter().enumerate() {
        let id = ID.replace("000001", &format!("00001{n}"));
        let (before, after) = (format!("before{n}"), format!("after{n}"));
        let all = vec![
            squat(&id),
            received(&before, &id),
            true_record(&id),
            true_record(&id),
            received(&after, &id),
        ];
        let decisions = if is_one_group {
            ledger.submit(all).await
        } else {
            let mut decisions = Vec::new();
            for one in all {
                decisions.extend(ledger.submit(vec![one]).await);
            }
            decisions
        };
        let [first, _, second, again, _] = &decisions[..] else {
            panic!("{decisions:?}");
        };
        let (first, second) = (created(first.clone()), created(second.clone()));
        assert_eq!((&first.id, &second.id), (&id, &id));
        assert_eq!(again, &Ok(Accepted::Exists(second.clone())));
        let repeated = ledger.submit(vec![squat(&id), true_record(&id)]).await;
        let exist = [first.clone(), second.clone()].map(|one| Ok(Accepted::Exists(one)));
        assert_eq!(repeated, exist);

        for name in [&before, &after] {
            let nodes = seen(&ledger, "c", name).await;
            let ids: Vec<&str> = nodes.iter().map(|node| node.id.as_str()).collect();
            assert_eq!(ids, ["o", &id, name]);
            assert_eq!(nodes[1].commitment, commitment(&second));
        }
        // Whoever is a party of one gets both, in ledger order; others the one that counts.
        for user in ["p", "c", "u"] {
            let nodes = seen(&ledger, user, &id).await;
            let found: Vec<_> = nodes
                .iter()
                .map(|node| (&node.id[..], node.commitment))
                .collect();
            let both = [&first, &second].map(|one| (&id[..], commitment(one)));
            assert_eq!(found[found.len() - 2..], both, "{user}");
        }
        let nodes = seen(&ledger, "stranger", &id).await;
        let [_, node] = &nodes[..] else {
            panic!("{nodes:?}");
        };
        assert_eq!(node.commitment, commitment(&second));
        assert!(node.body.is_none());
        // Its successors are its own.
        let nodes = seen(&ledger, "p", &id).await;
        let body = nodes
            .last()
            .and_then(|node| node.body.as_ref())
            .expect("a body");
        assert_eq!(body.next, [before, after]);
    }
}

/// One a connector and id, within a day, and never by whoever has it already.
pub(crate) async fn a_squat_does_not_fill_the_place(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    let conflict = || Refused::Conflict(ID.to_owned());
    ledger.create(squat(ID)).await;
    ledger.create(true_record(ID)).await;
    let other = |connector| {
        let mut other = by("x", Some(connector), sent(ID, &[], "x", "c"));
        other.content = [9; 32];
        other
    };
    let contradicts = |refused| matches!(refused, Refused::Contradicts(own) if own.id == ID);
    assert!(contradicts(ledger.refuse(other("p.example")).await));
    ledger.create(other("x.example")).await;
    let mut again = other("x.example");
    again.content = [10; 32];
    assert!(contradicts(ledger.refuse(again).await));
    // Evidence and events claim ids from each other, too.
    ledger
        .create(by("y", Some("y.example"), evidence(ID)))
        .await;
    ledger.clock.advance(Duration::from_hours(24));
    assert_eq!(ledger.refuse(other("z.example")).await, conflict());
    // What was taken is there as before.
    let exists = ledger.submit(vec![true_record(ID)]).await.remove(0);
    assert!(matches!(exists, Ok(Accepted::Exists(_))));
    // Ids of other forms are whose they are, and one that is shown to be its connector's is, whenever it comes.
    ledger.create(squat("a")).await;
    assert_eq!(
        ledger.refuse(true_record("a")).await,
        Refused::Conflict("a".to_owned())
    );
    ledger.create(squat(OWNED)).await;
    ledger.clock.advance(Duration::from_hours(48));
    ledger.create(true_record(OWNED)).await;
}

/// What ended as evidence first does not keep an event out, nor what waits for it.
pub(crate) async fn an_event_comes_after_evidence_under_its_id(site: impl Site) {
    let ledger = Ledger::open(&site).await;
    ledger.create(by("p", None, sent("o", &[], "p", "c"))).await;
    ledger
        .create(by("u", Some("u.example"), evidence(ID)))
        .await;
    let waiting = ledger.create(received("r", ID)).await;
    assert_eq!(waiting.pending, [ID]);
    let second = ledger.create(true_record(ID)).await;
    let nodes = seen(&ledger, "c", "r").await;
    let ids: Vec<&str> = nodes.iter().map(|node| node.id.as_str()).collect();
    assert_eq!(ids, ["o", ID, "r"]);
    assert_eq!(nodes[1].commitment, commitment(&second));
}
