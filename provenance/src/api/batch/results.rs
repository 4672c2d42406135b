//! What becomes of an item, as its connector is told.

use common::http::problem::BASE;
use provenance_model::batch::{Fault, Invalid, ItemProblem, ItemResult, ItemStatus, Receipt};

use crate::domain::{
    store::Recorded,
    submission::{Accepted, Decision, Refused},
};

pub(super) fn result(id: String, decision: Decision) -> ItemResult {
    match decision {
        Ok(Accepted::Created(recorded)) => recorded_as(ItemStatus::Created, recorded),
        Ok(Accepted::Exists(recorded)) => recorded_as(ItemStatus::Exists, recorded),
        Ok(Accepted::Duplicate(_)) => {
            unreachable!("the rule against duplicates is for single registrations")
        }
        Err(refused) => {
            let problem = match refused {
                Refused::Conflict(_)
                | Refused::Contradicts(_)
                | Refused::IdTaken(_)
                | Refused::KeyReused => &CONFLICT,
                Refused::SelfReference | Refused::Cycle | Refused::Missing(_) => &INVALID,
                Refused::Failed => &UNAVAILABLE,
            };
            let mut rejected = *reject(Some(id), problem, &refused.to_string());
            if let Refused::Contradicts(recorded) = refused {
                // It is this connector's own: its outbox may be one that was restored from a copy.
                rejected.receipt = Some(receipt(*recorded));
            }
            rejected
        }
    }
}

fn receipt(recorded: Recorded) -> Receipt {
    Receipt {
        salt: recorded
            .salt
            .map(provenance_model::commitment::Salt::to_base64),
        core: recorded.core,
        ..Receipt::default()
    }
}

fn recorded_as(status: ItemStatus, mut recorded: Recorded) -> ItemResult {
    ItemResult {
        id: Some(std::mem::take(&mut recorded.id)),
        status,
        pending: std::mem::take(&mut recorded.pending),
        receipt: Some(receipt(recorded)),
        retry: None,
        problem: None,
    }
}

pub(super) struct ProblemKind {
    slug: &'static str,
    title: &'static str,
    status: u16,
    retry: bool,
}

const INVALID: ProblemKind = ProblemKind {
    slug: "invalid",
    title: "The item is not valid",
    status: 422,
    retry: false,
};

pub(super) const FORBIDDEN: ProblemKind = ProblemKind {
    slug: "forbidden",
    title: "The connector may not submit this",
    status: 403,
    retry: false,
};

const CONFLICT: ProblemKind = ProblemKind {
    slug: "conflict",
    title: "The id is recorded with other content",
    status: 409,
    retry: false,
};

pub(super) const UNAVAILABLE: ProblemKind = ProblemKind {
    slug: "unavailable",
    title: "This cannot be checked or recorded now",
    status: 503,
    retry: true,
};

pub(super) fn reject(id: Option<String>, kind: &ProblemKind, detail: &str) -> Box<ItemResult> {
    metrics::counter!("ledger_items_rejected_total", "problem" => kind.slug).increment(1);
    Box::new(ItemResult {
        id,
        status: ItemStatus::Rejected,
        pending: Vec::new(),
        receipt: None,
        retry: Some(kind.retry),
        problem: Some(ItemProblem {
            kind: format!("{BASE}{}", kind.slug),
            title: kind.title.to_owned(),
            status: kind.status,
            detail: detail.to_owned(),
            unknown: None,
        }),
    })
}

pub(super) fn reject_unread(invalid: Invalid) -> Box<ItemResult> {
    let kind = match invalid.fault {
        Fault::Invalid => &INVALID,
        Fault::Forbidden => &FORBIDDEN,
    };
    let mut rejected = reject(invalid.id, kind, &invalid.detail);
    if let Some(problem) = &mut rejected.problem {
        problem.unknown = invalid.unknown;
    }
    rejected
}
